/* plugin_instance_private.h - plugin configurations at four scopes: gateway, domain, route,
 * service. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route plugin_instance_rest[];

/* A configuration as YAML; *config NULL: the text says null. False: r has been answered. */
bool plugin_instance_read_text(struct rest_request *r, const char *text, cJSON **config);
