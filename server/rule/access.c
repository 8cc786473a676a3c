/* access.c - rules of authentication plugins, kept by plugin and scope, held against one route. */
#include "rule/access.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 3, BY_MAX = 240 };

enum { PLUGINS = 10 }; /* words of ACCESS_LOGINS */

struct access {
    struct arena *arena;
    const char *names[PLUGINS];
    cJSON *rules[PLUGINS]; /* {"route:orders": settings}; without the global part */
    const cJSON *global[PLUGINS];
    cJSON *gaps; /* used as a set */
};

struct access *access_new(struct arena *a)
{
    struct access *x = arena_make(a, struct access);
    char word[TEXT_WORD];
    const char *rest = ACCESS_LOGINS;

    x->arena = a;
    x->gaps = json_object(a);
    for (int i = 0; i < PLUGINS && text_word_next(&rest, word); i++) {
        x->names[i] = arena_strdup(a, word);
        x->rules[i] = json_object(a);
    }
    return x;
}

static int plugin_of(const struct access *x, const cJSON *o)
{
    const char *name = json_str(o, "pluginName");

    for (int i = 0; name && i < PLUGINS; i++)
        if (!strcmp(x->names[i], name))
            return i;
    return -1;
}

static bool asks_by_consumer(const struct access *x, int plugin)
{
    return text_has_word(ACCESS_BY_CONSUMER, x->names[plugin]);
}

void access_add(struct access *x, const char *scope, const cJSON *o)
{
    int i = plugin_of(x, o);
    const cJSON *settings = json_get(o, "configurations");

    if (i < 0 || !json_true(o, "enabled"))
        return;
    cJSON *kept = cJSON_IsObject(settings) ? json_clone(x->arena, settings) : json_object(x->arena);
    if (!strcmp(scope, "global"))
        x->global[i] = kept;
    else
        json_set(x->arena, x->rules[i], scope, kept);
}

void access_gap(struct access *x, const char *scope)
{
    json_set_bool(x->arena, x->gaps, scope, true);
}

/* -- one route -------------------------------------------------------------------------------- */

/* Does a rule for `domain` take every request for `host`? */
static bool domain_covers(const char *domain, const char *host)
{
    if (domain[0] == '*')
        return text_ends(host, domain + 1);
    return text_equal_nocase(domain, host);
}

static const cJSON *rule_for_host(const cJSON *rules, const char *host)
{
    const cJSON *r;

    cJSON_ArrayForEach(r, rules)
    {
        if (text_starts(r->string, "domain:") && domain_covers(r->string + 7, host))
            return r;
    }
    return NULL;
}

static const cJSON *rule_for(const cJSON *rules, const char *kind, const char *name)
{
    char scope[600];

    snprintf(scope, sizeof scope, "%s:%s", kind, name ? name : "");
    return json_get(rules, scope);
}

static const cJSON *rule_for_service(const cJSON *rules, const cJSON *service)
{
    const char *name = json_str(service, "name");
    char port[300];
    const cJSON *r = rule_for(rules, "service", name);

    snprintf(port, sizeof port, "%s:%.0f", name ? name : "", json_num(service, "port", 0));
    return r ? r : rule_for(rules, "service", port);
}

/* Hosts or services of a route that a rule hits, and the rule that hit first. */
struct hits {
    const cJSON *rule;
    int hit, of;
};

static struct hits hits_of_services(const cJSON *rules, const cJSON *route)
{
    struct hits h = { 0 };
    const cJSON *s;

    cJSON_ArrayForEach(s, json_get(route, "services"))
    {
        const cJSON *r = rule_for_service(rules, s);
        h.of++;
        h.hit += r != NULL;
        h.rule = h.rule ? h.rule : r;
    }
    return h;
}

/* A route without hosts takes any: no domain's rule covers all of them. */
static struct hits hits_of_hosts(const cJSON *rules, const cJSON *route)
{
    struct hits h = { 0 };
    const cJSON *d;

    cJSON_ArrayForEach(d, json_get(route, "domains"))
    {
        const cJSON *r = d->valuestring ? rule_for_host(rules, d->valuestring) : NULL;
        h.of++;
        h.hit += r != NULL;
        h.rule = h.rule ? h.rule : r;
    }
    return h;
}

static bool says_off(const struct access *x, const cJSON *settings, int plugin)
{
    const cJSON *all = json_get(settings, "global_auth");

    if (!asks_by_consumer(x, plugin))
        return json_str(settings, "anonymous_consumer") != NULL;
    return json_true(settings, "_disable_") ||
           (cJSON_IsFalse(all) && json_count(json_get(settings, "consumers")) > 0);
}

/* Is a request that no rule hits checked by the global part? */
static bool global_checks(const struct access *x, int plugin)
{
    const cJSON *all = json_get(x->global[plugin], "global_auth");

    if (!x->global[plugin])
        return false;
    if (!asks_by_consumer(x, plugin))
        return !says_off(x, x->global[plugin], plugin);
    return cJSON_IsTrue(all) || (!cJSON_IsFalse(all) && json_count(x->rules[plugin]) == 0);
}

/* " (alice, bob and 3 more)": who is let in; "(nobody)" for an empty list. */
static void say_names(struct buf *b, const cJSON *names)
{
    const cJSON *n;
    int i = 0, count = json_count(names);

    buf_str(b, count ? " (" : " (nobody)");
    cJSON_ArrayForEach(n, names)
    {
        if (i < NAMES_SHOWN)
            buf_printf(b, "%s%.40s", i ? ", " : "", n->valuestring ? n->valuestring : "?");
        i++;
    }
    if (count > NAMES_SHOWN)
        buf_printf(b, " and %d more", count - NAMES_SHOWN);
    buf_str(b, count ? ")" : "");
}

static const char *say_rule(struct arena *a, const char *plugin, const cJSON *rule)
{
    struct buf *b = buf_in(a, BY_MAX);
    const cJSON *allow = json_get(rule, "allow");

    buf_str(b, plugin);
    if (cJSON_IsArray(allow))
        say_names(b, allow);
    else if (text_starts(rule->string, "domain:") || text_starts(rule->string, "service:"))
        buf_printf(b, " (%.80s)", rule->string);
    return b->data;
}

/* The rule that decides for every request of a route (a service's before its own before a host's),
 * and one that decides for some of them; NULL: none. */
struct decision {
    const cJSON *rule, *some;
};

static struct decision decision_of(const cJSON *rules, const cJSON *route)
{
    const cJSON *own = rule_for(rules, "route", json_str(route, "name"));
    struct hits s = hits_of_services(rules, route), h = hits_of_hosts(rules, route);

    if (s.hit && s.hit == s.of)
        return (struct decision){ s.rule, NULL };
    if (own)
        return (struct decision){ own, s.rule };
    if (h.hit && h.hit == h.of)
        return (struct decision){ h.rule, s.rule };
    return (struct decision){ NULL, s.rule ? s.rule : h.rule };
}

static enum access_kind judge_login(const struct access *x, struct arena *a, int plugin,
                                    const cJSON *route, const char **by)
{
    struct decision d = decision_of(x->rules[plugin], route);
    bool rest = d.rule ? !says_off(x, d.rule, plugin) : global_checks(x, plugin);
    bool some = d.some ? !says_off(x, d.some, plugin) : rest;

    if (rest)
        *by = d.rule ? say_rule(a, x->names[plugin], d.rule)
                     : arena_printf(a, "%s (global)", x->names[plugin]);
    else if (some)
        *by = say_rule(a, x->names[plugin], d.some);
    return rest && some ? ACCESS_GUARDED : rest || some ? ACCESS_PARTLY : ACCESS_NONE;
}

/* What the console keeps in the route itself. */
static bool own_consumers(struct arena *a, const cJSON *route, const char **by)
{
    const cJSON *auth = json_get(route, "authConfig");

    if (!json_true(auth, "enabled"))
        return false;
    struct buf *b = buf_in(a, BY_MAX);
    buf_str(b, "key-auth");
    say_names(b, json_get(auth, "allowedConsumers"));
    *by = b->data;
    return true;
}

static bool has_unread_scope(const struct access *x, const cJSON *route)
{
    static const char *const whole[] = { "global", "domain:*", "route:*", "service:*" };
    const cJSON *m;

    for (int i = 0; i < 4; i++)
        if (json_get(x->gaps, whole[i]))
            return true;
    if (rule_for(x->gaps, "route", json_str(route, "name")))
        return true;
    cJSON_ArrayForEach(m, json_get(route, "domains"))
    {
        if (m->valuestring && rule_for_host(x->gaps, m->valuestring))
            return true;
    }
    cJSON_ArrayForEach(m, json_get(route, "services"))
    {
        if (rule_for_service(x->gaps, m))
            return true;
    }
    return false;
}

enum access_kind access_of(const struct access *x, struct arena *a, const cJSON *route,
                           const char **by)
{
    enum access_kind best = ACCESS_NONE;

    *by = NULL;
    if (own_consumers(a, route, by))
        return ACCESS_GUARDED;
    for (int i = 0; i < PLUGINS && best != ACCESS_GUARDED; i++) {
        const char *said = NULL;
        if (!x->global[i] && !x->rules[i]->child)
            continue;
        enum access_kind k = judge_login(x, a, i, route, &said);
        if (k == ACCESS_GUARDED || (k == ACCESS_PARTLY && best == ACCESS_NONE)) {
            best = k;
            *by = said;
        }
    }
    return best == ACCESS_NONE && has_unread_scope(x, route) ? ACCESS_UNKNOWN : best;
}
