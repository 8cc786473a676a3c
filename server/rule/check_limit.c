/* check_limit.c - settings of the rate-limiting plugins, as the plugins themselves read them.
 *
 * A plugin refuses its whole settings for one bad rule and goes on with the old ones, silently;
 * some mistakes it resolves by chance. Facts: data-plane reference, §5.
 */
#include "rule/check.h"
#include "rule/check_private.h"
#include "rule/check_shared_private.h"
#include <math.h>

/* What the plugins share and differ in. */
struct limiter {
    const struct check *c;
    const char *unit; /* "query_per_" or "token_per_" */
    bool redis;       /* cluster-wide: items, a redis, a rule_name */
};

static bool check_window(const struct limiter *l, const char *where, const cJSON *o)
{
    static const char spans[] = "second|minute|hour|day";
    char word[TEXT_WORD];
    int n = 0;
    for (const char *rest = spans; text_word_next(&rest, word);) {
        const cJSON *m = json_get(o, arena_printf(l->c->a, "%s%s", l->unit, word));
        if (!m || cJSON_IsNull(m))
            continue;
        n++;
        double v = cJSON_IsNumber(m) ? m->valuedouble : 0;
        if (v < 1 || floor(v) != v || v > 2147483647)
            return check_no(l->c, "%s.%s%s: must be a whole number of at least 1", where, l->unit,
                            word);
    }
    if (n == 1)
        return true;
    return check_no(l->c, "%s: needs exactly one of %ssecond, _minute, _hour, _day; %d are given",
                    where, l->unit, n);
}

/* 0: a plain "limit_by_", 1: "limit_by_per_" (a count of its own for each value), 2: an address. */
static bool limit_key_fits(const struct limiter *l, const char *where, const char *by,
                           const char *key)
{
    bool per = text_starts(by, "limit_by_per_"), ip = text_ends(by, "_ip");
    bool each = !strcmp(key, "*") || text_starts(key, "regexp:");
    if (ip)
        return (strpbrk(key, ".:") && strspn(key, "0123456789abcdefABCDEF.:/") == strlen(key)) ||
               check_no(l->c, "%s.key: '%s' is no address or CIDR, such as 0.0.0.0/0", where,
                        check_shown(l->c, key));
    if (per && !each)
        return check_no(l->c, "%s.key: '%s' must be '*' or 'regexp:…' with %s", where,
                        check_shown(l->c, key), by);
    if (!per && each)
        return check_no(l->c,
                        "%s.key: '%s' counts exact values only with %s; a count for each value is "
                        "%s",
                        where, check_shown(l->c, key), by,
                        l->redis ? "limit_by_per_…" : "cluster-key-rate-limit");
    static const char mark[] = "regexp:";
    const char *expression = text_starts(key, mark) ? key + strlen(mark) : NULL;
    return !expression || check_expression(l->c, where, expression, "");
}

static bool keys(const struct limiter *l, const char *where, const char *by, const cJSON *list)
{
    const cJSON *k;
    int i = 0;
    if (json_count(list) == 0)
        return check_no(l->c, "%s.limit_keys: at least one is needed", where);
    cJSON_ArrayForEach(k, list)
    {
        char *at = arena_printf(l->c->a, "%s.limit_keys[%d]", where, i++);
        const char *key = json_str(k, "key");
        if (!key || !*key)
            return check_no(l->c, "%s.key: is required", at);
        if (!limit_key_fits(l, at, by, key) || !check_window(l, at, k))
            return false;
    }
    return true;
}

/* The member that says what is counted; exactly one. */
static bool counted_by(const struct limiter *l, const char *where, const cJSON *o, const char **by)
{
    const cJSON *m, *found = NULL;
    int n = 0;
    cJSON_ArrayForEach(m, o)
    {
        if (!text_starts(m->string, "limit_by_") || cJSON_IsNull(m))
            continue;
        n++;
        found = m;
    }
    if (n != 1)
        return check_no(l->c, "%s: needs exactly one limit_by_…; %d are given", where, n);
    *by = found->string;
    if (!cJSON_IsString(found))
        return check_no(l->c, "%s.%s: must be a text", where, *by);
    const char *v = found->valuestring;
    if (text_ends(*by, "_consumer"))
        return true;
    if (text_ends(*by, "_ip"))
        return !strcmp(v, "from-remote-addr") || text_starts(v, "from-header-") ||
               check_no(l->c, "%s.%s: '%s' is not from-remote-addr or from-header-NAME", where, *by,
                        check_shown(l->c, v));
    return *v || check_no(l->c, "%s.%s: names nothing", where, *by);
}

static bool item(const struct limiter *l, const char *where, const cJSON *o)
{
    const char *by = "";
    return counted_by(l, where, o, &by) && keys(l, where, by, json_get(o, "limit_keys"));
}

/* Both since 2.2.4; before, the plugin refuses it: the trap LIMIT_BOTH warns of that. */
static bool shared(const struct limiter *l, const char *where, const cJSON *o)
{
    const cJSON *redis = json_get(o, "redis"), *items = json_get(o, "rule_items"), *m;
    const cJSON *global = json_get(o, "global_threshold");
    const char *name = json_str(o, "rule_name"), *service = json_str(redis, "service_name");
    int i = 0;
    if (!name || !*name)
        return check_no(l->c, "%s.rule_name: is required", where);
    if (!service || !*service)
        return check_no(l->c, "%s.redis.service_name: is required, such as redis.dns", where);
    if (!global && !items)
        return check_no(l->c, "%s: needs rule_items or global_threshold", where);
    if (global && !check_window(l, arena_printf(l->c->a, "%s.global_threshold", where), global))
        return false;
    if (items && json_count(items) == 0)
        return check_no(l->c, "%s.rule_items: at least one is needed", where);
    cJSON_ArrayForEach(m, items)
    {
        if (!item(l, arena_printf(l->c->a, "%s.rule_items[%d]", where, i++), m))
            return false;
    }
    return true;
}

static const struct row {
    const char *plugin, *unit;
    bool redis;
} rows[] = {
    { "key-rate-limit", "query_per_", false },
    { "cluster-key-rate-limit", "query_per_", true },
    { "ai-token-ratelimit", "token_per_", true },
    { 0 },
};

static const struct row *limiter_row(const char *plugin)
{
    const struct row *r = rows;
    while (r->plugin && strcmp(r->plugin, plugin) != 0)
        r++;
    return r->plugin ? r : NULL;
}

bool check_is_limiter(const char *plugin)
{
    return limiter_row(plugin) != NULL;
}

bool check_limits(const struct check *c, const char *plugin, const char *where)
{
    const struct row *r = limiter_row(plugin);
    const cJSON *o = json_get(c->after, where);
    bool on = cJSON_IsTrue(json_get(c->after, "enabled"));
    if (!r || (!on && json_count(o) == 0))
        return true;
    struct limiter l = { c, r->unit, r->redis };
    return l.redis ? shared(&l, where, o) : item(&l, where, o);
}
