/* diagnose_console.c - what the console says: the target's object, the services it points to,
 * routes that might have taken lost requests, the gateway's settings.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "console/gateway.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_walk_private.h"
#include "kind/kind.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUTES = 500, MOST_HOSTS = 50 };

static cJSON *add_issue(struct walk *w, const char *code, const char *object, const char *fact,
                        const char *next)
{
    cJSON *o = json_add(w->a, w->issues, json_object(w->a));

    json_set_str(w->a, o, "code", code);
    json_set_str(w->a, o, "object", object);
    json_set_str(w->a, o, "fact", fact);
    json_set_str(w->a, o, "next", next);
    return o;
}

/* -- services that the target points to ----------------------------------------------------------
 */
struct wanted {
    struct walk *w;
    const cJSON *services; /* of a route */
    struct {
        bool found, at_port;
        const char *ports; /* that it has */
    } * seen;
};

static bool see_console_service(void *arg, const cJSON *service)
{
    struct wanted *x = arg;
    const char *name = json_str(service, "name");
    double port = json_num(service, "port", 0);
    const cJSON *s;
    int i = -1;

    cJSON_ArrayForEach(s, x->services)
    {
        const char *want = json_str(s, "name");
        double at = json_num(s, "port", 0);
        i++;
        if (!name || !want || strcmp(name, want) != 0)
            continue;
        x->seen[i].ports =
            arena_printf(x->w->a, "%s%s%.0f", x->seen[i].found ? x->seen[i].ports : "",
                         x->seen[i].found ? ", " : "", port);
        x->seen[i].found = true;
        x->seen[i].at_port = x->seen[i].at_port || at == 0 || port == 0 || at == port;
    }
    return true;
}

static void judge_service(struct walk *w, const struct wanted *x, const cJSON *s, int i)
{
    const char *name = json_str(s, "name");
    cJSON *issue;

    if (!name || x->seen[i].at_port)
        return;
    if (!x->seen[i].found)
        issue = add_issue(w, "SERVICE_UNKNOWN", name,
                          arena_printf(w->a, "%s %s points to service %s, which no source has",
                                       w->target.kind, w->target.name, name),
                          "Correct the route's service name, or add the source that has it.");
    else
        issue = add_issue(w, "SERVICE_PORT_UNKNOWN", name,
                          arena_printf(w->a, "%s %s asks for %s at port %.0f; it has port %s",
                                       w->target.kind, w->target.name, name, json_num(s, "port", 0),
                                       x->seen[i].ports),
                          "Point the route to a port that the service has.");
    json_set_str(w->a, issue, "covers", "NO_CLUSTER|NO_HEALTHY_UPSTREAM|CONFIG_MISSING");
}

/* Every service of the route must be one that the gateway knows, at that port. */
static void check_route_services(struct walk *w)
{
    struct wanted x = { .w = w, .services = json_get(w->s.object, "services") };
    struct err e = { 0 };
    const cJSON *s;
    int i = 0;

    x.seen = arena_alloc(w->a, sizeof *x.seen * (size_t)(json_count(x.services) + 1));
    if (!gateway_each_kind(w->m->gateway, kind_find("service"), NULL, see_console_service, &x,
                           w->m->cancel, &e))
        return;
    cJSON_ArrayForEach(s, x.services) judge_service(w, &x, s, i++);
}

/* A service is in a list only, and its name may carry a port. */
static void find_service(struct walk *w)
{
    const char *name = w->target.name, *colon = strchr(name, ':');
    cJSON *services = json_array(w->a), *one = json_add(w->a, services, json_object(w->a));
    struct wanted x = { .w = w, .services = services };
    struct err e = { 0 };

    json_set_str(w->a, one, "name", arena_strndup(w->a, name, strcspn(name, ":")));
    json_set_num(w->a, one, "port", colon ? strtod(colon + 1, NULL) : 0);
    x.seen = arena_alloc(w->a, sizeof *x.seen * 2);
    if (!gateway_each_kind(w->m->gateway, kind_find("service"), NULL, see_console_service, &x,
                           w->m->cancel, &e))
        return;
    w->s.console_asked = true;
    if (!x.seen[0].found)
        add_issue(w, "UNKNOWN_OBJECT", arena_printf(w->a, "service %s", name),
                  "the console has no service of that name",
                  "Check the name with list_resources service.");
    else if (!x.seen[0].at_port)
        add_issue(w, "SERVICE_PORT_UNKNOWN", arena_printf(w->a, "service %s", name),
                  arena_printf(w->a, "it has port %s only", x.seen[0].ports),
                  "Ask for, or point the route to, a port that the service has.");
    else
        w->s.object = one;
}

void diagnose_read_target(struct walk *w)
{
    const struct kind *k = w->target.kind ? kind_find(w->target.kind) : NULL;
    struct err e = { 0 };
    bool missing = false;

    if (!k || !w->m->gateway || !gateway_url(w->m->gateway))
        return;
    if (!strcmp(w->target.kind, "service")) {
        find_service(w);
        return;
    }
    w->s.object =
        gateway_object(w->m->gateway, w->a, k, w->target.name, NULL, &missing, w->m->cancel, &e);
    w->gone = w->gone || e.kind == ERR_GONE;
    w->s.console_asked = missing || w->s.object;
    if (missing) /* what nobody configured is not late at the gateway */
        json_set_str(
            w->a,
            add_issue(w, "UNKNOWN_OBJECT",
                      arena_printf(w->a, "%s %s", w->target.kind, w->target.name),
                      arena_printf(w->a, "the console has no %s of that name", w->target.kind),
                      "Check the name with list_routes or list_resources."),
            "covers", "CONFIG_MISSING");
    else if (w->s.object && json_get(w->s.object, "services"))
        check_route_services(w);
}

/* -- routes and settings -------------------------------------------------------------------------
 */
struct lost {
    struct walk *w;
    const char *hosts[MOST_HOSTS];
    int count;
    cJSON *routes;
};

static bool is_lost_host(const struct lost *l, const char *host)
{
    for (int i = 0; i < l->count; i++)
        if (!strcmp(l->hosts[i], host))
            return true;
    return false;
}

static bool row_is(const cJSON *row, const char *flag, const char *details)
{
    const char *flags = json_str(row, "response_flags");
    const char *why = json_str(row, "response_code_details");

    return (flag && flags && strstr(flags, flag)) || (details && why && strstr(why, details));
}

static void find_lost(struct lost *l, const cJSON *rows)
{
    const cJSON *row;

    cJSON_ArrayForEach(row, rows)
    {
        const char *host = json_str(row, "authority");
        if (host && l->count < MOST_HOSTS && row_is(row, "NR", NULL) && !is_lost_host(l, host))
            l->hosts[l->count++] = host;
    }
}

static bool see_candidate_route(void *arg, const cJSON *route)
{
    struct lost *l = arg;
    const cJSON *domains = json_get(route, "domains");
    bool takes = json_count(domains) == 0;

    for (int i = 0; i < l->count && !takes; i++)
        takes = predicate_host(domains, l->hosts[i]) > 0;
    if (takes)
        json_add(l->w->a, l->routes, json_clone(l->w->a, route));
    return json_count(l->routes) < MOST_ROUTES;
}

static void read_routes_of_lost(struct walk *w)
{
    struct lost l = { .w = w, .routes = json_array(w->a) };
    struct err e = { 0 };

    find_lost(&l, w->s.rows);
    find_lost(&l, w->s.elsewhere);
    if (l.count > 0 && gateway_each_kind(w->m->gateway, kind_find("route"), NULL,
                                         see_candidate_route, &l, w->m->cancel, &e))
        w->s.routes = l.routes;
}

/* Did a request meet a limit that higress-config sets? */
static bool met_setting(const cJSON *rows)
{
    const cJSON *row;

    cJSON_ArrayForEach(row, rows)
    {
        if (row_is(row, "SI", "payload_too_large") || row_is(row, NULL, "headers_too_large") ||
            row_is(row, "UC", NULL))
            return true;
    }
    return false;
}

void diagnose_read_settings(struct walk *w)
{
    struct err e = { 0 };

    if (!w->m->gateway || !gateway_url(w->m->gateway) || w->gone)
        return;
    read_routes_of_lost(w);
    if (!met_setting(w->s.rows))
        return;
    const cJSON *config = gateway_object(w->m->gateway, w->a, kind_find("higress-config"),
                                         "higress-config", NULL, NULL, w->m->cancel, &e);
    w->s.settings = json_path(config, "data.higress");
}
