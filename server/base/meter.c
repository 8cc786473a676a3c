/* meter.c - one table of slots, found by kind and labels. A new figure is a row of `counters` or
 * `timers`. */
#include "base/meter.h"
#include "base/buf.h"
#include "base/text.h"
#include <stdint.h>
#include <string.h>

static const struct {
    const char *name, *x, *y, *help;
} counters[METER_COUNTERS] = {
    [METER_CALLS] = { "higress_ops_calls_total", "tool", "outcome", "Tool calls that ended." },
    [METER_CHANGES] = { "higress_ops_changes_total", "state", NULL,
                        "Changes by the states that this process brought them into." },
    [METER_REQUESTS] = { "higress_ops_upstream_requests_total", "to", "status",
                         "Requests sent, by class of the answer; none: no answer came." },
    [METER_CHATS] = { "higress_ops_chat_requests_total", "door", "outcome",
                      "Requests of chat platforms and of sources of alerts." },
    [METER_SPANS] = { "higress_ops_spans_total", "outcome", NULL,
                      "Spans of traces, by what became of them." },
};

static const struct {
    const char *name, *x, *help;
} timers[METER_TIMERS] = {
    [METER_CALL_TIME] = { "higress_ops_call_duration_seconds", "tool",
                          "How long tool calls took." },
    [METER_REQUEST_TIME] = { "higress_ops_upstream_request_duration_seconds", "to",
                             "How long requests took until their answer was whole." },
};

/* Upper ends in seconds: those that OpenTelemetry's conventions give for MCP and HTTP together. */
static const double ends[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60 };
enum { ENDS = sizeof ends / sizeof *ends };

struct slot {
    const char *x, *y; /* x NULL: free */
    double sum;        /* of a counter: its value */
    uint64_t within[ENDS + 1];
    int kind; /* a counter, or METER_COUNTERS and a timer */
};

static struct slot slots[METER_SLOTS];
static int slots_taken;

static bool is_slot(const struct slot *s, int kind, const char *x, const char *y)
{
    return s->kind == kind && !strcmp(s->x, x) && text_same(s->y, y);
}

static struct slot *find_slot(int kind, const char *x, const char *y)
{
    uint64_t hash = text_hash(x, strlen(x)) * 31 + (uint64_t)kind;
    hash = y ? hash * 31 + text_hash(y, strlen(y)) : hash;
    for (uint64_t i = hash % METER_SLOTS;; i = (i + 1) % METER_SLOTS) {
        if (slots[i].x && is_slot(&slots[i], kind, x, y))
            return &slots[i];
        if (slots[i].x)
            continue;
        if (slots_taken >= METER_SLOTS * 3 / 4 && strcmp(x, "other") != 0)
            return find_slot(kind, "other", y ? "other" : NULL);
        slots_taken++;
        slots[i] = (struct slot){ .x = x, .y = y, .kind = kind };
        return &slots[i];
    }
}

void meter_count(enum meter_counter c, const char *x, const char *y, double times)
{
    find_slot((int)c, x, y)->sum += times;
}

void meter_took(enum meter_timer t, const char *x, double seconds)
{
    struct slot *s = find_slot(METER_COUNTERS + (int)t, x, NULL);
    int i = 0;
    while (i < ENDS && seconds > ends[i])
        i++;
    s->within[i]++;
    s->sum += seconds;
}

/* -- told --------------------------------------------------------------------------------- */

static void write_family(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void meter_gauge(struct buf *b, const char *name, const char *type, const char *help, double value)
{
    write_family(b, name, type, help);
    buf_printf(b, "%s %.17g\n", name, value);
}

static void write_counter(struct buf *b, int kind)
{
    write_family(b, counters[kind].name, "counter", counters[kind].help);
    for (const struct slot *s = slots; s < slots + METER_SLOTS; s++) {
        if (!s->x || s->kind != kind)
            continue;
        buf_printf(b, "%s{%s=\"%s\"", counters[kind].name, counters[kind].x, s->x);
        if (s->y)
            buf_printf(b, ",%s=\"%s\"", counters[kind].y, s->y);
        buf_printf(b, "} %.17g\n", s->sum);
    }
}

static void write_timer(struct buf *b, int kind)
{
    const char *name = timers[kind].name, *label = timers[kind].x;
    write_family(b, name, "histogram", timers[kind].help);
    for (const struct slot *s = slots; s < slots + METER_SLOTS; s++) {
        uint64_t all = 0;
        if (!s->x || s->kind != METER_COUNTERS + kind)
            continue;
        for (int i = 0; i < ENDS; i++) {
            all += s->within[i];
            buf_printf(b, "%s_bucket{%s=\"%s\",le=\"%g\"} %llu\n", name, label, s->x, ends[i],
                       (unsigned long long)all);
        }
        all += s->within[ENDS];
        buf_printf(b, "%s_bucket{%s=\"%s\",le=\"+Inf\"} %llu\n%s_sum{%s=\"%s\"} %.17g\n", name,
                   label, s->x, (unsigned long long)all, name, label, s->x, s->sum);
        buf_printf(b, "%s_count{%s=\"%s\"} %llu\n", name, label, s->x, (unsigned long long)all);
    }
}

void meter_write(struct buf *b)
{
    for (int i = 0; i < METER_COUNTERS; i++)
        write_counter(b, i);
    for (int i = 0; i < METER_TIMERS; i++)
        write_timer(b, i);
}
