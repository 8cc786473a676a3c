/* store_guard.h - how far the guard of a change has come: kept in its row, under its MAC, each step
 * with a line of audit.
 *
 *   ready -> watching -> held | unseen | stopped | reverting -> reverted | stopped
 *
 * ready: the baseline is known, the write is under way. unseen: it ended without enough to judge
 * by. A step compares and sets within one transaction, so that one process takes it, once. While
 * one watches or reverts, the change's lease is its.
 */
#pragma once
#include "store/store_decision.h"

#define GUARD_READY "ready"
#define GUARD_WATCHING "watching"
#define GUARD_REVERTING "reverting"
#define GUARD_HELD "held"
#define GUARD_UNSEEN "unseen"
#define GUARD_REVERTED "reverted"
#define GUARD_STOPPED "stopped"

struct store_guard {
    const char *guarded; /* one of the above; NULL: it has none any more */
    const cJSON *kept;   /* what it needs to know, and "text": how it went */
};

/* store_move, and the guard with it. */
bool store_move_guarded(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                        const char *who, const char *channel, const cJSON *result,
                        const struct store_guard *guard, bool *moved, struct err *e);
/* From one step to the next; the audit says it with the text. *moved false: it was not there any
 * more. */
bool store_guard_step(struct store *s, const char *id, const char *from,
                      const struct store_guard *to, const char *who, const char *channel,
                      bool *moved, struct err *e);
/* watching -> reverting, and the change that reverts is approved by that decision, both or none. */
bool store_guard_revert(struct store *s, const char *id, const struct store_guard *to,
                        const char *reverse, const struct store_decision *d, bool *moved,
                        struct err *e);
/* Lends this process the lease of a change that is watched or reverted. *taken false: another
 * process that lives has it. */
bool store_guard_take(struct store *s, const char *id, bool *taken, struct err *e);
/* Those that are watched or reverted and were made after that time, oldest first. */
bool store_each_guarded(struct store *s, double after, int limit, store_row_fn *fn, void *arg,
                        struct err *e);
/* Approved ones that may start by now and whose approval still holds, newest first. */
bool store_each_due(struct store *s, int limit, store_row_fn *fn, void *arg, struct err *e);
