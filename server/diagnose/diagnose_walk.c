/* diagnose_walk.c - collects the signals: console, Envoy's admin pages, access log, probes.
 *
 * Each step may fail without ending the walk; what is missing is told in the answer. Probes run
 * side by side, each on a fiber of its own, and only to endpoints that matter for the question.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "diagnose/diagnose_private.h"
#include "diagnose/diagnose_probe_private.h"
#include "diagnose/diagnose_source_private.h"
#include "diagnose/diagnose_walk_private.h"
#include "kind/kind.h"
#include "net/beside.h"
#include "net/loop.h"
#include "signal/replica.h"
#include <string.h>
#include <time.h>

enum { REPLICAS_JUDGED = 16 };

/* Only the counters that the rules read; a busy gateway has a hundred times as many. */
static const char stats_page[] =
    "/stats?format=json&usedonly&filter="
    "(update_rejected%7Cconfig_fail%7Chealth_check.(network_)%3Ffailure%7Clb_healthy_panic"
    "%7Cejections_active%7Cpending_overflow%7Cconnect_fail%7Cconnect_timeout%7Crq_timeout"
    "%7Cper_try_timeout%7Cnone_healthy%7Crq_retry%7Crq_retry_success%7Cupdate_failure%7Cupdate_"
    "success%7Cupdate_time"
    "%7Cprotocol_error%7Cdestroy_remote_with_active_rq%7Cssl.connection_error%7Crx_bytes_total"
    "%7Crq_5xx%7Crq_429)%24";

/* One page of one replica; NULL: it could not be read. */
static const cJSON *page_of(struct walk *w, int i, const char *path, struct cancel *own,
                            struct err *e)
{
    const cJSON *tree =
        replica_page(w->m->loop, w->m->config, w->a, &w->found->list[i], path, own, e);
    w->gone = w->gone || e->kind == ERR_GONE;
    return cJSON_IsObject(tree) ? tree : NULL;
}

static void read_pages_of_replica(void *arg, int i, struct cancel *own)
{
    struct walk *w = arg;
    struct diagnose_replica *r = &w->replicas[i];
    const struct {
        const cJSON **to;
        const char *path;
    } pages[] = { { &r->server, "/server_info" }, { &r->clusters, "/clusters?format=json" },
                  { &r->stats, stats_page },      { &r->config, "/config_dump" },
                  { &r->certs, "/certs" },        { &r->listeners, "/listeners?format=json" } };
    if (r->down && r->restarts)
        diagnose_read_before(w, i, own);
    for (size_t k = 0; k < sizeof pages / sizeof *pages && !w->gone; k++) {
        struct err e = { 0 };
        *pages[k].to = page_of(w, i, pages[k].path, own, &e);
        if (!r->server) {
            r->error = arena_strdup(w->a, e.text);
            return;
        }
    }
}

static void read_stats_of_replica(void *arg, int i, struct cancel *own)
{
    struct walk *w = arg;
    struct err e = { 0 };
    w->replicas[i].stats_before = w->replicas[i].stats;
    if (w->replicas[i].stats)
        w->replicas[i].stats = page_of(w, i, stats_page, own, &e);
}

static void describe_replica(struct walk *w, int i)
{
    const struct replica *r = &w->found->list[i];
    w->replicas[i] = (struct diagnose_replica){ .name = r->envoy.name, .restarts = r->restarts };
    if (!r->ready)
        w->replicas[i].down = r->why ? r->why : r->phase;
}

static void find_replicas(struct walk *w)
{
    struct err e = { 0 };
    w->found = replicas_find(w->m->loop, w->m->config, w->a, w->m->cancel, &e);
    w->gone = w->gone || e.kind == ERR_GONE;
    if (!w->found) {
        w->s.unlisted = arena_strdup(w->a, e.text);
        return;
    }
    int n = w->found->count < REPLICAS_JUDGED ? w->found->count : REPLICAS_JUDGED;
    w->replicas = arena_array(w->a, struct diagnose_replica, n);
    for (int i = 0; i < n; i++)
        describe_replica(w, i);
    w->replica_count = n;
    if (w->found->count > n)
        w->s.unlisted =
            arena_printf(w->a, "%d replicas more were not looked at", w->found->count - n);
    if (n > 1 || w->found->list->pod) {
        w->s.replicas = w->replicas;
        w->s.replica_count = n;
    }
}

static void read_envoy_pages(struct walk *w)
{
    if (!w->m->config->envoy_admin)
        return;
    find_replicas(w);
    if (!w->found)
        return;
    beside_each(w->m->loop, w->replica_count, REPLICAS_AT_ONCE, read_pages_of_replica, w,
                w->m->cancel);
    diagnose_join(w->a, w->replicas, w->replica_count, &w->s);
}

/* Without a log, counters must say what goes wrong now: so they are read twice. */
static void read_counters_again(struct walk *w)
{
    struct err e = { 0 };

    if (w->s.rows || !w->s.stats || w->gone)
        return;
    w->gone = !nap(w->m->loop, 1, w->m->cancel, &e);
    if (w->gone)
        return;
    beside_each(w->m->loop, w->replica_count, REPLICAS_AT_ONCE, read_stats_of_replica, w,
                w->m->cancel);
    diagnose_join(w->a, w->replicas, w->replica_count, &w->s);
}

/* -- names of people's and of Envoy's ------------------------------------------------------------
 */
static bool take_target(struct walk *w, const struct diagnose_target *t, struct err *e)
{
    static const char *const names[] = { "route", "service", "ai-route", "mcp-server", "domain" };

    if (!t || !t->kind)
        return true;
    w->target = *t;
    if (!strcmp(t->kind, "ai-provider"))
        w->target = (struct diagnose_target){ "service",
                                              arena_printf(w->a, "llm-%s.internal.dns", t->name) };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(w->target.kind, names[i]))
            return true;
    return err_set(e, ERR_ARGS,
                   "a %s cannot be diagnosed; name a route, a service, an AI route, an MCP server "
                   "or a domain",
                   t->kind);
}

static bool check_since(const struct walk *w, struct err *e)
{
    double at = w->m->since ? when_since(w->m->since, w->s.now) : 1;

    if (at > 0 && at < w->s.now)
        return true;
    return err_set(e, ERR_ARGS,
                   "since '%s' is no time in the past: give \"30m\", \"2h\" or "
                   "\"2026-11-29T14:00:00Z\"",
                   text_clean(w->a, w->m->since, 60));
}

/* -- the walk ----------------------------------------------------------------------------------
 */
static void walk_sources(struct walk *w)
{
    w->s.issues = w->issues;
    if (w->s.clusters)
        return;
    w->s.clusters = diagnose_sources(w->a, w->m, &w->target, w->s.object);
    w->s.from_console = w->s.clusters != NULL;
}

static void walk_probes(struct walk *w)
{
    if (w->s.clusters)
        w->s.probes = diagnose_probe(w->a, w->m, facts_make(w->a, &w->target, &w->s));
}

static const struct {
    const char *name;
    void (*run)(struct walk *w);
} steps[] = {
    { "the console's objects", diagnose_read_target },
    { "Envoy's admin pages", read_envoy_pages },
    { "the access log", diagnose_read_log },
    { "the log before", diagnose_read_compared },
    { "Envoy's counters again", read_counters_again },
    { "the console's routes and settings", diagnose_read_settings },
    { "the control plane", diagnose_read_control },
    { "what is known of upstreams", walk_sources },
    { "probes of endpoints", walk_probes },
};

static void tell_step(const struct walk *w, int done, const char *step)
{
    if (w->m->told)
        w->m->told(w->m->arg, done, (int)(sizeof steps / sizeof *steps), step);
}

cJSON *diagnose_run(struct arena *a, const struct diagnose_means *m,
                    const struct diagnose_target *t, struct err *e)
{
    struct walk w = { .a = a, .m = m, .issues = json_array(a) };

    w.s.now = (double)time(NULL);
    w.s.changes = m->changes;
    if (!take_target(&w, t, e) || !check_since(&w, e))
        return NULL;
    int done = 0;
    for (; done < (int)(sizeof steps / sizeof *steps) && !w.gone; done++) {
        tell_step(&w, done, steps[done].name);
        steps[done].run(&w);
    }
    if (w.gone || (m->cancel && m->cancel->fired)) {
        err_set(e, ERR_GONE, "the diagnosis was cancelled");
        return NULL;
    }
    tell_step(&w, done, "the verdict");
    return diagnose_judge(a, &w.target, &w.s);
}
