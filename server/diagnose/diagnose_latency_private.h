/* diagnose_latency_private.h - how long answers took, now against before, by route and by endpoint.
 *
 * Durations are kept as counts in classes a tenth apart, so that percentiles are true to a
 * twentieth and a million lines cost what a hundred do. Only answers of an endpoint count: a
 * request that was refused is no fast one. */
#pragma once
#include "diagnose/diagnose_window_private.h"
#include <cjson/cJSON.h>

struct arena;
struct latency;

struct latency *latency_new(struct arena *a);
/* A row that lies in that slice of the window. */
void latency_take(struct latency *l, const cJSON *row, int slice);

/* A route or an endpoint whose answers take longer, or less long, from a slice on. */
struct latency_change {
    const char *text; /* "latency of route reports: p50 12 -> 410 ms, … (400 requests -> 380" */
    int at;           /* the first slice of the later part */
    double chance;
};
/* The surest first; of endpoints only those that are alone among their service's, and instead of
 * the routes that lead there. */
struct latency_change *latency_changes(struct latency *l, int *count);
