/* envoy.h - pages of Envoy's admin interface. Only reads, only those named here.
 *
 * The admin interface has no access control and can end the process, so the path is checked against
 * a list and the method is always GET.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct loop;

/* path with its query ("/clusters?format=json"). JSON as a tree, text as a JSON string; NULL:
 * ERR_ARGS (not configured, page not allowed), ERR_NET (no answer), ERR_GATEWAY (status other than
 * 200, kept for /ready, whose 503 is an answer). Parks. */
cJSON *envoy_page(struct loop *l, const struct config *c, struct arena *a, const char *path,
                  struct cancel *cancel, struct err *e);
/* The value of a runtime key (/runtime); `otherwise` where the key is not set. Parks. NAN + e: it
 * could not be read. */
double envoy_runtime(struct loop *l, const struct config *c, struct arena *a, const char *key,
                     double otherwise, struct cancel *cancel, struct err *e);
