/* system_private.h - /system/..., /healthz and /landing: what the console says about itself. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route system_rest[];
