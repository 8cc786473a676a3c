/* demo_web.c - the MCP server of the demo: the same as `higress-ops serve` with the demo's
 * configuration, on the demo's loop. */
#include "base/arena.h"
#include "base/err.h"
#include "call/service.h"
#include "change/engine.h"
#include "cmd/demo_private.h"
#include "config/config.h"
#include "console/gateway.h"
#include "mcp/mcp.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "tool.h"
#include "web/web.h"

struct demo_web {
    struct service *service;
    struct mcp *mcp;
    struct web *web;
};

bool demo_start_web(struct demo *d, struct err *e)
{
    const struct config_flag flags[] = { { "config", d->config_file }, { 0 } };
    d->config = config_read(d->arena, flags, e);
    if (!d->config)
        return false;
    struct demo_web *w = arena_make(d->arena, struct demo_web);
    const struct service_options o = { .loop = d->loop,
                                       .config = d->config,
                                       .toolsets = toolsets,
                                       .gateway = gateway_new(d->loop, d->arena, d->config) };
    d->web = w;
    w->service = service_new(&o);
    w->mcp = mcp_new(w->service);
    w->web = web_listen(w->mcp, e);
    if (!w->web)
        return false;
    /* from the start, so that a decision taken on a terminal is seen at once */
    service_engine(w->service);
    return true;
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

void demo_stop_web(struct demo *d)
{
    if (!d->web)
        return;
    struct mcp *m = d->web->mcp;
    web_close(d->web->web);
    if (d->web->service->engine)
        engine_stop(d->web->service->engine);
    mcp_end_sessions(m);
    fetch_stop(d->loop); /* resumes whoever still waits, so that every stack unwinds */
    for (int i = 0; i < 100 && (m->requests > 0 || fiber_count() > 0); i++) {
        struct loop_timer *t = loop_timer(d->loop, 0.05, 0, stop_loop, d->loop);
        loop_run(d->loop);
        loop_untimer(t);
        fetch_stop(d->loop);
    }
    mcp_free(m);
    service_free(d->web->service);
    d->web = NULL;
}
