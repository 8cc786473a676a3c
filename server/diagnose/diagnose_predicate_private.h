/* diagnose_predicate_private.h - does a route take a request, and if not, which condition fails?
 *
 * Routes come as Envoy's match entries or as the console's objects; both are asked the same
 * questions. What a log line does not hold (headers) or hides (values of parameters), and paths
 * given by an expression, are not judged but named: "unseen".
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct fact_row;

enum predicate {
    PREDICATE_HOST = 1,
    PREDICATE_PORT = 2,
    PREDICATE_PATH = 4,
    PREDICATE_METHOD = 8,
    PREDICATE_QUERY = 16,
    PREDICATE_HEADER = 32
};

struct predicate_fit {
    unsigned failed, unseen; /* enum predicate */
    const char *wants;   /* "only GET; with the header x-env beta", of what is not met for sure */
    const char *literal; /* the beginning of the path that it takes; "" for an expression */
};

/* match: of Envoy's dump. Host and port are for the caller, who knows the virtual hosts. */
struct predicate_fit predicate_match(struct arena *a, const cJSON *match, const struct fact_row *r);
/* route: of the console; its domains are judged too. */
struct predicate_fit predicate_console(struct arena *a, const cJSON *route,
                                       const struct fact_row *r);
/* Does Envoy's match entry take this path (query cut)? An expression does not. */
bool predicate_path(const cJSON *match, const char *path);
/* How closely a virtual host's domain list takes a Host: 0 not at all, else more is closer. */
int predicate_host(const cJSON *domains, const char *host);
