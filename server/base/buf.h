/* buf.h - growable bytes with a mandatory ceiling.
 *
 * data is never NULL after buf_init and always followed by a NUL that len does not count.
 * An append that would pass the ceiling appends nothing and sets `over`, which sticks: write all,
 * check once.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    bool over;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);                    /* idempotent */
struct buf *buf_in(struct arena *a, size_t max); /* freed with the arena */
void buf_reset(struct buf *b);                   /* len = 0, over = false; keeps the memory */
void buf_consume(struct buf *b, size_t n);       /* drops the first n bytes */

bool buf_add(struct buf *b, const void *bytes, size_t n);
bool buf_str(struct buf *b, const char *s);
bool buf_char(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* s as a JSON string, quoted and escaped. */
bool buf_json_string(struct buf *b, const char *s, size_t n);
