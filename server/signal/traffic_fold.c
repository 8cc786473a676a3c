/* traffic_fold.c - paths of one kind as one: segments that name a single thing become "{id}". */
#include "base/arena.h"
#include "base/buf.h"
#include "signal/traffic.h"
#include <ctype.h>
#include <string.h>

enum { HEX_ID = 8, LONG_ID = 20, EXTENSION = 5 };

struct letters {
    size_t digits, hex, others; /* digits are hex, too */
};

static struct letters count_letters(const char *s, size_t n)
{
    struct letters l = { 0 };
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        l.digits += isdigit(c) != 0;
        l.hex += isxdigit(c) != 0;
        l.others += !isalnum(c);
    }
    return l;
}

/* Figures with marks between them (a number, a date, an address), hexadecimal with a figure (a
 * UUID, a digest), or long and mixed (a key, a token). */
static bool is_id(const char *s, size_t n)
{
    struct letters l = count_letters(s, n);
    if (memchr(s, '@', n))
        return true; /* a mail address */
    if (l.digits == 0)
        return false;
    if (l.digits + l.others == n)
        return true;
    if (l.hex + l.others == n && l.hex >= HEX_ID)
        return true;
    return n >= LONG_ID;
}

/* ".json" is no part of what the segment names. */
static size_t without_extension(const char *s, size_t n)
{
    size_t stem = n;
    while (stem > 0 && isalpha((unsigned char)s[stem - 1]))
        stem--;
    bool is = !memchr(s, '@', n) && stem > 1 && s[stem - 1] == '.' && n - stem > 0 &&
              n - stem <= EXTENSION;
    return is ? stem - 1 : n;
}

char *traffic_fold(struct arena *a, const char *path)
{
    size_t whole = strcspn(path, "?#");
    struct buf *b = buf_in(a, 4 * whole + 16);
    for (const char *s = path, *end = path + whole; s < end;) {
        size_t n = 0;
        if (*s == '/') {
            buf_char(b, *s++);
            continue;
        }
        while (s + n < end && s[n] != '/')
            n++;
        size_t stem = without_extension(s, n);
        if (is_id(s, stem)) {
            buf_str(b, "{id}");
            buf_add(b, s + stem, n - stem);
        } else {
            buf_add(b, s, n);
        }
        s += n;
    }
    return b->len ? b->data : arena_strdup(a, "-");
}
