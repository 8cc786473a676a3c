/* served_private.h - whether every replica of the gateway serves an applied change: looked at after
 * the lease is given back, and kept in the change's result (inspect/serving.h). Only apply.c,
 * recover.c and engine_show.c include this.
 *
 * The change is applied whatever comes of it. Until it was looked at, and where the process ended
 * meanwhile, its result says that it was not.
 */
#pragma once
#include "change/engine_private.h"

/* As which it starts, where there is an Envoy to look at. */
void served_begin(struct arena *a, const struct engine_at *at, enum plan_state state,
                  cJSON *result);
bool served_is_begun(const cJSON *result);
/* Looks, and keeps what came of it. wrote: each object as it was read back. Parks. */
void served_look(struct engine *g, const struct engine_at *at, struct arena *a, const char *id,
                 const struct plan *p, const cJSON *const *wrote, struct cancel *c);
/* Is it still being looked at, as far as its time tells? */
bool served_is_looked_at(const struct engine *g, const struct stored *row);
