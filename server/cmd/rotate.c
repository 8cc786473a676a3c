/* rotate.c - once a minute a few steps; `audit segments`. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "call/service.h"
#include "change/engine.h"
#include "cmd/audit_private.h"
#include "cmd/cmd.h"
#include "cmd/rotate_private.h"
#include "cmd/server_private.h"
#include "cmd/ship_private.h"
#include "config/config.h"
#include "net/loop.h"
#include "store/store_segment.h"

enum { STEPS = 4, SHOWN = 50 };
static const double FIRST = 2, EVERY = 60; /* seconds */

struct rotate {
    struct server *server;
    struct loop_timer *timer;
};

static void tick_rotate(void *arg)
{
    struct rotate *r = arg;
    struct engine *g = r->server->service->engine; /* nothing is opened only to look at it */
    struct store_rotated did = { .more = g != NULL };
    struct err e = { 0 };
    for (int i = 0; i < STEPS && did.more; i++)
        if (engine_rotate(g, ship_line(g, r->server->config), &did, &e) && did.removed)
            log_event(LOG_INFO, "audit", "retention removed %d lines of the audit", did.lines);
    if (e.kind != ERR_NONE)
        log_event(LOG_ERROR, "audit", "the audit is not rotated: %s", e.text);
    else if (did.waits)
        log_event(LOG_WARN, "audit",
                  "lines of the audit are kept for longer than audit.keep_days: %s", did.waits);
}

struct rotate *rotate_begin(struct server *s)
{
    struct rotate *r = arena_make(s->arena, struct rotate);
    r->server = s;
    r->timer = loop_timer(s->loop, FIRST, EVERY, tick_rotate, r);
    return r;
}

void rotate_end(struct rotate *r)
{
    if (r)
        loop_untimer(r->timer);
}

void audit_print_removed(struct verb *v, const cJSON *segments)
{
    if (json_num(segments, "closed", 0) > 0)
        printf("segments: %.0f closed\n", json_num(segments, "closed", 0));
    if (json_num(segments, "removed", 0) > 0)
        printf("%.0f of them removed by retention: lines 1 to %.0f, from %s to %s; %.0f of these "
               "lines are the newest of their change and stay, without who and detail\n",
               json_num(segments, "removed", 0), json_num(segments, "removed_to", 0),
               verb_clean(v, segments, "removed_from_time"),
               verb_clean(v, segments, "removed_to_time"), json_num(segments, "kept", 0));
}

int audit_segments(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    const cJSON *o = store_segments(s, v->arena, SHOWN, &e), *x;
    if (!o)
        return verb_failed(v, &e);
    if (options_has(v->options, "json")) {
        puts(json_print(v->arena, o));
        return EXIT_DONE;
    }
    if (!json_num(o, "closed", 0))
        puts("no segment is closed yet");
    audit_print_removed(v, o);
    cJSON_ArrayForEach(x, json_get(o, "segments"))
    {
        bool gone = json_get(x, "removed") != NULL;
        printf("%8.0f - %-8.0f %s to %s  closed %s%s%s  head %.16s\n", json_num(x, "first", 0),
               json_num(x, "last", 0), verb_clean(v, x, "began"), verb_clean(v, x, "ended"),
               verb_clean(v, x, "closed"), gone ? ", removed " : "", verb_clean(v, x, "removed"),
               json_str(x, "head"));
    }
    if (json_num(o, "closed", 0) > SHOWN)
        printf("the newest %d of them are shown\n", SHOWN);
    return EXIT_DONE;
}
