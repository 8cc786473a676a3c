/* schedule_text.c - what a schedule says: sections, each what a tool says about the gateway, or why
 * it could not be read. Another kind of schedule is a row of kinds[]. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/outside.h"
#include "chat/schedule_private.h"
#include "config/config.h"
#include <math.h>
#include <string.h>

enum {
    ROWS = 20,
    DAY_MINUTES = 1440,
    TEXT_BYTES = 64 << 10,
    SECTION_LEAST = 300,
    TITLE_BYTES = 300
};

struct writing {
    struct schedule_run *run;
    struct buf *out;
    size_t section; /* bytes that each may have */
    bool stopped;
};

/* -- sections -------------------------------------------------------------------------------- */

/* Its first bytes, whole lines where there are any. */
static size_t cut_at(const char *text, size_t max)
{
    size_t n = max;
    while (n > 0 && text[n] != '\n')
        n--;
    for (n = n > 0 ? n : max; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
        n--;
    return n;
}

/* rest: how the rest is got. */
static void write_part(struct writing *w, const char *title, const char *text, const char *rest)
{
    bool cut = strlen(text) > w->section;
    size_t n = cut ? cut_at(text, w->section) : strlen(text);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    buf_printf(w->out, "\n\n== %s\n%.*s", title, (int)n, text);
    if (cut)
        buf_printf(w->out, "\n… (cut: %s shows the rest)", rest);
}

static void write_tool(struct writing *w, const char *title, const char *tool, const cJSON *args)
{
    struct arena *a = w->run->arena;
    const char *text = w->stopped ? NULL : agent_tool(w->run->agent, tool, args);
    w->stopped = w->stopped || !text || w->run->cancel.fired;
    if (w->stopped)
        return;
    const char *rest =
        json_count(args) ? arena_printf(a, "%s %s", tool, json_print(a, args)) : tool;
    write_part(w, title, text, rest);
}

/* Minutes since the one before, at least `least`. */
static double minutes_since(const struct schedule_run *r, double least)
{
    double minutes = r->since > 0 ? ceil((when_now() - r->since) / 60) : 0;
    return minutes > least ? minutes : least;
}

static cJSON *changes_args(struct arena *a, const char *state, double minutes)
{
    cJSON *o = json_object(a);
    if (state)
        json_set_str(a, o, "state", state);
    if (minutes > 0)
        json_set_num(a, o, "minutes", minutes);
    json_set_num(a, o, "limit", ROWS);
    return o;
}

/* -- kinds ------------------------------------------------------------------------------------ */

static void write_report_parts(struct writing *w)
{
    struct arena *a = w->run->arena;
    double minutes = minutes_since(w->run, DAY_MINUTES);
    const char *hours = arena_printf(a, "the last %.0f hours", ceil(minutes / 60));
    write_tool(w, "Overview", "gateway_overview", json_object(a));
    write_tool(w, "What goes wrong", "diagnose", json_object(a));
    const char *fires = w->stopped ? NULL : schedule_alerts(w->run);
    if (fires)
        write_part(w, "What fires", fires, "their cards, and the system that sent them");
    write_tool(w, "Waits for a decision", "list_changes", changes_args(a, "pending", 0));
    write_tool(w, arena_printf(a, "Changed in %s", hours), "list_changes",
               changes_args(a, NULL, minutes));
    write_tool(w, arena_printf(a, "Edited outside in %s", hours), "list_changes",
               changes_args(a, "outside", minutes));
}

static void write_certificate_parts(struct writing *w)
{
    struct arena *a = w->run->arena;
    const struct config_schedule *s = w->run->schedule;
    cJSON *args = json_object(a);
    json_set_str(a, args, "text", "CERTIFICATE_EXPIR");
    json_set_num(a, args, "days", s->certificate_days);
    json_set_num(a, args, "limit", ROWS);
    write_tool(w, arena_printf(a, "Of the console, within %.0f days", s->certificate_days),
               "check_config", args);
    const char *envoy = w->stopped ? NULL : schedule_certificates(w->run);
    w->stopped = w->stopped || w->run->cancel.fired;
    if (envoy)
        write_part(w, arena_printf(a, "Of Envoy, within %.0f days", s->certificate_days), envoy,
                   "Envoy's /certs");
}

/* Others' edits are looked for now: what is told is since the last look. */
static void write_outside_look(struct writing *w)
{
    struct schedule_run *r = w->run;
    struct arena *a = r->arena;
    struct service *s = r->bot->all->service;
    struct err e = { 0 };
    const struct config *c = NULL;
    struct outside_look look = { 0 };
    bool ok = service_gateway(s, r->schedule->gateway, &c, &e) &&
              engine_look_outside(service_engine(s), a, c->gateway_url, &r->cancel, &look, &e);
    const char *first = look.first ? "This was the first look: edits are seen from now on. " : "";
    const char *text = first;
    if (!ok)
        text = arena_printf(a, "It could not be looked: %s", e.text);
    else if (look.unread)
        text =
            arena_printf(a, "%s%d lists could not be read, and stay as they were seen before: %s",
                         first, look.unread, look.why_unread ? look.why_unread : "");
    if (*text)
        write_part(w, "The look at the gateway", text_clean(a, text, 500), "the log");
}

static void write_drift_parts(struct writing *w)
{
    struct arena *a = w->run->arena;
    cJSON *served = json_object(a);
    json_set_str(a, served, "text", "ENVOY_");
    json_set_num(a, served, "limit", ROWS);
    write_outside_look(w);
    write_tool(
        w, "Edited outside since the last time", "list_changes",
        changes_args(a, "outside", minutes_since(w->run, w->run->since > 0 ? 1 : DAY_MINUTES)));
    write_tool(w, "The console against Envoy", "check_config", served);
}

static const struct {
    const char *title;
    void (*write)(struct writing *w);
    size_t sections;
} kinds[] = {
    [SCHEDULE_REPORT] = { "Report", write_report_parts, 6 },
    [SCHEDULE_CERTIFICATES] = { "Certificates", write_certificate_parts, 2 },
    [SCHEDULE_DRIFT] = { "Drift", write_drift_parts, 3 },
};

/* -- all of it -------------------------------------------------------------------------------- */

const char *schedule_title(struct arena *a, const struct schedule_run *r)
{
    const struct config_schedule *s = r->schedule;
    struct buf *b = buf_in(a, TITLE_BYTES);
    buf_printf(b, "%s '%s'%s%s, %s", kinds[s->what].title, s->name, s->gateway ? ", gateway " : "",
               s->gateway ? s->gateway : "", schedule_time(a, s->zone, r->due));
    if (r->late)
        buf_str(b, " (late)");
    return b->data;
}

const char *schedule_text(struct schedule_run *r)
{
    struct arena *a = r->arena;
    const struct config_schedule *s = r->schedule;
    size_t room = r->bot->account.platform->text_max;
    size_t each = room > 2 * TITLE_BYTES ? (room - 2 * TITLE_BYTES) / kinds[s->what].sections : 0;
    struct writing w = { .run = r,
                         .out = buf_in(a, TEXT_BYTES),
                         .section = (each > SECTION_LEAST ? each : SECTION_LEAST) - 120 };
    buf_str(w.out, schedule_title(a, r));
    if (r->late)
        buf_printf(w.out, "\nThis is late: it was due at %s, and could not be said then.",
                   schedule_time(a, s->zone, r->due));
    if (r->left_out)
        buf_printf(w.out, " %d before it were left out.", r->left_out);
    kinds[s->what].write(&w);
    return w.stopped ? NULL : w.out->data;
}
