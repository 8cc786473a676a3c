/* plugin_instance.h - plugin configurations at four scopes: gateway, domain, route, service. */
#pragma once
#include "embedded/rest.h"

extern const struct rest_route plugin_instance_rest[];
