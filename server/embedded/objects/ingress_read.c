/* ingress_read.c - Ingress → Route: the mirror of ingress_write.c. */
#include "embedded/objects/ingress_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"
#include "kind/annotation.h"

struct reading {
    struct arena *a;
    const cJSON *ingress, *annotations;
};

/* The annotation of a section that is switched on, or off: those names begin with "disabled.". */
static const char *ingress_read_get(struct reading *in, const char *name, bool enabled)
{
    const char *prefix = enabled ? "" : "disabled.";
    return json_str(in->annotations, arena_printf(in->a, "%shigress.io/%s", prefix, name));
}

static const char *get_own(struct reading *in, const char *name)
{
    return ingress_read_get(in, name, true);
}

static bool is_true(const char *text)
{
    return text_equal_nocase(text, "true");
}

static void read_text_field(struct reading *in, cJSON *to, const char *field, const char *value)
{
    if (value)
        json_set_str(in->a, to, field, value);
}

static void set_number(struct reading *in, cJSON *to, const char *field, const char *value)
{
    int n;
    if (value && java_parse_int(value, &n))
        json_set_num(in->a, to, field, n);
}

static void read_bool_field(struct reading *in, cJSON *to, const char *field, const char *value)
{
    if (value && *value)
        json_set_bool(in->a, to, field, is_true(value));
}

/* The parts of a text, as Java splits it: of empty ones only those at the end are dropped. */
static void set_list(struct reading *in, cJSON *to, const char *field, const char *value,
                     char separator)
{
    size_t most = 1;
    if (!value || !*value)
        return;
    for (const char *p = value; *p; p++)
        most += *p == separator;
    char **parts = arena_array(in->a, char *, most);
    size_t n = java_split(in->a, value, separator, parts, most);
    cJSON *list = json_set_array(in->a, to, field);
    for (size_t i = 0; i < n; i++)
        json_add_str(in->a, list, parts[i]);
}

/* Sections count as switched on unless their switch says no. */
static bool read_switch(struct reading *in, cJSON *section, const char *raw)
{
    bool enabled = !raw || !*raw || is_true(raw);
    json_set_bool(in->a, section, "enabled", enabled);
    return enabled;
}

static void read_rewrite(struct reading *in, cJSON *route)
{
    cJSON *rewrite = model_new(in->a, ingress_rewrite_model);
    const char *raw = get_own(in, "enable-rewrite");
    bool enabled = read_switch(in, rewrite, raw);
    const char *path = ingress_read_get(in, "rewrite-path", enabled);
    const char *host = ingress_read_get(in, "upstream-vhost", enabled);
    if (!path || !*path)
        path = ingress_read_get(in, "rewrite-target", enabled);
    if (check_blank(raw) && check_blank(path) && check_blank(host))
        return;
    read_text_field(in, rewrite, "path", path);
    read_text_field(in, rewrite, "host", host);
    json_set(in->a, route, "rewrite", rewrite);
}

static void read_retry_section(struct reading *in, cJSON *route)
{
    cJSON *retry = model_new(in->a, ingress_retry_model);
    const char *raw = get_own(in, "enable-proxy-next-upstream");
    bool enabled = read_switch(in, retry, raw);
    const char *tries = ingress_read_get(in, "proxy-next-upstream-tries", enabled);
    const char *timeout = ingress_read_get(in, "proxy-next-upstream-timeout", enabled);
    const char *conditions = ingress_read_get(in, "proxy-next-upstream", enabled);
    if (check_blank(raw) && check_blank(tries) && check_blank(timeout) && check_blank(conditions))
        return;
    set_number(in, retry, "attempts", tries);
    set_number(in, retry, "timeout", timeout);
    set_list(in, retry, "conditions", conditions, ',');
    json_set(in->a, route, "proxyNextUpstream", retry);
}

static void read_cors(struct reading *in, cJSON *route)
{
    if (json_count(in->annotations) == 0)
        return;
    cJSON *cors = json_set(in->a, route, "cors", model_new(in->a, ingress_cors_model));
    read_bool_field(in, cors, "enabled", get_own(in, "enable-cors"));
    set_list(in, cors, "allowOrigins", get_own(in, "cors-allow-origin"), ',');
    set_list(in, cors, "allowMethods", get_own(in, "cors-allow-methods"), ',');
    set_list(in, cors, "allowHeaders", get_own(in, "cors-allow-headers"), ',');
    set_list(in, cors, "exposeHeaders", get_own(in, "cors-expose-headers"), ',');
    set_number(in, cors, "maxAge", get_own(in, "cors-max-age"));
    read_bool_field(in, cors, "allowCredentials", get_own(in, "cors-allow-credentials"));
}

/* Lines "key value"; one that is empty is a header without a key. */
static void read_header_lines(struct reading *in, cJSON *stage, const char *field,
                              const char *value)
{
    cJSON *lines = json_object(in->a), *list, *line;
    set_list(in, lines, "all", value, '\n');
    if (!json_get(lines, "all"))
        return;
    list = json_set_array(in->a, stage, field);
    cJSON_ArrayForEach(line, json_get(lines, "all"))
    {
        size_t key = strcspn(line->valuestring, " ");
        const char *behind = line->valuestring + key;
        cJSON *header = json_add(in->a, list, json_object(in->a));
        json_set(in->a, header, "key", json_stringn(in->a, line->valuestring, key));
        json_set_str(in->a, header, "value", behind + (*behind == ' '));
    }
}

/* "request" or "response"; NULL when none of its annotations says anything. */
static cJSON *read_stage(struct reading *in, const char *which, bool enabled)
{
    static const char *const suffixes[] = { "add", "update", "remove" };
    const char *values[3];
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        const char *name = arena_printf(in->a, "%s-header-control-%s", which, suffixes[i]);
        values[i] = ingress_read_get(in, name, enabled);
        any |= !check_blank(values[i]);
    }
    if (!any)
        return NULL;
    cJSON *stage = model_new(in->a, ingress_stage_model);
    read_header_lines(in, stage, "add", values[0]);
    read_header_lines(in, stage, "set", values[1]);
    set_list(in, stage, "remove", values[2], ',');
    return stage;
}

static void read_header_control(struct reading *in, cJSON *route)
{
    cJSON *control = model_new(in->a, ingress_headers_model);
    bool enabled = read_switch(in, control, get_own(in, "enable-header-control"));
    cJSON *request = read_stage(in, "request", enabled);
    cJSON *response = read_stage(in, "response", enabled);
    if (request)
        json_set(in->a, control, "request", request);
    if (response)
        json_set(in->a, control, "response", response);
    if (request || response)
        json_set(in->a, route, "headerControl", control);
}

/* What the console takes for a predicate: any of its names with one of these words in it, asked in
 * this order; what stands before the word is the type, null when it is none. */
static const struct {
    const char *word, *field, *before_key;
} predicate_words[] = {
    { "-match-header-", "headers", "" },
    { "-match-pseudo-header-", "headers", ":" },
    { "-match-query-", "urlParams", "" },
};

static void add_predicate(struct reading *in, cJSON *route, size_t i, const char *name,
                          const char *value)
{
    const char *at = strstr(name, predicate_words[i].word), *field = predicate_words[i].field;
    cJSON *list = json_get(route, field);
    if (!cJSON_IsArray(list))
        list = json_set_array(in->a, route, field);
    cJSON *p = json_add(in->a, list, model_new(in->a, ingress_keyed_model));
    read_text_field(in, p, "matchType", ingress_match_type(name, (size_t)(at - name)));
    read_text_field(in, p, "matchValue", value);
    json_set_str(in->a, p, "key",
                 arena_printf(in->a, "%s%s", predicate_words[i].before_key,
                              at + strlen(predicate_words[i].word)));
}

static void read_matches(struct reading *in, cJSON *route)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, in->annotations)
    {
        struct annotation_name n = annotation_split(item->string);
        size_t i = 0;
        if (n.under != READ_OWN || n.disabled)
            continue;
        while (i < 3 && !strstr(n.name, predicate_words[i].word))
            i++;
        if (i < 3)
            add_predicate(in, route, i, n.name, cJSON_IsString(item) ? item->valuestring : NULL);
    }
}

static void read_path_predicate(struct reading *in, cJSON *route, const cJSON *path)
{
    cJSON *p = json_set(in->a, route, "path", model_new(in->a, ingress_predicate_model));
    const char *type = json_str(path, "pathType"), *regex = get_own(in, "use-regex");
    const char *match = regex && strcmp(regex, "true") == 0 ? "REGULAR" : "PRE";
    if (type && strcmp(type, "Exact") == 0)
        match = "EQUAL";
    else if (!type || strcmp(type, "Prefix") != 0)
        match = NULL;
    read_text_field(in, p, "matchType", match);
    read_text_field(in, p, "matchValue", json_str(path, "path"));
    const char *ignore = get_own(in, "ignore-path-case");
    if (ignore && *ignore)
        json_set_bool(in->a, p, "caseSensitive", !is_true(ignore));
}

/* A rule's path and the services behind it. */
static void read_rule(struct reading *in, cJSON *route, const cJSON *rule)
{
    const cJSON *paths = json_path(rule, "http.paths"), *path = paths ? paths->child : NULL;
    const char *destination = get_own(in, "destination");
    if (!path)
        return;
    read_path_predicate(in, route, path);
    if (cJSON_IsObject(json_path(path, "backend.resource")) && destination && *destination)
        json_set(in->a, route, "services", ingress_services(in->a, destination));
}

static void read_hosts(struct reading *in, cJSON *domains, const cJSON *rule)
{
    const char *host = json_str(rule, "host");
    const cJSON *entry, *name;
    if (host && *host) {
        json_add_str(in->a, domains, host);
        return;
    }
    cJSON_ArrayForEach(entry, json_path(in->ingress, "spec.tls"))
    {
        cJSON_ArrayForEach(name, json_get(entry, "hosts"))
            json_add(in->a, domains, json_clone(in->a, name));
    }
}

static void read_rules(struct reading *in, cJSON *route)
{
    const cJSON *rules = json_path(in->ingress, "spec.rules"), *rule;
    if (json_count(rules) == 0)
        return;
    cJSON *domains = json_set_array(in->a, route, "domains");
    cJSON_ArrayForEach(rule, rules)
    {
        if (!cJSON_IsObject(json_get(rule, "http")))
            continue;
        read_rule(in, route, rule);
        read_hosts(in, domains, rule);
    }
    set_list(in, route, "methods", get_own(in, "match-method"), ' ');
    if (check_blank(get_own(in, "match-method")))
        json_set(in->a, route, "methods", json_null(in->a));
    read_matches(in, route);
    read_rewrite(in, route);
    read_retry_section(in, route);
    read_header_control(in, route);
    read_cors(in, route);
}

/* Only one rule with one path to the McpBridge is something the console's form can show. */
static bool is_editable(const cJSON *ingress)
{
    const cJSON *rules = json_path(ingress, "spec.rules");
    const cJSON *paths = json_path(rules ? rules->child : NULL, "http.paths");
    const cJSON *path = paths ? paths->child : NULL;
    const char *type = json_str(path, "pathType");
    const char *kind = json_str(json_path(path, "backend.resource"), "kind");
    if (json_count(rules) != 1 || json_count(paths) != 1 || !type)
        return false;
    return (strcmp(type, "Exact") == 0 || strcmp(type, "Prefix") == 0) && kind &&
           strcmp(kind, "McpBridge") == 0;
}

static bool is_label_of_console(const char *name)
{
    static const char *const own[] = {
        "config-map-type",     "resource-definer",    "internal",
        "wasm-plugin-name",    "wasm-plugin-version", "wasm-plugin-built-in",
        "wasm-plugin-category"
    };
    if (!text_starts(name, "higress.io/"))
        return false;
    name += strlen("higress.io/");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return text_starts(name, "domain_");
}

static void read_custom(struct reading *in, cJSON *route)
{
    const cJSON *item, *given = json_path(in->ingress, "metadata.labels");
    cJSON *configs = json_object(in->a), *labels = json_object(in->a);
    cJSON_ArrayForEach(item, in->annotations)
    {
        if (cJSON_IsString(item) && ingress_is_custom(item->string))
            json_set_str(in->a, configs, item->string, item->valuestring);
    }
    cJSON_ArrayForEach(item, given)
    {
        if (cJSON_IsString(item) && !is_label_of_console(item->string))
            json_set_str(in->a, labels, item->string, item->valuestring);
    }
    if (json_count(in->annotations) > 0)
        json_set(in->a, route, "customConfigs", configs);
    if (json_count(given) > 0)
        json_set(in->a, route, "customLabels", labels);
}

cJSON *ingress_to_route(struct arena *a, const cJSON *ingress)
{
    struct reading in = { a, ingress, json_path(ingress, "metadata.annotations") };
    cJSON *route = model_new(a, ingress_route_model);
    json_set_str(a, route, "name", kube_name(ingress));
    json_set_str(a, route, "version", kube_version(ingress));
    read_rules(&in, route);
    read_custom(&in, route);
    json_set_bool(a, route, "readonly", !is_editable(ingress) || !kube_is_defined_here(ingress));
    return route;
}

/* A piece of text without the white space around it. */
static char *trimmed(struct arena *a, const char *s, size_t len)
{
    static const char white[] = " \t\r\n\f\v";
    while (len && strchr(white, *s)) {
        s++;
        len--;
    }
    while (len && strchr(white, s[len - 1]))
        len--;
    return arena_strndup(a, s, len);
}

/* The first three words between blanks; how many there are of those. */
static size_t words_of(struct arena *a, const char *line, char *words[3])
{
    size_t n = 0;
    while (*line && n < 3) {
        size_t len = strcspn(line, " ");
        char *word = trimmed(a, line, len);
        if (*word)
            words[n++] = word;
        line += len + (line[len] == ' ');
    }
    return n;
}

/* "30% name:80 v1": one line of a destination; NULL when it cannot be read. */
static cJSON *read_service(struct arena *a, const char *line)
{
    char *words[3], **word = words;
    size_t n = words_of(a, line, words);
    int weight = 100, port;
    if (n && text_ends(*word, "%")) {
        (*word)[strlen(*word) - 1] = '\0';
        if (!java_parse_int(*word, &weight))
            return NULL;
        word++;
        n--;
    }
    if (n == 0)
        return NULL;
    char *name = word[0], *colon = strrchr(name, ':');
    cJSON *service = model_new(a, ingress_upstream_model);
    if (colon && java_parse_int(colon + 1, &port)) { /* one that is no port stays in the name too */
        json_set_num(a, service, "port", port);
        *colon = port >= 1 && port <= 65535 ? '\0' : ':';
    }
    json_set_str(a, service, "name", name);
    if (n > 1)
        json_set_str(a, service, "version", word[1]);
    json_set_num(a, service, "weight", weight);
    return service;
}

cJSON *ingress_services(struct arena *a, const char *destination)
{
    cJSON *list = json_array(a);
    while (*destination) {
        size_t len = strcspn(destination, "\n");
        cJSON *service = read_service(a, trimmed(a, destination, len));
        if (service)
            json_add(a, list, service);
        destination += len + (destination[len] == '\n');
    }
    return list;
}
