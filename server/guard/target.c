/* target.c - from the operations of a plan to the requests they touch. A kind that is to be guarded
 * is a row of `kinds_seen`. */
#include "guard/target.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "plan/plan.h"
#include "signal/accesslog.h"
#include <string.h>
#include <strings.h>

struct names {
    const char **list;
    int count, room;
};

struct sight {
    struct arena *a;
    struct names routes, hosts, services;
    bool all;
    const char *told;
};

static void add(struct arena *a, struct names *n, const char *name)
{
    for (int i = 0; i < n->count; i++)
        if (!strcmp(n->list[i], name))
            return;
    n->list = arena_grow(a, n->list, n->count + 1, &n->room, sizeof *n->list);
    n->list[n->count++] = arena_strdup(a, name);
    n->list[n->count] = NULL;
}

static void tell(struct sight *f, const char *what, const char *name)
{
    f->told = arena_printf(f->a, "%s%s%s %s", f->told, *f->told ? ", " : "", what, name);
}

static void add_service(struct sight *f, const char *name)
{
    add(f->a, &f->services, name);
}

/* The services behind a route, before and after: Envoy counts by them. */
static bool add_reference(void *arg, const char *path, const char *kind, const char *name)
{
    (void)path;
    if (!strcmp(kind, "service"))
        add_service(arg, name);
    return true;
}

static void add_services(struct sight *f, const struct plan_op *op)
{
    if (op->before)
        kind_refs(f->a, op->kind, op->scope, op->before, add_reference, f);
    if (op->after)
        kind_refs(f->a, op->kind, op->scope, op->after, add_reference, f);
}

/* -- by kind ------------------------------------------------------------------------------- */

static bool add_seen_route(struct sight *f, const char *name)
{
    add(f->a, &f->routes, name);
    tell(f, "route", name);
    return true;
}

static bool add_seen_made_routes(struct sight *f, const char *name)
{
    for (const char *const *r = kind_made_routes(f->a, name); r && *r; r++)
        add(f->a, &f->routes, *r);
    return add_seen_route(f, name);
}

static bool add_seen_host(struct sight *f, const char *name)
{
    add(f->a, &f->hosts, name);
    tell(f, "host", name);
    return true;
}

static bool add_seen_service(struct sight *f, const char *name)
{
    add_service(f, name);
    tell(f, "service", name);
    return true;
}

/* What a registry lists has names of its own. */
static const char *const own_service[] = { "static", "dns" };
enum { OWN_SERVICE = sizeof own_service / sizeof *own_service };

static bool is_registry(const struct plan_op *op)
{
    const char *type = json_str(op->after ? op->after : op->before, "type");
    for (int i = 0; type && i < OWN_SERVICE; i++)
        if (!strcmp(type, own_service[i]))
            return false;
    return !strcmp(op->kind->name, "service-source");
}

static bool add_seen_source(struct sight *f, const char *name)
{
    for (int i = 0; i < OWN_SERVICE; i++)
        add_service(f, arena_printf(f->a, "%s.%s", name, own_service[i]));
    tell(f, "services of", name);
    return true;
}

static const struct seen_kind {
    const char *kind;
    bool (*see)(struct sight *f, const char *name);
} kinds_seen[] = {
    { "route", add_seen_route },
    { "ai-route", add_seen_made_routes },
    { "mcp-server", add_seen_made_routes },
    { "domain", add_seen_host },
    { "service", add_seen_service },
    { "service-source", add_seen_source },
};

static bool add_seen_kind(struct sight *f, const char *kind, const char *name)
{
    for (size_t i = 0; i < sizeof kinds_seen / sizeof *kinds_seen; i++)
        if (!strcmp(kinds_seen[i].kind, kind))
            return kinds_seen[i].see(f, name);
    return false;
}

/* A plugin touches what it is set for. */
static bool add_seen_scope(struct sight *f, const char *scope)
{
    const char *colon = scope ? strchr(scope, ':') : NULL;
    if (scope && !strcmp(scope, "global")) {
        f->all = true;
        tell(f, "the whole", "gateway");
        return true;
    }
    return colon &&
           add_seen_kind(f, arena_strndup(f->a, scope, (size_t)(colon - scope)), colon + 1);
}

/* Requests of a route that is gone have no route: what is left to see them by is their host. */
static bool add_seen_hosts(struct sight *f, const cJSON *before)
{
    const cJSON *host;
    int n = 0;
    cJSON_ArrayForEach(host, json_get(before, "domains"))
    {
        n += cJSON_IsString(host) && add_seen_host(f, host->valuestring);
    }
    return n > 0;
}

static bool add_seen_op(struct sight *f, const struct plan_op *op)
{
    add_services(f, op);
    if (op->scope)
        return add_seen_scope(f, op->scope);
    if (is_registry(op))
        return false;
    return op->verb == PLAN_DELETE && json_get(op->before, "domains")
               ? add_seen_hosts(f, op->before)
               : add_seen_kind(f, op->kind->name, op->name);
}

bool guard_targets_of(struct arena *a, const struct plan *p, struct guard_targets *out,
                      struct err *e)
{
    struct sight f = { .a = a, .told = "" };
    struct names *const lists[] = { &f.routes, &f.hosts, &f.services };
    for (int i = 0; i < 3; i++)
        lists[i]->list = arena_array(a, const char *, lists[i]->room = 2);
    for (int i = 0; i < p->count; i++)
        if (!add_seen_op(&f, &p->ops[i]))
            return err_set(e, ERR_POLICY,
                           "guard: which requests %s '%s' touches cannot be told, so nothing could "
                           "be watched; leave the guard out, or plan that object alone",
                           p->ops[i].kind->name, p->ops[i].name);
    *out = (struct guard_targets){ .all = f.all, .routes = f.routes.list, .hosts = f.hosts.list };
    out->services = f.services.list;
    out->told = text_clean(a, f.told, 200);
    return true;
}

/* -- requests ------------------------------------------------------------------------------ */

static bool is_host(const char *authority, const char *host)
{
    size_t n = strcspn(authority, ":"), m = strlen(host);
    if (*host != '*')
        return n == m && !strncasecmp(authority, host, n);
    return n >= m - 1 && !strncasecmp(authority + n - (m - 1), host + 1, m - 1);
}

/* "web.static", "web.static:80", "web.shop": whole, since "web.static" begins "web.static2", too.
 */
static bool is_service(const char *host, const char *service)
{
    size_t n = strcspn(service, ":");
    return !strncmp(host, service, n) && (!host[n] || !strcmp(host + n, ".svc.cluster.local"));
}

bool guard_targets_reach(const struct guard_targets *t, const char *cluster)
{
    const char *bar = cluster ? strrchr(cluster, '|') : NULL;
    for (const char *const *s = t->services; bar && *s; s++)
        if (is_service(bar + 1, *s))
            return true;
    return t->all && bar;
}

bool guard_targets_meet(const struct guard_targets *t, const cJSON *row)
{
    const char *route = json_str(row, "route_name"), *host = json_str(row, "authority");
    for (const char *const *r = t->routes; route && *r; r++)
        if (accesslog_route_is(route, *r))
            return true;
    for (const char *const *h = t->hosts; host && *h; h++)
        if (is_host(host, *h))
            return true;
    /* Services are how routes are seen in counters; where routes or hosts are known they are not
     * asked of the log: others may share them. */
    return t->all || (!t->routes[0] && !t->hosts[0] &&
                      guard_targets_reach(t, json_str(row, "upstream_cluster")));
}
