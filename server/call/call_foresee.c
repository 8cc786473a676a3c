/* call_foresee.c - what a plan will lead to, by what is seen of the gateway now: warnings that
 * people read before they decide. Nothing is refused here, and what cannot be read is no warning.
 *
 * What signals say changes from minute to minute, and a call that comes again with an answer must
 * give the plan that was shown: it then takes over what was said of it.
 */
#include "approve/approve.h"
#include "base/err.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/signal.h"
#include "change/engine.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/plan.h"

enum { REQUESTS = 1000, SCAN_BYTES = 8 << 20, ROUTES = 200, NAMES_BYTES = 2000 };
static const char mark[] = "seen now: ";

/* -- what goes with what is deleted ---------------------------------------------------------- */

struct rules {
    struct buf *names;
    int count;
};

static bool add_rule_name(struct call *c, void *arg, const cJSON *o)
{
    struct rules *r = arg;
    const char *name = gw_name_of("plugin-instance", o);
    if (name && kind_exists(kind_find("plugin-instance"), o) && r->count++ < 10)
        buf_printf(r->names, "%s%s", r->count > 1 ? ", " : "", text_clean(c->arena, name, 80));
    return true;
}

static void warn_rules(struct call *c, struct plan *p, const struct plan_op *op)
{
    bool scope = false;
    struct rules r = { buf_in(c->arena, NAMES_BYTES), 0 };
    for (const char *const *s = kind_scopes; *s; s++)
        scope = scope || !strcmp(*s, op->kind->name);
    const char *at = arena_printf(c->arena, "%s:%s", op->kind->name, op->name);
    if (scope && gw_each(c, "plugin-instance", at, add_rule_name, &r) && r.count)
        plan_warn(p, "plugin rules that go with %s %s: %s%s", op->kind->name, op->name,
                  r.names->data, r.count > 10 ? " and more" : "");
    fail_forget(c);
}

/* -- where traffic is sent -------------------------------------------------------------------- */

/* Endpoints of a service in Envoy's clusters, and those that took no connection yet. */
static void count_hosts(const cJSON *page, const char *service, int *all, int *refusing)
{
    const cJSON *cluster, *host, *stat;
    const char *tail = service;
    cJSON_ArrayForEach(cluster, json_get(page, "cluster_statuses"))
    {
        const char *name = json_str(cluster, "name");
        if (!name || !text_starts(name, "outbound|") || !text_ends(name, tail))
            continue;
        cJSON_ArrayForEach(host, json_get(cluster, "host_statuses"))
        {
            double tried = 0, failed = 0;
            cJSON_ArrayForEach(stat, json_get(host, "stats"))
            {
                const char *what = json_str(stat, "name"), *n = json_str(stat, "value");
                double value = n ? strtod(n, NULL) : json_num(stat, "value", 0);
                tried = what && !strcmp(what, "cx_total") ? value : tried;
                failed = what && !strcmp(what, "cx_connect_fail") ? value : failed;
            }
            ++*all;
            *refusing += failed > 0 && failed >= tried;
        }
    }
}

static bool had_service(const cJSON *before, const char *name)
{
    const cJSON *s;
    cJSON_ArrayForEach(s, json_get(before, "services"))
    {
        const char *had = json_str(s, "name");
        if (had && !strcmp(had, name))
            return json_num(s, "weight", 100) > 0;
    }
    return false;
}

static void warn_refusing(struct call *c, struct plan *p, const struct plan_op *op)
{
    const cJSON *s, *page = NULL;
    cJSON_ArrayForEach(s, json_get(op->after, "services"))
    {
        const char *name = json_str(s, "name");
        int all = 0, refusing = 0;
        if (!name || json_num(s, "weight", 100) <= 0 || had_service(op->before, name))
            continue;
        page = page ? page : envoy_admin(c, "/clusters?format=json");
        count_hosts(page, arena_printf(c->arena, "||%s", name), &all, &refusing);
        if (refusing)
            plan_warn(p, "%s%d of %d endpoints of service %s took no connection that Envoy tried",
                      mark, refusing, all, name);
    }
    fail_forget(c);
}

/* -- who calls today -------------------------------------------------------------------------- */

struct callers {
    int all, known;
    const char *oldest;
};

/* Only AI plugins log whom authentication named: elsewhere nobody is known. */
static bool take_caller(struct call *c, void *arg, const cJSON *row)
{
    struct callers *k = arg;
    const char *named = json_str(json_get(row, "ai"), "consumer");
    k->all++;
    k->known += named && *named && strcmp(named, "-") != 0;
    k->oldest = arena_strdup(c->arena, json_str(row, "start_time"));
    return true;
}

/* The route on which an operation begins to ask who calls; NULL: it does not. */
static const char *guarded_route(const struct plan_op *op)
{
    static const char auth[] = "key-auth|basic-auth|hmac-auth|jwt-auth|oauth|hmac-auth-apisix|"
                               "simple-jwt-auth|oidc|ext-auth|opa";
    if (!op->after)
        return NULL;
    if (!strcmp(op->kind->name, "route"))
        return json_true(json_get(op->after, "authConfig"), "enabled") &&
                       !json_true(json_get(op->before, "authConfig"), "enabled")
                   ? op->name
                   : NULL;
    bool begins = !strcmp(op->kind->name, "plugin-instance") && text_has_word(auth, op->name) &&
                  json_true(op->after, "enabled") && !json_true(op->before, "enabled");
    return begins && op->scope && text_starts(op->scope, "route:") ? op->scope + 6 : NULL;
}

static void warn_callers(struct call *c, struct plan *p, const struct plan_op *op)
{
    const char *route = guarded_route(op);
    struct callers k = { 0 };
    const struct log_query q = { .route = route, .limit = REQUESTS, .max_scan = SCAN_BYTES };
    if (route && log_source_there(c->config) && log_each(c, &q, take_caller, &k) && k.known < k.all)
        plan_warn(
            p,
            "%s%d of the last %d requests of %s (since %s) carried no known key: such requests "
            "are refused from then on",
            mark, k.all - k.known, k.all, route, k.oldest ? k.oldest : "?");
    fail_forget(c);
}

/* -- how much of the traffic it touches ---------------------------------------------------------
 */

/* Does a row of the counts stand for that route, or for that AI route and its fallback? */
static bool is_row_of(struct call *c, const struct plan_op *op, const char *row)
{
    static const char ai[] = "AI route ";
    const char *route = plan_op_route(op);
    size_t n = strlen(route);
    if (strcmp(op->kind->name, "ai-route") != 0)
        return !strcmp(row, traffic_route_name(c->arena, route));
    row += text_starts(row, ai) ? strlen(ai) : 0;
    return text_starts(row, route) && (!row[n] || !strcmp(row + n, " (fallback)"));
}

static double share_of_op(struct call *c, const cJSON *counts, const struct plan_op *op)
{
    const cJSON *row;
    double share = 0;
    bool there = false;
    cJSON_ArrayForEach(row, json_get(counts, "rows"))
    {
        const char *name = json_str(row, "route");
        bool its = name && is_row_of(c, op, name);
        share += its ? json_num(row, "share", 0) : 0;
        there = there || its;
    }
    return there || !json_get(counts, "left_out") ? share : -1;
}

/* Of the last hour, where rules ask for it; a share that cannot be told of one is not told at all.
 */
static void take_share(struct call *c, struct plan *p)
{
    static const char *const by[] = { "route", NULL };
    const struct log_query last = { .since = when_now() - 3600, .max_scan = SCAN_BYTES };
    double all = 0;
    if (!c->service->config->rules || !log_source_there(c->config))
        return;
    for (int i = 0; i < p->count; i++)
        if (!plan_op_route(&p->ops[i]))
            return;
    const cJSON *counts = traffic(c, &last, false, by, ROUTES);
    bool known = counts && json_num(counts, "matched", 0) > 0;
    for (int i = 0; known && i < p->count; i++) {
        double one = share_of_op(c, counts, &p->ops[i]);
        known = one >= 0;
        all += one;
    }
    p->share = known ? (all < 100 ? all : 100) : -1;
    fail_forget(c);
}

/* -- the plan --------------------------------------------------------------------------------- */

/* What was said of the plan when its question was asked. */
static void take_over_foreseen(struct call *c, struct plan *p, const char *id)
{
    struct err ignored = { 0 };
    const cJSON *shown = engine_show(call_engine(c), c->arena, id, false, &ignored), *w;
    cJSON_ArrayForEach(w, json_get(shown, "warnings"))
    {
        if (cJSON_IsString(w) && text_starts(w->valuestring, mark))
            plan_warn(p, "%s", w->valuestring);
    }
}

static void look_at_signals(struct call *c, struct plan *p)
{
    for (int i = 0; i < p->count && i < PLAN_WARNINGS_SHOWN; i++) {
        if (!strcmp(p->ops[i].kind->name, "route"))
            warn_refusing(c, p, &p->ops[i]);
        warn_callers(c, p, &p->ops[i]);
    }
}

void call_foresee(struct call *c, struct plan *p)
{
    const struct shown *earlier = c->caller->earlier;
    for (int i = 0; i < p->count && i < PLAN_WARNINGS_SHOWN; i++)
        if (p->ops[i].verb == PLAN_DELETE)
            warn_rules(c, p, &p->ops[i]);
    if (earlier && earlier->id)
        take_over_foreseen(c, p, earlier->id);
    else
        look_at_signals(c, p);
    take_share(c, p);
}
