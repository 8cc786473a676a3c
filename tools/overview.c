/* overview.c - the gateway at a glance: what there is, and what looks wrong, in at most 1 KB. */
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_overview;

enum { FINDINGS_BYTES = 500, CERTIFICATE_DAYS = 30 };

static const struct field in[] = { { 0 } };

static const struct field out[] = {
    { "version", STR, OPT, NULL },
    { "counts", OBJ, REQ, NULL, .flags = FIELD_OPEN },
    { "suspicious", LIST, REQ, NULL },
    { 0 },
};

static const char *const counted[] = {
    "route",       "domain",   "service-source", "service",
    "ai-provider", "ai-route", "consumer",       "plugin-instance",
};

struct look {
    cJSON *findings;
    size_t bytes;
    int more;
    int count;
};

static void find(struct call *c, struct look *l, const char *text)
{
    text = text_clean(arena(c), text, 160);
    if (l->bytes + strlen(text) > FINDINGS_BYTES) {
        l->more++;
        return;
    }
    l->bytes += strlen(text) + 3;
    json_add_str(arena(c), l->findings, text);
}

static bool see_any(struct call *c, void *arg, const cJSON *o)
{
    (void)c;
    (void)o;
    ((struct look *)arg)->count++;
    return true;
}

static bool count_kinds(struct call *c, struct look *l, cJSON *counts)
{
    const size_t kinds = sizeof counted / sizeof counted[0];

    for (size_t i = 0; i < kinds; i++) {
        const char *kind = counted[i];
        const char *scope = !strcmp(kind, "plugin-instance") ? "global" : NULL;
        l->count = 0;
        progress(c, (double)i, kinds, "%s", kind);
        if (gw_each(c, kind, scope, see_any, l)) {
            json_set_num(arena(c), counts, kind, l->count);
            continue;
        }
        if (cancelled(c))
            return false;
        find(c, l, arena_printf(arena(c), "%s cannot be listed: %s", kind, fail_text(c)));
        fail_forget(c);
    }
    return true;
}

/* Envoy's word on its own state, where it can be asked. */
static void look_at_envoy(struct call *c, struct look *l, cJSON *answer)
{
    const cJSON *info = envoy_admin(c, "/server_info");
    const char *state = json_str(info, "state");

    if (state)
        json_set_str(arena(c), answer, "envoy", text_clean(arena(c), state, 20));
    if (state && strcmp(state, "LIVE"))
        find(c, l, arena_printf(arena(c), "Envoy is %s", state));
    if (!info && !strstr(fail_text(c), "is configured")) /* "no address … is configured" */
        find(c, l, arena_printf(arena(c), "Envoy admin: %s", fail_text(c)));
    fail_forget(c);
}

/* What stands there and does not do what it says; check_config says all of it. */
static void look_at_configuration(struct call *c, struct look *l)
{
    const struct inspect_ask ask = { .days = CERTIFICATE_DAYS, .quick = true };
    const cJSON *row, *found = inspect(c, &ask);
    struct buf *b = buf_in(arena(c), 2048);
    const char *last = "";
    cJSON_ArrayForEach(row, json_get(found, "findings"))
    {
        const char *verdict = json_str(row, "verdict"), *risk = json_str(row, "risk");
        if (!strcmp(risk, "note") && strcmp(verdict, "CERTIFICATE_EXPIRING") != 0)
            continue;
        buf_reset(b);
        inspect_line(b, row);
        if (strcmp(verdict, last) != 0)
            find(c, l, b->data);
        else
            l->more++;
        last = verdict;
    }
    if (!found)
        find(c, l, arena_printf(arena(c), "the configuration was not judged: %s", fail_text(c)));
    fail_forget(c);
}

static const cJSON *overview(struct call *c)
{
    struct look l = { .findings = json_array(arena(c)) };
    cJSON *answer = json_object(arena(c));
    const cJSON *info = gw_path(c, "/system/info", MISSING_FAILS);

    if (!info)
        return NULL;
    const char *version = json_str(info, "version");
    if (version)
        json_set_str(arena(c), answer, "version", text_clean(arena(c), version, 40));
    cJSON *counts = json_set_object(arena(c), answer, "counts");
    if (!count_kinds(c, &l, counts))
        return NULL;
    look_at_envoy(c, &l, answer);
    look_at_configuration(c, &l);
    if (l.more)
        json_add_str(arena(c), l.findings,
                     arena_printf(arena(c), "and %d more; check_config shows them", l.more));
    json_set(arena(c), answer, "suspicious", l.findings);
    return answer;
}

static const struct tool tools[] = {
    {
        .name = "gateway_overview",
        .title = "Gateway overview",
        .about = "The gateway at a glance: version, counts, what looks broken. Start here.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = overview,
    },
    { 0 },
};

const struct toolset toolset_overview = {
    .name = "overview",
    .about = "The gateway at a glance.",
    .tools = tools,
};
