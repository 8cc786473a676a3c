/* overview.c - the gateway at a glance: what there is, what waits, what runs out, and what looks
 * wrong, in about 1 KB. */
#include "base/when.h"
#include "call/change.h"
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_overview;

enum {
    FINDINGS_BYTES = 500,
    SCOPES_MAX = 300, /* each is a request of its own */
    PENDING_SHOWN = 5,
    CERTIFICATE_DAYS = 30
};

static const struct field in[] = { { 0 } };

static const struct field out[] = {
    { "version", STR, OPT, NULL },
    { "counts", OBJ, REQ, NULL, .flags = FIELD_OPEN },
    { "suspicious", LIST, REQ, NULL },
    { 0 },
};

static const char *const counted[] = {
    "route",    "domain",     "service-source", "service",         "ai-provider",
    "ai-route", "mcp-server", "consumer",       "tls-certificate",
};

struct look {
    cJSON *findings;
    size_t bytes;
    int more;
    int count;
};

static void add_overview_finding(struct call *c, struct look *l, const char *text)
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

static bool count_instance(struct call *c, void *arg, const char *scope, const cJSON *o)
{
    (void)c;
    (void)scope;
    (void)o;
    ((struct look *)arg)->count++;
    return true;
}

static bool count_kinds(struct call *c, struct look *l, cJSON *counts)
{
    const size_t kinds = sizeof counted / sizeof counted[0];

    for (size_t i = 0; i < kinds; i++) {
        const char *kind = counted[i];
        l->count = 0;
        progress(c, (double)i, kinds, "%s", kind);
        if (gw_each(c, kind, NULL, see_any, l)) {
            json_set_num(arena(c), counts, kind, l->count);
            continue;
        }
        if (cancelled(c))
            return false;
        add_overview_finding(c, l,
                             arena_printf(arena(c), "%s cannot be listed: %s", kind, fail_text(c)));
        fail_forget(c);
    }
    return true;
}

/* Of all scopes, as far as they are few enough to be asked. */
static bool count_instances(struct call *c, struct look *l, cJSON *counts)
{
    const char *gaps = NULL;

    l->count = 0;
    if (!gw_each_instance(c, SCOPES_MAX, count_instance, NULL, l, &gaps))
        return false;
    json_set_num(arena(c), counts, "plugin-instance", l->count);
    if (gaps)
        add_overview_finding(
            c, l,
            arena_printf(arena(c), "plugin instances: only %d were seen; %s", l->count, gaps));
    return true;
}

/* "c-1a2b3c Require …": what waits for a person. */
static void look_at_changes(struct call *c, struct look *l, cJSON *answer)
{
    const cJSON *list = change_pending(c, PENDING_SHOWN + 1), *change;
    cJSON *pending = json_array(arena(c));

    if (!list)
        add_overview_finding(c, l,
                             arena_printf(arena(c), "changes cannot be read: %s", fail_text(c)));
    fail_forget(c);
    cJSON_ArrayForEach(change, json_get(list, "changes"))
    {
        const char *title = json_str(change, "title");
        const char *line =
            json_count(pending) == PENDING_SHOWN
                ? "and more: list_changes"
                : arena_printf(arena(c), "%s %.100s", json_str(change, "id"), title ? title : "");
        json_add_str(arena(c), pending, line);
    }
    json_set(arena(c), answer, "pending", pending);
    if (change_outside(c))
        add_overview_finding(c, l, change_outside(c));
}

/* Envoy's word on its own state, where it can be asked. */
static void look_at_envoy(struct call *c, struct look *l, cJSON *answer)
{
    const cJSON *info = envoy_admin(c, "/server_info");
    const char *state = json_str(info, "state");

    if (state)
        json_set_str(arena(c), answer, "envoy", text_clean(arena(c), state, 20));
    if (state && strcmp(state, "LIVE"))
        add_overview_finding(c, l, arena_printf(arena(c), "Envoy is %s", state));
    if (!info && !strstr(fail_text(c), "is configured")) /* "no address … is configured" */
        add_overview_finding(c, l, arena_printf(arena(c), "Envoy admin: %s", fail_text(c)));
    fail_forget(c);
}

/* What goes wrong in requests: a line for each verdict; diagnose has the evidence. */
static void look_at_traffic(struct call *c, struct look *l)
{
    const cJSON *found = diagnose(c, NULL, NULL), *v;
    cJSON_ArrayForEach(v, json_get(found, "verdicts"))
    {
        const char *code = json_str(v, "code"), *object = json_str(v, "object");
        const char *by = json_str(v, "replicas");
        if (code && strcmp(code, "OK") != 0 && strcmp(code, "UNKNOWN") != 0)
            add_overview_finding(c, l,
                                 arena_printf(arena(c), "%s %s%s%s", code, object ? object : "",
                                              by ? ", by " : "", by ? by : ""));
    }
    cJSON_ArrayForEach(v, json_get(found, "replicas"))
        add_overview_finding(c, l, arena_printf(arena(c), "not read: %s", v->valuestring));
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
            add_overview_finding(c, l, b->data);
        else
            l->more++;
        last = verdict;
    }
    if (!found)
        add_overview_finding(
            c, l, arena_printf(arena(c), "the configuration was not judged: %s", fail_text(c)));
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
    json_set_str(arena(c), answer, "now", when_text(arena(c), when_now(), false));
    if (version)
        json_set_str(arena(c), answer, "version", text_clean(arena(c), version, 40));
    cJSON *counts = json_set_object(arena(c), answer, "counts");
    if (!count_kinds(c, &l, counts) || !count_instances(c, &l, counts))
        return NULL;
    look_at_envoy(c, &l, answer);
    look_at_changes(c, &l, answer);
    look_at_traffic(c, &l);
    look_at_configuration(c, &l);
    if (l.more)
        json_add_str(arena(c), l.findings,
                     arena_printf(arena(c), "and %d more: diagnose, check_config", l.more));
    json_set(arena(c), answer, "suspicious", l.findings);
    return answer;
}

static void say_overview_lines(struct buf *b, const cJSON *answer, const char *member)
{
    const cJSON *line;

    cJSON_ArrayForEach(line, json_get(answer, member))
        buf_printf(b, "\n%s: %s", member, line->valuestring);
}

static char *say_overview(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), 8000);
    const char *version = json_str(answer, "version"), *envoy = json_str(answer, "envoy");
    const char *comma = "";
    const cJSON *n;

    buf_printf(b, "%s, gateway %s%s%s\n", json_str(answer, "now"), version ? version : "?",
               envoy ? ", Envoy " : "", envoy ? envoy : "");
    cJSON_ArrayForEach(n, json_get(answer, "counts"))
    {
        buf_printf(b, "%s%s %.0f", comma, n->string, n->valuedouble);
        comma = ", ";
    }
    say_overview_lines(b, answer, "pending");
    say_overview_lines(b, answer, "suspicious");
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "gateway_overview",
        .title = "Gateway overview",
        .about = "The gateway at a glance: counts, what waits or looks broken. Start here.",
        .risk = READ,
        .fleeting = true,
        .on_map = true,
        .in = in,
        .out = out,
        .read = overview,
        .say = say_overview,
    },
    { 0 },
};

const struct toolset toolset_overview = {
    .name = "overview",
    .about = "The gateway at a glance.",
    .tools = tools,
};
