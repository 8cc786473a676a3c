/* odd_private.h - kinds whose reading takes more than one GET of the object: the dashboards, the
 * console itself, higress-config (YAML text inside JSON), the allow list of an MCP server.
 *
 * Called by gateway_object and gateway_each_kind for rows marked KIND_ODD. All functions park but
 * odd_config_text. Nothing here writes.
 */
#pragma once
#include "console/gateway.h"

/* As gateway_object: NULL with *missing where there is no such object. */
cJSON *odd_object(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  bool *missing, struct cancel *c, struct err *e);
bool odd_each(struct gateway *g, const struct kind *k, gateway_each_fn *fn, void *arg,
              struct cancel *c, struct err *e);
/* The YAML that PUT /system/higress-config takes: `now` (YAML, as the console gave it) with the
 * data and version of object. A section whose tree is the same keeps its text, comments and all. */
char *odd_config_text(struct arena *a, const char *now, const cJSON *object, struct err *e);
