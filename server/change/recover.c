/* recover.c - changes that a process left while applying: what is known, what is not, nothing
 * again.
 *
 * Writes nothing to the gateway. The intents say how far it came, reading says what came of the
 * last one.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine_private.h"
#include "change/guard_private.h"
#include "change/parts_private.h"
#include "change/served_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "net/loop.h"
#include "plan/compare.h"

enum { MANY = 16 };

struct found {
    struct engine *engine;
    char id[MANY][64];
    int count;
};

static bool collect_interrupted(void *arg, const struct stored *row)
{
    struct found *f = arg;
    if (f->count < MANY && !row->tampered && engine_at(f->engine, row->gateway))
        snprintf(f->id[f->count++], sizeof f->id[0], "%s", row->id);
    return true;
}

struct sum {
    int begun, stands, gone, unknown;
    const cJSON **now; /* what was seen, one an operation */
};

static const char *judge_comparison(struct sum *sum, enum compare is, enum intent was)
{
    bool undoing = was == INTENT_UNDOING;
    if (is == COMPARE_AFTER) {
        sum->stands++;
        return undoing ? "written; it was about to be taken back" : "written";
    }
    if (is == COMPARE_BEFORE) {
        sum->gone++;
        return undoing ? "undone" : "not written";
    }
    sum->unknown++;
    return "unknown";
}

/* The object is as it was before. May parts of it be otherwise? What they were is not known any
 * more: only where there was no object and there is no part, nothing was written. */
static const char *part_doubt(struct gateway *g, struct arena *a, const struct plan_op *op)
{
    if (!parts_has(op->kind))
        return NULL;
    const cJSON *parts = parts_read(g, a, op->kind, op->name);
    if (!parts)
        return "its parts could not be read";
    const char *there = op->verb == PLAN_CREATE ? parts_moved(a, NULL, parts) : NULL;
    if (op->verb != PLAN_CREATE)
        return "it is as it was before, its parts may not be";
    return there ? arena_printf(a, "it is not there, but %s", there) : NULL;
}

/* One operation, as far as it had been begun. */
static cJSON *recover_operation(struct gateway *g, struct arena *a, const struct plan_op *op,
                                enum intent was, struct sum *sum, const cJSON **seen)
{
    if (was == INTENT_NONE)
        return engine_outcome(a, op, "not started", NULL, NULL);
    sum->begun++;
    if (was == INTENT_REFUSED || was == INTENT_NOT_WRITTEN || was == INTENT_UNDONE) {
        sum->gone++;
        return engine_outcome(a, op, store_intent_name(was), NULL, NULL);
    }
    struct err e = { 0 };
    const cJSON *now = NULL;
    if (!gateway_now(g, a, op->kind, op->name, op->scope, &now, NULL, &e)) {
        sum->unknown++;
        return engine_outcome(a, op, "unknown", e.text, NULL);
    }
    *seen = now;
    enum compare is = compare_now(a, op, now);
    const char *part = is == COMPARE_BEFORE ? part_doubt(g, a, op) : NULL;
    if (part)
        is = COMPARE_OTHER;
    const char *outcome = judge_comparison(sum, is, was);
    char *note = arena_printf(a, "found after the process that applied it had ended%s%s",
                              part ? "; " : "", part ? part : "");
    return engine_outcome(a, op, outcome, note,
                          is == COMPARE_OTHER ? compare_wanted(a, op, now) : NULL);
}

static enum plan_state conclude_recovery(const struct plan *p, const struct sum *sum,
                                         const char **text)
{
    if (sum->unknown) {
        *text = "interrupted; what came of it could not be told for every operation";
        return STATE_UNKNOWN;
    }
    if (sum->stands == p->count) {
        *text = "applied: the process ended before it could say so, reading shows all of it";
        return STATE_APPLIED;
    }
    *text = sum->stands ? "interrupted; a part was written and stands, see operations; undo it or "
                          "make the rest anew"
                        : "interrupted before anything was written; make the change again";
    return STATE_FAILED;
}

static void recover_one(struct engine *g, const char *id, struct err *e)
{
    struct arena *a = arena_new();
    struct sum sum = { 0 };
    struct err why = { 0 };
    cJSON *result = json_object(a);
    const char *text = NULL;
    enum plan_state state = STATE_UNKNOWN;
    struct plan *p = store_plan(g->store, a, id, &why);
    const struct engine_at *at = p ? engine_at(g, p->gateway) : NULL;
    if (at) {
        cJSON *ops = json_set_array(a, result, "operations");
        sum.now = arena_array(a, const cJSON *, p->count);
        for (int i = 0; i < p->count; i++)
            json_add(a, ops,
                     recover_operation(at->gateway, a, &p->ops[i], store_intent(g->store, id, i),
                                       &sum, &sum.now[i]));
        state = conclude_recovery(p, &sum, &text);
    }
    json_set_str(a, result, "text", text ? text : why.text);
    json_set_bool(a, result, "recovered", true);
    if (at)
        served_begin(a, at, state, result);
    bool moved = false;
    struct stored row = { 0 };
    const struct store_guard *guard = at && store_find(g->store, a, id, &row, &why)
                                          ? guard_after(a, p, row.guard, state, sum.now)
                                          : NULL;
    store_move_guarded(g->store, id, STATE_APPLYING, state, store_owner(g->store), "recovery",
                       result, guard, &moved, e);
    if (moved && state == STATE_APPLIED && p->undoes)
        guard_undone(g, p, id);
    arena_free(a);
}

int engine_recover(struct engine *g, struct err *e)
{
    struct found f = { .engine = g };
    struct store *s = engine_store(g, e);
    int done = 0;
    if (!s || !store_each(s, STATE_APPLYING, 0, MANY, collect_interrupted, &f, e))
        return -1;
    for (int i = 0; i < f.count; i++) {
        bool taken = false;
        if (!store_take_over(s, f.id[i], &taken, e))
            return -1;
        if (!taken)
            continue;
        /* A request that was under way when the process died may still arrive. */
        if (!nap(g->loop, 1, NULL, e))
            return -1;
        recover_one(g, f.id[i], e);
        done++;
    }
    return e->kind == ERR_NONE ? done : -1;
}
