/* diagnose_target.c - what belongs to the object that a diagnosis is about, and what it is.
 *
 * A target is a row of the kind table by its own name; the routes that the console makes of an AI
 * route or an MCP server are theirs (kind_makes_route). A new kind of target is a line in each of
 * the three facts_*_wanted.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include "kind/kind.h"
#include "signal/accesslog.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_ROUTES = 3 };

bool facts_target_is(const struct facts *f, const char *kind)
{
    return f->target && f->target->kind && !strcmp(f->target->kind, kind);
}

/* A route of the target's by its name. */
static bool is_its_route(const struct facts *f, const char *route)
{
    const struct kind *k = kind_find(f->target->kind);
    const char *slash = strrchr(route, '/');

    if (facts_target_is(f, "route"))
        return accesslog_route_is(route, f->target->name);
    return k && kind_makes_route(f->arena, k, f->target->name, slash ? slash + 1 : route);
}

static bool by_route(const struct facts *f)
{
    return facts_target_is(f, "route") || facts_target_is(f, "ai-route") ||
           facts_target_is(f, "mcp-server");
}

/* "web.static:81" is a service at a port. */
int facts_port_of(const char *place)
{
    const char *colon = strrchr(place, ':');

    return colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

/* Its host is the service's, whatever the port. */
static bool names_host(const char *cluster, const char *service)
{
    const char *bar = strrchr(cluster, '|');
    const char *host = bar ? bar + 1 : cluster;
    size_t n = strcspn(service, ":");

    return !strcmp(cluster, service) || (strlen(host) == n && !strncmp(host, service, n));
}

static bool is_its_cluster(const char *cluster, const char *service)
{
    const char *bar = strchr(cluster, '|');
    int port = facts_port_of(service), own = bar ? (int)strtol(bar + 1, NULL, 10) : 0;

    return names_host(cluster, service) && (!port || !own || port == own);
}

/* Is the domain one of the list, or taken by one of it? */
static bool takes_domain(const cJSON *domains, const char *domain)
{
    const cJSON *d;

    cJSON_ArrayForEach(d, domains) if (cJSON_IsString(d) &&
                                       !strncasecmp(d->valuestring, domain, strlen(domain)) &&
                                       strchr(":", d->valuestring[strlen(domain)])) return true;
    return *domain != '*' && predicate_host(domains, domain) > 1;
}

static bool host_is_of(const char *host, const char *domain)
{
    const cJSON text = { .type = cJSON_String, .valuestring = (char *)(uintptr_t)domain };
    const cJSON list = { .type = cJSON_Array, .child = (cJSON *)(uintptr_t)&text };

    return predicate_host(&list, host) > 0;
}

static bool route_is_of_target(const struct facts *f, const struct fact_route *r)
{
    if (by_route(f))
        return is_its_route(f, r->name);
    if (facts_target_is(f, "domain"))
        return takes_domain(r->domains, f->target->name);
    if (!facts_target_is(f, "service"))
        return true;
    for (int i = 0; i < f->cluster_count; i++)
        if (f->clusters[i].wanted && facts_route_leads(r, f->clusters[i].name))
            return true;
    return false;
}

static bool among_services(const cJSON *list, const char *member, const char *cluster)
{
    const cJSON *s;

    cJSON_ArrayForEach(s, list)
    {
        const char *name = json_str(s, member);
        if (name && is_its_cluster(cluster, name))
            return true;
    }
    return false;
}

static void want_cluster(struct facts *f, const char *name)
{
    struct fact_cluster *c = facts_cluster(f, name);

    if (c)
        c->wanted = true;
}

/* What the route leads to, alone or weighted. */
static void want_clusters_of(struct facts *f, const struct fact_route *r)
{
    const cJSON *w;

    want_cluster(f, json_str(r->action, "cluster"));
    cJSON_ArrayForEach(w, json_path(r->action, "weighted_clusters.clusters"))
        want_cluster(f, json_str(w, "name"));
}

static bool is_of_object(const struct facts *f, const struct fact_cluster *c)
{
    return facts_target_is(f, "service")
               ? is_its_cluster(c->name, f->target->name)
               : among_services(json_get(f->in->object, "services"), "name", c->name);
}

void facts_choose(struct facts *f)
{
    bool all = !f->target || !f->target->kind;
    bool leads = !all && !facts_target_is(f, "service"); /* what its routes and rows name is its */

    for (int i = 0; i < f->cluster_count; i++)
        f->clusters[i].wanted = all || is_of_object(f, &f->clusters[i]);
    for (int i = 0; i < f->route_count; i++) {
        f->routes[i].wanted = all || route_is_of_target(f, &f->routes[i]);
        if (leads && f->routes[i].wanted)
            want_clusters_of(f, &f->routes[i]);
    }
    for (int i = 0; leads && i < f->row_count; i++)
        want_cluster(f, f->rows[i].cluster);
}

/* A request that no route took belongs to a route that should have taken its host. */
static bool lost_row_wanted(const struct facts *f, const struct fact_row *r)
{
    const cJSON *domains = json_get(f->in->object, "domains");

    if (strcmp(r->route, "-") != 0)
        return false;
    if (json_count(domains) > 0)
        return predicate_host(domains, r->authority) > 0;
    for (int i = 0; i < f->route_count; i++)
        if (f->routes[i].wanted)
            return predicate_host(f->routes[i].domains, r->authority) > 0;
    return false;
}

bool facts_row_wanted(const struct facts *f, const struct fact_row *r)
{
    if (by_route(f))
        return is_its_route(f, r->route) || lost_row_wanted(f, r);
    if (facts_target_is(f, "domain"))
        return host_is_of(r->authority, f->target->name);
    if (facts_target_is(f, "service"))
        return is_its_cluster(r->cluster, f->target->name);
    return true;
}

bool facts_name_wanted(const struct facts *f, const char *name)
{
    if (!f->target || !f->target->kind)
        return true;
    for (int i = 0; name && i < f->row_count; i++)
        if (host_is_of(f->rows[i].authority, name))
            return true;
    return name && facts_target_is(f, "domain") &&
           (!strcasecmp(name, f->target->name) || host_is_of(f->target->name, name));
}

bool facts_target_found(const struct facts *f)
{
    if (!f->target || !f->target->kind)
        return true;
    for (int i = 0; i < f->route_count; i++)
        if (f->routes[i].wanted)
            return true;
    for (int i = 0; facts_target_is(f, "service") && i < f->known_clusters; i++)
        if (is_its_cluster(f->clusters[i].name, f->target->name))
            return true;
    return false;
}

const char *facts_other_ports(const struct facts *f)
{
    const char *ports = NULL;

    if (!facts_target_is(f, "service") || !facts_port_of(f->target->name))
        return NULL;
    for (int i = 0; i < f->known_clusters; i++) {
        const char *bar = strchr(f->clusters[i].name, '|');
        if (!bar || !names_host(f->clusters[i].name, f->target->name))
            continue;
        if (is_its_cluster(f->clusters[i].name, f->target->name))
            return NULL;
        ports = arena_printf(f->arena, "%s%s%ld", ports ? ports : "", ports ? ", " : "",
                             strtol(bar + 1, NULL, 10));
    }
    return ports;
}

/* -- what it is ----------------------------------------------------------------------------------
 */
static const char *where_configured(const struct facts *f)
{
    bool console = f->in->object != NULL, gateway = f->in->config && f->target_found;

    if (f->in->config && f->in->console_asked)
        return console && gateway ? "in the console and in the gateway"
               : console          ? "in the console, not in the gateway"
               : gateway          ? "in the gateway, not in the console"
                                  : "neither in the console nor in the gateway";
    if (f->in->config)
        return gateway ? "in the gateway (the console was not asked)" : "not in the gateway";
    if (f->in->console_asked)
        return console ? "in the console (the gateway was not asked)" : "not in the console";
    return NULL;
}

static const char *hosts_of(struct facts *f, const cJSON *domains)
{
    const char *text = NULL;
    const cJSON *d;

    cJSON_ArrayForEach(d, domains)
    {
        const char *name = cJSON_IsString(d) ? d->valuestring : "";
        bool port = strchr(name, ':') != NULL; /* the same name again */
        if (*name && !port)
            text = text ? arena_printf(f->arena, "%s, %s", text, name) : name;
    }
    return text ? text : "any host";
}

/* What a request that has none of it lacks is what the route wants. */
static const char *wants_of(struct facts *f, const cJSON *match, bool console)
{
    const struct fact_row nothing = { .method = "-", .path = "", .authority = "-" };
    const cJSON *copy = json_clone(f->arena, match);
    struct predicate_fit fit;

    if (console)
        json_remove((cJSON *)(uintptr_t)copy, "domains");
    fit = console ? predicate_console(f->arena, copy, &nothing)
                  : predicate_match(f->arena, copy, &nothing);
    return fit.wants ? fit.wants : "all paths";
}

static const char *leads_to(struct facts *f, const cJSON *action)
{
    const char *one = json_str(action, "cluster"), *text = NULL;
    const cJSON *w;

    if (one)
        return one;
    cJSON_ArrayForEach(w, json_path(action, "weighted_clusters.clusters")) text =
        arena_printf(f->arena, "%s%s%s (%.0f)", text ? text : "", text ? ", " : "",
                     json_str(w, "name") ? json_str(w, "name") : "?", json_num(w, "weight", 0));
    return text ? text : "no service";
}

/* Of the entries that a route has in Envoy (a prefix has one for the path alone, too) the widest.
 */
static bool is_widest(const struct facts *f, int at)
{
    const struct fact_route *r = &f->routes[at];
    bool exact = json_get(r->match, "path") != NULL;

    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *other = &f->routes[i];
        bool wider = exact && !json_get(other->match, "path");
        bool first = i < at && exact == (json_get(other->match, "path") != NULL);
        if ((wider || first) && !strcmp(other->name, r->name) && other->wanted)
            return false;
    }
    return true;
}

/* A prefix that stands in the console is two entries: "/pay" itself, and what is under "/pay/". */
static const cJSON *whole_prefix(const struct facts *f, const struct fact_route *r)
{
    const char *prefix = json_str(r->match, "prefix");
    size_t n = prefix ? strlen(prefix) : 0;

    for (int i = 0; n > 1 && prefix[n - 1] == '/' && i < f->route_count; i++) {
        const struct fact_route *other = &f->routes[i];
        const char *path = json_str(other->match, "path");
        if (!path || strcmp(other->name, r->name) != 0 || strlen(path) != n - 1 ||
            strncmp(path, prefix, n - 1) != 0)
            continue;
        cJSON *match = json_clone(f->arena, r->match);
        json_set_str(f->arena, match, "prefix", path);
        return match;
    }
    return r->match;
}

static void tell_routes(struct facts *f, cJSON *about)
{
    int n = 0;

    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *r = &f->routes[i];
        if (!r->wanted || !is_widest(f, i) || ++n > MOST_ROUTES)
            continue;
        json_add_str(
            f->arena, about,
            text_clean(f->arena,
                       arena_printf(f->arena, "route %s takes %s: %s; to %s", r->name,
                                    hosts_of(f, r->domains), wants_of(f, whole_prefix(f, r), false),
                                    leads_to(f, r->action)),
                       300));
    }
    if (n > MOST_ROUTES)
        json_add_str(f->arena, about, arena_printf(f->arena, "%d more routes", n - MOST_ROUTES));
}

cJSON *facts_about(struct facts *f)
{
    cJSON *about = json_array(f->arena);
    const char *where = where_configured(f);

    if (where)
        json_add_str(f->arena, about, where);
    if (f->in->config)
        tell_routes(f, about);
    else if (f->in->object && facts_target_is(f, "route"))
        json_add_str(f->arena, about,
                     arena_printf(f->arena, "it takes %s: %s",
                                  hosts_of(f, json_get(f->in->object, "domains")),
                                  wants_of(f, f->in->object, true)));
    if (f->in->rows)
        json_add_str(f->arena, about,
                     arena_printf(f->arena, "%d requests of it in the log, %d of them failed",
                                  f->row_count, f->failed_rows));
    return about;
}
