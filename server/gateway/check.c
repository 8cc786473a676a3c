/* check.c - what the console would drop, obey wrongly or notice too late, refused while planning.
 *
 * One function a kind, listed in `rules`. Only what was seen to do harm stands here; everything
 * else is the console's to judge, and its words are passed on.
 */
#include "gateway/check.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/kind.h"

static bool changed(const cJSON *before, const cJSON *after, const char *member)
{
    const cJSON *x = json_get(before, member), *y = json_get(after, member);
    bool none = !y || cJSON_IsNull(y);
    return !none && !(x && json_equal(x, y));
}

/* Accepted and lost: the caller would believe in a limit that is not there. */
static bool no_dropped(const cJSON *before, const cJSON *after, struct err *e)
{
    static const char *const dropped[] = { "mock", "redirect", "rateLimit", "timeout" };
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (changed(before, after, dropped[i]))
            return err_set(e, ERR_ARGS,
                           "%s: the console accepts it and stores nothing; set it by customConfigs "
                           "(higress.io/timeout, higress.io/route-limit-rps, …)",
                           dropped[i]);
    return true;
}

static bool match_type(const cJSON *predicate, const char *where, const char *allowed,
                       struct err *e)
{
    const char *type = json_str(predicate, "matchType");
    if (type && kind_has(allowed, type))
        return true;
    return err_set(e, ERR_ARGS, "%s.matchType: %s, must be one of %s in capitals", where,
                   type ? type : "missing", allowed);
}

static bool predicates(const cJSON *o, const char *member, struct err *e)
{
    char where[64];
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, json_get(o, member))
    {
        snprintf(where, sizeof where, "%s[%d]", member, i++);
        if (!match_type(p, where, "EQUAL|PRE|REGULAR", e))
            return false;
    }
    return true;
}

/* An unsupported type is answered with 500 after the route was written. */
static bool credential_types(const cJSON *o, struct err *e)
{
    const cJSON *t;
    cJSON_ArrayForEach(t, json_path(o, "authConfig.allowedCredentialTypes"))
    {
        if (!cJSON_IsString(t) || strcmp(t->valuestring, "key-auth") != 0)
            return err_set(e, ERR_ARGS,
                           "authConfig.allowedCredentialTypes: only key-auth is supported");
    }
    return true;
}

static bool check_route(const cJSON *before, const cJSON *after, struct err *e)
{
    const cJSON *s;
    int i = 0;
    if (!no_dropped(before, after, e))
        return false;
    const cJSON *path = json_get(after, "path");
    if (!cJSON_IsObject(path))
        return err_set(e, ERR_ARGS, "path: missing; give {matchType, matchValue}");
    if (!match_type(path, "path", "EQUAL|PRE|REGULAR", e) || !predicates(after, "headers", e) ||
        !predicates(after, "urlParams", e) || !credential_types(after, e))
        return false;
    if (json_count(json_get(after, "services")) == 0)
        return err_set(e, ERR_ARGS, "services: a route needs at least one");
    cJSON_ArrayForEach(s, json_get(after, "services"))
    {
        const char *name = json_str(s, "name");
        if (!name || !*name)
            return err_set(e, ERR_ARGS,
                           "services[%d].name: missing; the console would store 'null'", i);
        i++;
    }
    return true;
}

static bool weights(const cJSON *upstreams, const char *where, bool sum_counts, struct err *e)
{
    double sum = 0;
    const cJSON *u;
    int i = 0;
    cJSON_ArrayForEach(u, upstreams)
    {
        const char *provider = json_str(u, "provider");
        if (!provider || !*provider)
            return err_set(e, ERR_ARGS, "%s[%d].provider: missing", where, i);
        if (sum_counts && !cJSON_IsNumber(json_get(u, "weight")))
            return err_set(e, ERR_ARGS, "%s[%d].weight: missing; the weights must sum to 100",
                           where, i);
        sum += json_num(u, "weight", 0);
        i++;
    }
    if (i == 0)
        return err_set(e, ERR_ARGS, "%s: at least one is needed", where);
    if (sum_counts && sum != 100)
        return err_set(e, ERR_ARGS, "%s: the weights sum to %g, must be 100", where, sum);
    return true;
}

static bool check_ai_route(const cJSON *before, const cJSON *after, struct err *e)
{
    (void)before;
    const cJSON *path = json_get(after, "pathPredicate");
    if (cJSON_IsObject(path) && !match_type(path, "pathPredicate", "PRE", e))
        return false;
    if (!predicates(after, "headerPredicates", e) || !predicates(after, "urlParamPredicates", e) ||
        !credential_types(after, e))
        return false;
    const cJSON *fallback = json_get(after, "fallbackConfig");
    if (json_true(fallback, "enabled") &&
        !weights(json_get(fallback, "upstreams"), "fallbackConfig.upstreams", false, e))
        return false;
    return weights(json_get(after, "upstreams"), "upstreams", true, e);
}

/* A consumer whose credentials hold no key-auth one is deleted, with an answer that looks like
 * success. */
static bool check_consumer(const cJSON *before, const cJSON *after, struct err *e)
{
    const cJSON *c;
    int n = 0;
    cJSON_ArrayForEach(c, json_get(after, "credentials"))
    {
        const char *type = json_str(c, "type");
        if (!type || strcmp(type, "key-auth") != 0)
            return err_set(e, ERR_ARGS, "credentials[%d].type: only key-auth is stored", n);
        if (!before && json_count(json_get(c, "values")) == 0)
            return err_set(e, ERR_ARGS, "credentials[%d].values: at least one is needed", n);
        n++;
    }
    if (n == 1)
        return true;
    return err_set(e, ERR_ARGS, "credentials: exactly one of type key-auth is stored, %d given", n);
}

static bool check_domain(const cJSON *before, const cJSON *after, struct err *e)
{
    (void)before;
    const char *https = json_str(after, "enableHttps");
    const char *name = json_str(after, "name");
    if (https && !kind_has("off|on|force", https))
        return err_set(e, ERR_ARGS, "enableHttps: '%s' must be off, on or force", https);
    for (const char *s = name; s && *s; s++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-*", *s))
            return err_set(e, ERR_ARGS,
                           "name: a domain holds lower-case letters, digits, '-' and "
                           "'.', and may begin with '*.'");
    return true;
}

static bool check_instance(const cJSON *before, const cJSON *after, struct err *e)
{
    if (json_true(before, "internal") || json_true(after, "internal"))
        return err_set(e, ERR_ARGS, "internal: this instance belongs to the console itself");
    const cJSON *c = json_get(after, "configurations");
    if (c && !cJSON_IsNull(c) && !cJSON_IsObject(c))
        return err_set(e, ERR_ARGS, "configurations: must be an object");
    return true;
}

static const struct {
    const char *kind;
    bool (*check)(const cJSON *before, const cJSON *after, struct err *e);
} rules[] = {
    { "route", check_route },
    { "ai-route", check_ai_route },
    { "consumer", check_consumer },
    { "domain", check_domain },
    { "plugin-instance", check_instance },
};

bool check_object(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  struct err *e)
{
    (void)a;
    char word[KIND_WORD];
    for (const char *rest = k->needs; kind_next(&rest, word);) {
        const char *value = json_str(after, word);
        if (!value || !*value)
            return err_set(e, ERR_ARGS,
                           "%s: must be given; reading never shows it, and a write without it "
                           "would erase it",
                           word);
    }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].kind, k->name))
            return rules[i].check(before, after, e);
    return true;
}
