/* plugin_instance_private.h - plugin configurations at four scopes: gateway, domain, route,
 * service. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route plugin_instance_rest[];
