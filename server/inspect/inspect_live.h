/* inspect_live.h - what requests meet just now, put on the map: causes of failures at the objects
 * they are about, and the figures of the last hour beside them. Pure. */
#pragma once
#include <cjson/cJSON.h>

struct arena;

/* diagnosis: of diagnose_run, of the whole gateway. Each verdict becomes a line of "says" of the
 * node that it is about, before what is configured wrong there; what has no node joins "others",
 * what could not be judged is a line of "unread". "counts" counts them. */
void inspect_add_verdicts(struct arena *a, cJSON *map, const cJSON *diagnosis);
/* hour: of signal/hour.h. Routes and services get "hour": their {"count", …, "slots"}, the map
 * "traffic": {"by_log"?: true, "from"?}; else by
 * Envoy's counters. */
void inspect_add_hour(struct arena *a, cJSON *map, const cJSON *hour);
