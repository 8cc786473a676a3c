/* mark_private.h - how far in the audit somebody has come who follows it, in a file beside the
 * state, with a proof that this state wrote it. One process of a state follows at a time.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct config;
struct err;
struct store;

struct mark {
    const char *path;  /* DIR/NAME: "LINE [LOST] PROOF" */
    const char *label; /* of its proof: what it is the mark of */
    int lock;          /* a descriptor, or -1 */
};

struct mark_place {
    int seq;     /* the last line that is done with */
    double lost; /* how many nobody will have */
};

/* name: of the file. Nothing is made yet. */
struct mark mark_of(struct arena *a, const struct config *c, const char *name, const char *label);
/* Is it this process that follows? It stays so until mark_end. */
bool mark_has_turn(struct mark *m);
/* False: nothing was written yet, or *forged: what stands there is not ours; *p is { 0 } then. */
bool mark_read(const struct mark *m, const struct store *s, struct mark_place *p, bool *forged);
bool mark_write(const struct mark *m, const struct store *s, struct mark_place p, struct err *e);
void mark_end(struct mark *m);
