/* trap_world_private.h - the world of traps from inside: for trap_world.c, which fills and asks it,
 * and trap.c, which judges it. */
#pragma once
#include "rule/trap_private.h"

enum { WORLD_KINDS = 24 };

/* An object by its place and name. */
struct world_entry {
    const char *scope, *name; /* "" for none */
    const cJSON *at;
};

struct world_list {
    const cJSON *objects; /* NULL: not read */
    bool whole;
    struct world_entry *index; /* sorted; NULL: lists are walked */
    int count;
};

struct trap_world {
    struct world_list lists[WORLD_KINDS]; /* by the kind's place in kinds[] */
    struct trap_place *places;            /* of routes, sorted; NULL: no index */
    int place_count;
    const char *version;
    const char *about_kind, *about_name; /* of which alone looks are wanted; NULL: of all */
    double now, days;
    cJSON *schemas; /* by plugin */
    const cJSON *envoy, *differences;
    const cJSON *control;
    struct arena *arena;
};

struct world_list trap_world_list(const struct trap_world *w, const char *kind);
/* The same lists, found by name without a walk over all. */
struct trap_world trap_world_indexed(struct arena *a, const struct trap_world *w);
