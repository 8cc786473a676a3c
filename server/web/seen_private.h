/* seen_private.h - which parts of a change were served to an approver: after each, a sealed text
 * that the page hands in for the next one, and with its decision. Nothing is kept here for it.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct err;
struct rendering;
struct store;

struct seen {
    const char *who, *id;
    const struct rendering *rendering;
    int part;         /* counted from 0 */
    const char *word; /* that must be typed to approve; shown with the last part. NULL: none */
};

char *seen_make(const struct store *s, struct arena *a, const struct seen *what);
/* Was that part of this very rendering of this change served to who? *word: the one it came with.
 * False: ERR_POLICY. */
bool seen_check(const struct store *s, struct arena *a, const char *text, const struct seen *what,
                const char **word, struct err *e);
