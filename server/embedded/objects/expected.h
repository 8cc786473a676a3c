/* expected.h - what Envoy should hold of the console's routes: the console's own conversion and the
 * renderer, in memory. Nothing is read or written; what cannot be told is said, not guessed. */
#pragma once
#include "embedded/xds/xds.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct expected;

struct expected *expected_new(struct arena *a);
/* A route as the console gives it, its services with their ports; force_https: its domains redirect
 * plain HTTP. False: this console could not have written it, and nothing is expected of it. */
bool expected_add_route(struct expected *x, const cJSON *route, bool force_https);
/* Of routes that take the same requests one is told: which one only their age decides. */
void expected_each(struct expected *x, void (*tell)(void *arg, const struct xds_told *told),
                   void *arg);
