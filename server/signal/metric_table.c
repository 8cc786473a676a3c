/* metric_table.c - what a Higress gateway counts, and which questions that answers.
 *
 * Names: Envoy's statistics (https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/
 * cluster_manager/cluster_stats) with the labels that Higress' bootstrap extracts: cluster_name,
 * response_code_class, ai_route, ai_cluster, ai_model, ai_consumer. Those of OF_AI come from the
 * plugins ai-statistics and ai-token-ratelimit; old ones lack the consumer. Envoy keeps nothing by
 * route: only the AI plugins do. A new figure is a row of `metrics`, a new question one of
 * `questions` and a word of METRIC_QUESTIONS.
 */
#include "base/text.h"
#include "signal/metrics_private.h"
#include <stddef.h>
#include <string.h>

const unsigned metric_labels[] = {
    [OF_CLUSTER] = 1u << BY_SERVICE | 1u << BY_REPLICA,
    [OF_AI] = (1u << BY_LABELS) - 1,
    [OF_GATEWAY] = 1u << BY_REPLICA,
};

#define CLUSTER "envoy_cluster_"
#define BREAKER "circuit_breakers_default_"

static const struct metric completed = { OF_CLUSTER, CLUSTER "upstream_rq_completed",
                                         .raw = "upstream_rq_completed", .first_use = true };
static const struct metric failed_5xx = { OF_CLUSTER, CLUSTER "upstream_rq",
                                          .match = "response_code_class=\"5xx\"",
                                          .raw = "upstream_rq_5xx", .first_use = true };
static const struct metric failed_4xx = { OF_CLUSTER, CLUSTER "upstream_rq",
                                          .match = "response_code_class=\"4xx\"",
                                          .raw = "upstream_rq_4xx", .first_use = true };
static const struct metric took = { OF_CLUSTER, CLUSTER "upstream_rq_time",
                                    .raw = "upstream_rq_time", .histogram = true,
                                    .first_use = true };
static const struct metric active = { OF_CLUSTER, CLUSTER "upstream_rq_active",
                                      .raw = "upstream_rq_active" };
static const struct metric pending = { OF_CLUSTER, CLUSTER "upstream_rq_pending_active",
                                       .raw = "upstream_rq_pending_active" };
static const struct metric connections = { OF_CLUSTER, CLUSTER "upstream_cx_active",
                                           .raw = "upstream_cx_active" };
static const struct metric requests_left = { OF_CLUSTER, CLUSTER BREAKER "remaining_rq",
                                             .raw = "circuit_breakers.default.remaining_rq" };
static const struct metric pending_left = { OF_CLUSTER, CLUSTER BREAKER "remaining_pending",
                                            .raw = "circuit_breakers.default.remaining_pending" };
static const struct metric connections_left = { OF_CLUSTER, CLUSTER BREAKER "remaining_cx",
                                                .raw = "circuit_breakers.default.remaining_cx" };
static const struct metric overflow = { OF_CLUSTER, CLUSTER "upstream_rq_pending_overflow",
                                        .raw = "upstream_rq_pending_overflow" };
static const struct metric cx_overflow = { OF_CLUSTER, CLUSTER "upstream_cx_overflow",
                                           .raw = "upstream_cx_overflow" };
static const struct metric local_limit = {
    OF_GATEWAY, "envoy_http_local_rate_limiter_http_local_rate_limit_rate_limited",
    .raw = "http_local_rate_limiter.http_local_rate_limit.rate_limited"
};
static const struct metric token_limit = { OF_AI, "token_ratelimit_count",
                                           .raw = "token_ratelimit_count", .first_use = true };
static const struct metric input = { OF_AI, "input_token", .raw = "input_token",
                                     .first_use = true };
static const struct metric output = { OF_AI, "output_token", .raw = "output_token",
                                      .first_use = true };
static const struct metric total = { OF_AI, "total_token", .raw = "total_token",
                                     .first_use = true };
static const struct metric llm_time = { OF_AI, "llm_service_duration",
                                        .raw = "llm_service_duration", .first_use = true };
static const struct metric llm_count = { OF_AI, "llm_duration_count", .raw = "llm_duration_count",
                                         .first_use = true };
static const struct metric first_time = { OF_AI, "llm_first_token_duration",
                                          .raw = "llm_first_token_duration", .first_use = true };
static const struct metric streams = { OF_AI, "llm_stream_duration_count",
                                       .raw = "llm_stream_duration_count", .first_use = true };

static const struct question questions[] = {
    { "requests",
      0,
      0,
      { { "requests", GROWN, &completed },
        { "per_second", RATIO, .over = 0, .under = -1, .factor = 1 },
        { "llm_answers", GROWN, &llm_count, .ai_only = true } } },
    { "error_rate",
      1,
      0,
      { { "requests", GROWN, &completed },
        { "errors_5xx", GROWN, &failed_5xx },
        { "errors_4xx", GROWN, &failed_4xx },
        { "percent_5xx", RATIO, .over = 1, .under = 0, .factor = 100 },
        { "percent_4xx", RATIO, .over = 2, .under = 0, .factor = 100 } } },
    { "latency",
      2,
      0,
      { { "p50_ms", QUANTILE, &took, .factor = 0.5 },
        { "p90_ms", QUANTILE, &took, .factor = 0.9 },
        { "p99_ms", QUANTILE, &took, .factor = 0.99 },
        { "llm_ms", GROWN, &llm_time, .hidden = true, .ai_only = true },
        { "llm_answers", GROWN, &llm_count, .ai_only = true },
        { "llm_mean_ms", RATIO, .over = 3, .under = 4, .factor = 1, .ai_only = true } } },
    { "saturation",
      6,
      0,
      { { "active", PEAK, &active },
        { "pending", PEAK, &pending },
        { "connections", PEAK, &connections },
        { "requests_left", LOW, &requests_left },
        { "pending_left", LOW, &pending_left },
        { "connections_left", LOW, &connections_left },
        { "overflow", GROWN, &overflow },
        { "connection_overflow", GROWN, &cx_overflow },
        { "max_requests", LIMIT },
        { "max_pending_requests", LIMIT },
        { "max_connections", LIMIT } } },
    { "tokens",
      2,
      0,
      { { "input", GROWN, &input }, { "output", GROWN, &output }, { "total", GROWN, &total } } },
    { "cost",
      2,
      1u << BY_MODEL,
      { { "input", GROWN, &input },
        { "output", GROWN, &output },
        { "cost", COST, .over = 0, .under = 1 } } },
    { "refusals",
      0,
      0,
      { { "token_limit", GROWN, &token_limit },
        { "overflow", GROWN, &overflow },
        { "route_limits", GROWN, &local_limit } } },
    { "first_token",
      2,
      0,
      { { "ms", GROWN, &first_time, .hidden = true },
        { "streams", GROWN, &streams },
        { "mean_ms", RATIO, .over = 0, .under = 1, .factor = 1 } } },
    { 0 },
};

const struct question *metric_question(const char *name)
{
    for (const struct question *q = questions; q->name; q++)
        if (text_same(q->name, name))
            return q;
    return NULL;
}
