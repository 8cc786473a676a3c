/* bridge_private.h - McpBridge `default`: where service sources (registries) and proxies live.
 *
 * Work on a loaded copy, then save. `list` is "registries" or "proxies"; entries keep their slot.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct rest_request;

cJSON *bridge_load(struct rest_request *r); /* a copy, new when there is none; never NULL */
bool bridge_save(struct rest_request *r, cJSON *bridge);            /* false: r has been answered */
const cJSON *bridge_list(struct rest_request *r, const char *list); /* stored; may be NULL */
const char *bridge_version(struct rest_request *r);

cJSON *bridge_find(const cJSON *bridge, const char *list, const char *name);
/* Replaces the entry of the same name in its slot, or appends. Null members are dropped on disk. */
void bridge_put(struct arena *a, cJSON *bridge, const char *list, cJSON *entry);
bool bridge_drop(cJSON *bridge, const char *list, const char *name); /* was it there? */
/* "redis.dns": the name under which routes know a registry. */
char *bridge_service_name(struct arena *a, const cJSON *registry);
