/* apply_clean.c - what a failed apply leaves, and the plan that would take it back.
 *
 * The console writes an AI route, a provider or an MCP server as several objects, one after the
 * other, and stops where it fails: what of them stands is parts.c.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/apply_private.h"
#include "change/parts_private.h"
#include "kind/kind.h"
#include "plan/compare.h"

/* Did operation i leave something, or may it have? */
static bool may_have_left(const struct job *j, int i)
{
    const char *outcome = json_str(j->outcomes[i], "outcome");
    return !strcmp(outcome, store_intent_name(INTENT_WRITTEN)) ||
           !strcmp(outcome, store_intent_name(INTENT_UNKNOWN));
}

/* The way from what is there now to what was there before. */
static bool plan_back(struct job *j, struct plan *p, const struct plan_op *op)
{
    const cJSON *now = NULL;
    const char *kind = op->kind->name;
    if (!apply_read(j, p->arena, op, &now, NULL, p->err))
        return false;
    bool same = compare_alike(j->arena, op, now, op->before);
    if (!same && !op->before)
        return plan_remove(p, kind, op->name, op->scope, now);
    if (!same && !now)
        return plan_create(p, kind, op->scope, op->before);
    if (!same)
        return plan_put(p, kind, op->name, op->scope, now, op->before);
    /* The object is as it was; parts of it may not be. */
    if (!parts_has(op->kind))
        return true;
    if (now)
        return plan_again(p, kind, op->name, now);
    cJSON *parts = parts_read(j->at->gateway, j->arena, op->kind, op->name);
    return json_count(parts) == 0 || plan_remove_parts(p, kind, op->name);
}

const char *apply_clean(struct job *j, struct err *e)
{
    const char *id = NULL;
    struct plan *p = plan_new(j->arena, "clean_up", CHANGE, e);
    p->exact = true;
    for (int i = j->plan->count - 1; i >= 0; i--)
        if (may_have_left(j, i) && !plan_back(j, p, &j->plan->ops[i]))
            return NULL;
    if (p->count == 0)
        return NULL;
    p->undoes = j->id;
    plan_title(p, "Clean up what %s left: %s", j->id, j->plan->title);
    /* A draft: nobody is asked before its owner wants it. */
    return engine_propose_reverse(j->engine, p, j->owner, &id, e) ? id : NULL;
}
