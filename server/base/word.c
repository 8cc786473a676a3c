/* word.c - syllables by random bytes. */
#include "base/word.h"
#include "base/arena.h"
#include "base/crypto.h"
#include <ctype.h>
#include <string.h>

enum { SYLLABLES = 5, WORD_SIZE = 2 * SYLLABLES + 3 };

/* 20 and 5: no letter that is taken for another. */
static const char consonants[] = "bcdfghjkmnprstvwxyzq", vowels[] = "aeiou";

char *word_make(struct arena *a)
{
    uint32_t random[SYLLABLES];
    char text[WORD_SIZE], *at = text;
    crypto_random(random, sizeof random);
    for (int i = 0; i < SYLLABLES; i++) {
        if (i && i % 2 == 0)
            *at++ = '-';
        *at++ = consonants[random[i] % (sizeof consonants - 1)];
        *at++ = vowels[random[i] / (sizeof consonants - 1) % (sizeof vowels - 1)];
    }
    *at = '\0';
    return arena_strdup(a, text);
}

bool word_equal(const char *typed, const char *word)
{
    char plain[WORD_SIZE] = "";
    typed += strspn(typed, " \t");
    size_t n = strcspn(typed, " \t\r\n"), size = strlen(word);
    if (n != size || n >= sizeof plain || typed[n + strspn(typed + n, " \t\r\n")])
        return false;
    for (size_t i = 0; i < n; i++)
        plain[i] = (char)tolower((unsigned char)typed[i]);
    return crypto_equal(plain, word, size);
}
