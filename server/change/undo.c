/* undo.c - the reverse of what a change wrote, as a new plan through the same gate. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine_private.h"
#include "change/outside_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/compare.h"

static void warn_moved(struct plan *p, const struct plan_op *op, const cJSON *now)
{
    const cJSON *first = cJSON_GetArrayItem(compare_wanted(p->arena, op, now), 0);
    if (first)
        plan_warn(p, "%s '%s' has moved on since (%.200s); undoing takes that back too",
                  op->kind->name, op->name, first->valuestring);
}

static bool add_reverse_operation(struct gateway *g, struct plan *p, const struct plan_op *op,
                                  struct cancel *c)
{
    const cJSON *now = NULL;
    const char *kind = op->kind->name;
    if (!gateway_now(g, p->arena, op->kind, op->name, op->scope, &now, c, p->err))
        return false;
    if (op->verb == PLAN_DELETE && !op->before)
        return err_set(p->err, ERR_POLICY, "%s '%s' was not there before", kind, op->name);
    if (op->verb == PLAN_DELETE)
        return now ? err_set(p->err, ERR_POLICY, "%s '%s' exists again: nothing to put back", kind,
                             op->name)
                   : plan_create(p, kind, op->scope, op->before);
    if (!now)
        return err_set(p->err, ERR_POLICY, "%s '%s' is gone: there is nothing to undo", kind,
                       op->name);
    warn_moved(p, op, now);
    if (op->verb == PLAN_CREATE)
        return plan_remove(p, kind, op->name, op->scope, now);
    return plan_put(p, kind, op->name, op->scope, now, op->before);
}

static bool undoable(enum plan_state s)
{
    return s == STATE_APPLIED || s == STATE_FAILED || s == STATE_UNKNOWN;
}

/* Did operation i leave something? The result is what people see; it is the truth here too. */
static bool left_something(const struct stored *row, int i)
{
    const cJSON *op = cJSON_GetArrayItem(json_get(row->result, "operations"), i);
    const char *outcome = json_str(op, "outcome");
    return outcome && (!strncmp(outcome, "written", 7) || !strcmp(outcome, "unknown"));
}

bool engine_undo(struct engine *g, struct plan *p, const char *id, struct cancel *c, struct err *e)
{
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    if (store_is_edit(id))
        return s && engine_restore(g, p, id, c, e);
    if (!s || !store_find(s, p->arena, id, &row, e))
        return false;
    if (!undoable(row.state))
        return err_set(e, ERR_POLICY, "change %s is %s: it wrote nothing that could be undone",
                       row.id, store_state_name(row.state));
    struct plan *was = store_plan(s, p->arena, row.id, e);
    if (!was)
        return false;
    const struct engine_at *at = engine_at(g, was->gateway);
    if (!at)
        return err_set(e, ERR_POLICY, "change %s was made on another gateway", row.id);
    p->gateway = was->gateway;
    int found = 0;
    p->exact = true;
    for (int i = was->count - 1; i >= 0; i--) {
        if (!left_something(&row, i))
            continue;
        found++;
        if (!add_reverse_operation(at->gateway, p, &was->ops[i], c))
            return err_set(e, p->err->kind, "%s", p->err->text);
    }
    if (!found)
        return err_set(e, ERR_POLICY, "change %s left nothing that could be undone", row.id);
    p->undoes = row.id;
    plan_title(p, "undo %s: %s", row.id, row.title);
    return true;
}
