/* kept.c - answers of tools as quoted data; what is too long for one message is kept aside and read
 * by page.
 *
 * Quoted: between two lines that name this session's marker, which is random, so that no text from
 * a gateway can close the quotation. What hides or reorders is taken out (event_words).
 */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 16, TEXT_MAX = 4 << 20 };

struct kept {
    struct {
        struct arena *arena;
        const char *text;
    } texts[KEPT_MAX]; /* the n-th at n % KEPT_MAX */
    int count;
};

struct kept *kept_new(struct arena *a)
{
    return arena_make(a, struct kept);
}

void kept_free(struct kept *k)
{
    for (int i = 0; i < KEPT_MAX; i++)
        arena_free(k->texts[i].arena);
}

static int keep_text(struct kept *k, const char *text)
{
    int n = k->count++, at = n % KEPT_MAX;
    arena_free(k->texts[at].arena);
    k->texts[at].arena = arena_new();
    k->texts[at].text = arena_strdup(k->texts[at].arena, text);
    return n;
}

/* Where a page that begins there ends: at the end of a line where one is near, never in a
 * character. */
static size_t page_end(const char *text, size_t from, size_t size, size_t max)
{
    size_t end = from + max;
    if (end >= size)
        return size;
    while (end > from && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--;
    for (size_t line = end; line > from + max / 2; line--)
        if (text[line - 1] == '\n')
            return line;
    return end;
}

static const char *print_page(struct agent *g, struct arena *a, int n, const char *text,
                              size_t from)
{
    size_t size = strlen(text), end = page_end(text, from, size, (size_t)g->config->result_bytes);
    struct buf *b = buf_in(a, TEXT_MAX);
    buf_printf(b, "<data-%s>\n", g->marker);
    buf_add(b, text + from, end - from);
    buf_printf(b, "\n</data-%s>", g->marker);
    if (end < size)
        buf_printf(b,
                   "\n(bytes %zu to %zu of %zu; read_result {\"id\":\"r%d\",\"offset\":%zu} goes "
                   "on)",
                   from, end, size, n, end);
    return b->data;
}

/* The marker is random and cannot be there, unless the model itself was made to send it somewhere
 * that a tool shows again. */
static const char *without_marker(struct agent *g, struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, TEXT_MAX);
    for (const char *at; (at = strstr(text, g->marker)); text = at + strlen(g->marker)) {
        buf_add(b, text, (size_t)(at - text));
        buf_str(b, "(marker)");
    }
    buf_str(b, text);
    return b->data;
}

const char *kept_quote(struct agent *g, struct arena *a, const char *text)
{
    size_t n = strlen(text);
    if (n > TEXT_MAX / 4)
        text = arena_strndup(a, text, page_end(text, 0, n, TEXT_MAX / 4));
    text = without_marker(g, a, agent_words(a, text));
    bool fits = strlen(text) <= (size_t)g->config->result_bytes;
    return print_page(g, a, fits ? 0 : keep_text(g->kept, text), text, 0);
}

const char *kept_page(struct agent *g, struct arena *a, const char *id, double offset)
{
    char *end;
    long n = id[0] == 'r' ? strtol(id + 1, &end, 10) : -1;
    struct kept *k = g->kept;
    if (n < 0 || *end || n >= k->count || n < k->count - KEPT_MAX)
        return NULL;
    const char *text = k->texts[n % KEPT_MAX].text;
    size_t size = strlen(text), from = offset > 0 && offset < (double)size ? (size_t)offset : 0;
    while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80)
        from--;
    return offset >= (double)size ? "(that is past its end)" : print_page(g, a, (int)n, text, from);
}
