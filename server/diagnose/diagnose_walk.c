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
#include "config/config.h"
#include "console/gateway.h"
#include "diagnose/diagnose_private.h"
#include "diagnose/diagnose_probe_private.h"
#include "diagnose/diagnose_source_private.h"
#include "kind/kind.h"
#include "signal/accesslog.h"
#include "signal/envoy.h"
#include <string.h>
#include <time.h>

enum { ROWS = 400, LOST_ROWS = 100, WINDOW = 900, FORGED_SCAN = 16 << 20 };

struct walk {
    struct arena *a;
    const struct diagnose_means *m;
    struct diagnose_target target;
    struct diagnose_signals s;
    cJSON *issues;
    bool gone;
};

/* Only the counters that the rules read; a busy gateway has a hundred times as many. */
static const char stats_page[] =
    "/stats?format=json&usedonly&filter="
    "(update_rejected%7Cconfig_fail%7Chealth_check.(network_)%3Ffailure%7Clb_healthy_panic"
    "%7Cejections_active%7Cpending_overflow%7Cconnect_fail%7Cconnect_timeout%7Crq_timeout"
    "%7Cper_try_timeout%7Cnone_healthy%7Crq_retry%7Crq_retry_success%7Cupdate_failure"
    "%7Cprotocol_error%7Cdestroy_remote_with_active_rq%7Cssl.connection_error%7Crx_bytes_total"
    "%7Crq_5xx%7Crq_429)%24";

static const cJSON *page(struct walk *w, const char *path)
{
    struct err e = { 0 };
    const cJSON *tree = envoy_page(w->m->loop, w->m->config, w->a, path, w->m->cancel, &e);

    w->gone = w->gone || e.kind == ERR_GONE;
    return cJSON_IsObject(tree) ? tree : NULL;
}

static void read_envoy(struct walk *w)
{
    if (!w->m->config->envoy_admin)
        return;
    w->s.server = page(w, "/server_info");
    if (!w->s.server || w->gone)
        return;
    w->s.clusters = page(w, "/clusters?format=json");
    w->s.stats = page(w, stats_page);
    w->s.config = page(w, "/config_dump");
    w->s.certs = page(w, "/certs");
    w->s.listeners = page(w, "/listeners?format=json");
}

/* -- the access log ------------------------------------------------------------------------------
 */
struct rows {
    struct arena *a;
    cJSON *list;
};

static bool keep_row(void *arg, const cJSON *row)
{
    struct rows *r = arg;

    json_add(r->a, r->list, (cJSON *)row);
    return true;
}

static void read_log(struct walk *w)
{
    bool route = w->target.kind && !strcmp(w->target.kind, "route");
    bool service = w->target.kind && !strcmp(w->target.kind, "service");
    struct rows r = { w->a, json_array(w->a) };
    struct accesslog_query q = { .limit = ROWS,
                                 .lines = ACCESSLOG_SOUND,
                                 .since = w->s.now - WINDOW };
    struct accesslog_query forged = {
        .limit = ROWS, .lines = ACCESSLOG_FORGED, .since = q.since, .max_scan = FORGED_SCAN
    };
    struct err e = { 0 };

    if (!w->m->config->access_log)
        return;
    if (route)
        q.route = w->target.name;
    if (service)
        q.text = arena_strndup(w->a, w->target.name, strcspn(w->target.name, ":"));
    if (!accesslog_read(w->a, w->m->config->access_log, &q, keep_row, &r, NULL, &e))
        return;
    if (route) { /* requests that no route took may have been meant for this one */
        struct accesslog_query lost = {
            .flag = "NR", .limit = LOST_ROWS, .lines = ACCESSLOG_SOUND, .since = q.since
        };
        accesslog_read(w->a, w->m->config->access_log, &lost, keep_row, &r, NULL, &e);
    }
    accesslog_read(w->a, w->m->config->access_log, &forged, keep_row, &r, NULL, &e);
    w->s.rows = r.list;
}

/* -- the console ---------------------------------------------------------------------------------
 */
static void add_issue(struct walk *w, const char *code, const char *object, const char *fact,
                      const char *next)
{
    cJSON *o = json_add(w->a, w->issues, json_object(w->a));

    json_set_str(w->a, o, "code", code);
    json_set_str(w->a, o, "object", object);
    json_set_str(w->a, o, "fact", fact);
    json_set_str(w->a, o, "next", next);
}

struct wanted {
    struct walk *w;
    const cJSON *services; /* of a route */
    bool *found;
};

static bool see_service(void *arg, const cJSON *service)
{
    struct wanted *x = arg;
    const char *name = json_str(service, "name");
    const cJSON *s;
    int i = 0;

    cJSON_ArrayForEach(s, x->services)
    {
        const char *want = json_str(s, "name");
        if (name && want && !strcmp(name, want))
            x->found[i] = true;
        i++;
    }
    return true;
}

/* Every service of the route must be one that the gateway knows. */
static void check_services(struct walk *w)
{
    const cJSON *services = json_get(w->s.object, "services");
    struct wanted x = { w, services, arena_array(w->a, bool, json_count(services) + 1) };
    struct err e = { 0 };
    const cJSON *s;
    int i = 0;

    if (!gateway_each_kind(w->m->gateway, kind_find("service"), NULL, see_service, &x, w->m->cancel,
                           &e))
        return;
    cJSON_ArrayForEach(s, services)
    {
        const char *name = json_str(s, "name");
        if (!x.found[i++] && name)
            add_issue(w, "SERVICE_UNKNOWN", name,
                      arena_printf(w->a, "route %s points to service %s, which no source has",
                                   w->target.name, name),
                      "Correct the route's service name, or add the source that has it.");
    }
}

static void read_console(struct walk *w)
{
    const struct kind *k = w->target.kind ? kind_find(w->target.kind) : NULL;
    struct err e = { 0 };
    bool missing = false;

    if (!k || !w->m->gateway || !gateway_url(w->m->gateway))
        return;
    w->s.object =
        gateway_object(w->m->gateway, w->a, k, w->target.name, NULL, &missing, w->m->cancel, &e);
    w->gone = w->gone || e.kind == ERR_GONE;
    if (missing)
        add_issue(w, "UNKNOWN_OBJECT", arena_printf(w->a, "%s %s", w->target.kind, w->target.name),
                  arena_printf(w->a, "the console has no %s of that name", w->target.kind),
                  "Check the name with list_routes or list_resources.");
    else if (w->s.object && !strcmp(w->target.kind, "route"))
        check_services(w);
}

/* -- names of people's and of Envoy's ------------------------------------------------------------
 */
/* An AI route or provider is a route or service under another name. */
static bool take_target(struct walk *w, const struct diagnose_target *t, struct err *e)
{
    if (!t || !t->kind)
        return true;
    w->target = *t;
    if (!strcmp(t->kind, "ai-route"))
        w->target = (struct diagnose_target){ "route",
                                              arena_printf(w->a, "ai-route-%s.internal", t->name) };
    if (!strcmp(t->kind, "ai-provider"))
        w->target = (struct diagnose_target){ "service",
                                              arena_printf(w->a, "llm-%s.internal.dns", t->name) };
    if (!strcmp(w->target.kind, "route") || !strcmp(w->target.kind, "service"))
        return true;
    return err_set(e, ERR_ARGS, "a %s cannot be diagnosed; name a route or a service", t->kind);
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
    { "the console's objects", read_console },
    { "Envoy's admin pages", read_envoy },
    { "the access log", read_log },
    { "what is known of upstreams", walk_sources },
    { "probes of endpoints", walk_probes },
};

static void tell(const struct walk *w, int done, const char *step)
{
    if (w->m->told)
        w->m->told(w->m->arg, done, (int)(sizeof steps / sizeof *steps), step);
}

cJSON *diagnose_run(struct arena *a, const struct diagnose_means *m,
                    const struct diagnose_target *t, struct err *e)
{
    struct walk w = { .a = a, .m = m, .issues = json_array(a) };

    w.s.now = (double)time(NULL);
    if (!take_target(&w, t, e))
        return NULL;
    int done = 0;
    for (; done < (int)(sizeof steps / sizeof *steps) && !w.gone; done++) {
        tell(&w, done, steps[done].name);
        steps[done].run(&w);
    }
    if (w.gone || (m->cancel && m->cancel->fired)) {
        err_set(e, ERR_GONE, "the diagnosis was cancelled");
        return NULL;
    }
    tell(&w, done, "the verdict");
    return diagnose_judge(a, &w.target, &w.s);
}
