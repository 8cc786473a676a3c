/* ai_fallback_private.h - the EnvoyFilter that sends a failed request of an AI route to its
 * fallback. */
#pragma once
#include <cjson/cJSON.h>

struct arena;

/* A whole EnvoyFilter named like the route's ingress. codes: "4xx" and "5xx", at least one. */
cJSON *ai_fallback_filter(struct arena *a, const char *ingress, const cJSON *codes);
