/* settings.h - the console's own settings: ConfigMap higress-console, strings by key. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct rest_request;

const char *settings_get(struct rest_request *r, const char *key); /* NULL when absent */
/* Writes all members of values (as text; null removes the key). False: r has been answered. */
bool settings_set(struct rest_request *r, const cJSON *values);
