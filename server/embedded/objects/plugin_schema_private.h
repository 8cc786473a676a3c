/* plugin_schema_private.h - a configuration schema as the console prints it: its Java schema object
 * with every property, null when unset; the plain JSON Schema is its member jsonSchema. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct plugin_spec;

cJSON *plugin_schema_print(struct arena *a, const struct plugin_spec *spec);
cJSON *plugin_schema_custom(struct arena *a); /* an object about which nothing is known */
