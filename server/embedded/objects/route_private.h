/* route_private.h - /v1/routes: Ingresses as the console shows and changes them. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route route_rest[];

bool route_exists(struct rest_request *r, const char *name);
/* Create or full replacement from a bound Route: Ingress, then its authentication rule. The stored
 * Ingress, or NULL with r answered. */
const cJSON *route_create(struct rest_request *r, const cJSON *route);
const cJSON *route_replace(struct rest_request *r, const cJSON *route);
/* The Ingress and every plugin rule for it; missing is fine. False: r has been answered. */
bool route_delete(struct rest_request *r, const char *name);
/* Routes as the API shows them, authConfig filled; domain NULL: all. */
cJSON *route_list(struct rest_request *r, const char *domain);
/* Answers with the (paged) list of routes on a domain. */
void route_give_list(struct rest_request *r, const char *domain);
/* Rewrites every route on this domain so that its TLS follows. False: r has been answered. */
bool route_follow_domain(struct rest_request *r, const char *domain);
