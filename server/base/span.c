/* span.c - spans begin and end with the fiber's; ended ones are a ring. */
#include "base/span.h"
#include "base/crypto.h"
#include "base/fiber.h"
#include "base/meter.h"
#include "base/when.h"
#include <stdio.h>
#include <string.h>

static struct {
    bool open;
    double ratio;
    struct span ring[SPAN_ROOM];
    int first, count;
} spans;

void span_open(double ratio)
{
    spans.open = true;
    spans.ratio = ratio;
}

/* -- traceparent: "00-<32>-<16>-<2>" of lower-case hex --------------------------------------- */

static bool read_hex(const char *text, uint8_t *out, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < 2 * n; i++) {
        char c = text[i];
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] << 4 | value : value);
        any = any || value;
    }
    return any || n == 1;
}

/* A later version may have more behind it; ff is none. */
static bool has_form_of_traceparent(const char *text)
{
    uint8_t version;
    size_t n = text ? strlen(text) : 0;
    if (n < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
        !read_hex(text, &version, 1) || version == 0xff)
        return false;
    return version == 0 ? n == 55 : n == 55 || text[55] == '-';
}

static bool read_traceparent(const char *text, struct span *s, bool *sampled)
{
    uint8_t flags;
    if (!has_form_of_traceparent(text) || !read_hex(text + 3, s->trace, 16) ||
        !read_hex(text + 36, s->parent, 8) || !read_hex(text + 53, &flags, 1))
        return false;
    *sampled = flags & 1;
    return true;
}

/* -- begin -------------------------------------------------------------------------------- */

static bool by_chance(void)
{
    uint32_t chance;
    crypto_random(&chance, sizeof chance);
    return chance < spans.ratio * 4294967296.0;
}

/* From now on the fiber is at it. */
static void enter_span(struct span *s)
{
    struct fiber_span *now = fiber_span();
    crypto_random(s->id, sizeof s->id);
    s->start = when_now();
    s->clock = fiber_clock();
    s->before_on = now->on;
    memcpy(s->before_id, now->id, sizeof now->id);
    memcpy(now->trace, s->trace, sizeof now->trace);
    memcpy(now->id, s->id, sizeof now->id);
    now->on = true;
}

/* A child of what the fiber is at, or the first of a trace. */
static void begin_within(struct span *s)
{
    const struct fiber_span *now = fiber_span();
    s->has_parent = now->on;
    memcpy(s->parent, now->id, sizeof s->parent);
    if (now->on)
        memcpy(s->trace, now->trace, sizeof s->trace);
    else
        crypto_random(s->trace, sizeof s->trace);
}

void span_begin_call(struct span *s, const char *tool, const char *caller, const char *traceparent)
{
    bool sampled = false;
    *s = (struct span){ .what = SPAN_CALL, .name = tool, .how = caller };
    if (!spans.open || !fiber_span())
        return;
    s->remote = s->has_parent = read_traceparent(traceparent, s, &sampled);
    if (!s->remote)
        begin_within(s);
    s->on = s->remote ? sampled : s->has_parent || by_chance();
    if (s->on)
        enter_span(s);
}

void span_begin_apply(struct span *s, const char *change)
{
    *s = (struct span){ .what = SPAN_APPLY, .name = "change apply" };
    if (!spans.open || !fiber_span() || (!fiber_span()->on && !by_chance()))
        return;
    snprintf(s->change, sizeof s->change, "%s", change);
    s->on = true;
    begin_within(s);
    enter_span(s);
}

void span_begin_request(struct span *s, const char *to, const char *method)
{
    s->on = spans.open && fiber_span() && fiber_span()->on;
    if (!s->on)
        return;
    *s = (struct span){ .what = SPAN_REQUEST, .name = to, .how = method, .on = true };
    begin_within(s);
    enter_span(s);
}

/* -- end ---------------------------------------------------------------------------------- */

void span_end(struct span *s, const char *outcome)
{
    if (!s->on)
        return;
    struct fiber_span *now = fiber_span();
    s->end = s->start + (fiber_clock() - s->clock);
    s->outcome = outcome;
    now->on = s->before_on;
    memcpy(now->id, s->before_id, sizeof now->id);
    if (spans.count == SPAN_ROOM) {
        meter_count(METER_SPANS, "no room", NULL, 1);
        return;
    }
    spans.ring[(spans.first + spans.count++) % SPAN_ROOM] = *s;
}

int span_peek(const struct span **list, int most)
{
    int n = spans.count < most ? spans.count : most;
    for (int i = 0; i < n; i++)
        list[i] = &spans.ring[(spans.first + i) % SPAN_ROOM];
    return n;
}

void span_drop(int count)
{
    spans.first = (spans.first + count) % SPAN_ROOM;
    spans.count -= count;
}
