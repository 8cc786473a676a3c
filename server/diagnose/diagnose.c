/* diagnose.c - findings ranked and put into words.
 *
 * A finding weighs what share of the failing requests it explains, and how near to the cause it is.
 * A symptom that a nearer cause on the same object explains gives it its requests and goes behind
 * it. Confidence: high when two kinds of source agree, medium with one, low for what may be over.
 */
#include "diagnose/diagnose.h"
#include "base/arena.h"
#include "base/json.h"
#include "diagnose/diagnose_private.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_VERDICTS = 5 };

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = words; p && *p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (!strncmp(p, word, n) && (p[n] == '|' || p[n] == '\0'))
            return true;
    return false;
}

/* x explains y: y's requests count for x. */
static void cover(struct facts *f, struct finding *x, struct finding *y)
{
    if (x == y || !has_word(x->covers, y->code) || (x->cluster && x->cluster != y->cluster))
        return;
    if (!y->covered) {
        x->rows += y->rows;
        x->recovered = y->recovered;
        if (y->evidence > 0 && y->rows > 0)
            finding_add(f->arena, x, y->source[0], "%s", y->fact[0]);
    }
    y->covered = true;
}

static bool harmless(const struct facts *f, const struct finding *x)
{
    static const char often_normal[] = "UPSTREAM_4XX_HOST|CLIENT_DISCONNECT|UPSTREAM_AUTH|"
                                       "ACCESS_DENIED|CLIENT_PROTOCOL_ERROR";

    int seen = x->cluster ? x->cluster->ok + x->cluster->failed : f->row_count;

    return has_word(often_normal, x->code) && x->rows * 2 < seen;
}

static int weight(const struct facts *f, const struct finding *x)
{
    int share = f->failed_rows > 0 ? 100 * x->rows / f->failed_rows : 0;

    return share + 10 * x->rank - (x->covered ? 500 : 0) - (x->recovered ? 200 : 0) -
           (harmless(f, x) ? 150 : 0);
}

static const char *confidence(const struct facts *f, const struct finding *x)
{
    bool two = false;

    for (int i = 1; i < x->evidence; i++)
        two = two || strcmp(x->source[i], x->source[0]) != 0;
    if (x->recovered || harmless(f, x) || (x->covered && !two))
        return "low";
    return two ? "high" : "medium";
}

static void write_verdict(struct facts *f, cJSON *list, const struct finding *x)
{
    cJSON *v = json_add(f->arena, list, json_object(f->arena));
    cJSON *evidence;

    json_set_str(f->arena, v, "code", x->code);
    json_set_str(f->arena, v, "confidence", confidence(f, x));
    json_set_str(f->arena, v, "object", x->object);
    evidence = json_set_array(f->arena, v, "evidence");
    for (int i = 0; i < x->evidence; i++) {
        cJSON *e = json_add(f->arena, evidence, json_object(f->arena));
        json_set_str(f->arena, e, "source", x->source[i]);
        json_set_str(f->arena, e, "fact", x->fact[i]);
    }
    if (x->recovered) {
        cJSON *e = json_add(f->arena, evidence, json_object(f->arena));
        json_set_str(f->arena, e, "source", "access_log");
        json_set_str(f->arena, e, "fact", "the newest requests went well: it may be over");
    }
    json_set_str(f->arena, v, "next", x->next);
}

static bool probed_well(const struct fact_host *h)
{
    const char *result = json_str(h->probe, "result");
    return result && !strcmp(result, "ok");
}

/* Endpoints that something good is known of: from Envoy, or from a probe that was really made. */
static int hosts_seen(const struct facts *f)
{
    int n = 0;

    for (int i = 0; i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        for (int k = 0; facts_cluster_wanted(f, c) && k < c->host_count; k++)
            n += !f->in->from_console || probed_well(&c->hosts[k]);
    }
    return n;
}

/* Says which endpoints were left alone or did not take a connection, and why. False: none was. */
static bool tell_unseen(struct facts *f, struct finding *x)
{
    int n = 0;

    for (int i = 0; i < f->cluster_count; i++) {
        const struct fact_cluster *c = &f->clusters[i];
        for (int k = 0; facts_cluster_wanted(f, c) && k < c->host_count; k++) {
            if (!c->hosts[k].probe || probed_well(&c->hosts[k]))
                continue;
            n++;
            finding_add(f->arena, x, "probe", "%s: %s", c->hosts[k].address,
                        finding_probe_words(f->arena, c->hosts[k].probe));
        }
    }
    return n > 0;
}

static struct finding well(struct facts *f)
{
    struct finding x = { .code = "OK", .object = "gateway", .next = "Nothing to do." };
    int hosts = hosts_seen(f);

    if (f->target && f->target->kind)
        x.object = arena_printf(f->arena, "%s %s", f->target->kind, f->target->name);
    if (f->row_count > 0)
        finding_add(f->arena, &x, "access_log", "%d of %d requests went well",
                    f->row_count - f->failed_rows, f->row_count);
    if (hosts > 0 && f->in->from_console)
        finding_add(f->arena, &x, "console", "%d endpoints took a probe's connection", hosts);
    else if (hosts > 0)
        finding_add(f->arena, &x, "clusters", "%d endpoints, none marked unhealthy", hosts);
    bool seen = x.evidence > 0;
    bool left = tell_unseen(f, &x);
    if (seen)
        return x;
    x.code = "UNKNOWN";
    x.next = left ? "Its endpoints could not be seen from here (see the evidence). Configure "
                    "Envoy's admin address; --probe allows addresses that are left alone."
                  : "Nothing could be seen. Configure Envoy's admin address and the access log "
                    "(higress-ops check says how), or send a request and ask again.";
    return x;
}

static const char *const signal_names[] = { "clusters",    "stats",      "config_dump", "certs",
                                            "server_info", "access_log", "probes" };

static void write_unavailable(struct facts *f, cJSON *out)
{
    const cJSON *have[] = { f->in->clusters, f->in->stats, f->in->config, f->in->certs,
                            f->in->server,   f->in->rows,  f->in->probes };
    cJSON *list = json_set_array(f->arena, out, "unavailable");

    for (size_t i = 0; i < sizeof have / sizeof have[0]; i++)
        if (!have[i] || (i == 0 && f->in->from_console))
            json_add_str(f->arena, list, signal_names[i]);
}

/* The heaviest finding not yet written; NULL when all are. */
static struct finding *take_heaviest(const struct facts *f, struct findings *all, bool *written)
{
    int best = -1;

    for (int i = 0; i < all->count; i++)
        if (!written[i] && (best < 0 || weight(f, &all->list[i]) > weight(f, &all->list[best])))
            best = i;
    if (best < 0)
        return NULL;
    written[best] = true;
    return &all->list[best];
}

static void write_verdicts(struct facts *f, struct findings *all, cJSON *list)
{
    bool written[sizeof all->list / sizeof all->list[0]] = { false };
    bool ok_said = false;
    struct finding *x;

    while (json_count(list) < MAX_VERDICTS && (x = take_heaviest(f, all, written))) {
        if (!ok_said && weight(f, x) < 0 && !x->covered) {
            struct finding fine = well(f);
            write_verdict(f, list, &fine);
            ok_said = true;
        }
        ok_said = ok_said || weight(f, x) >= 0;
        write_verdict(f, list, x);
    }
    if (json_count(list) == 0) {
        struct finding fine = well(f);
        write_verdict(f, list, &fine);
    }
}

/* What clients wrote into the log is said, and believed by nobody. */
static void write_forged(const struct facts *f, cJSON *out)
{
    if (f->forged_rows == 0)
        return;
    json_set_num(f->arena, json_get(out, "looked_at"), "forged_lines", f->forged_rows);
    json_set_str(f->arena, out, "note",
                 arena_printf(f->arena,
                              "%d line%s of the access log hold%s a key twice, or keys as its "
                              "format cannot give them: a client sent log syntax. They are counted "
                              "for nobody; tail_logs marks them forged.",
                              f->forged_rows, f->forged_rows == 1 ? "" : "s",
                              f->forged_rows == 1 ? "s" : ""));
}

cJSON *diagnose_judge(struct arena *a, const struct diagnose_target *t,
                      const struct diagnose_signals *s)
{
    struct facts *f = facts_make(a, t, s);
    struct findings *all = arena_make(a, struct findings);
    cJSON *out = json_object(a);
    cJSON *seen;

    findings_from_rows(f, all);
    findings_from_clusters(f, all);
    findings_from_gateway(f, all);
    for (int i = 0; i < all->count; i++)
        for (int k = 0; k < all->count; k++)
            cover(f, &all->list[i], &all->list[k]);
    if (t && t->kind)
        json_set_str(a, out, "target", arena_printf(a, "%s %s", t->kind, t->name));
    write_verdicts(f, all, json_set_array(a, out, "verdicts"));
    write_unavailable(f, out);
    seen = json_set_object(a, out, "looked_at");
    json_set_num(a, seen, "log_lines", f->row_count);
    json_set_num(a, seen, "failed", f->failed_rows);
    json_set_num(a, seen, "routes", f->route_count);
    json_set_num(a, seen, "clusters", f->cluster_count);
    json_set_num(a, seen, "probes", json_count(s->probes));
    write_forged(f, out);
    return out;
}
