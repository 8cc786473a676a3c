/* schedule_alerts.c - what fires, for a report: one line for each incident of the sources that are
 * about its gateway. Titles are text of strangers: they were masked when they came, and stand
 * quoted. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/alert_private.h"
#include "chat/schedule_private.h"
#include "config/config.h"
#include <string.h>

enum { INCIDENTS_SHOWN = 20, TITLE_BYTES = 120, LINES_BYTES = 8 << 10 };

struct firing {
    const struct schedule_run *run;
    struct store *store;
    struct buf *lines;
    int shown, more, unread;
};

/* Is the source about the gateway that the report is about? Of one that is configured no more it is
 * not known what fires still. */
static bool is_of_gateway(const struct firing *f, const char *source)
{
    struct err ignored = { 0 };
    const struct bots *b = f->run->bot->all;
    const struct config *all = b->service->config;
    const struct config_alert *c = alert_configured(b, source);
    return c && config_gateway(all, c->gateway, &ignored) ==
                    config_gateway(all, f->run->schedule->gateway, &ignored);
}

static bool say_incident(struct firing *f, const char *id, struct err *e)
{
    struct arena *a = f->run->arena;
    struct store_incident i = { 0 };
    struct store_alert *alerts = NULL;
    int firing = 0, all = 0;
    if (!store_find_incident(f->store, a, id, &i, e))
        return e->kind == ERR_NONE;
    if (i.state != INCIDENT_OPEN || !is_of_gateway(f, i.source))
        return true;
    if (f->shown == INCIDENTS_SHOWN) {
        f->more++;
        return true;
    }
    int n = store_alerts_of(f->store, a, id, 1, &alerts, &firing, &all, e);
    if (n < 0)
        return false;
    const cJSON *shown = n ? json_parse(a, alerts->shown, strlen(alerts->shown), e) : NULL;
    const char *title = !strcmp(i.group, ALERT_STORM)
                            ? "many alerts at once"
                            : text_clean(a, json_text(shown, "title"), TITLE_BYTES);
    buf_printf(f->lines, "since %s, %d of %d of %s: %s\n", when_text(a, i.opened, false), firing,
               all, i.source, json_print(a, json_string(a, title)));
    f->shown++;
    return true;
}

const char *schedule_alerts(const struct schedule_run *r)
{
    struct service *s = r->bot->all->service;
    struct err e = { 0 };
    struct firing f = { .run = r, .lines = buf_in(r->arena, LINES_BYTES) };
    const char **ids = NULL, *why = NULL;
    if (!s->config->alerts)
        return NULL;
    f.store = engine_store(service_engine(s), &e);
    int n = f.store ? store_incidents(f.store, r->arena, &ids, &e) : -1;
    if (n < 0)
        return arena_printf(r->arena, "It could not be read: %s", e.text);
    for (int k = 0; k < n; k++) {
        if (say_incident(&f, ids[k], &e))
            continue;
        why = arena_strdup(r->arena, e.text);
        f.unread++;
        err_clear(&e);
    }
    if (f.more)
        buf_printf(f.lines, "and %d groups more\n", f.more);
    if (f.unread)
        buf_printf(f.lines, "%d could not be read: %s\n", f.unread, why);
    return f.lines->len ? f.lines->data : "Nothing.";
}
