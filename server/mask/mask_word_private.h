/* mask_word_private.h - from which members the words of a gateway come; for mask_word.c and its
 * test. */
#pragma once

struct mask_word_row {
    const char *kind;  /* NULL: the end */
    const char *paths; /* "a.b|c"; lists are transparent */
};
extern const struct mask_word_row mask_word_rows[];
