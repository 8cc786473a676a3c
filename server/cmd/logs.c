/* logs.c - `higress-ops logs`: lines of the gateway's logs for people, one a line, the newest last;
 * with -f those to come, too. What is shown of a line is what tail_logs shows of it.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "kind/kind.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "signal/log_follow.h"
#include "signal/log_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 20, LINES_MOST = 10000 };
static const double FOR_EVER = 1e9;

struct reading {
    const struct options *options;
    struct arena *arena;
    const struct config *config;
    struct accesslog_query q;
    cJSON *rows;
    bool json, colours;
    int code;
};

/* -- what is asked for ---------------------------------------------------------------------------
 */

static bool wrong_option(const struct reading *r, const char *name, const char *allowed)
{
    fprintf(stderr, "higress-ops logs: --%s is '%s' but must be %s\n", name,
            options_get(r->options, name), allowed);
    return false;
}

static bool take_since(struct reading *r)
{
    const char *since = options_get(r->options, "since");

    r->q.since = since ? when_since(since, when_now()) : 0;
    return !since || r->q.since > 0 || wrong_option(r, "since", "90s, 15m, 2h, 3d or a time");
}

static bool take_words(struct reading *r)
{
    const char *what = options_get(r->options, "what"), *status = options_get(r->options, "status");
    int place = what ? text_word_place(LOG_WHATS, what) : 1;

    if (!place)
        return wrong_option(r, "what", LOG_WHATS);
    if (status && !text_has_word("2xx|3xx|4xx|5xx", status))
        return wrong_option(r, "status", "2xx|3xx|4xx|5xx");
    r->q.what = (enum log_what)(place - 1);
    r->q.status_class = status ? *status - '0' : 0;
    return true;
}

/* Filters that are about requests, where other lines are asked for; and what cannot be followed. */
static bool good_together(const struct reading *r)
{
    static const char *const past[] = { "previous", "cursor" };
    const char *rest = ACCESSLOG_REQUEST_FILTERS;
    char name[TEXT_WORD];

    while (r->q.what != LOG_ACCESS && text_word_next(&rest, name))
        if (options_has(r->options, name))
            return wrong_option(r, name, "left out: only the access log has requests");
    for (size_t i = 0; options_has(r->options, "follow") && i < 2; i++)
        if (options_has(r->options, past[i]))
            return wrong_option(r, past[i], "left out with -f, which is about lines to come");
    return true;
}

static bool take_filters(struct reading *r)
{
    const struct options *o = r->options;

    r->q = (struct accesslog_query){
        .previous = options_has(o, "previous"),
        .route = options_get(o, "route"),
        .host = options_get(o, "host"),
        .path_prefix = options_get(o, "path"),
        .flag = options_get(o, "flag"),
        .text = options_get(o, "text"),
        .cursor = options_get(o, "cursor"),
    };
    if (r->q.route)
        r->q.also_routes = kind_made_routes(r->arena, r->q.route);
    return options_int(o, "limit", 1, LINES_MOST, LINES, &r->q.limit) && take_words(r) &&
           take_since(r) && good_together(r);
}

/* -- lines ---------------------------------------------------------------------------------------
 */

/* False: nobody reads them any more. */
static bool print_log_row(struct reading *r, const cJSON *row)
{
    struct arena *one = arena_new();

    puts(r->json ? json_print(one, row) : log_row_text(one, row, r->colours));
    arena_free(one);
    return fflush(stdout) == 0;
}

static bool keep_printed_row(void *arg, const cJSON *row)
{
    struct reading *r = arg;

    json_add(r->arena, r->rows, json_clone(r->arena, row));
    return true;
}

static bool print_new_log_row(void *arg, const cJSON *row)
{
    return print_log_row(arg, row);
}

/* On stderr: what is on stdout are lines of the log alone. */
static void tell_where_read(const struct reading *r, const struct log_source *s,
                            const struct accesslog_seen *seen)
{
    fprintf(stderr, "(%s", log_source_name(r->arena, s, r->q.what));
    if (*seen->oldest)
        fprintf(stderr, ", looked back to %s", seen->oldest);
    if (*seen->cursor)
        fprintf(stderr, "; older lines: --cursor %s", seen->cursor);
    fputs(")\n", stderr);
    if (seen->note)
        fprintf(stderr, "(%s)\n", seen->note);
}

static bool read_logs(struct reading *r, struct loop *l, struct err *e)
{
    struct log_source *s = log_source_new(r->arena, l, r->config, NULL);
    struct accesslog_seen seen = { 0 };
    bool on = accesslog_read(r->arena, s, &r->q, keep_printed_row, r, &seen, e);

    if (!on)
        return false;
    const cJSON *row = r->rows->child ? r->rows->child->prev : NULL;
    for (int n = json_count(r->rows); n > 0 && on; n--, row = row->prev)
        on = print_log_row(r, row);
    tell_where_read(r, s, &seen);
    if (!on || !options_has(r->options, "follow"))
        return true;
    bool ok = log_follow(r->arena, s, &r->q, FOR_EVER, print_new_log_row, r, &seen, e);
    if (ok && seen.note)
        fprintf(stderr, "(%s)\n", seen.note);
    return ok;
}

static void read_on_loop(struct loop *l, void *arg)
{
    struct reading *r = arg;
    struct err e = { 0 };

    if (!read_logs(r, l, &e)) {
        fprintf(stderr, "higress-ops logs: %s\n", e.text);
        r->code = EXIT_FAILED;
    }
    fetch_stop(l);
}

static int run_logs(const struct options *o)
{
    const char *no_color = getenv("NO_COLOR");
    struct reading r = { .options = o, .arena = arena_new(), .code = EXIT_USAGE };
    const struct config *all = options_config(o, r.arena, &r.code);
    struct err e = { 0 };

    r.config = all ? config_gateway(all, NULL, &e) : NULL;
    r.json = options_has(o, "json");
    r.colours = !r.json && isatty(STDOUT_FILENO) && !(no_color && *no_color);
    r.rows = json_array(r.arena);
    if (r.config && !take_filters(&r))
        r.code = EXIT_USAGE;
    else if (r.config) {
        r.code = EXIT_DONE;
        loop_main(read_on_loop, &r);
    }
    arena_free(r.arena);
    return r.code;
}

static const struct option_row logs_rows[] = {
    { "follow", NULL, "(-f) Goes on with lines as they are written, until it is ended." },
    { "what", LOG_WHATS, "Whose lines; gateway is Envoy and its plugins (default: access)." },
    { "route", "NAME", "Of requests: that route, AI route or MCP server took them." },
    { "host", "NAME", "Of requests: their host." },
    { "path", "TEXT", "Of requests: the beginning of their path." },
    { "status", "2xx|3xx|4xx|5xx", "Of requests: the class of their status." },
    { "flag", "FLAG", "Of requests: a response flag (UF, NR, …)." },
    { "text", "TEXT", "It stands within any value that is shown." },
    { "since", "TIME", "Not older: 15m, 2h, 2026-11-30T09:00:00Z." },
    { "limit", "N", "The newest so many (default 20)." },
    { "previous", NULL, "Of pods: of the container that ran before." },
    { "cursor", "CURSOR", "Goes on where an earlier reading ended." },
    { "json", NULL, "One JSON object a line." },
    { 0 },
};

const struct command cmd_logs = {
    .name = "logs",
    .about = "Lines of the gateway's logs, of files, pods or Loki; -f: as they are written.",
    .rows = logs_rows,
    .config = true,
    .run = run_logs,
};
