/* limits.c - one entry set in the configuration of key-rate-limit, cluster-key-rate-limit or
 * ai-token-ratelimit, which is configured as the second.
 *
 * key-rate-limit counts by exactly one header or parameter, by exact values. cluster-key-rate-limit
 * has items, each by one thing, whose first matching key decides; a key "*" or "regexp:…" gives
 * each value a count of its own and goes into an item of the per_ form, after the exact ones.
 */
#include "rule/limits.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include <string.h>

struct limit {
    struct arena *a;
    const char *what; /* "header", "param", "cookie", "consumer", "ip" */
    const char *name; /* of the header, parameter, cookie; "" */
    const char *key, *per;
    double requests;
    bool each; /* "*" or "regexp:" */
    bool tokens;
};

static bool read_by(struct limit *l, const char *by, struct err *e)
{
    static const char *const named[] = { "header", "param", "cookie", NULL };
    const char *colon = strchr(by, ':');

    l->name = "";
    if (!strcmp(by, "consumer") || !strcmp(by, "ip")) {
        l->what = by;
        return true;
    }
    for (int i = 0; colon && colon[1] && named[i]; i++)
        if (strlen(named[i]) == (size_t)(colon - by) && text_starts(by, named[i])) {
            l->what = named[i];
            l->name = colon + 1;
            return true;
        }
    return err_set(e, ERR_ARGS,
                   "by: '%s' is not header:NAME, param:NAME, cookie:NAME, consumer or ip",
                   text_clean(l->a, by, 80));
}

static bool read_limit_key(struct limit *l, const char *key, struct err *e)
{
    l->key = key ? key : strcmp(l->what, "ip") ? "" : "0.0.0.0/0";
    l->each = !strcmp(l->key, "*") || text_starts(l->key, "regexp:");
    return *l->key ||
           err_set(e, ERR_ARGS, "key: is required, the value whose requests are counted");
}

static bool read_ask(struct limit *l, const cJSON *ask, struct err *e)
{
    const char *by = json_str(ask, "by");
    const char *per = json_str(ask, "per");
    const char *unit = json_str(ask, "unit");

    l->per = per ? per : "second";
    l->requests = json_num(ask, "requests", 0);
    l->tokens = unit && !strcmp(unit, "tokens");
    if (!by && !l->tokens)
        return err_set(e, ERR_ARGS, "by: is required");
    if (by && (!read_by(l, by, e) || !read_limit_key(l, json_str(ask, "key"), e)))
        return false;
    if (l->requests < 0 || l->requests > 2147483647.0)
        return err_set(e, ERR_ARGS, "requests: %.0f is not within 0..2147483647", l->requests);
    return true;
}

static cJSON *list_member(struct limit *l, cJSON *o, const char *member)
{
    cJSON *list = json_get(o, member);

    return cJSON_IsArray(list) ? list : json_set_array(l->a, o, member);
}

/* One window only: of several the plugin takes any. */
static void set_window(struct limit *l, cJSON *entry)
{
    static const char *const spans[] = { "second", "minute", "hour", "day" };
    const char *unit = l->tokens ? "token" : "query";

    for (int i = 0; i < 4; i++)
        json_remove(entry, arena_printf(l->a, "%s_per_%s", unit, spans[i]));
    json_set_num(l->a, entry, arena_printf(l->a, "%s_per_%s", unit, l->per), l->requests);
}

/* The entry of the key, in its place. */
static void set_entry(struct limit *l, cJSON *entries)
{
    cJSON *entry = NULL, *m;

    cJSON_ArrayForEach(m, entries)
    {
        const char *key = json_str(m, "key");
        if (key && !strcmp(key, l->key))
            entry = m;
    }
    if (l->requests == 0) {
        if (entry)
            json_detach(entries, entry);
        return;
    }
    if (!entry)
        entry = json_add(l->a, entries, json_object(l->a));
    json_set_str(l->a, entry, "key", l->key);
    set_window(l, entry);
}

/* -- key-rate-limit ------------------------------------------------------------------------------
 */
/* What this plugin cannot count, said before it would refuse it. */
static bool per_pod_can(const struct limit *l, struct err *e)
{
    if (strcmp(l->what, "header") != 0 && strcmp(l->what, "param") != 0)
        return err_set(e, ERR_ARGS, "by: %s can only be counted for all pods together; give redis",
                       l->what);
    if (l->each)
        return err_set(
            e, ERR_ARGS,
            "key: '%s' needs a count for each value, which only Redis keeps; give redis, "
            "or an exact value",
            text_clean(l->a, l->key, 80));
    return true;
}

static cJSON *per_pod(struct limit *l, cJSON *config, struct err *e)
{
    bool header = per_pod_can(l, e) && !strcmp(l->what, "header");
    const char *member = header ? "limit_by_header" : "limit_by_param";
    const char *have = json_str(config, member);
    const char *other = json_str(config, header ? "limit_by_param" : "limit_by_header");

    if (e->kind)
        return NULL;
    if (other || (have && strcmp(have, l->name) != 0)) {
        err_set(e, ERR_ARGS,
                "key-rate-limit there counts by '%s' already, and by one thing only; use that, or "
                "remove it first, or give redis",
                text_clean(l->a, other ? other : have, 80));
        return NULL;
    }
    json_set_str(l->a, config, member, l->name);
    set_entry(l, list_member(l, config, "limit_keys"));
    return json_count(json_get(config, "limit_keys")) > 0 ? config : json_object(l->a);
}

/* -- cluster-key-rate-limit ----------------------------------------------------------------------
 */
static cJSON *item_of(struct limit *l, cJSON *items)
{
    /* {member, value} of the item that counts by this. */
    bool ip = !strcmp(l->what, "ip");
    const char *value = ip ? "from-remote-addr" : l->name;
    const char *member =
        arena_printf(l->a, l->each || ip ? "limit_by_per_%s" : "limit_by_%s", l->what);
    cJSON *item, *m;

    cJSON_ArrayForEach(m, items)
    {
        const char *have = json_str(m, member);
        if (have && !strcmp(have, value))
            return m;
    }
    item = json_add(l->a, items, json_object(l->a));
    json_set_str(l->a, item, member, value);
    return item;
}

/* An item of exact values is asked before one that takes every value, or it would never be. */
static void exact_first(struct limit *l, cJSON *items, cJSON *item)
{
    if (l->each || json_count(items) < 2)
        return;
    cJSON *copy = json_clone(l->a, items);
    int own = 0, i = 0;
    cJSON *m;

    cJSON_ArrayForEach(m, items)
    {
        own = m == item ? i : own;
        i++;
    }
    while (items->child)
        json_detach(items, items->child);
    json_add(l->a, items, json_clone(l->a, cJSON_GetArrayItem(copy, own)));
    for (int k = 0; k < i; k++)
        if (k != own)
            json_add(l->a, items, json_clone(l->a, cJSON_GetArrayItem(copy, k)));
}

/* Where it is counted; false after an error. */
static bool set_limit_redis(struct limit *l, cJSON *config, const cJSON *redis, struct err *e)
{
    const cJSON *have = json_get(config, "redis");

    if (redis) /* keeps user, password and timeout that are there */
        json_set(l->a, config, "redis",
                 have ? json_merge_patch(l->a, have, redis) : json_clone(l->a, redis));
    double port = json_num(redis, "service_port", 6379);
    if (port < 1 || port > 65535)
        return err_set(e, ERR_ARGS, "redis.service_port: %.0f is not within 1..65535", port);
    if (!json_str(json_get(config, "redis"), "service_name"))
        return err_set(e, ERR_ARGS, "redis.service_name: is required, such as redis.dns");
    if (!json_str(config, "rule_name"))
        json_set_str(l->a, config, "rule_name", "higress-ops");
    return true;
}

/* Empty when nothing is limited any more: the plugin refuses an empty list, too. */
static cJSON *what_is_left(struct limit *l, cJSON *config)
{
    if (json_count(json_get(config, "rule_items")) > 0)
        return config;
    json_remove(config, "rule_items");
    return json_get(config, "global_threshold") ? config : json_object(l->a);
}

/* The sum over all. */
static cJSON *in_sum(struct limit *l, cJSON *config)
{
    cJSON *sum = json_get(config, "global_threshold");
    if (l->requests == 0)
        json_remove(config, "global_threshold");
    else
        set_window(l,
                   cJSON_IsObject(sum) ? sum : json_set_object(l->a, config, "global_threshold"));
    return what_is_left(l, config);
}

/* A sum and items stand beside each other since 2.2.4; of an older gateway the trap LIMIT_BOTH
 * warns in the plan. */
static cJSON *for_all_pods(struct limit *l, cJSON *config, const cJSON *redis, struct err *e)
{
    if (!set_limit_redis(l, config, redis, e))
        return NULL;
    if (!*l->what)
        return in_sum(l, config);
    cJSON *items = list_member(l, config, "rule_items");
    cJSON *item = item_of(l, items);
    set_entry(l, list_member(l, item, "limit_keys"));
    if (json_count(json_get(item, "limit_keys")) == 0)
        json_detach(items, item);
    else
        exact_first(l, items, item);
    return what_is_left(l, config);
}

cJSON *limits_config(struct arena *a, const cJSON *ask, const cJSON *config, struct err *e)
{
    struct limit l = { .a = a, .what = "", .name = "", .key = "" };
    const cJSON *redis = json_get(ask, "redis");
    cJSON *next = cJSON_IsObject(config) ? json_clone(a, config) : json_object(a);

    if (!read_ask(&l, ask, e))
        return NULL;
    if (redis || l.tokens || json_get(next, "redis"))
        return for_all_pods(&l, next, redis, e);
    return per_pod(&l, next, e);
}
