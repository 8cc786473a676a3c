/* share_private.h - what there is a limit of, and how much of it one client may have.
 *
 * An owner is a principal, or where nobody is asked for a token the address of the source. Alone it
 * may have all of a limit. As soon as another owner has some of it too, each has an equal share and
 * gets no more than that; who comes later gets its share at once, beside what the first already
 * had, so that all together never have more than twice the limit. Counts are of what is held now:
 * what ends is given back. An owner lives as long as it holds something.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct mcp;

enum share_of {
    SHARE_NOTHING, /* held without a limit of its own */
    SHARE_CALLS,
    SHARE_SESSIONS,
    SHARE_STREAMS,
    SHARE_TASKS,
    SHARE_WATCHES,
    SHARE_KINDS
};

struct owner {
    struct mcp *mcp;
    struct arena *arena;
    const char *name;
    int held[SHARE_KINDS];
    struct owner *next;
};

/* One more, one fewer. share_give may end the owner. */
struct owner *share_take(struct mcp *m, const char *name, enum share_of what);
void share_give(struct owner *o, enum share_of what);
void share_move(struct owner *o, enum share_of from, enum share_of to);
/* Of all owners together. */
int share_all(const struct mcp *m, enum share_of what);
/* Is what the owner holds, the newest included, within its share of the limit? */
bool share_fits(const struct owner *o, enum share_of what, double limit);
/* "'ci' has 32 calls in flight, its share of 64 (limits.calls) among 2 clients", of one refused. */
const char *share_words(struct arena *a, const struct owner *o, enum share_of what, double limit);
