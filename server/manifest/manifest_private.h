/* manifest_private.h - what the readers of Kubernetes objects share; only manifest_*.c include it.
 *
 * Each reader turns one object into items and returns false with an ERR_ARGS that names the field.
 */
#pragma once
#include "manifest/manifest.h"

const char *manifest_meta(const cJSON *o, const char *group, const char *key); /* metadata.G[K] */
bool manifest_ingress(struct manifest *m, const cJSON *o, struct err *e);
bool manifest_wasm(struct manifest *m, const cJSON *o, struct err *e);
