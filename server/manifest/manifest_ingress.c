/* manifest_ingress.c - an Ingress, as people write it or Higress does, as routes or an MCP server.
 *
 * A route of the console has one path for all its hosts: hosts that share a path, and have HTTPS
 * alike, become one route; each further path one more, with the path in its name.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"
#include <ctype.h>

static const char default_domain[] = "higress-default-domain"; /* every other host */

/* One path and the hosts that have it. */
struct use {
    const cJSON *path;
    cJSON *hosts; /* none: every host */
    bool https;
    const char *at; /* "spec.rules[0].http.paths[0]" */
};

struct uses {
    struct use *list;
    int count, room;
};

/* -- which path for which hosts --------------------------------------------------------------- */

/* The name of the certificate of a host; NULL: none. An entry without hosts is for rules without.
 */
static const char *tls_secret_of(const cJSON *ingress, const char *host)
{
    const cJSON *tls, *h;
    cJSON_ArrayForEach(tls, json_path(ingress, "spec.tls"))
    {
        const cJSON *hosts = json_get(tls, "hosts");
        const char *secret = json_str(tls, "secretName");
        if (!*host && json_count(hosts) == 0)
            return secret;
        cJSON_ArrayForEach(h, hosts)
        {
            if (cJSON_IsString(h) && !strcmp(h->valuestring, host))
                return secret;
        }
    }
    return NULL;
}

static struct use *use_of(struct ingress *in, struct uses *u, const cJSON *path, const char *host,
                          const char *at)
{
    bool https = tls_secret_of(in->o, host) != NULL;
    for (int i = 0; i < u->count; i++) {
        struct use *x = &u->list[i];
        if (json_equal(x->path, path) && x->https == https && (json_count(x->hosts) > 0) == !!*host)
            return x;
    }
    u->list = arena_grow(in->a, u->list, u->count, &u->room, sizeof *u->list);
    u->list[u->count] = (struct use){ path, json_array(in->a), https, at };
    return &u->list[u->count++];
}

static const char *lower_host(struct arena *a, const char *s)
{
    return text_lower(a, s, strlen(s));
}

static void use_rule(struct ingress *in, struct uses *u, const cJSON *rule, int n)
{
    const cJSON *path, *paths = json_path(rule, "http.paths");
    const char *host = json_str(rule, "host");
    int i = 0;
    host = lower_host(in->a, host ? host : "");
    if (json_count(paths) == 0)
        manifest_account(in->m, arena_printf(in->a, "spec.rules[%d]", n), MANIFEST_IGNORED,
                         LOSES_ROUTE, "it has no path: Higress makes nothing of it");
    cJSON_ArrayForEach(path, paths)
    {
        if (u->count > MANIFEST_MAX)
            return;
        const char *at = arena_printf(in->a, "spec.rules[%d].http.paths[%d]", n, i++);
        struct use *x = use_of(in, u, path, host, at);
        if (*host && !json_find_text(x->hosts, host))
            json_add_str(in->a, x->hosts, host);
    }
}

/* -- routes ----------------------------------------------------------------------------------- */

/* "/api/v1(/|$)(.*)" → "api-v1". */
static char *slug(struct arena *a, const char *path)
{
    enum { LONGEST = 40 };
    char *out = arena_alloc(a, strlen(path) + 1);
    size_t n = 0;
    for (; *path && n < LONGEST; path++) {
        if (isalnum((unsigned char)*path))
            out[n++] = (char)tolower((unsigned char)*path);
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    return n ? out : arena_strdup(a, "root");
}

static const char *unique_route_name(struct ingress *in, const struct named *base,
                                     const struct use *u, bool only)
{
    const char *path = json_str(u->path, "path");
    if (only)
        return base->item;
    return manifest_unique(
        in->m, "route", arena_printf(in->a, "%s-%s", base->item, slug(in->a, path ? path : "/")));
}

struct route {
    cJSON *object;
    const char *port; /* the name of its service's port, or NULL */
    bool is_default;
};

static bool make_route(struct ingress *in, struct named *base, const char *name, const cJSON *hosts,
                       const struct route *route, struct err *e)
{
    struct manifest_item *i = manifest_item(in->m, "route", name, NULL, e);
    struct made **last = &base->made;
    const cJSON *member;
    if (!i)
        return false;
    int index = (int)(i - in->m->list);
    json_set(in->a, i->object, "domains", json_clone(in->a, hosts));
    cJSON_ArrayForEach(member, route->object)
        json_set(in->a, i->object, member->string, json_clone(in->a, member));
    while (*last)
        last = &(*last)->next;
    *last = arena_make(in->a, struct made);
    **last = (struct made){ NULL, index, in->m->object, in->o, route->is_default };
    if (route->port)
        manifest_port(in->m, index, 0, route->port);
    return true;
}

/* False also when the Ingress is refused: nothing of it is made, and e is not set. */
static bool make_routes(struct ingress *in, struct named *base, struct uses *u, int first,
                        struct err *e)
{
    struct route *routes = arena_array(in->a, struct route, (size_t)u->count + 1);
    bool only = u->count == 1;
    for (int i = 0; i < u->count; i++) {
        routes[i].object = json_clone(in->a, in->route);
        if (in->customs)
            json_set(in->a, routes[i].object, "customConfigs", json_clone(in->a, in->customs));
        if (!manifest_path(in, u->list[i].path, u->list[i].at, routes[i].object, e))
            return false;
        routes[i].port = in->port;
    }
    if (manifest_refuses(in->m, first))
        return false;
    for (int i = 0; i < u->count; i++) {
        const char *name = unique_route_name(in, base, &u->list[i], only);
        if (!make_route(in, base, name, u->list[i].hosts, &routes[i], e))
            return false;
        if (strcmp(name, in->name) != 0)
            manifest_account(in->m, u->list[i].at, MANIFEST_TRANSLATED, LOSES_TUNING,
                             only ? "another Ingress has its name: it is the route %s"
                                  : "a route has one path: it is the route %s",
                             name);
    }
    return true;
}

/* -- the default backend ---------------------------------------------------------------------- */

static bool is_catch_all_path(const cJSON *path)
{
    const char *text = json_str(path, "path"), *type = json_str(path, "pathType");
    return (!text || !*text || !strcmp(text, "/")) && !(type && !strcmp(type, "Exact"));
}

/* Hosts of rules none of whose paths takes everything. */
static cJSON *open_hosts(struct ingress *in)
{
    const cJSON *rule, *path;
    cJSON *hosts = json_array(in->a);
    cJSON_ArrayForEach(rule, json_path(in->o, "spec.rules"))
    {
        const char *host = json_str(rule, "host");
        bool all = false;
        cJSON_ArrayForEach(path, json_path(rule, "http.paths")) all =
            all || is_catch_all_path(path);
        if (host && *host && !all && !json_find_text(hosts, host))
            json_add_str(in->a, hosts, lower_host(in->a, host));
    }
    return hosts;
}

/* It takes what no rule does, for every host and for those of the rules; annotations do not act on
 * it. */
static bool default_backend(struct ingress *in, struct named *base, struct err *e)
{
    const cJSON *backend = json_path(in->o, "spec.defaultBackend");
    static const char at[] = "spec.defaultBackend";
    cJSON *both[2] = { json_array(in->a), open_hosts(in) };
    backend = backend ? backend : json_path(in->o, "spec.backend");
    if (!backend)
        return true;
    for (int i = 0; i < 2; i++) {
        const char *name = arena_printf(in->a, "%s-default%s", base->item, i ? "-hosts" : "");
        struct route route = { json_object(in->a), NULL, true };
        cJSON *path = json_set_object(in->a, route.object, "path");
        if (i && json_count(both[i]) == 0)
            continue;
        json_set_str(in->a, path, "matchType", "PRE");
        json_set_str(in->a, path, "matchValue", "/");
        name = manifest_unique(in->m, "route", name);
        if (!manifest_backend(in, backend, at, route.object, e))
            return false;
        route.port = in->port;
        if (!make_route(in, base, name, both[i], &route, e))
            return false;
        manifest_account(in->m, at, MANIFEST_TRANSLATED, LOSES_ROUTE,
                         "it is the route %s, which takes what no rule does %s; annotations and "
                         "plugins of the Ingress do not act on it",
                         name, i ? "at the hosts of the rules" : "at every host without rules");
    }
    return true;
}

/* -- HTTPS ------------------------------------------------------------------------------------ */

static bool set_https(struct ingress *in, const char *host, const char *secret, struct err *e)
{
    struct manifest_item *d = manifest_item(in->m, "domain", host, NULL, e);
    const char *cert = manifest_named(in->m, "tls-certificate", in->space, secret)->item;
    if (!d)
        return false;
    if (json_get(d->object, "enableHttps"))
        return true; /* the first Ingress of a host owns its certificate; a domain of its own says
                      */
    d->of_tls = true;
    json_set_str(in->a, d->object, "enableHttps", "on");
    json_set_str(in->a, d->object, "certIdentifier", cert);
    return true;
}

static bool tls_entry(struct ingress *in, const cJSON *tls, int n, struct err *e)
{
    const char *secret = json_str(tls, "secretName");
    const char *at = arena_printf(in->a, "spec.tls[%d]", n);
    const cJSON *host, *hosts = json_get(tls, "hosts");
    if (!secret || !*secret) {
        manifest_account(in->m, at, MANIFEST_IGNORED, LOSES_ACCESS,
                         "it names no certificate: nothing serves HTTPS for its hosts until their "
                         "domains have one");
        return true;
    }
    if (json_count(hosts) == 0 && !set_https(in, default_domain, secret, e))
        return false;
    cJSON_ArrayForEach(host, hosts)
    {
        if (!cJSON_IsString(host))
            return err_set(e, ERR_ARGS, "%s.hosts: must be names", at);
        if (!set_https(in, lower_host(in->a, host->valuestring), secret, e))
            return false;
    }
    manifest_account(in->m, at, MANIFEST_TRANSLATED, LOSES_NOTHING,
                     "HTTPS is set at the domains of its hosts, with the certificate %s",
                     manifest_named(in->m, "tls-certificate", in->space, secret)->item);
    return true;
}

static bool is_of_nginx(struct ingress *in)
{
    const cJSON *a = json_path(in->o, "metadata.annotations");
    const char *class = json_str(a, "kubernetes.io/ingress.class");
    class = class ? class : json_str(json_get(in->o, "spec"), "ingressClassName");
    return class && !strcmp(class, "nginx");
}

static bool read_tls(struct ingress *in, struct err *e)
{
    const cJSON *tls, *all = json_path(in->o, "spec.tls");
    int n = 0;
    cJSON_ArrayForEach(tls, all)
    {
        if (!tls_entry(in, tls, n++, e))
            return false;
    }
    if (n && is_of_nginx(in) && !annotation_chosen(in->o, "ssl-redirect") &&
        !annotation_chosen(in->o, "force-ssl-redirect"))
        manifest_account(
            in->m, "spec.tls", MANIFEST_IGNORED, LOSES_ACCESS,
            "nginx redirects hosts with TLS to https by itself, Higress does not: plain "
            "HTTP is answered unless ssl-redirect is \"true\"");
    return true;
}

/* -- the rest --------------------------------------------------------------------------------- */

static void read_class(struct ingress *in)
{
    const char *class = json_str(json_get(in->o, "spec"), "ingressClassName");
    if (class && strcmp(class, "higress") != 0)
        manifest_account(in->m, "spec.ingressClassName", MANIFEST_TRANSLATED, LOSES_TUNING,
                         "the console writes its own class: Higress serves the route, whatever "
                         "served this class before");
}

static void read_labels(struct ingress *in)
{
    const cJSON *item;
    cJSON *labels = json_object(in->a);
    cJSON_ArrayForEach(item, json_path(in->o, "metadata.labels"))
    {
        if (cJSON_IsString(item) && item->string && !text_starts(item->string, "higress.io/"))
            json_set_str(in->a, labels, item->string, item->valuestring);
    }
    if (labels->child)
        json_set(in->a, in->route, "customLabels", labels);
}

static cJSON *direct_route(struct ingress *in)
{
    const cJSON *all = json_path(in->o, "metadata.annotations");
    const char *how = json_str(all, "higress.io/mcp-server-upstream-transport-type");
    const char *path = annotation_value(in->a, in->o, "mcp-server-path-rewrite-prefix");
    cJSON *direct = json_object(in->a);
    path = path ? path : "/";
    if (how && !strcmp(how, "sse"))
        path = arena_printf(in->a, "%s/sse", strcmp(path, "/") ? path : "");
    json_set_str(in->a, direct, "path", path);
    json_set_str(in->a, direct, "transportType", how ? how : "streamable");
    return direct;
}

static bool mcp_server(struct ingress *in, const char *name, const struct use *u, struct err *e)
{
    struct arena *a = in->a;
    cJSON *route = json_clone(a, in->route);
    struct manifest_item *i = manifest_item(in->m, "mcp-server", name, NULL, e);
    if (!i || !manifest_path(in, u->path, u->at, route, e))
        return false;
    json_set(a, i->object, "domains", json_clone(a, u->hosts));
    json_set(a, i->object, "services", json_clone(a, json_get(route, "services")));
    if (in->port)
        manifest_port(in->m, (int)(i - in->m->list), 0, in->port);
    const char *type = manifest_meta(in->o, "labels", "higress.io/mcp-server-type");
    const char *about = manifest_meta(in->o, "annotations", "higress.io/resource-description");
    json_set_str(a, i->object, "type", type ? type : "OPEN_API");
    if (about)
        json_set_str(a, i->object, "description", about);
    if (type && !strcmp(type, "DIRECT_ROUTE"))
        json_set(a, i->object, "directRouteConfig", direct_route(in));
    return true;
}

static bool use_rules(struct ingress *in, struct uses *u, struct err *e)
{
    const cJSON *rule;
    int n = 0;
    cJSON_ArrayForEach(rule, json_path(in->o, "spec.rules"))
    {
        const cJSON *host = json_get(rule, "host");
        if (host && !cJSON_IsString(host) && !cJSON_IsNull(host))
            return err_set(e, ERR_ARGS, "spec.rules[%d].host: must be a text", n);
        use_rule(in, u, rule, n++);
        if (n > MANIFEST_MAX || u->count > MANIFEST_MAX)
            return err_set(e, ERR_ARGS, "spec.rules: more than %d rules or paths", MANIFEST_MAX);
    }
    return true;
}

static bool read_ingress_paths(struct ingress *in, const char *mcp, struct err *e)
{
    struct uses u = { 0 };
    int first = in->m->finding_count;
    if (!use_rules(in, &u, e))
        return false;
    bool fallback = json_path(in->o, "spec.defaultBackend") || json_path(in->o, "spec.backend");
    if (u.count == 0 && !fallback)
        return err_set(e, ERR_ARGS, "spec.rules: at least one rule with a path is needed");
    if (!manifest_annotations(in, e))
        return false;
    if (mcp && u.count)
        return mcp_server(in, mcp, &u.list[0], e);
    read_class(in);
    read_labels(in);
    struct named *base = manifest_named(in->m, "route", in->space, in->name);
    return make_routes(in, base, &u, first, e) && default_backend(in, base, e) && read_tls(in, e);
}

bool manifest_ingress(struct manifest *m, const cJSON *o, struct err *e)
{
    struct ingress in = { m,
                          m->arena,
                          o,
                          manifest_space(m, o),
                          manifest_meta(o, NULL, "name"),
                          json_object(m->arena),
                          NULL };
    const char *mcp = kind_mcp_of(m->arena, in.name);
    if (derived_is_internal(in.name) && !mcp) {
        manifest_note(m, "is left out: the console makes it by itself");
        return true;
    }
    return read_ingress_paths(&in, mcp, e) || e->kind == ERR_NONE;
}
