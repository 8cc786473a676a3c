/* model_private.h - one reply of the model, however often it has to be asked for.
 *
 * A request that was not served is repeated as the API's own headers say (x-should-retry,
 * retry-after-ms, retry-after), else after pauses that double. A stream that broke off is asked for
 * again from its beginning: nothing of it was acted upon.
 */
#pragma once
#include "agent/history_private.h"

struct cancel;
struct loop;

struct model {
    struct loop *loop;
    const struct config_model *config;
    const struct api *api;
    struct cancel *cancel;
    double until; /* by loop_now: no request and no pause goes beyond it */
    void (*said)(void *arg, const char *text, size_t n);
    /* It is asked again, in so many seconds, because of that; what was said of this reply is void.
     */
    void (*again)(void *arg, double seconds, const char *why);
    /* A reply that broke off took tokens all the same: as many as it said, and more. */
    void (*lost)(void *arg, const struct usage *u);
    void *arg;
};

/* Parks. NULL + e: ERR_GONE when cancelled; ERR_POLICY when m->until came; else what the API said,
 * in its own words. *full: the request was longer than the model takes. */
struct reply *model_reply(struct model *m, struct arena *a, const struct history *h, bool *full,
                          struct err *e);
