/* limit.c - request rate limits: a route's own bucket by annotation, or by key through a plugin.
 * Says what is counted where, because per gateway pod and for all pods differ by the number of
 * pods. */
#include "tool.h"
#include <stdio.h>
#include <string.h>

extern const struct toolset toolset_limit;

#define RPS "higress.io/route-limit-rps"
#define RPM "higress.io/route-limit-rpm"
#define BURST "higress.io/route-limit-burst-multiplier"

static const struct field redis[] = {
    { "service_name", STR, REQ, NULL, .min = 1, .max = 253 },
    { "service_port", INT, OPT, NULL, .min = 1, .max = 65535 },
    { 0 },
};

static const struct field in[] = {
    { "route", STR, OPT, "Route to limit as a whole.", .min = 1, .max = 253, .complete = "route" },
    { "scope", STR, OPT, "With header: global, domain:X, route:X, service:X.", .max = 300 },
    { "requests", INT, REQ, "Requests per window; 0 removes the limit.", .min = 0,
      .max = 100000000 },
    { "per", STR, OPT, NULL, .one_of = "second|minute|hour|day", .otherwise = "\"second\"" },
    { "burst", INT, OPT, "Route only: bucket = requests x burst.", .min = 1, .max = 1000,
      .otherwise = "5" },
    { "header", STR, OPT, "Limit by the value of this request header.", .min = 1, .max = 100 },
    { "key", STR, OPT, "That exact value.", .min = 1, .max = 200 },
    { "redis", OBJ, OPT, "Count for all gateway pods together.", .of = redis },
    { 0 },
};

static const struct field out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, REQ, NULL },
    { 0 },
};

static const char *window(struct call *c)
{
    const char *per = arg_str(c, "per");
    return per ? per : "second";
}

/* -- a route as a whole
 * -------------------------------------------------------------------------------- */

static bool set_annotation(struct call *c, cJSON *custom)
{
    double requests = arg_num(c, "requests", 0);
    double burst = arg_num(c, "burst", 5);
    bool second = !strcmp(window(c), "second");

    if (!second && strcmp(window(c), "minute"))
        return fail(
            c, "per: a route is limited per second or minute; for hour or day limit by header");
    if (requests * burst > 4294967295.0)
        return fail(c, "requests x burst: %.0f is more than 4294967295", requests * burst);
    json_remove(custom, RPS);
    json_remove(custom, RPM);
    json_remove(custom, BURST);
    if (requests == 0)
        return true;
    json_set_str(arena(c), custom, second ? RPS : RPM, arena_printf(arena(c), "%.0f", requests));
    if (arg_json(c, "burst"))
        json_set_str(arena(c), custom, BURST, arena_printf(arena(c), "%.0f", burst));
    return true;
}

static bool limit_route(struct call *c, struct plan *p)
{
    const char *route = arg_str(c, "route");
    const cJSON *before = gw_get(c, "route", route, NULL, MISSING_FAILS);
    double requests = arg_num(c, "requests", 0);

    if (!before)
        return false;
    cJSON *after = json_clone(arena(c), before);
    cJSON *custom = json_get(after, "customConfigs");
    if (!cJSON_IsObject(custom))
        custom = json_set_object(arena(c), after, "customConfigs");
    if (!set_annotation(c, custom))
        return false;
    if (json_equal(before, after))
        return fail(c, "route '%s' already has that limit", route);
    if (requests == 0) {
        plan_title(p, "Remove the rate limit of route %s", route);
    } else {
        plan_title(p, "Limit route %s to %.0f requests a %s", route, requests, window(c));
        plan_warn(p,
                  "the count is kept by each gateway pod: the whole is %.0f x the number of pods, "
                  "and a burst of %.0f passes at once",
                  requests, requests * arg_num(c, "burst", 5));
    }
    return plan_put(p, "route", route, NULL, before, after);
}

/* -- by key, through a plugin
 * ---------------------------------------------------------------------------- */

static bool same(const cJSON *o, const char *member, const char *value)
{
    const char *s = json_str(o, member);
    return s && !strcmp(s, value);
}

/* The entry of `key` in a list of {key, query_per_…}: taken out, and put back with the new limit.
 */
static void set_entry(struct call *c, cJSON *entries, double requests)
{
    cJSON *e = NULL;
    cJSON *m;

    cJSON_ArrayForEach(m, entries)
    {
        if (same(m, "key", arg_str(c, "key")))
            e = m;
    }
    if (e)
        json_detach(entries, e);
    if (requests == 0)
        return;
    e = json_add(arena(c), entries, json_object(arena(c)));
    json_set_str(arena(c), e, "key", arg_str(c, "key"));
    json_set_num(arena(c), e, arena_printf(arena(c), "query_per_%s", window(c)), requests);
}

static cJSON *list_in_object(struct call *c, cJSON *o, const char *member)
{
    cJSON *list = json_get(o, member);
    return cJSON_IsArray(list) ? list : json_set_array(arena(c), o, member);
}

static bool per_pod(struct call *c, cJSON *config)
{
    const char *header = json_str(config, "limit_by_header");

    if (json_get(config, "limit_by_param") || (header && strcmp(header, arg_str(c, "header"))))
        return fail(c, "key-rate-limit there already counts by %s; it can count by one thing only",
                    header ? text_clean(arena(c), header, 80) : "a query parameter");
    json_set_str(arena(c), config, "limit_by_header", arg_str(c, "header"));
    set_entry(c, list_in_object(c, config, "limit_keys"), arg_num(c, "requests", 0));
    return true;
}

static bool for_all_pods(struct call *c, cJSON *config)
{
    cJSON *items = list_in_object(c, config, "rule_items");
    cJSON *item = NULL;
    cJSON *m;

    if (!json_str(config, "rule_name"))
        json_set_str(arena(c), config, "rule_name", "higress-ops");
    json_set(arena(c), config, "redis", json_clone(arena(c), arg_json(c, "redis")));
    cJSON_ArrayForEach(m, items)
    {
        if (same(m, "limit_by_header", arg_str(c, "header")))
            item = m;
    }
    if (!item) {
        item = json_add(arena(c), items, json_object(arena(c)));
        json_set_str(arena(c), item, "limit_by_header", arg_str(c, "header"));
    }
    set_entry(c, list_in_object(c, item, "limit_keys"), arg_num(c, "requests", 0));
    return true;
}

/* The instance's next state: enabled, with the entry set. NULL after fail(). */
static const cJSON *instance_after(struct call *c, const cJSON *before, const char *plugin)
{
    cJSON *after = before ? json_clone(arena(c), before) : json_object(arena(c));
    cJSON *config = json_get(after, "configurations");

    if (!cJSON_IsObject(config))
        config = json_set_object(arena(c), after, "configurations");
    if (!(arg_json(c, "redis") ? for_all_pods(c, config) : per_pod(c, config)))
        return NULL;
    json_set_str(arena(c), after, "pluginName", plugin);
    json_set_bool(arena(c), after, "enabled", true);
    return after;
}

static const char *scope_of(struct call *c)
{
    const char *scope = arg_str(c, "scope");
    const char *route = arg_str(c, "route");

    return scope || !route ? scope : arena_printf(arena(c), "route:%s", route);
}

static bool limit_key(struct call *c, struct plan *p)
{
    const char *scope = scope_of(c);
    bool global = arg_json(c, "redis") != NULL;
    const char *plugin = global ? "cluster-key-rate-limit" : "key-rate-limit";

    if (!scope || !arg_str(c, "key"))
        return fail(c, "%s: is required with header", scope ? "key" : "scope");
    const cJSON *before = gw_get(c, "plugin-instance", plugin, scope, MISSING_IS_NULL);
    const cJSON *after = failed(c) ? NULL : instance_after(c, before, plugin);
    if (!after)
        return false;
    plan_title(p, "Limit %s=%s at %s to %.0f requests a %s", arg_str(c, "header"),
               text_clean(arena(c), arg_str(c, "key"), 40), scope, arg_num(c, "requests", 0),
               window(c));
    plan_warn(p, global ? "counted in Redis for all gateway pods together"
                        : "counted by each gateway pod; values that are not listed pass unlimited");
    return before ? plan_put(p, "plugin-instance", plugin, scope, before, after)
                  : plan_create(p, "plugin-instance", scope, after);
}

static bool tune(struct call *c, struct plan *p)
{
    if (arg_str(c, "header"))
        return limit_key(c, p);
    if (arg_str(c, "key") || arg_json(c, "redis"))
        return fail(c, "header: is required with key and redis");
    if (!arg_str(c, "route"))
        return fail(c, "route: is required, or header with scope and key");
    return limit_route(c, p);
}

static const struct tool tools[] = {
    {
        .name = "tune_rate_limit",
        .title = "Tune a rate limit",
        .about = "Plans a request rate limit: of a route, or of one header value at a scope.",
        .risk = CHANGE,
        .in = in,
        .out = out,
        .plan = tune,
    },
    { 0 },
};

const struct toolset toolset_limit = {
    .name = "limit",
    .about = "Rate limits.",
    .tools = tools,
};
