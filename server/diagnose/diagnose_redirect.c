/* diagnose_redirect.c - redirects that lead back to their own route: a client follows them until it
 * gives up, and every line of the log looks well. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose_predicate_private.h"
#include "diagnose/diagnose_private.h"
#include <string.h>

enum { MOST_REDIRECTS = 400 /* newest rows */ };

static bool is_redirect_row(const struct fact_row *r)
{
    return r->code >= 301 && r->code <= 308 && r->code != 304;
}

/* Is the table one of those that the redirect leads to? Without a scheme it stays where it is. */
static bool leads_to_table(const cJSON *redirect, const struct fact_route *from,
                           const struct fact_route *to)
{
    const char *scheme = json_str(redirect, "scheme_redirect");

    if (!scheme)
        return !strcmp(from->table, to->table);
    return text_starts(to->table, "https") == !strcmp(scheme, "https");
}

static bool takes_redirected(const struct fact_route *r, const struct fact_row *asked)
{
    struct predicate_fit fit = predicate_match(NULL, r->match, asked);

    return predicate_host(r->domains, asked->authority) && !fit.failed;
}

/* The request that a client sends next. */
static struct fact_row next_request(const cJSON *redirect, const struct fact_row *row)
{
    const char *host = json_str(redirect, "host_redirect");
    const char *path = json_str(redirect, "path_redirect");
    struct fact_row next = *row;

    next.authority = host && *host ? host : row->authority;
    next.path = path && *path ? path : row->path;
    return next;
}

/* Does the route send the request to itself again? */
static bool comes_back(const struct facts *f, const struct fact_route *route,
                       const struct fact_row *row)
{
    const cJSON *redirect = json_get(route->route, "redirect");
    const struct fact_row next = next_request(redirect, row);

    if (!redirect || json_get(redirect, "port_redirect") || !takes_redirected(route, row))
        return false;
    for (int i = 0; i < f->route_count; i++) {
        const struct fact_route *to = &f->routes[i];
        if (!strcmp(to->name, route->name) &&
            json_equal(json_get(to->route, "redirect"), redirect) &&
            leads_to_table(redirect, route, to) && takes_redirected(to, &next))
            return true;
    }
    return false;
}

static bool is_looping(const struct facts *f, const struct fact_row *row)
{
    for (int i = 0; i < f->route_count; i++)
        if (!strcmp(f->routes[i].name, row->route) && comes_back(f, &f->routes[i], row))
            return true;
    return false;
}

void findings_from_redirects(struct facts *f, struct findings *all)
{
    for (int i = 0; i < f->row_count && i < MOST_REDIRECTS; i++) {
        const struct fact_row *row = &f->rows[i];
        if (!is_redirect_row(row) || strcmp(row->cluster, "-") != 0 || !is_looping(f, row))
            continue;
        struct finding *x = findings_new(
            all, "REDIRECT_LOOP",
            arena_printf(f->arena, "route %s", text_clean(f->arena, row->route, 120)),
            "The redirect leads to requests that the same route takes: clients give up after some "
            "twenty. Correct permanent-redirect, temporal-redirect or ssl-redirect of the route.");
        if (!x)
            return;
        if (x->rows++ > 0)
            continue;
        x->rank = 7;
        finding_add(f->arena, x, "access_log", "%s %s%s: %d (newest %s)", row->method,
                    row->authority, row->path, row->code, row->start);
        finding_add(f->arena, x, "config_dump",
                    "route %s redirects it to a request that it takes, too", row->route);
    }
}
