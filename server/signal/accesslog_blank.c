/* accesslog_blank.c - values behind an equals sign or a question mark blanked in raw bytes of a
 * log, before anything else looks at them. Of all work on a log this is done for every byte.
 */
#include "signal/accesslog_line_private.h"
#include <string.h>
#if defined(__x86_64__)
#include <sys/platform/x86.h>
#endif

enum { CHUNK = 64 };

/* Skips chunks without an equals sign or a question mark; sets *odd where anything is beyond ASCII,
 * or an escape but of a quote. Without branches within a chunk, so that the compiler takes many
 * bytes at a time. */
static inline __attribute__((always_inline)) size_t skip_chunks(const char *text, size_t i,
                                                                size_t n, unsigned char *odd)
{
    for (; n - i >= CHUNK; i += CHUNK) {
        unsigned char event = 0, other = 0;
        for (size_t k = i; k < i + CHUNK; k++) {
            unsigned char c = (unsigned char)text[k], next = (unsigned char)text[k + 1];
            event |= (unsigned char)((c & 0xfd) == '='); /* '=' and '?' differ in that bit only */
            other |= (unsigned char)((c == '\\') & (next != '"')) | (c & 0x80);
        }
        *odd |= other;
        if (event)
            break;
    }
    return i;
}

typedef size_t skip_fn(const char *text, size_t i, size_t n, unsigned char *odd);

static size_t skip_narrow(const char *text, size_t i, size_t n, unsigned char *odd)
{
    return skip_chunks(text, i, n, odd);
}

/* Chosen when a log is read: target_clones would ask the processor at each start of the program,
 * which takes 50 us in a virtual machine. */
#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t skip_wide(const char *text, size_t i, size_t n,
                                                        unsigned char *odd)
{
    return skip_chunks(text, i, n, odd);
}

static skip_fn *best_skip(void)
{
    return x86_cpu_active(x86_cpu_AVX2) ? skip_wide : skip_narrow;
}
#else
static skip_fn *best_skip(void)
{
    return skip_narrow;
}
#endif

static bool ends_masked_value(char c)
{
    return c <= ' ' || c == '"' || c == '\\' || c == '&' || c == ';' || c == '#' || c == '?';
}

/* Blanks what belongs to the sign at i; returns where to go on. */
static size_t blank_one(char *text, size_t n, size_t i)
{
    size_t end = i + 1;

    while (end < n && !ends_masked_value(text[end]) && (text[i] == '=' || text[end] != '='))
        end++;
    if (text[i] == '=' || end == n || text[end] != '=') /* else a name stands there */
        memset(text + i + 1, '*', end - i - 1);
    return end;
}

/* The place of the next equals sign or question mark; stop or more when there is none. */
static size_t next_sign(const char *text, size_t from, size_t stop)
{
    if (from >= stop)
        return from;
    const char *equals = memchr(text + from, '=', stop - from);
    size_t end = equals ? (size_t)(equals - text) : stop;
    const char *question = memchr(text + from, '?', end - from);
    return question ? (size_t)(question - text) : end;
}

bool log_blank(char *text, size_t n)
{
    unsigned char odd = 0;
    skip_fn *skip = best_skip();

    for (size_t i = 0; i < n;) {
        i = skip(text, i, n, &odd);
        size_t stop = n - i < CHUNK ? n : i + CHUNK;
        for (size_t k = i; stop - i < CHUNK && k < stop; k++)
            odd |= (unsigned char)((text[k] == '\\' && text[k + 1] != '"') || text[k] < 0);
        for (i = next_sign(text, i, stop); i < stop; i = next_sign(text, i, stop))
            i = blank_one(text, n, i);
    }
    return !odd;
}
