/* route_order.h - which requests a route takes, as data, and the order in which routes are tried.
 *
 * The order is what Higress' controller was seen to produce (58 of 58 virtual hosts of the
 * recordings); the renderer (embedded/xds) and explain both sort by it. A rule is one path of one
 * host of one route: the unit that Higress sorts, and of which it drops duplicates.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct regex;

enum route_path { ROUTE_EQUAL, ROUTE_PREFIX, ROUTE_REGEX }; /* in the order in which they stand */

#define ROUTE_EXACT_VALUE "exact"
#define ROUTE_PREFIX_VALUE "prefix"
#define ROUTE_REGEX_VALUE "safe_regex"

struct route_predicate {
    const char *name;
    const char *how; /* one of ROUTE_…_VALUE, which are Envoy's words */
    const char *value;
    struct regex *regex; /* route_match.c compiles it when it is first asked */
};

struct route_rule {
    const char *name; /* of the Envoy route */
    const char *host; /* lower case; "*": any */
    enum route_path type;
    const char *path;    /* a prefix has lost its trailing slash; a regular expression is whole */
    const char *written; /* the path as the route has it */
    const char *methods; /* "GET|POST"; NULL: any */
    struct route_predicate *headers, *queries; /* by name */
    size_t header_count, query_count;
    const char *created; /* RFC 3339; "": not known */
    bool ignores_case;   /* of the path; plays no part in the order */
    struct regex *regex; /* of the path */
};

/* By host, then in the order in which Envoy tries them: what a qsort of rules wants. */
int route_order(const struct route_rule *p, const struct route_rule *q);
/* The same without age and name: 0 says that only the time of creation decides. */
int route_rank(const struct route_rule *p, const struct route_rule *q);
/* By host, then by the requests they take, then by age. */
int route_order_same(const struct route_rule *p, const struct route_rule *q);
/* Do both take exactly the same requests? Then Envoy gets only the one created first. */
bool route_is_same(const struct route_rule *p, const struct route_rule *q);

/* Sorts by name, as `headers` and `queries` of a rule must be. */
void route_sort_predicates(struct route_predicate *list, size_t n);
