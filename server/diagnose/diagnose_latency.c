/* diagnose_latency.c - whose answers take longer than before, and since when.
 *
 * Where the share of answers above the usual (the median; the ninth decile, for what only some
 * feel) splits best, the two parts are compared as wholes: by Mann and Whitney's rank sum for the
 * middle, by Fisher's exact test for the tail. The chance is multiplied by the places that were
 * tried. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_latency_private.h"
#include "diagnose/diagnose_private.h"
#include "signal/chance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 160, SERIES = 64, LEAST = 20 /* answers of each part */, SHOWN = 80 };
static const double step = 1.1, by_chance = 0.001, worth = 1.5 /* times */, worth_ms = 10;

struct classes {
    unsigned n[CLASSES];
};

struct timed {
    const char *name;    /* of the route, or the address of the endpoint */
    const char *cluster; /* NULL: several */
    bool endpoint;
    struct classes slices[WINDOW_SLICES];
};

struct latency {
    struct arena *arena;
    struct timed *series[2][SERIES]; /* routes, endpoints */
    int count[2];
};

struct latency *latency_new(struct arena *a)
{
    struct latency *l = arena_make(a, struct latency);
    l->arena = a;
    return l;
}

/* -- counting --------------------------------------------------------------------------------- */

static int class_of(double ms)
{
    int class = ms < 1 ? 0 : 1 + (int)(log(ms) / log(step));
    return class < CLASSES ? class : CLASSES - 1;
}

static double middle_ms(int class)
{
    return class == 0 ? 0.5 : pow(step, class - 0.5);
}

static const char *latency_text(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);
    return s && *s && strcmp(s, "-") != 0 ? s : NULL;
}

static struct timed *timed_series(struct latency *l, bool endpoint, const char *name,
                                  const char *cluster)
{
    int *n = &l->count[endpoint];
    for (int i = 0; i < *n; i++) {
        struct timed *t = l->series[endpoint][i];
        bool same = !strcmp(t->name, name);
        if (same && (!endpoint || !strcmp(t->cluster, cluster)))
            return t;
    }
    if (*n == SERIES)
        return NULL;
    struct timed *t = l->series[endpoint][(*n)++] = arena_make(l->arena, struct timed);
    t->name = arena_strdup(l->arena, name);
    t->cluster = arena_strdup(l->arena, cluster);
    t->endpoint = endpoint;
    return t;
}

void latency_take(struct latency *l, const cJSON *row, int slice)
{
    const char *cluster = latency_text(row, "upstream_cluster"),
               *host = latency_text(row, "upstream_host");
    const char *route = latency_text(row, "route_name"), *took = latency_text(row, "duration");
    const char *code = latency_text(row, "response_code");
    if (!cluster || !host || !took || !code || *code < '2' || *code > '4')
        return;
    int class = class_of(strtod(took, NULL));
    struct timed *of_route = timed_series(l, false, route ? route : cluster, cluster);
    struct timed *of_host = timed_series(l, true, host, cluster);
    if (of_route) {
        of_route->slices[slice].n[class]++;
        if (of_route->cluster && strcmp(of_route->cluster, cluster) != 0)
            of_route->cluster = NULL;
    }
    if (of_host)
        of_host->slices[slice].n[class]++;
}

/* -- two parts -------------------------------------------------------------------------------- */

static int answers_of(const struct classes *c)
{
    unsigned n = 0;
    for (int i = 0; i < CLASSES; i++)
        n += c->n[i];
    return (int)n;
}

static void add_classes(struct classes *to, const struct classes *c)
{
    for (int i = 0; i < CLASSES; i++)
        to->n[i] += c->n[i];
}

static struct classes sum_slices(const struct timed *t, int from, int to)
{
    struct classes all = { { 0 } };
    for (int i = from; i < to; i++)
        add_classes(&all, &t->slices[i]);
    return all;
}

/* The class in which that share of the answers is reached. */
static int class_at(const struct classes *c, double share)
{
    double wanted = share * answers_of(c), n = 0;
    int class = 0;
    for (; class < CLASSES - 1; class ++) {
        n += c->n[class];
        if (n >= wanted && n > 0)
            break;
    }
    return class;
}

static int count_above(const struct classes *c, int class)
{
    unsigned n = 0;
    for (int i = class + 1; i < CLASSES; i++)
        n += c->n[i];
    return (int)n;
}

/* Two-sided, by the normal approximation with ties; both parts hold LEAST or more. */
static double rank_sum_chance(const struct classes *x, const struct classes *y)
{
    double n = answers_of(x), m = answers_of(y), all = n + m, below = 0, u = 0, ties = 0;
    for (int i = 0; i < CLASSES; i++) {
        double t = (double)x->n[i] + y->n[i];
        u += x->n[i] * (below + 0.5 * y->n[i]);
        below += y->n[i];
        ties += t * t * t - t;
    }
    double spread = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
    double away = fabs(u - n * m / 2) - 0.5;
    return spread > 0 && away > 0 ? erfc(away / sqrt(2 * spread)) : 1;
}

static double tail_chance(const struct classes *before, const struct classes *now, int class)
{
    int late = count_above(now, class), late_before = count_above(before, class);
    int n = answers_of(now), m = answers_of(before);
    return 2 * ((double)late * m > (double)late_before * n
                    ? chance_of_more(late, n, late_before, m)
                    : chance_of_more(late_before, m, late, n));
}

struct parts {
    const struct timed *of;
    struct classes before, now;
    int at;
    bool tail; /* seen in the slowest only */
    double chance;
};

static bool is_worth(const struct classes *before, const struct classes *now, double share)
{
    double x = middle_ms(class_at(before, share)), y = middle_ms(class_at(now, share));
    return fmax(x, y) >= worth * fmin(x, y) && fabs(x - y) >= worth_ms;
}

static struct parts parts_of(const struct timed *t, double share)
{
    const struct classes all = sum_slices(t, 0, WINDOW_SLICES);
    int usual = class_at(&all, share), n[WINDOW_SLICES], late[WINDOW_SLICES];
    struct parts p = { .of = t, .tail = share > 0.5, .chance = 1 };
    for (int i = 0; i < WINDOW_SLICES; i++) {
        n[i] = answers_of(&t->slices[i]);
        late[i] = count_above(&t->slices[i], usual);
    }
    p.at = window_split(n, late).at;
    p.before = sum_slices(t, 0, p.at);
    p.now = sum_slices(t, p.at, WINDOW_SLICES);
    if (answers_of(&p.before) < LEAST || answers_of(&p.now) < LEAST ||
        !is_worth(&p.before, &p.now, p.tail ? 0.95 : 0.5))
        return p;
    p.chance = p.tail ? tail_chance(&p.before, &p.now, usual) : rank_sum_chance(&p.before, &p.now);
    p.chance =
        fmin(1, p.chance * WINDOW_SLICES * 2); /* so many splits were looked at, of two kinds */
    return p;
}

/* The middle where it moved, else the tail. */
static bool find_latency_change(const struct timed *t, struct parts *out)
{
    *out = parts_of(t, 0.5);
    if (out->chance >= by_chance)
        *out = parts_of(t, 0.9);
    return out->chance < by_chance;
}

/* -- what is said ----------------------------------------------------------------------------- */

static bool has_enough(const struct timed *t, int at)
{
    const struct classes before = sum_slices(t, 0, at), now = sum_slices(t, at, WINDOW_SLICES);
    return answers_of(&before) >= LEAST && answers_of(&now) >= LEAST;
}

/* How many other endpoints of its service did not change; 0: it is not alone. */
static int steady_others(const struct latency *l, const struct parts *p)
{
    struct parts other;
    int steady = 0;
    for (int i = 0; i < l->count[true]; i++) {
        const struct timed *t = l->series[true][i];
        if (t == p->of || strcmp(t->cluster, p->of->cluster) != 0 || !has_enough(t, p->at))
            continue;
        if (find_latency_change(t, &other))
            return 0;
        steady++;
    }
    return steady;
}

static const char *service_of(const char *cluster)
{
    const char *bar = strrchr(cluster, '|');
    return bar ? bar + 1 : cluster;
}

static const char *changed_subject(const struct latency *l, const struct parts *p, int steady)
{
    struct arena *a = l->arena;
    const char *name = text_clean(a, p->of->name, SHOWN);
    if (!p->of->endpoint)
        return arena_printf(a, "route %s", name);
    return arena_printf(a, "endpoint %s of %s (its %d other%s did not change)", name,
                        text_clean(a, service_of(p->of->cluster), SHOWN), steady,
                        steady == 1 ? "" : "s");
}

static void say_latency(struct latency *l, const struct parts *p, int steady,
                        struct latency_change *out)
{
    static const double shares[] = { 0.5, 0.95 };
    double ms[2][2];
    for (int i = 0; i < 2; i++) {
        ms[i][0] = middle_ms(class_at(&p->before, shares[i]));
        ms[i][1] = middle_ms(class_at(&p->now, shares[i]));
    }
    out->text = arena_printf(
        l->arena,
        "latency of %s: p50 about %.0f -> %.0f ms, p95 %.0f -> %.0f ms (%d -> %d answers; %s, "
        "chance %s)",
        changed_subject(l, p, steady), ms[0][0], ms[0][1], ms[1][0], ms[1][1],
        answers_of(&p->before), answers_of(&p->now),
        p->tail ? "Fisher, of the slowest tenth" : "Mann-Whitney",
        p->chance < 1e-6 ? "< 1e-6" : arena_printf(l->arena, "%.0e", p->chance));
    out->at = p->at;
    out->chance = p->chance;
}

static int by_sureness(const void *x, const void *y)
{
    const struct latency_change *a = x, *b = y;
    return (a->chance > b->chance) - (a->chance < b->chance);
}

static bool cluster_is_told(const char **list, int n, const char *cluster)
{
    for (int i = 0; i < n; i++)
        if (cluster && !strcmp(list[i], cluster))
            return true;
    return false;
}

struct latency_change *latency_changes(struct latency *l, int *count)
{
    struct latency_change *out = arena_array(l->arena, struct latency_change, 2 * SERIES);
    const char *told[SERIES];
    struct parts p;
    int steady;
    *count = 0;
    for (int i = 0; i < l->count[true]; i++)
        if (find_latency_change(l->series[true][i], &p) && (steady = steady_others(l, &p)) > 0) {
            told[*count] = p.of->cluster;
            say_latency(l, &p, steady, &out[(*count)++]);
        }
    int endpoints = *count;
    for (int i = 0; i < l->count[false]; i++)
        if (find_latency_change(l->series[false][i], &p) &&
            !cluster_is_told(told, endpoints, p.of->cluster))
            say_latency(l, &p, 0, &out[(*count)++]);
    qsort(out, (size_t)*count, sizeof *out, by_sureness);
    return out;
}
