/* diagnose_log.c - reads the access log for a diagnosis: the newest lines, the target's, those of
 * services that fail seldom, lines that clients forged, the gateway's own words, two windows.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "config/config.h"
#include "diagnose/diagnose_walk_private.h"
#include "diagnose/diagnose_window_private.h"
#include "kind/kind.h"
#include "signal/accesslog.h"
#include "signal/replica.h"
#include <stdint.h>
#include <string.h>

enum { ROWS = 4000, TARGET_ROWS = 2000, LOST_ROWS = 200, FORGED_ROWS = 400, WORDS = 3 };
enum { RARE = 8, RARE_ROWS = 400 };
enum { ROWS_BEFORE = 60 };
enum { WINDOW = 900, FORGED_SCAN = 16 << 20, COMPARE_SCAN = 256 << 20, COMPARE_ROWS = 5000000 };

/* A part that cannot be read is missing, and told so by what the others say. */
static bool query_log(struct walk *w, const struct accesslog_query *q, accesslog_fn *fn, void *arg,
                      struct accesslog_seen *seen)
{
    err_clear(&w->ignored);
    return accesslog_read(w->a, w->log, q, fn, arg, seen, &w->ignored);
}

struct rows {
    struct arena *a;
    cJSON *list;
};

static bool keep_row(void *arg, const cJSON *row)
{
    struct rows *r = arg;

    json_add(r->a, r->list, (cJSON *)(uintptr_t)row);
    return true;
}

static bool keep_words(void *arg, const cJSON *row)
{
    struct rows *r = arg;
    const char *raw = json_str(row, "raw");

    if (raw && strstr(raw, "rejected"))
        json_add_str(r->a, r->list, raw);
    return json_count(r->list) < WORDS;
}

static double window_begin(const struct walk *w)
{
    double since = w->m->since ? when_since(w->m->since, w->s.now) : 0;

    return since > 0 ? since : w->s.now - WINDOW;
}

static bool is_target_kind(const struct walk *w, const char *kind)
{
    return w->target.kind && !strcmp(w->target.kind, kind);
}

/* Leaves out lines that are not the target's; which of the rest are is for the facts to say. */
static void narrow(struct walk *w, struct accesslog_query *q)
{
    if (is_target_kind(w, "route") || is_target_kind(w, "ai-route") ||
        is_target_kind(w, "mcp-server")) {
        q->route = w->target.name;
        q->also_routes = kind_made_routes(w->a, w->target.name);
    } else if (is_target_kind(w, "service")) {
        q->text = arena_strndup(w->a, w->target.name, strcspn(w->target.name, ":"));
    } else if (is_target_kind(w, "domain") && *w->target.name == '*') {
        q->text = w->target.name + 1;
    } else if (is_target_kind(w, "domain")) {
        q->host = w->target.name;
    }
}

static bool read_rows(struct walk *w, const struct accesslog_query *q, cJSON *into,
                      struct accesslog_seen *seen)
{
    struct rows r = { w->a, into };

    return query_log(w, q, keep_row, &r, seen);
}

static void read_gateway_words(struct walk *w, double since)
{
    struct accesslog_query q = {
        .text = "rejected", .limit = FORGED_ROWS, .since = since, .max_scan = FORGED_SCAN
    };
    struct rows r = { w->a, json_array(w->a) };

    query_log(w, &q, keep_words, &r, NULL);
    w->s.words = r.list;
}

/* Lines that cannot be read are no sign of health. */
static void tell_unread(struct walk *w, const struct accesslog_seen *seen)
{
    if (seen->unknown <= seen->known)
        return;
    w->s.unread = seen->raw > 0 ? seen->raw : seen->unknown;
    w->s.unread_line = seen->line ? seen->line : "(not shown)";
    if (json_count(w->s.rows) == 0)
        w->s.rows = NULL;
}

/* -- what fails rarely, or seldom has a request --------------------------------------------------
 */
/* A busy gateway's newest lines are seconds. A service whose failures are older than those, within
 * the window, is looked at by its own lines: so that its shares are true. */
struct rare {
    struct walk *w;
    double before; /* lines from here on are read already */
    const char *clusters[RARE];
    int count;
    cJSON *rows;
};

static bool see_failed(void *arg, const cJSON *row)
{
    struct rare *r = arg;
    const char *cluster = json_str(row, "upstream_cluster");

    if (!cluster || !strcmp(cluster, "-"))
        return true;
    for (int i = 0; i < r->count; i++)
        if (!strcmp(r->clusters[i], cluster))
            return true;
    r->clusters[r->count++] = arena_strdup(r->w->a, cluster);
    return r->count < RARE;
}

static bool keep_older(void *arg, const cJSON *row)
{
    struct rare *r = arg;
    double at = when_parse(json_str(row, "start_time"));

    if (at > 0 && at < r->before)
        json_add(r->w->a, r->rows, (cJSON *)(uintptr_t)row);
    return true;
}

/* Of many lines, beside how they were answered. */
static const char *const looked_at[] = { "upstream_cluster", "authority", NULL };
static const char *const compared_by[] = { "upstream_cluster", "upstream_host", "route_name",
                                           "authority",        "duration",      NULL };

static void read_rare(struct walk *w, double since, cJSON *rows)
{
    const cJSON *oldest = rows->child ? rows->child->prev : NULL; /* the last one */
    struct rare r = { .w = w, .before = when_parse(json_str(oldest, "start_time")), .rows = rows };
    struct accesslog_query failed = { .status_class = 5,
                                      .limit = ROWS,
                                      .lines = ACCESSLOG_SOUND,
                                      .since = since,
                                      .only = looked_at };

    if (json_count(rows) < ROWS || r.before <= since)
        return;
    query_log(w, &failed, see_failed, &r, NULL);
    for (int i = 0; i < r.count; i++) {
        const char *bar = strrchr(r.clusters[i], '|');
        struct accesslog_query own = { .text = bar ? bar + 1 : r.clusters[i],
                                       .limit = RARE_ROWS,
                                       .lines = ACCESSLOG_SOUND,
                                       .since = since };
        query_log(w, &own, keep_older, &r, NULL);
    }
}

static void read_target_rows(struct walk *w, double since, cJSON *rows)
{
    struct accesslog_query own = { .limit = TARGET_ROWS, .lines = ACCESSLOG_SOUND, .since = since };

    struct accesslog_query lost = {
        .flag = "NR", .limit = LOST_ROWS, .lines = ACCESSLOG_SOUND, .since = since
    };

    narrow(w, &own);
    read_rows(w, &own, rows, NULL);
    /* Requests that no route took may have been meant for the target. */
    if (w->target.kind && !is_target_kind(w, "service") && !is_target_kind(w, "domain"))
        read_rows(w, &lost, rows, NULL);
}

void diagnose_read_log(struct walk *w)
{
    double since = window_begin(w);
    cJSON *rows = json_array(w->a), *all = w->target.kind ? json_array(w->a) : rows;
    struct accesslog_query whole = { .limit = ROWS, .lines = ACCESSLOG_SOUND, .since = since };
    struct accesslog_query forged = {
        .limit = FORGED_ROWS, .lines = ACCESSLOG_FORGED, .since = since, .max_scan = FORGED_SCAN
    };
    struct accesslog_seen seen = { 0 };

    if (!log_source_there(w->m->config))
        return;
    w->log = log_source_new(w->a, w->m->loop, w->m->config, w->m->cancel);
    if (!read_rows(w, &whole, all, &seen)) {
        if (w->ignored.kind != ERR_SYSTEM)
            w->s.log_unread = arena_strdup(w->a, w->ignored.text);
        return;
    }
    if (w->target.kind) {
        read_target_rows(w, since, rows);
        w->s.elsewhere = all;
    } else {
        read_rare(w, since, rows);
    }
    read_rows(w, &forged, rows, NULL);
    w->s.rows = rows;
    tell_unread(w, &seen);
    read_gateway_words(w, since);
}

void diagnose_read_before(struct walk *w, int i, struct cancel *own)
{
    struct diagnose_replica *r = &w->replicas[i];
    const struct accesslog_query q = { .what = LOG_GATEWAY,
                                       .previous = true,
                                       .limit = ROWS_BEFORE };
    struct log_source *log =
        log_source_pod(w->a, w->m->loop, w->m->config, w->found->list[i].envoy.name, own);
    struct rows rows = { w->a, json_array(w->a) };
    struct err e = { 0 };

    if (accesslog_read(w->a, log, &q, keep_row, &rows, NULL, &e))
        r->before = rows.list;
    else
        r->before_unread = arena_strdup(w->a, e.text);
    w->gone = w->gone || e.kind == ERR_GONE;
}

static bool add_to_window(void *arg, const cJSON *row)
{
    window_take(arg, row);
    return true;
}

void diagnose_read_compared(struct walk *w)
{
    double since = window_begin(w), before = since - (w->s.now - since);
    struct diagnose_window *window = window_new(w->a, before, w->s.now);
    struct accesslog_query q = { .limit = COMPARE_ROWS,
                                 .lines = ACCESSLOG_SOUND,
                                 .since = before,
                                 .max_scan = COMPARE_SCAN,
                                 .only = compared_by };
    struct accesslog_seen seen = { 0 };

    if (!w->m->compare || !w->s.rows)
        return;
    narrow(w, &q);
    if (!query_log(w, &q, add_to_window, window, &seen))
        return;
    cJSON *lines = window_lines(window, w->m->changes);
    if (seen.cut && when_parse(seen.oldest) > before)
        json_add_str(w->a, lines,
                     arena_printf(w->a, "the log was looked at back to %s only", seen.oldest));
    w->s.compared = lines;
}
