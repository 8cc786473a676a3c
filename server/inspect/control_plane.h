/* control_plane.h - the control plane as lines: what is wrong with it, its controllers, and how
 * each gateway stands with them. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct err;
struct world_means;

/* {"lines": ["fault REPLICA_REFUSED replica gw-1.ns: …", "controller …", "gateway …"],
 * "controllers": [{"name", "version"?, "proxies"?, "services"?, "unread"?: ["…"]}]}. replica: lines
 * of this gateway only; NULL: all. NULL: e: ERR_ARGS where it is not configured where it is, or
 * ERR_GONE. Parks. */
cJSON *inspect_control_plane(struct arena *a, const struct world_means *m, const char *replica,
                             struct err *e);
