/* describe.h - a kind of resource in words, printed from the tables that validate it. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct kind;

/* {"kind","about","actions":"create|patch|…","fields":["services[].weight: integer 0..100, default
 * 100. Percent; …", …],"rules":[…],"example":{…}}. Fields are in the table's order. */
cJSON *describe_kind(struct arena *a, const struct kind *k);
/* The same for the settings of a plugin, from its schema (NULL: it has none to check). */
cJSON *describe_plugin(struct arena *a, const char *plugin, const cJSON *answer);
