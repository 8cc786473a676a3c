/* target.h - which requests a plan touches: those of its routes, hosts and services, and no others.
 *
 * So a guard is moved by nothing but traffic of what was changed. Pure functions; live in the arena
 * given.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct plan;

struct guard_targets {
    bool all;                    /* what holds for the whole gateway was changed */
    const char *const *routes;   /* as the log names them; each list is ended by NULL */
    const char *const *hosts;    /* "shop.example", "*.shop.example" */
    const char *const *services; /* as clusters end: "web.static" */
    const char *told;            /* "route orders, host shop.example" */
};

/* False: ERR_POLICY names the first operation whose requests cannot be told from others. */
bool guard_targets_of(struct arena *a, const struct plan *p, struct guard_targets *out,
                      struct err *e);
/* Is that row of the access log one of them? */
bool guard_targets_meet(const struct guard_targets *t, const cJSON *row);
/* Is that cluster of Envoy's ("outbound|80||web.static") one of theirs? */
bool guard_targets_reach(const struct guard_targets *t, const char *cluster);
