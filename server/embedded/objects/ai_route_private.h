/* ai_route_private.h - /v1/ai/routes: routes to LLM providers, by model.
 *
 * An AI route is JSON in ConfigMap ai-route-NAME. Everything that carries its traffic is derived
 * from it: ingresses, a fallback EnvoyFilter, rules of key-auth, model-router, model-mapper and
 * ai-statistics.
 */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route ai_route_rest[];

/* Writes the derived objects of every AI route that sends traffic to the provider again. */
bool ai_route_rewrite_users(struct rest_request *r, const char *provider);
