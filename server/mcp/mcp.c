/* mcp.c - one protocol server: its tables, its sessions, its end. */
#include "mcp/mcp.h"
#include "base/arena.h"
#include "base/err.h"
#include "call/catalog.h"
#include "change/engine.h"
#include "config/config.h"
#include "mcp/listen.h"
#include "mcp/prompt.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "mcp/watch_private.h"

struct mcp *mcp_new(const struct mcp_options *o)
{
    struct arena *a = arena_new();
    struct mcp *m = arena_make(a, struct mcp);
    struct err e = { 0 };
    *m = (struct mcp){ .arena = a,
                       .loop = o->loop,
                       .config = o->config,
                       .gateway = o->gateway,
                       .gateways = o->gateways,
                       .engine = o->engine,
                       .toolsets = o->toolsets };
    m->catalog = catalog_new(a, o->toolsets, o->config, &e);
    if (!m->catalog)
        bug("%s", e.text);
    m->sessions = session_table_new(m);
    return m;
}

const char *mcp_page(const struct mcp *m, struct arena *a, const char *id)
{
    const struct config *c = m->config;
    if (c->page)
        return arena_printf(a, "%s/change?id=%s", c->page, id);
    return m->local_page && c->approvers[0].name ? arena_printf(a, "%s?id=%s", m->local_page, id)
                                                 : NULL;
}

struct gateway *mcp_gateway(const struct mcp *m, const char *name, const struct config **config,
                            struct err *e)
{
    *config = m->config;
    if (!m->gateways || !config_several(m->config))
        return name ? (config_gateway(m->config, name, e), NULL) : m->gateway;
    *config = config_gateway(m->config, name, e);
    for (int i = 0; *config && m->config->gateways[i]; i++)
        if (m->config->gateways[i] == *config)
            return m->gateways[i];
    return NULL;
}

struct engine *mcp_engine(struct mcp *m)
{
    if (!m->engine) {
        m->engine = engine_new(m->loop, m->arena, m->gateway, m->config);
        for (int i = 0; m->gateways && m->config->gateways[i]; i++)
            engine_add(m->engine, m->gateways[i], m->config->gateways[i]);
        engine_start(m->engine);
    }
    return m->engine;
}

static void tell_session(const void *method, struct session *s)
{
    session_notify(s, method, "{}");
}

void mcp_reload(struct mcp *m)
{
    if (catalog_narrow(m->catalog, m->config)) {
        session_each(m, tell_session, "notifications/tools/list_changed");
        listen_changed(m, LISTEN_TOOLS);
    }
    if (prompt_reload(m)) {
        session_each(m, tell_session, "notifications/prompts/list_changed");
        listen_changed(m, LISTEN_PROMPTS);
    }
}

void mcp_end_sessions(struct mcp *m)
{
    session_table_free(m->sessions);
    listen_end_all(m);
    watch_stop(m);
    task_end_all(m);
}

void mcp_free(struct mcp *m)
{
    if (!m)
        return;
    session_table_free(m->sessions);
    task_table_free(m);
    watch_free(m);
    prompt_free(m);
    catalog_free(m->catalog);
    if (m->engine)
        engine_stop(m->engine);
    arena_free(m->arena);
}
