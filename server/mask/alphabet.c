/* alphabet.c - the table of characters. */
#include "mask/alphabet_private.h"
#include <stdint.h>

#define TWO(c, set) [(c)] = (set), [(c) + 1] = (set)
#define FIVE(c, set) TWO(c, set), TWO((c) + 2, set), [(c) + 4] = (set)
#define TWENTY(c, set) FIVE(c, set), FIVE((c) + 5, set), FIVE((c) + 10, set), FIVE((c) + 15, set)

static const uint16_t set_of[256] = {
    FIVE('0', DIGIT),      FIVE('5', DIGIT),   FIVE('A', HEX_LETTER), ['F'] = HEX_LETTER,
    FIVE('a', HEX_LETTER), ['f'] = HEX_LETTER, TWENTY('G', LETTER),   TWENTY('g', LETTER),
    ['_'] = LOW_LINE,      ['-'] = HYPHEN,     ['.'] = DOT,           ['+'] = PLUS,
    ['/'] = SLASH,         ['='] = EQUALS,     ['$'] = DOLLAR,        [','] = COMMA,
    ['~'] = TILDE,
};

size_t alphabet_span_most(const char *s, int alphabet, size_t most)
{
    size_t n = 0;
    while (n < most && set_of[(unsigned char)s[n]] & alphabet)
        n++;
    return n;
}

size_t alphabet_span(const char *s, int alphabet)
{
    return alphabet_span_most(s, alphabet, SIZE_MAX);
}
