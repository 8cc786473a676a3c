/* world.h - what a gateway is configured to do, read once: the world that traps are judged on.
 *
 * Reads only, bounded by objects, bytes and time. What could not be read is named in `unread` and
 * stays unknown to the traps: "could not read" is never "nothing there". Parks.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct config;
struct err;
struct gateway;
struct loop;
struct trap_world;

struct world_means {
    struct loop *loop;
    struct gateway *gateway;
    const struct config *config; /* whose Envoy is asked; NULL: no Envoy */
    struct cancel *cancel;
    /* Before each kind; NULL: nobody listens. */
    void (*told)(void *arg, int done, int total, const char *step);
    void *arg;
    const char *near; /* place whose plugin instances are read first, "route:orders"; NULL: none */
    int places;       /* how many places are asked for plugin instances; 0: WORLD_PLACES */
    double seconds;   /* for these places; 0: 30 */
    /* Of findings, only those of this object and of what stands at it are wanted
     * (inspect_is_about); NULL: all. */
    const char *kind, *name;
    size_t bytes; /* of objects kept at most; 0: 160 MiB */
};

struct drift;
struct replicas;

struct world {
    struct trap_world *trap;
    const struct replicas *replicas; /* all Envoys; NULL: none is configured, or they could not be
                                      * listed */
    int first_replica;               /* whose dump was read: the first that could be */
    const struct drift *drift;       /* NULL: routes or Envoy were not read */
    cJSON *unread; /* ["service: 502 …", "plugin-instance: 88 of 600 places not asked"] */
    int objects;
    int kinds; /* whose lists could be read, whole or in part */
};

enum { WORLD_PLACES = 512, WORLD_REPLICAS = 32 /* more are not read */ };
/* What `unread` begins with where places were left out by a bound, not by a failure. */
#define WORLD_PLACES_LEFT "plugin-instance: "

/* All that traps look at; with plugin schemas, and Envoy's configuration where config names one.
 * days: within how many the end of a certificate is near. NULL on ERR_GONE only. */
struct world *world_read(struct arena *a, const struct world_means *m, double days, struct err *e);
/* These kinds alone, "route|consumer", without Envoy: what a change of something needs. */
struct world *world_read_kinds(struct arena *a, const struct world_means *m, const char *kinds,
                               struct err *e);
