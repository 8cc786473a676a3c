/* text.h - strings from outside, made harmless, and small string helpers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Control characters (also C1, U+2028/9, bidi and zero-width marks) become spaces or vanish,
 * invalid UTF-8 becomes U+FFFD, at most max bytes (cut on a character, ended by "…"). */
char *text_clean(struct arena *a, const char *s, size_t max);
/* The same characters written out as \uXXXX, so that nothing is hidden or out of order; never cut.
 * For what a person judges. */
char *text_visible(struct arena *a, const char *s);
bool text_utf8(const char *s, size_t n);
/* Percent-encodes everything but unreserved characters (RFC 3986). */
char *text_percent(struct arena *a, const char *s);
char *text_unpercent(struct arena *a, const char *s, size_t n); /* NULL on a bad escape or %00 */
uint64_t text_hash(const char *s,
                   size_t n); /* FNV-1a: for tables, and against damage, not malice */
bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
bool text_contains_nocase(const char *s, const char *needle);
bool text_equal_nocase(const char *x, const char *y);
bool text_same(const char *x, const char *y);               /* both NULL, or equal */
char *text_lower(struct arena *a, const char *s, size_t n); /* its first n bytes; ASCII only */

/* -- lists of words, "a|b|c"; NULL: none -- */
enum { TEXT_WORD = 96 };
/* Takes the next word off: for (rest = list; text_word_next(&rest, word);). */
bool text_word_next(const char **rest, char word[TEXT_WORD]);
/* The place of the word, from 1; 0: it is none of them. */
int text_word_place(const char *list, const char *word);
bool text_has_word(const char *list, const char *word);
