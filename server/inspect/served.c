/* served.c - the parts of an Envoy route in one form. A part is a row of served_parts. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/served_private.h"
#include "mask/mask.h"
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 160 };

static bool holds_only(const cJSON *object, const char *known)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, object)
    {
        if (!text_has_word(known, m->string))
            return false;
    }
    return true;
}

const char *served_shown(struct arena *a, const char *text)
{
    return text ? text_clean(a, mask_shapes(a, text), SHOWN) : NULL;
}

const char *served_or_none(const char *text)
{
    return text && *text ? text : "none";
}

/* Of the first member that is not in both as the same, its name; NULL: there is none. */
static const char *first_difference(const cJSON *console, const cJSON *envoy)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, console)
    {
        const cJSON *there = json_get(envoy, m->string);
        if (!there || !json_equal(m, there))
            return m->string;
    }
    cJSON_ArrayForEach(m, envoy)
    {
        if (!json_get(console, m->string))
            return m->string;
    }
    return NULL;
}

/* -- match ------------------------------------------------------------------------------------ */

static cJSON *condition_form(struct arena *a, const char *how, const char *value)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, how, value);
    return o;
}

/* {"exact": "1"}; NULL: a way that is not compared. */
static cJSON *read_match_condition(struct arena *a, const cJSON *p)
{
    static const struct {
        const char *path, *how;
    } ways[] = {
        { "string_match.exact", "exact" },
        { "exact_match", "exact" },
        { "string_match.prefix", "prefix" },
        { "prefix_match", "prefix" },
        { "string_match.safe_regex.regex", "regex" },
        { "safe_regex_match.regex", "regex" },
    };
    const char *name = json_str(p, "name");
    if (!name || json_count(p) != 2 || json_count(json_get(p, "string_match")) > 1)
        return NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const cJSON *value = json_path(p, ways[i].path);
        bool method = !strcmp(name, ":method"); /* one word or several: the same expression */
        if (cJSON_IsString(value))
            return condition_form(a, method ? "regex" : ways[i].how, value->valuestring);
    }
    return NULL;
}

static bool read_match_conditions(struct arena *a, cJSON *to, const char *member, const cJSON *list)
{
    cJSON *all = json_set_object(a, to, member);
    const cJSON *p;
    cJSON_ArrayForEach(p, list)
    {
        cJSON *one = read_match_condition(a, p);
        if (!one)
            return false;
        json_set(a, all, json_str(p, "name"), one);
    }
    return true;
}

static cJSON *read_match(struct arena *a, const cJSON *route)
{
    const cJSON *match = json_get(route, "match"), *regex = json_path(match, "safe_regex.regex");
    const char *path = json_str(match, "path"), *prefix = json_str(match, "prefix");
    cJSON *out = json_object(a);
    if (!holds_only(match, "path|prefix|safe_regex|case_sensitive|headers|query_parameters") ||
        !!path + !!prefix + !!cJSON_IsString(regex) != 1)
        return NULL;
    json_set_str(a, out, "way", path ? "exactly " : prefix ? "prefix " : "expression ");
    json_set_str(a, out, "path", path ? path : prefix ? prefix : regex->valuestring);
    if (path || prefix)
        json_set_bool(a, out, "case", !cJSON_IsFalse(json_get(match, "case_sensitive")));
    return read_match_conditions(a, out, "header", json_get(match, "headers")) &&
                   read_match_conditions(a, out, "parameter", json_get(match, "query_parameters"))
               ? out
               : NULL;
}

/* Names only: a value may be a secret. */
static const char *say_match_condition(struct arena *a, const char *what, const cJSON *console,
                                       const cJSON *envoy)
{
    const char *name = first_difference(console, envoy);
    if (!name)
        return NULL;
    return arena_printf(a, "the %s %s, which %s", what, served_shown(a, name),
                        !json_get(console, name) ? "only Envoy asks for"
                        : json_get(envoy, name)  ? "Envoy asks for another value of"
                                                 : "Envoy does not ask for");
}

static const char *path_text(struct arena *a, const cJSON *match)
{
    const cJSON *sensitive = json_get(match, "case");
    return arena_printf(a, "%s%s%s", json_str(match, "way"),
                        served_shown(a, json_str(match, "path")),
                        cJSON_IsFalse(sensitive) ? " in any case" : "");
}

static const char *say_match(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    const char *ours = path_text(a, console), *theirs = path_text(a, envoy), *said;
    if (strcmp(ours, theirs) != 0)
        return arena_printf(a, "the path: Envoy takes %s, the console says %s", theirs, ours);
    said = say_match_condition(a, "header", json_get(console, "header"), json_get(envoy, "header"));
    if (!said)
        said = say_match_condition(a, "parameter", json_get(console, "parameter"),
                                   json_get(envoy, "parameter"));
    return said ? said : "the path";
}

/* -- what is done with it --------------------------------------------------------------------- */

const cJSON *served_action(const cJSON *route)
{
    return json_get(route, "route");
}

/* All that may stand in a route's action; another member could send requests elsewhere. */
static bool action_known(const cJSON *route)
{
    return holds_only(
        served_action(route),
        "cluster|weighted_clusters|prefix_rewrite|regex_rewrite|host_rewrite_literal|"
        "timeout|retry_policy|max_grpc_timeout|cors|hash_policy|request_mirror_policies|"
        "rate_limits|idle_timeout|max_stream_duration|priority|upgrade_configs|"
        "append_x_forwarded_host|metadata_match");
}

static cJSON *read_action(struct arena *a, const cJSON *route)
{
    cJSON *out = json_object(a);
    const char *does = served_action(route)          ? "forwards"
                       : json_get(route, "redirect") ? "redirects"
                                                     : NULL;
    json_set_str(a, out, "does", does);
    return does && action_known(route) ? out : NULL;
}

static const char *say_action(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return arena_printf(a, "what is done: Envoy %s, the console's %s", json_str(envoy, "does"),
                        json_str(console, "does"));
}

static cJSON *read_redirect(struct arena *a, const cJSON *route)
{
    static const char known[] =
        "scheme_redirect|host_redirect|port_redirect|path_redirect|response_code";
    const cJSON *to = json_get(route, "redirect");
    cJSON *out = to ? json_clone(a, to) : json_object(a);
    const char *path = json_str(out, "path_redirect");
    if (!holds_only(out, known))
        return NULL;
    if (path && !*path)
        json_remove(out, "path_redirect");
    if (to && !json_get(out, "response_code"))
        json_set_str(a, out, "response_code", "MOVED_PERMANENTLY");
    return out;
}

static const char *say_redirect(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    const char *ours = json_str(console, "response_code"),
               *theirs = json_str(envoy, "response_code");
    if (!json_equal(json_get(console, "response_code"), json_get(envoy, "response_code")))
        return arena_printf(a, "the redirect's status: Envoy has %s, the console says %s",
                            served_or_none(theirs), served_or_none(ours));
    return "where it redirects to";
}

/* {"outbound|80||a.static": 30} of 100 */
static cJSON *read_target(struct arena *a, const cJSON *route)
{
    const cJSON *leg, *legs = json_path(served_action(route), "weighted_clusters.clusters");
    const char *cluster = json_str(served_action(route), "cluster");
    cJSON *out = json_object(a);
    if (served_action(route) && !cluster && !legs)
        return NULL;
    if (cluster)
        json_set_num(a, out, cluster, 100);
    cJSON_ArrayForEach(leg, legs)
    {
        const char *name = json_str(leg, "name");
        double weight = json_num(leg, "weight", 0);
        if (!name)
            return NULL;
        if (weight > 0)
            json_set_num(a, out, name, json_num(out, name, 0) + weight);
    }
    return out;
}

static const char *target_text(struct arena *a, const cJSON *target)
{
    const char *text = "";
    const cJSON *m;
    cJSON_ArrayForEach(m, target)
    {
        text = arena_printf(a, "%s%s%s", text, *text ? " and " : "", served_shown(a, m->string));
        if (json_count(target) > 1)
            text = arena_printf(a, "%s %.0f%%", text, m->valuedouble);
    }
    return served_or_none(text_clean(a, text, SHOWN));
}

static const char *say_target(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return arena_printf(a, "the service: Envoy sends to %s, the console says %s",
                        target_text(a, envoy), target_text(a, console));
}

static cJSON *read_upstream_host(struct arena *a, const cJSON *route)
{
    cJSON *out = json_object(a);
    json_set_str(a, out, "host", json_str(served_action(route), "host_rewrite_literal"));
    return out;
}

static const char *say_upstream_host(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return arena_printf(a, "the Host of the service: Envoy sets %s, the console says %s",
                        served_or_none(served_shown(a, json_str(envoy, "host"))),
                        served_or_none(served_shown(a, json_str(console, "host"))));
}

static cJSON *read_rewriting(struct arena *a, const cJSON *route)
{
    const cJSON *regex = json_get(served_action(route), "regex_rewrite");
    cJSON *out = json_object(a);
    json_set_str(a, out, "prefix", json_str(served_action(route), "prefix_rewrite"));
    json_set_str(a, out, "regex", json_str(json_get(regex, "pattern"), "regex"));
    json_set_str(a, out, "to", json_str(regex, "substitution"));
    return out;
}

/* A path that is set may hold a token. */
static const char *say_rewriting(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    (void)a;
    if (json_count(console) == 0)
        return "the path's rewriting, which only Envoy does";
    return json_count(envoy) == 0 ? "the path's rewriting, which Envoy does not do"
                                  : "the path's rewriting, which is another one in Envoy";
}

/* Envoy writes 15 s, its default, where there is none. */
static cJSON *read_timeout(struct arena *a, const cJSON *route)
{
    const char *text = json_str(served_action(route), "timeout");
    cJSON *out = json_object(a);
    if (served_action(route))
        json_set_num(a, out, "seconds", text ? strtod(text, NULL) : 15);
    return out;
}

static const char *seconds(struct arena *a, const cJSON *timeout)
{
    double n = json_num(timeout, "seconds", 0);
    return n > 0 ? arena_printf(a, "%g s", n) : "none";
}

static const char *say_timeout(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return arena_printf(a, "the timeout: Envoy has %s, the console says %s", seconds(a, envoy),
                        seconds(a, console));
}

/* -- headers ---------------------------------------------------------------------------------- */

static bool header_is_set(const cJSON *item)
{
    const char *how = json_str(item, "append_action");
    return how ? !strcmp(how, "OVERWRITE_IF_EXISTS_OR_ADD")
               : cJSON_IsFalse(json_get(item, "append"));
}

static bool read_added(struct arena *a, cJSON *out, const char *sign, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *header = json_get(item, "header");
        const char *key = json_str(header, "key"), *value = json_str(header, "value");
        if (!key || !holds_only(item, "header|append_action|append"))
            return false;
        key = arena_printf(a, "%s%s%s", sign, header_is_set(item) ? "" : "added ", key);
        const char *before = json_str(out, key);
        json_set_str(a, out, key,
                     arena_printf(a, "%s\n%s", before ? before : "", value ? value : ""));
    }
    return true;
}

static void read_removed(struct arena *a, cJSON *out, const char *sign, const cJSON *list)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, list)
    {
        if (cJSON_IsString(name))
            json_set_str(a, out, arena_printf(a, "%sremoved %s", sign, name->valuestring), "");
    }
}

static cJSON *read_headers(struct arena *a, const cJSON *route)
{
    static const char *const sides[] = { "request", "response" };
    cJSON *out = json_object(a);
    bool known = true;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        const char *sign = arena_printf(a, "%s header ", sides[i]);
        known =
            known && read_added(a, out, sign,
                                json_get(route, arena_printf(a, "%s_headers_to_add", sides[i])));
        read_removed(a, out, sign,
                     json_get(route, arena_printf(a, "%s_headers_to_remove", sides[i])));
    }
    return known ? out : NULL;
}

static const char *say_headers(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    const char *name = first_difference(console, envoy);
    if (!name)
        return "headers";
    return arena_printf(a, "the %s, %s", served_shown(a, name),
                        !json_get(console, name) ? "which is in Envoy only"
                        : json_get(envoy, name)  ? "whose value is another in Envoy"
                                                 : "which is in the console only");
}

/* -- the table -------------------------------------------------------------------------------- */

const struct served_part served_parts[] = {
    { "match", read_match, say_match },
    { "action", read_action, say_action, .decides = true },
    { "redirect", read_redirect, say_redirect },
    { "service", read_target, say_target },
    { "host", read_upstream_host, say_upstream_host },
    { "path", read_rewriting, say_rewriting },
    { "timeout", read_timeout, say_timeout },
    { "headers", read_headers, say_headers },
    { "retries", served_read_retries, served_say_retries },
    { "rate limit", served_read_rate_limit, served_say_rate_limit },
    { "addresses", served_read_addresses, served_say_addresses },
    { "CORS", served_read_cors, served_say_cors },
    { 0 },
};
