/* visit_history.c - what pages about an object say beside it: which gateway it is of, and which
 * changes touched it. */
#include "base/arena.h"
#include "base/err.h"
#include "change/engine.h"
#include "config/config.h"
#include "web/visit_private.h"

const char *const *visit_gateways(const struct visit *v)
{
    const struct config *c = v->web->mcp->config;
    if (!config_several(c))
        return NULL;
    const char **names = arena_array(v->arena, const char *, CONFIG_GATEWAYS_MAX + 1);
    int n = 0;
    for (struct config *const *g = c->gateways; *g && n < CONFIG_GATEWAYS_MAX; g++)
        names[n++] = (*g)->name;
    return names;
}

bool visit_is_of_gateway(const cJSON *change, const char *gateway)
{
    const char *of = json_str(change, "gateway");
    return of && gateway ? !strcmp(of, gateway) : of == gateway;
}

cJSON *visit_history(const struct visit *v, const char *kind, const char *name, const char *gateway,
                     int limit)
{
    struct err e = { 0 };
    const struct engine_query q = { .touches = arena_printf(v->arena, "%s %s", kind, name),
                                    .gateway = gateway,
                                    .limit = limit };
    const cJSON *list = engine_list(visit_engine(v), v->arena, &q, &e), *c;
    cJSON *o = json_object(v->arena), *changes = json_set_array(v->arena, o, "changes");
    if (!list)
        json_set_str(v->arena, o, "unread", e.text);
    cJSON_ArrayForEach(c, json_get(list, "changes"))
    {
        if (visit_is_of_gateway(c, gateway))
            json_add(v->arena, changes, json_clone(v->arena, c));
    }
    return visit_scrubbed(v, o);
}
