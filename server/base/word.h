/* word.h - a word that a person types to show that they read the question it stands in. */
#pragma once
#include <stdbool.h>

struct arena;

/* Fresh and random, to be read and typed: "kubo-tezi-ma". One of 10^10. */
char *word_make(struct arena *a);
/* Is it the word, as a person types it: case and blanks around it say nothing. Constant time. */
bool word_equal(const char *typed, const char *word);
