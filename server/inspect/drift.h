/* drift.h - what the console says of a route against what Envoy holds of it: match, redirect,
 * service and weights, Host, rewriting, timeout, headers.
 *
 * What Envoy should hold is told by the renderer (embedded/objects/expected.h). What one of the two
 * sides does not let us understand is not compared: neither equal nor different. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct trap_world;

struct drift {
    int equal, different, skipped; /* routes that both have */
    const cJSON *why;              /* {reason: routes} of those skipped */
};

/* Routes, domains and Envoy's dump of the world; the differences go into it
 * (trap_world_differences). NULL: routes or Envoy were not read. Pure. */
struct drift *drift_find(struct arena *a, struct trap_world *w);
/* The same, and of each route that both have: differs says how; skipped why it was not compared;
 * both NULL: what is compared is the same. */
#define DRIFT_OTHER_HOSTS "Envoy has it at other hosts only"
typedef void drift_told_fn(void *arg, const char *name, const char *differs, const char *skipped);
struct drift *drift_find_each(struct arena *a, struct trap_world *w, drift_told_fn *told,
                              void *arg);
/* A dump of nothing but this list of route configurations, as /config_dump holds it. */
cJSON *drift_dump_of(struct arena *a, cJSON *dynamic_route_configs);
/* What Envoy should hold of the world's routes, as a dump. Pure. */
cJSON *drift_dump(struct arena *a, const struct trap_world *w);
