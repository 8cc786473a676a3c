/* metric_stats.c - a question by Envoy's own counters: its page is read, and once more after
 * METRIC_WAIT seconds; what counts up is told as what came on top. Names are those that Envoy has
 * them under: cluster.NAME.FIGURE, and of the AI plugins
 * wasmcustom.route.R.upstream.C.model.M.consumer.U.metric.FIGURE. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "net/loop.h"
#include "signal/envoy.h"
#include "signal/hour.h"
#include "signal/metrics_private.h"
#include "signal/stat_private.h"
#include <math.h>
#include <string.h>

enum { PATTERN = 4096, BUCKETS = 32 };

struct buckets {
    int count;
    double bound[BUCKETS], within[2][BUCKETS];
};

struct reading_stats {
    struct rows *rows;
    int round;           /* 0, then 1 */
    double *first;       /* by row, COLUMNS each: the first reading */
    struct buckets **of; /* by row: its histogram */
    int room;            /* of both lists */
};

/* -- names -------------------------------------------------------------------------------- */

/* "route", "upstream", … lead to what follows them, up to the next. */
static const char *part_between(struct arena *a, const char *from, const char *end)
{
    return from && end && end >= from ? arena_strndup(a, from, (size_t)(end - from)) : NULL;
}

static const char *last_of(const char *text, const char *end, const char *word)
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
    const char *metric = model ? last_of(model, all, ".metric.") : NULL;
    const char *consumer = metric ? last_of(model, metric, ".consumer.") : NULL;
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

/* -- one reading -------------------------------------------------------------------------- */

static bool is_asked_for(const struct rows *r, const char *const label[BY_LABELS])
{
    for (int i = 0; i < BY_LABELS; i++) {
        const char *one = r->ask->only[i], *other = r->ask->also[i];
        if (one && !text_same(one, label[i]) && !(other && text_same(other, label[i])))
            return false;
    }
    return true;
}

static double *first_reading(struct reading_stats *x, const struct row *row)
{
    struct rows *r = x->rows;
    int at = (int)(row - r->list);
    while (at >= x->room) {
        int room = x->room ? x->room * 2 : 64;
        double *first = arena_array(r->arena, double, room *COLUMNS);
        struct buckets **of = arena_array(r->arena, struct buckets *, room);
        for (int i = 0; i < x->room; i++)
            of[i] = x->of[i];
        for (int i = 0; i < x->room * COLUMNS; i++)
            first[i] = x->first[i];
        x->first = first;
        x->of = of;
        x->room = room;
    }
    return x->first + (ptrdiff_t)at * COLUMNS;
}

static struct row *row_of_stat(struct reading_stats *x, const char *label[BY_LABELS])
{
    struct rows *r = x->rows;
    if (!is_asked_for(r, label))
        return NULL;
    for (int i = 0; i < BY_LABELS; i++)
        label[i] = r->by & 1u << i ? label[i] : NULL;
    return rows_find(r, label);
}

static void take_value(struct reading_stats *x, struct row *row, int column, double value)
{
    double *first = &first_reading(x, row)[column], *last = row_value(x->rows, row, column);
    if (x->round == 0)
        *first += value;
    else
        *last = isnan(*last) ? value : *last + value;
}

/* Several clusters of one row are added up where their buckets are alike. */
static void take_buckets(struct reading_stats *x, struct row *row, const cJSON *histogram)
{
    const cJSON *one;
    first_reading(x, row);
    struct buckets **of = &x->of[row - x->rows->list];
    int i = 0;
    *of = *of ? *of : arena_make(x->rows->arena, struct buckets);
    cJSON_ArrayForEach(one, json_get(histogram, "buckets"))
    {
        double bound = json_num(one, "upper_bound", 0);
        if (i == BUCKETS || (i < (*of)->count && (*of)->bound[i] != bound))
            return;
        (*of)->count = i < (*of)->count ? (*of)->count : i + 1;
        (*of)->bound[i] = bound;
        (*of)->within[x->round][i++] += json_num(one, "cumulative", 0);
    }
}

static void take_stat(struct reading_stats *x, const char *name, double value)
{
    struct rows *r = x->rows;
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        const char *label[BY_LABELS] = { NULL };
        if (!m || m->histogram || !(r->asked & 1u << i) || !reads_as(r->arena, m, name, label))
            continue;
        struct row *row = row_of_stat(x, label);
        r->there |= 1u << i;
        if (row)
            take_value(x, row, i, value);
    }
}

/* The quantiles of a question are all of one histogram, that of its first column. */
static void take_histogram_stat(struct reading_stats *x, const cJSON *histogram)
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

static void take_page(struct reading_stats *x, const cJSON *page)
{
    const cJSON *stat, *histogram;
    cJSON_ArrayForEach(stat, json_get(page, "stats"))
    {
        const char *name = json_str(stat, "name");
        if (name)
            take_stat(x, name, json_num(stat, "value", 0));
        cJSON_ArrayForEach(histogram, json_get(stat, "histograms"))
            take_histogram_stat(x, histogram);
    }
}

/* -- both --------------------------------------------------------------------------------- */

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

static void finish_row(struct reading_stats *x, struct row *row)
{
    const double *first = first_reading(x, row);
    const struct buckets *of = x->of[row - x->rows->list];
    double within[BUCKETS];
    for (int i = 0; of && i < of->count; i++)
        within[i] = stat_grown(of->within[1][i], of->within[0][i]);
    for (int i = 0; i < COLUMNS; i++) {
        const struct column *c = &x->rows->question->columns[i];
        double *value = row_value(x->rows, row, i);
        if (c->how == GROWN && !isnan(*value))
            *value = stat_grown(*value, first[i]);
        if (c->how == QUANTILE && of) {
            double end = stat_quantile(of->bound, within, of->count, c->factor);
            *value = end < 0 ? NAN : end;
        }
    }
}

/* The first threshold is that of the usual priority. */
static void take_breakers(struct rows *r, const cJSON *page)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(page, "cluster_statuses"))
    {
        const char *label[BY_LABELS] = { NULL };
        const cJSON *limits = json_get(json_path(one, "circuit_breakers"), "thresholds");
        label[BY_SERVICE] = hour_service(json_text(one, "name"));
        if (!label[BY_SERVICE] || !limits || !is_asked_for(r, label))
            continue;
        label[BY_SERVICE] = r->by & 1u << BY_SERVICE ? label[BY_SERVICE] : NULL;
        struct row *row = rows_find(r, label);
        for (int i = 0; row && i < COLUMNS; i++) {
            const struct column *c = &r->question->columns[i];
            double *value = row_value(r, row, i), most;
            if (c->how != LIMIT)
                continue;
            most = json_num(limits->child, c->name, NAN);
            *value = isnan(*value) ? most : *value + most;
        }
    }
}

static bool has_limits(const struct rows *r)
{
    for (int i = 0; i < COLUMNS; i++)
        if ((r->asked & 1u << i) && r->question->columns[i].how == LIMIT)
            return true;
    return false;
}

/* Both readings; their times are those of the answer. */
static bool read_twice(const struct metrics_means *m, struct reading_stats *x, struct err *e)
{
    const char *path = stats_path(x->rows);
    for (; x->round < 2; x->round++) {
        const cJSON *page = NULL;
        if (x->round == 0 || nap(m->loop, METRIC_WAIT, m->cancel, e))
            page = envoy_page(m->loop, m->config, m->arena, path, m->cancel, e);
        if (!page)
            return false;
        *(x->round ? &x->rows->to : &x->rows->from) = when_now();
        take_page(x, page);
    }
    for (int i = 0; i < x->rows->count; i++)
        finish_row(x, &x->rows->list[i]);
    return true;
}

bool metrics_by_envoy(const struct metrics_means *m, struct rows *r, struct err *e)
{
    struct reading_stats x = { .rows = r };
    if (!read_twice(m, &x, e))
        return false;
    if (has_limits(r)) {
        const cJSON *page =
            envoy_page(m->loop, m->config, m->arena, "/clusters?format=json", m->cancel, e);
        if (!page)
            return false;
        take_breakers(r, page);
    }
    for (int i = 0; i < COLUMNS; i++)
        if ((r->asked & 1u << i) && r->question->columns[i].metric && !(r->there & 1u << i))
            rows_missing(r, r->question->columns[i].metric->raw);
    return true;
}
