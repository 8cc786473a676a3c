/* special_private.h - kinds whose reading takes more than one GET of the object: the dashboards,
 * the console itself, higress-config (YAML text inside JSON), the allow list of an MCP server.
 *
 * Called by gateway_object and gateway_each_kind for rows marked KIND_SPECIAL. All functions park
 * but special_config_text. Only the writers write, which write.c calls.
 */
#pragma once
#include "console/gateway.h"
#include "console/write.h"

/* As gateway_object: NULL with *missing where there is no such object. */
cJSON *special_object(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                      bool *missing, struct cancel *c, struct err *e);
bool special_each(struct gateway *g, const struct kind *k, gateway_each_fn *fn, void *arg,
                  struct cancel *c, struct err *e);
/* The YAML that PUT /system/higress-config takes: `now` (YAML, as the console gave it) with the
 * data and version of object. A section whose tree is the same keeps its text, comments and all. */
char *special_config_text(struct arena *a, const char *now, const cJSON *object, struct err *e);

/* As write_put. */
typedef bool special_write_fn(struct gateway *g, struct arena *a, const struct kind *k,
                              const char *name, const cJSON *o, enum write_doubt *doubt,
                              struct err *e);
special_write_fn special_write_config, special_write_allowed; /* special_write.c */
/* How an object of the kind is written; NULL: like any other. */
special_write_fn *special_writer(const struct kind *k);
