/* diagnose_support.c - what else speaks for a symptom seen in the log: one row of `supports` a
 * code. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_private.h"
#include <string.h>

typedef void support_fn(struct facts *f, struct finding *x, const struct fact_row *r);

static void add_probe(struct facts *f, struct finding *x, const struct fact_host *h)
{
    if (h && h->probe)
        finding_add(f->arena, x, "probe", "%s to %s: %s",
                    json_true(h->probe, "tls") ? "TLS handshake" : "TCP connect", h->address,
                    finding_probe_words(f->arena, h->probe));
}

static void connect_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_host *h = facts_host(x->cluster, r->host);

    if (h && h->connect_fail > 0)
        finding_add(f->arena, x, "clusters", "%s: %.0f failed connects, %.0f successful requests",
                    h->address, h->connect_fail, h->successes);
    add_probe(f, x, h);
}

static void tls_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const cJSON *tls =
        x->cluster ? json_path(x->cluster->config, "transport_socket.typed_config") : NULL;
    const char *sni = json_str(tls, "sni");

    if (tls)
        finding_add(f->arena, x, "config_dump", "the cluster speaks TLS, sni %s",
                    sni ? sni : "not set");
    connect_support(f, x, r);
}

static void breaker_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_cluster *c = x->cluster;

    (void)r;
    if (c && c->breakers)
        finding_add(f->arena, x, "clusters",
                    "breaker: max_connections %.0f, max_pending_requests %.0f, max_requests %.0f",
                    json_num(c->breakers, "max_connections", 0),
                    json_num(c->breakers, "max_pending_requests", 0),
                    json_num(c->breakers, "max_requests", 0));
    if (c && c->stats.overflow > 0)
        finding_add(f->arena, x, "stats", "upstream_rq_pending_overflow %.0f since start",
                    c->stats.overflow);
}

/* A request that was cut off says only that it needs longer than that; those answered in time say
 * how long it usually needs. */
static void tell_times(struct facts *f, struct finding *x, const struct fact_row *r)
{
    double longest = -1;
    int n = 0;

    for (int i = 0; i < f->row_count; i++) {
        const struct fact_row *one = &f->rows[i];
        if (one->symptom || strcmp(one->cluster, r->cluster) != 0 ||
            strcmp(one->route, r->route) != 0 || one->duration < 0)
            continue;
        longest = one->duration > longest ? one->duration : longest;
        n++;
    }
    if (n > 0)
        finding_add(f->arena, x, "access_log",
                    "%d requests answered in time took up to %.0f ms; how long the others need, "
                    "cut off at %.0f ms, is not known",
                    n, longest, r->duration);
    else
        finding_add(f->arena, x, "access_log",
                    "all are cut off at about %.0f ms, so how long the service needs is not known",
                    r->duration);
}

static void timeout_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    tell_times(f, x, r);
    const struct fact_route *route = facts_route(f, r->route);
    const char *limit = route ? json_str(route->action, "timeout") : NULL;
    const char *each =
        route ? json_str(json_get(route->action, "retry_policy"), "per_try_timeout") : NULL;

    if (limit || each)
        finding_add(f->arena, x, "config_dump",
                    "route %s: timeout %s, per try %s; this one took "
                    "%.0f ms",
                    route->name, limit ? limit : "Envoy's default", each ? each : "none",
                    r->duration);
    if (x->cluster && x->cluster->stats.timeout + x->cluster->stats.per_try_timeout > 0)
        finding_add(f->arena, x, "stats", "upstream_rq_timeout %.0f, per try %.0f since start",
                    x->cluster->stats.timeout, x->cluster->stats.per_try_timeout);
}

static bool is_known_cluster(const struct facts *f, const char *cluster)
{
    for (int i = 0; i < f->known_clusters; i++)
        if (!strcmp(f->clusters[i].name, cluster))
            return true;
    return false;
}

static void cluster_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_route *route = facts_route(f, r->route);
    const char *name = route ? json_str(route->action, "cluster") : NULL;

    if (name)
        finding_add(f->arena, x, "config_dump", "route %s points to %s, which is %s", route->name,
                    name, is_known_cluster(f, name) ? "known now" : "not among the clusters");
}

static void limit_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_route *route = facts_route(f, r->route);
    const cJSON *filters = route ? json_get(route->route, "typed_per_filter_config") : NULL;
    const cJSON *filter, *bucket = NULL;

    cJSON_ArrayForEach(filter, filters)
    {
        bucket = json_get(filter, "token_bucket");
        if (!bucket)
            bucket = json_path(filter, "value.token_bucket");
        if (bucket)
            break;
    }
    if (bucket)
        finding_add(f->arena, x, "config_dump", "route %s: bucket of %.0f, %.0f more each %s",
                    route->name, json_num(bucket, "max_tokens", 0),
                    json_num(bucket, "tokens_per_fill", 1), json_str(bucket, "fill_interval"));
}

static void health_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    int bad = 0;

    (void)r;
    if (!x->cluster || !x->cluster->listed || f->in->from_console)
        return; /* the console knows no health */
    for (int i = 0; i < x->cluster->listed_hosts; i++)
        bad += x->cluster->hosts[i].failed_check || x->cluster->hosts[i].ejected ||
               x->cluster->hosts[i].eds_bad;
    finding_add(f->arena, x, "clusters", "%d endpoints, %d of them marked unhealthy",
                x->cluster->listed_hosts, bad);
}

static void reset_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    if (x->cluster && x->cluster->stats.protocol_error > 0)
        finding_add(f->arena, x, "stats", "upstream_cx_protocol_error %.0f since start",
                    x->cluster->stats.protocol_error);
    if (x->cluster && x->cluster->stats.destroy_remote > 0)
        finding_add(f->arena, x, "stats",
                    "upstream_cx_destroy_remote_with_active_rq %.0f since start",
                    x->cluster->stats.destroy_remote);
    add_probe(f, x, facts_host(x->cluster, r->host));
}

static void answer_support(struct facts *f, struct finding *x, const struct fact_row *r)
{
    const struct fact_host *h = facts_host(x->cluster, r->host);

    if (h && h->counted)
        finding_add(f->arena, x, "clusters", "%s: %.0f requests, %.0f errors since start",
                    h->address, h->requests, h->errors);
}

static const struct support {
    const char *code;
    support_fn *fn;
} supports[] = {
    { "TLS_", tls_support },
    { "UPSTREAM_REFUSED", connect_support },
    { "UPSTREAM_CONNECT_FAILED", connect_support },
    { "CONNECT_TIMEOUT", connect_support },
    { "NETWORK_UNREACHABLE", connect_support },
    { "CIRCUIT_BREAKER", breaker_support },
    { "UPSTREAM_TIMEOUT", timeout_support },
    { "NO_CLUSTER", cluster_support },
    { "RATE_LIMITED", limit_support },
    { "NO_HEALTHY_UPSTREAM", health_support },
    { "UPSTREAM_RESET", reset_support },
    { "PROTOCOL_ERROR", reset_support },
    { "UPSTREAM_5XX", answer_support },
    { "UPSTREAM_4", answer_support },
    { NULL, NULL },
};

void support_add(struct facts *f, struct finding *x, const struct fact_row *r)
{
    setting_tell(f, x, r);
    for (const struct support *s = supports; s->code; s++)
        if (text_starts(x->code, s->code)) {
            s->fn(f, x, r);
            return;
        }
}
