/* service_private.h - /v1/services: what routes can point at, derived from the McpBridge. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route service_rest[];

/* name as in the list: "redis.dns". */
bool service_exists(struct rest_request *r, const char *name);
