/* manifest_private.h - what the readers of Kubernetes objects share; only manifest_*.c include it.
 *
 * Each reader turns one object into items and returns false with an ERR_ARGS that names the field.
 */
#pragma once
#include "manifest/manifest.h"

const char *manifest_meta(const cJSON *o, const char *group, const char *key); /* metadata.G[K] */
/* manifest_delete.c. An object of our form that is to go, and what becomes of it in a plan; parks.
 */
bool manifest_is_delete(const cJSON *o);
bool manifest_take_delete(struct manifest *m, const struct kind *k, const cJSON *o,
                          const char *name, struct err *e);
bool manifest_plan_delete(struct gateway *g, struct plan *p, struct manifest *m,
                          const struct manifest_item *i, struct cancel *c);
const char *manifest_deleted(const struct plan *p, int *count);
bool manifest_ingress(struct manifest *m, const cJSON *o, struct err *e);
bool manifest_wasm(struct manifest *m, const cJSON *o, struct err *e);
