/* route_order.c - the order of routes. To change it, change route_rank() and run tests/routing. */
#include "rule/route_order.h"
#include "base/arena.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_word_of(const char *list, const char *word, size_t n)
{
    for (const char *at = list; at && *at;) {
        size_t m = strcspn(at, "|");
        if (m == n && strncmp(at, word, n) == 0)
            return true;
        at += m + (at[m] == '|');
    }
    return false;
}

const char *route_methods(struct arena *a, const char *words)
{
    static const char known[] = "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH";
    char *all = NULL, *upper = arena_strdup(a, words);

    for (char *c = upper; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    for (const char *at = upper; at && *at;) {
        size_t n = strcspn(at, " ");
        if (is_word_of(known, at, n) && !is_word_of(all, at, n))
            all = arena_printf(a, "%s%s%.*s", all ? all : "", all ? "|" : "", (int)n, at);
        at += n + (at[n] == ' ');
    }
    return all;
}

static int compare_predicate_names(const void *v, const void *w)
{
    const struct route_predicate *p = v, *q = w;
    return strcmp(p->name, q->name);
}

void route_sort_predicates(struct route_predicate *list, size_t n)
{
    if (n)
        qsort(list, n, sizeof *list, compare_predicate_names);
}

static int by_age(const struct route_rule *p, const struct route_rule *q)
{
    int order = strcmp(p->created, q->created);
    return order ? order : strcmp(p->name, q->name);
}

static int less_first(size_t p, size_t q)
{
    return p < q ? -1 : p > q;
}

static bool rule_takes_everything(const struct route_rule *r)
{
    return r->type == ROUTE_PREFIX && strcmp(r->path, "/") == 0 && !r->methods &&
           !r->header_count && !r->query_count;
}

static int by_methods(const char *p, const char *q)
{
    if (!p || !q)
        return !p - !q;
    return less_first(strlen(p), strlen(q));
}

int route_rank(const struct route_rule *p, const struct route_rule *q)
{
    int order = strcmp(p->host, q->host);
    order = order ? order : rule_takes_everything(p) - rule_takes_everything(q);
    order = order ? order : (int)p->type - (int)q->type;
    order = order ? order : less_first(strlen(q->path), strlen(p->path)); /* longer first */
    order = order ? order : by_methods(p->methods, q->methods);
    order = order ? order : less_first(q->header_count, p->header_count); /* more first */
    return order ? order : less_first(q->query_count, p->query_count);
}

int route_order(const struct route_rule *p, const struct route_rule *q)
{
    int order = route_rank(p, q);
    return order ? order : by_age(p, q);
}

/* -- duplicates ----------------------------------------------------------------------------------
 */
static int by_predicates(const struct route_predicate *p, size_t n, const struct route_predicate *q,
                         size_t m)
{
    int order = less_first(n, m);
    for (size_t i = 0; !order && i < n; i++) {
        order = strcmp(p[i].name, q[i].name);
        order = order ? order : strcmp(p[i].how, q[i].how);
        order = order ? order : strcmp(p[i].value, q[i].value);
    }
    return order;
}

static int compare_requests(const struct route_rule *p, const struct route_rule *q)
{
    int order = strcmp(p->host, q->host);
    order = order ? order : (int)p->type - (int)q->type;
    order = order ? order : strcmp(p->path, q->path);
    order = order ? order : strcmp(p->methods ? p->methods : "", q->methods ? q->methods : "");
    order = order ? order : by_predicates(p->headers, p->header_count, q->headers, q->header_count);
    return order ? order : by_predicates(p->queries, p->query_count, q->queries, q->query_count);
}

int route_order_same(const struct route_rule *p, const struct route_rule *q)
{
    int order = compare_requests(p, q);
    return order ? order : by_age(p, q);
}

bool route_is_same(const struct route_rule *p, const struct route_rule *q)
{
    return compare_requests(p, q) == 0;
}
