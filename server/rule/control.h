/* control.h - what is wrong with the control plane, told from its own pages (signal/pilot.h). Pure.
 *
 * A fault is said of what was read, and of nothing else: a page that was not read makes none.
 * Source of the rules: the meaning of syncz (sent and acknowledged of one proxy), of registryz and
 * configz, and of the counters of pilot, as the facts give them.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

struct control_facts {
    const cJSON *control; /* as pilot_read gives it */
    const cJSON *sources; /* the console's service sources; NULL: not read */
};

#define CONTROL_REGISTRY_LOST "REGISTRY_LOST"
#define CONTROL_SOURCE_UNKNOWN "SOURCE_NOT_IN_REGISTRY"
#define CONTROL_REGISTRY_UNHEALTHY "REGISTRY_UNHEALTHY"
#define CONTROL_CONFIG_LOST "CONFIG_LOST_ON_THE_WAY"
#define CONTROL_REFUSED "REPLICA_REFUSED"
#define CONTROL_UNANSWERED "REPLICA_UNANSWERED"
#define CONTROL_NOT_CONNECTED "REPLICA_NOT_CONNECTED"
#define CONTROL_PUSH_ERRORS "PUSH_ERRORS"
#define CONTROL_VERSIONS "VERSIONS_DIFFER"

/* [{"code", "kind", "name": of what it is about, "fact", "next"}], bounded. */
cJSON *control_faults(struct arena *a, const struct control_facts *f);
/* "refused routes (REASON), has not answered endpoints": how a replica stands in all controllers,
 * in words; "" where all it was sent is acknowledged, or not all were read, whole; NULL: it is
 * connected to none. */
const char *control_replica_words(struct arena *a, const cJSON *control, const char *replica);
/* Is a proxy as syncz names it, "gw-1.higress-system", that replica? */
bool control_is_replica(const char *proxy, const char *replica);
