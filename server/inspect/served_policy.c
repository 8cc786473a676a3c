/* served_policy.c - what an Envoy route does besides forwarding, in one form: retries, the rate
 * limit, who may come, CORS. Filters that the console does not write on routes are not looked at.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/served_private.h"
#include <stdlib.h>
#include <string.h>

static cJSON *members_of(struct arena *a, const cJSON *from, const char *names)
{
    cJSON *out = json_object(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, from)
    {
        if (text_has_word(names, m->string))
            json_set(a, out, m->string, json_clone(a, m));
    }
    return out;
}

static const cJSON *filter_of(const cJSON *route, const char *name)
{
    return json_get(json_get(route, "typed_per_filter_config"), name);
}

cJSON *served_read_retries(struct arena *a, const cJSON *route)
{
    const cJSON *policy = json_get(served_action(route), "retry_policy");
    const char *each = json_str(policy, "per_try_timeout");
    cJSON *out = members_of(a, policy, "retry_on|retriable_status_codes");
    if (!policy)
        return out;
    json_set_num(a, out, "retries", json_num(policy, "num_retries", 1));
    json_set_num(a, out, "seconds", each ? strtod(each, NULL) : 0);
    json_set_bool(a, out, "spares", json_count(json_get(policy, "retriable_request_headers")) > 0);
    return out;
}

static const char *retries_text(struct arena *a, const cJSON *retries)
{
    double n = json_num(retries, "seconds", 0);
    const cJSON *codes = json_get(retries, "retriable_status_codes");
    if (json_count(retries) == 0)
        return "none";
    return arena_printf(a, "%.0f on %s%s%s%s%s", json_num(retries, "retries", 0),
                        served_or_none(served_shown(a, json_str(retries, "retry_on"))),
                        codes ? " " : "", codes ? served_shown(a, json_print(a, codes)) : "",
                        json_true(retries, "spares") ? "" : ", of any method",
                        n > 0 ? arena_printf(a, ", %g s each", n) : "");
}

const char *served_say_retries(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return arena_printf(a, "the retries: Envoy makes %s, the console says %s",
                        retries_text(a, envoy), retries_text(a, console));
}

cJSON *served_read_rate_limit(struct arena *a, const cJSON *route)
{
    return members_of(a, filter_of(route, "envoy.filters.http.local_ratelimit"),
                      "token_bucket|filter_enabled|filter_enforced");
}

static const char *rate_limit_text(struct arena *a, const cJSON *limit)
{
    const cJSON *bucket = json_get(limit, "token_bucket");
    const char *interval = json_str(bucket, "fill_interval");
    if (!bucket)
        return "none";
    return arena_printf(a, "%.0f at once and %.0f in %s", json_num(bucket, "max_tokens", 0),
                        json_num(bucket, "tokens_per_fill", 1),
                        served_or_none(served_shown(a, interval)));
}

const char *served_say_rate_limit(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    const char *ours = rate_limit_text(a, console), *theirs = rate_limit_text(a, envoy);
    if (!strcmp(ours, theirs))
        return "the rate limit, which does not hold for every request in Envoy";
    return arena_printf(a, "the rate limit: Envoy has %s, the console makes %s", theirs, ours);
}

static const char *say_which_has(struct arena *a, const char *what, const cJSON *console,
                                 const cJSON *envoy)
{
    return arena_printf(a, "%s, which %s", what,
                        json_count(console) == 0 ? "only Envoy has"
                        : json_count(envoy) == 0 ? "Envoy has not"
                                                 : "is another one in Envoy");
}

cJSON *served_read_addresses(struct arena *a, const cJSON *route)
{
    const cJSON *rbac = json_get(filter_of(route, "envoy.filters.http.rbac"), "rbac");
    return members_of(a, rbac, "rules");
}

const char *served_say_addresses(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return say_which_has(a, "the list of addresses", console, envoy);
}

static void read_origins(struct arena *a, cJSON *out, const cJSON *cors)
{
    cJSON *all = json_set_array(a, out, "origins");
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(cors, "allow_origin_string_match"))
    {
        const char *regex = json_str(json_get(m, "safe_regex"), "regex");
        json_add(a, all,
                 regex ? json_string(a, arena_printf(a, "expression %s", regex))
                       : json_clone(a, m));
    }
}

/* A filter's, or a member of the route as older gateways have it. */
cJSON *served_read_cors(struct arena *a, const cJSON *route)
{
    const cJSON *filter = filter_of(route, "envoy.filters.http.cors");
    const cJSON *cors = filter ? filter : json_get(served_action(route), "cors");
    cJSON *out =
        members_of(a, cors, "allow_methods|allow_headers|expose_headers|allow_credentials|max_age");
    if (cors)
        read_origins(a, out, cors);
    return out;
}

const char *served_say_cors(struct arena *a, const cJSON *console, const cJSON *envoy)
{
    return say_which_has(a, "the CORS policy", console, envoy);
}
