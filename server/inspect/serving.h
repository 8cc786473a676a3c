/* serving.h - does every replica of a gateway serve what a change wrote?
 *
 * A route is held against what the renderer makes of it (drift.h), a service source against the
 * clusters and endpoints that Envoy has, settings of a plugin against Envoy's extension
 * configuration; what was deleted must be gone. What of a change Envoy does not show, or what is
 * not compared, is named and never claimed. Nothing is written, and no answer makes a change
 * anything but applied.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct gateway;
struct loop;
struct plan;

struct serving_means {
    struct loop *loop;
    struct gateway *gateway;
    const struct config *config; /* of that gateway */
    struct cancel *cancel;
};

/* Is there an Envoy to look at, and is it to be looked at? */
bool serving_is_asked(const struct config *c);
/* Looks until each replica shows the change, the configured time is over, or it is sure that one
 * will not. wrote: each operation's object as it was read back, NULL: it is gone.
 * {"says": "served by 2 of 3 replicas within 10 s; …", "replicas"?, "served"?, "seconds"?,
 * "not"?: [{"replica", "why"}], "more"?: of them, "not_visible"?: ["consumer ada: why"]}; where
 * nothing could be looked at only says and not_visible. Never NULL. Parks. */
cJSON *serving_wait(struct arena *a, const struct serving_means *m, const struct plan *p,
                    const cJSON *const *wrote);

#define SERVING_NOT_LOOKED "not looked at"
