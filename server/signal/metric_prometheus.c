/* metric_prometheus.c - a question as expressions: which figures are there is asked first, then one
 * expression a column. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "signal/metrics_private.h"
#include "signal/prometheus.h"
#include <math.h>
#include <string.h>

enum { EXPRESSION = 16 << 10, OLDEST_STEPS = 100 };

#define SERVICE_LABEL "ops_service"
/* "outbound|8080||orders.static", with "_" for "|", or ";" behind it. */
#define CLUSTER_HEAD "outbound[|_][0-9]+[|_][^|_]*[|_]"
#define CLUSTER_TAIL ";?"
/* Envoy counts each request once more under where it came from. */
#define NOT_TWICE "cluster_name!~\".+[.](external|internal|canary);?\""

static const char *const usual_replicas[] = { "kubernetes_pod_name", "pod", "instance", NULL };

/* -- selectors ---------------------------------------------------------------------------- */

static const char *cluster_label(const struct metric *m)
{
    return m->family == OF_AI ? "ai_cluster" : "cluster_name";
}

static void put_name(struct buf *b, const struct metric *m, const char *suffix)
{
    if (m->family == OF_AI)
        buf_printf(b, "route_upstream_model(_consumer)?_metric_%s", m->name);
    else
        buf_printf(b, "%s%s", m->name, suffix);
}

static void put_either(struct buf *b, const char *label, const char *before, const char *one,
                       const char *other, const char *after)
{
    buf_printf(b, ",%s=~\"%s(", label, before);
    prometheus_quote(b, one);
    if (other) {
        buf_char(b, '|');
        prometheus_quote(b, other);
    }
    buf_printf(b, ")%s\"", after);
}

static void put_replica(struct buf *b, const struct config_prometheus *p, const char *name)
{
    buf_printf(b, ",%s=\"", p->replica ? p->replica : "instance");
    prometheus_text(b, name);
    buf_char(b, '"');
}

static void put_only(struct buf *b, const struct rows *r, const struct metric *m)
{
    static const char *const labels[BY_LABELS] = {
        [BY_ROUTE] = "ai_route", [BY_CONSUMER] = "ai_consumer", [BY_MODEL] = "ai_model"
    };
    const struct metrics_ask *ask = r->ask;
    for (int i = 0; i < BY_LABELS; i++)
        if (ask->only[i] && labels[i])
            put_either(b, labels[i], "", ask->only[i], ask->also[i], "");
    if (ask->only[BY_SERVICE])
        put_either(b, cluster_label(m), CLUSTER_HEAD, ask->only[BY_SERVICE], ask->also[BY_SERVICE],
                   CLUSTER_TAIL);
    if (ask->only[BY_REPLICA])
        put_replica(b, &r->config->prometheus, ask->only[BY_REPLICA]);
}

static void put_selected(struct buf *b, const struct rows *r)
{
    for (const struct config_label *l = r->config->prometheus.select; l->name; l++) {
        buf_printf(b, ",%s=\"", l->name);
        prometheus_text(b, l->value);
        buf_char(b, '"');
    }
}

/* {__name__=~"…",labels} of one figure. */
static void put_selector(struct buf *b, const struct rows *r, const struct metric *m,
                         const char *suffix)
{
    buf_str(b, "{__name__=~\"");
    put_name(b, m, suffix);
    buf_char(b, '"');
    if (m->family == OF_CLUSTER)
        buf_printf(b, ",cluster_name=~\"outbound[|_].*\",%s", NOT_TWICE);
    if (m->match)
        buf_printf(b, ",%s", m->match);
    put_only(b, r, m);
    put_selected(b, r);
    buf_char(b, '}');
}

/* -- expressions -------------------------------------------------------------------------- */

static double window_of(const struct rows *r)
{
    return r->step > 0 ? r->step : ceil(r->ask->seconds);
}

static void put_over_time(struct buf *b, const struct rows *r, const struct column *c)
{
    static const char *const of[] = {
        [GROWN] = "increase", [PEAK] = "max_over_time", [LOW] = "min_over_time", [QUANTILE] = "rate"
    };
    buf_printf(b, "%s(", of[c->how]);
    put_selector(b, r, c->metric, c->how == QUANTILE ? "_bucket" : "");
    buf_printf(b, "[%.0fs])", window_of(r));
}

/* The labels that rows are told apart by; each with a comma behind it. */
static void put_labels(struct buf *b, const struct rows *r)
{
    const char *const one[] = { r->config->prometheus.replica, NULL };
    const char *const *replicas = one[0] ? one : usual_replicas;
    if (r->by & 1u << BY_ROUTE)
        buf_str(b, "ai_route,");
    if (r->by & 1u << BY_SERVICE)
        buf_str(b, SERVICE_LABEL ",");
    if (r->by & 1u << BY_CONSUMER)
        buf_str(b, "ai_consumer,");
    if (r->by & 1u << BY_MODEL)
        buf_str(b, "ai_model,");
    for (; (r->by & 1u << BY_REPLICA) && *replicas; replicas++)
        buf_printf(b, "%s,", *replicas);
}

static const char *column_expression(const struct rows *r, const struct column *c)
{
    struct buf *b = buf_in(r->arena, EXPRESSION);
    bool by_service = r->by & 1u << BY_SERVICE;
    if (c->how == QUANTILE)
        buf_printf(b, "histogram_quantile(%g,", c->factor);
    buf_str(b, "sum by (");
    put_labels(b, r);
    buf_printf(b, "%s) (%s", c->how == QUANTILE ? "le" : "", by_service ? "label_replace(" : "");
    put_over_time(b, r, c);
    if (by_service)
        buf_printf(
            b, ",\"" SERVICE_LABEL "\",\"$1\",\"%s\",\"" CLUSTER_HEAD "(.+?)" CLUSTER_TAIL "\")",
            cluster_label(c->metric));
    buf_printf(b, ")%s", c->how == QUANTILE ? ")" : "");
    return b->over ? NULL : b->data;
}

/* -- asking ------------------------------------------------------------------------------- */

struct asking {
    const struct metrics_means *means;
    struct rows *rows;
    struct err *e;
};

static const cJSON *ask_prometheus(const struct asking *k, const char *expression, double step)
{
    const struct metrics_means *m = k->means;
    const struct prometheus_ask ask = {
        .expression = expression, .start = k->rows->from + step, .end = k->rows->to, .step = step
    };
    if (!expression) {
        err_set(k->e, ERR_ARGS, "the names are too long for an expression");
        return NULL;
    }
    return prometheus_ask(m->loop, &m->config->prometheus, m->arena, &ask, m->cancel, k->e);
}

/* -- which figures are there -------------------------------------------------------------- */

static const char *suffix_of(const struct metric *m)
{
    return m->histogram ? "_count" : "";
}

static const char *presence_expression(const struct rows *r)
{
    struct buf *b = buf_in(r->arena, EXPRESSION);
    const char *between = "";
    buf_str(b, "count by (__name__) ({__name__=~\"");
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        if (!m || !(r->asked & 1u << i))
            continue;
        buf_str(b, between);
        put_name(b, m, suffix_of(m));
        between = "|";
    }
    buf_char(b, '"');
    put_selected(b, r);
    buf_str(b, "})");
    return b->data;
}

static bool bears_name(const struct metric *m, const char *name)
{
    size_t n = strlen(m->name);
    if (m->family != OF_AI)
        return text_starts(name, m->name) && !strcmp(name + n, suffix_of(m));
    const char *tail = strstr(name, "_metric_");
    return text_starts(name, "route_upstream_model") && tail &&
           !strcmp(tail + strlen("_metric_"), m->name);
}

static bool is_present(const cJSON *found, const struct metric *m)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(found, "result"))
    {
        if (bears_name(m, json_text(json_get(one, "metric"), "__name__")))
            return true;
    }
    return false;
}

static bool find_present(const struct asking *k)
{
    struct rows *r = k->rows;
    const cJSON *found = ask_prometheus(k, presence_expression(r), 0);
    if (!found)
        return false;
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        struct buf *b = buf_in(r->arena, 512);
        if (!m || !(r->asked & 1u << i))
            continue;
        put_name(b, m, "");
        if (is_present(found, m))
            r->there |= 1u << i;
        else
            rows_missing(r, b->data);
    }
    return true;
}

/* The time of the oldest sample, where that is later than the beginning; else 0. A sample counts
 * for minutes after it, so at the beginning an older one would be found. */
static double first_sample(const struct asking *k)
{
    struct rows *r = k->rows;
    struct buf *b = buf_in(r->arena, EXPRESSION);
    double step = fmax(1, ceil(r->ask->seconds / OLDEST_STEPS));
    int i = 0;
    while (i < COLUMNS && !(r->there & 1u << i))
        i++;
    if (i == COLUMNS)
        return 0;
    const struct metric *m = r->question->columns[i].metric;
    buf_str(b, "min(min_over_time(timestamp(");
    put_selector(b, r, m, suffix_of(m));
    buf_printf(b, ")[%.0fs:%.0fs]))", ceil(r->ask->seconds), step);
    const cJSON *got = ask_prometheus(k, b->data, 0);
    const cJSON *one = cJSON_GetArrayItem(json_get(got, "result"), 0);
    double oldest = prometheus_value(cJSON_GetArrayItem(json_get(one, "value"), 1));
    return oldest > r->from + step ? oldest : 0;
}

/* -- answers ------------------------------------------------------------------------------ */

static const char *replica_label(const struct rows *r, const cJSON *labels)
{
    const char *own = r->config->prometheus.replica;
    if (own)
        return json_text(labels, own);
    for (const char *const *l = usual_replicas; *l; l++)
        if (*json_text(labels, *l))
            return json_text(labels, *l);
    return "";
}

static struct row *row_of_series(struct rows *r, const cJSON *labels)
{
    const char *label[BY_LABELS] = {
        [BY_ROUTE] = json_text(labels, "ai_route"),
        [BY_SERVICE] = json_text(labels, SERVICE_LABEL),
        [BY_CONSUMER] = json_text(labels, "ai_consumer"),
        [BY_MODEL] = json_text(labels, "ai_model"),
        [BY_REPLICA] = replica_label(r, labels),
    };
    for (int i = 0; i < BY_LABELS; i++)
        if (!(r->by & 1u << i))
            label[i] = NULL;
    return rows_find(r, label);
}

/* [time, "value"]; of a range each lies a step after the one before. Several series may be of one
 * row: they add up, but for quantiles, of which the highest counts. */
static void take_sample(const struct rows *r, const struct row *row, int column,
                        const cJSON *sample)
{
    const cJSON *at = cJSON_GetArrayItem(sample, 0);
    double v = prometheus_value(cJSON_GetArrayItem(sample, 1));
    double place =
        r->step > 0 && cJSON_IsNumber(at) ? round((at->valuedouble - r->from) / r->step) - 1 : 0;
    if (!(place >= 0 && place < r->points) || isnan(v))
        return;
    double *value = &row_value(r, row, column)[(int)place];
    if (isnan(*value))
        *value = v;
    else
        *value = r->question->columns[column].how == QUANTILE ? fmax(*value, v) : *value + v;
}

static void take_series(struct rows *r, int column, const cJSON *series)
{
    const cJSON *one = json_get(series, "value"), *many = json_get(series, "values"), *sample;
    const struct row *row = row_of_series(r, json_get(series, "metric"));
    if (!row)
        return;
    if (one)
        take_sample(r, row, column, one);
    cJSON_ArrayForEach(sample, many) take_sample(r, row, column, sample);
}

bool metrics_by_prometheus(const struct metrics_means *m, struct rows *r, struct err *e)
{
    const struct asking k = { m, r, e };
    double step = fmax(METRIC_STEP, ceil(r->ask->seconds / r->ask->points));
    if (r->ask->points > 1 && r->ask->seconds >= 2 * step) {
        r->step = step;
        r->points = (int)(r->ask->seconds / step);
        r->from = r->to - r->points * step;
    }
    if (!find_present(&k))
        return false;
    for (int i = 0; i < COLUMNS; i++) {
        const cJSON *got, *series;
        if (!(r->there & 1u << i))
            continue;
        got = ask_prometheus(&k, column_expression(r, &r->question->columns[i]), r->step);
        if (!got)
            return false;
        cJSON_ArrayForEach(series, json_get(got, "result")) take_series(r, i, series);
    }
    r->since = first_sample(&k);
    return e->kind == ERR_NONE;
}

/* -- expressions of others ---------------------------------------------------------------- */

cJSON *metrics_expression(const struct metrics_means *m, const struct metrics_ask *ask,
                          const char *promql, struct err *e)
{
    const struct config_prometheus *p = &m->config->prometheus;
    double to = when_now(), step = fmax(1, ceil(ask->seconds / ask->points));
    const struct prometheus_ask one = { .expression = promql,
                                        .start = to - ask->seconds + step,
                                        .end = to,
                                        .step = ask->points > 1 ? step : 0 };
    if (!p->url)
        return err_set(e, ERR_ARGS, "no Prometheus is configured (prometheus.url): ask a question"),
               NULL;
    if (!p->promql)
        return err_set(e, ERR_POLICY,
                       "prometheus.promql is off: whoever runs this server takes no expressions; "
                       "ask a question"),
               NULL;
    const cJSON *data = prometheus_ask(m->loop, p, m->arena, &one, m->cancel, e);
    if (!data)
        return NULL;
    cJSON *answer = json_object(m->arena);
    json_set_str(m->arena, answer, "source", "prometheus");
    if (one.step > 0)
        json_set_str(m->arena, answer, "from", when_text(m->arena, one.start, false));
    json_set_str(m->arena, answer, "to", when_text(m->arena, to, false));
    if (one.step > 0)
        json_set_num(m->arena, answer, "step", one.step);
    metrics_show(m->arena, answer, data, &one, ask->rows);
    return answer;
}
