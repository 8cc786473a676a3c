/* apply_undo.c - an apply that stopped halfway takes back what it did, and says what it could not.
 *
 * Only what still is as this apply left it is taken back: a change of somebody else meanwhile is
 * left alone and named.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/apply_private.h"
#include "console/write.h"
#include "kind/kind.h"
#include "plan/compare.h"

static bool untouched(struct job *j, int i, const cJSON **now, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    if (!apply_read(j, j->arena, op, now, NULL, e))
        return false;
    return compare_alike(j->arena, op, j->wrote[i], *now) ||
           err_set(e, ERR_POLICY, "somebody changed it meanwhile");
}

static bool reverse_operation(struct job *j, const struct plan_op *op, const cJSON *now,
                              enum write_doubt *doubt, struct err *e)
{
    struct gateway *g = j->at->gateway;
    struct arena *a = j->arena;
    if (op->verb == PLAN_CREATE)
        return write_delete(g, a, op->kind, op->name, op->scope, doubt, e);
    if (!op->before)
        return err_set(e, ERR_POLICY, "there was nothing that could be put back");
    if (op->kind->needs)
        return err_set(e, ERR_POLICY, "reading never showed its %s, so it cannot be put back",
                       op->kind->needs);
    cJSON *body = json_clone(a, op->before);
    kind_strip(op->kind, body);
    json_remove(body, "version");
    if (op->verb == PLAN_DELETE)
        return write_create(g, a, op->kind, op->scope, body, doubt, e);
    if (kind_version_of(op->kind, now))
        json_set_str(a, body, "version", kind_version_of(op->kind, now));
    return write_put(g, a, op->kind, op->name, op->scope, body, doubt, e);
}

/* What came of the reverse write: seen, not believed. */
static enum intent outcome(struct job *j, int i, enum write_doubt doubt, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now = NULL;
    if (doubt == WRITE_NOT_BEGUN)
        return INTENT_WRITTEN;
    enum compare is = apply_look(j, op, doubt, &now);
    if (is && compare_alike(j->arena, op, op->before, now))
        return INTENT_UNDONE;
    if (is && doubt == WRITE_ANSWERED && e->kind != ERR_NONE &&
        compare_alike(j->arena, op, j->wrote[i], now))
        return INTENT_WRITTEN;
    if (e->kind == ERR_NONE)
        err_set(e, ERR_UNKNOWN, "%s",
                is ? "the gateway stored it differently" : "it could not be read back");
    return INTENT_UNKNOWN;
}

static enum intent back(struct job *j, int i, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now = NULL;
    enum write_doubt doubt = WRITE_NOT_BEGUN;
    bool held = false;
    if (!untouched(j, i, &now, e))
        return INTENT_WRITTEN;
    if (!store_renew(j->engine->store, j->id, 45, &held, e) || !held)
        return err_set(e, ERR_POLICY, "another process took this change over"), INTENT_WRITTEN;
    if (!store_intend(j->engine->store, j->id, i, INTENT_UNDOING, NULL, e))
        return INTENT_WRITTEN;
    apply_step("undoing", i);
    if (reverse_operation(j, op, now, &doubt, e))
        doubt = WRITE_ANSWERED;
    return outcome(j, i, doubt, e);
}

void apply_undo(struct job *j)
{
    int left = 0;
    for (int i = j->done - 1; i >= 0; i--) {
        struct err e = { 0 }, ignored = { 0 };
        enum intent what = back(j, i, &e);
        bool ok = what == INTENT_UNDONE, open = what == INTENT_UNKNOWN;
        store_intend(j->engine->store, j->id, i, what, e.text, &ignored);
        apply_set_outcome(
            j, i, what,
            ok ? "taken back"
               : arena_printf(j->arena, "%s: %s", open ? "may or may not be taken back" : "stays",
                              e.text),
            ok ? NULL : json_clone(j->arena, json_get(j->outcomes[i], "differences")));
        j->unknown = j->unknown || open;
        left += !ok;
    }
    const char *why = arena_strdup(j->arena, j->text);
    apply_say(j, "%s; of %d operations written before it, %d were taken back and %d stay%s", why,
              j->done, j->done - left, left, j->unknown && left ? " or may stay" : "");
}
