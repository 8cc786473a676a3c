/* metrics.c - questions that figures answer: of a Prometheus, or of Envoy itself. */
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_metrics;

enum { TEXT_MAX = 128 * 1024, MINUTES = 15 };

static const struct field label_field = { "", STR, OPT, NULL, .one_of = METRIC_LABELS };
static const struct field in[] = {
    { "question", STR, OPT, NULL, .one_of = METRIC_QUESTIONS },
    { "by", LIST, OPT, NULL, .max = 3, .of = &label_field, .flags = FIELD_BRIEF },
    { "only", STR, OPT, "model=x,…", .max = 1024, .flags = FIELD_BRIEF },
    { "minutes", NUM, OPT, NULL, .min = 1, .max = 100000, .flags = FIELD_BRIEF },
    { "points", INT, OPT, "Values over time.", .min = 1, .max = METRIC_POINTS,
      .flags = FIELD_BRIEF },
    { "limit", INT, OPT, NULL, .min = 1, .max = METRIC_ROWS, .flags = FIELD_BRIEF },
    { "promql", STR, OPT, "In place of question.", .min = 1, .max = 8192, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field out[] = {
    { "rows", LIST, OPT, NULL },
    { 0 },
};

/* The label before '='; 0: there is none. */
static int label_before(struct call *c, const char *given)
{
    const char *equals = strchr(given, '=');
    return equals ? text_word_place(METRIC_LABELS,
                                    arena_strndup(arena(c), given, (size_t)(equals - given)))
                  : 0;
}

/* The comma before the next LABEL=; a name may hold commas. Else the end. */
static const char *end_of_name(struct call *c, const char *name)
{
    const char *comma = strchr(name, ',');
    while (comma && !label_before(c, comma + 1))
        comma = strchr(comma + 1, ',');
    return comma ? comma : name + strlen(name);
}

/* "model=qwen-max,consumer=alice" */
static bool take_only(struct call *c, struct metrics_ask *ask, const char *given)
{
    while (given && *given) {
        const char *name = strchr(given, '='), *end = name ? end_of_name(c, name + 1) : NULL;
        int label = label_before(c, given);
        if (!label || end == name + 1)
            return fail(c, "only: '%s' is not LABEL=NAME with one of %s",
                        text_clean(arena(c), given, 60), METRIC_LABELS);
        ask->only[label - 1] = arena_strndup(arena(c), name + 1, (size_t)(end - name - 1));
        given = *end ? end + 1 : end;
    }
    return true;
}

static const cJSON *run_metrics(struct call *c)
{
    struct metrics_ask ask = { .question = arg_str(c, "question"),
                               .seconds = arg_num(c, "minutes", MINUTES) * 60,
                               .points = (int)arg_num(c, "points", 1),
                               .rows = (int)arg_num(c, "limit", 20) };
    const char *promql = arg_str(c, "promql");
    const cJSON *one;
    if (!ask.question == !promql)
        return fail_null(c, "give a question, or promql");
    cJSON_ArrayForEach(one, arg_json(c, "by"))
    {
        ask.by |= 1u << (text_word_place(METRIC_LABELS, one->valuestring) - 1);
    }
    if (!take_only(c, &ask, arg_str(c, "only")))
        return NULL;
    return promql ? metrics_promql(c, &ask, promql) : metrics(c, &ask);
}

/* -- in words ------------------------------------------------------------------------------ */

static void say_value(struct buf *b, const cJSON *value)
{
    const cJSON *one;
    const char *sign = "";
    if (cJSON_IsNumber(value))
        buf_printf(b, "%.10g", value->valuedouble);
    else if (cJSON_IsString(value))
        buf_str(b, value->valuestring);
    else if (cJSON_IsNull(value))
        buf_char(b, '-');
    cJSON_ArrayForEach(one, value)
    {
        buf_str(b, sign);
        say_value(b, one);
        sign = " ";
    }
}

/* "service orders.static, requests 120, percent_5xx 2.5" */
static void say_figures(struct buf *b, const cJSON *row)
{
    const char *sign = "";
    const cJSON *m, *label;
    cJSON_ArrayForEach(m, row)
    {
        if (cJSON_IsObject(m)) {
            cJSON_ArrayForEach(label, m)
            {
                buf_printf(b, "%s%s=%s", sign, label->string, label->valuestring);
                sign = ", ";
            }
            continue;
        }
        buf_printf(b, "%s%s ", sign, m->string);
        say_value(b, m);
        sign = ", ";
    }
    buf_str(b, "\n");
}

static void say_listed(struct buf *b, const char *what, const cJSON *list)
{
    const char *sign = what;
    const cJSON *one;
    cJSON_ArrayForEach(one, list)
    {
        buf_printf(b, "%s%s", sign, one->valuestring);
        sign = ", ";
    }
    if (json_count(list))
        buf_str(b, "\n");
}

static char *say_metrics(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *row, *rest = json_get(answer, "truncated");
    buf_str(b, json_text(answer, "source"));
    if (json_str(answer, "from"))
        buf_printf(b, ", from %s", json_text(answer, "from"));
    buf_printf(b, " to %s", json_text(answer, "to"));
    if (json_get(answer, "step"))
        buf_printf(b, ", a value each %.0f s", json_num(answer, "step", 0));
    if (json_str(answer, "since"))
        buf_printf(b, "; there are figures since %s only", json_text(answer, "since"));
    if (json_str(answer, "currency"))
        buf_printf(b, "; cost in %s", json_text(answer, "currency"));
    buf_printf(b, "; %d row%s\n", json_count(json_get(answer, "rows")),
               json_count(json_get(answer, "rows")) == 1 ? "" : "s");
    cJSON_ArrayForEach(row, json_get(answer, "rows")) say_figures(b, row);
    if (rest)
        buf_printf(b, "left out: %.0f rows; %s\n", json_num(rest, "rows", 0),
                   json_text(rest, "how"));
    say_listed(b, "not there, and not 0: ", json_get(answer, "not_there"));
    say_listed(b, "not counted by that: ", json_get(answer, "not_by"));
    say_listed(b, "not read: ", json_get(answer, "unread"));
    say_listed(b, "no price, not in cost: ", json_get(answer, "without_price"));
    if (json_str(answer, "note"))
        buf_printf(b, "%s\n", json_text(answer, "note"));
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "query_metrics",
        .title = "Metrics",
        .about =
            "Answers a question by figures of Prometheus, else 5 s of Envoy. Untrusted labels.",
        .risk = READ,
        .fleeting = true,
        .in = in,
        .out = out,
        .read = run_metrics,
        .local = true,
        .of_each = true,
        .say = say_metrics,
    },
    { 0 },
};

const struct toolset toolset_metrics = {
    .name = "metrics",
    .about = "Questions that figures answer.",
    .tools = tools,
};
