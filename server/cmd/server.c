/* server.c - opens and closes in one order, whatever the transport. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/trace.h"
#include "call/catalog.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/bot.h"
#include "cmd/rotate_private.h"
#include "cmd/server_private.h"
#include "cmd/ship_private.h"
#include "cmd/ship_spans_private.h"
#include "cmd/webhook_private.h"
#include "config/config.h"
#include "console/gateway.h"
#include "kube/higress.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "tool.h"
#include "web/web.h"

#include <signal.h>

static void open_server_gateways(struct server *s)
{
    struct config *const *all = s->config->gateways;
    for (int i = 0; all[i]; i++) {
        s->gateways[i] = gateway_new(s->loop, s->arena, all[i]);
        bool meant = !s->config->name || !strcmp(all[i]->name, s->config->name);
        s->gateway = meant ? s->gateways[i] : s->gateway;
    }
}

/* The new texts stay as long as the server: calls in flight may hold the old ones. */
static void reload_config(void *arg, int signum)
{
    (void)signum;
    struct server *s = arg;
    struct err e = { 0 };
    const struct config *now = options_read(s->options, s->arena, &e);
    if (!now || !catalog_names(toolsets, now, &e)) {
        log_event(LOG_ERROR, "reload", "nothing was changed: %s", e.text);
        return;
    }
    config_reload(s->config, now);
    log_open(log_level_named(s->config->log_level), 2);
    trace_open(s->config->trace);
    if (s->service->engine)
        engine_note_policy(s->service->engine);
    if (s->mcp)
        mcp_reload(s->mcp);
    if (s->bots)
        bots_reload(s->bots);
    if (s->web && !web_reload(s->web, &e)) {
        log_event(LOG_ERROR, "reload", "%s", e.text);
        return;
    }
    log_event(LOG_INFO, "reload", "the configuration was read again");
}

static void show_state(void *arg, int signum)
{
    (void)arg;
    (void)signum;
    trace_fibers();
}

bool server_open(struct server *s, const struct options *o, int *code)
{
    struct arena *a = arena_new();
    *s = (struct server){ .arena = a, .options = o };
    s->config = options_config(o, a, code);
    if (!s->config) {
        arena_free(a);
        return false;
    }
    struct err e = { 0 };
    if (!catalog_names(toolsets, s->config, &e)) {
        fprintf(stderr, "higress-ops %s: %s\n", o->command->name, e.text);
        *code = EXIT_CONFIG;
        arena_free(a);
        return false;
    }
    log_open(log_level_named(s->config->log_level), 2);
    s->loop = loop_new();
    if (s->config->gateway_url)
        open_server_gateways(s);
    const struct service_options all = {
        .loop = s->loop,
        .config = s->config,
        .toolsets = toolsets,
        .gateway = s->gateway,
        .gateways = s->gateways,
    };
    s->service = service_new(&all);
    if (s->config->people) { /* then it matters whose client it is */
        terminal_person(s->who);
        s->service->who = s->who;
    }
    s->ship = ship_begin(s);
    s->spans = ship_spans_begin(s);
    s->webhook = webhook_begin(s);
    s->rotate = rotate_begin(s);
    loop_signal(s->loop, SIGUSR1, show_state, NULL);
    loop_signal(s->loop, SIGHUP, reload_config, s); /* before anybody is told that we are here */
    loop_stop_on_signals(s->loop);
    return true;
}

void server_speak(struct server *s)
{
    s->mcp = mcp_new(s->service);
}

void server_engine(struct server *s)
{
    if (s->service->engine || !s->gateway)
        return;
    struct err e = { 0 };
    if (!engine_pin_itself(service_engine(s->service), &e))
        log_event(LOG_ERROR, "pin", "%s", e.text);
}

void server_turn(struct server *s)
{
    struct loop_timer *t = loop_timer(s->loop, 0.05, 0, (void (*)(void *))loop_stop, s->loop);
    loop_run(s->loop);
    loop_untimer(t);
}

static void keep_pods(struct server *s, bool keep)
{
    for (int i = 0; s->config->gateways[i]; i++) {
        struct kube_higress *h = s->config->gateways[i]->kube.higress;
        if (h && keep)
            kube_higress_keep(h);
        else if (h)
            kube_higress_keep_no_more(h);
    }
}

void server_run(struct server *s)
{
    keep_pods(s, true);
    loop_run(s->loop);
    if (!s->mcp || !s->mcp->listeners)
        return;
    listen_end_all(s->mcp); /* while there is still a way to tell them */
    server_turn(s);
}

/* A change that is being applied is finished first, so that its outcome is known; then parked
 * fibers end with an error before what they stand on goes away. */
static void drain_requests(struct server *s)
{
    const struct engine *g = s->service->engine;
    for (int i = 0; i < 200 && g && engine_busy(g); i++)
        server_turn(s);
    ship_spans_flush(s->spans);
    fetch_stop(s->loop);
    for (int i = 0; i < 200 && ((s->mcp && s->mcp->requests > 0) || fiber_count() > 0); i++) {
        server_turn(s);
        fetch_stop(s->loop);
    }
}

/* What they are at is ended while there still is a store; a change that is being applied is not cut
 * off. */
static void drain_bots(struct server *s)
{
    bots_stop(s->bots);
    for (int i = 0; i < 200 && bots_busy(s->bots); i++) {
        server_turn(s);
        if (!s->service->engine || !engine_busy(s->service->engine))
            fetch_stop(s->loop);
    }
}

void server_close(struct server *s)
{
    keep_pods(s, false);
    if (s->bots)
        drain_bots(s);
    webhook_end(s->webhook);
    if (s->service->engine)
        engine_stop(s->service->engine);
    if (s->mcp)
        mcp_end_sessions(s->mcp);
    drain_requests(s);
    rotate_end(s->rotate);
    ship_end(s->ship);
    ship_spans_end(s->spans);
    bots_free(s->bots);
    mcp_free(s->mcp);
    service_free(s->service);
    loop_free(s->loop);
    fiber_drain_pool();
    arena_free(s->arena);
}
