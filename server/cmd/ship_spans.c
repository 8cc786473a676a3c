/* ship_spans.c - ended spans as OTLP traces, batch after batch on one fiber. Names and attributes
 * are those of OpenTelemetry's conventions for MCP and HTTP, as far as they name no argument and no
 * address. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/log.h"
#include "base/meter.h"
#include "base/span.h"
#include "cmd/otlp_private.h"
#include "cmd/server_private.h"
#include "cmd/ship_spans_private.h"
#include "config/config.h"
#include "net/loop.h"
#include <string.h>

enum { BATCH = 512, COMPLAIN_EVERY = 60 };
enum { KIND_INTERNAL = 1, KIND_SERVER = 2, KIND_CLIENT = 3, STATUS_ERROR = 2 };
enum { FLAGS_SAMPLED = 1, FLAGS_KNOWN = 0x100, FLAGS_REMOTE = 0x200 };

struct ship_spans {
    struct server *server;
    struct loop_timer *timer;
    bool busy, last;
    int at_once, tries;
    double not_before, complained; /* loop_now */
};

/* -- a span ------------------------------------------------------------------------------- */

static void add_text(struct arena *a, cJSON *list, const char *key, const char *value)
{
    otlp_attribute(a, list, key, "stringValue", value);
}

static const char *span_title(struct arena *a, const struct span *s)
{
    if (s->what == SPAN_CALL)
        return arena_printf(a, "tools/call %s", s->name);
    return s->what == SPAN_REQUEST ? s->how : s->name;
}

static void add_attributes(struct arena *a, cJSON *list, const struct span *s)
{
    bool failed = s->outcome;
    if (s->what == SPAN_CALL) {
        add_text(a, list, "mcp.method.name", "tools/call");
        add_text(a, list, "gen_ai.tool.name", s->name);
        add_text(a, list, "gen_ai.operation.name", "execute_tool");
        add_text(a, list, "higress_ops.caller", s->how);
    } else if (s->what == SPAN_APPLY) {
        add_text(a, list, "higress_ops.change", s->change);
    } else {
        add_text(a, list, "http.request.method", s->how);
        add_text(a, list, "peer.service", s->name);
        if (s->status)
            otlp_attribute(a, list, "http.response.status_code", "intValue",
                           arena_printf(a, "%d", s->status));
        failed = failed && !s->status;
        if (s->outcome && s->status)
            add_text(a, list, "error.type", arena_printf(a, "%d", s->status));
    }
    if (failed)
        add_text(a, list, "error.type", s->outcome);
}

static cJSON *otlp_span(struct arena *a, const struct span *s)
{
    static const int kinds[] = {
        [SPAN_CALL] = KIND_SERVER, [SPAN_APPLY] = KIND_INTERNAL, [SPAN_REQUEST] = KIND_CLIENT
    };
    cJSON *o = json_object(a);
    json_set_str(a, o, "traceId", crypto_hex(a, s->trace, sizeof s->trace));
    json_set_str(a, o, "spanId", crypto_hex(a, s->id, sizeof s->id));
    if (s->has_parent)
        json_set_str(a, o, "parentSpanId", crypto_hex(a, s->parent, sizeof s->parent));
    json_set_num(a, o, "flags", FLAGS_SAMPLED | FLAGS_KNOWN | (s->remote ? FLAGS_REMOTE : 0));
    json_set_str(a, o, "name", span_title(a, s));
    json_set_num(a, o, "kind", kinds[s->what]);
    json_set_str(a, o, "startTimeUnixNano", otlp_nanoseconds(a, s->start));
    json_set_str(a, o, "endTimeUnixNano", otlp_nanoseconds(a, s->end));
    add_attributes(a, json_set_array(a, o, "attributes"), s);
    if (s->outcome)
        json_set_num(a, json_set_object(a, o, "status"), "code", STATUS_ERROR);
    return o;
}

/* -- a batch ------------------------------------------------------------------------------ */

static void log_unsent_spans(struct ship_spans *x, const char *why)
{
    double now = loop_now(x->server->loop);
    if (x->complained > 0 && now < x->complained + COMPLAIN_EVERY)
        return;
    x->complained = now;
    log_event(LOG_WARN, "traces", "%s", why);
}

static void drop_spans(struct ship_spans *x, int count, const char *outcome)
{
    meter_count(METER_SPANS, outcome, NULL, count);
    span_drop(count);
    x->tries = 0;
}

/* True: the next batch may follow at once. */
static bool take_spans_answer(struct ship_spans *x, int count, const struct otlp_sent *sent)
{
    if (sent->why)
        log_unsent_spans(x, sent->why);
    if (sent->verdict == OTLP_GONE)
        return false;
    if (sent->verdict == OTLP_TAKEN) {
        meter_count(METER_SPANS, "rejected", NULL, sent->rejected);
        meter_count(METER_SPANS, "sent", NULL, count - sent->rejected);
        span_drop(count);
        x->tries = 0;
        x->at_once = x->at_once * 2 < BATCH ? x->at_once * 2 : BATCH;
        return true;
    }
    if (sent->verdict == OTLP_SMALLER && count > 1) {
        x->at_once = count / 2;
        return true;
    }
    if (sent->verdict == OTLP_SMALLER) {
        drop_spans(x, 1, "refused");
        return true;
    }
    x->not_before = loop_now(x->server->loop) + sent->wait;
    if (++x->tries >= SPANS_TRIES)
        drop_spans(x, count, "given up");
    return false;
}

static bool send_spans(struct ship_spans *x)
{
    const struct config_telemetry *to = &x->server->config->telemetry;
    const struct otlp_collector c = { x->server->loop, to->traces,      to->headers,
                                      to->ca_file,     "rejectedSpans", x->tries };
    const struct span *list[BATCH];
    struct otlp_sent sent = { .lines = span_peek(list, x->at_once) };
    bool goes_on = false;
    if (!sent.lines)
        return false;
    struct arena *a = arena_new();
    cJSON *body = json_object(a);
    cJSON *records = otlp_envelope(a, body, "resourceSpans", "scopeSpans", "higress-ops", "spans");
    for (int i = 0; i < sent.lines; i++)
        json_add(a, records, otlp_span(a, list[i]));
    otlp_post(&c, a, json_print(a, body), &sent);
    goes_on = take_spans_answer(x, sent.lines, &sent);
    arena_free(a);
    return goes_on;
}

static void send_all_spans(void *arg)
{
    struct ship_spans *x = arg;
    while (send_spans(x))
        continue;
    x->busy = false;
}

static void tick_spans(void *arg)
{
    struct ship_spans *x = arg;
    if (x->busy || loop_now(x->server->loop) < x->not_before)
        return;
    x->busy = true;
    fiber_start(send_all_spans, x);
}

/* -- begin and end ------------------------------------------------------------------------ */

struct ship_spans *ship_spans_begin(struct server *s)
{
    if (!s->config->telemetry.traces)
        return NULL;
    struct ship_spans *x = arena_make(s->arena, struct ship_spans);
    *x = (struct ship_spans){ .server = s, .at_once = BATCH };
    span_open(s->config->telemetry.ratio);
    x->timer = loop_timer(s->loop, SPANS_EVERY, SPANS_EVERY, tick_spans, x);
    return x;
}

void ship_spans_flush(struct ship_spans *x)
{
    const struct span *one;
    if (!x)
        return;
    double until = loop_now(x->server->loop) + SPANS_LAST;
    tick_spans(x);
    while (x->busy && span_peek(&one, 1) && loop_now(x->server->loop) < until)
        server_turn(x->server);
}

void ship_spans_end(struct ship_spans *x)
{
    if (x)
        loop_untimer(x->timer);
}
