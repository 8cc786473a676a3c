/* diagnose_endpoint.c - is it one endpoint, or the service? Every trouble is counted by endpoint.
 *
 * An endpoint stands out where its share of a trouble is larger than that of the cluster's others
 * by more than chance makes it: Fisher's exact test, one-sided, 5 % shared among the endpoints.
 * What one endpoint explains is a symptom of nothing else. A new trouble is a row of `blames`.
 */
#include "base/arena.h"
#include "base/json.h"
#include "diagnose/diagnose_private.h"
#include "signal/chance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LATE_TIMES = 3, LATE_MS = 50, LATE_ROWS = 5 };

static const struct blame {
    const char *code, *did; /* did: with the status where %d stands */
} blames[TROUBLES] = {
    [TROUBLE_CONNECT] = { "ENDPOINT_DOWN", "got no connection" },
    [TROUBLE_TIMEOUT] = { "ENDPOINT_SLOW", "were cut off without an answer" },
    [TROUBLE_RESET] = { "ENDPOINT_BAD", "were broken off" },
    [TROUBLE_4XX] = { "ENDPOINT_BAD", "were answered" },
    [TROUBLE_5XX] = { "ENDPOINT_BAD", "were answered" },
    [TROUBLE_SLOW] = { "ENDPOINT_SLOW", "took longer than" },
};

static const struct {
    const char *code, *next;
} nexts[] = {
    { "ENDPOINT_DOWN", "Start that endpoint again, or take it out of the service source. Retries "
                       "(proxyNextUpstream) or a health check would keep requests away from it." },
    { "ENDPOINT_SLOW",
      "Look at that one endpoint (load, version, its own dependencies); take it "
      "out of the service source meanwhile. A longer timeout would only hide it." },
    { "ENDPOINT_BAD", "Look at the log and the version of that one endpoint; restart it or take it "
                      "out. Outlier detection would do so by itself for 5xx." },
};

static const char *next_step_of(const char *code)
{
    for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++)
        if (!strcmp(nexts[i].code, code))
            return nexts[i].next;
    return "";
}

const char *endpoint_object(struct arena *a, const char *before, const struct fact_cluster *c,
                            const struct fact_host *h)
{
    return before ? arena_printf(a, "%s, %s", before, h->address)
                  : arena_printf(a, "%s endpoint %s", c->name, h->address);
}

int endpoint_explain(struct facts *f, const struct fact_host *h, enum fact_trouble trouble)
{
    int n = 0;

    for (int i = 0; i < f->row_count; i++) {
        struct fact_row *r = &f->rows[i];
        if (r->met != h || r->trouble != trouble || r->explained)
            continue;
        r->explained = true;
        n++;
    }
    return n;
}

struct contrast {
    int bad, all, other_bad, other_all, others;
    double chance;
};

static struct contrast contrast_of(const struct fact_cluster *c, const struct fact_host *h,
                                   enum fact_trouble trouble)
{
    struct contrast x = { .bad = h->troubles[trouble], .all = h->rows };

    for (int i = 0; i < c->host_count; i++) {
        if (&c->hosts[i] == h || c->hosts[i].rows == 0)
            continue;
        x.others++;
        x.other_bad += c->hosts[i].troubles[trouble];
        x.other_all += c->hosts[i].rows;
    }
    x.chance = chance_of_more(x.bad, x.all, x.other_bad, x.other_all);
    return x;
}

static bool stands_out(const struct contrast *x)
{
    return x->bad >= 2 && x->others > 0 && x->chance < 0.05 / (x->others + 1) &&
           (double)x->bad * x->other_all >= 2.0 * x->other_bad * x->all;
}

/* -- late answers ------------------------------------------------------------------------------
 */
static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

/* The middle duration of the good answers of h, or of all its cluster's others; -1: too few. */
static double usual_ms(struct facts *f, const struct fact_cluster *c, const struct fact_host *h,
                       bool others)
{
    double *list = arena_array(f->arena, double, c->ok + c->failed + 1);
    int n = 0;

    for (int i = 0; i < f->row_count; i++) {
        const struct fact_row *r = &f->rows[i];
        bool of_it = others ? r->of == c && r->met && r->met != h : r->met == h;
        if (of_it && !r->symptom && r->duration >= 0)
            list[n++] = r->duration;
    }
    qsort(list, (size_t)n, sizeof *list, by_size);
    return n >= LATE_ROWS ? list[n / 2] : -1;
}

/* What is late is told by the others' middle; only where this one's own middle is. */
static double late_limit(struct facts *f, const struct fact_cluster *c, const struct fact_host *h)
{
    double usual = usual_ms(f, c, h, true), own = usual_ms(f, c, h, false);
    double limit = fmax(usual * LATE_TIMES, usual + LATE_MS);

    return usual >= 0 && own > limit ? limit : -1;
}

static void count_late(struct facts *f, const struct fact_cluster *c, double limit)
{
    for (int i = 0; i < c->host_count; i++)
        c->hosts[i].troubles[TROUBLE_SLOW] = 0;
    for (int i = 0; i < f->row_count; i++) {
        struct fact_row *r = &f->rows[i];
        if (r->of == c && r->met && !r->symptom && r->duration > limit)
            r->met->troubles[TROUBLE_SLOW]++;
    }
}

/* -- the finding ---------------------------------------------------------------------------------
 */
/* The newest row of that trouble there; NULL: none. */
static const struct fact_row *newest_trouble(const struct facts *f, const struct fact_host *h,
                                             enum fact_trouble trouble, int *good_since)
{
    *good_since = 0;
    for (int i = 0; i < f->row_count; i++) {
        if (f->rows[i].met != h)
            continue;
        if (f->rows[i].trouble == trouble)
            return &f->rows[i];
        *good_since += !f->rows[i].symptom;
    }
    return NULL;
}

static const char *did_what(struct facts *f, enum fact_trouble trouble, const struct fact_row *r,
                            double limit)
{
    const char *did = blames[trouble].did;

    if (trouble == TROUBLE_SLOW)
        return arena_printf(f->arena, "%s %.0f ms", did, limit);
    if (trouble == TROUBLE_4XX || trouble == TROUBLE_5XX)
        return arena_printf(f->arena, "%s %d", did, r ? r->code : 0);
    return did;
}

static void tell_contrast(struct facts *f, struct finding *x, const struct fact_host *h,
                          enum fact_trouble trouble, const struct contrast *k, double limit)
{
    int good = 0;
    const struct fact_row *r = newest_trouble(f, h, trouble, &good);
    /* As bad as it was until then, so many good ones in a row are no chance. */
    int until = k->all - good;
    bool over = r && good >= 5 && until > 0 && pow(1 - (double)k->bad / until, good) < 0.01;

    finding_add(f->arena, x, "access_log",
                "%s: %d of %d requests %s; the other %d endpoint%s: %d of %d (by chance: p = %.1g)",
                h->address, k->bad, k->all, did_what(f, trouble, r, limit), k->others,
                k->others == 1 ? "" : "s", k->other_bad, k->other_all, k->chance);
    x->sure = x->sure || k->chance < 0.001;
    x->recovered = over;
}

static void tell_counters(struct facts *f, struct finding *x, const struct fact_host *h)
{
    if (h->counted && h->errors > 0)
        finding_add(f->arena, x, "clusters", "%s: %.0f errors in %.0f requests since start",
                    h->address, h->errors, h->requests);
    if (h->probe)
        finding_add(f->arena, x, "probe", "%s: %s", h->address,
                    finding_probe_words(f->arena, h->probe));
}

/* One finding an endpoint, named by the trouble that most of its requests meet. */
static void judge_host(struct facts *f, struct findings *all, struct fact_cluster *c,
                       const struct fact_host *h)
{
    double limit = late_limit(f, c, h);
    struct contrast k[TROUBLES] = { 0 };
    enum fact_trouble most = TROUBLE_NONE;

    count_late(f, c, limit >= 0 ? limit : HUGE_VAL);
    for (enum fact_trouble t = TROUBLE_CONNECT; t < TROUBLES; t++) {
        struct contrast one = contrast_of(c, h, t);
        bool told = t == TROUBLE_CONNECT && h->told_down;
        if (told || !stands_out(&one))
            continue;
        k[t] = one;
        most = one.bad > k[most].bad ? t : most;
    }
    if (most == TROUBLE_NONE)
        return;
    const char *code = blames[most].code;
    struct finding *x =
        findings_new(all, code, endpoint_object(f->arena, NULL, c, h), next_step_of(code));
    if (!x)
        return;
    x->rank = 7;
    x->cluster = c;
    for (enum fact_trouble t = TROUBLE_CONNECT; t < TROUBLES; t++)
        if (k[t].bad > 0) {
            tell_contrast(f, x, h, t, &k[t], limit);
            x->rows += endpoint_explain(f, h, t);
        }
    tell_counters(f, x, h);
}

void findings_from_endpoints(struct facts *f, struct findings *all)
{
    for (int i = 0; i < f->cluster_count; i++) {
        struct fact_cluster *c = &f->clusters[i];
        int met = 0;
        for (int k = 0; k < c->host_count; k++)
            met += c->hosts[k].rows > 0;
        for (int k = 0; met > 1 && c->wanted && k < c->host_count; k++)
            if (c->hosts[k].rows > 0)
                judge_host(f, all, c, &c->hosts[k]);
    }
}
