/* explain_choose.c - which route takes a request, and why the others do not.
 *
 * The virtual host's rules are tried in their order. All of them are looked at, for the counts, so
 * the loop is what must be fast: a path is compared before anything is compiled.
 */
#include "base/arena.h"
#include "explain/explain_private.h"
#include <string.h>

enum { PATH_FITS = 1 << 20, PER_PREDICATE = 1 << 10 };

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

/* How far a path agrees with a rule's. */
static size_t agreement(const char *path, const char *rule)
{
    size_t n = 0;
    while (path[n] && path[n] == rule[n])
        n++;
    return n;
}

static size_t closeness_of(const struct route_rule *r, const struct route_miss *m,
                           const struct route_request *request)
{
    size_t fits = m->fault == ROUTE_NO_PATH ? agreement(request->path, r->written) : PATH_FITS;
    size_t failed = (size_t)m->failed * (m->fault == ROUTE_NO_PATH ? 1 : PER_PREDICATE);
    return fits > failed ? fits - failed : 0;
}

static void keep_near(struct explain_choice *c, const struct explain_near *near)
{
    int at = c->near_count < EXPLAIN_NEAR ? c->near_count++ : EXPLAIN_NEAR - 1;
    if (at == EXPLAIN_NEAR - 1 && c->near[at].rule && c->near[at].closeness >= near->closeness)
        return;
    while (at > 0 && c->near[at - 1].closeness < near->closeness) {
        c->near[at] = c->near[at - 1];
        at--;
    }
    c->near[at] = *near;
}

static void lose(struct explain_choice *c, const struct explain_rule *r, const struct route_miss *m,
                 int place, const struct route_request *request)
{
    struct explain_near near = { &r->takes, *m, place, closeness_of(&r->takes, m, request) };
    c->lost[m->fault]++;
    if (near.closeness > 1 || m->fault != ROUTE_NO_PATH) /* every path begins with a slash */
        keep_near(c, &near);
}

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

static void try_all(struct explain *x, const struct route_request *request, struct range in,
                    struct explain_choice *out)
{
    out->of = in.to - in.from;
    for (int i = in.from; i < in.to; i++) {
        struct explain_rule *r = x->rules[i];
        int place = i - in.from + 1;
        if (r->app_root && strcmp(request->path, "/") == 0)
            out->app_root = r->app_root;
        struct route_miss m = route_match(x->a, &r->takes, request);
        if (m.fault == ROUTE_TAKES && !out->route)
            win(out, r, place);
        else if (m.fault == ROUTE_TAKES)
            trail(out, r, place);
        else if (!out->route)
            lose(out, r, &m, place, request);
    }
}

/* The first of a wider virtual host that would take it, were it asked. */
static void look_behind(struct explain *x, struct arena *a, const struct route_request *request,
                        const char *host, struct explain_choice *out)
{
    for (; host && out->hidden_count < EXPLAIN_ALSO; host = route_wider_host(a, host)) {
        struct range in = range_of(x, host);
        for (int i = in.from; i < in.to; i++) {
            struct explain_rule *r = x->rules[i];
            if (route_match(x->a, &r->takes, request).fault != ROUTE_TAKES)
                continue;
            out->hidden[out->hidden_count++] =
                (struct explain_also){ r->takes.name, r->takes.host, i - in.from + 1 };
            break;
        }
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
        if (in.from == in.to || !is_served(x, host, out->https))
            continue;
        const struct explain_domain *d = explain_domain_of(x, host);
        out->virtual_host = x->rules[in.from]->takes.host;
        out->forces_https = d && d->force && !out->https;
        try_all(x, request, in, out);
        break;
    }
    if (host)
        look_behind(x, a, request, route_wider_host(a, host), out);
}
