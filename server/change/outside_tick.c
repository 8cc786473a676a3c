/* outside_tick.c - when a server looks at its gateways by itself: as often as is configured, and
 * soon after a change of ours was written.
 *
 * Several servers of one state share its looks: who comes first looks.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/outside_private.h"
#include "console/gateway.h"
#include "net/loop.h"

static const double TICK = 1, AGAIN = 2; /* seconds: between two ticks, two looks at least */
static const double COMPLAIN = 600;      /* between two lines of the log about the same trouble */

/* A look that costs much is not made all the time. */
static void say_when_next(struct outside_task *t, double began, bool again)
{
    double now = loop_now(t->engine->loop), took = now - began;
    double pause = took * 2 > AGAIN ? took * 2 : AGAIN;
    double every = t->at->config->outside_every;
    t->next = now + (again || every < pause ? pause : every);
}

static void say_not_looked(struct outside_task *t, const char *why)
{
    double now = loop_now(t->engine->loop);
    if (t->complained > 0 && now < t->complained + COMPLAIN)
        return;
    t->complained = now;
    t->engine->outside_said(gateway_url(t->at->gateway), why);
}

static bool stop_at_written(void *arg, const struct stored *row)
{
    *(bool *)arg = row->state != STATE_APPLYING; /* when that is done there is a newer step */
    return !*(bool *)arg;
}

/* Is it time, whoever looked last? */
static bool is_look_due(struct outside_task *t, struct arena *a, struct err *e)
{
    struct store *s = engine_store(t->engine, e);
    const char *url = gateway_url(t->at->gateway);
    const cJSON *about = s ? store_look_about(s, a, url, e) : NULL;
    double last = json_num(about, "at", 0), every = t->at->config->outside_every;
    bool written = false;
    if (e->kind != ERR_NONE)
        return false;
    double now = when_now();
    if (!about || now >= last + every || now < last) /* the clock was set back */
        return true;
    if (!store_each_written(s, url, last, stop_at_written, &written, e))
        return false;
    t->next = loop_now(t->engine->loop) + (last + every - now);
    return written;
}

static void run_outside_look(void *arg)
{
    struct outside_task *t = arg;
    struct engine *g = t->engine;
    struct arena *a = arena_new();
    struct cancel cancel = { 0 };
    struct err e = { 0 };
    struct outside_look out = { 0 };
    double began = loop_now(g->loop);
    t->cancel = &cancel;
    if (is_look_due(t, a, &e) &&
        engine_look_outside(g, a, gateway_url(t->at->gateway), &cancel, &out, &e)) {
        say_when_next(t, began, out.moved || out.more);
        if (out.edits)
            g->outside_said(gateway_url(t->at->gateway),
                            arena_printf(a, "%d outside edits were found", out.edits));
        if (out.unread)
            say_not_looked(t, out.why_unread ? out.why_unread : "a part of it could not be read");
    } else if (e.kind != ERR_NONE && e.kind != ERR_GONE) {
        say_when_next(t, began, false);
        say_not_looked(t, e.text);
    }
    t->cancel = NULL;
    arena_free(a);
}

/* A step of ours since the last tick: what was written is taken in soon. */
static bool has_moved(struct outside_task *t)
{
    struct arena *a = arena_new();
    const char *newest = engine_newest(t->engine, a);
    bool moved = t->newest[0] && strcmp(t->newest, newest) != 0;
    snprintf(t->newest, sizeof t->newest, "%s", newest);
    arena_free(a);
    return moved;
}

static void tick_outside(void *arg)
{
    struct engine *g = arg;
    double now = loop_now(g->loop);
    for (int i = 0; i < g->count; i++) {
        struct outside_task *t = &g->outside[i];
        t->engine = g;
        t->at = &g->at[i];
        if (!t->at->config->outside || !t->at->gateway || t->cancel)
            continue;
        if (has_moved(t) && t->next > now + AGAIN)
            t->next = now + AGAIN;
        if (now >= t->next)
            fiber_start(run_outside_look, t);
    }
}

void engine_watch_outside(struct engine *g, outside_said_fn *said)
{
    g->outside_said = said;
    if (!g->outside_timer)
        g->outside_timer = loop_timer(g->loop, TICK, TICK, tick_outside, g);
}

void outside_stop(struct engine *g)
{
    loop_untimer(g->outside_timer);
    g->outside_timer = NULL;
    for (int i = 0; i < g->count; i++)
        if (g->outside[i].cancel)
            cancel_fire(g->outside[i].cancel);
}
