/* jackson_yaml.h - a plugin's configuration in YAML as the console's reader (Jackson's YAML parser)
 * takes it: tags it does not know are dropped, aliases and << are plain text, the last of two equal
 * keys counts. */
#pragma once
#include <cjson/cJSON.h>

struct arena;

cJSON *jackson_yaml_read(struct arena *a, const char *text); /* NULL: no mapping, or malformed */
