/* config_file_private.h - inside the configuration: from a checked tree to the struct, and secrets
 * by reference. Only config*.c includes this. */
#pragma once
#include "base/field.h"
#include <cjson/cJSON.h>

struct arena;
struct config;
struct err;

/* The file's members. */
extern const struct field config_fields[];
/* Checks and binds; errors begin with the field's path. */
struct config *config_bind(struct arena *a, const cJSON *tree, struct err *e);
/* One gateway's, out of a checked tree with `gateway` and `envoy`; c->gateways is not set. */
struct config *config_bind_one(struct arena *a, const cJSON *tree, struct err *e);
/* All of a checked tree, with `gateway` or `gateways`. */
struct config *config_bind_gateways(struct arena *a, const cJSON *tree, struct err *e);
/* http.oauth of the tree it was bound from; resolves the client's secret. */
bool config_good_oauth(struct config *c, struct arena *a, const cJSON *tree, struct err *e);
/* The line of "gateway.timeout" or "gateways[1].url" in block-style YAML; 0: not found. */
int config_line(const char *text, const char *path);
/* {"env":NAME} or {"file":PATH}, without asking whether that is allowed. */
char *config_read_secret(struct arena *a, const cJSON *ref, struct err *e);
