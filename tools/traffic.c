/* traffic.c - how many requests, by what: counts over the access log. */
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_traffic;

enum { TEXT_MAX = 16 * 1024 };

static const struct field name = { "", STR, OPT, NULL, .one_of = TRAFFIC_NAMES };
static const struct field in[] = {
    { "by", LIST, OPT, "Paths fold ids.", .max = TRAFFIC_BY, .of = &name },
    { "errors", BOOL, OPT, "4xx, 5xx, no answer." },
    { "route", STR, OPT, NULL, .complete = "route" },
    { "host", STR, OPT, NULL },
    { "path", STR, OPT, NULL },
    { "status", STR, OPT, NULL, .one_of = "2xx|3xx|4xx|5xx", .flags = FIELD_BRIEF },
    { "flag", STR, OPT, NULL },
    { "text", STR, OPT, NULL },
    { "minutes", NUM, OPT, NULL, .min = 0, .max = 100000, .flags = FIELD_BRIEF },
    { "limit", INT, OPT, NULL, .min = 1, .max = 100, .otherwise = "20", .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field out[] = {
    { "matched", INT, REQ, NULL },
    { "rows", LIST, OPT, NULL },
    { 0 },
};

static const cJSON *run_traffic(struct call *c)
{
    const char *by[TRAFFIC_BY + 1] = { NULL };
    const struct log_query filters = log_asked(c);
    const cJSON *one;
    int n = 0;

    cJSON_ArrayForEach(one, arg_json(c, "by"))
    {
        if (n < TRAFFIC_BY)
            by[n++] = one->valuestring;
    }
    return traffic(c, &filters, arg_bool(c, "errors"), by, (int)arg_num(c, "limit", 0));
}

/* -- in words ------------------------------------------------------------------------------------
 */
static void say_percentiles(struct buf *b, const char *what, const cJSON *o, const char *unit)
{
    if (json_count(o))
        buf_printf(b, "; %s p50/95/99 %.0f/%.0f/%.0f%s", what, json_num(o, "p50", 0),
                   json_num(o, "p95", 0), json_num(o, "p99", 0), unit);
}

static const char *traffic_text(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "?";
}

static void say_totals(struct buf *b, const cJSON *answer)
{
    const cJSON *window = json_get(answer, "window"), *tokens = json_get(answer, "tokens");
    buf_printf(b, "%.0f requests", json_num(answer, "matched", 0));
    if (json_get(answer, "of"))
        buf_printf(b, " of %.0f", json_num(answer, "of", 0));
    if (json_get(window, "from"))
        buf_printf(b, " since %s", traffic_text(window, "from"));
    if (json_get(answer, "newest"))
        buf_printf(b, ", the newest %s", traffic_text(answer, "newest"));
    buf_printf(b, "; %.0f lines read", json_num(window, "lines_read", 0));
    say_percentiles(b, "took", json_get(answer, "duration"), " ms");
    say_percentiles(b, "first token", json_get(answer, "first_token"), " ms");
    if (tokens)
        buf_printf(b, "; tokens %.0f in, %.0f out", json_num(tokens, "input", 0),
                   json_num(tokens, "output", 0));
    say_percentiles(b, "tokens a request", tokens, "");
    buf_str(b, "\n");
}

static void say_short(struct buf *b, const char *what, const cJSON *list)
{
    const char *sign = what;
    const cJSON *n;
    cJSON_ArrayForEach(n, list)
    {
        buf_printf(b, "%s%.0f", sign, n->valuedouble);
        sign = "/";
    }
    if (json_count(list))
        buf_str(b, " ms");
}

/* "12 3.4 % /orders/{id} 503, 3/20/44 ms" */
static void say_row(struct buf *b, const cJSON *row)
{
    const cJSON *m;
    buf_printf(b, "%.0f %.4g %%", json_num(row, "count", 0), json_num(row, "share", 0));
    cJSON_ArrayForEach(m, row)
    {
        if (cJSON_IsString(m))
            buf_printf(b, " %s", m->valuestring);
    }
    say_short(b, ", ", json_get(row, "ms"));
    say_short(b, ", first token ", json_get(row, "first_token_ms"));
    if (json_get(row, "tokens"))
        buf_printf(b, ", %.0f tokens", json_num(row, "tokens", 0));
    buf_str(b, "\n");
}

static void say_rest(struct buf *b, const cJSON *answer)
{
    const cJSON *rest = json_get(answer, "left_out"), *older = json_get(answer, "not_looked_at");
    if (rest)
        buf_printf(b, "left out: %.0f rows, %.0f requests\n", json_num(rest, "rows", 0),
                   json_num(rest, "requests", 0));
    if (json_get(answer, "forged"))
        buf_printf(b, "not counted: %.0f lines that a client forged\n",
                   json_num(answer, "forged", 0));
    if (json_get(answer, "unreadable"))
        buf_printf(b, "not counted: %.0f lines in no known form\n",
                   json_num(answer, "unreadable", 0));
    if (older)
        buf_printf(b, "not looked at: older lines, %.0f bytes and more; cursor %s\n",
                   json_num(older, "bytes", 0), traffic_text(older, "cursor"));
}

static char *say_traffic(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *row;
    say_totals(b, answer);
    cJSON_ArrayForEach(row, json_get(answer, "rows")) say_row(b, row);
    say_rest(b, answer);
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "analyze_traffic",
        .title = "Analyze traffic",
        .about = "Counts requests of the access log: shares, percentiles (ms); filters as in "
                 "tail_logs. Untrusted.",
        .risk = READ,
        .fleeting = true,
        .in = in,
        .out = out,
        .read = run_traffic,
        .local = true,
        .of_each = true,
        .say = say_traffic,
    },
    { 0 },
};

const struct toolset toolset_traffic = {
    .name = "traffic",
    .about = "Counts over the access log.",
    .tools = tools,
};
