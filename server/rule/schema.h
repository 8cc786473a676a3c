/* schema.h - the settings of a plugin, by the schema that the gateway gives for it (the part of
 * JSON Schema that its plugins use): checked, and printed as lines. Pure.
 *
 * Schemas are what somebody wrote, often less than the plugin takes: a member that a schema does
 * not know is a doubt, a value of the wrong kind a mistake.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

/* The schema in the answer of GET /v1/wasm-plugins/{name}/config; NULL: it says nothing. */
const cJSON *schema_of(const cJSON *answer);
/* ERR_ARGS "configurations.limit_keys[0].key: is a number, must be string". `needed`: are missing
 * required members mistakes, too? */
bool schema_check(struct arena *a, const cJSON *schema, const cJSON *value, const char *where,
                  bool needed, struct err *e);
/* Paths of members of value that the schema does not know, as an array of at most 8 texts. */
cJSON *schema_unknown(struct arena *a, const cJSON *schema, const cJSON *value, const char *where);
/* Does the plugin itself take a member that its schema lacks? By its own documents; path as
 * schema_unknown says it. */
bool schema_plugin_takes(const char *plugin, const char *path);
/* "limit_keys[].key: string, required. Matched key value" for every member, into `lines`. */
void schema_lines(struct arena *a, const cJSON *schema, cJSON *lines);
