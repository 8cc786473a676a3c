/* accesslog_blank.c - values behind an equals sign or a question mark blanked in raw bytes of a
 * log, before anything else looks at them. Of all work on a log this is done for every byte.
 */
#include "signal/accesslog_line_private.h"
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <sys/platform/x86.h>
#endif

enum { WORD = 8, HALF = 32, CHUNK = 2 * HALF };
enum { COUNTED = 100 }; /* chunks at most, as a byte counts no more than 255 */

typedef unsigned char half_chunk __attribute__((vector_size(HALF), aligned(1), may_alias));

union chunk_words {
    half_chunk half[2];
    uint64_t word[CHUNK / WORD];
};

static bool ends_masked_value(char c)
{
    return (signed char)c <= ' ' || c == '"' || c == '\\' || c == '&' || c == ';' || c == '#' ||
           c == '?';
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

/* -- many bytes at a time ------------------------------------------------------------------------
 */
struct blanking {
    char *text;
    size_t n, blanked; /* up to there */
    int breaks;        /* of lines */
    bool odd;
};

static inline __attribute__((always_inline)) bool any_byte(const half_chunk *v)
{
    uint64_t words[HALF / WORD];

    memcpy(words, v, HALF);
    return words[0] | words[1] | words[2] | words[3];
}

/* Signs within [i, stop). */
static void blank_signs(struct blanking *b, size_t i, size_t stop)
{
    for (i = i < b->blanked ? b->blanked : i; i < stop; i = i < b->blanked ? b->blanked : i + 1)
        if (b->text[i] == '=' || b->text[i] == '?')
            b->blanked = blank_one(b->text, b->n, i);
}

/* Beyond ASCII, or an escape but of a quote, within [i, stop)? */
static void look_for_odd(struct blanking *b, size_t i, size_t stop)
{
    for (; i < stop && !b->odd; i++)
        b->odd = (b->text[i] == '\\' && b->text[i + 1] != '"') || (b->text[i] & 0x80);
}

/* marks: where signs are, other than 0. */
static void blank_chunk(struct blanking *b, size_t i, const union chunk_words *marks)
{
    for (size_t k = 0; k < CHUNK / WORD; k++)
        if (marks->word[k])
            blank_signs(b, i + k * WORD, i + (k + 1) * WORD);
}

static void add_breaks(struct blanking *b, half_chunk *counts)
{
    for (int k = 0; k < HALF; k++)
        b->breaks += (*counts)[k];
    *counts = (half_chunk){ 0 };
}

/* All whole chunks; returns where they end. Most of them are looked at without a branch. */
static inline __attribute__((always_inline)) size_t blank_chunks(struct blanking *b)
{
    const unsigned char line_break = '\n', backslash = '\\', high = 0x80;
    const unsigned char equals = '=', both = 0xfd; /* '=' and '?' differ in one bit only */
    half_chunk counts = { 0 };
    size_t i = 0;

    for (int k = 1; b->n - i >= CHUNK; i += CHUNK, k++) {
        half_chunk *at = (half_chunk *)(b->text + i);
        union chunk_words signs = { .half = { (half_chunk)((at[0] & both) == equals),
                                              (half_chunk)((at[1] & both) == equals) } };
        counts -= (half_chunk)(at[0] == line_break) + (half_chunk)(at[1] == line_break);
        half_chunk any = signs.half[0] | signs.half[1];
        if (any_byte(&any))
            blank_chunk(b, i, &signs);
        half_chunk odd = (half_chunk)(at[0] == backslash) | (half_chunk)(at[1] == backslash) |
                         ((at[0] | at[1]) & high);
        if (any_byte(&odd))
            look_for_odd(b, i, i + CHUNK);
        if (k % COUNTED == 0)
            add_breaks(b, &counts);
    }
    add_breaks(b, &counts);
    return i;
}

typedef size_t chunks_fn(struct blanking *b);

static size_t chunks_narrow(struct blanking *b)
{
    return blank_chunks(b);
}

/* Chosen when a log is read: target_clones would ask the processor at each start of the program,
 * which takes 50 us in a virtual machine. */
#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t chunks_wide(struct blanking *b)
{
    return blank_chunks(b);
}

static chunks_fn *best_chunks(void)
{
    return x86_cpu_active(x86_cpu_AVX2) ? chunks_wide : chunks_narrow;
}
#else
static chunks_fn *best_chunks(void)
{
    return chunks_narrow;
}
#endif

bool log_blank_counting(char *text, size_t n, int *breaks)
{
    struct blanking b = { .text = text, .n = n };
    size_t i = best_chunks()(&b);

    blank_signs(&b, i, n);
    look_for_odd(&b, i, n);
    for (; i < n; i++)
        b.breaks += text[i] == '\n';
    *breaks = b.breaks;
    return !b.odd;
}

bool log_blank(char *text, size_t n)
{
    int breaks;

    return log_blank_counting(text, n, &breaks);
}
