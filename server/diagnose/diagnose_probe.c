/* diagnose_probe.c - probes side by side: a fiber each, the asking fiber parks until the last is
 * back.
 *
 * Who writes a service source must not learn what listens beside this server: net/reach.h says
 * which addresses are nobody's service. This host's own loopback ports are probed only where a
 * gateway on this host has that very address written down; a name that leads there is not.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "diagnose/diagnose_private.h"
#include "diagnose/diagnose_probe_private.h"
#include "net/loop.h"
#include "net/probe.h"
#include "net/reach.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_PROBES = 64 };

struct party {
    struct arena *a;
    const struct diagnose_means *m;
    struct fiber *asking;
    int running;
    bool parked;
    cJSON *list;
};

struct knock {
    struct party *party;
    const char *cluster, *address, *host, *tls_name;
    int port;
    struct reach reach;
};

/* The words of diagnose.h for a result. */
static const char *const words[] = {
    [PROBE_OK] = "ok",
    [PROBE_REFUSED] = "refused",
    [PROBE_TIMEOUT] = "timeout",
    [PROBE_NO_ROUTE] = "no-route",
    [PROBE_DNS] = "dns",
    [PROBE_RESET] = "reset",
    [PROBE_NOT_TLS] = "not-tls",
    [PROBE_TLS_EXPIRED] = "tls-expired",
    [PROBE_TLS_NAME] = "tls-name",
    [PROBE_TLS_UNKNOWN_CA] = "tls-unknown-ca",
    [PROBE_TLS_OTHER] = "tls-other",
    [PROBE_OTHER] = "other",
    [PROBE_NOT_PROBED] = "not-probed",
};

static void wake_prober(void *arg)
{
    fiber_resume(arg);
}

static void knock_main(void *arg)
{
    struct knock *k = arg;
    struct party *p = k->party;
    struct probe out = { 0 };
    struct err e = { 0 };
    cJSON *o;

    if (probe(p->m->loop, p->a, k->host, k->port, k->tls_name, 2, &k->reach, NULL, &out, &e)) {
        o = json_add(p->a, p->list, json_object(p->a));
        json_set_str(p->a, o, "cluster", k->cluster);
        json_set_str(p->a, o, "address", k->address);
        json_set_bool(p->a, o, "tls", k->tls_name != NULL);
        json_set_str(p->a, o, "result", words[out.result]);
        json_set_str(p->a, o, "detail", arena_strdup(p->a, out.detail));
    }
    if (--p->running == 0 && p->parked)
        loop_soon(p->m->loop, wake_prober, p->asking);
}

/* -- what may be probed ------------------------------------------------------------------ */

/* Is one of the addresses that the cluster is configured with of loopback, as it is written? */
static bool written_as_loopback(const cJSON *tree)
{
    const char *address = json_str(json_get(tree, "socket_address"), "address");
    const cJSON *child;
    if (address && reach_is_loopback(address))
        return true;
    cJSON_ArrayForEach(child, tree)
    {
        if (written_as_loopback(child))
            return true;
    }
    return false;
}

/* Envoy lists what a name led to; only clusters that resolve names have their hosts in the
 * configuration. Sources of the console are listed as they were written. */
static bool says_loopback(const struct facts *f, const struct fact_cluster *c, const char *host)
{
    const char *type = json_str(c->config, "type");
    bool resolved = type ? text_ends(type, "_DNS") : text_ends(c->name, ".dns");
    return reach_is_loopback(host) && (f->in->from_console || !resolved ||
                                       written_as_loopback(json_get(c->config, "load_assignment")));
}

/* Host and port of "10.0.0.1:80" or "[::1]:80". */
static bool split_address(struct party *p, const char *address, struct knock *k)
{
    const char *colon = strrchr(address, ':');
    bool six = address[0] == '[';

    if (!colon || colon - address < (six ? 3 : 1))
        return false;
    k->host = arena_strndup(p->a, address + six, (size_t)(colon - address) - (six ? 2 : 0));
    k->port = (int)strtol(colon + 1, NULL, 10);
    return k->port > 0 && k->port < 65536;
}

static void knock_at(struct party *p, const struct facts *f, const struct fact_cluster *c,
                     const char *address, const char *tls_name)
{
    const struct config *config = p->m->config;
    const char *url = f->in->from_console ? config->gateway_url : config->envoy_admin;
    bool here = url && reach_is_here(url);
    struct knock *k = arena_make(p->a, struct knock);

    *k = (struct knock){ .party = p, .cluster = c->name, .address = address, .tls_name = tls_name };
    if (!split_address(p, address, k))
        return;
    k->reach =
        (struct reach){ .loopback = here && says_loopback(f, c, k->host), .allow = config->probe };
    p->running++;
    fiber_start(knock_main, k);
}

static bool streams_break(const struct facts *f, const struct fact_cluster *c)
{
    for (int i = 0; i < f->row_count; i++)
        if (f->rows[i].symptom && !strcmp(f->rows[i].cluster, c->name) &&
            (!strcmp(f->rows[i].symptom->code, "UPSTREAM_RESET") ||
             !strcmp(f->rows[i].symptom->code, "PROTOCOL_ERROR")))
            return true;
    return false;
}

/* The name for a TLS handshake, NULL for none: the cluster's own, or a guess where a plain
 * connection breaks as it would at a TLS port. */
static const char *tls_name_of(const struct facts *f, const struct fact_cluster *c)
{
    const cJSON *tls = json_path(c->config, "transport_socket.typed_config");
    const char *sni = json_str(tls, "sni");

    if (json_get(c->config, "transport_socket"))
        return sni ? sni : c->host_name;
    return streams_break(f, c) ? c->host_name : NULL;
}

static bool troubled(const struct fact_cluster *c)
{
    if (c->failed > 0 || c->stats.connect_fail > 0)
        return true;
    for (int i = 0; i < c->host_count; i++)
        if (c->hosts[i].failed_check || c->hosts[i].ejected || c->hosts[i].eds_bad)
            return true;
    return false;
}

cJSON *diagnose_probe(struct arena *a, const struct diagnose_means *m, const struct facts *f)
{
    struct party p = { .a = a, .m = m, .asking = fiber_self(), .list = json_array(a) };
    bool target = f->target && f->target->kind;
    int left = MAX_PROBES;

    for (int i = 0; p.asking && i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        const char *tls_name = tls_name_of(f, c);
        if (!c->wanted || (!target && !troubled(c)))
            continue;
        for (int k = 0; k < c->listed_hosts && left > 0; k++, left--) {
            knock_at(&p, f, c, c->hosts[k].address, NULL);
            if (tls_name)
                knock_at(&p, f, c, c->hosts[k].address, tls_name);
        }
    }
    while (p.running > 0) {
        p.parked = true;
        fiber_park("its probes", NULL);
    }
    return p.list;
}
