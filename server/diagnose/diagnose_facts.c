/* diagnose_facts.c - digests the signals of a diagnosis: clusters, counters, hosts. Routes and rows
 * are in diagnose_rows.c. A new counter is one row of stat_rows and one member of struct
 * fact_stats.
 */
#include "diagnose/diagnose_facts.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_private.h"
#include "signal/envoy.h"
#include <string.h>

enum { MOST_HISTORY = 4 };
enum { ROW_CLUSTERS = 256, ROW_HOSTS = 32 }; /* that only the access log names */

static const struct stat_row {
    const char *suffix;
    size_t offset;
} stat_rows[] = {
    { "health_check.failure", offsetof(struct fact_stats, check_failure) },
    { "health_check.network_failure", offsetof(struct fact_stats, check_network_failure) },
    { "lb_healthy_panic", offsetof(struct fact_stats, panic) },
    { "outlier_detection.ejections_active", offsetof(struct fact_stats, ejections) },
    { "upstream_rq_pending_overflow", offsetof(struct fact_stats, overflow) },
    { "upstream_cx_connect_fail", offsetof(struct fact_stats, connect_fail) },
    { "upstream_cx_connect_timeout", offsetof(struct fact_stats, connect_timeout) },
    { "upstream_rq_timeout", offsetof(struct fact_stats, timeout) },
    { "upstream_rq_per_try_timeout", offsetof(struct fact_stats, per_try_timeout) },
    { "upstream_cx_none_healthy", offsetof(struct fact_stats, none_healthy) },
    { "upstream_rq_retry", offsetof(struct fact_stats, retry) },
    { "upstream_rq_retry_success", offsetof(struct fact_stats, retry_success) },
    { "update_failure", offsetof(struct fact_stats, update_failure) },
    { "upstream_cx_protocol_error", offsetof(struct fact_stats, protocol_error) },
    { "upstream_cx_destroy_remote_with_active_rq", offsetof(struct fact_stats, destroy_remote) },
    { "ssl.connection_error", offsetof(struct fact_stats, ssl_error) },
    { "upstream_cx_rx_bytes_total", offsetof(struct fact_stats, rx_bytes) },
    { "upstream_rq_5xx", offsetof(struct fact_stats, rq_5xx) },
    { "upstream_rq_429", offsetof(struct fact_stats, rq_429) },
    { NULL, 0 },
};

const cJSON *facts_config_part(const struct facts *f, const char *type)
{
    const cJSON *part;

    cJSON_ArrayForEach(part, json_get(f->in->config, "configs"))
    {
        const char *t = json_str(part, "@type");
        if (t && text_ends(t, type) && strlen(t) > strlen(type) &&
            t[strlen(t) - strlen(type) - 1] == '.')
            return part;
    }
    return NULL;
}

struct fact_cluster *facts_cluster(const struct facts *f, const char *name)
{
    for (int i = 0; name && i < f->cluster_count; i++)
        if (!strcmp(f->clusters[i].name, name))
            return &f->clusters[i];
    return NULL;
}

struct fact_host *facts_host(const struct fact_cluster *c, const char *address)
{
    for (int i = 0; c && address && i < c->host_count; i++)
        if (!strcmp(c->hosts[i].address, address))
            return &c->hosts[i];
    return NULL;
}

static void read_host(struct facts *f, struct fact_host *h, const cJSON *o)
{
    const cJSON *socket = json_path(o, "address.socket_address");
    const cJSON *health = json_get(o, "health_status");
    const char *ip = json_str(socket, "address");
    const char *eds = json_str(health, "eds_health_status");

    h->address = arena_printf(f->arena, ip && strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip ? ip : "?",
                              (int)json_num(socket, "port_value", 0));
    h->counted = json_get(o, "stats") != NULL;
    h->failed_check = json_true(health, "failed_active_health_check");
    h->ejected = json_true(health, "failed_outlier_check");
    h->eds_bad = eds && (!strcmp(eds, "UNHEALTHY") || !strcmp(eds, "TIMEOUT"));
    h->connect_fail = envoy_host_stat(o, "cx_connect_fail");
    h->errors = envoy_host_stat(o, "rq_error");
    h->successes = envoy_host_stat(o, "rq_success");
    h->requests = envoy_host_stat(o, "rq_total");
    h->timeouts = envoy_host_stat(o, "rq_timeout");
}

struct fact_host *facts_add_host(struct facts *f, struct fact_cluster *c, const char *address)
{
    struct fact_host *h = facts_host(c, address);

    if (h || !c || !strcmp(address, "-"))
        return h;
    if (!c->hosts) {
        c->host_room = ROW_HOSTS;
        c->hosts = arena_array(f->arena, struct fact_host, ROW_HOSTS);
    }
    if (c->host_count >= c->host_room)
        return NULL;
    h = &c->hosts[c->host_count++];
    h->address = address;
    return h;
}

static const cJSON *default_breaker(const cJSON *status)
{
    const cJSON *t;

    cJSON_ArrayForEach(t, json_path(status, "circuit_breakers.thresholds"))
    {
        const char *p = json_str(t, "priority");
        if (!p || !strcmp(p, "DEFAULT"))
            return t;
    }
    return NULL;
}

struct fact_cluster *facts_add_cluster(struct facts *f, const char *name)
{
    struct fact_cluster *c = facts_cluster(f, name);
    const char *bar;

    if (c || !name || f->cluster_count >= f->cluster_room)
        return c;
    c = &f->clusters[f->cluster_count++];
    c->name = name;
    bar = strrchr(name, '|');
    c->host_name = bar ? bar + 1 : name;
    return c;
}

static void read_status(struct facts *f, const cJSON *status)
{
    struct fact_cluster *c = facts_add_cluster(f, json_str(status, "name"));
    const cJSON *hosts = json_get(status, "host_statuses");
    const cJSON *h;

    if (!c)
        return;
    if (c->listed)
        return;
    c->listed = true;
    c->breakers = default_breaker(status);
    c->host_room = json_count(hosts) + ROW_HOSTS;
    c->hosts = arena_array(f->arena, struct fact_host, c->host_room);
    cJSON_ArrayForEach(h, hosts) read_host(f, &c->hosts[c->host_count++], h);
    c->listed_hosts = c->host_count;
}

static void read_cluster_configs(struct facts *f, const cJSON *list)
{
    const cJSON *o;

    cJSON_ArrayForEach(o, list)
    {
        const cJSON *config = json_get(o, "cluster");
        struct fact_cluster *c = facts_add_cluster(f, json_str(config, "name"));
        if (c)
            c->config = config;
    }
}

static void read_clusters(struct facts *f)
{
    const cJSON *part = facts_config_part(f, "ClustersConfigDump");
    const cJSON *statuses = json_get(f->in->clusters, "cluster_statuses");
    const cJSON *active = json_get(part, "dynamic_active_clusters");
    const cJSON *fixed = json_get(part, "static_clusters");
    const cJSON *o;

    f->cluster_room = json_count(statuses) + json_count(active) + json_count(fixed) + ROW_CLUSTERS;
    f->clusters = arena_array(f->arena, struct fact_cluster, f->cluster_room);
    cJSON_ArrayForEach(o, statuses) read_status(f, o);
    read_cluster_configs(f, active);
    read_cluster_configs(f, fixed);
    f->known_clusters = f->cluster_count;
}

/* "cluster.<name>[;].<suffix>" into the cluster's counters. */
static void read_stat(struct facts *f, const char *name, double value, bool before)
{
    static const char head[] = "cluster.";
    size_t n = strlen(name);

    if (value == 0 || strncmp(name, head, sizeof head - 1) != 0)
        return;
    for (const struct stat_row *r = stat_rows; r->suffix; r++) {
        size_t s = strlen(r->suffix);
        size_t middle = n - s - sizeof head;
        if (n < s + sizeof head || name[n - s - 1] != '.' || strcmp(name + n - s, r->suffix) != 0)
            continue;
        char *cluster = arena_strndup(f->arena, name + sizeof head - 1, middle);
        if (middle > 0 && cluster[middle - 1] == ';')
            cluster[middle - 1] = '\0';
        struct fact_cluster *c = facts_cluster(f, cluster);
        if (c)
            *(double *)((char *)(before ? &c->stats_before : &c->stats) + r->offset) = value;
        return;
    }
}

static void read_stats(struct facts *f, const cJSON *page, bool before)
{
    const cJSON *s;

    cJSON_ArrayForEach(s, json_get(page, "stats"))
    {
        const char *name = json_str(s, "name");
        if (name)
            read_stat(f, name, json_num(s, "value", 0), before);
    }
}

static void read_probes(struct facts *f)
{
    const cJSON *p;

    cJSON_ArrayForEach(p, f->in->probes)
    {
        struct fact_cluster *c = facts_cluster(f, json_str(p, "cluster"));
        struct fact_host *h = facts_host(c, json_str(p, "address"));
        if (h && (!h->probe || json_true(p, "tls")))
            h->probe = p;
    }
}

void facts_add_history(struct facts *f, const char *text)
{
    if (json_count(f->history) < MOST_HISTORY)
        json_add_str(f->arena, f->history, text_clean(f->arena, text, 300));
}

struct facts *facts_make(struct arena *a, const struct diagnose_target *t,
                         const struct diagnose_signals *s)
{
    struct facts *f = arena_make(a, struct facts);

    f->arena = a;
    f->target = t;
    f->in = s;
    f->history = json_array(a);
    read_clusters(f);
    read_stats(f, s->stats, false);
    read_stats(f, s->stats_before, true);
    read_probes(f);
    facts_read_routes(f);
    facts_choose(f);
    facts_read_rows(f); /* which may name more clusters */
    facts_choose(f);
    return f;
}
