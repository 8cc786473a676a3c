/* route_match.h - does a route take a request? Envoy's answer, without Envoy.
 *
 * Held against 3,200 recorded requests (tests/routing). Hosts are compared without case and port,
 * and the most specific virtual host alone answers: what is behind it is never asked. Paths are
 * normalized first; header names have no case, query parameters do; all values are matched raw.
 */
#pragma once
#include "rule/route_order.h"

struct arena;

struct route_pair {
    const char *name, *value; /* a header's name in lower case */
};

struct route_request {
    const char *method;
    const char *authority; /* the host as the client sends it */
    const char *host;      /* lower case, without port */
    const char *path;      /* normalized, without query: what is matched */
    const char *query;     /* behind the '?', raw; "": none */
    const char *scheme;
    const struct route_pair *headers, *queries; /* of a parameter given twice the first counts */
    size_t header_count, query_count;
};

/* From what a client sends; host NULL: one that no domain names. target: "/a/b?c=d". */
struct route_request *route_request_new(struct arena *a, const char *method, const char *host,
                                        const char *target, struct route_pair *headers, size_t n);

enum route_fault {
    ROUTE_TAKES = 0,
    ROUTE_NO_PATH,
    ROUTE_NO_METHOD,
    ROUTE_NO_HEADER,
    ROUTE_NO_QUERY,
    ROUTE_UNREADABLE, /* RE2 refuses the expression: so does Envoy, with all routes */
    ROUTE_FAULTS
};

struct route_miss {
    enum route_fault fault;                  /* the first that fails */
    const struct route_predicate *predicate; /* of a header or parameter */
    int failed;                              /* how many fail, the path being one */
};

/* A path that fits begins with so many bytes of r->path, letters aside: what an index may ask. */
size_t route_path_start(const struct route_rule *r);

/* Compiled expressions stay with the rule, and live in a. */
struct route_miss route_match(struct arena *a, struct route_rule *r,
                              const struct route_request *request);

/* The next wider name of a virtual host that could answer: "a.b.c", "*.b.c", "*.c", "*", NULL. */
const char *route_wider_host(struct arena *a, const char *host);
/* Can Envoy take it as the value of a header that a route sets? A '%' begins one of its variables,
 * or stands twice; for another one it refuses all routes. */
bool route_header_is_format(const char *value);
/* The value of a header, ":authority" and its like among them; NULL: none. */
const char *route_header(const struct route_request *request, const char *name);
