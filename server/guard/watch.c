/* watch.c - the touched requests counted, out of the log or out of counters. */
#include "guard/watch.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "signal/accesslog.h"
#include "signal/replica.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 2000000, SCAN = 32 << 20 };

enum guard_signal guard_signal_of(const struct config *c, const struct guard_spec *spec,
                                  struct err *e)
{
    if (log_source_there(c))
        return GUARD_LOG;
    if (!c->envoy_admin) {
        err_set(e, ERR_POLICY,
                "guard: nothing could be watched: neither a log nor envoy.admin_url is "
                "configured here; leave the guard out, or configure one");
        return GUARD_BLIND;
    }
    for (int i = 0; i < spec->count; i++) {
        const struct guard_condition *k = &spec->conditions[i];
        if (k->what == GUARD_STATUS && k->class == 5)
            continue;
        err_set(e, ERR_POLICY,
                "guard: '%s' could not be watched: Envoy's counters, which are all there is, know "
                "5xx only; leave it out, or configure envoy.access_log",
                k->text);
        return GUARD_BLIND;
    }
    return GUARD_COUNTERS;
}

/* -- the log ------------------------------------------------------------------------------- */

struct tally {
    const struct guard_watch *watch;
    struct guard_counts *counts;
};

/* How long the upstream took; of a request that it never answered, the whole. -1: not known. */
static double took_ms(const cJSON *row, int code)
{
    const char *upstream = json_str(row, "upstream_service_time"), *all = json_str(row, "duration");
    char *end = NULL;
    double ms = upstream ? strtod(upstream, &end) : 0;
    if (upstream && end != upstream && !*end)
        return ms;
    return code >= 500 && all ? strtod(all, NULL) : -1;
}

static bool is_bad(const struct guard_condition *k, const cJSON *row, int code)
{
    if (k->what == GUARD_STATUS)
        return code / 100 == k->class;
    return k->what == GUARD_SLOW && took_ms(row, code) > k->ms;
}

/* Lines come in the order in which requests ended, nearly that in which they began. */
static void note_time(struct guard_counts *c, double at)
{
    if (at <= c->last)
        return;
    if (c->last > 0 && at - c->last > c->pause)
        c->pause = at - c->last;
    c->last = at;
}

static bool tally_row(void *arg, const cJSON *row)
{
    struct tally *t = arg;
    const struct guard_watch *w = t->watch;
    const char *status = json_str(row, "response_code");
    int code = status ? (int)strtol(status, NULL, 10) : 0;
    double at = when_parse(json_str(row, "start_time"));
    if (at > t->counts->to)
        return true;
    if (at > t->counts->known_to)
        t->counts->known_to = at;
    if (!guard_targets_meet(&w->targets, row))
        return true;
    note_time(t->counts, at);
    t->counts->all++;
    for (int i = 0; i < w->spec.count; i++)
        t->counts->bad[i] += is_bad(&w->spec.conditions[i], row, code);
    return true;
}

static bool stop_at_row(void *arg, const cJSON *row)
{
    bool *there = arg;
    *there = row;
    return false;
}

/* Where no request was seen: does that log have any? The access log of a gateway may be elsewhere
 * than what its pods say, and then silence there is no sign of anything. */
static bool holds_requests(const struct guard_watch *w, struct log_source *log, struct err *e)
{
    const struct accesslog_query q = { .lines = ACCESSLOG_SOUND, .limit = 1, .max_scan = SCAN };
    bool there = false;
    if (!accesslog_read(w->arena, log, &q, stop_at_row, &there, NULL, e))
        return false;
    return there ||
           err_set(e, ERR_SYSTEM,
                   "no request is in %s: the access log is elsewhere (logs.from says where)",
                   log_source_name(w->arena, log, LOG_ACCESS));
}

static bool count_log(const struct guard_watch *w, struct guard_counts *out, struct err *e)
{
    static const char *const looked_at[] = { "authority", "upstream_cluster", "duration",
                                             "upstream_service_time", NULL };
    struct tally t = { .watch = w, .counts = out };
    struct accesslog_seen seen = { 0 };
    struct accesslog_query q = { .lines = ACCESSLOG_SOUND,
                                 .since = out->from,
                                 .limit = ROWS,
                                 .max_scan = SCAN,
                                 .only = looked_at };
    struct log_source *log = log_source_new(w->arena, w->loop, w->config, w->cancel);
    if (!accesslog_read(w->arena, log, &q, tally_row, &t, &seen, e))
        return false;
    if (seen.matched == 0 && config_logs_from(w->config) != LOGS_FILE && !holds_requests(w, log, e))
        return false;
    if (seen.known == 0 && seen.unknown > 0)
        return err_set(e, ERR_SYSTEM, "no line of the access log could be read");
    if (out->last > 0 && out->to - out->last > out->pause)
        out->pause = out->to - out->last;
    if (seen.cut && when_parse(seen.oldest) > out->from)
        out->cut = arena_strdup(w->arena, seen.oldest);
    return true;
}

/* -- counters ------------------------------------------------------------------------------ */

static double read_host_counter(const cJSON *host, const char *name)
{
    const cJSON *stat;
    cJSON_ArrayForEach(stat, json_get(host, "stats"))
    {
        const char *is = json_str(stat, "name"), *value = json_str(stat, "value");
        if (is && !strcmp(is, name))
            return value ? strtod(value, NULL) : json_num(stat, "value", 0);
    }
    return 0;
}

static const char *host_name(struct arena *a, const char *cluster, const cJSON *host)
{
    const cJSON *address = json_path(host, "address.socket_address");
    const char *ip = json_str(address, "address");
    return arena_printf(a, "%s %s:%.0f", cluster, ip ? ip : "?",
                        json_num(address, "port_value", 0));
}

/* What came on top; a counter that is smaller than it was began anew. */
static int grown(double now, double before)
{
    return (int)(now >= before ? now - before : now);
}

static void take_host(const struct guard_watch *w, const char *cluster, const cJSON *host,
                      const cJSON *before, struct guard_counts *out)
{
    struct arena *a = w->arena;
    const char *name = host_name(a, cluster, host);
    double failed = read_host_counter(host, "rq_error"), all = read_host_counter(host, "rq_total");
    const cJSON *was = json_get(before, name);
    double was_all = was && was->child ? was->child->valuedouble : 0;
    double was_failed = was && was->child ? was->child->next->valuedouble : 0;
    cJSON *pair = json_set_array(a, out->counters, name);
    int bad = grown(failed, was_failed), n = grown(all, was_all);
    json_add(a, pair, json_number(a, all));
    json_add(a, pair, json_number(a, failed));
    out->all +=
        n > bad ? n : bad; /* of connections that were refused only the failure is counted */
    for (int i = 0; i < w->spec.count; i++)
        out->bad[i] += w->spec.conditions[i].what == GUARD_STATUS ? bad : 0;
}

/* of: the replica, before the names of hosts; "": there is but one Envoy. */
static void take_clusters(const struct guard_watch *w, const char *of, const cJSON *page,
                          const cJSON *before, struct guard_counts *out)
{
    const cJSON *cluster, *host;
    cJSON_ArrayForEach(cluster, json_get(page, "cluster_statuses"))
    {
        const char *name = json_str(cluster, "name");
        if (!guard_targets_reach(&w->targets, name))
            continue;
        cJSON_ArrayForEach(host, json_get(cluster, "host_statuses"))
        {
            take_host(w, arena_printf(w->arena, "%s%s", of, name), host, before, out);
        }
    }
}

/* Of all replicas that run. One that does and cannot be read leaves the counts unknown: without it
 * they would look better than they are, and with it the next time as if all of it were new. */
static bool count_counters(const struct guard_watch *w, const cJSON *before,
                           struct guard_counts *out, struct err *e)
{
    const struct replicas *all = replicas_find(w->loop, w->config, w->arena, w->cancel, e);
    const struct replica_page *pages = all ? replica_pages(w->loop, w->config, w->arena, all,
                                                           "/clusters?format=json", w->cancel, e)
                                           : NULL;
    out->counters = json_object(w->arena);
    for (int i = 0; pages && i < all->count; i++) {
        const struct replica *r = &all->list[i];
        bool alone = all->count == 1 && !r->pod;
        if (pages[i].error && r->runs)
            return err_set(e, ERR_NET, "%s", pages[i].error);
        take_clusters(w, alone ? "" : arena_printf(w->arena, "%s ", r->envoy.name), pages[i].page,
                      before, out);
    }
    return pages != NULL;
}

bool guard_count(const struct guard_watch *w, double from, double to, const cJSON *before,
                 struct guard_counts *out, struct err *e)
{
    *out = (struct guard_counts){ .from = from, .to = to };
    if (guard_signal_of(w->config, &w->spec, e) == GUARD_LOG)
        return count_log(w, out, e);
    return e->kind == ERR_NONE && count_counters(w, before, out, e);
}

/* -- kept ---------------------------------------------------------------------------------- */

cJSON *guard_counts_write(struct arena *a, const struct guard_counts *c, int conditions)
{
    cJSON *o = json_object(a), *bad = json_array(a);
    json_set_num(a, o, "from", c->from);
    json_set_num(a, o, "to", c->to);
    json_set_num(a, o, "pause", c->pause);
    json_set_num(a, o, "all", c->all);
    for (int i = 0; i < conditions; i++)
        json_add(a, bad, json_number(a, c->bad[i]));
    json_set(a, o, "bad", bad);
    if (c->counters)
        json_set(a, o, "counters", json_clone(a, c->counters));
    return o;
}

struct guard_counts guard_counts_read(const cJSON *o)
{
    struct guard_counts c = { .from = json_num(o, "from", 0), .to = json_num(o, "to", 0) };
    const cJSON *bad;
    int i = 0;
    c.pause = json_num(o, "pause", 0);
    c.all = (int)json_num(o, "all", 0);
    c.counters = (cJSON *)(uintptr_t)json_get(o, "counters");
    cJSON_ArrayForEach(bad, json_get(o, "bad"))
    {
        if (i < GUARD_CONDITIONS)
            c.bad[i++] = (int)bad->valuedouble;
    }
    return c;
}
