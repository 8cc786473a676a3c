/* route_read.h - which requests a route of the console takes, as a rule of route_order.h. */
#pragma once
#include "rule/route_order.h"
#include <cjson/cJSON.h>

struct arena;

/* All but the host, of which a route may have several. Texts are copied. */
void route_read(struct arena *a, const cJSON *route, struct route_rule *out);
