/* look_private.h - a look: one rule about a tree, which says every place that breaks it.
 *
 * Rows of traps carry looks (look_rule), so that what stands in a gateway (trap_*.c) and what is
 * about to be written (check_*.c) are judged by the same ones. Sentences hold names and numbers,
 * never values that may be secret.
 */
#pragma once
#include "rule/trap.h"

struct check;

struct look {
    struct arena *a;
    const cJSON *tree; /* an object */
    void *arg;
    void (*say)(void *arg, const char *path, const char *what);
};

/* What a row of traps carries in `with`. */
struct look_rule {
    void (*look)(struct look *l);
    bool refused; /* not written either: it takes down more than itself, or is never there at all */
};
#define LOOK_REFUSED(fn)                                                                           \
    &(const struct look_rule)                                                                      \
    {                                                                                              \
        fn, true                                                                                   \
    }
#define LOOK_TAKEN(fn)                                                                             \
    &(const struct look_rule)                                                                      \
    {                                                                                              \
        fn, false                                                                                  \
    }

void look_say(struct look *l, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *look_name(struct look *l, const char *name); /* cleaned and short */
const char *look_place(struct look *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The judge of a row that carries a look. look_through: member is what paths begin with, or "". */
void look_judge(struct trap_walk *t, const struct trap_object *o);
void look_through(struct trap_walk *t, const struct trap_object *o, const cJSON *tree,
                  const char *member);
/* Has no look of the rows that refuse anything to say of `after` that was not so before? The first
 * sentences are c's error. before: NULL for a create. */
bool look_passes(const struct check *c, const struct trap *rows, const cJSON *before,
                 const cJSON *after, const char *member);
