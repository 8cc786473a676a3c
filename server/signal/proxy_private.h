/* proxy_private.h - from elements of Envoy's pages to items; for proxy.c. */
#pragma once
#include "signal/proxy.h"

/* Adds what an element is. state: what the page says of all of its elements, "warming"; NULL. */
typedef void proxy_take_fn(struct proxy_list *l, const cJSON *element, const char *state);

void proxy_take_cluster(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_endpoints(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_routes(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_listener(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_certificates(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_plugin(struct proxy_list *l, const cJSON *element, const char *state);
void proxy_take_stat(struct proxy_list *l, const cJSON *element, const char *state);

/* A new item, or NULL when there are too many. Texts are copied. */
struct proxy_item *proxy_add(struct proxy_list *l, const char *key, const char *says);
/* known: both are of a form that tells. */
bool proxy_version_is_older(const char *x, const char *y, bool *known);
uint64_t proxy_digest(const cJSON *tree);
