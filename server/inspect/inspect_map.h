/* inspect_map.h - the gateway as a map: what leads where, with what was found about it. Pure. */
#pragma once
#include "inspect/inspect.h"

/* {"routes":[{"kind","name","hosts":["shop.example"],"match":"/orders*","to":["shop.static"],
 * "risk"?,"says"?:[…]}], "services":[{"kind","name","endpoints":["10.0.0.1:80"],"risk"?,"says"?}],
 * "hosts":[{"kind","name","risk"?,"says"?}], "others":[{"kind","name","risk","says"}],
 * "routes_unread"?, "unread":[…], "counts"}. kind: of a route "route" or "ai-route", of a service
 * also "ai-provider"; the host "*" stands for any. services NULL: they could not be read. others:
 * what was found about objects that no route leads to. routes_unread: not all of them are here.
 * Names are as received; says is clean. */
cJSON *inspect_map(struct arena *a, const struct inspection *i);
/* The lists of nodes in it, ended by NULL. */
extern const char *const inspect_map_lists[];
/* Is it an object of the map, or what a route of it leads from or to? */
bool inspect_on_map(const cJSON *map, const char *kind, const char *name);
