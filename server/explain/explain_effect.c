/* explain_effect.c - what a route does with a request that it takes: redirect, rewrite, headers,
 * services and their shares. The rules are those of Higress' controller as they were read and
 * recorded (annotations); time limits and retries are in explain_policy.c. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include "kind/annotation.h"
#include "kind/ingress.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "rule/regex.h"
#include <string.h>

enum { SHOWN = 120, PATH_MAX_BYTES = 4096 };

void explain_add_note(struct arena *a, cJSON *answer, const char *text)
{
    cJSON *notes = json_get(answer, "notes");
    json_add_str(a, notes ? notes : json_set_array(a, answer, "notes"), text);
}

/* A part of a route that has a switch, unless it is off. */
const cJSON *explain_part(const cJSON *route, const char *part)
{
    const cJSON *o = json_get(route, part);
    return cJSON_IsObject(o) && !cJSON_IsFalse(json_get(o, "enabled")) ? o : NULL;
}

/* -- redirects -----------------------------------------------------------------------------------
 */
struct redirect {
    long code;
    const char *to, *why;
};

/* Scheme, host and path of the target are used, and the request's path where it has none. */
static const char *location(struct arena *a, const char *url, const struct route_request *request)
{
    const char *rest = strstr(url, "://");
    const char *path = rest ? strchr(rest + 3, '/') : NULL;
    size_t n = path ? strcspn(path, "?#") : 0;
    if (!rest)
        return url;
    size_t origin = path ? (size_t)(path - url) : strcspn(url, "?#");
    return arena_printf(a, "%.*s%.*s", (int)origin, url, (int)(path ? n : strlen(request->path)),
                        path ? path : request->path);
}

static long permanent_code(const cJSON *route)
{
    long code = 0;
    bool known = annotation_int(explain_annotation(route, "permanent-redirect-code"), &code);
    return known && code >= 300 && code <= 308 ? code : 301;
}

static bool find_redirect(struct arena *a, const struct explain_choice *c,
                          const struct route_request *request, const cJSON *route,
                          struct redirect *out)
{
    const char *temporary = explain_annotation(route, "temporal-redirect");
    const char *permanent = explain_annotation(route, "permanent-redirect");
    bool https = c->forces_https || explain_annotation_true(route, "ssl-redirect") ||
                 explain_annotation_true(route, "force-ssl-redirect");

    if (temporary)
        *out = (struct redirect){ 302, location(a, temporary, request), "temporal-redirect" };
    else if (permanent)
        *out = (struct redirect){ permanent_code(route), location(a, permanent, request),
                                  "permanent-redirect" };
    else if (https && !c->https)
        *out =
            (struct redirect){ 308, arena_printf(a, "https://%s%s", request->host, request->path),
                               c->forces_https ? "the domain forces HTTPS" : "ssl-redirect" };
    return out->code != 0;
}

static bool add_redirect(struct arena *a, cJSON *answer, const struct explain_choice *c,
                         const struct route_request *request, const cJSON *route)
{
    struct redirect r = { 0 };
    if (!find_redirect(a, c, request, route, &r))
        return false;
    cJSON *to = json_set_object(a, answer, "redirect");
    json_set_num(a, to, "code", (double)r.code);
    json_set_str(a, to, "to", text_clean(a, mask_shapes(a, r.to), 2 * SHOWN));
    json_set_str(a, to, "by", r.why);
    if (r.code == 300 || (r.code >= 304 && r.code <= 306))
        explain_add_note(a, answer, "the gateway sends no such code: the route does nothing");
    if (*request->query)
        explain_add_note(a, answer, "the request's query is kept, whatever query the target has");
    return true;
}

/* -- rewriting -----------------------------------------------------------------------------------
 */
static const char *apply_regex_rewrite(struct arena *a, const struct route_rule *r,
                                       const char *path, const char *target)
{
    struct regex *re = regex_new(r->path);
    char *out = arena_alloc(a, PATH_MAX_BYTES);
    if (!re)
        return path;
    arena_defer(a, regex_free, re);
    return regex_replace(re, path, ingress_groups(a, target), out, PATH_MAX_BYTES) ? out : NULL;
}

/* A prefix is replaced where it stands, letter by letter also where the match had no case. */
static const char *apply_prefix_rewrite(struct arena *a, const struct route_rule *r,
                                        const char *path, const char *target)
{
    size_t n = strcmp(r->path, "/") == 0 ? 0 : strlen(r->path);
    if (text_ends(target, "/"))
        return arena_printf(a, "%s%s", target, path[n] == '/' ? path + n + 1 : path + n);
    return strncmp(path, r->path, n) == 0 ? arena_printf(a, "%s%s", target, path + n) : path;
}

static const char *rewritten(struct arena *a, const struct explain_choice *c,
                             const struct route_request *request, const cJSON *policy)
{
    const struct route_rule *r = &c->rule->takes;
    const char *target = json_str(explain_part(policy, "rewrite"), "path");
    if (!target || !*target)
        return request->path;
    if (r->type == ROUTE_REGEX)
        return apply_regex_rewrite(a, r, request->path, target);
    return r->type == ROUTE_EQUAL ? target : apply_prefix_rewrite(a, r, request->path, target);
}

/* -- headers -------------------------------------------------------------------------------------
 */
static void add_header_list(struct arena *a, cJSON *to, const char *sign, const cJSON *list)
{
    const cJSON *h;
    cJSON_ArrayForEach(h, list)
    {
        const char *name = cJSON_IsString(h) ? h->valuestring : json_str(h, "key");
        const char *value = json_str(h, "value");
        if (!name)
            continue;
        name = text_clean(a, name, SHOWN);
        json_add_str(a, to,
                     value ? arena_printf(a, "%s%s: %s", sign, name, text_clean(a, value, SHOWN))
                           : arena_printf(a, "%s%s", sign, name));
    }
}

/* "+name: value" is added, "=name: value" replaces, "-name" is taken out. */
static void add_headers(struct arena *a, cJSON *answer, const char *member, const cJSON *shown,
                        const char *side)
{
    const cJSON *stage = json_get(explain_part(shown, "headerControl"), side);
    cJSON *list = json_array(a);
    add_header_list(a, list, "+", json_get(stage, "add"));
    add_header_list(a, list, "=", json_get(stage, "set"));
    add_header_list(a, list, "-", json_get(stage, "remove"));
    if (json_count(list))
        json_set(a, answer, member, list);
}

static void add_upstream(struct arena *a, cJSON *answer, const struct explain_choice *c,
                         const struct route_request *request, const cJSON *route, const cJSON *base)
{
    const cJSON *shown = mask_object(a, kind_find("route"), route);
    const cJSON *policy = base ? mask_object(a, kind_find("route"), base) : shown;
    const char *host = json_str(explain_part(policy, "rewrite"), "host");
    const char *path = rewritten(a, c, request, policy);
    cJSON *up = json_set_object(a, answer, "upstream");
    host = host && *host ? host : request->authority;
    if (*host)
        json_set_str(a, up, "host", text_clean(a, host, SHOWN));
    json_set_str(a, up, "path", path ? text_clean(a, path, 2 * SHOWN) : NULL);
    add_headers(a, up, "headers", shown, "request");
    add_headers(a, answer, "response_headers", shown, "response");
}

/* -- services ------------------------------------------------------------------------------------
 */
static void add_service_share(struct arena *a, cJSON *list, const cJSON *service, long share)
{
    const char *name = json_str(service, "name"), *version = json_str(service, "version");
    double port = json_num(service, "port", 0);
    cJSON *row = json_add(a, list, json_object(a));
    json_set_str(a, row, "service", name ? text_clean(a, name, SHOWN) : "?");
    if (port > 0)
        json_set_num(a, row, "port", port);
    if (version && *version)
        json_set_str(a, row, "version", text_clean(a, version, SHOWN));
    if (share < 100)
        json_set_num(a, row, "share", (double)share);
}

/* The first gets what the others leave of 100. */
static void add_shares(struct arena *a, cJSON *list, const cJSON *services, long whole)
{
    const cJSON *s, *first = services ? services->child : NULL;
    long sum = 0, others = 0;
    cJSON_ArrayForEach(s, services) sum += (long)json_num(s, "weight", 100);
    sum = json_count(services) == 1 ? 100 : sum > 100 ? sum : 100;
    for (s = first ? first->next : NULL; s; s = s->next)
        others += (long)json_num(s, "weight", 100) * 100 / sum;
    cJSON_ArrayForEach(s, services)
    {
        long share = s == first ? 100 - others : (long)json_num(s, "weight", 100) * 100 / sum;
        add_service_share(a, list, s, share * whole / 100);
    }
}

static void add_service_shares(struct arena *a, cJSON *answer, const struct explain_choice *c,
                               const cJSON *route)
{
    cJSON *list = json_set_array(a, answer, "services");
    long canaries = 0;
    for (const struct explain_rule *k = c->rule->weighted; k; k = k->next)
        canaries += k->weight * 100 / k->weight_total;
    if (canaries > 100 || canaries < 0)
        explain_add_note(
            a, answer, "the weights of its canaries are more than 100 %: Envoy refuses all routes");
    add_shares(a, list, json_get(route, "services"), canaries > 100 ? 0 : 100 - canaries);
    for (const struct explain_rule *k = c->rule->weighted; k; k = k->next) {
        int before = json_count(list);
        add_shares(a, list, k->services, k->weight * 100 / k->weight_total);
        for (int i = before; i < json_count(list); i++)
            json_set_str(a, cJSON_GetArrayItem(list, i), "canary",
                         text_clean(a, k->takes.name, SHOWN));
    }
}

/* -- the whole -----------------------------------------------------------------------------------
 */
void explain_effect(struct arena *a, cJSON *answer, const struct explain_choice *c,
                    const struct route_request *request, const cJSON *route, const cJSON *base)
{
    const cJSON *policy = base ? base : route; /* a canary copies its base's */
    if (json_true(route, "readonly") && json_count(json_get(route, "domains")) < 2)
        explain_add_note(
            a, answer, "the console did not make this route and may not show all its annotations");
    if (add_redirect(a, answer, c, request, policy))
        return;
    add_upstream(a, answer, c, request, route, base);
    add_service_shares(a, answer, c, route);
    explain_policy(a, answer, request, policy);
}
