/* config_file.h - inside the configuration: from a checked tree to the struct, and secrets by
 * reference. Only config*.c includes this. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct config;
struct err;

/* Checks and binds; errors begin with the field's path. */
struct config *config_bind(struct arena *a, const cJSON *tree, struct err *e);
/* {"env":NAME} or {"file":PATH}, without asking whether that is allowed. */
char *config_read_secret(struct arena *a, const cJSON *ref, struct err *e);
