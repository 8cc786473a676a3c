/* call_metrics.c - questions about figures, for tools: signal/metrics.h with a call's gateway, and
 * names as people know them. */
#include "call/call_private.h"
#include "call/signal.h"
#include "kind/derived.h"

static struct metrics_means metrics_means_of(struct call *c)
{
    return (struct metrics_means){
        .loop = c->service->loop, .config = c->config, .arena = c->arena, .cancel = c->cancel
    };
}

/* A route as answers name it, "AI route chat", is the AI route chat. */
static const char *plain_route(const char *route)
{
    static const char before[] = "AI route ";
    return text_starts(route, before) ? route + sizeof before - 1 : route;
}

const cJSON *metrics(struct call *c, struct metrics_ask *ask)
{
    const struct metrics_means means = metrics_means_of(c);
    cJSON *answer, *row;
    if (ask->only[BY_ROUTE])
        ask->also[BY_ROUTE] =
            derived_name(c->arena, DERIVED_AI_ROUTE, plain_route(ask->only[BY_ROUTE]));
    answer = metrics_answer(&means, ask, &c->err);
    cJSON_ArrayForEach(row, json_get(answer, "rows"))
    {
        const char *route = json_str(row, "route");
        if (route)
            json_set_str(c->arena, row, "route", traffic_route_name(c->arena, route));
    }
    return answer;
}

const cJSON *metrics_promql(struct call *c, const struct metrics_ask *ask, const char *promql)
{
    const struct metrics_means means = metrics_means_of(c);
    return metrics_expression(&means, ask, promql, &c->err);
}
