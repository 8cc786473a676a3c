/* probe_envoy.c - the same endpoints as the gateway sees them: what each replica's Envoy counts and
 * has decided about them. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "net/beside.h"
#include "probe/probe_private.h"
#include "signal/replica.h"
#include <string.h>

enum { LINES = 8 }; /* of one endpoint */

struct view {
    struct party *p;
    const struct replicas *all;
};

struct reading {
    struct party *p;
    const struct replica *replica;
};

static const char *health_of(const cJSON *host)
{
    const cJSON *h = json_get(host, "health_status");
    const char *eds = json_text(h, "eds_health_status");
    if (json_true(h, "failed_active_health_check"))
        return "fails its health check";
    if (json_true(h, "failed_outlier_check"))
        return "ejected as an outlier";
    return !*eds || text_same(eds, "HEALTHY") || text_same(eds, "UNKNOWN") ? "healthy" : eds;
}

static void add_replica_line(const struct reading *r, struct knock *k, const cJSON *cluster,
                             const cJSON *host)
{
    struct arena *a = r->p->a;
    cJSON *lines = json_get(k->row, "envoy");
    if (!lines)
        lines = json_set_array(a, k->row, "envoy");
    const char *line =
        arena_printf(a, "%s: %s in %s, %.0f requests, %.0f failed, %.0f connects failed",
                     r->replica->envoy.name ? r->replica->envoy.name : "Envoy", health_of(host),
                     json_text(cluster, "name"), envoy_host_stat(host, "rq_total"),
                     envoy_host_stat(host, "rq_error"), envoy_host_stat(host, "cx_connect_fail"));
    if (json_count(lines) < LINES)
        json_add_str(a, lines, text_clean(a, line, 400));
}

static bool take_cluster(void *arg, struct arena *one, const cJSON *cluster)
{
    const struct reading *r = arg;
    const cJSON *host;
    (void)one;
    cJSON_ArrayForEach(host, json_get(cluster, "host_statuses"))
    {
        const cJSON *at = json_path(host, "address.socket_address");
        for (int i = 0; i < r->p->count; i++) {
            struct knock *k = r->p->knocks[i];
            if (!k->gateway && k->port == (int)json_num(at, "port_value", 0) &&
                (text_same(k->host, json_str(at, "address")) ||
                 text_same(k->host, json_str(host, "hostname"))))
                add_replica_line(r, k, cluster, host);
        }
    }
    return true;
}

static void read_replica(void *arg, int i, struct cancel *own)
{
    const struct view *v = arg;
    struct reading r = { v->p, &v->all->list[i] };
    struct err e = { 0 };
    if (!replica_elements(v->p->m->loop, v->p->m->config, r.replica, "/clusters?format=json",
                          "cluster_statuses", take_cluster, &r, own, &e))
        json_add_str(v->p->a, v->p->notes,
                     arena_printf(v->p->a, "what Envoy saw is not known: %s", e.text));
}

void party_ask_envoy(struct party *p)
{
    const struct probing *m = p->m;
    struct err e = { 0 };
    if (!m->config->envoy_admin)
        return;
    struct view v = { p, replicas_find(m->loop, m->config, p->a, m->cancel, &e) };
    if (v.all)
        beside_each(m->loop, v.all->count, REPLICAS_AT_ONCE, read_replica, &v, m->cancel);
    else
        json_add_str(p->a, p->notes, arena_printf(p->a, "what Envoy saw is not known: %s", e.text));
}
