/* domain_private.h - /v1/domains, and what a domain means for the routes on it. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route domain_rest[];

/* TLS entries for a route on these domains (null or empty: all hosts); *force: redirect to HTTPS.
 * NULL: r has been answered, as the domains disagree. */
cJSON *domain_tls(struct rest_request *r, const cJSON *domains, bool *force);
bool domain_exists(struct rest_request *r, const char *name);
