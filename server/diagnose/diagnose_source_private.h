/* diagnose_source_private.h - endpoints as the console knows them, where Envoy cannot be asked. For
 * diagnose_walk.c only. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct diagnose_means;
struct diagnose_target;

/* {"cluster_statuses":[…]} for the target's static and dns services; NULL when there are none or no
 * console answers. object: the route, or NULL. Parks. */
cJSON *diagnose_sources(struct arena *a, const struct diagnose_means *m,
                        const struct diagnose_target *t, const cJSON *object);
