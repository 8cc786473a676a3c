/* overview.c - the gateway at a glance: what there is, and what looks wrong, in at most 1 KB. */
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_overview;

enum { FINDINGS_BYTES = 500, SERVICES_MAX = 4096 };

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
    cJSON *names; /* object used as a set: services and providers that exist */
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

static bool remember(struct call *c, struct look *l, const char *kind, const char *name)
{
    if (name && json_count(l->names) < SERVICES_MAX)
        json_set_bool(arena(c), l->names, arena_printf(arena(c), "%s %s", kind, name), true);
    return true;
}

static bool exists(struct call *c, struct look *l, const char *kind, const char *name)
{
    return json_get(l->names, arena_printf(arena(c), "%s %s", kind, name)) != NULL ||
           json_count(l->names) >= SERVICES_MAX;
}

static bool see_named(struct call *c, void *arg, const cJSON *o)
{
    struct look *l = arg;
    bool provider = json_get(o, "type") && json_get(o, "tokens");

    l->count++;
    return remember(c, l, provider ? "ai-provider" : "service", json_str(o, "name"));
}

static bool see_route(struct call *c, void *arg, const cJSON *o)
{
    struct look *l = arg;
    const char *route = json_str(o, "name");
    const cJSON *s;

    l->count++;
    cJSON_ArrayForEach(s, json_get(o, "services"))
    {
        const char *name = json_str(s, "name");
        if (name && !exists(c, l, "service", name))
            find(c, l,
                 arena_printf(arena(c), "route %s goes to service %s, which does not exist",
                              route ? route : "?", name));
    }
    return true;
}

static bool see_ai_route(struct call *c, void *arg, const cJSON *o)
{
    struct look *l = arg;
    const char *route = json_str(o, "name");
    const cJSON *u;

    l->count++;
    cJSON_ArrayForEach(u, json_get(o, "upstreams"))
    {
        const char *name = json_str(u, "provider");
        if (name && !exists(c, l, "ai-provider", name))
            find(c, l,
                 arena_printf(arena(c), "AI route %s uses provider %s, which does not exist",
                              route ? route : "?", name));
    }
    return true;
}

static bool see_any(struct call *c, void *arg, const cJSON *o)
{
    (void)c;
    (void)o;
    ((struct look *)arg)->count++;
    return true;
}

static gw_each_fn *eye_for(const char *kind)
{
    if (!strcmp(kind, "route"))
        return see_route;
    if (!strcmp(kind, "ai-route"))
        return see_ai_route;
    return !strcmp(kind, "service") || !strcmp(kind, "ai-provider") ? see_named : see_any;
}

/* Services and providers first: routes are held against them. */
static bool count_kinds(struct call *c, struct look *l, cJSON *counts)
{
    static const char *const order[] = { "service", "ai-provider" };
    cJSON *found = json_object(arena(c));
    const size_t kinds = sizeof counted / sizeof counted[0];

    for (size_t i = 0; i < 2 + kinds; i++) {
        const char *kind = i < 2 ? order[i] : counted[i - 2];
        l->count = 0;
        progress(c, (double)i, 2 + kinds, "%s", kind);
        if (json_get(found, kind))
            continue;
        const char *scope = !strcmp(kind, "plugin-instance") ? "global" : NULL;
        if (gw_each(c, kind, scope, eye_for(kind), l)) {
            json_set_num(arena(c), found, kind, l->count);
            continue;
        }
        if (cancelled(c))
            return false;
        find(c, l, arena_printf(arena(c), "%s cannot be listed: %s", kind, fail_text(c)));
        fail_forget(c);
    }
    for (size_t i = 0; i < kinds; i++) {
        const cJSON *n = json_get(found, counted[i]);
        if (n)
            json_set_num(arena(c), counts, counted[i], n->valuedouble);
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

static const cJSON *overview(struct call *c)
{
    struct look l = { .names = json_object(arena(c)), .findings = json_array(arena(c)) };
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
    if (l.more)
        json_add_str(arena(c), l.findings, arena_printf(arena(c), "and %d more", l.more));
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
