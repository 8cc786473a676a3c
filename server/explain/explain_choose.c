/* explain_choose.c - which route takes a request, and why the others do not.
 *
 * The virtual host's rules are tried in their order, and all are counted; the index says of nearly
 * all of them that the path is another. */
#include "base/arena.h"
#include "explain/explain_private.h"
#include <string.h>

struct range {
    int from, to;
};

/* The first rule whose host is not before this one. */
static int lower_bound(const struct explain *x, const char *host, bool behind)
{
    int from = 0, to = x->count;
    while (from < to) {
        int middle = from + (to - from) / 2;
        int order = strcmp(x->rules[middle]->takes.host, host);
        if (order < 0 || (behind && order == 0))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static struct range range_of(const struct explain *x, const char *host)
{
    return (struct range){ lower_bound(x, host, false), lower_bound(x, host, true) };
}

/* On the HTTPS port only hosts with a certificate exist. */
static bool is_served(const struct explain *x, const char *host, bool https)
{
    const struct explain_domain *d = https ? explain_domain_of(x, host) : NULL;
    return !https || (d && d->https);
}

/* -- near misses ---------------------------------------------------------------------------------
 */
/* Those that the fewest predicates keep from the request. */
static void add_near_miss(struct explain_choice *c, const struct explain_rule *r,
                          const struct route_miss *m, int place)
{
    int at = c->near_count;
    c->lost[m->fault]++;
    if (m->fault == ROUTE_NO_PATH)
        return;
    while (at > 0 && c->near[at - 1].miss.failed > m->failed)
        at--;
    if (at == EXPLAIN_NEAR)
        return;
    c->near_count += c->near_count < EXPLAIN_NEAR;
    for (int i = c->near_count - 1; i > at; i--)
        c->near[i] = c->near[i - 1];
    c->near[at] = (struct explain_near){ &r->takes, *m, place };
}

/* How far a path agrees with a rule's. */
static size_t agreement(const char *path, const char *rule)
{
    size_t n = 0;
    while (path[n] && path[n] == rule[n])
        n++;
    return n;
}

static bool is_near(const struct explain_choice *c, const struct route_rule *r)
{
    for (int i = 0; i < c->near_count; i++)
        if (c->near[i].rule == r)
            return true;
    return false;
}

/* Where no route takes the request: those whose path begins most like its own. */
static void add_neighbours(const struct explain *x, const struct route_request *request,
                           struct range in, struct explain_choice *c)
{
    int up = explain_by_path(x, in.from, in.to, request->path), down = up - 1;
    while (c->near_count < EXPLAIN_NEAR) {
        const char *above = up < in.to ? x->rules[x->by_path[up]]->takes.written : "";
        const char *below = down >= in.from ? x->rules[x->by_path[down]]->takes.written : "";
        size_t n = agreement(request->path, above), m = agreement(request->path, below);
        if (n <= 1 && m <= 1) /* every path begins with a slash */
            return;
        int place = x->by_path[n >= m ? up++ : down--];
        const struct route_rule *r = &x->rules[place]->takes;
        struct route_miss miss = { ROUTE_NO_PATH, NULL, 1 };
        if (!is_near(c, r))
            c->near[c->near_count++] = (struct explain_near){ r, miss, place - in.from + 1 };
    }
}

/* -- the choice ----------------------------------------------------------------------------------
 */
static void win(struct explain_choice *c, const struct explain_rule *r, int place)
{
    c->rule = r;
    c->route = r->takes.name;
    c->base = r->base ? r->base->takes.name : NULL;
    c->place = place;
    c->same = r->same;
}

/* One behind the winner that would take the request, too. */
static void trail(struct explain_choice *c, const struct explain_rule *r, int place)
{
    const struct route_rule *first = &c->rule->takes;
    bool undated = !*first->created || !*r->takes.created;
    c->ties += undated && !c->base && !r->base && route_rank(first, &r->takes) == 0;
    if (c->also_count < EXPLAIN_ALSO)
        c->also[c->also_count] = (struct explain_also){ r->takes.name, r->takes.host, place };
    c->also_count++;
}

static void try_rule(struct explain *x, const struct route_request *request, int i, int place,
                     struct explain_choice *out)
{
    struct explain_rule *r = x->rules[i];
    struct route_miss m = route_match(x->a, &r->takes, request);
    if (m.fault == ROUTE_TAKES && !out->route)
        win(out, r, place);
    else if (m.fault == ROUTE_TAKES)
        trail(out, r, place);
    else if (!out->route)
        add_near_miss(out, r, &m, place);
}

static void try_all(struct explain *x, struct arena *a, const struct route_request *request,
                    struct range in, struct explain_choice *out)
{
    const uint32_t *hashes = explain_hashes(a, request->path);
    size_t length = strlen(request->path);
    out->of = in.to - in.from;
    for (int i = in.from; i < in.to; i++) {
        if (explain_may_fit(x, i, hashes, length))
            try_rule(x, request, i, i - in.from + 1, out);
        else
            out->lost[ROUTE_NO_PATH] += !out->route;
    }
    if (!out->route)
        add_neighbours(x, request, in, out);
}

/* Of several the youngest counts. */
static void find_app_root(const struct explain *x, struct range in, struct explain_choice *out)
{
    const struct explain_rule *youngest = NULL;
    for (int i = in.from; i < in.to; i++) {
        const struct explain_rule *r = x->rules[i];
        if (r->app_root && (!youngest || strcmp(r->takes.created, youngest->takes.created) > 0))
            youngest = r;
    }
    if (!youngest)
        return;
    out->app_root = youngest->app_root;
    out->app_root_of = youngest->takes.name;
}

/* The first of a wider virtual host that would take it, were it asked. */
static void look_behind(struct explain *x, struct arena *a, const struct route_request *request,
                        const char *host, struct explain_choice *out)
{
    for (; host && out->hidden_count < EXPLAIN_ALSO; host = route_wider_host(a, host)) {
        struct explain_choice there = { 0 };
        try_all(x, a, request, range_of(x, host), &there);
        if (there.route)
            out->hidden[out->hidden_count++] =
                (struct explain_also){ there.route, there.rule->takes.host, there.place };
    }
}

void explain_choose(struct explain *x, struct arena *a, const struct route_request *request,
                    struct explain_choice *out)
{
    const char *host = *request->host ? request->host : "*";
    *out = (struct explain_choice){ .https = strcmp(request->scheme, "https") == 0,
                                    .baseless = x->lost_canaries };
    for (; host; host = route_wider_host(a, host)) {
        struct range in = range_of(x, host);
        if (in.from == in.to)
            continue;
        if (!is_served(x, host, out->https)) {
            out->plain_host = out->plain_host ? out->plain_host : x->rules[in.from]->takes.host;
            continue;
        }
        const struct explain_domain *d = explain_domain_of(x, host);
        out->virtual_host = x->rules[in.from]->takes.host;
        out->forces_https = d && d->force && !out->https;
        if (x->has_app_root && strcmp(request->path, "/") == 0)
            find_app_root(x, in, out);
        try_all(x, a, request, in, out);
        break;
    }
    if (host)
        look_behind(x, a, request, route_wider_host(a, host), out);
}
