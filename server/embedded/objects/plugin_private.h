/* plugin_private.h - /v1/wasm-plugins: the built-in plugins and those people add. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route plugin_rest[];

/* The newest stored object of a custom plugin, borrowed; NULL: there is none. */
const cJSON *plugin_find_custom(struct rest_request *r, const char *name);
