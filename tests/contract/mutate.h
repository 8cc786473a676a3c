/* mutate.h - broken variants of recorded requests: whatever comes, the console answers. */
#pragma once
#include "base/arena.h"
#include "base/json.h"

/* A copy of the exchange whose body (or path) is damaged in one to three places; same seed, same
 * damage. */
cJSON *mutate(struct arena *a, const cJSON *exchange, unsigned long long *seed);
