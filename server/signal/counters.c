/* counters.c - a ring of readings. Of a reading each service is one entry, looked up by name. */
#include "signal/counters.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "signal/stat_private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { READINGS = HOUR_SLOTS + 2, BUCKETS = 32 };

struct counted {
    const char *service;
    double completed, failed;
    int buckets;
    double *bound, *within; /* milliseconds, and how many requests took no longer */
};

struct reading {
    struct arena *arena;
    double at;
    struct counted *list; /* sorted, each service once */
    int count, room, left_out;
};

struct counters {
    struct arena *arena;
    struct reading *readings[READINGS]; /* the oldest first */
    int count;
};

struct counters *counters_new(void)
{
    struct arena *a = arena_new();
    struct counters *c = arena_make(a, struct counters);
    c->arena = a;
    return c;
}

void counters_free(struct counters *c)
{
    for (int i = 0; c && i < c->count; i++)
        arena_free(c->readings[i]->arena);
    if (c)
        arena_free(c->arena);
}

/* -- one reading -------------------------------------------------------------------------- */

static int compare_counted(const void *x, const void *y)
{
    return strcmp(((const struct counted *)x)->service, ((const struct counted *)y)->service);
}

static const struct counted *find_counted(const struct reading *r, const char *service)
{
    const struct counted key = { .service = service };
    return r->count ? bsearch(&key, r->list, (size_t)r->count, sizeof key, compare_counted) : NULL;
}

/* "shop.static" and "completed" of "cluster.outbound|80||shop.static;.upstream_rq_completed". */
static const char *split_stat(struct arena *a, const char *name, const char **what)
{
    static const char head[] = "cluster.", middle[] = ".upstream_rq_";
    const char *tail = strrchr(name, '.'), *from = name + sizeof head - 1;
    if (!text_starts(name, head) || tail < from || !text_starts(tail, middle))
        return NULL;
    *what = tail + sizeof middle - 1;
    char *cluster = arena_strndup(a, from, (size_t)(tail - from));
    size_t n = strlen(cluster);
    if (n && cluster[n - 1] == ';')
        cluster[n - 1] = '\0';
    return hour_service(cluster);
}

/* What one figure of the page says; entries of the same service are joined afterwards. */
static struct counted *add_counted(struct reading *r, const char *name, const char **what)
{
    const char *service = split_stat(r->arena, name, what);
    if (!service)
        return NULL;
    r->list = arena_grow(r->arena, r->list, r->count, &r->room, sizeof *r->list);
    struct counted *one = &r->list[r->count++];
    *one = (struct counted){ .service = service };
    return one;
}

static void take_histogram(struct reading *r, const cJSON *histogram)
{
    const char *name = json_str(histogram, "name"), *what;
    struct counted *one = name ? add_counted(r, name, &what) : NULL;
    const cJSON *bucket;
    if (!one)
        return;
    one->bound = arena_array(r->arena, double, BUCKETS);
    one->within = arena_array(r->arena, double, BUCKETS);
    cJSON_ArrayForEach(bucket, json_get(histogram, "buckets"))
    {
        if (one->buckets == BUCKETS)
            break;
        one->bound[one->buckets] = json_num(bucket, "upper_bound", 0);
        one->within[one->buckets++] = json_num(bucket, "cumulative", 0);
    }
}

static void take_stats(struct reading *r, const cJSON *stats)
{
    const cJSON *stat, *histogram;
    cJSON_ArrayForEach(stat, json_get(stats, "stats"))
    {
        const char *name = json_str(stat, "name"), *what;
        struct counted *one = name ? add_counted(r, name, &what) : NULL;
        if (one && !strcmp(what, "completed"))
            one->completed = json_num(stat, "value", 0);
        else if (one)
            one->failed = json_num(stat, "value", 0);
        cJSON_ArrayForEach(histogram, json_get(stat, "histograms")) take_histogram(r, histogram);
    }
}

/* Two ports of a service, or two figures of it. Buckets of another make are not added up. */
static void join_counted(struct counted *to, const struct counted *from)
{
    to->completed += from->completed;
    to->failed += from->failed;
    if (!to->buckets) {
        to->buckets = from->buckets;
        to->bound = from->bound;
        to->within = from->within;
        return;
    }
    for (int i = 0; from->buckets == to->buckets && i < to->buckets; i++)
        to->within[i] += from->within[i];
}

static void join_services(struct reading *r)
{
    int n = 0;
    if (r->count)
        qsort(r->list, (size_t)r->count, sizeof *r->list, compare_counted);
    for (int i = 0; i < r->count; i++) {
        if (n && !strcmp(r->list[n - 1].service, r->list[i].service))
            join_counted(&r->list[n - 1], &r->list[i]);
        else
            r->list[n++] = r->list[i];
    }
    r->left_out = n > COUNTERS_SERVICES ? n - COUNTERS_SERVICES : 0;
    r->count = n - r->left_out;
}

/* Envoy counts each request once more under its origin: "shop.static.external". */
static bool is_by_origin(const struct reading *r, const char *service)
{
    static const char *const origins[] = { ".external", ".internal", ".canary" };
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        size_t n = strlen(service), m = strlen(origins[i]);
        if (text_ends(service, origins[i]) &&
            find_counted(r, arena_strndup(r->arena, service, n - m)))
            return true;
    }
    return false;
}

/* -- the ring ----------------------------------------------------------------------------- */

static void drop_reading(struct counters *c, int i)
{
    arena_free(c->readings[i]->arena);
    memmove(&c->readings[i], &c->readings[i + 1],
            sizeof c->readings[0] * (size_t)(c->count - i - 1));
    c->count--;
}

void counters_add(struct counters *c, const cJSON *const *pages, int count, double now)
{
    struct arena *a = arena_new();
    struct reading *r = arena_make(a, struct reading);
    *r = (struct reading){ .arena = a, .at = now };
    for (int i = 0; i < count; i++)
        take_stats(r, pages[i]);
    join_services(r);
    if (c->count >= 2 && now - c->readings[c->count - 2]->at < HOUR_SLOT)
        drop_reading(c, c->count - 1);
    while (c->count == READINGS || (c->count > 1 && now - c->readings[1]->at >= HOUR))
        drop_reading(c, 0);
    c->readings[c->count++] = r;
}

/* -- the hour ----------------------------------------------------------------------------- */

/* What one service did between two readings. */
struct between {
    double from, to, completed, failed, slow;
    int buckets;
    double within[BUCKETS];
};

static void compare_readings(const struct reading *was, const struct reading *is,
                             const struct counted *now, struct between *out)
{
    const struct counted *before = find_counted(was, now->service);
    *out = (struct between){ .from = was->at, .to = is->at, .buckets = now->buckets };
    out->completed = stat_grown(now->completed, before ? before->completed : 0);
    out->failed = stat_grown(now->failed, before ? before->failed : 0);
    bool alike = before && before->buckets == now->buckets && now->completed >= before->completed;
    for (int i = 0; i < now->buckets; i++)
        out->within[i] = stat_grown(now->within[i], alike ? before->within[i] : 0);
    out->slow = stat_quantile(now->bound, out->within, now->buckets, 0.99);
}

/* Each slot has the share of it that lies within; the hour begins at `from`. */
static void spread_over_slots(struct hour_plot *plot, const struct between *b, double from)
{
    for (int i = 0; i < HOUR_SLOTS; i++) {
        double begin = fmax(from + i * (double)HOUR_SLOT, b->from);
        double share =
            (fmin(from + (i + 1) * (double)HOUR_SLOT, b->to) - begin) / (b->to - b->from);
        if (!(share > 0))
            continue;
        plot->count[i] += b->completed * share;
        plot->errors[i] += b->failed * share;
        if (b->completed > 0)
            plot->slow[i] = fmax(plot->slow[i], b->slow);
    }
}

static void plot_service(const struct counters *c, const char *service, double from,
                         struct hour_plot *plot)
{
    double within[BUCKETS] = { 0 };
    const struct counted *now = NULL;
    *plot = (struct hour_plot){ 0 };
    for (int i = 0; i < HOUR_SLOTS; i++)
        plot->slow[i] = -1;
    for (int i = 1; i < c->count; i++) {
        const struct counted *one = find_counted(c->readings[i], service);
        struct between b;
        if (!one)
            continue;
        now = one;
        compare_readings(c->readings[i - 1], c->readings[i], one, &b);
        spread_over_slots(plot, &b, from);
        for (int k = 0; k < b.buckets; k++)
            within[k] += b.within[k];
    }
    plot->p99 = now ? stat_quantile(now->bound, within, now->buckets, 0.99) : -1;
}

cJSON *counters_hour(struct arena *a, const struct counters *c, double now)
{
    const struct reading *newest = c->count ? c->readings[c->count - 1] : NULL;
    if (c->count < 2)
        return NULL;
    cJSON *hour = hour_new(a, HOUR_BY_COUNTERS);
    if (c->readings[0]->at > now - HOUR)
        json_set_str(a, hour, "from", when_text(a, c->readings[0]->at, false));
    if (newest->left_out)
        json_set_num(a, hour, "left_out", newest->left_out);
    for (int i = 0; i < newest->count; i++) {
        struct hour_plot plot;
        if (is_by_origin(newest, newest->list[i].service))
            continue;
        plot_service(c, newest->list[i].service, now - HOUR, &plot);
        hour_add(a, hour, arena_printf(a, "service %s", newest->list[i].service), &plot);
    }
    return hour;
}
