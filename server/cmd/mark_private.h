/* mark_private.h - how far in the audit somebody has come who follows it: a line of text in a file
 * beside the state, with a proof that this state wrote it. One process of a state follows at a
 * time.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct config;
struct err;
struct store;

struct mark {
    const char *path;  /* DIR/NAME */
    const char *label; /* of its proof: what it is the mark of */
    int lock;          /* a descriptor, or -1 */
};

/* name: of the file. Nothing is made yet. */
struct mark mark_of(struct arena *a, const struct config *c, const char *name, const char *label);
/* Is it this process that follows? It stays so until mark_end. */
bool mark_has_turn(struct mark *m);
/* What was written last; NULL: nothing was, or *forged: what stands there is not ours. */
const char *mark_read(const struct mark *m, const struct store *s, struct arena *a, bool *forged);
bool mark_write(const struct mark *m, const struct store *s, struct arena *a, const char *text,
                struct err *e);
void mark_end(struct mark *m);
