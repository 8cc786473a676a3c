/* limit.c - rate limits of requests and tokens: a route's own bucket by annotation, or by key
 * through a plugin. Says what is counted where, because per gateway pod and for all pods differ by
 * the number of pods. */
#include "call/read.h"
#include "plan/draft.h"
#include "rule/limits.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct toolset toolset_limit;

#define RPS "higress.io/route-limit-rps"
#define RPM "higress.io/route-limit-rpm"
#define BURST "higress.io/route-limit-burst-multiplier"

static const struct field in[] = {
    { "route", STR, OPT, NULL, .complete = "route" },
    { "scope", STR, OPT, "Instead of route, with header or by." },
    { "requests", INT, REQ, "0 removes the limit.", .min = 0, .max = 100000000,
      .flags = FIELD_BRIEF },
    { "unit", STR, OPT, NULL, .one_of = "requests|tokens", .otherwise = "\"requests\"" },
    { "per", STR, OPT, NULL, .one_of = "second|minute|hour|day", .otherwise = "\"second\"" },
    { "burst", INT, OPT, NULL, .min = 1, .max = 1000, .otherwise = "5", .flags = FIELD_BRIEF },
    { "header", STR, OPT, "One limit per value." },
    { "by", STR, OPT, "param:X, cookie:X, consumer, ip.", .min = 2, .flags = FIELD_BRIEF },
    { "key", STR, OPT, "That value only." },
    { "redis", STR, OPT, "Counting service[:port]." },
    { 0 },
};

static const struct field out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, OPT, NULL },
    { 0 },
};

static bool in_tokens(struct call *c)
{
    const char *unit = arg_str(c, "unit");

    return unit && !strcmp(unit, "tokens");
}

static const char *limit_window(struct call *c)
{
    const char *per = arg_str(c, "per");
    return per ? per : "second";
}

static const char *short_window(struct call *c)
{
    const char *per = limit_window(c);

    return !strcmp(per, "second") ? "s" : !strcmp(per, "minute") ? "min" : per;
}

/* -- a route as a whole ------------------------------------------------------------------ */

/* What is asked, else what is set, else what the gateway takes. */
static double burst_of(struct call *c, const cJSON *custom)
{
    const char *set = json_str(custom, BURST);

    return arg_num(c, "burst", set && strtod(set, NULL) >= 1 ? strtod(set, NULL) : 5);
}

static bool set_annotation(struct call *c, cJSON *custom)
{
    double requests = arg_num(c, "requests", 0);
    double burst = burst_of(c, custom);
    bool second = !strcmp(limit_window(c), "second");

    if (!second && strcmp(limit_window(c), "minute"))
        return fail(
            c, "per: a route is limited per second or minute; for hour or day limit by header");
    if (requests * burst > 4294967295.0)
        return fail(c, "requests x burst: %.0f is more than 4294967295", requests * burst);
    json_remove(custom, RPS);
    json_remove(custom, RPM);
    if (requests == 0) {
        json_remove(custom, BURST);
        return true;
    }
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
        plan_title(p, "Remove the rate limit of %s", route);
    } else {
        plan_title(p, "Limit %s to %.0f/%s", route, requests, short_window(c));
        plan_warn(p,
                  "the count is kept by each gateway pod: the whole is %.0f x the number of pods, "
                  "and a burst of %.0f passes at once",
                  requests, requests * burst_of(c, custom));
    }
    return plan_put(p, "route", route, NULL, before, after);
}

/* -- by key, through a plugin ------------------------------------------------------------ */

/* What limits_config is asked; NULL when nothing says what is counted. */
static cJSON *ask_of(struct call *c)
{
    cJSON *ask = json_object(arena(c));
    const char *header = arg_str(c, "header");
    const char *by = header ? arena_printf(arena(c), "header:%s", header) : arg_str(c, "by");
    const char *service = arg_str(c, "redis");

    if (!by && !in_tokens(c))
        return NULL;
    if (by)
        json_set_str(arena(c), ask, "by", by);
    json_set_str(arena(c), ask, "unit", arg_str(c, "unit") ? arg_str(c, "unit") : "requests");
    if (arg_str(c, "key"))
        json_set_str(arena(c), ask, "key", arg_str(c, "key"));
    json_set_num(arena(c), ask, "requests", arg_num(c, "requests", 0));
    json_set_str(arena(c), ask, "per", limit_window(c));
    if (service) { /* "redis.dns:6379" as the plugin names it */
        cJSON *redis = json_set_object(arena(c), ask, "redis");
        size_t n = strcspn(service, ":");
        json_set_str(arena(c), redis, "service_name", arena_strndup(arena(c), service, n));
        if (service[n])
            json_set_num(arena(c), redis, "service_port", strtod(service + n + 1, NULL));
    }
    return ask;
}

/* The instance's next state: enabled, with the entry set; its configuration is empty when no limit
 * is left. NULL after fail(). */
static const cJSON *instance_after(struct call *c, const cJSON *ask, const cJSON *before,
                                   const char *plugin)
{
    cJSON *after = before ? json_clone(arena(c), before) : json_object(arena(c));
    struct err e = { 0 };
    cJSON *config = limits_config(arena(c), ask, json_get(after, "configurations"), &e);

    if (!config)
        return fail_null(c, "%s", e.text);
    json_set(arena(c), after, "configurations", config);
    json_set_str(arena(c), after, "pluginName", plugin);
    json_set_bool(arena(c), after, "enabled", true);
    return after;
}

/* The scope of route, which may be an AI route's name; NULL: none was given, or failed(). */
static const char *scope_of(struct call *c)
{
    const char *scope = arg_str(c, "scope");
    const char *route = arg_str(c, "route");

    if (scope || !route)
        return scope;
    if (in_tokens(c) && !gw_get(c, "route", route, NULL, MISSING_IS_NULL) && !failed(c) &&
        gw_get(c, "ai-route", route, NULL, MISSING_IS_NULL))
        return arena_printf(arena(c), "route:ai-route-%s.internal", route);
    return failed(c) ? NULL : arena_printf(arena(c), "route:%s", route);
}

/* With redis, or where nothing is counted per pod but something for all: the cluster's plugin. */
static const char *plugin_for(struct call *c, const char *scope)
{
    const char *by = arg_str(c, "by");
    bool shared =
        by && (!strcmp(by, "consumer") || !strcmp(by, "ip") || text_starts(by, "cookie:"));

    if (in_tokens(c))
        return "ai-token-ratelimit";
    if (arg_str(c, "redis") || shared)
        return "cluster-key-rate-limit";
    if (!gw_get(c, "plugin-instance", "key-rate-limit", scope, MISSING_IS_NULL) && !failed(c) &&
        gw_get(c, "plugin-instance", "cluster-key-rate-limit", scope, MISSING_IS_NULL))
        return "cluster-key-rate-limit";
    return "key-rate-limit";
}

/* The value as the plugin's settings show it: under many headers stands a credential. */
static const char *shown_key(struct call *c, const char *by, const char *key)
{
    const char *colon = strchr(by, ':');
    cJSON *o = json_object(arena(c));
    cJSON *settings = json_set_object(arena(c), o, "configurations");
    cJSON *item = json_object(arena(c)), *entry = json_object(arena(c));

    json_set_str(arena(c), o, "pluginName", "cluster-key-rate-limit");
    json_add(arena(c), json_set_array(arena(c), settings, "rule_items"), item);
    json_set_str(arena(c), item, arena_printf(arena(c), "limit_by_%.*s", (int)strcspn(by, ":"), by),
                 colon ? colon + 1 : "");
    json_add(arena(c), json_set_array(arena(c), item, "limit_keys"), entry);
    json_set_str(arena(c), entry, "key", key);
    const char *shown = json_str(
        json_path(gw_masked(c, "plugin-instance", o), "configurations.rule_items[0].limit_keys[0]"),
        "key");
    return text_clean(arena(c), shown ? shown : "?", 80);
}

/* "x-tenant red", "consumer alice", "each ip"; "" for the sum. */
static const char *counted_in_words(struct call *c, const char *by)
{
    const char *key = arg_str(c, "key");
    const char *colon = by ? strchr(by, ':') : NULL;
    const char *what = by ? text_clean(arena(c), colon ? colon + 1 : by, 80) : "";

    if (!by)
        return "";
    if (!key || !strcmp(key, "*"))
        return arena_printf(arena(c), " each %s", what);
    return arena_printf(arena(c), " %s %s", what, shown_key(c, by, key));
}

static const char *limited_place(const char *scope)
{
    if (!strcmp(scope, "global"))
        return "the whole gateway";
    return text_starts(scope, "route:") ? scope + 6 : scope;
}

static void title_limit_plan(struct call *c, struct plan *p, const char *scope, const char *by)
{
    double requests = arg_num(c, "requests", 0);
    const char *tokens = in_tokens(c) ? " tokens" : "";

    if (requests == 0)
        plan_title(p, "Remove the%s limit%s%s on %s", in_tokens(c) ? " token" : "", by ? " of" : "",
                   counted_in_words(c, by), limited_place(scope));
    else
        plan_title(p, "Limit%s to %.0f%s/%s on %s", counted_in_words(c, by), requests, tokens,
                   short_window(c), limited_place(scope));
}

/* -- what it needs, and what there is ------------------------------------------------------ */

struct seen {
    struct buf *names;
    int count;
};

enum { NAMES_BYTES = 300 };

static void see(struct seen *s, const char *name)
{
    if (s->count++ < 8)
        buf_printf(s->names, "%s%.60s", s->count > 1 ? ", " : "", name);
}

/* By its port or its name: nothing else tells a Redis from another service. */
static bool see_redis(struct call *c, void *arg, const cJSON *o)
{
    const char *name = json_str(o, "name");
    double port = json_num(o, "port", 0);

    (void)c;
    if (name && (port == 6379 || text_contains_nocase(name, "redis")))
        see(arg, text_clean(arena(c), arena_printf(arena(c), "%s:%.0f", name, port), 80));
    return true;
}

static bool see_consumer(struct call *c, void *arg, const cJSON *o)
{
    const char *name = json_str(o, "name");

    if (name)
        see(arg, text_clean(arena(c), name, 60));
    return true;
}

/* "redis.dns:6379, …"; "none" where there is none, and why where that is not known. */
static const char *what_exists(struct call *c, const char *kind, gw_each_fn *fn)
{
    struct seen s = { .names = buf_in(arena(c), 8 * NAMES_BYTES) };

    if (gw_each(c, kind, NULL, fn, &s))
        return s.count ? s.names->data : "none";
    const char *why = arena_printf(arena(c), "not known (%.200s)", fail_text(c));
    fail_forget(c);
    return why;
}

/* Whom the limit passes by, and whether the route itself asks anybody who they are. */
static bool warn_of_strangers(struct call *c, struct plan *p, const char *scope)
{
    const char *route = text_starts(scope, "route:") ? scope + strlen("route:") : NULL;
    const cJSON *object = route ? gw_get(c, "route", route, NULL, MISSING_IS_NULL) : NULL;

    if (failed(c))
        return false;
    plan_warn(p,
              "a request that no authentication gives a consumer is not limited; consumers "
              "there are: %s",
              what_exists(c, "consumer", see_consumer));
    if (object && !json_true(json_get(object, "authConfig"), "enabled"))
        plan_warn(p,
                  "route '%.120s' has no authentication of its own (authConfig is off): unless a "
                  "plugin at its domains or global asks who calls, this limit counts nobody",
                  route);
    return true;
}

/* Tokens are counted in Redis, of answers that say their usage; by consumer only where
 * authentication names one. */
static bool has_needs(struct call *c, struct plan *p, const char *scope, const cJSON *before,
                      const char *by)
{
    const cJSON *redis = json_path(before, "configurations.redis");

    if (!arg_str(c, "redis") && !json_str(redis, "service_name"))
        return fail(c,
                    "redis: is required: tokens are counted in a Redis that the gateway reaches as "
                    "a service. Services that look like one: %s",
                    what_exists(c, "service", see_redis));
    plan_warn(p, "tokens are known when an answer ends, so that one request may pass the limit; "
                 "answers that do not say their usage are not counted");
    return !by || strcmp(by, "consumer") != 0 || warn_of_strangers(c, p, scope);
}

/* before to after; an instance without a limit goes, for an empty one would be refused. */
static bool plan_instance(struct call *c, struct plan *p, const char *plugin, const char *scope,
                          const cJSON *before, const cJSON *after)
{
    bool last = json_count(json_get(after, "configurations")) == 0;

    if (before ? json_equal(before, after) : last)
        return fail(c,
                    arg_num(c, "requests", 0) ? "%s at %s has that limit already"
                                              : "%s at %s has no such limit",
                    plugin, scope);
    plan_warn(p, plugin[0] != 'k'
                     ? "counted in Redis for all gateway pods together; if Redis fails, all passes"
                     : "counted by each gateway pod; values that are not listed pass unlimited");
    if (last)
        return plan_remove(p, "plugin-instance", plugin, scope, before);
    return before ? plan_put(p, "plugin-instance", plugin, scope, before, after)
                  : plan_create(p, "plugin-instance", scope, after);
}

static bool plan_key(struct call *c, struct plan *p, const char *scope, const cJSON *ask)
{
    const char *plugin = plugin_for(c, scope);
    const cJSON *before =
        failed(c) ? NULL : gw_get(c, "plugin-instance", plugin, scope, MISSING_IS_NULL);
    bool adds = arg_num(c, "requests", 0) > 0;

    if (failed(c) || (in_tokens(c) && adds && !has_needs(c, p, scope, before, json_str(ask, "by"))))
        return false;
    const cJSON *after = instance_after(c, ask, before, plugin);
    if (!after)
        return false;
    title_limit_plan(c, p, scope, json_str(ask, "by"));
    return plan_instance(c, p, plugin, scope, before, after);
}

static bool tune(struct call *c, struct plan *p)
{
    const cJSON *ask = ask_of(c);
    const char *scope = scope_of(c);

    if (failed(c))
        return false;
    if (ask && !scope)
        return fail(c,
                    "scope: is required with header and by: global, domain:X, route:X, service:X");
    if (ask)
        return plan_key(c, p, scope, ask);
    if (arg_str(c, "key") || arg_str(c, "redis"))
        return fail(c, "header: is required with key and redis (or by)");
    if (!arg_str(c, "route"))
        return fail(c, "route: is required, or header with scope and key");
    return limit_route(c, p);
}

static const struct tool tools[] = {
    {
        .name = "tune_rate_limit",
        .title = "Tune a rate limit",
        .about = "Plans a limit of requests or LLM tokens for a route, or per value at a scope.",
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
