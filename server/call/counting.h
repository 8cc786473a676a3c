/* counting.h - Envoy's counters read over time, while the process runs: what is known of the last
 * hour where a gateway has an Envoy and no access log. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct cancel;
struct config;
struct err;
struct service;

/* Reads them now, and every HOUR_SLOT seconds (signal/hour.h). */
void counting_start(struct service *s);
void counting_stop(struct service *s);
/* The last hour of that gateway, up to now: they are read once more. NULL: no second reading is
 * there yet, or nobody counts; with e: Envoy could not be read. Parks. */
cJSON *counting_hour(struct service *s, const struct config *c, struct arena *a,
                     struct cancel *cancel, struct err *e);
