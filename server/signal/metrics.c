/* metrics.c - a question answered by whoever keeps the figures. */
#include "signal/metrics.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "config/config.h"
#include "signal/metrics_private.h"

static bool can_be_asked(const struct metrics_means *m, const struct metrics_ask *ask,
                         const struct rows *r, struct err *e)
{
    if (!r->asked)
        return err_set(e, ERR_ARGS,
                       "the gateway does not count %s by what was asked for: Envoy counts by "
                       "service, the AI plugins by route, consumer and model what answered; "
                       "analyze_traffic counts the access log by all of them",
                       ask->question);
    if (r->question->also && !m->config->prometheus.prices[0].model)
        return err_set(e, ERR_ARGS,
                       "what tokens cost is not configured (prometheus.prices); the question "
                       "tokens counts them");
    return true;
}

cJSON *metrics_answer(const struct metrics_means *m, const struct metrics_ask *ask, struct err *e)
{
    const struct question *q = metric_question(ask->question);
    if (!q)
        return err_set(e, ERR_ARGS, "there is no question '%.40s'", ask->question), NULL;
    struct rows *r = rows_new(m, ask, q);
    bool prometheus = m->config->prometheus.url;
    if (!can_be_asked(m, ask, r, e))
        return NULL;
    if (prometheus && !metrics_by_prometheus(m, r, e))
        return NULL;
    if (!prometheus && !metrics_by_envoy(m, r, e)) {
        err_at(e, "without a Prometheus (prometheus.url) Envoy is asked");
        return NULL;
    }
    cJSON *answer = rows_answer(r, prometheus ? "prometheus" : "Envoy's counters");
    if (!prometheus)
        json_set_str(m->arena, answer, "note",
                     arena_printf(m->arena,
                                  "Envoy counts since its start: two readings, %d s apart. A "
                                  "longer time and a course over time only a Prometheus can tell "
                                  "(prometheus.url).",
                                  METRIC_WAIT));
    return answer;
}
