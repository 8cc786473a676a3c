/* call_log.c - the gateway's logs as a handler reads them: signal.h over signal/. */
#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/signal.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "signal/log_follow.h"
#include "signal/log_text.h"

struct passing {
    struct call *call;
    gw_each_fn *fn;
    void *arg;
};

static bool pass_log_row(void *arg, const cJSON *row)
{
    const struct passing *p = arg;
    return p->fn(p->call, p->arg, row);
}

static void copy_log_seen(struct arena *a, const struct accesslog_seen *from, struct log_seen *to)
{
    if (!to)
        return;
    *to = (struct log_seen){
        .scanned = from->scanned,
        .cursor = *from->cursor ? arena_strdup(a, from->cursor) : NULL,
        .oldest = *from->oldest ? arena_strdup(a, from->oldest) : NULL,
        .raw = from->raw,
        .unreadable = from->unknown > from->known,
        .line = from->line,
        .note = from->note,
    };
}

static struct log_source *log_of(struct call *c)
{
    if (!c->log)
        c->log = log_source_new(c->arena, c->service->loop, c->config, c->cancel);
    return c->log;
}

static struct accesslog_query log_filters(struct call *c, const struct log_query *q)
{
    return (struct accesslog_query){
        .what = q->what,
        .previous = q->previous,
        .route = q->route,
        .also_routes = q->route ? kind_made_routes(c->arena, q->route) : NULL,
        .host = q->host,
        .path_prefix = q->path_prefix,
        .flag = q->flag,
        .text = q->text,
        .status_class = q->status_class,
        .since = q->since,
        .limit = q->limit,
        .max_scan = q->max_scan,
        .cursor = q->cursor,
    };
}

struct log_query log_asked(struct call *c)
{
    const char *status = arg_str(c, "status");
    double minutes = arg_num(c, "minutes", 0);
    return (struct log_query){
        .route = arg_str(c, "route"),
        .host = arg_str(c, "host"),
        .path_prefix = arg_str(c, "path"),
        .flag = arg_str(c, "flag"),
        .text = arg_str(c, "text"),
        .status_class = status ? status[0] - '0' : 0,
        .since = minutes > 0 ? when_now() - minutes * 60 : 0,
        .cursor = arg_str(c, "cursor"),
    };
}

const char *log_where(struct call *c, enum log_what what)
{
    return log_source_name(c->arena, log_of(c), what);
}

bool log_each(struct call *c, const struct log_query *q, gw_each_fn *fn, void *arg)
{
    struct passing p = { .call = c, .fn = fn, .arg = arg };
    const struct accesslog_query query = log_filters(c, q);
    struct accesslog_seen seen = { 0 };
    if (!accesslog_read(c->arena, log_of(c), &query, pass_log_row, &p, &seen, &c->err))
        return false;
    copy_log_seen(c->arena, &seen, q->seen);
    return true;
}

bool log_follow_each(struct call *c, const struct log_query *q, double seconds, gw_each_fn *fn,
                     void *arg)
{
    struct passing p = { .call = c, .fn = fn, .arg = arg };
    const struct accesslog_query query = log_filters(c, q);
    struct accesslog_seen seen = { 0 };
    if (!log_follow(c->arena, log_of(c), &query, seconds, pass_log_row, &p, &seen, &c->err))
        return false;
    copy_log_seen(c->arena, &seen, q->seen);
    return true;
}

const char *log_line_text(struct call *c, const cJSON *row)
{
    return log_row_text(c->arena, row, false);
}

const char *log_line_client(struct call *c, const cJSON *row)
{
    return log_row_client(c->arena, row);
}

const char *traffic_route_name(struct arena *a, const char *route)
{
    const char *ai = kind_ai_of(a, route), *server = kind_mcp_of(a, route);
    if (ai)
        return arena_printf(a, "AI route %s%s", ai,
                            derived_from(a, DERIVED_AI_FALLBACK, route) ? " (fallback)" : "");
    return server ? arena_printf(a, "MCP server %s", server) : route;
}

const cJSON *traffic(struct call *c, const struct log_query *log, bool errors,
                     const char *const *by, int rows)
{
    struct traffic_query q = { .log = log_filters(c, log), .errors = errors, .rows = rows };
    for (int i = 0; i < TRAFFIC_BY && by[i]; i++)
        q.by[i] = by[i];
    cJSON *answer = traffic_count(c->arena, log_of(c), &q, &c->err), *row;
    if (answer)
        json_set_str(c->arena, answer, "source", log_where(c, LOG_ACCESS));
    cJSON_ArrayForEach(row, json_get(answer, "rows"))
    {
        const char *route = json_str(row, "route");
        if (route)
            json_set_str(c->arena, row, "route", traffic_route_name(c->arena, route));
    }
    return answer;
}
