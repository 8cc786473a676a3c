/* manifest_ingress.c - an Ingress, as Higress writes or reads it, as a route or an MCP server.
 *
 * An annotation that the console has a field for is a row of `rows`; one that names a predicate is
 * split by `predicate`; every other one becomes a custom config. A switched-off section keeps its
 * values under "disabled.".
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

enum as { TEXT = 1, WHOLE, SWITCH, NOT, COMMAS, SPACES, HEADERS, IGNORED };

static const struct {
    const char *name, *section, *member;
    enum as as;
} rows[] = {
    { "match-method", NULL, "methods", SPACES },
    { "ignore-path-case", "path", "caseSensitive", NOT },
    { "use-regex", NULL, NULL, IGNORED },
    { "destination", NULL, NULL, IGNORED },
    { "ssl-redirect", NULL, NULL, IGNORED },
    { "comment", NULL, NULL, IGNORED },
    { "enable-rewrite", "rewrite", "enabled", SWITCH },
    { "rewrite-path", "rewrite", "path", TEXT },
    { "rewrite-target", "rewrite", "path", TEXT },
    { "upstream-vhost", "rewrite", "host", TEXT },
    { "enable-proxy-next-upstream", "proxyNextUpstream", "enabled", SWITCH },
    { "proxy-next-upstream-tries", "proxyNextUpstream", "attempts", WHOLE },
    { "proxy-next-upstream-timeout", "proxyNextUpstream", "timeout", WHOLE },
    { "proxy-next-upstream", "proxyNextUpstream", "conditions", COMMAS },
    { "enable-cors", "cors", "enabled", SWITCH },
    { "cors-allow-origin", "cors", "allowOrigins", COMMAS },
    { "cors-allow-methods", "cors", "allowMethods", COMMAS },
    { "cors-allow-headers", "cors", "allowHeaders", COMMAS },
    { "cors-expose-headers", "cors", "exposeHeaders", COMMAS },
    { "cors-max-age", "cors", "maxAge", WHOLE },
    { "cors-allow-credentials", "cors", "allowCredentials", SWITCH },
    { "enable-header-control", "headerControl", "enabled", SWITCH },
    { "request-header-control-add", "headerControl.request", "add", HEADERS },
    { "request-header-control-update", "headerControl.request", "set", HEADERS },
    { "request-header-control-remove", "headerControl.request", "remove", COMMAS },
    { "response-header-control-add", "headerControl.response", "add", HEADERS },
    { "response-header-control-update", "headerControl.response", "set", HEADERS },
    { "response-header-control-remove", "headerControl.response", "remove", COMMAS },
};
enum { ROWS = sizeof rows / sizeof *rows };

struct reading {
    struct arena *a;
    const cJSON *ingress;
    cJSON *route;
};

/* "disabled.higress.io/x" and "nginx.ingress.kubernetes.io/x" → "x"; NULL: neither Higress' nor
 * nginx's. */
static const char *short_name(const char *key, bool *disabled)
{
    static const char *const prefixes[] = { "higress.io/", "nginx.ingress.kubernetes.io/" };
    *disabled = text_starts(key, "disabled.");
    key += *disabled ? strlen("disabled.") : 0;
    for (int i = 0; i < 2; i++)
        if (text_starts(key, prefixes[i]))
            return key + strlen(prefixes[i]);
    return NULL;
}

static const char *annotation(const cJSON *ingress, const char *name)
{
    const cJSON *item;
    bool disabled;
    cJSON_ArrayForEach(item, json_path(ingress, "metadata.annotations"))
    {
        const char *key = short_name(item->string, &disabled);
        if (key && !disabled && !strcmp(key, name) && cJSON_IsString(item))
            return item->valuestring;
    }
    return NULL;
}

static bool says_true(const char *s)
{
    return s && text_equal_nocase(s, "true");
}

/* -- values ----------------------------------------------------------------------------------- */

static cJSON *words(struct arena *a, const char *s, const char *separators)
{
    cJSON *list = json_array(a);
    while (*s) {
        size_t n = strcspn(s, separators);
        if (n)
            json_add(a, list, json_stringn(a, s, n));
        s += n + (s[n] != '\0');
    }
    return list;
}

/* Lines "name value". */
static cJSON *headers(struct arena *a, const char *s)
{
    cJSON *list = json_array(a);
    while (*s) {
        size_t n = strcspn(s, "\n"), key = strcspn(s, " \n");
        size_t skip = key < n ? key + 1 : n;
        if (key) {
            cJSON *h = json_add(a, list, json_object(a));
            json_set(a, h, "key", json_stringn(a, s, key));
            json_set(a, h, "value", json_stringn(a, s + skip, n - skip));
        }
        s += n + (s[n] == '\n');
    }
    return list;
}

static cJSON *value_of(struct arena *a, enum as as, const char *s)
{
    char *end;
    double n = strtod(s, &end);
    switch (as) {
    case WHOLE:
        return end != s && !*end ? json_number(a, n) : NULL;
    case SWITCH:
        return json_bool(a, says_true(s));
    case NOT:
        return json_bool(a, !says_true(s));
    case COMMAS:
        return words(a, s, ",");
    case SPACES:
        return words(a, s, " ");
    case HEADERS:
        return headers(a, s);
    default:
        return json_string(a, s);
    }
}

static cJSON *section_of(struct reading *in, const char *path)
{
    char name[KIND_WORD];
    cJSON *at = in->route;
    while (path && *path) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        cJSON *next = json_get(at, name);
        at = next ? next : json_set_object(in->a, at, name);
        path += n + (path[n] == '.');
    }
    return at;
}

/* -- annotations ------------------------------------------------------------------------------ */

/* "prefix-match-query-v" is {PRE, v} of urlParams. */
static bool predicate(struct reading *in, const char *key, const char *value)
{
    static const char *const how[][2] = { { "exact-match-", "EQUAL" },
                                          { "prefix-match-", "PRE" },
                                          { "regex-match-", "REGULAR" } };
    static const char *const what[][3] = { { "header-", "headers", "" },
                                           { "pseudo-header-", "headers", ":" },
                                           { "query-", "urlParams", "" } };
    for (int i = 0; i < 3; i++) {
        const char *rest = text_starts(key, how[i][0]) ? key + strlen(how[i][0]) : NULL;
        for (int j = 0; rest && j < 3; j++) {
            if (!text_starts(rest, what[j][0]))
                continue;
            cJSON *list = json_get(in->route, what[j][1]);
            list = list ? list : json_set_array(in->a, in->route, what[j][1]);
            cJSON *p = json_add(in->a, list, json_object(in->a));
            json_set_str(in->a, p, "matchType", how[i][1]);
            json_set_str(in->a, p, "matchValue", value);
            json_set_str(in->a, p, "key",
                         arena_printf(in->a, "%s%s", what[j][2], rest + strlen(what[j][0])));
            return true;
        }
    }
    return false;
}

static bool known(struct reading *in, const char *key, const char *value, struct err *e)
{
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, key) != 0)
            continue;
        if (rows[i].as == IGNORED)
            return true;
        cJSON *v = value_of(in->a, rows[i].as, value);
        if (!v)
            return err_set(e, ERR_ARGS, "metadata.annotations.higress.io/%s: '%s' is no number",
                           key, text_clean(in->a, value, 60));
        json_set(in->a, section_of(in, rows[i].section), rows[i].member, v);
        return true;
    }
    return false;
}

static bool read_annotations(struct reading *in, struct err *e)
{
    const cJSON *item;
    cJSON *custom = json_object(in->a);
    cJSON_ArrayForEach(item, json_path(in->ingress, "metadata.annotations"))
    {
        bool disabled;
        const char *key = short_name(item->string, &disabled);
        if (!cJSON_IsString(item) || text_starts(item->string, "kubectl.kubernetes.io/"))
            continue;
        if (key && (known(in, key, item->valuestring, e) || predicate(in, key, item->valuestring)))
            continue;
        if (e->kind != ERR_NONE)
            return false;
        json_set_str(in->a, custom, item->string, item->valuestring);
    }
    if (custom->child)
        json_set(in->a, in->route, "customConfigs", custom);
    return true;
}

static void read_labels(struct reading *in)
{
    const cJSON *item;
    cJSON *labels = json_object(in->a);
    cJSON_ArrayForEach(item, json_path(in->ingress, "metadata.labels"))
    {
        if (cJSON_IsString(item) && !text_starts(item->string, "higress.io/"))
            json_set_str(in->a, labels, item->string, item->valuestring);
    }
    if (labels->child)
        json_set(in->a, in->route, "customLabels", labels);
}

/* -- where it goes ---------------------------------------------------------------------------- */

/* "30% " of "30% name:80 v1". */
static bool service_weight(char **line, double *weight)
{
    char *at = *line + strspn(*line, " "), *percent = strchr(at, '%'), *end = at;
    *line = at;
    if (!percent || percent >= at + strcspn(at, " "))
        return true;
    *weight = strtod(at, &end);
    *line = percent + 1 + strspn(percent + 1, " ");
    return end == percent;
}

static bool service_line(struct arena *a, cJSON *list, char *line)
{
    double weight = 100;
    char *end;
    if (!service_weight(&line, &weight))
        return false;
    size_t n = strcspn(line, " ");
    char *version = line + n + strspn(line + n, " ");
    line[n] = '\0';
    char *colon = strrchr(line, ':');
    long port = colon ? strtol(colon + 1, &end, 10) : 0;
    if (!n)
        return false;
    cJSON *s = json_add(a, list, json_object(a));
    if (colon && end != colon + 1 && !*end && port >= 1 && port <= 65535)
        *colon = '\0';
    else
        port = 0;
    json_set_str(a, s, "name", line);
    if (port)
        json_set_num(a, s, "port", (double)port);
    if (*version)
        json_set_str(a, s, "version", version);
    json_set_num(a, s, "weight", weight);
    return true;
}

static bool destination(struct reading *in, const char *text, struct err *e)
{
    cJSON *list = json_set_array(in->a, in->route, "services");
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = arena_strndup(in->a, text, n);
        if (n && !service_line(in->a, list, line))
            return err_set(e, ERR_ARGS,
                           "metadata.annotations.higress.io/destination: '%s' must be "
                           "[PERCENT%% ]NAME[:PORT][ SUBSET]",
                           text_clean(in->a, line, 80));
        text += n + (text[n] == '\n');
    }
    return true;
}

static bool backend(struct reading *in, const cJSON *path, struct err *e)
{
    const char *kind = json_str(json_path(path, "backend.resource"), "kind");
    const char *to = annotation(in->ingress, "destination");
    const cJSON *service = json_path(path, "backend.service");
    const char *name = json_str(service, "name");
    if (kind && !strcmp(kind, "McpBridge") && to)
        return destination(in, to, e);
    if (!name)
        return err_set(e, ERR_ARGS,
                       "spec.rules[0].http.paths[0].backend: must be a service, or the McpBridge "
                       "with the annotation higress.io/destination");
    const char *space = manifest_meta(in->ingress, NULL, "namespace");
    cJSON *s = json_add(in->a, json_set_array(in->a, in->route, "services"), json_object(in->a));
    json_set_str(
        in->a, s, "name",
        arena_printf(in->a, "%s.%s.svc.cluster.local", name, space ? space : "higress-system"));
    if (cJSON_IsNumber(json_path(service, "port.number")))
        json_set_num(in->a, s, "port", json_num(json_get(service, "port"), "number", 80));
    json_set_num(in->a, s, "weight", 100);
    return true;
}

static bool read_path(struct reading *in, const cJSON *path, struct err *e)
{
    const char *type = json_str(path, "pathType"), *value = json_str(path, "path");
    const char *match = type && !strcmp(type, "Exact") ? "EQUAL" : "PRE";
    if (says_true(annotation(in->ingress, "use-regex")))
        match = "REGULAR";
    if (!value)
        return err_set(e, ERR_ARGS, "spec.rules[0].http.paths[0].path: is needed");
    cJSON *p = section_of(in, "path");
    json_set_str(in->a, p, "matchType", match);
    json_set_str(in->a, p, "matchValue", value);
    return backend(in, path, e);
}

/* A route has one path for all its hosts. */
static bool read_rules(struct reading *in, struct err *e)
{
    const cJSON *rule, *first = NULL;
    cJSON *domains = json_set_array(in->a, in->route, "domains");
    int i = 0;
    cJSON_ArrayForEach(rule, json_path(in->ingress, "spec.rules"))
    {
        const cJSON *paths = json_path(rule, "http.paths");
        const char *host = json_str(rule, "host");
        if (json_count(paths) != 1 || (first && !json_equal(paths->child, first)))
            return err_set(e, ERR_ARGS,
                           "spec.rules[%d].http.paths: a route has one path, the same for each "
                           "host; make one Ingress a path",
                           i);
        first = paths->child;
        if (host && *host)
            json_add_str(in->a, domains, host);
        i++;
    }
    return first ? read_path(in, first, e)
                 : err_set(e, ERR_ARGS, "spec.rules: at least one rule is needed");
}

/* The console takes HTTPS from the domain. */
static bool read_tls(struct manifest *m, const cJSON *ingress, struct err *e)
{
    const cJSON *tls, *host;
    bool force = says_true(annotation(ingress, "ssl-redirect"));
    cJSON_ArrayForEach(tls, json_path(ingress, "spec.tls"))
    {
        const char *secret = json_str(tls, "secretName");
        cJSON_ArrayForEach(host, json_get(tls, "hosts"))
        {
            struct manifest_item *d = cJSON_IsString(host)
                                          ? manifest_item(m, "domain", host->valuestring, NULL, e)
                                          : NULL;
            if (!d)
                return e->kind == ERR_NONE ? err_set(e, ERR_ARGS, "spec.tls.hosts: must be names")
                                           : false;
            if (json_get(d->object, "enableHttps"))
                continue;
            json_set_str(m->arena, d->object, "enableHttps", force ? "force" : "on");
            json_set_str(m->arena, d->object, "certIdentifier", secret);
        }
    }
    return true;
}

/* -- what it becomes -------------------------------------------------------------------------- */

static cJSON *direct_route(struct reading *in)
{
    const char *how = annotation(in->ingress, "mcp-server-upstream-transport-type");
    const char *path = annotation(in->ingress, "mcp-server-path-rewrite-prefix");
    cJSON *direct = json_object(in->a);
    path = path ? path : "/";
    if (how && !strcmp(how, "sse"))
        path = arena_printf(in->a, "%s/sse", strcmp(path, "/") ? path : "");
    json_set_str(in->a, direct, "path", path);
    json_set_str(in->a, direct, "transportType", how ? how : "streamable");
    return direct;
}

static bool mcp_server(struct manifest *m, struct reading *in, const char *name, struct err *e)
{
    struct arena *a = in->a;
    struct manifest_item *i = manifest_item(m, "mcp-server", name, NULL, e);
    if (!i)
        return false;
    static const char *const same[] = { "domains", "services" };
    for (int k = 0; k < 2; k++) {
        const cJSON *member = json_get(in->route, same[k]);
        if (member)
            json_set(a, i->object, same[k], json_clone(a, member));
    }
    const char *type = manifest_meta(in->ingress, "labels", "higress.io/mcp-server-type");
    const char *about = annotation(in->ingress, "resource-description");
    json_set_str(a, i->object, "type", type ? type : "OPEN_API");
    if (about)
        json_set_str(a, i->object, "description", about);
    if (type && !strcmp(type, "DIRECT_ROUTE"))
        json_set(a, i->object, "directRouteConfig", direct_route(in));
    return true;
}

bool manifest_ingress(struct manifest *m, const cJSON *o, struct err *e)
{
    struct reading in = { m->arena, o, json_object(m->arena) };
    const char *name = manifest_meta(o, NULL, "name");
    const char *mcp = derived_from(m->arena, DERIVED_MCP_ROUTE, name);
    if (derived_is_internal(name) && !mcp) {
        manifest_note(m, "Ingress %s is left out: the console makes it by itself", name);
        return true;
    }
    if (!read_rules(&in, e) || !read_annotations(&in, e))
        return false;
    if (mcp)
        return mcp_server(m, &in, mcp, e);
    read_labels(&in);
    struct manifest_item *i = manifest_item(m, "route", name, NULL, e);
    if (!i || !read_tls(m, o, e))
        return false;
    i = manifest_item(m, "route", name, NULL, e);
    const cJSON *member;
    cJSON_ArrayForEach(member, in.route)
    {
        json_set(m->arena, i->object, member->string, json_clone(m->arena, member));
    }
    return true;
}
