/* inspect_replica.h - what a gateway's other Envoys show of the console's configuration. */
#pragma once
#include "inspect/inspect.h"

/* Holds each other replica's Envoy against the console, as the first one was held: a finding about
 * Envoy that only some have says which ("1 of 3 replicas (gw-3): …"); those of others join the
 * list. What cannot be read is said in the world's `unread`. False on ERR_GONE. Parks. */
bool inspect_replicas(struct arena *a, const struct world_means *m, struct inspection *i,
                      struct err *e);
