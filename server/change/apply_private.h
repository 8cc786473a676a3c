/* apply_private.h - inside an apply: one job, its operations, one after the other. Only apply*.c
 * includes this.
 *
 * The order of an operation is fixed: base read and compared, intent durable, request, read back,
 * outcome durable. Between each two a check build can be killed (HIGRESS_OPS_STOP_AT).
 */
#pragma once
#include "change/engine_private.h"
#include "console/write.h"
#include "plan/compare.h"

struct job {
    struct engine *engine;
    struct arena *arena;
    const struct engine_at *at; /* the gateway the plan is bound to */
    struct cancel *cancel;
    struct engine_listener listener;
    const char *id, *owner;
    struct plan *plan;
    cJSON **outcomes;    /* one an operation, in order */
    const cJSON **wrote; /* what was there right after our write */
    const cJSON *parts;  /* of the operation under way, before it was sent */
    int done;            /* operations written */
    const char *remark;  /* what the gateway said against a write that stands, or NULL */
    const cJSON *guard;  /* what its guard keeps, or NULL: none (guard_private.h) */
    bool unknown;        /* some write may or may not stand */
    char text[900];      /* the sentence for people */
};

/* What the console would notice only after it changed live objects. False: job->text says what. */
bool apply_foresee(struct job *j);
/* One operation; false: stop here, job->text says why. *undo: whether what was done before must be
 * taken back (not after a lost lease). */
bool apply_op(struct job *j, int i, bool *undo);
/* Takes back operations [0, j->done), newest first; says in outcomes and text what it could not. */
void apply_undo(struct job *j);
/* What is there after a write that failed with that doubt (WRITE_ANSWERED too: it succeeded),
 * looked at several times where it may still be under way. 0: it could not be read. */
enum compare apply_look(struct job *j, const struct plan_op *op, enum write_doubt doubt,
                        const cJSON **now);
/* After an apply that failed: stores, as a draft, the plan that takes back what stands. Its id;
 * NULL: nothing stands, or e says why it cannot be planned. */
const char *apply_clean(struct job *j, struct err *e);
/* The gateway as it is for this operation. False: could not be read. now NULL: not there. */
bool apply_read(struct job *j, struct arena *a, const struct plan_op *op, const cJSON **now,
                struct cancel *c, struct err *e);
void apply_set_outcome(struct job *j, int i, enum intent what, const char *note,
                       cJSON *differences);
/* Sets job->text. */
void apply_say(struct job *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
void apply_step(const char *name, int i); /* where a check build may die */
