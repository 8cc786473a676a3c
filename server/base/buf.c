/* buf.c - growable bytes. The memory doubles up to the ceiling; the ceiling is checked first. */
#include "base/buf.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"
#include <stdarg.h>

static char nothing[1]; /* what an empty buffer points at: never written but for its NUL */

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .data = nothing, .max = max };
}

void buf_free(struct buf *b)
{
    if (b->cap)
        free(b->data);
    buf_init(b, b->max);
}

static void free_later(void *b)
{
    buf_free(b);
}

struct buf *buf_in(struct arena *a, size_t max)
{
    struct buf *b = arena_make(a, struct buf);
    buf_init(b, max);
    arena_defer(a, free_later, b);
    return b;
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->over = false;
    if (b->cap)
        b->data[0] = 0;
}

void buf_consume(struct buf *b, size_t n)
{
    if (n > b->len)
        bug("buf_consume: %zu of %zu bytes", n, b->len);
    b->len -= n;
    if (!b->cap)
        return;
    memmove(b->data, b->data + n, b->len + 1);
}

/* Room for n more bytes and the NUL, or `over`. */
static bool reserve(struct buf *b, size_t n)
{
    if (b->over || n > b->max - b->len) {
        b->over = true;
        return false;
    }
    size_t need = b->len + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->cap ? b->data : NULL, cap);
    if (!data)
        bug("out of memory: a buffer of %zu bytes", cap);
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (!reserve(b, n))
        return false;
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = 0;
    return true;
}

bool buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_char(struct buf *b, char c)
{
    if (!reserve(b, 1))
        return false;
    b->data[b->len++] = c;
    b->data[b->len] = 0;
    return true;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        bug("a text could not be formatted: %s", format);
    if (!reserve(b, (size_t)n))
        return false;
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
    return true;
}

static bool add_escape(struct buf *b, unsigned char c)
{
    static const char letters[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    if (c == '"' || c == '\\')
        return buf_char(b, '\\') && buf_char(b, (char)c);
    if (letters[c])
        return buf_char(b, '\\') && buf_char(b, letters[c]);
    return buf_printf(b, "\\u%04x", c);
}

bool buf_json_string(struct buf *b, const char *s, size_t n)
{
    buf_char(b, '"');
    size_t plain = 0; /* bytes before i that need no change and are not copied yet */
    for (size_t i = utf8_plain(s, n); i < n; i += utf8_plain(s + i, n - i)) {
        unsigned char c = (unsigned char)s[i];
        size_t size = c >= 0x80 ? utf8_size(s + i, n - i) : 1;
        if (size && c >= 0x20 && c != '"' && c != '\\') {
            i += size;
            continue;
        }
        buf_add(b, s + plain, i - plain);
        if (size)
            add_escape(b, c);
        else
            buf_str(b, UTF8_REPLACEMENT);
        plain = ++i;
    }
    buf_add(b, s + plain, n - plain);
    return buf_char(b, '"');
}
