/* alphabet_private.h - sets of characters, and how far a text keeps to one.
 *
 * At each word of each text several alphabets are tried; a table of all is quicker than strspn,
 * which makes one of its own each time.
 */
#pragma once
#include <stddef.h>

enum {
    DIGIT = 1 << 0,
    HEX_LETTER = 1 << 1,
    LETTER = 1 << 2, /* the others */
    LOW_LINE = 1 << 3,
    HYPHEN = 1 << 4,
    DOT = 1 << 5,
    PLUS = 1 << 6,
    SLASH = 1 << 7,
    EQUALS = 1 << 8,
    DOLLAR = 1 << 9,
    COMMA = 1 << 10,
    TILDE = 1 << 11,
    HEX = DIGIT | HEX_LETTER,
    ALNUM = HEX | LETTER,
    WORD = ALNUM | LOW_LINE | HYPHEN,
    BASE64 = ALNUM | PLUS | SLASH | EQUALS,
};

/* How many characters from s on are of the alphabet, a union of the above. */
size_t alphabet_span(const char *s, int alphabet);
/* The same, at most `most`. */
size_t alphabet_span_most(const char *s, int alphabet, size_t most);
