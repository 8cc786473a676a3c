/* apply_rest.c - what a failed write leaves: objects written in part, and the plan that would clean
 * up.
 *
 * The console writes an AI route, a provider or an MCP server as several objects, one after the
 * other, and stops where it fails. What it writes first (`first`) is read before and after a write
 * that failed, so that a part that stands is named although the object itself is not there.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "change/apply_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/compare.h"

static const struct {
    const char *kind, *first, *before, *after; /* named "<before>NAME<after>" */
} first[] = {
    { "ai-route", "route", "ai-route-", ".internal" },
    { "ai-route", "route", "ai-route-", ".fallback.internal" },
    { "ai-provider", "service-source", "llm-", ".internal" },
    { "mcp-server", "route", "mcp-server-", ".internal" },
};
enum { FIRST = sizeof first / sizeof *first };

bool apply_has_parts(const struct plan_op *op)
{
    for (int i = 0; i < FIRST; i++)
        if (!strcmp(first[i].kind, op->kind->name))
            return true;
    return false;
}

cJSON *apply_parts(struct job *j, const struct plan_op *op)
{
    struct arena *a = j->arena;
    cJSON *parts = json_object(a);
    for (int i = 0; i < FIRST; i++) {
        struct err e = { 0 };
        bool missing = false;
        if (strcmp(first[i].kind, op->kind->name) != 0)
            continue;
        const struct kind *k = kind_find(first[i].first);
        char *name = arena_printf(a, "%s%s%s", first[i].before, op->name, first[i].after);
        cJSON *o = gateway_object(j->at->gateway, a, k, name, NULL, &missing, NULL, &e);
        if (!o && !missing)
            return NULL;
        if (o)
            json_set(a, parts, arena_printf(a, "%s %s", k->name, name), kind_content(a, k, o));
    }
    return parts;
}

const char *apply_part_left(struct job *j, const cJSON *was, const cJSON *now)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, now)
    {
        const cJSON *old = json_get(was, part->string);
        if (!old || !json_equal(old, part))
            return arena_printf(j->arena, "%s is %s", part->string, old ? "changed" : "there");
    }
    cJSON_ArrayForEach(part, was)
    {
        if (!json_get(now, part->string))
            return arena_printf(j->arena, "%s is gone", part->string);
    }
    return NULL;
}

/* -- cleaning up ------------------------------------------------------------------------------ */

/* Did operation i leave something, or may it have? */
static bool stands(const struct job *j, int i)
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
    if (!apply_has_parts(op))
        return true;
    if (now)
        return plan_again(p, kind, op->name, now);
    cJSON *parts = apply_parts(j, op);
    return json_count(parts) == 0 || plan_sweep(p, kind, op->name);
}

const char *apply_clean(struct job *j, struct err *e)
{
    const char *id = NULL;
    struct plan *p = plan_new(j->arena, "clean_up", CHANGE, e);
    p->exact = true;
    for (int i = j->plan->count - 1; i >= 0; i--)
        if (stands(j, i) && !plan_back(j, p, &j->plan->ops[i]))
            return NULL;
    if (p->count == 0)
        return NULL;
    p->undoes = j->id;
    plan_title(p, "Clean up what %s left: %s", j->id, j->plan->title);
    /* A draft: nobody is asked before its owner wants it. */
    return engine_propose(j->engine, p, true, j->owner, &id, e) ? id : NULL;
}
