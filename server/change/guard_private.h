/* guard_private.h - the guard of a change, from the baseline before its write to the statement at
 * its end. Only apply.c, engine*.c, recover.c and guard*.c include this.
 *
 * What a guard keeps (store_guard.h) is {"baseline", "wrote": [content of each object after the
 * write, as a digest], "since", "until", "reverse"?: id, "text"?: how it went}. The reverse is a
 * change of its own, covered once by the approval of the change that is watched.
 */
#pragma once
#include "change/engine_private.h"
#include "guard/judge.h"
#include "store/store_guard.h"

#define GUARD_TOOL "guard" /* the tool of a plan by which a guard takes back */

/* A guard under this process. */
struct guard_look {
    struct engine *engine;
    struct arena *arena;
    struct guard_task *task;
    const struct engine_at *at;
    const char *id, *owner, *title;
    const struct plan *plan;
    struct guard_watch watch;
    cJSON *kept;
    struct cancel cancel;
};

/* What the guard of that plan keeps from before the write on; NULL: it has none. Where signals
 * cannot be read it says so itself: {"blind": why}. Parks. */
cJSON *guard_baseline(struct engine *g, const struct engine_at *at, struct arena *a,
                      const struct plan *p, struct cancel *c);
const char *guard_blind(const cJSON *kept); /* why it cannot see, or NULL */
/* Where the change goes with its guard when the write is over; NULL: it has none. wrote: what is
 * there now, one an operation. */
const struct store_guard *guard_after(struct arena *a, const struct plan *p, const cJSON *kept,
                                      enum plan_state state, const cJSON *const *wrote);
/* Is that change, decided by a guard, the reverse that the guard of p->undoes has begun, and does
 * the approval of that one still hold? */
bool guard_covers(struct engine *g, struct arena *a, const struct stored *row, const struct plan *p,
                  struct err *e);
/* That change was taken back by another, which somebody decided: nothing is left to watch. */
void guard_undone(struct engine *g, const struct plan *p, const char *by);
/* Is object i of the plan still what its write left there? */
bool guard_left_alone(struct arena *a, const cJSON *kept, int i, const struct plan_op *op,
                      const cJSON *now);
/* Fills spec, targets and config; the rest is there. */
bool guard_watch_of(struct guard_watch *w, const struct engine_at *at, const struct plan *p,
                    struct err *e);
void guard_tick(struct engine *g); /* looks at those whose time it is, each in a fiber */
/* One ends: says how. False: it was not at that step any more, or e. */
bool guard_end(struct guard_look *k, const char *from, const char *guarded, const char *text);
/* It is worse: takes the change back. */
void guard_revert(struct guard_look *k, const char *why);
/* What came of the reverse that was begun. */
void guard_conclude(struct guard_look *k);
/* For answers: {"state","until"?,"text"?,"reverse"?}; NULL: the change has none. */
cJSON *guard_show(struct engine *g, struct arena *a, const struct stored *row);
