/* ingress_write.c - Route → Ingress: annotations, labels, rules, TLS of its domains.
 *
 * Each section of a route is one function that writes its annotations. A section that is switched
 * off keeps its values under the prefix "disabled.".
 */
#include "embedded/objects/ingress_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/domain_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/rest.h"

enum { MAX_ANNOTATION = 256 << 10 };

struct writing {
    struct rest_request *r;
    struct arena *a;
    cJSON *ingress;
    bool disabled;     /* of the section being written */
    const bool *https; /* does its domains' HTTPS redirect? NULL: the store's domains say */
};

static void put_any(struct writing *w, const char *name, const char *value)
{
    const char *prefix = w->disabled ? "disabled." : "";
    kube_set_annotation(w->a, w->ingress, arena_printf(w->a, "%shigress.io/%s", prefix, name),
                        value);
}

static void put_annotation(struct writing *w, const char *name, const char *value)
{
    if (value && *value)
        put_any(w, name, value);
}

static void put_bool(struct writing *w, const char *name, const cJSON *value)
{
    if (cJSON_IsBool(value))
        put_annotation(w, name, cJSON_IsTrue(value) ? "true" : "false");
}

static void put_number(struct writing *w, const char *name, const cJSON *value)
{
    if (cJSON_IsNumber(value))
        put_annotation(w, name, json_print(w->a, value));
}

/* A list that is not empty, whatever is in it: null joins as "". */
static void put_list(struct writing *w, const char *name, const cJSON *list, char separator)
{
    struct buf *out = buf_in(w->a, MAX_ANNOTATION);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (item != list->child)
            buf_char(out, separator);
        buf_str(out, cJSON_IsString(item) ? item->valuestring : "");
    }
    if (json_count(list) > 0)
        put_any(w, name, out->data);
}

/* The members of a list that say something. */
static cJSON *without_empty(struct arena *a, const cJSON *list)
{
    cJSON *out = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item) && *item->valuestring)
            json_add(a, out, json_clone(a, item));
    }
    return out;
}

/* The switch itself is never prefixed; everything after it is while the section is off. */
static void put_switch(struct writing *w, const char *name, const cJSON *section)
{
    const cJSON *enabled = json_get(section, "enabled");
    put_annotation(w, name, cJSON_IsFalse(enabled) ? "false" : "true");
    w->disabled = cJSON_IsFalse(enabled);
}

static void write_methods(struct writing *w, const cJSON *route)
{
    put_list(w, "match-method", json_get(route, "methods"), ' ');
}

static bool write_keyed(struct writing *w, const cJSON *predicates, const char *what)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, predicates)
    {
        const char *key = json_str(p, "key"), *value = json_str(p, "matchValue");
        const char *type = json_str(p, "matchType");
        if (check_blank(key) || check_blank(value) || check_blank(type))
            continue;
        const char *word = ingress_match_word(type);
        if (!word)
            return rest_fail(w->r, X_ILLEGAL_ARGUMENT,
                             "No enum constant com.alibaba.higress.sdk.model.route."
                             "RoutePredicateTypeEnum.%s",
                             type);
        bool pseudo = *key == ':';
        put_annotation(w,
                       arena_printf(w->a, "%s-match-%s%s-%s", word, pseudo ? "pseudo-" : "", what,
                                    key + pseudo),
                       value);
    }
    return true;
}

static bool write_rewrite(struct writing *w, const cJSON *route)
{
    const cJSON *rewrite = json_get(route, "rewrite"), *path = json_get(route, "path");
    if (!cJSON_IsObject(rewrite))
        return true;
    const char *to = json_str(rewrite, "path"), *type = json_str(path, "matchType");
    put_switch(w, "enable-rewrite", rewrite);
    if (to && *to && !cJSON_IsObject(path))
        return rest_fail(w->r, X_NULL_POINTER,
                         "Cannot invoke \"com.alibaba.higress.sdk.model.route.RoutePredicate."
                         "getPredicateType()\" because \"pathPredicate\" is null");
    bool regex = type && strcmp(type, "REGULAR") == 0;
    put_annotation(w, regex ? "rewrite-target" : "rewrite-path", to);
    put_annotation(w, "upstream-vhost", json_str(rewrite, "host"));
    w->disabled = false;
    return true;
}

static void write_retry(struct writing *w, const cJSON *route)
{
    const cJSON *retry = json_get(route, "proxyNextUpstream");
    if (!cJSON_IsObject(retry))
        return;
    put_switch(w, "enable-proxy-next-upstream", retry);
    put_number(w, "proxy-next-upstream-tries", json_get(retry, "attempts"));
    put_number(w, "proxy-next-upstream-timeout", json_get(retry, "timeout"));
    put_list(w, "proxy-next-upstream", json_get(retry, "conditions"), ',');
    w->disabled = false;
}

/* A list that is not empty, though none of it may be left. */
static bool put_headers(struct writing *w, const char *name, const cJSON *headers)
{
    struct buf *out = buf_in(w->a, MAX_ANNOTATION);
    const cJSON *h;
    cJSON_ArrayForEach(h, headers)
    {
        if (cJSON_IsNull(h))
            return rest_fail(
                w->r, X_NULL_POINTER,
                "Cannot invoke \"com.alibaba.higress.sdk.model.route.Header.getKey()\" "
                "because \"header\" is null");
        const char *key = json_str(h, "key"), *value = json_str(h, "value");
        if (!key || !*key)
            continue;
        buf_printf(out, "%s%s %s", out->len ? "\n" : "", key, value ? value : "");
    }
    if (json_count(headers) > 0)
        put_any(w, name, out->data);
    return true;
}

static bool write_stage(struct writing *w, const cJSON *stage, const char *which)
{
    const cJSON *remove = json_get(stage, "remove");
    const char *name = arena_printf(w->a, "%s-header-control-remove", which);
    if (json_count(remove) > 0) {
        put_any(w, name, "");
        put_list(w, name, without_empty(w->a, remove), ',');
    }
    return put_headers(w, arena_printf(w->a, "%s-header-control-add", which),
                       json_get(stage, "add")) &&
           put_headers(w, arena_printf(w->a, "%s-header-control-update", which),
                       json_get(stage, "set"));
}

static bool write_header_control(struct writing *w, const cJSON *route)
{
    const cJSON *control = json_get(route, "headerControl");
    if (!cJSON_IsObject(control))
        return true;
    put_switch(w, "enable-header-control", control);
    bool written = write_stage(w, json_get(control, "request"), "request") &&
                   write_stage(w, json_get(control, "response"), "response");
    w->disabled = false;
    return written;
}

static void write_cors(struct writing *w, const cJSON *route)
{
    const cJSON *cors = json_get(route, "cors");
    put_bool(w, "enable-cors", json_get(cors, "enabled"));
    put_list(w, "cors-allow-origin", json_get(cors, "allowOrigins"), ',');
    put_list(w, "cors-allow-methods", json_get(cors, "allowMethods"), ',');
    put_list(w, "cors-allow-headers", json_get(cors, "allowHeaders"), ',');
    put_list(w, "cors-expose-headers", json_get(cors, "exposeHeaders"), ',');
    put_number(w, "cors-max-age", json_get(cors, "maxAge"));
    put_bool(w, "cors-allow-credentials", json_get(cors, "allowCredentials"));
}

static bool write_custom(struct writing *w, const cJSON *route)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(route, "customConfigs"))
    {
        if (!w->https &&
            !ingress_may_set(item->string)) /* what stands there may be shown, and not set */
            return rest_fail(w->r, X_VALIDATION,
                             "Annotation [%s] is already supported by Console. Please configure it "
                             "in the corresponding section instead of using custom annotations.",
                             item->string);
        if (cJSON_IsString(item))
            kube_set_annotation(w->a, w->ingress, item->string, item->valuestring);
    }
    return true;
}

static void write_labels(struct writing *w, const cJSON *route)
{
    const cJSON *item, *domains = json_get(route, "domains");
    cJSON_ArrayForEach(item, domains)
    {
        const char *domain = cJSON_IsString(item) ? item->valuestring : "null";
        kube_set_label(w->a, w->ingress, ingress_domain_label(w->a, domain), "true");
    }
    if (json_count(domains) == 0)
        kube_set_label(w->a, w->ingress, ingress_domain_label(w->a, NULL), "true");
    cJSON_ArrayForEach(item, json_get(route, "customLabels"))
    {
        if (cJSON_IsString(item))
            kube_set_label(w->a, w->ingress, item->string, item->valuestring);
    }
}

char *ingress_destination(struct arena *a, const cJSON *services)
{
    struct buf *out = buf_in(a, MAX_ANNOTATION);
    bool several = json_count(services) > 1;
    const cJSON *s;
    cJSON_ArrayForEach(s, services)
    {
        const char *name = json_str(s, "name"), *version = json_str(s, "version");
        const cJSON *port = json_get(s, "port");
        if (out->len)
            buf_char(out, '\n');
        if (several)
            buf_printf(out, "%d%% ", (int)json_num(s, "weight", 100));
        buf_str(out, name ? name : "null");
        if (cJSON_IsNumber(port))
            buf_printf(out, ":%d", (int)port->valuedouble);
        if (several && version && *version)
            buf_printf(out, " %s", version);
    }
    return arena_strdup(a, out->data);
}

static cJSON *backend(struct arena *a)
{
    cJSON *out = json_object(a), *resource = json_set_object(a, out, "resource");
    json_set_str(a, resource, "apiGroup", "networking.higress.io");
    json_set_str(a, resource, "kind", "McpBridge");
    json_set_str(a, resource, "name", "default");
    return out;
}

/* One rule; the path type has been checked. */
static void add_ingress_rule(struct writing *w, cJSON *rules, const cJSON *path, const char *host)
{
    cJSON *rule = json_add(w->a, rules, json_object(w->a));
    if (host && *host)
        json_set_str(w->a, rule, "host", host);
    cJSON *paths = json_set_array(w->a, json_set_object(w->a, rule, "http"), "paths");
    if (!cJSON_IsObject(path))
        return;
    cJSON *item = json_add(w->a, paths, json_object(w->a));
    const char *value = json_str(path, "matchValue");
    bool exact = strcmp(json_str(path, "matchType"), "EQUAL") == 0;
    json_set(w->a, item, "backend", backend(w->a));
    if (value && *value)
        json_set_str(w->a, item, "path", value);
    json_set_str(w->a, item, "pathType", exact ? "Exact" : "Prefix");
}

static bool write_path_match(struct writing *w, const cJSON *path)
{
    if (!cJSON_IsObject(path))
        return true;
    const char *type = json_str(path, "matchType");
    const cJSON *sensitive = json_get(path, "caseSensitive");
    if (!ingress_match_word(type))
        return rest_fail(w->r, X_ILLEGAL_ARGUMENT, "Unsupported path match type: %s", type);
    if (strcmp(type, "REGULAR") == 0)
        put_annotation(w, "use-regex", "true");
    if (cJSON_IsBool(sensitive))
        put_annotation(w, "ignore-path-case", cJSON_IsTrue(sensitive) ? "false" : "true");
    return true;
}

/* NULL: r has been answered. */
static cJSON *https_asked(struct writing *w, const cJSON *domains, bool *force)
{
    *force = w->https && *w->https;
    return w->https ? json_array(w->a) : domain_tls(w->r, domains, force);
}

static bool write_spec(struct writing *w, const cJSON *route)
{
    const cJSON *domains = json_get(route, "domains"), *domain;
    const cJSON *path = json_get(route, "path");
    cJSON *spec = json_set_object(w->a, w->ingress, "spec");
    json_set_str(w->a, spec, "ingressClassName", "higress");
    bool force = false;
    cJSON *tls = https_asked(w, domains, &force);
    if (!tls || !write_path_match(w, path))
        return false;
    cJSON *rules = json_set_array(w->a, spec, "rules");
    cJSON_ArrayForEach(domain, domains)
    {
        add_ingress_rule(w, rules, path, cJSON_IsString(domain) ? domain->valuestring : NULL);
    }
    if (json_count(domains) == 0)
        add_ingress_rule(w, rules, path, NULL);
    if (json_count(tls) > 0)
        json_set(w->a, spec, "tls", tls);
    if (force)
        put_annotation(w, "ssl-redirect", "true");
    return true;
}

/* In the console's order: what it refuses first is what it says. */
static cJSON *write_route(struct rest_request *r, const cJSON *route, const bool *https)
{
    struct writing w = { .r = r, .a = r->arena, .https = https };
    w.ingress = kube_new(w.a, json_str(route, "name"));
    kube_set_version(w.a, w.ingress, json_str(route, "version"));
    if (!write_keyed(&w, json_get(route, "urlParams"), "query") ||
        !write_keyed(&w, json_get(route, "headers"), "header"))
        return NULL;
    write_methods(&w, route);
    if (!write_rewrite(&w, route))
        return NULL;
    write_retry(&w, route);
    if (!write_header_control(&w, route) || !write_spec(&w, route))
        return NULL;
    put_annotation(&w, "destination", ingress_destination(w.a, json_get(route, "services")));
    write_cors(&w, route);
    if (!write_custom(&w, route))
        return NULL;
    write_labels(&w, route);
    return w.ingress;
}

cJSON *ingress_from_route(struct rest_request *r, const cJSON *route)
{
    return write_route(r, route, NULL);
}

cJSON *ingress_without_domains(struct rest_request *r, const cJSON *route, bool force_https)
{
    return write_route(r, route, &force_https);
}
