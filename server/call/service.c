/* service.c - opens what calls work with, as late as may be. */
#include "call/service.h"
#include "base/arena.h"
#include "base/err.h"
#include "call/catalog.h"
#include "call/counting.h"
#include "call/map.h"
#include "call/repeat_private.h"
#include "change/engine.h"
#include "config/config.h"

struct service *service_new(const struct service_options *o)
{
    struct arena *a = arena_new();
    struct service *s = arena_make(a, struct service);
    struct err e = { 0 };
    *s = (struct service){ .arena = a,
                           .loop = o->loop,
                           .config = o->config,
                           .gateway = o->gateway,
                           .gateways = o->gateways,
                           .toolsets = o->toolsets,
                           .who = "local" };
    s->catalog = catalog_new(a, o->toolsets, o->config, &e);
    if (!s->catalog)
        bug("%s", e.text);
    return s;
}

struct gateway *service_gateway(const struct service *s, const char *name,
                                const struct config **config, struct err *e)
{
    *config = s->config;
    if (!s->gateways || !config_several(s->config))
        return name ? (config_gateway(s->config, name, e), NULL) : s->gateway;
    *config = config_gateway(s->config, name, e);
    for (int i = 0; *config && s->config->gateways[i]; i++)
        if (s->config->gateways[i] == *config)
            return s->gateways[i];
    return NULL;
}

const char *service_page(const struct service *s, struct arena *a, const char *id)
{
    const struct config *c = s->config;
    if (c->page)
        return arena_printf(a, "%s/change?id=%s", c->page, id);
    return s->local_page && c->approvers[0].name ? arena_printf(a, "%s?id=%s", s->local_page, id)
                                                 : NULL;
}

struct engine *service_engine(struct service *s)
{
    if (!s->engine) {
        s->engine = engine_new(s->loop, s->arena, s->gateway, s->config);
        for (int i = 0; s->gateways && s->config->gateways[i]; i++)
            engine_add(s->engine, s->gateways[i], s->config->gateways[i]);
        engine_start(s->engine);
    }
    return s->engine;
}

void service_free(struct service *s)
{
    if (!s)
        return;
    if (s->engine)
        engine_stop(s->engine);
    repeat_free(s);
    counting_stop(s);
    map_forget(s);
    arena_free(s->arena);
}
