/* trap_route.c - routes that never get a request: another takes the same ones, or all of theirs
 * before. By the order of route_order.h, which is the gateway's. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "rule/route_match.h"
#include "rule/route_read.h"
#include "rule/trap_private.h"
#include <stdlib.h>
#include <string.h>

/* A rule and the route it is of. */
struct lane {
    struct route_rule rule; /* first: what route_order compares */
    struct trap_object route;
};

struct lanes {
    struct arena *a;
    struct lane *list;
    int count, room;
};

static void add_lane(struct lanes *l, const struct trap_object *o, const struct route_rule *rule,
                     const char *host)
{
    l->list = arena_grow(l->a, l->list, l->count, &l->room, sizeof *l->list);
    l->list[l->count] = (struct lane){ .rule = *rule, .route = *o };
    l->list[l->count++].rule.host = host;
}

static struct lanes lanes_of(struct trap_walk *t)
{
    struct lanes l = { .a = trap_arena(t) };
    const cJSON *d;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "route", &o);) {
        struct route_rule rule;
        if (!cJSON_IsObject(json_get(o.json, "path")))
            continue;
        route_read(l.a, o.json, &rule);
        if (json_count(json_get(o.json, "domains")) == 0)
            add_lane(&l, &o, &rule, "*");
        cJSON_ArrayForEach(d, json_get(o.json, "domains"))
        {
            if (cJSON_IsString(d))
                add_lane(&l, &o, &rule, text_lower(l.a, d->valuestring, strlen(d->valuestring)));
        }
    }
    return l;
}

static int compare_lanes(const void *x, const void *y)
{
    return route_order_same(x, y);
}

static const char *host_shown(const struct trap_walk *t, const char *host)
{
    return strcmp(host, "*") ? trap_name(t, host) : "every host";
}

static void duplicates(struct trap_walk *t)
{
    struct lanes l = lanes_of(t);
    if (l.count > 1)
        qsort(l.list, (size_t)l.count, sizeof *l.list, compare_lanes);
    for (int i = 1; i < l.count; i++) {
        const struct lane *x = &l.list[i - 1], *y = &l.list[i];
        if (!route_is_same(&x->rule, &y->rule) || trap_is_canary(&x->route) ||
            trap_is_canary(&y->route))
            continue;
        trap_add(t, &y->route, "path",
                 "takes exactly the requests of route %s (%s): only the one that was created first "
                 "exists in the gateway",
                 trap_name(t, x->route.name), host_shown(t, y->rule.host));
    }
}

/* -- shadows ---------------------------------------------------------------------------------- */

/* What a regular expression begins with, letter by letter. */
static size_t expression_literal(const char *expression)
{
    size_t n = strcspn(expression, "\\.+*?()|[]{}^$");
    bool repeats = expression[n] && strchr("*?{", expression[n]);
    return strchr(expression, '|') ? 0 : repeats && n > 0 ? n - 1 : n;
}

static bool asks_nothing(const struct route_rule *r)
{
    return !r->methods && r->header_count == 0 && r->query_count == 0;
}

/* Prefixes that take whatever is below them, by host and path. */
static int by_place(const void *x, const void *y)
{
    const struct lane *p = x, *q = y;
    int order = strcmp(p->rule.host, q->rule.host);
    return order ? order : strcmp(p->rule.path, q->rule.path);
}

static struct lanes open_prefixes(const struct lanes *all)
{
    struct lanes out = { .a = all->a };
    for (int i = 0; i < all->count; i++) {
        const struct lane *lane = &all->list[i];
        if (lane->rule.type != ROUTE_PREFIX || !asks_nothing(&lane->rule) ||
            strlen(lane->rule.path) < 2 || trap_is_canary(&lane->route))
            continue;
        out.list = arena_grow(out.a, out.list, out.count, &out.room, sizeof *out.list);
        out.list[out.count++] = *lane;
    }
    if (out.count > 1)
        qsort(out.list, (size_t)out.count, sizeof *out.list, by_place);
    return out;
}

/* The prefix that takes each request an expression could: prefixes are tried before expressions. */
static const struct lane *taken_by(const struct lanes *prefixes, const struct lane *later)
{
    size_t n = expression_literal(later->rule.path);
    for (size_t i = 1; prefixes->count > 0 && i < n; i++) {
        if (later->rule.path[i] != '/')
            continue;
        struct lane wanted = *later;
        wanted.rule.path = arena_strndup(prefixes->a, later->rule.path, i);
        const struct lane *found =
            bsearch(&wanted, prefixes->list, (size_t)prefixes->count, sizeof wanted, by_place);
        if (found)
            return found;
    }
    return NULL;
}

static void shadows(struct trap_walk *t)
{
    struct lanes all = lanes_of(t), prefixes = open_prefixes(&all);
    for (int i = 0; i < all.count; i++) {
        const struct lane *later = &all.list[i];
        bool regular = later->rule.type == ROUTE_REGEX && !trap_is_canary(&later->route);
        const struct lane *earlier = regular ? taken_by(&prefixes, later) : NULL;
        if (earlier)
            trap_add(t, &later->route, "path",
                     "is never reached at %s: route %s is tried first and takes all of its "
                     "requests",
                     host_shown(t, later->rule.host), trap_name(t, earlier->route.name));
    }
}

/* -- redirects -------------------------------------------------------------------------------- */

/* "https://host/path": false where a port stands there, which is another listener, or no host. */
static bool read_target_url(struct arena *a, const char *url, const char **host, const char **path)
{
    const char *rest = strstr(url, "://");
    if (!rest)
        return false;
    rest += 3;
    size_t n = strcspn(rest, "/?#");
    *host = text_lower(a, rest, n);
    *path = rest[n] == '/' ? arena_strndup(a, rest + n, strcspn(rest + n, "?#")) : NULL;
    return n > 0 && !strchr(*host, ':');
}

static bool redirects_to_host(const cJSON *route, const char *host)
{
    const cJSON *d, *domains = json_get(route, "domains");
    cJSON_ArrayForEach(d, domains)
    {
        const char *name = cJSON_IsString(d) ? d->valuestring : "";
        if (text_equal_nocase(name, host) || (*name == '*' && text_ends(host, name + 1)))
            return true;
    }
    return json_count(domains) == 0;
}

/* Without a path the request keeps its own, which the route took. */
static bool takes_target_path(struct arena *a, const cJSON *route, const char *path)
{
    struct route_rule rule;
    route_read(a, route, &rule);
    struct route_request *r = route_request_new(a, "GET", NULL, path, NULL, 0);
    enum route_fault fault = route_match(a, &rule, r).fault;
    return fault != ROUTE_NO_PATH && fault != ROUTE_UNREADABLE;
}

static void redirects_to_itself(struct trap_walk *t, const struct trap_object *o)
{
    static const char *const names[] = { "temporal-redirect", "permanent-redirect" };
    const cJSON *custom = json_get(o->json, "customConfigs"), *to = NULL;
    const char *host, *path;
    for (int i = 0; i < 2 && custom && custom->child && !to; i++)
        to = annotation_among(custom, names[i]);
    if (!to || !read_target_url(trap_arena(t), to->valuestring, &host, &path) ||
        !redirects_to_host(o->json, host) ||
        (path && !takes_target_path(trap_arena(t), o->json, path)))
        return;
    trap_add(t, o, "customConfigs",
             "redirects (%s) to requests that the route takes itself: clients go round in a circle",
             trap_name(t, to->string));
}

const struct trap trap_route_rows[] = {
    { "check 19", "REDIRECT_TO_ITSELF", "A redirect that leads to its own route",
      "Clients follow some twenty redirects and give up; each of them looks well in the log.",
      TRAP_BROKEN, .about = "route", .judge = redirects_to_itself },
    { "check 14", "ROUTE_DUPLICATE", "Two routes for the same requests",
      "Of two routes with the same host, path, methods and predicates only the first created "
      "exists "
      "in Envoy.",
      TRAP_BROKEN, .about = "route", .beside = "route", .find = duplicates },
    { "check 15", "ROUTE_SHADOWED", "A route that never gets a request",
      "Routes are tried in an order: exact paths, prefixes, expressions; the first that fits "
      "decides.",
      TRAP_BROKEN, .about = "route", .beside = "route", .find = shadows },
    { 0 },
};
