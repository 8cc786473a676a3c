/* diagnose_rows.c - routes of the configuration and rows of the access log, as far as they belong
 * to the target.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_private.h"
#include "signal/accesslog.h"
#include <stdlib.h>
#include <string.h>

struct fact_route *facts_route(const struct facts *f, const char *name)
{
    for (int i = 0; name && i < f->route_count; i++)
        if (!strcmp(f->routes[i].name, name))
            return &f->routes[i];
    return NULL;
}

static int count_routes(const cJSON *configs)
{
    const cJSON *c, *v;
    int n = 0;

    cJSON_ArrayForEach(c, configs) cJSON_ArrayForEach(v, json_path(c, "route_config.virtual_hosts"))
        n += json_count(json_get(v, "routes"));
    return n;
}

static void read_vhost(struct facts *f, const cJSON *vhost)
{
    const cJSON *r;
    int place = 0;

    cJSON_ArrayForEach(r, json_get(vhost, "routes"))
    {
        const char *name = json_str(r, "name");
        f->routes[f->route_count++] = (struct fact_route){
            .name = name ? name : "(unnamed)",
            .match = json_get(r, "match"),
            .action = json_get(r, "route"),
            .route = r,
            .vhost = json_str(vhost, "name"),
            .domains = json_get(vhost, "domains"),
            .place = place++,
        };
    }
}

void facts_read_routes(struct facts *f)
{
    const cJSON *part = facts_config_part(f, "RoutesConfigDump");
    const cJSON *lists[] = { json_get(part, "dynamic_route_configs"),
                             json_get(part, "static_route_configs") };
    const cJSON *c, *v;

    f->routes = arena_array(f->arena, struct fact_route,
                            count_routes(lists[0]) + count_routes(lists[1]) + 1);
    for (int i = 0; i < 2; i++)
        cJSON_ArrayForEach(c, lists[i])
            cJSON_ArrayForEach(v, json_path(c, "route_config.virtual_hosts")) read_vhost(f, v);
}

static bool under(const char *path, size_t n, const char *prefix)
{
    size_t p = strlen(prefix);

    return n >= p && !strncmp(path, prefix, p);
}

bool facts_path_matches(const cJSON *match, const char *path)
{
    size_t n = strcspn(path, "?#");
    const char *exact = json_str(match, "path");
    const char *prefix = json_str(match, "prefix");
    const char *separated = json_str(match, "path_separated_prefix");

    if (exact)
        return strlen(exact) == n && !strncmp(exact, path, n);
    if (prefix)
        return under(path, n, prefix);
    if (!separated || !under(path, n, separated))
        return false;
    return path[strlen(separated)] == '/' || n == strlen(separated);
}

static bool domain_takes(const char *domain, const char *host)
{
    size_t d = strlen(domain), h = strcspn(host, ":");

    if (!strcmp(domain, "*"))
        return true;
    if (domain[0] == '*')
        return h >= d && !strncasecmp(host + h - (d - 1), domain + 1, d - 1);
    d = strcspn(domain, ":");
    return d == h && !strncasecmp(domain, host, h);
}

bool facts_host_matches(const cJSON *domains, const char *host)
{
    const cJSON *d;

    cJSON_ArrayForEach(d, domains) if (d->valuestring &&
                                       domain_takes(d->valuestring, host)) return true;
    return false;
}

bool facts_route_leads(const struct fact_route *r, const char *cluster)
{
    const char *one = json_str(r->action, "cluster");
    const cJSON *w;

    if (one && !strcmp(one, cluster))
        return true;
    cJSON_ArrayForEach(w, json_path(r->action, "weighted_clusters.clusters"))
    {
        const char *name = json_str(w, "name");
        if (name && !strcmp(name, cluster))
            return true;
    }
    return false;
}

static bool target_is(const struct facts *f, const char *kind)
{
    return f->target && f->target->kind && !strcmp(f->target->kind, kind);
}

/* A service's name may carry its port: "orders.static:80". */
static bool cluster_is(const char *cluster, const char *service)
{
    const char *bar = strrchr(cluster, '|');
    const char *host = bar ? bar + 1 : cluster;
    size_t n = strcspn(service, ":");

    return !strcmp(cluster, service) || (strlen(host) == n && !strncmp(host, service, n));
}

bool facts_route_wanted(const struct facts *f, const struct fact_route *r)
{
    if (target_is(f, "route"))
        return accesslog_route_is(r->name, f->target->name);
    if (!target_is(f, "service"))
        return true;
    for (int i = 0; i < f->cluster_count; i++)
        if (cluster_is(f->clusters[i].name, f->target->name) &&
            facts_route_leads(r, f->clusters[i].name))
            return true;
    return false;
}

bool facts_cluster_wanted(const struct facts *f, const struct fact_cluster *c)
{
    const cJSON *s;

    if (target_is(f, "service"))
        return cluster_is(c->name, f->target->name);
    if (!target_is(f, "route"))
        return true;
    for (int i = 0; i < f->route_count; i++)
        if (accesslog_route_is(f->routes[i].name, f->target->name) &&
            facts_route_leads(&f->routes[i], c->name))
            return true;
    cJSON_ArrayForEach(s, json_get(f->in->object, "services"))
    {
        const char *name = json_str(s, "name");
        if (name && cluster_is(c->name, name))
            return true;
    }
    return false;
}

/* A request that no route took belongs to a route if that route should have taken its host. */
static bool lost_row_wanted(const struct facts *f, const struct fact_row *r)
{
    const cJSON *domains = json_get(f->in->object, "domains");

    if (strcmp(r->route, "-") != 0)
        return false;
    if (domains && json_count(domains) > 0)
        return facts_host_matches(domains, r->authority);
    for (int i = 0; i < f->route_count; i++)
        if (facts_route_wanted(f, &f->routes[i]))
            return facts_host_matches(f->routes[i].domains, r->authority);
    return true;
}

static bool row_wanted(const struct facts *f, const struct fact_row *r)
{
    if (target_is(f, "route"))
        return accesslog_route_is(r->route, f->target->name) || lost_row_wanted(f, r);
    if (target_is(f, "service"))
        return cluster_is(r->cluster, f->target->name);
    return true;
}

static const char *text_of(const cJSON *o, const char *key)
{
    const char *s = json_str(o, key);

    return s ? s : "-";
}

static double number_of(const cJSON *o, const char *key, double otherwise)
{
    const char *s = json_str(o, key);

    if (!s)
        return json_num(o, key, otherwise);
    return strcmp(s, "-") != 0 ? strtod(s, NULL) : otherwise;
}

static struct fact_row row_read(const cJSON *o)
{
    struct fact_row r = {
        .code = (int)number_of(o, "response_code", 0),
        .flags = text_of(o, "response_flags"),
        .details = text_of(o, "response_code_details"),
        .reason = text_of(o, "upstream_transport_failure_reason"),
        .route = text_of(o, "route_name"),
        .cluster = text_of(o, "upstream_cluster"),
        .host = text_of(o, "upstream_host"),
        .authority = text_of(o, "authority"),
        .path = text_of(o, "path"),
        .start = text_of(o, "start_time"),
        .duration = number_of(o, "duration", -1),
    };
    r.symptom = symptom_of(&r);
    return r;
}

static void count_row(struct facts *f, const struct fact_row *r)
{
    struct fact_cluster *c = facts_cluster(f, r->cluster);
    struct fact_host *h = facts_host(c, r->host);
    struct fact_route *route = facts_route(f, r->route);
    bool failed = r->symptom != NULL;

    f->failed_rows += failed;
    if (route)
        *(failed ? &route->failed : &route->ok) += 1;
    if (c)
        *(failed ? &c->failed : &c->ok) += 1;
    if (!h)
        return;
    *(failed ? &h->failed : &h->ok) += 1;
    h->connect_failed += failed && r->symptom->connect;
    h->answered_5xx += failed && !strcmp(r->symptom->code, "UPSTREAM_5XX");
}

void facts_read_rows(struct facts *f)
{
    const cJSON *o;

    f->rows = arena_array(f->arena, struct fact_row, json_count(f->in->rows) + 1);
    cJSON_ArrayForEach(o, f->in->rows)
    {
        if (json_true(o, "forged")) {
            f->forged_rows++;
            continue;
        }
        struct fact_row r = row_read(o);
        if (!row_wanted(f, &r))
            continue;
        f->rows[f->row_count++] = r;
        count_row(f, &r);
    }
    f->target_found = !f->target || !f->target->kind;
    for (int i = 0; !f->target_found && i < f->route_count; i++)
        f->target_found = facts_route_wanted(f, &f->routes[i]);
    for (int i = 0; !f->target_found && i < f->cluster_count; i++)
        f->target_found = facts_cluster_wanted(f, &f->clusters[i]);
}
