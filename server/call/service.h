/* service.h - what all calls of a process work with, whoever calls: the configuration, the
 * gateways, the tools, the change engine.
 *
 * Nothing here touches a gateway, the store or a lazily loaded library before a call needs it.
 */
#pragma once

struct arena;
struct cancel;
struct catalog;
struct config;
struct counting;
struct engine;
struct err;
struct gateway;
struct kept_map;
struct loop;
struct repeat_table;
struct toolset;

struct service {
    struct arena *arena; /* lives with the process */
    struct loop *loop;
    const struct config *config;
    struct gateway *gateway;         /* the one that is meant where none is named; NULL: none */
    struct gateway *const *gateways; /* in the order of config->gateways; NULL: that one */
    const struct toolset *const *toolsets;
    struct catalog *catalog;
    struct engine *engine;        /* NULL until service_engine */
    struct repeat_table *repeats; /* call/repeat.c; NULL: nothing was called yet */
    struct counting *counting;    /* call/counting.c; NULL: nobody counts */
    struct kept_map *map;         /* call/map.c; NULL: none was read yet */
    struct cancel *map_read;      /* of who reads it just now; NULL: nobody */
    const char *who;              /* asks over stdio; "local" where there is no table of people */
    const char *local_page; /* where this process serves the page /change; NULL: not to be told */
};

struct service_options {
    struct loop *loop;
    const struct config *config;
    const struct toolset *const *toolsets; /* ended by NULL */
    struct gateway *gateway;               /* may be NULL: local tools only */
    struct gateway *const *gateways;
};

/* Tables of tools that contradict themselves are a bug: it aborts. */
struct service *service_new(const struct service_options *o);
/* The gateway of that name and its configuration; NULL: the one that is meant where none is named.
 * NULL + e. */
struct gateway *service_gateway(const struct service *s, const char *name,
                                const struct config **config, struct err *e);
/* Where a person decides about that change in a browser; NULL: nowhere. */
const char *service_page(const struct service *s, struct arena *a, const char *id);
/* The change engine, opened by the first that needs it. */
struct engine *service_engine(struct service *s);
/* Frees it, engine included; no call may run any more, and the loop must still exist. */
void service_free(struct service *s);
