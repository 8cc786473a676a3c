/* metric_rows.c - the rows of an answer: found by their labels, completed by what follows from
 * their figures, sorted, bounded and told. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "signal/metrics_private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_SHOWN = 120, VALUES_TOLD = 2000, MODELS_NAMED = 20 };

static const char *const label_names[] = { "route", "service", "consumer", "model", "replica" };

/* -- which columns ------------------------------------------------------------------------ */

static unsigned needed_labels(const struct metrics_ask *ask, unsigned by)
{
    for (int i = 0; i < BY_LABELS; i++)
        by |= ask->only[i] ? 1u << i : 0;
    return by;
}

static bool is_kept_by(const struct question *q, int column, unsigned needed)
{
    const struct column *c = &q->columns[column];
    if (c->how == LIMIT)
        return !(needed & ~metric_labels[OF_CLUSTER]);
    if (c->metric)
        return !(needed & ~metric_labels[c->metric->family]);
    return is_kept_by(q, c->over, needed) && (c->under < 0 || is_kept_by(q, c->under, needed));
}

static unsigned columns_kept_by(const struct question *q, unsigned needed)
{
    bool of_ai = needed & ~metric_labels[OF_CLUSTER];
    unsigned columns = 0;
    for (int i = 0; i < COLUMNS && q->columns[i].name; i++)
        if (is_kept_by(q, i, needed) && (of_ai || !q->columns[i].ai_only))
            columns |= 1u << i;
    return columns;
}

struct rows *rows_new(const struct metrics_means *m, const struct metrics_ask *ask,
                      const struct question *q)
{
    struct rows *r = arena_make(m->arena, struct rows);
    *r = (struct rows){ .arena = m->arena,
                        .ask = ask,
                        .question = q,
                        .config = m->config,
                        .by = ask->by | q->also,
                        .points = 1,
                        .to = when_now(),
                        .places = 256,
                        .not_there = json_array(m->arena),
                        .unread = json_array(m->arena) };
    r->from = r->to - ask->seconds;
    r->asked = columns_kept_by(q, needed_labels(ask, r->by));
    r->place = arena_array(m->arena, int, r->places);
    return r;
}

/* -- rows by their labels ----------------------------------------------------------------- */

static uint64_t hash_labels(const char *const label[BY_LABELS])
{
    uint64_t hash = 0;
    for (int i = 0; i < BY_LABELS; i++)
        hash = hash * 1099511628211u + (label[i] ? text_hash(label[i], strlen(label[i])) : 1);
    return hash;
}

static bool same_labels(const struct row *row, const char *const label[BY_LABELS])
{
    for (int i = 0; i < BY_LABELS; i++)
        if (!text_same(row->label[i], label[i]))
            return false;
    return true;
}

static void place_row(struct rows *r, int at)
{
    int i = (int)(r->list[at].hash % (uint64_t)r->places);
    while (r->place[i])
        i = (i + 1) % r->places;
    r->place[i] = at + 1;
}

static struct row *add_metric_row(struct rows *r, const char *const label[BY_LABELS], uint64_t hash)
{
    if (r->count == ROWS_KEPT) {
        r->left_out++;
        return NULL;
    }
    r->list = arena_grow(r->arena, r->list, r->count, &r->room, sizeof *r->list);
    struct row *row = &r->list[r->count++];
    *row = (struct row){ .hash = hash };
    row->value = arena_array(r->arena, double, COLUMNS * r->points);
    for (int i = 0; i < COLUMNS * r->points; i++)
        row->value[i] = NAN;
    for (int i = 0; i < BY_LABELS; i++)
        row->label[i] = arena_strdup(r->arena, label[i]);
    if (r->count * 2 > r->places) {
        r->places *= 2;
        r->place = arena_array(r->arena, int, r->places);
        for (int i = 0; i < r->count - 1; i++)
            place_row(r, i);
    }
    place_row(r, r->count - 1);
    return row;
}

struct row *rows_find(struct rows *r, const char *const label[BY_LABELS])
{
    uint64_t hash = hash_labels(label);
    for (int i = (int)(hash % (uint64_t)r->places); r->place[i]; i = (i + 1) % r->places) {
        struct row *row = &r->list[r->place[i] - 1];
        if (row->hash == hash && same_labels(row, label))
            return row;
    }
    return add_metric_row(r, label, hash);
}

double *row_value(const struct rows *r, const struct row *row, int column)
{
    return row->value + (ptrdiff_t)column * r->points;
}

void rows_missing(struct rows *r, const char *name)
{
    if (!json_find_text(r->not_there, name))
        json_add_str(r->arena, r->not_there, name);
}

/* -- what follows from the figures -------------------------------------------------------- */

static const struct config_price *price_of(const struct rows *r, const char *model)
{
    const struct config_price *other = NULL;
    for (const struct config_price *p = r->config->prometheus.prices; p->model; p++) {
        if (text_same(p->model, model))
            return p;
        if (!strcmp(p->model, "*"))
            other = p;
    }
    return other;
}

static double ratio_of(const struct rows *r, const struct column *c, const struct row *row, int at)
{
    double over = row_value(r, row, c->over)[at];
    double under =
        c->under < 0 ? r->step > 0 ? r->step : r->to - r->from : row_value(r, row, c->under)[at];
    return under > 0 ? over / under * c->factor : NAN;
}

static double cost_of(const struct rows *r, const struct column *c, const struct row *row, int at)
{
    const struct config_price *p = price_of(r, row->label[BY_MODEL]);
    return p ? (row_value(r, row, c->over)[at] * p->input +
                row_value(r, row, c->under)[at] * p->output) /
                   1e6
             : NAN;
}

/* Was anything of that family counted then? Where nothing was, nobody looked. */
static bool is_known_at(const struct rows *r, enum metric_family family, int at)
{
    for (int i = 0; i < COLUMNS; i++) {
        const struct metric *m = r->question->columns[i].metric;
        for (int k = 0; m && m->family == family && k < r->count; k++)
            if (!isnan(row_value(r, &r->list[k], i)[at]))
                return true;
    }
    return false;
}

/* What was not counted while others were is 0. */
static void fill_column(const struct rows *r, int column, int at)
{
    const struct column *c = &r->question->columns[column];
    bool known = c->how == GROWN && is_known_at(r, c->metric->family, at);
    for (int i = 0; i < r->count; i++) {
        double *value = &row_value(r, &r->list[i], column)[at];
        if (known && isnan(*value))
            *value = 0;
        else if (c->how == RATIO)
            *value = ratio_of(r, c, &r->list[i], at);
        else if (c->how == COST)
            *value = cost_of(r, c, &r->list[i], at);
    }
}

/* A model without a price: what it cost is not known, nor is that of all together. */
static cJSON *unpriced_models(const struct rows *r)
{
    cJSON *list = json_array(r->arena);
    for (int i = 0; i < r->count && json_count(list) < MODELS_NAMED; i++) {
        const char *model = metric_label(r->arena, "", r->list[i].label[BY_MODEL], LABEL_SHOWN);
        if (!price_of(r, r->list[i].label[BY_MODEL]) && !json_find_text(list, model))
            json_add_str(r->arena, list, model);
    }
    return list;
}

static double plus(double x, double y)
{
    return isnan(x) ? y : isnan(y) ? x : x + y;
}

/* Rows were reckoned by more than was asked for. */
static void fold_rows(struct rows *r)
{
    struct rows whole = *r;
    if (r->by == r->ask->by)
        return;
    whole.list = NULL;
    whole.count = whole.room = 0;
    whole.place = arena_array(r->arena, int, whole.places);
    for (int i = 0; i < r->count; i++) {
        const char *label[BY_LABELS];
        for (int k = 0; k < BY_LABELS; k++)
            label[k] = r->ask->by & 1u << k ? r->list[i].label[k] : NULL;
        struct row *row = rows_find(&whole, label);
        for (int k = 0; k < COLUMNS * r->points; k++)
            row->value[k] = plus(row->value[k], r->list[i].value[k]);
    }
    *r = whole;
}

/* -- in order ----------------------------------------------------------------------------- */

struct ranked {
    double key;
    const struct row *row;
};

static int compare_ranked(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    if (p->key != q->key)
        return p->key > q->key ? -1 : 1;
    for (int i = 0; i < BY_LABELS; i++) {
        const char *s = p->row->label[i], *t = q->row->label[i];
        int order = s && t ? strcmp(s, t) : 0;
        if (order)
            return order;
    }
    return 0;
}

static int key_column(const struct rows *r)
{
    if (r->asked & 1u << r->question->key)
        return r->question->key;
    for (int i = 0; i < COLUMNS; i++)
        if ((r->asked & 1u << i) && !r->question->columns[i].hidden)
            return i;
    return 0;
}

static struct ranked *rank_rows(const struct rows *r)
{
    struct ranked *list = arena_array(r->arena, struct ranked, r->count + 1);
    int key = key_column(r);
    for (int i = 0; i < r->count; i++) {
        list[i].row = &r->list[i];
        list[i].key = -1;
        for (int at = 0; at < r->points; at++) {
            double value = row_value(r, &r->list[i], key)[at];
            list[i].key = isnan(value) ? list[i].key : fmax(list[i].key, 0) + value;
        }
    }
    if (r->count)
        qsort(list, (size_t)r->count, sizeof *list, compare_ranked);
    return list;
}

/* -- told --------------------------------------------------------------------------------- */

cJSON *metric_figure(struct arena *a, double value)
{
    double size = fabs(value) >= 1e-9 ? fmin(3, floor(log10(fabs(value)))) : 3;
    double grain = pow(10, 3 - size);
    return isfinite(value) ? json_number(a, round(value * grain) / grain) : json_null(a);
}

static cJSON *told_column(const struct rows *r, const struct row *row, int column)
{
    const double *value = row_value(r, row, column);
    if (r->points == 1)
        return isnan(value[0]) ? NULL : metric_figure(r->arena, value[0]);
    cJSON *list = json_array(r->arena);
    for (int at = 0; at < r->points; at++)
        json_add(r->arena, list, metric_figure(r->arena, value[at]));
    return list;
}

static cJSON *told_metric_row(const struct rows *r, const struct row *row)
{
    cJSON *o = json_object(r->arena);
    for (int i = 0; i < BY_LABELS; i++)
        if (row->label[i])
            json_set_str(r->arena, o, label_names[i],
                         metric_label(r->arena, "", row->label[i], LABEL_SHOWN));
    for (int i = 0; i < COLUMNS; i++) {
        bool told = (r->asked & 1u << i) && !r->question->columns[i].hidden;
        cJSON *value = told ? told_column(r, row, i) : NULL;
        if (value)
            json_set(r->arena, o, r->question->columns[i].name, value);
    }
    return o;
}

static void tell_rows(const struct rows *r, cJSON *answer)
{
    struct ranked *list = rank_rows(r);
    cJSON *told = json_set_array(r->arena, answer, "rows");
    int columns = __builtin_popcount(r->asked), fit = VALUES_TOLD / (columns * r->points + 1);
    int most = r->ask->rows < fit ? r->ask->rows : fit > 1 ? fit : 1;
    size_t bytes = 0;
    int n = 0;
    for (; n < r->count && n < most && bytes <= METRIC_BYTES; n++)
        bytes +=
            strlen(json_print(r->arena, json_add(r->arena, told, told_metric_row(r, list[n].row))));
    if (n == r->count && !r->left_out)
        return;
    cJSON *rest = json_set_object(r->arena, answer, "truncated");
    json_set_num(r->arena, rest, "rows", r->count - n + r->left_out);
    json_set_str(r->arena, rest, "how",
                 "name one by only, ask for a higher limit, or for fewer points");
}

/* Figures of the question that are not kept by what was asked for. */
static void tell_not_by(const struct rows *r, cJSON *answer)
{
    cJSON *list = json_array(r->arena);
    for (int i = 0; i < COLUMNS && r->question->columns[i].name; i++) {
        const struct column *c = &r->question->columns[i];
        if (!(r->asked & 1u << i) && !c->ai_only && !c->hidden && c->how != LIMIT)
            json_add_str(r->arena, list, c->name);
    }
    if (json_count(list))
        json_set(r->arena, answer, "not_by", list);
}

static void tell_cost(struct rows *r, cJSON *answer)
{
    const char *currency = r->config->prometheus.prices[0].currency;
    cJSON *unpriced = unpriced_models(r);
    if (json_count(unpriced))
        json_set(r->arena, answer, "without_price", unpriced);
    if (currency && *currency)
        json_set_str(r->arena, answer, "currency", currency);
}

cJSON *rows_answer(struct rows *r, const char *source)
{
    cJSON *answer = json_object(r->arena);
    json_set_str(r->arena, answer, "source", source);
    json_set_str(r->arena, answer, "from", when_text(r->arena, r->from, false));
    json_set_str(r->arena, answer, "to", when_text(r->arena, r->to, false));
    if (r->since > 0)
        json_set_str(r->arena, answer, "since", when_text(r->arena, r->since, false));
    if (r->step > 0)
        json_set_num(r->arena, answer, "step", r->step);
    for (int i = 0; i < COLUMNS; i++)
        for (int at = 0; (r->asked & 1u << i) && at < r->points; at++)
            fill_column(r, i, at);
    if (r->question->also & 1u << BY_MODEL)
        tell_cost(r, answer);
    fold_rows(r);
    tell_rows(r, answer);
    tell_not_by(r, answer);
    if (json_count(r->not_there))
        json_set(r->arena, answer, "not_there", r->not_there);
    if (json_count(r->unread))
        json_set(r->arena, answer, "unread", r->unread);
    return answer;
}
