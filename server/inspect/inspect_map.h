/* inspect_map.h - the gateway as a map: what leads where, with what was found about it. Pure. */
#pragma once
#include "inspect/inspect.h"

/* {"routes":[{"kind","name","hosts":["shop.example"],"match":"/orders*","to":["shop.static"],
 * "risk"?,"says"?:[…]}], "services":[{"name","endpoints":["10.0.0.1:80"],"risk"?,"says"?}],
 * "hosts":[{"name","risk"?,"says"?}], "others":[{"kind","name","risk","says"}], "routes_unread"?,
 * "unread":[…], "counts"}. kind: "route" or "ai-route"; the host "*" stands for any. services NULL:
 * they could not be read. others: what was found about objects that no route leads to.
 * routes_unread: not all of them are here. Names are as received; says is clean. */
cJSON *inspect_map(struct arena *a, const struct inspection *i);
/* Adds "traffic", the last hour of that access log by route: {"orders":{"count","errors"?,"p99"?}},
 * the busiest ones. Without a log: nothing; one that could not be read is a line of "unread". */
void inspect_add_traffic(struct arena *a, cJSON *map, const char *access_log);
/* Is it an object of the map, or what a route of it leads from or to? */
bool inspect_on_map(const cJSON *map, const char *kind, const char *name);
