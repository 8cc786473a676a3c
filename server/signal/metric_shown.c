/* metric_shown.c - what Prometheus answered to an expression of others, as rows: bounded, and its
 * texts masked as those of logs are. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "mask/mask.h"
#include "signal/accesslog_line_private.h"
#include "signal/metrics_private.h"
#include "signal/prometheus.h"
#include <math.h>
#include <string.h>

enum { WORDS_SHOWN = 200, LABELS_SHOWN = 32 };

struct showing {
    struct arena *arena;
    const struct prometheus_ask *ask;
    bool cut; /* some series is not shown whole */
};

const char *metric_label(struct arena *a, const char *name, const char *value, size_t max)
{
    return mask_header_is_secret(name) ? LOG_HIDDEN : text_clean(a, log_mask_text(a, value), max);
}

static cJSON *shown_labels(struct showing *s, const cJSON *labels)
{
    cJSON *o = json_object(s->arena);
    const cJSON *one;
    int n = 0;
    cJSON_ArrayForEach(one, json_members(labels))
    {
        s->cut = s->cut || n == LABELS_SHOWN;
        if (!cJSON_IsString(one) || n == LABELS_SHOWN)
            continue;
        json_set_str(s->arena, o, text_clean(s->arena, one->string, WORDS_SHOWN),
                     metric_label(s->arena, one->string, one->valuestring, WORDS_SHOWN));
        n++;
    }
    return o;
}

/* Of a course over time each value stands at its time: Prometheus leaves out what is not known. */
static cJSON *shown_course(struct showing *s, const cJSON *values)
{
    const struct prometheus_ask *ask = s->ask;
    int points = (int)fmin(METRIC_POINTS, floor((ask->end - ask->start) / ask->step + 1.5));
    double *value = arena_array(s->arena, double, points + 1);
    cJSON *list = json_array(s->arena);
    const cJSON *sample;
    for (int i = 0; i < points; i++)
        value[i] = NAN;
    cJSON_ArrayForEach(sample, values)
    {
        const cJSON *at = cJSON_GetArrayItem(sample, 0);
        double place = cJSON_IsNumber(at) ? round((at->valuedouble - ask->start) / ask->step) : -1;
        if (place >= 0 && place < points)
            value[(int)place] = prometheus_value(cJSON_GetArrayItem(sample, 1));
        else
            s->cut = true;
    }
    for (int i = 0; i < points; i++)
        json_add(s->arena, list, metric_figure(s->arena, value[i]));
    return list;
}

/* Those of a range selector, as they were scraped. */
static cJSON *shown_samples(struct showing *s, const cJSON *values)
{
    cJSON *list = json_array(s->arena);
    const cJSON *sample;
    int n = 0;
    cJSON_ArrayForEach(sample, values)
    {
        double value = prometheus_value(cJSON_GetArrayItem(sample, 1));
        if (n++ < METRIC_POINTS)
            json_add(s->arena, list, metric_figure(s->arena, value));
    }
    s->cut = s->cut || n > METRIC_POINTS;
    return list;
}

static cJSON *shown_series(struct showing *s, const cJSON *series)
{
    const cJSON *values = json_get(series, "values");
    double value = prometheus_value(cJSON_GetArrayItem(json_get(series, "value"), 1));
    cJSON *o = json_object(s->arena);
    json_set(s->arena, o, "labels", shown_labels(s, json_get(series, "metric")));
    json_set(s->arena, o, "value",
             !values            ? metric_figure(s->arena, value)
             : s->ask->step > 0 ? shown_course(s, values)
                                : shown_samples(s, values));
    return o;
}

static cJSON *shown_scalar(struct arena *a, const cJSON *result)
{
    const cJSON *said = cJSON_GetArrayItem(result, 1);
    double value = prometheus_value(said);
    cJSON *o = json_object(a);
    json_set(a, o, "value",
             isnan(value) && cJSON_IsString(said)
                 ? json_string(a, metric_label(a, "", said->valuestring, WORDS_SHOWN))
                 : metric_figure(a, value));
    return o;
}

void metrics_show(struct arena *a, cJSON *answer, const cJSON *data,
                  const struct prometheus_ask *ask, int most)
{
    struct showing s = { a, ask, false };
    const cJSON *result = json_get(data, "result"), *series;
    cJSON *rows = json_set_array(a, answer, "rows");
    size_t bytes = 0;
    int told = 0, left = 0;
    if (!text_same(json_str(data, "resultType"), "vector") &&
        !text_same(json_str(data, "resultType"), "matrix")) { /* a number, or a text */
        json_add(a, rows, shown_scalar(a, result));
        return;
    }
    cJSON_ArrayForEach(series, result)
    {
        if (told == most || bytes > METRIC_BYTES) {
            left++;
            continue;
        }
        const cJSON *row = json_add(a, rows, shown_series(&s, series));
        bytes += strlen(json_print(a, row));
        told++;
    }
    if (!left && !s.cut)
        return;
    cJSON *rest = json_set_object(a, answer, "truncated");
    json_set_num(a, rest, "rows", left);
    json_set_str(a, rest, "how", "sum, use topk, or ask for fewer points");
}
