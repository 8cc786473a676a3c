/* inspect.h - the whole gateway judged without traffic: its world read, its traps found, one ranked
 * list. What check_config, `higress-ops check --gateway`, diagnose and the overview say. */
#pragma once
#include "inspect/world.h"
#include "rule/trap.h"

struct inspection {
    struct world *world;
    struct trap_findings *found;
};

/* NULL on ERR_GONE, and where nothing at all could be read (the first reason). Parks. */
struct inspection *inspect_gateway(struct arena *a, const struct world_means *m, double days,
                                   struct err *e);
/* Is the finding about that object, or about a plugin at its route? kind: "route", "ai-route",
 * "mcp-server", "service", … */
bool inspect_is_about(struct arena *a, const struct trap_finding *f, const char *kind,
                      const char *name);
/* {"verdict","risk","object","path"?,"says","rule","number","if"?} */
cJSON *inspect_row(struct arena *a, const struct trap_finding *f);
/* "plugin-instance key-auth (route:orders)" */
const char *inspect_object(struct arena *a, const struct trap_finding *f);
/* ["service was not read: 9 checks not made (ROUTE_SERVICE_MISSING, …)"] and what was not read. */
cJSON *inspect_unread(struct arena *a, const struct inspection *i);
/* What came of holding the console against Envoy, in a sentence; NULL: Envoy was not read. */
const char *inspect_envoy(struct arena *a, const struct inspection *i);
/* How many of each risk: {"open","broken","dead","note"}, those without any left out. */
cJSON *inspect_counts(struct arena *a, const struct trap_findings *found);
