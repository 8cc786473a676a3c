/* inspect_map.h - the gateway as a map: what leads where, with what was found about it. Pure. */
#pragma once
#include "inspect/inspect.h"

/* {"routes":[{"kind","name","hosts":["shop.example"],"match":"/orders*","to":["shop.static"],
 * "risk"?,"says"?:[…]}], "services":[{"name","endpoints":["10.0.0.1:80"],"risk"?,"says"?}],
 * "hosts":[{"name","risk"?,"says"?}], "unread":[…]}. kind: "route" or "ai-route"; the host "*"
 * stands for any. services NULL: they could not be read. Names are as received; says is clean. */
cJSON *inspect_map(struct arena *a, const struct inspection *i);
/* The last hour of that access log by route: {"orders":{"count","errors"?,"p99"?}}, the busiest
 * ones. NULL: there is no log, or it could not be read (e). */
cJSON *inspect_traffic(struct arena *a, const char *access_log, struct err *e);
