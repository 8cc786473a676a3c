/* diagnose_gateway.c - what concerns the gateway as a whole: certificates, routes in each other's
 * way, a target it does not know; and what counters and probes say of a cluster that no log line
 * speaks of.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include <string.h>

/* -- certificates that clients see ---------------------------------------------------------------
 */
static void judge_certificate(struct facts *f, struct findings *all, const cJSON *cert)
{
    const char *end = json_str(cert, "expiration_time");
    const char *name = json_str(json_path(cert, "subject_alt_names[0]"), "dns");
    double left = when_parse(end) - f->in->now;
    struct finding *x;

    if (!end || when_parse(end) <= 0 || left > 14 * 86400.0 || !facts_name_wanted(f, name))
        return;
    x = findings_new(all, left < 0 ? "DOWNSTREAM_CERT_EXPIRED" : "DOWNSTREAM_CERT_EXPIRING",
                     arena_printf(f->arena, "certificate for %s", name ? name : "(no name)"),
                     "Renew the certificate and put it on the domain; clients that check it cannot "
                     "get in, and leave no line in the log.");
    if (!x)
        return;
    x->rank = left < 0 ? 7 : 2;
    finding_add(f->arena, x, "certs", "valid until %s", end);
}

static void judge_certificates(struct facts *f, struct findings *all)
{
    const cJSON *group, *cert;

    cJSON_ArrayForEach(group, json_get(f->in->certs, "certificates"))
        cJSON_ArrayForEach(cert, json_get(group, "cert_chain")) judge_certificate(f, all, cert);
}

/* -- a route in front of a more special one ------------------------------------------------------
 */
static const char *match_literal(const cJSON *match)
{
    const char *s = json_str(match, "path");

    s = s ? s : json_str(match, "prefix");
    s = s ? s : json_str(match, "path_separated_prefix");
    return s ? s : "";
}

static bool takes(const struct fact_route *r, const struct fact_row *row)
{
    struct predicate_fit fit = predicate_match(NULL, r->match, row);

    return !fit.failed && !fit.unseen;
}

/* The route that this request looks meant for, though `taken` stands before it. A prefix of the
 * console is two routes of Envoy with one name: /pay and /pay/. */
static const struct fact_route *meant_for(const struct facts *f, const size_t *literals,
                                          const struct fact_route *taken,
                                          const struct fact_row *row)
{
    size_t least = literals[taken - f->routes];

    if (json_get(taken->match, "headers") || json_get(taken->match, "query_parameters"))
        return NULL;
    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *r = &f->routes[i];
        if (literals[i] > least && r->domains == taken->domains && r->place > taken->place &&
            strcmp(r->name, taken->name) != 0 && takes(r, row))
            return r;
    }
    return NULL;
}

/* How many bytes of a path each route names. */
static const size_t *literal_sizes(const struct facts *f)
{
    size_t *sizes = arena_array(f->arena, size_t, f->route_count + 1);

    for (int i = 0; i < f->route_count; i++)
        sizes[i] = strlen(match_literal(f->routes[i].match));
    return sizes;
}

enum { MOST_SHADOWS = 400 }; /* newest rows */

void findings_from_shadows(struct facts *f, struct findings *all)
{
    const size_t *literals = literal_sizes(f);

    for (int i = 0; i < f->row_count && i < MOST_SHADOWS; i++) {
        struct fact_row *row = &f->rows[i];
        const struct fact_route *taken = facts_route(f, row->route);
        const struct fact_route *meant = taken ? meant_for(f, literals, taken, row) : NULL;
        struct finding *x;
        if (!meant)
            continue;
        x = findings_new(
            all, "ROUTE_SHADOWED", arena_printf(f->arena, "route %s", meant->name),
            "A broader route stands first and takes the requests of this one. Make the "
            "broader one narrower, or put the special one before it.");
        if (!x)
            return;
        if (row->symptom && !row->explained) {
            row->explained = true;
            x->rows++;
        }
        if (x->evidence > 0)
            continue;
        x->rank = 7;
        x->cluster = facts_cluster(f, row->cluster);
        finding_add(f->arena, x, "access_log", "%s%s was taken by %s and answered %d",
                    row->authority, row->path, taken->name, row->code);
        finding_add(f->arena, x, "config_dump", "%s (%s) stands before %s (%s) in %s", taken->name,
                    match_literal(taken->match), meant->name, match_literal(meant->match),
                    taken->vhost ? taken->vhost : "its virtual host");
    }
}

/* -- the gateway's own state ---------------------------------------------------------------------
 */
static void judge_state(struct facts *f, struct findings *all)
{
    const char *state = json_str(f->in->server, "state");
    struct finding *x;

    if (state && strcmp(state, "LIVE") != 0) {
        x = findings_new(all, "GATEWAY_NOT_READY", "gateway",
                         "Wait for it, or find out what it waits for: its log and /init_dump say.");
        if (x)
            x->rank = 8;
        finding_add(f->arena, x, "server_info", "state %s", state);
    }
    if (facts_other_ports(f)) {
        x = findings_new(all, "SERVICE_PORT_UNKNOWN",
                         arena_printf(f->arena, "service %s", f->target->name),
                         "Ask for, or point the route to, a port that the service has.");
        if (x)
            x->rank = 6;
        finding_add(f->arena, x, f->in->from_console ? "console" : "clusters",
                    "it is known at port %s only", facts_other_ports(f));
        return;
    }
    if (!f->in->config || f->target_found)
        return;
    x = findings_new(all, "CONFIG_MISSING",
                     arena_printf(f->arena, "%s %s", f->target->kind, f->target->name),
                     "The gateway does not know it. See whether it exists (get_resource) and was "
                     "accepted; a new object takes a few seconds to arrive.");
    if (x)
        x->rank = 6;
    finding_add(f->arena, x, "config_dump", "no %s of that name among %d routes, %d clusters",
                f->target->kind, facts_distinct_routes(f), f->known_clusters);
}

static void judge_issues(struct facts *f, struct findings *all)
{
    const cJSON *o;

    cJSON_ArrayForEach(o, f->in->issues)
    {
        struct finding *x =
            findings_new(all, json_str(o, "code"), json_str(o, "object"), json_str(o, "next"));
        if (x && !x->evidence) {
            x->rank = 5;
            x->covers = json_str(o, "covers");
            x->old = json_true(o, "note");
        }
        const char *source = json_str(o, "source");
        finding_add(f->arena, x, source ? source : "console", "%s", json_str(o, "fact"));
    }
}

/* -- clusters that no log line speaks of ---------------------------------------------------------
 */
static const struct counter {
    const char *code;
    size_t offset;
    const char *name, *next;
} counters[] = {
    { "CONNECT_TIMEOUT", offsetof(struct fact_stats, connect_timeout),
      "upstream_cx_connect_timeout",
      "Nothing answers at that address: firewall or wrong address." },
    { "UPSTREAM_CONNECT_FAILED", offsetof(struct fact_stats, connect_fail),
      "upstream_cx_connect_fail",
      "Connections to the service fail; configure the access log to see "
      "why, or probe the endpoint." },
    { "UPSTREAM_TIMEOUT", offsetof(struct fact_stats, timeout), "upstream_rq_timeout",
      "The service needs longer than the route allows." },
    { "CIRCUIT_BREAKER", offsetof(struct fact_stats, overflow), "upstream_rq_pending_overflow",
      "Too many requests at once for this service." },
    { "UPSTREAM_RESET", offsetof(struct fact_stats, destroy_remote),
      "upstream_cx_destroy_remote_with_active_rq", "The service closes connections in use." },
    { "UPSTREAM_429", offsetof(struct fact_stats, rq_429), "upstream_rq_429",
      "The service itself limits." },
    { "UPSTREAM_5XX", offsetof(struct fact_stats, rq_5xx), "upstream_rq_5xx",
      "Look at the service's log." },
    { NULL, 0, NULL, NULL },
};

/* Without a log: what grows between two readings goes wrong now; the rest may be long ago. */
static void judge_counters(struct facts *f, struct findings *all, const struct fact_cluster *c)
{
    for (const struct counter *k = counters; k->code; k++) {
        double n = *(const double *)((const char *)&c->stats + k->offset);
        double more = n - *(const double *)((const char *)&c->stats_before + k->offset);
        struct finding *x = NULL;
        if (n > 0 && f->in->stats_before && more <= 0)
            facts_add_history(f, arena_printf(f->arena, "%s: %s %.0f since start, none just now",
                                              c->name, k->name, n));
        else if (n > 0)
            x = findings_new(all, k->code, c->name, k->next);
        if (!x)
            continue;
        x->rank = 2;
        x->cluster = c;
        x->old = !f->in->stats_before;
        if (f->in->stats_before)
            finding_add(f->arena, x, "stats", "%s grew by %.0f within seconds (%.0f since start)",
                        k->name, more, n);
        else
            finding_add(f->arena, x, "stats", "%s %.0f since start: when is not known", k->name, n);
        return;
    }
}

static const struct answer {
    const char *result, *code, *next;
} answers[] = {
    { "refused", "UPSTREAM_REFUSED", "Nothing listens on that port: start the service." },
    { "timeout", "CONNECT_TIMEOUT", "Nothing answers at that address: firewall, or host down." },
    { "no-route", "NETWORK_UNREACHABLE", "There is no network path to that address." },
    { "not-tls", "TLS_TO_PLAINTEXT", "The gateway speaks TLS to a port that does not." },
    { "tls-expired", "TLS_CERT_EXPIRED", "Renew the certificate of the service." },
    { "tls-name", "TLS_NAME_MISMATCH", "Set sni to a name in the service's certificate." },
    { NULL, NULL, NULL },
};

static void judge_probes(struct facts *f, struct findings *all, const struct fact_cluster *c)
{
    for (int i = 0; i < c->host_count; i++) {
        const char *result = json_str(c->hosts[i].probe, "result");
        if (c->hosts[i].ok > 0 || c->hosts[i].successes > 0)
            continue; /* the gateway reaches it, whatever a probe from here says */
        for (const struct answer *p = answers; result && p->result; p++) {
            struct finding *x;
            if (strcmp(p->result, result) != 0)
                continue;
            x = findings_new(all, p->code, c->name, p->next);
            if (!x)
                return;
            x->rank = x->rows ? x->rank : 4;
            x->cluster = c;
            finding_add(f->arena, x, "probe", "%s: %s", c->hosts[i].address, result);
        }
    }
}

void findings_from_gateway(struct facts *f, struct findings *all)
{
    judge_state(f, all);
    judge_certificates(f, all);
    judge_issues(f, all);
    for (int i = 0; i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        if (c->failed > 0 || !c->wanted)
            continue;
        judge_probes(f, all, c);
        if (!f->in->rows)
            judge_counters(f, all, c);
    }
}
