/* object.h - one object of a gateway as it is shown: what it holds, secrets masked, and who uses
 * it. Everything here parks. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;

/* ["route orders services[0].name", "plugin-instance key-auth at route:orders"], clean: what breaks
 * without the object, and what goes with it. NULL + e. */
cJSON *object_users(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *object,
                    struct cancel *cancel, struct err *e);
/* {"object", "users"?, "unread"?}: unread says why users are not there. NULL: no such object or
 * kind; with e: it could not be read. */
cJSON *object_shown(struct gateway *g, struct arena *a, const char *kind, const char *name,
                    struct cancel *cancel, struct err *e);
