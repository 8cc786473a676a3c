/* ingress_read.c - Ingress → Route: the mirror of ingress_write.c. */
#include "embedded/objects/ingress_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"
#include "kind/annotation.h"

struct reading {
    struct arena *a;
    const cJSON *ingress, *annotations;
};

/* The annotation, switched off or not; NULL when absent. */
static const char *ingress_read_get(struct reading *in, const char *name)
{
    const char *disabled = NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, in->annotations)
    {
        const char *key = item->string;
        bool off = strncmp(key, "disabled.", 9) == 0;
        key += off ? 9 : 0;
        if (strncmp(key, "higress.io/", 11) != 0 || strcmp(key + 11, name) != 0)
            continue;
        if (!off)
            return item->valuestring;
        disabled = item->valuestring;
    }
    return disabled;
}

static bool read_text_field(struct reading *in, cJSON *to, const char *field, const char *name)
{
    const char *value = ingress_read_get(in, name);
    if (value)
        json_set_str(in->a, to, field, value);
    return value != NULL;
}

static bool set_number(struct reading *in, cJSON *to, const char *field, const char *name)
{
    const char *value = ingress_read_get(in, name);
    char *end;
    if (!value)
        return false;
    double n = strtod(value, &end);
    if (end != value && *end == '\0')
        json_set_num(in->a, to, field, n);
    return true;
}

static bool read_bool_field(struct reading *in, cJSON *to, const char *field, const char *name)
{
    const char *value = ingress_read_get(in, name);
    if (value)
        json_set_bool(in->a, to, field, text_equal_nocase(value, "true"));
    return value != NULL;
}

static bool set_list(struct reading *in, cJSON *to, const char *field, const char *name,
                     const char *separator)
{
    const char *value = ingress_read_get(in, name);
    if (!value || !*value)
        return value != NULL;
    cJSON *list = json_set_array(in->a, to, field);
    while (*value) {
        size_t len = strcspn(value, separator);
        if (len)
            json_add(in->a, list, json_stringn(in->a, value, len));
        value += len + (value[len] != '\0');
    }
    return true;
}

/* Sections count as switched on unless their switch says no. */
static bool read_switch(struct reading *in, cJSON *to, const char *name)
{
    const char *value = ingress_read_get(in, name);
    json_set_bool(in->a, to, "enabled", !value || text_equal_nocase(value, "true"));
    return value != NULL;
}

static void read_rewrite(struct reading *in, cJSON *route)
{
    cJSON *rewrite = model_new(in->a, ingress_rewrite_model);
    bool any = read_switch(in, rewrite, "enable-rewrite");
    any |= read_text_field(in, rewrite, "path", "rewrite-target");
    any |= read_text_field(in, rewrite, "path", "rewrite-path");
    any |= read_text_field(in, rewrite, "host", "upstream-vhost");
    if (any)
        json_set(in->a, route, "rewrite", rewrite);
}

static void read_retry_section(struct reading *in, cJSON *route)
{
    cJSON *retry = model_new(in->a, ingress_retry_model);
    bool any = read_switch(in, retry, "enable-proxy-next-upstream");
    any |= set_number(in, retry, "attempts", "proxy-next-upstream-tries");
    any |= set_number(in, retry, "timeout", "proxy-next-upstream-timeout");
    any |= set_list(in, retry, "conditions", "proxy-next-upstream", ",");
    if (any)
        json_set(in->a, route, "proxyNextUpstream", retry);
}

static void read_cors(struct reading *in, cJSON *route)
{
    if (json_count(in->annotations) == 0)
        return;
    cJSON *cors = json_set(in->a, route, "cors", model_new(in->a, ingress_cors_model));
    read_bool_field(in, cors, "enabled", "enable-cors");
    set_list(in, cors, "allowOrigins", "cors-allow-origin", ",");
    set_list(in, cors, "allowMethods", "cors-allow-methods", ",");
    set_list(in, cors, "allowHeaders", "cors-allow-headers", ",");
    set_list(in, cors, "exposeHeaders", "cors-expose-headers", ",");
    set_number(in, cors, "maxAge", "cors-max-age");
    read_bool_field(in, cors, "allowCredentials", "cors-allow-credentials");
}

/* Lines "key value". */
static bool read_header_lines(struct reading *in, cJSON *to, const char *field, const char *name)
{
    const char *p = ingress_read_get(in, name);
    if (!p || !*p)
        return false;
    cJSON *list = json_set_array(in->a, to, field);
    while (*p) {
        size_t len = strcspn(p, "\n"), key = strcspn(p, " \n");
        cJSON *header = json_object(in->a);
        json_set(in->a, header, "key", json_stringn(in->a, p, key));
        size_t skip = key < len ? key + 1 : len;
        json_set(in->a, header, "value", json_stringn(in->a, p + skip, len - skip));
        if (key)
            json_add(in->a, list, header);
        p += len + (p[len] == '\n');
    }
    return true;
}

/* names: of add, update and remove. */
static bool read_stage(struct reading *in, cJSON *control, const char *which,
                       const char *const names[3])
{
    cJSON *stage = model_new(in->a, ingress_stage_model);
    bool any = read_header_lines(in, stage, "add", names[0]);
    any |= read_header_lines(in, stage, "set", names[1]);
    any |= set_list(in, stage, "remove", names[2], ",");
    if (any)
        json_set(in->a, control, which, stage);
    return any;
}

static void read_header_control(struct reading *in, cJSON *route)
{
    cJSON *control = model_new(in->a, ingress_headers_model);
    read_switch(in, control, "enable-header-control");
    static const char *const names[2][3] = {
        { "request-header-control-add", "request-header-control-update",
          "request-header-control-remove" },
        { "response-header-control-add", "response-header-control-update",
          "response-header-control-remove" },
    };
    bool request = read_stage(in, control, "request", names[0]);
    bool response = read_stage(in, control, "response", names[1]);
    if (request || response)
        json_set(in->a, route, "headerControl", control);
}

static void read_matches(struct reading *in, cJSON *route)
{
    const cJSON *item;
    struct annotation_predicate is;
    cJSON_ArrayForEach(item, in->annotations)
    {
        struct annotation_name n = annotation_split(item->string);
        if (n.under != READ_OWN || n.disabled || !annotation_predicate(n.name, &is))
            continue;
        cJSON *list = json_get(route, is.field);
        if (!cJSON_IsArray(list))
            list = json_set_array(in->a, route, is.field);
        cJSON *p = json_add(in->a, list, model_new(in->a, ingress_keyed_model));
        json_set_str(in->a, p, "matchType", is.type);
        json_set_str(in->a, p, "matchValue", cJSON_IsString(item) ? item->valuestring : NULL);
        json_set_str(in->a, p, "key", arena_printf(in->a, "%s%s", is.pseudo ? ":" : "", is.key));
    }
}

static void read_path_predicate(struct reading *in, cJSON *route, const cJSON *path)
{
    cJSON *p = json_set(in->a, route, "path", model_new(in->a, ingress_predicate_model));
    const char *type = json_str(path, "pathType"), *regex = ingress_read_get(in, "use-regex");
    const char *match = type && strcmp(type, "Exact") == 0 ? "EQUAL" : "PRE";
    if (regex && text_equal_nocase(regex, "true"))
        match = "REGULAR";
    json_set_str(in->a, p, "matchType", match);
    json_set_str(in->a, p, "matchValue", json_str(path, "path"));
    const char *ignore = ingress_read_get(in, "ignore-path-case");
    if (ignore)
        json_set_bool(in->a, p, "caseSensitive", !text_equal_nocase(ignore, "true"));
}

/* A service that Kubernetes itself routes to: an Ingress that the console did not make. */
static cJSON *kubernetes_service(struct arena *a, const cJSON *backend)
{
    const cJSON *service = json_get(backend, "service");
    const char *name = json_str(service, "name");
    if (!name)
        return NULL;
    cJSON *list = json_array(a);
    cJSON *item = json_add(a, list, model_new(a, ingress_upstream_model));
    json_set_str(a, item, "name", arena_printf(a, "%s.higress-system.svc.cluster.local", name));
    const cJSON *port = json_path(service, "port.number");
    if (cJSON_IsNumber(port))
        json_set_num(a, item, "port", port->valuedouble);
    json_set_num(a, item, "weight", 100);
    return list;
}

/* Only one rule with one path to the McpBridge is something the console's form can show. */
static bool read_rule(struct reading *in, cJSON *route)
{
    const cJSON *rules = json_path(in->ingress, "spec.rules"), *rule;
    cJSON *domains = json_set_array(in->a, route, "domains");
    cJSON_ArrayForEach(rule, rules)
    {
        const char *host = json_str(rule, "host");
        if (host && *host)
            json_add_str(in->a, domains, host);
    }
    const cJSON *paths = json_path(rules ? rules->child : NULL, "http.paths");
    const cJSON *path = paths ? paths->child : NULL;
    if (!path)
        return false;
    read_path_predicate(in, route, path);
    const char *kind = json_str(json_path(path, "backend.resource"), "kind");
    bool bridge = kind && strcmp(kind, "McpBridge") == 0;
    const char *destination = ingress_read_get(in, "destination");
    cJSON *services = bridge && destination ? ingress_services(in->a, destination)
                                            : kubernetes_service(in->a, json_get(path, "backend"));
    if (services)
        json_set(in->a, route, "services", services);
    return bridge && json_count(rules) == 1 && json_count(paths) == 1;
}

static void read_custom(struct reading *in, cJSON *route)
{
    const cJSON *item;
    cJSON *configs = json_set_object(in->a, route, "customConfigs");
    cJSON *labels = json_set_object(in->a, route, "customLabels");
    cJSON_ArrayForEach(item, in->annotations)
    {
        if (cJSON_IsString(item) && ingress_is_custom(item->string))
            json_set_str(in->a, configs, item->string, item->valuestring);
    }
    cJSON_ArrayForEach(item, json_path(in->ingress, "metadata.labels"))
    {
        if (!cJSON_IsString(item) || text_starts(item->string, "higress.io/domain_") ||
            strcmp(item->string, "higress.io/resource-definer") == 0 ||
            strcmp(item->string, "higress.io/internal") == 0)
            continue;
        json_set_str(in->a, labels, item->string, item->valuestring);
    }
}

cJSON *ingress_to_route(struct arena *a, const cJSON *ingress)
{
    struct reading in = { a, ingress, json_path(ingress, "metadata.annotations") };
    cJSON *route = model_new(a, ingress_route_model);
    json_set_str(a, route, "name", kube_name(ingress));
    json_set_str(a, route, "version", kube_version(ingress));
    bool editable = read_rule(&in, route);
    set_list(&in, route, "methods", "match-method", " ");
    read_matches(&in, route);
    read_rewrite(&in, route);
    read_retry_section(&in, route);
    read_cors(&in, route);
    read_header_control(&in, route);
    read_custom(&in, route);
    json_set_bool(a, route, "readonly", !editable || !kube_is_defined_here(ingress));
    return route;
}

/* "30% name:80 v1": one line of a destination; NULL when it cannot be read. */
static cJSON *read_service(struct arena *a, const char *line)
{
    double weight = 100;
    line += strspn(line, " ");
    const char *percent = strchr(line, '%');
    if (percent && percent < line + strcspn(line, " ")) {
        char *end;
        weight = strtod(line, &end);
        if (end != percent)
            return NULL;
        line = percent + 1 + strspn(percent + 1, " ");
    }
    size_t len = strcspn(line, " ");
    if (!len)
        return NULL;
    char *name = arena_strndup(a, line, len), *colon = strrchr(name, ':');
    const char *version = line + len + strspn(line + len, " ");
    int port;
    cJSON *service = model_new(a, ingress_upstream_model);
    if (colon && java_parse_int(colon + 1, &port)) { /* one that is no port stays in the name too */
        json_set_num(a, service, "port", port);
        *colon = port >= 1 && port <= 65535 ? '\0' : ':';
    }
    json_set_str(a, service, "name", name);
    if (*version)
        json_set(a, service, "version", json_stringn(a, version, strcspn(version, " ")));
    json_set_num(a, service, "weight", weight);
    return service;
}

cJSON *ingress_services(struct arena *a, const char *destination)
{
    cJSON *list = json_array(a);
    while (*destination) {
        size_t len = strcspn(destination, "\n");
        cJSON *service = read_service(a, arena_strndup(a, destination, len));
        if (service)
            json_add(a, list, service);
        destination += len + (destination[len] == '\n');
    }
    return list;
}
