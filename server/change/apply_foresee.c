/* apply_foresee.c - what the console would notice only after it changed live objects, looked up
 * before.
 *
 * An AI route that names an unknown provider is answered with 400 after its Ingress was rewritten.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/apply_private.h"
#include "console/gateway.h"
#include "kind/kind.h"

/* Does an earlier operation of the plan make it? */
static bool made_by_plan(const struct job *j, const char *provider)
{
    for (int i = 0; i < j->plan->count; i++) {
        const struct plan_op *op = &j->plan->ops[i];
        if (op->verb == PLAN_CREATE && !strcmp(op->kind->name, "ai-provider") &&
            !strcmp(op->name, provider))
            return true;
    }
    return false;
}

static bool provider_exists(struct job *j, const char *route, const char *name)
{
    struct err e = { 0 };
    bool missing = false;
    if (!name || made_by_plan(j, name))
        return true;
    const struct kind *k = kind_find("ai-provider");
    if (gateway_object(j->at->gateway, j->arena, k, name, NULL, &missing, j->cancel, &e))
        return true;
    if (missing)
        apply_say(j, "nothing was written: ai-route '%s': the provider '%s' does not exist", route,
                  name);
    else
        apply_say(j, "nothing was written: %s", e.text);
    return false;
}

static bool providers_exist(struct job *j, const char *route, const cJSON *upstreams)
{
    const cJSON *u;
    cJSON_ArrayForEach(u, upstreams)
    {
        if (!provider_exists(j, route, json_str(u, "provider")))
            return false;
    }
    return true;
}

bool apply_foresee(struct job *j)
{
    for (int i = 0; i < j->plan->count; i++) {
        const struct plan_op *op = &j->plan->ops[i];
        if (!op->after || strcmp(op->kind->name, "ai-route") != 0)
            continue;
        const cJSON *fallback = json_get(op->after, "fallbackConfig");
        if (!providers_exist(j, op->name, json_get(op->after, "upstreams")) ||
            (json_true(fallback, "enabled") &&
             !providers_exist(j, op->name, json_get(fallback, "upstreams"))))
            return false;
    }
    return true;
}
