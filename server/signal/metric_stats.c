/* metric_stats.c - a question by the counters of all replicas: their pages are read, and once more
 * after METRIC_WAIT seconds; what counts up is told as what came on top of each figure of each
 * replica, so that one that began anew is no more than that. Names are those that Envoy has them
 * under: cluster.NAME.FIGURE, and of the AI plugins
 * wasmcustom.route.R.upstream.C.model.M.consumer.U.metric.FIGURE. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "net/loop.h"
#include "signal/hour.h"
#include "signal/metrics_private.h"
#include "signal/replica.h"
#include "signal/stat_private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN = 4096, BUCKETS = 32, WHY_SHOWN = 300 };

struct buckets {
    int count;
    double bound[BUCKETS], within[BUCKETS];
};

struct comparing {
    struct rows *rows;
    const char *replica;
    const cJSON **before; /* the first reading's stats and histograms, by name */
    int count;
    struct buckets **of; /* by row: what its histograms grew by */
    int room;
};

/* -- names -------------------------------------------------------------------------------- */

/* "route", "upstream", … lead to what follows them, up to the next. */
static const char *part_between(struct arena *a, const char *from, const char *end)
{
    return from && end && end >= from ? arena_strndup(a, from, (size_t)(end - from)) : NULL;
}

static const char *last_word_before(const char *text, const char *end, const char *word)
{
    const char *found = NULL, *next = text;
    size_t n = strlen(word);
    while ((next = strstr(next, word)) && next + n <= end)
        found = next++;
    return found;
}

/* The model was named by whoever sent the request, and may hold any of the words: what stands
 * before it is read from the left, what stands behind it from the right. */
static bool read_ai_name(struct arena *a, const char *name, const char *label[BY_LABELS],
                         const char **what)
{
    const char *route = name + strlen("wasmcustom.route."), *all = name + strlen(name);
    const char *upstream = strstr(route, ".upstream.");
    const char *cluster = upstream ? upstream + strlen(".upstream.") : NULL;
    const char *model = cluster ? strstr(cluster, ".model.") : NULL;
    const char *metric = model ? last_word_before(model, all, ".metric.") : NULL;
    const char *consumer = metric ? last_word_before(model, metric, ".consumer.") : NULL;
    if (!metric)
        return false;
    const char *of = model + strlen(".model."), *by = consumer ? consumer : metric;
    label[BY_ROUTE] = part_between(a, route, upstream);
    label[BY_SERVICE] = hour_service(part_between(a, cluster, model));
    label[BY_MODEL] = part_between(a, of, by);
    label[BY_CONSUMER] = consumer ? part_between(a, consumer + strlen(".consumer."), metric) : "";
    *what = metric + strlen(".metric.");
    return label[BY_MODEL] && label[BY_CONSUMER];
}

static bool is_by_origin_name(const char *service)
{
    return text_ends(service, ".external") || text_ends(service, ".internal") ||
           text_ends(service, ".canary");
}

/* Is name that figure of a cluster? */
static bool read_cluster_name(struct arena *a, const char *name, const char *raw,
                              const char *label[BY_LABELS])
{
    size_t n = strlen(name), m = strlen(raw), head = strlen("cluster.");
    if (n <= head + m + 1 || strcmp(name + n - m, raw) != 0 || name[n - m - 1] != '.')
        return false;
    char *cluster = arena_strndup(a, name + head, n - m - 1 - head);
    size_t end = strlen(cluster);
    if (end && cluster[end - 1] == ';')
        cluster[end - 1] = '\0';
    label[BY_SERVICE] = hour_service(cluster);
    return label[BY_SERVICE] && !is_by_origin_name(label[BY_SERVICE]);
}

static bool reads_as(struct arena *a, const struct metric *m, const char *name,
                     const char *label[BY_LABELS])
{
    const char *what = NULL;
    if (m->family == OF_CLUSTER)
        return text_starts(name, "cluster.outbound|") && read_cluster_name(a, name, m->raw, label);
    if (m->family == OF_AI)
        return text_starts(name, "wasmcustom.route.") && read_ai_name(a, name, label, &what) &&
               !strcmp(what, m->raw);
    return text_ends(name, m->raw);
}

/* -- two readings of a replica
 * -------------------------------------------------------------------------- */

static bool is_asked_for(const struct rows *r, const char *const label[BY_LABELS])
{
    for (int i = 0; i < BY_LABELS; i++) {
        const char *one = r->ask->only[i], *other = r->ask->also[i];
        if (one && !text_same(one, label[i]) && !(other && text_same(other, label[i])))
            return false;
    }
    return true;
}

static struct row *row_of_stat(struct comparing *x, const char *label[BY_LABELS])
{
    struct rows *r = x->rows;
    label[BY_REPLICA] = x->replica;
    if (!is_asked_for(r, label))
        return NULL;
    for (int i = 0; i < BY_LABELS; i++)
        label[i] = r->by & 1u << i ? label[i] : NULL;
    return rows_find(r, label);
}

static int compare_stat_names(const void *p, const void *q)
{
    return strcmp(json_text(*(const cJSON *const *)p, "name"),
                  json_text(*(const cJSON *const *)q, "name"));
}

/* The same figure in the first reading; NULL: it was not there. */
static const cJSON *stat_before(const struct comparing *x, const cJSON *now)
{
    const cJSON *const *found =
        x->count ? bsearch(&now, x->before, (size_t)x->count, sizeof *x->before, compare_stat_names)
                 : NULL;
    return found ? *found : NULL;
}

static void take_value(struct comparing *x, struct row *row, int column, const cJSON *now)
{
    double value = json_num(now, "value", 0), *sum = row_value(x->rows, row, column);
    if (x->rows->question->columns[column].how == GROWN)
        value = stat_grown(value, json_num(stat_before(x, now), "value", 0));
    *sum = isnan(*sum) ? value : *sum + value;
}

static struct buckets *buckets_of(struct comparing *x, const struct row *row)
{
    int at = (int)(row - x->rows->list);
    while (at >= x->room) {
        int room = x->room ? x->room * 2 : 64;
        struct buckets **of = arena_array(x->rows->arena, struct buckets *, room);
        for (int i = 0; i < x->room; i++)
            of[i] = x->of[i];
        x->of = of;
        x->room = room;
    }
    if (!x->of[at])
        x->of[at] = arena_make(x->rows->arena, struct buckets);
    return x->of[at];
}

/* Several clusters of one row are added up where their buckets are alike. */
static void take_buckets(struct comparing *x, const struct row *row, const cJSON *now)
{
    const cJSON *before = json_get(stat_before(x, now), "buckets"), *one;
    struct buckets *of = buckets_of(x, row);
    int i = 0;
    before = before ? before->child : NULL;
    cJSON_ArrayForEach(one, json_get(now, "buckets"))
    {
        double bound = json_num(one, "upper_bound", 0);
        if (i == BUCKETS || (i < of->count && of->bound[i] != bound))
            return;
        of->count = i < of->count ? of->count : i + 1;
        of->bound[i] = bound;
        of->within[i++] +=
            stat_grown(json_num(one, "cumulative", 0), json_num(before, "cumulative", 0));
        before = before ? before->next : NULL;
    }
}

static void take_stat(struct comparing *x, const cJSON *stat)
{
    struct rows *r = x->rows;
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        const char *label[BY_LABELS] = { NULL };
        if (!m || m->histogram || !(r->asked & 1u << i) ||
            !reads_as(r->arena, m, json_text(stat, "name"), label))
            continue;
        struct row *row = row_of_stat(x, label);
        r->there |= 1u << i;
        if (row)
            take_value(x, row, i, stat);
    }
}

/* The quantiles of a question are all of one histogram, that of its first column. */
static void take_histogram_stat(struct comparing *x, const cJSON *histogram)
{
    struct rows *r = x->rows;
    const struct metric *m = r->question->columns[0].metric;
    const char *label[BY_LABELS] = { NULL };
    if (!m || !m->histogram || !reads_as(r->arena, m, json_text(histogram, "name"), label))
        return;
    struct row *row = row_of_stat(x, label);
    if (row)
        take_buckets(x, row, histogram);
    for (int i = 0; i < COLUMNS; i++)
        r->there |= r->question->columns[i].how == QUANTILE ? r->asked & 1u << i : 0;
}

/* fn of each stat and histogram of a page. */
static void each_stat(struct comparing *x, const cJSON *page,
                      void (*stat)(struct comparing *x, const cJSON *stat),
                      void (*histogram)(struct comparing *x, const cJSON *histogram))
{
    const cJSON *one, *inner;
    cJSON_ArrayForEach(one, json_get(page, "stats"))
    {
        if (json_str(one, "name"))
            stat(x, one);
        cJSON_ArrayForEach(inner, json_get(one, "histograms")) histogram(x, inner);
    }
}

static void count_stat(struct comparing *x, const cJSON *stat)
{
    (void)stat;
    x->count++;
}

static void keep_stat(struct comparing *x, const cJSON *stat)
{
    x->before[x->count++] = stat;
}

static void compare_pages(struct comparing *x, const cJSON *first, const cJSON *second)
{
    x->count = 0;
    each_stat(x, first, count_stat, count_stat);
    x->before = arena_array(x->rows->arena, const cJSON *, x->count + 1);
    x->count = 0;
    each_stat(x, first, keep_stat, keep_stat);
    if (x->count)
        qsort(x->before, (size_t)x->count, sizeof *x->before, compare_stat_names);
    each_stat(x, second, take_stat, take_histogram_stat);
}

/* -- all of them ---------------------------------------------------------------------------------
 */

static void put_dots(struct buf *b, const char *raw)
{
    for (; *raw; raw++)
        buf_str(b, *raw == '.' ? "\\." : (char[]){ *raw, 0 });
}

static const char *stats_path(const struct rows *r)
{
    struct buf *b = buf_in(r->arena, PATTERN);
    const char *between = "";
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        if (!m || !(r->asked & 1u << i))
            continue;
        buf_printf(b, "%s%s", between,
                   m->family == OF_CLUSTER ? "^cluster\\.outbound\\|.*\\."
                   : m->family == OF_AI    ? "^wasmcustom\\.route\\..*\\.metric\\."
                                           : "");
        put_dots(b, m->raw);
        buf_char(b, '$');
        between = "|";
    }
    return arena_printf(r->arena,
                        "/stats?format=json&usedonly&histogram_buckets=cumulative&filter=%s",
                        text_percent(r->arena, b->data));
}

static void finish_quantiles(const struct comparing *x)
{
    for (int k = 0; k < x->rows->count && k < x->room; k++) {
        const struct buckets *of = x->of[k];
        for (int i = 0; of && i < COLUMNS; i++) {
            const struct column *c = &x->rows->question->columns[i];
            if (c->how != QUANTILE)
                continue;
            double end = stat_quantile(of->bound, of->within, of->count, c->factor);
            *row_value(x->rows, &x->rows->list[k], i) = end < 0 ? NAN : end;
        }
    }
}

/* The first threshold is that of the usual priority. */
static bool take_breakers(void *arg, struct arena *one, const cJSON *cluster)
{
    struct comparing *x = arg;
    struct rows *r = x->rows;
    const char *label[BY_LABELS] = { NULL };
    const cJSON *limits = json_get(json_get(cluster, "circuit_breakers"), "thresholds");
    (void)one;
    label[BY_SERVICE] = hour_service(json_text(cluster, "name"));
    struct row *row = label[BY_SERVICE] && limits ? row_of_stat(x, label) : NULL;
    for (int i = 0; row && i < COLUMNS; i++) {
        const struct column *c = &r->question->columns[i];
        if (c->how != LIMIT)
            continue;
        double *value = row_value(r, row, i), most = json_num(limits->child, c->name, NAN);
        *value = isnan(*value) ? most : *value + most;
    }
    return true;
}

static bool has_limits(const struct rows *r)
{
    for (int i = 0; i < COLUMNS; i++)
        if ((r->asked & 1u << i) && r->question->columns[i].how == LIMIT)
            return true;
    return false;
}

/* What one replica counted between its two pages; why it cannot be said otherwise. */
static const char *take_replica(const struct metrics_means *m, struct comparing *x,
                                const struct replica *replica, const struct replica_page *first,
                                const struct replica_page *second)
{
    struct err why = { 0 };
    x->replica = replica->envoy.name ? replica->envoy.name : "";
    if (!first->page || !second->page)
        return first->page ? second->error : first->error;
    compare_pages(x, first->page, second->page);
    if (has_limits(x->rows) &&
        !replica_elements(m->loop, m->config, replica, "/clusters?format=json", "cluster_statuses",
                          take_breakers, x, m->cancel, &why))
        return arena_strdup(m->arena, why.text);
    return NULL;
}

static const struct replica_page *read_all_replicas(const struct metrics_means *m, const char *path,
                                                    const struct replicas *all, double *at,
                                                    struct err *e)
{
    const struct replica_page *pages =
        replica_pages(m->loop, m->config, m->arena, all, path, m->cancel, e);
    *at = when_now();
    return pages;
}

/* How many replicas could be read; *last: why the last one of the others could not. */
static int take_replicas(const struct metrics_means *m, struct comparing *x,
                         const struct replicas *all, const struct replica_page *first,
                         const struct replica_page *second, const char **last)
{
    int read = 0;
    for (int i = 0; i < all->count; i++) {
        const char *why = take_replica(m, x, &all->list[i], &first[i], &second[i]);
        *last = why ? text_clean(m->arena, why, WHY_SHOWN) : *last;
        if (why)
            json_add_str(m->arena, x->rows->unread, *last);
        read += !why;
    }
    return read;
}

bool metrics_by_envoy(const struct metrics_means *m, struct rows *r, struct err *e)
{
    struct comparing x = { .rows = r };
    const char *path = stats_path(r), *why = NULL;
    const struct replicas *all = replicas_find(m->loop, m->config, m->arena, m->cancel, e);
    const struct replica_page *first = all ? read_all_replicas(m, path, all, &r->from, e) : NULL;
    const struct replica_page *second = NULL;
    if (first && nap(m->loop, METRIC_WAIT, m->cancel, e))
        second = read_all_replicas(m, path, all, &r->to, e);
    if (!second)
        return false;
    if (!take_replicas(m, &x, all, first, second, &why))
        return err_set(e, ERR_NET, "%s", why);
    finish_quantiles(&x);
    for (int i = 0; i < COLUMNS; i++)
        if ((r->asked & 1u << i) && r->question->columns[i].metric && !(r->there & 1u << i))
            rows_missing(r, r->question->columns[i].metric->raw);
    return true;
}
