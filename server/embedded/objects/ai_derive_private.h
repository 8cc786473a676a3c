/* ai_derive_private.h - the objects that carry an AI route's traffic.
 *
 * `route` is a complete AI route (ai_route.c's model). A function that returns false has answered
 * the request; what was written before stays written, as in the real console.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct rest_request;

/* Ingress, route auth, model router, model mappers, statistics; then the same for the fallback, or
 * its removal. */
bool ai_derive_write(struct rest_request *r, const cJSON *route);
bool ai_derive_remove(struct rest_request *r, const char *name);
