/* map.h - the gateway as a map with all that is known of it: what is configured wrong (inspect/),
 * why requests fail (diagnose/), and the requests of the last hour. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct cancel;
struct config;
struct engine;
struct err;
struct gateway;
struct loop;
struct service;

struct map_means {
    struct loop *loop;
    struct gateway *gateway;
    const struct config *config; /* of the gateway */
    struct service *service;     /* which reads Envoy's counters over time; NULL: nobody does */
    struct cancel *cancel;
};

/* Of inspect_map, with what inspect_live.h adds; scrubbed. "traffic" is absent where there is no
 * data. NULL + e: the gateway could not be read. Parks. */
cJSON *map_read(struct arena *a, const struct map_means *m, struct err *e);
/* The same of that gateway (NULL: the only one), kept for a while, so that people who look at it
 * and at its objects do not read it again and again; one reading at a time. What is returned is the
 * service's, until somebody parks. NULL + e. Parks. */
const cJSON *map_kept(struct service *s, const char *gateway, struct cancel *cancel, struct err *e);
void map_stop(struct service *s); /* whoever reads it just now goes away */
void map_forget(struct service *s);
/* ["route orders"]: what changes that wait for a decision would act on, at that gateway (NULL: the
 * only one). What is not known of them is a line of unread. */
cJSON *map_waiting(struct arena *a, struct engine *g, const char *gateway, cJSON *unread);
