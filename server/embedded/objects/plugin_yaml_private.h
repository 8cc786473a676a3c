/* plugin_yaml_private.h - configurations as the console shows them: numbers and YAML text.
 *
 * The console reads configurations through a library that makes every number a double and turns
 * whole ones back into integers only where they are members of an object: [429] reads back as
 * [429.0]. Its YAML text has keys in order, strings in double quotes, lists at their key's indent.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;

/* A copy with keys sorted and whole numbers directly inside arrays as decimals. */
cJSON *plugin_yaml_read_back(struct arena *a, const cJSON *config);
/* The YAML text of what plugin_yaml_read_back gave; "" for an empty object, no newline at the end.
 */
char *plugin_yaml_print(struct arena *a, const cJSON *config);
