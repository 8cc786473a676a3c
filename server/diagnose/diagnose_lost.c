/* diagnose_lost.c - requests that no route took: what would have taken them, and what was missing.
 *
 * Each kind of request (host, path, method, port) is held against Envoy's routes and the console's.
 * What a route takes but for one condition is that route's trouble; what the console's route takes
 * and Envoy lacks is a missing route; what nothing ever claimed is noise beside a gateway that
 * works.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include "signal/accesslog.h"
#include <string.h>
#include <strings.h>

enum { MAX_KINDS = 100 };

/* The best that one of the tables says about a request. */
struct near {
    const char *name; /* of the route; NULL: none came near */
    struct predicate_fit fit;
    int score;
    const cJSON *route; /* of the console */
    int at;             /* of Envoy's routes */
};

/* -- ports ---------------------------------------------------------------------------------------
 */
static bool names_table(const cJSON *tree, const char *table)
{
    const char *name = json_str(tree, "route_config_name");
    const cJSON *child;

    if (name && !strcmp(name, table))
        return true;
    cJSON_ArrayForEach(child, tree)
    {
        if ((cJSON_IsObject(child) || cJSON_IsArray(child)) && names_table(child, table))
            return true;
    }
    return false;
}

/* The port of the listener that serves a route table; 0: unknown. */
static int table_port(const struct facts *f, const char *table)
{
    const cJSON *part = facts_config_part(f, "ListenersConfigDump");
    const cJSON *l;

    cJSON_ArrayForEach(l, json_get(part, "dynamic_listeners"))
    {
        const cJSON *listener = json_path(l, "active_state.listener");
        if (names_table(json_get(listener, "filter_chains"), table))
            return (int)json_num(json_path(listener, "address.socket_address"), "port_value", 0);
    }
    cJSON_ArrayForEach(l, json_get(part, "static_listeners"))
    {
        const cJSON *listener = json_get(l, "listener");
        if (names_table(json_get(listener, "filter_chains"), table))
            return (int)json_num(json_path(listener, "address.socket_address"), "port_value", 0);
    }
    return 0;
}

/* Each table's port, in the order of the routes; looked up once a table. */
static int *ports_of(struct facts *f)
{
    int *ports = arena_array(f->arena, int, f->route_count + 1);

    for (int i = 0; i < f->route_count; i++)
        ports[i] = i > 0 && !strcmp(f->routes[i].table, f->routes[i - 1].table)
                       ? ports[i - 1]
                       : table_port(f, f->routes[i].table);
    return ports;
}

/* -- the nearest route ---------------------------------------------------------------------------
 */
/* Fewer failures first, an unmet path and host last of all; then the closer path. */
static int score_of(const struct predicate_fit *fit)
{
    int score = 100000 + (int)strlen(fit->literal);

    score -= fit->failed & PREDICATE_HOST ? 60000 : 0;
    score -= fit->failed & PREDICATE_PATH ? 40000 : 0;
    score -= fit->failed & PREDICATE_PORT ? 8000 : 0;
    score -= fit->failed & PREDICATE_METHOD ? 4000 : 0;
    score -= fit->failed & PREDICATE_QUERY ? 4000 : 0;
    return score - 2000 * __builtin_popcount(fit->unseen);
}

static void keep_nearer(struct near *best, const char *name, const cJSON *route, int at,
                        struct predicate_fit fit)
{
    int score = score_of(&fit);

    if (best->name && score <= best->score)
        return;
    *best = (struct near){ .name = name, .fit = fit, .score = score, .route = route, .at = at };
}

/* The closest virtual host of a table hides the wilder ones, even where none of its routes fits. */
static int closest_host(const struct facts *f, const char *table, const char *host)
{
    int best = 0;

    for (int i = 0; i < f->route_count; i++) {
        int fit =
            strcmp(f->routes[i].table, table) ? 0 : predicate_host(f->routes[i].domains, host);
        best = fit > best ? fit : best;
    }
    return best;
}

static const char *add_want(struct arena *a, const char *wants, const char *want)
{
    return wants ? arena_printf(a, "%s; %s", want, wants) : want;
}

/* The route's own conditions, then those of the place where it stands. words: NULL for none. */
static struct predicate_fit fit_of(const struct facts *f, int at, int closest, int port,
                                   const struct fact_row *row, struct arena *words)
{
    const struct fact_route *r = &f->routes[at];
    struct predicate_fit fit = predicate_match(words, r->match, row);
    int host = predicate_host(r->domains, row->authority);

    if (host == 0 || host < closest) {
        fit.failed |= PREDICATE_HOST;
        if (words)
            fit.wants =
                add_want(words, fit.wants,
                         host ? "only hosts that no closer name takes" : "only other hosts");
    }
    if (row->port && port && port != row->port) {
        fit.failed |= PREDICATE_PORT;
        if (words)
            fit.wants =
                add_want(words, fit.wants,
                         arena_printf(words, "only at port %d; this came at %d", port, row->port));
    }
    return fit;
}

static struct near nearest_of_envoy(struct facts *f, const struct fact_row *row, const int *ports)
{
    struct near best = { 0 };
    const char *table = NULL;
    int closest = 0, closest_of_best = 0;

    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *r = &f->routes[i];
        if (!table || strcmp(table, r->table) != 0)
            closest = closest_host(f, r->table, row->authority);
        table = r->table;
        keep_nearer(&best, r->name, NULL, i, fit_of(f, i, closest, ports[i], row, NULL));
        if (best.at == i)
            closest_of_best = closest;
    }
    if (best.name)
        best.fit = fit_of(f, best.at, closest_of_best, ports[best.at], row, f->arena);
    return best;
}

static struct near nearest_of_console(struct facts *f, const struct fact_row *row)
{
    struct near best = { 0 };
    const cJSON *o;

    cJSON_ArrayForEach(o, f->in->routes)
    {
        const char *name = json_str(o, "name");
        if (name)
            keep_nearer(&best, name, o, 0, predicate_console(NULL, o, row));
    }
    if (best.name)
        best.fit = predicate_console(f->arena, best.route, row);
    return best;
}

/* -- what it means -------------------------------------------------------------------------------
 */
static bool same_path_sans_query(const char *x, const char *y)
{
    size_t n = strcspn(x, "?#");

    return n == strcspn(y, "?#") && !strncmp(x, y, n);
}

/* The newest row of the same host, path and method that a route took. */
static const struct fact_row *worked_before(const struct facts *f, const struct fact_row *row)
{
    for (int i = 0; i < f->row_count; i++) {
        const struct fact_row *r = &f->rows[i];
        if (strcmp(r->route, "-") != 0 && !strcmp(r->authority, row->authority) &&
            !strcmp(r->method, row->method) && same_path_sans_query(r->path, row->path))
            return r;
    }
    return NULL;
}

/* It takes host and path as its own: "/" takes every scanner's. */
static bool claims(const struct near *x)
{
    return x->name && !(x->fit.failed & (PREDICATE_HOST | PREDICATE_PATH)) &&
           strlen(x->fit.literal) > 1;
}

static bool envoy_has(const struct facts *f, const char *name)
{
    for (int i = 0; i < f->route_count; i++)
        if (accesslog_route_is(f->routes[i].name, name))
            return true;
    return false;
}

static const char *route_object(struct facts *f, const char *name)
{
    return arena_printf(f->arena, "route %s", text_clean(f->arena, name, 120));
}

static struct finding *find_config_missing(struct facts *f, struct findings *all,
                                           const struct fact_row *row, const struct near *console)
{
    struct finding *x = findings_new(
        all, "CONFIG_MISSING", route_object(f, console->name),
        "The console has this route and the gateway has not: a new route takes seconds; else an "
        "update was refused, or the control plane is not connected. Its own log says which.");

    if (x && x->rows == 0) {
        x->rank = 7;
        finding_add(f->arena, x, "config_dump", "no route %s among the gateway's", console->name);
        finding_add(f->arena, x, "console", "route %s takes %s %s%s%s%s", console->name,
                    row->method, row->authority, row->path, console->fit.wants ? ", " : "",
                    console->fit.wants ? console->fit.wants : "");
    }
    return x;
}

static struct finding *refused_by(struct facts *f, struct findings *all, const struct near *near,
                                  const char *source)
{
    bool now = near->fit.failed == 0 && near->fit.unseen == 0;
    struct finding *x =
        findings_new(all, "NO_ROUTE", route_object(f, near->name),
                     now ? "It is taken now: nothing to do unless it happens again."
                         : "Send what the route wants, or change the route's conditions "
                           "(get_resource shows them).");

    if (!x || x->rows > 0)
        return x;
    x->rank = 4;
    x->recovered = now && f->in->config;
    if (now)
        finding_add(f->arena, x, source, "route %s takes this request now", near->name);
    else
        finding_add(f->arena, x, source, "route %s takes this host and path, but %s", near->name,
                    near->fit.wants);
    return x;
}

/* How many routes of its own name the host has; http and https hold the same ones. */
static int distinct_routes(const struct facts *f, const char *host)
{
    int n = 0;

    for (int i = 0; i < f->route_count; i++) {
        bool known = !predicate_host(f->routes[i].domains, host);
        for (int k = 0; k < i && !known; k++)
            known = !strcmp(f->routes[k].name, f->routes[i].name) &&
                    predicate_host(f->routes[k].domains, host);
        n += !known;
    }
    return n;
}

static void tell_nearest(struct facts *f, struct finding *x, const struct fact_row *row,
                         const struct near *near, const char *source)
{
    int routes = f->in->config ? distinct_routes(f, row->authority) : 0;

    if (f->in->config && routes == 0)
        finding_add(f->arena, x, source, "no virtual host takes %s", row->authority);
    else if (f->in->config)
        finding_add(f->arena, x, source, "%s has %d route%s, none takes %s %s", row->authority,
                    routes, routes == 1 ? "" : "s", row->method, row->path);
    if (near->name && near->fit.wants)
        finding_add(f->arena, x, source, "the nearest is route %s: %s", near->name,
                    near->fit.wants);
}

/* Almost the route's own path: another case, or a slash at the end. No scanner guesses that. */
static bool is_slip(const struct fact_row *row, const struct near *near)
{
    const char *path = near->name ? near->fit.literal : "";
    size_t n = strlen(path);

    n -= n > 0 && path[n - 1] == '/';
    if (n < 2 || near->fit.failed & PREDICATE_HOST || strncasecmp(row->path, path, n) != 0)
        return false;
    const char *rest = row->path + n;
    bool other_case = strncmp(row->path, path, n) != 0;
    return rest[strspn(rest, "/")] == '\0' || *rest == '?' || (other_case && *rest == '/');
}

static struct finding *unclaimed(struct facts *f, struct findings *all, const struct fact_row *row,
                                 const struct near *near, const char *source)
{
    const struct fact_row *before = worked_before(f, row);
    const char *host = text_clean(f->arena, row->authority, 120);
    struct finding *x =
        before ? findings_new(all, "NO_ROUTE", route_object(f, before->route),
                              "This path was taken before: see what changed (list_changes), and "
                              "put the route back.")
               : findings_new(all, "NO_ROUTE", arena_printf(f->arena, "host %s", host),
                              "No route takes this host and path. Compare with list_routes; add or "
                              "correct a route.");

    if (!x || x->rows > 0)
        return x;
    x->noise = !before && !is_slip(row, near);
    if (before)
        finding_add(f->arena, x, "access_log", "%s%s was taken by %s until %s", row->authority,
                    row->path, before->route, before->start);
    tell_nearest(f, x, row, near, source);
    return x;
}

static struct finding *judge_lost(struct facts *f, struct findings *all, const struct fact_row *row,
                                  const int *ports)
{
    struct near envoy = nearest_of_envoy(f, row, ports), console = nearest_of_console(f, row);
    struct near best = envoy.name ? envoy : console;
    const char *source = envoy.name || f->in->config ? "config_dump" : "console";

    if (f->in->config && console.name && !console.fit.failed && claims(&console) &&
        !envoy_has(f, console.name))
        return find_config_missing(f, all, row, &console);
    if (claims(&envoy))
        return refused_by(f, all, &envoy, source);
    if (!f->in->config && claims(&console))
        return refused_by(f, all, &console, "console");
    return unclaimed(f, all, row, &best, source);
}

/* -- all of them -------------------------------------------------------------------------------
 */
static bool is_unexplained_no_route(const struct fact_row *r)
{
    return r->symptom && !r->explained && !strcmp(r->symptom->code, "NO_ROUTE") &&
           !strstr(r->details, "route_configuration_not_found");
}

static bool same_request(const struct fact_row *x, const struct fact_row *y)
{
    return x->port == y->port && !strcmp(x->authority, y->authority) &&
           !strcmp(x->method, y->method) && same_path_sans_query(x->path, y->path);
}

static void count_lost(struct facts *f, struct finding *x, struct fact_row *r)
{
    r->explained = true;
    if (x->rows++ == 0)
        finding_add(f->arena, x, "access_log", "%s %s%s: %d %s %s (newest %s)", r->method,
                    r->authority, r->path, r->code, r->flags, r->details, r->start);
}

void findings_from_lost(struct facts *f, struct findings *all)
{
    const int *ports = ports_of(f);

    for (int i = 0, kinds = 0; i < f->row_count && kinds < MAX_KINDS; i++) {
        if (!is_unexplained_no_route(&f->rows[i]))
            continue;
        struct finding *x = judge_lost(f, all, &f->rows[i], ports);
        kinds++;
        if (!x)
            return;
        if (x->path_count < FINDING_PATHS)
            x->paths[x->path_count++] = f->rows[i].path;
        for (int k = i; k < f->row_count; k++)
            if (is_unexplained_no_route(&f->rows[k]) &&
                (k == i || same_request(&f->rows[i], &f->rows[k])))
                count_lost(f, x, &f->rows[k]);
    }
}
