/* diagnose_rules.c - what a cluster's endpoints, counters, configuration and probes say together.
 *
 * One row of `rules` a verdict: its function looks at one cluster and adds the evidence to x, or
 * returns false. `covers` names the symptoms of the log that this verdict explains. A new verdict
 * is a new row; the functions know Envoy's semantics and nothing else.
 */
#include "base/arena.h"
#include "base/json.h"
#include "diagnose/diagnose_private.h"
#include <string.h>

/* Which page named the endpoints. */
static const char *facts_pages(const struct facts *f)
{
    return f->in->from_console ? "console" : f->in->clusters ? "clusters" : "access_log";
}

static int count_failed_checks(const struct fact_cluster *c)
{
    int n = 0;

    for (int i = 0; i < c->host_count; i++)
        n += c->hosts[i].failed_check;
    return n;
}

static bool probe_is(const struct fact_host *h, const char *result)
{
    const char *r = json_str(h->probe, "result");

    return r && !strcmp(r, result);
}

/* The port answers, but not what the check wants. */
static bool check_wrong(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    const char *path = json_str(json_path(c->config, "health_checks[0].http_health_check"), "path");
    int bad = count_failed_checks(c);
    bool answers = c->ok > 0;

    if (c->listed_hosts == 0 || bad < c->listed_hosts)
        return false;
    for (int i = 0; i < c->host_count; i++)
        answers = answers || probe_is(&c->hosts[i], "ok");
    if (c->stats.check_network_failure > 0 || (c->stats.check_failure == 0 && !answers))
        return false;
    finding_add(f->arena, x, "clusters", "all %d endpoints fail the active health check", bad);
    finding_add(f->arena, x, "stats",
                "health_check.failure %.0f with network_failure 0: the endpoints answer the check "
                "of %s, but not as wanted",
                c->stats.check_failure, path ? path : "?");
    return true;
}

static bool none_healthy(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int bad = count_failed_checks(c);

    if (c->listed_hosts == 0 || bad < c->listed_hosts)
        return false;
    finding_add(f->arena, x, "clusters", "all %d endpoints fail the active health check", bad);
    if (c->stats.check_network_failure > 0)
        finding_add(f->arena, x, "stats", "health_check.network_failure %.0f: no connection",
                    c->stats.check_network_failure);
    return true;
}

static bool dns_fails(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    const char *type = json_str(c->config, "type");
    const cJSON *endpoint =
        json_path(c->config, "load_assignment.endpoints[0].lb_endpoints[0].endpoint");
    const char *name = json_str(json_path(endpoint, "address.socket_address"), "address");

    if (!c->listed || c->listed_hosts > 0 || !type || !strstr(type, "_DNS"))
        return false;
    finding_add(f->arena, x, "config_dump", "%s cluster, to resolve: %s", type, name ? name : "?");
    finding_add(f->arena, x, "clusters", "no endpoint came of it");
    if (c->stats.update_failure > 0)
        finding_add(f->arena, x, "stats", "update_failure %.0f since start",
                    c->stats.update_failure);
    return true;
}

static bool no_endpoint(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    const char *type = json_str(c->config, "type");

    if (!c->listed || c->listed_hosts > 0 || (type && strstr(type, "_DNS")) ||
        (type && !strcmp(type, "ORIGINAL_DST")))
        return false;
    finding_add(f->arena, x, "clusters", "%s cluster without any endpoint", type ? type : "STATIC");
    if (c->stats.none_healthy > 0)
        finding_add(f->arena, x, "stats", "upstream_cx_none_healthy %.0f since start",
                    c->stats.none_healthy);
    return c->config != NULL;
}

static bool ejected(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int n = 0;

    for (int i = 0; i < c->host_count; i++) {
        if (!c->hosts[i].ejected)
            continue;
        n++;
        finding_add(f->arena, x, "clusters", "%s is ejected: %.0f errors in %.0f requests",
                    c->hosts[i].address, c->hosts[i].errors, c->hosts[i].requests);
    }
    if (n > 0 && c->stats.ejections > 0)
        finding_add(f->arena, x, "stats", "outlier_detection.ejections_active %.0f of %d",
                    c->stats.ejections, c->listed_hosts);
    return n > 0;
}

/* Too few healthy endpoints: Envoy sends to the sick ones too. */
static bool panics(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int bad = count_failed_checks(c), sent = 0;

    for (int i = 0; i < c->host_count; i++)
        if (c->hosts[i].failed_check)
            sent += c->hosts[i].ok + c->hosts[i].failed;
    if (bad == 0 || (sent == 0 && c->stats.panic == 0))
        return false;
    finding_add(f->arena, x, "clusters", "%d of %d endpoints fail their health check", bad,
                c->listed_hosts);
    if (sent > 0)
        finding_add(f->arena, x, "access_log", "%d requests went to those all the same", sent);
    if (c->stats.panic > 0)
        finding_add(f->arena, x, "stats", "lb_healthy_panic %.0f since start", c->stats.panic);
    return true;
}

/* Never reached while the gateway tried. */
static bool host_down(const struct fact_host *h)
{
    if (h->troubles[TROUBLE_CONNECT] > 0)
        return h->troubles[TROUBLE_CONNECT] == h->rows;
    if (h->rows > 0 || (h->successes > 0 && h->connect_fail == 0))
        return false; /* the gateway reaches it, whatever a probe from here says */
    if (probe_is(h, "refused") || probe_is(h, "timeout") || probe_is(h, "no-route"))
        return true;
    return h->connect_fail > 0 && h->successes == 0 && h->requests == 0;
}

static bool host_up(const struct fact_host *h)
{
    return h->ok > 0 || h->successes > 0 || probe_is(h, "ok");
}

static void tell_down(struct facts *f, struct finding *x, const struct fact_host *h)
{
    if (h->rows > 0)
        finding_add(f->arena, x, "access_log", "%s: no connection in %d of %d requests", h->address,
                    h->troubles[TROUBLE_CONNECT], h->rows);
    if (h->connect_fail > 0)
        finding_add(f->arena, x, "clusters", "%s: %.0f failed connects, %.0f successful requests",
                    h->address, h->connect_fail, h->successes);
    if (h->probe)
        finding_add(f->arena, x, "probe", "%s: %s", h->address,
                    finding_probe_words(f->arena, h->probe));
}

static bool some_down(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int up = 0, down = 0;

    for (int i = 0; i < c->host_count; i++)
        up += host_up(&c->hosts[i]) && !host_down(&c->hosts[i]);
    for (int i = 0; up > 0 && i < c->host_count; i++) {
        struct fact_host *h = &c->hosts[i];
        if (!host_down(h))
            continue;
        h->told_down = true;
        x->object = endpoint_object(f->arena, x->object, c, h);
        x->rows += endpoint_explain(f, h, TROUBLE_CONNECT);
        tell_down(f, x, h);
        down++;
    }
    if (down == 0)
        return false;
    finding_add(f->arena, x, facts_pages(f), "%d other endpoint%s of it serve%s", up,
                up == 1 ? "" : "s", up == 1 ? "s" : "");
    if (c->stats.retry_success > 0)
        finding_add(f->arena, x, "stats", "upstream_rq_retry_success %.0f: retries hide it",
                    c->stats.retry_success);
    return true;
}

/* One leg of a weighted route is down while another serves. */
static bool leg_down(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int down = 0;

    for (int i = 0; i < c->host_count; i++)
        down += host_down(&c->hosts[i]);
    if (down == 0 || down < c->host_count)
        return false;
    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *r = &f->routes[i];
        if (!json_get(r->action, "weighted_clusters") || !facts_route_leads(r, c->name) || !r->ok)
            continue;
        finding_add(f->arena, x, "config_dump", "route %s sends only a share of its requests here",
                    r->name);
        finding_add(f->arena, x, "clusters", "all %d endpoints refuse or fail the connection",
                    down);
        return true;
    }
    return false;
}

/* Where the log shows no request of it: there is no log, or retries took them on to others. Most of
 * what Envoy ever sent there failed, and what it sent to others did not. */
static bool host_bad(const struct fact_host *h)
{
    return h->rows == 0 && h->requests >= 5 && h->errors * 2 > h->requests;
}

static bool host_good(const struct fact_host *h)
{
    return h->requests >= 5 && h->errors * 10 <= h->requests;
}

/* Its turn came often enough within the log, nothing ended there, and retries went on to others. */
static bool hidden_by_retries(const struct fact_cluster *c)
{
    enum { TURNS = 3 };
    return c->stats.retry_success > 0 && c->ok + c->failed >= TURNS * c->host_count;
}

static bool some_bad(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    int good = 0, bad = 0, rows = 0;

    for (int i = 0; i < c->host_count; i++) {
        good += host_good(&c->hosts[i]);
        rows += c->hosts[i].rows;
    }
    if (rows > 0 && !hidden_by_retries(c))
        return false;
    for (int i = 0; good > 0 && i < c->host_count; i++) {
        const struct fact_host *h = &c->hosts[i];
        if (!host_bad(h))
            continue;
        bad++;
        x->object = endpoint_object(f->arena, x->object, c, h);
        finding_add(f->arena, x, "clusters", "%s: %.0f errors in %.0f requests", h->address,
                    h->errors, h->requests);
    }
    if (bad > 0)
        finding_add(f->arena, x, "clusters", "%d other endpoints of it answer well", good);
    if (bad > 0 && rows > 0)
        finding_add(f->arena, x, "access_log",
                    "none of its %d requests ended there: retries hide it "
                    "(upstream_rq_retry_success %.0f)",
                    rows, c->stats.retry_success);
    return bad > 0;
}

static bool broken_streams(const struct facts *f, const struct fact_cluster *c)
{
    for (int i = 0; c->ok == 0 && i < f->row_count; i++) {
        const struct fact_row *r = &f->rows[i];
        if (r->symptom && !strcmp(r->cluster, c->name) &&
            (!strcmp(r->symptom->code, "PROTOCOL_ERROR") ||
             !strcmp(r->symptom->code, "UPSTREAM_RESET")) &&
            strstr(r->details, "before_response_started"))
            return true;
    }
    return false;
}

static bool speaks_http2(const struct fact_cluster *c)
{
    const cJSON *o;

    cJSON_ArrayForEach(o, json_get(c->config, "typed_extension_protocol_options")) if (
        json_path(o, "explicit_http_config.http2_protocol_options")) return true;
    return json_get(c->config, "http2_protocol_options") != NULL;
}

static bool wrong_protocol(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    if (!speaks_http2(c) || !broken_streams(f, c))
        return false;
    finding_add(f->arena, x, "config_dump", "the cluster speaks HTTP/2 by configuration");
    if (c->stats.protocol_error > 0)
        finding_add(f->arena, x, "stats", "upstream_cx_protocol_error %.0f since start",
                    c->stats.protocol_error);
    return true;
}

/* Completed, or refused over the certificate: the port speaks TLS. */
static bool tls_answered(const struct fact_host *h)
{
    const char *r = json_str(h->probe, "result");

    return r && json_true(h->probe, "tls") && (!strcmp(r, "ok") || !strncmp(r, "tls", 3)) &&
           strcmp(r, "tls-other") != 0;
}

static bool plain_to_tls(struct facts *f, struct fact_cluster *c, struct finding *x)
{
    if (!c->config || json_get(c->config, "transport_socket") || !broken_streams(f, c))
        return false;
    for (int i = 0; i < c->host_count; i++)
        if (tls_answered(&c->hosts[i])) {
            finding_add(f->arena, x, "probe", "%s completes a TLS handshake", c->hosts[i].address);
            finding_add(f->arena, x, "config_dump", "the cluster speaks plain HTTP");
            return true;
        }
    return false;
}

static const char connect_codes[] =
    "UPSTREAM_REFUSED|CONNECT_TIMEOUT|UPSTREAM_CONNECT_FAILED|NETWORK_UNREACHABLE";

static const struct rule {
    const char *code;
    int rank;
    const char *covers, *next;
    bool (*fn)(struct facts *f, struct fact_cluster *c, struct finding *x);
} rules[] = {
    { "HEALTH_CHECK_WRONG", 8, "NO_HEALTHY_UPSTREAM",
      "Correct path, port or expected status of the health check: the service itself answers.",
      check_wrong },
    { "NO_HEALTHY_UPSTREAM", 6, NULL,
      "Every endpoint fails its health check. Bring one back; the gateway takes it up by itself.",
      none_healthy },
    { "DNS_FAILURE", 8, "NO_HEALTHY_UPSTREAM",
      "Correct the domain of the service source, or repair name resolution where the gateway runs. "
      "A corrected record may take a refresh interval to arrive.",
      dns_fails },
    { "NO_ENDPOINT", 7, "NO_HEALTHY_UPSTREAM",
      "The service has no endpoint: check its source (address, registry group, namespace) or its "
      "pods and selector.",
      no_endpoint },
    { "OUTLIER_EJECTED", 8, "UPSTREAM_5XX|NO_HEALTHY_UPSTREAM|ENDPOINT_BAD",
      "Outlier detection took endpoints out because they failed. Repair those endpoints first; "
      "loosen "
      "the detection only if their errors are harmless.",
      ejected },
    { "PANIC_ROUTING", 8, "UPSTREAM_5XX|ENDPOINT_BAD|ENDPOINT_DOWN|UPSTREAM_REFUSED",
      "So few endpoints are healthy that the gateway uses the sick ones too. Bring endpoints back, "
      "or "
      "lower the panic threshold.",
      panics },
    { "ENDPOINT_DOWN", 7, connect_codes,
      "Start the endpoint named in the evidence again, or take it out of the service source. "
      "Retries "
      "(proxyNextUpstream) or a health check would keep requests away from it.",
      some_down },
    { "ENDPOINT_DOWN", 7, connect_codes,
      "Take the share of the dead service to 0 (weights of the route), or start it again.",
      leg_down },
    { "ENDPOINT_BAD", 7, "UPSTREAM_5XX",
      "Look at the log of that one endpoint; restart it or take it out. Outlier detection would do "
      "so "
      "by itself.",
      some_bad },
    { "PROTOCOL_MISMATCH", 7, "PROTOCOL_ERROR|UPSTREAM_RESET",
      "The gateway speaks HTTP/2 to a service that does not answer it. Set the protocol of the "
      "source "
      "(or backend-protocol) to HTTP.",
      wrong_protocol },
    { "PLAINTEXT_TO_TLS", 8, "UPSTREAM_RESET|PROTOCOL_ERROR",
      "The gateway speaks plain HTTP to a TLS port. Set the source's protocol to https (or "
      "backend-protocol HTTPS), with the right sni.",
      plain_to_tls },
    { 0 },
};

void findings_from_clusters(struct facts *f, struct findings *all)
{
    for (int i = 0; i < f->cluster_count; i++) {
        struct fact_cluster *c = &f->clusters[i];
        if (!c->wanted)
            continue;
        for (const struct rule *r = rules; r->code; r++) {
            struct finding try = { 0 };
            if (!r->fn(f, c, &try))
                continue;
            struct finding *x =
                findings_new(all, r->code, try.object ? try.object : c->name, r->next);
            if (!x)
                return;
            for (int k = 0; k < try.evidence; k++)
                finding_add(f->arena, x, try.source[k], "%s", try.fact[k]);
            x->rows += try.rows;
            x->rank = r->rank;
            x->covers = r->covers;
            x->cluster = c;
            x->next = r->next;
        }
    }
}
