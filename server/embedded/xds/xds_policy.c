/* xds_policy.c - what a route does besides forwarding: retries, cors, rate limit. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include <ctype.h>

/* -- retries -------------------------------------------------------------------------------------
 */
struct retry {
    long tries;
    const char *on;
    const char *per_try;
    cJSON *codes;
    bool any_method;
};

/* What certainly did not reach the service, and 503. */
static void retry_by_default(struct xds *x, struct retry *t)
{
    t->on = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
    json_add(x->a, t->codes, json_number(x->a, 503));
}

static void read_conditions(struct xds *x, const char *text, struct retry *t)
{
    bool failure = false;
    char **word = annotation_items(x->a, text, strchr(text, ',') ? "," : " \t");
    for (size_t i = 0; word[i]; i++) {
        long code = 0;
        failure |= text_has_word("error|timeout|invalid_header", word[i]);
        t->any_method |= strcmp(word[i], "non_idempotent") == 0;
        if (strcmp(word[i], "off") == 0)
            t->tries = 0;
        else if (text_starts(word[i], "http_") && annotation_int(word[i] + 5, &code))
            json_add(x->a, t->codes, json_number(x->a, (double)code));
    }
    bool codes = json_count(t->codes) > 0;
    /* Stock Envoy ignores "non_idempotent"; it is written so that the route reads as Higress' own.
     */
    const char *all =
        arena_printf(x->a, "%s%s%s", failure ? "5xx," : "", t->any_method ? "non_idempotent," : "",
                     codes ? "retriable-status-codes," : "");
    if (*all)
        t->on = arena_strndup(x->a, all, strlen(all) - 1);
    else
        retry_by_default(x, t);
}

static struct retry read_retry_policy(struct xds *x, const struct xds_rule *r)
{
    const char *on = xds_annotation(x, r->policies, "proxy-next-upstream");
    const char *tries = xds_annotation(x, r->policies, "proxy-next-upstream-tries");
    const char *seconds = xds_annotation(x, r->policies, "proxy-next-upstream-timeout");
    struct retry t = { .tries = 2, .codes = json_array(x->a) };
    if (!on && !tries && !seconds) {
        retry_by_default(x, &t);
        return t;
    }
    long n = 0;
    t.on = "5xx";
    t.tries = !annotation_int(tries, &n) ? 3 : n > 0 ? n : 0;
    if (on)
        read_conditions(x, on, &t);
    if (annotation_int(seconds, &n) && n > 0)
        t.per_try = arena_printf(x->a, "%lds", n);
    return t;
}

/* POST, PATCH and LOCK are not repeated unless non_idempotent says so. */
static void spare_methods(struct xds *x, cJSON *policy)
{
    cJSON *list = json_set_array(x->a, policy, "retriable_request_headers");
    cJSON *m = json_add(x->a, list, json_object(x->a));
    json_set_str(x->a, m, "name", ":method");
    json_set_bool(x->a, m, "invert_match", true);
    cJSON *s = json_set_object(x->a, json_set_object(x->a, m, "string_match"), "safe_regex");
    json_set_str(x->a, s, "regex", "POST|PATCH|LOCK");
}

void xds_retry(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    struct retry t = read_retry_policy(x, r);
    if (t.tries == 0 || !*t.on)
        return;
    cJSON *policy = json_set_object(x->a, action, "retry_policy");
    json_set_str(x->a, policy, "retry_on", t.on);
    json_set_num(x->a, policy, "num_retries", (double)t.tries);
    if (t.per_try)
        json_set_str(x->a, policy, "per_try_timeout", t.per_try);
    if (json_count(t.codes))
        json_set(x->a, policy, "retriable_status_codes", t.codes);
    if (!t.any_method)
        spare_methods(x, policy);

    cJSON *other =
        json_add(x->a, json_set_array(x->a, policy, "retry_host_predicate"), json_object(x->a));
    json_set_str(x->a, other, "name", "envoy.retry_host_predicates.previous_hosts");
    json_set_str(x->a, json_set_object(x->a, other, "typed_config"), "@type",
                 XDS_TYPE "extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate");
    json_set_num(x->a, policy, "host_selection_retry_max_attempts", 5);
}

/* -- cors ----------------------------------------------------------------------------------------
 */
cJSON *xds_filter(struct xds *x, cJSON *route, const char *filter, const char *type)
{
    cJSON *all = json_get(route, "typed_per_filter_config");
    if (!all)
        all = json_set_object(x->a, route, "typed_per_filter_config");
    cJSON *config = json_set_object(x->a, all, filter);
    json_set_str(x->a, config, "@type", type);
    return config;
}

/* A star for the first label of a host is every name that ends so, with any scheme, as Higress has
 * it; another star in an origin makes it one that Higress ignores. */
static void add_origin(struct xds *x, const char *origin, cJSON *list)
{
    const char *star = strchr(origin, '*'), *scheme = strstr(origin, "://");
    cJSON *m = json_object(x->a);
    if (!star) {
        json_set_str(x->a, m, "exact", origin);
        json_add(x->a, list, m);
        return;
    }
    if (!scheme || star != scheme + 3 || star[1] != '.')
        return;
    char *regex = arena_alloc(x->a, 2 * strlen(star) + 4), *out = regex + 2;
    regex[0] = '.';
    regex[1] = '*';
    for (const char *c = star + 1; *c && *c != '/'; c++) {
        if (*c == '.')
            *out++ = '\\';
        *out++ = *c;
    }
    *out = '\0';
    json_set_str(x->a, json_set_object(x->a, m, "safe_regex"), "regex", regex);
    json_add(x->a, list, m);
}

static void add_origins(struct xds *x, const char *text, cJSON *list)
{
    char **origin = annotation_items(x->a, text ? text : "*", ",");
    for (size_t i = 0; origin[i]; i++)
        if (strcmp(origin[i], "*") == 0) {
            cJSON *any = json_add(x->a, list, json_object(x->a));
            json_set_str(x->a, json_set_object(x->a, any, "safe_regex"), "regex", ".*");
            return;
        }
    for (size_t i = 0; origin[i]; i++)
        add_origin(x, origin[i], list);
}

static void set_joined(struct xds *x, cJSON *config, const char *key, const char *text)
{
    char **part = annotation_items(x->a, text, ",");
    char *all = NULL;
    for (size_t i = 0; part[i]; i++)
        all = all ? arena_printf(x->a, "%s,%s", all, part[i]) : part[i];
    if (all)
        json_set_str(x->a, config, key, all);
}

void xds_cors(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    static const char headers[] = "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,"
                                  "If-Modified-Since,Cache-Control,Content-Type,Authorization";
    if (!xds_annotation_true(x, r->policies, "enable-cors"))
        return;
    const char *text = xds_annotation(x, r->policies, "cors-allow-origin");
    cJSON *c = xds_filter(x, route, "envoy.filters.http.cors",
                          XDS_TYPE "extensions.filters.http.cors.v3.CorsPolicy");
    add_origins(x, text, json_set_array(x->a, c, "allow_origin_string_match"));

    text = xds_annotation(x, r->policies, "cors-allow-methods");
    set_joined(x, c, "allow_methods", text ? text : "GET,PUT,POST,DELETE,PATCH,OPTIONS");
    text = xds_annotation(x, r->policies, "cors-allow-headers");
    set_joined(x, c, "allow_headers", text ? text : headers);
    text = xds_annotation(x, r->policies, "cors-expose-headers");
    if (text)
        set_joined(x, c, "expose_headers", text);
    text = xds_annotation(x, r->policies, "cors-allow-credentials");
    json_set_bool(x->a, c, "allow_credentials", !text || annotation_true(text));
    long age = 1728000;
    annotation_int(xds_annotation(x, r->policies, "cors-max-age"), &age);
    json_set_str(x->a, c, "max_age", arena_printf(x->a, "%ld", age));
}

/* -- rate limit ----------------------------------------------------------------------------------
 */
static void set_always(struct xds *x, cJSON *config, const char *key, const char *runtime)
{
    cJSON *f = json_set_object(x->a, config, key);
    json_set_num(x->a, json_set_object(x->a, f, "default_value"), "numerator", 100);
    json_set_str(x->a, f, "runtime_key", runtime);
}

static bool read_limit(struct xds *x, const struct xds_rule *r, long *fill, long *burst,
                       const char **interval)
{
    const char *text = xds_annotation(x, r->policies, "route-limit-burst-multiplier");
    *burst = 5;
    if (text && !annotation_int(text, burst))
        *burst = 5;
    *interval = "60s"; /* a limit a minute wins over one a second */
    if (annotation_int(xds_annotation(x, r->policies, "route-limit-rpm"), fill))
        return true;
    *interval = "1s";
    return annotation_int(xds_annotation(x, r->policies, "route-limit-rps"), fill);
}

/* Per route and per gateway: burst * limit at once, the limit per interval from then on. */
void xds_rate_limit(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    long fill = 0, burst = 0;
    const char *interval = NULL;
    if (!read_limit(x, r, &fill, &burst, &interval))
        return;
    const long ceiling = 4294967295L;
    if (fill < 1 || burst < 1 || fill > ceiling / burst) {
        xds_note(x, "ingress", xds_object_name(r->ingress),
                 "its rate limit %ld with burst %ld is out of range and not rendered", fill, burst);
        return;
    }
    cJSON *c = xds_filter(x, route, "envoy.filters.http.local_ratelimit",
                          XDS_TYPE "extensions.filters.http.local_ratelimit.v3.LocalRateLimit");
    json_set_str(x->a, c, "stat_prefix", "http_local_rate_limiter");
    json_set_str(x->a, json_set_object(x->a, c, "status"), "code", "TooManyRequests");
    cJSON *bucket = json_set_object(x->a, c, "token_bucket");
    json_set_num(x->a, bucket, "max_tokens", (double)(fill * burst));
    json_set_num(x->a, bucket, "tokens_per_fill", (double)fill);
    json_set_str(x->a, bucket, "fill_interval", interval);
    set_always(x, c, "filter_enabled", "local_rate_limit_enabled");
    set_always(x, c, "filter_enforced", "local_rate_limit_enforced");
    cJSON *item =
        json_add(x->a, json_set_array(x->a, c, "response_headers_to_add"), json_object(x->a));
    cJSON *header = json_set_object(x->a, item, "header");
    json_set_str(x->a, header, "key", "x-local-rate-limit");
    json_set_str(x->a, header, "value", "true");
}
