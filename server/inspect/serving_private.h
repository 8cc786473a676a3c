/* serving_private.h - what of a change an Envoy shows. For serving*.c. */
#pragma once
#include "inspect/serving.h"
#include "plan/plan.h"

struct trap_world;

/* Pages of an Envoy, a bit each. */
enum serving_page {
    SERVING_ROUTES = 1,
    SERVING_CLUSTERS = 2,
    SERVING_ENDPOINTS = 4,
    SERVING_PLUGINS = 8,
    SERVING_SERVER = 16,
    SERVING_PAGES = 5 /* of them */
};

/* The pages of one replica; NULL: not needed, or not read. */
struct serving_pages {
    const cJSON *routes;    /* as /config_dump has them */
    const cJSON *clusters;  /* [DynamicCluster] */
    const cJSON *endpoints; /* [DynamicEndpointConfig] */
    const cJSON *plugins;   /* [EcdsFilterConfig] */
    const cJSON *server;
};

struct serving_op {
    const struct plan_op *op;
    const cJSON *now;   /* NULL: it is gone */
    const char *hidden; /* why nothing of it shows; NULL: it does */
    const char *name;   /* "route pay" */
    const char
        *unclear; /* why an Envoy that was looked at does not tell whether it has it; or NULL */
};

struct serving_change {
    struct arena *arena;
    struct serving_op *ops;
    int count, visible;
    unsigned pages;           /* that are needed */
    double since;             /* Unix seconds: it was written before */
    struct trap_world *world; /* with the routes that were written; NULL: there are none */
};

/* What is to be looked for. Parks: reads what the console says of domains and services. */
struct serving_change *serving_expect(struct arena *a, const struct serving_means *m,
                                      const struct plan *p, const cJSON *const *wrote);
/* Is there something of it that an Envoy tells? */
bool serving_is_clear(const struct serving_change *x);
/* The first thing of the change that these pages do not show, in words, and how many more; NULL:
 * they show all that can be seen of it. In a. */
const char *serving_missing(struct arena *a, struct serving_change *x,
                            const struct serving_pages *pages);

/* serving_envoy.c: of a source, and of a plugin's instance. NULL: it is as written. */
const char *serving_source_missing(struct arena *a, const struct serving_op *x,
                                   const struct serving_pages *pages);
const char *serving_plugin_missing(struct arena *a, const struct serving_op *x,
                                   const struct serving_pages *pages);
/* Why nothing of that write shows in Envoy; NULL: it does. */
const char *serving_source_hidden(struct arena *a, const struct plan_op *op, const cJSON *now);
const char *serving_plugin_hidden(struct arena *a, const struct plan_op *op, const cJSON *now);
