/* check_route.c - rules of routes and domains; what AI routes share with routes. */
#include "kind/annotation.h"
#include "rule/check_private.h"
#include "rule/check_shared_private.h"
#include <math.h>

/* -- names ------------------------------------------------------------------------------------ */

static bool host_or_wildcard(const char *s)
{
    s += text_starts(s, "*.") ? 2 : 0;
    return check_word_kube(s, strlen(s));
}

/* Routes are found by the label domain_NAME, with "wildcard" for '*', of at most 63 bytes. A longer
 * name makes the console answer 500 to every question for the routes of the domain. */
static bool fits_label(const struct check *c, const char *where, const char *domain)
{
    size_t n = strlen("domain_") + strlen(domain) + (*domain == '*' ? strlen("wildcard") - 1 : 0);
    return n <= 63 || check_no(c,
                               "%s: '%s' is too long: the label by which its routes are found "
                               "would have %zu bytes, of 63",
                               where, check_shown(c, domain), n);
}

bool check_hosts(const struct check *c)
{
    const cJSON *d;
    int i = 0;
    cJSON_ArrayForEach(d, json_get(c->after, "domains"))
    {
        if (!host_or_wildcard(d->valuestring))
            return check_no(c, "domains[%d]: '%s' is no lower-case host name or *.name", i,
                            check_shown(c, d->valuestring));
        if (!fits_label(c, arena_printf(c->a, "domains[%d]", i++), d->valuestring))
            return false;
    }
    return true;
}

static bool domain_name(const struct check *c)
{
    const char *name = json_str(c->after, "name");
    if (c->before || !name || host_or_wildcard(name))
        return c->before || !name || fits_label(c, "name", name);
    return check_no(c,
                    "name: '%s' is no host name: lower-case letters, digits, '-' and '.'; it may "
                    "begin with '*.'",
                    check_shown(c, name));
}

static bool domain_https(const struct check *c)
{
    const char *https = json_str(c->after, "enableHttps");
    const char *cert = json_str(c->after, "certIdentifier");
    if (!https || !strcmp(https, "off") || (cert && *cert))
        return true;
    return check_no(c, "certIdentifier: enableHttps '%s' needs the name of a tls-certificate",
                    https);
}

/* -- predicates ------------------------------------------------------------------------------- */

bool check_path_begins(const struct check *c, const char *member)
{
    const cJSON *path = json_get(c->after, member);
    const char *type = json_str(path, "matchType"), *value = json_str(path, "matchValue");
    if (!type || !value)
        return true;
    if (strcmp(type, "REGULAR") != 0 && *value != '/')
        return check_no(c, "%s.matchValue: '%s' does not begin with '/'", member,
                        check_shown(c, value));
    if (!*value)
        return check_no(c, "%s.matchValue: must not be empty", member);
    return check_predicate(c, path, member, REGEX_REST_OF_PATH);
}

static bool check_route_path(const struct check *c)
{
    return check_path_begins(c, "path");
}

static bool predicates_fit(const struct check *c, const char *member)
{
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, json_get(c->after, member))
    {
        const char *key = json_str(p, "key"), *value = json_str(p, "matchValue");
        if (!check_word_ascii(key ? key : "") || !check_word_ascii(value ? value : ""))
            return check_no(c, "%s[%d]: key and matchValue take printable ASCII only", member, i);
        if (!check_predicate(c, p, arena_printf(c->a, "%s[%d]", member, i++), ""))
            return false;
    }
    return true;
}

static bool same_predicate(const cJSON *x, const cJSON *y)
{
    const char *kx = json_str(x, "key"), *ky = json_str(y, "key");
    const char *tx = json_str(x, "matchType"), *ty = json_str(y, "matchType");
    return kx && ky && tx && ty && !strcmp(kx, ky) && !strcmp(tx, ty);
}

static bool predicates_once(const struct check *c, const char *member)
{
    const cJSON *list = json_get(c->after, member), *p;
    int i = 0;
    cJSON_ArrayForEach(p, list)
    {
        int k = 0;
        for (const cJSON *q = list->child; q != p; q = q->next, k++)
            if (same_predicate(p, q))
                return check_no(c,
                                "%s[%d]: has the key and type of %s[%d]; the console keeps the "
                                "last of them only",
                                member, i, member, k);
        i++;
    }
    return true;
}

bool check_predicates(const struct check *c, const char *member)
{
    return predicates_fit(c, member) && predicates_once(c, member);
}

static bool route_predicates(const struct check *c)
{
    return check_predicates(c, "headers") && check_predicates(c, "urlParams");
}

static bool check_methods(const struct check *c)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(c->after, "methods"))
    {
        if (!text_has_word("GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH", m->valuestring))
            return check_no(c, "methods[%d]: '%s' is no HTTP method in capitals", i,
                            check_shown(c, m->valuestring));
        i++;
    }
    return true;
}

/* -- services --------------------------------------------------------------------------------- */

bool check_services(const struct check *c)
{
    const cJSON *services = json_get(c->after, "services"), *s;
    double total = 0;
    int n = json_count(services);
    cJSON_ArrayForEach(s, services) total += json_num(s, "weight", 100);
    if (n > 1 && fabs(total - 100) > 0.001)
        return check_no(c, "services: the weights add up to %g, must be 100", total);
    if (n != 1)
        return true;
    const char *version = json_str(services->child, "version");
    if (version && *version)
        return check_no(c, "services[0].version: the console drops the subset of a single service; "
                           "give a second service, or leave it out");
    if (json_num(services->child, "weight", 100) != 100)
        return check_no(c, "services[0].weight: the console drops the weight of a single service; "
                           "it gets all requests. Leave it out, or give the other services");
    return true;
}

/* -- the rest --------------------------------------------------------------------------------- */

bool check_auth(const struct check *c)
{
    const cJSON *t;
    cJSON_ArrayForEach(t, json_path(c->after, "authConfig.allowedCredentialTypes"))
    {
        if (strcmp(t->valuestring, "key-auth") != 0)
            return check_no(c,
                            "authConfig.allowedCredentialTypes: '%s' is not supported, only "
                            "key-auth is",
                            check_shown(c, t->valuestring));
    }
    return true;
}

/* A limit that the gateway does not take as it is meant is none. */
static bool limit_value(const struct check *c, const cJSON *m)
{
    const struct annotation *row = annotation_is_read(m->string);
    const char *why;
    if (!row || row->value != IS_LIMIT || !text_starts(row->name, "route-limit-") ||
        annotation_judge(row, m->valuestring, &why) == VALUE_FITS)
        return true;
    return check_no(c, "customConfigs.%s: '%s' is no whole number of at least 1",
                    check_shown(c, m->string), check_shown(c, m->valuestring));
}

/* The services of the console's routes weigh 100 together, and a canary's weight is a part of that.
 */
static bool canary_weight(const struct check *c)
{
    long weight = 0;
    const cJSON *customs = json_get(c->after, "customConfigs");
    cJSON *ingress = json_object(c->a);
    if (!customs)
        return true;
    json_set(c->a, json_set_object(c->a, ingress, "metadata"), "annotations",
             json_clone(c->a, customs));
    bool counts = annotation_true(annotation_value(c->a, ingress, "canary")) &&
                  !annotation_value(c->a, ingress, "canary-by-header") &&
                  !annotation_value(c->a, ingress, "canary-by-cookie") &&
                  annotation_int(annotation_value(c->a, ingress, "canary-weight"), &weight);
    return !counts || weight <= 100 ||
           check_no(c, "customConfigs: canary-weight is more than 100, which leaves the route less "
                       "than nothing: Envoy refuses every route of the gateway");
}

bool check_annotations(const struct check *c)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(c->after, "customConfigs"))
    {
        if (!cJSON_IsString(m))
            return check_no(c, "customConfigs.%s: must be a text", check_shown(c, m->string));
        if (annotation_is_made(m->string))
            return check_no(c,
                            "customConfigs.%s: the console makes this annotation itself; set "
                            "the member it stands for",
                            check_shown(c, m->string));
        if (!limit_value(c, m))
            return false;
    }
    return canary_weight(c);
}

/* Rendered with cluster_fallback, for which any Envoy but Higress' own refuses all routes. */
static bool check_canary_envoy(const struct check *c)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(c->after, "customConfigs"))
    {
        const char *slash = strchr(m->string, '/');
        if (slash && text_has_word("canary-by-header|canary-by-cookie", slash + 1))
            return check_no(c,
                            "customConfigs.%s: needs Higress' own Envoy; any other refuses all "
                            "routes of the gateway for it",
                            check_shown(c, m->string));
    }
    return true;
}

static bool one_line(const struct check *c, const char *path)
{
    const cJSON *h;
    int i = 0;
    cJSON_ArrayForEach(h, json_path(c->after, path))
    {
        const char *value = json_str(h, "value");
        if (value && strpbrk(value, "\r\n"))
            return check_no(c, "%s[%d].value: holds a line break", path, i);
        i++;
    }
    return true;
}

bool check_header_lines(const struct check *c)
{
    return one_line(c, "headerControl.request.add") && one_line(c, "headerControl.request.set") &&
           one_line(c, "headerControl.response.add") && one_line(c, "headerControl.response.set");
}

/* "http_502" and the like: the status that is tried again. */
static bool retry_status(const char *s)
{
    return text_starts(s, "http_") && strlen(s) == 8 && strspn(s + 5, "0123456789") == 3 &&
           (s[5] == '4' || s[5] == '5');
}

bool check_retries(const struct check *c)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_path(c->after, "proxyNextUpstream.conditions"))
    {
        const char *s = m->valuestring;
        if (!text_has_word("error|timeout|invalid_header|non_idempotent", s) && !retry_status(s))
            return check_no(c,
                            "proxyNextUpstream.conditions[%d]: '%s' is not one of error, timeout, "
                            "invalid_header, non_idempotent, http_4xx and http_5xx by number",
                            i, check_shown(c, s));
        i++;
    }
    return true;
}

static bool check_rewrite_path(const struct check *c)
{
    const char *to = json_str(json_get(c->after, "rewrite"), "path");
    const char *type = json_str(json_get(c->after, "path"), "matchType");
    if (!to || !*to || *to == '/' || (type && !strcmp(type, "REGULAR")))
        return true;
    return check_no(c, "rewrite.path: '%s' does not begin with '/'", check_shown(c, to));
}

const struct check_rule check_route_rules[] = {
    { "route", "domains", "Domains are host names or *.name, at most 56 bytes (*.: 49).",
      check_hosts },
    { "route", "path", "A path begins with '/'; REGULAR: an expression of RE2.", check_route_path },
    { "route", "headers|urlParams",
      "Predicates are ASCII; each type and key once; REGULAR: an expression of RE2.",
      route_predicates },
    { "route", "methods", "Methods are HTTP methods in capitals.", check_methods },
    { "route", "services",
      "Weights of several services sum to 100; a single one has neither weight nor version.",
      check_services },
    { "route", "authConfig", "Only the credential type key-auth works.", check_auth },
    { "route", "customConfigs",
      "No annotation that another member makes; route-limit-* >= "
      "1.",
      check_annotations },
    { "route", "customConfigs", "Canaries by header or cookie need Higress' own Envoy.",
      check_canary_envoy, .doubt = true },
    { "route", "rewrite|path", "A new path begins with '/', unless the path is REGULAR.",
      check_rewrite_path },
    { "route", "proxyNextUpstream", "Conditions of retries are words the gateway knows.",
      check_retries },
    { "route", "headerControl", "Header values are one line.", check_header_lines },
    { "domain", "name", "The name is a host name or *.name.", domain_name },
    { "domain", "enableHttps|certIdentifier", "on and force need a certificate.", domain_https },
    { 0 },
};
