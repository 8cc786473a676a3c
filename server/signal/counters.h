/* counters.h - Envoy's counters of the last hour: readings, some minutes apart, and what came on
 * top between them.
 *
 * Envoy counts since its start and by cluster, so a service is known and a route is not. Readings
 * are kept HOUR_SLOT apart and no longer than an hour is; the newest one moves on until it is that
 * far from the one before. What is smaller than it was began anew: Envoy was restarted. Bounded: of
 * each reading COUNTERS_SERVICES services.
 */
#pragma once
#include "signal/hour.h"

struct counters;

enum { COUNTERS_SERVICES = 5000 };

/* Requests, failed ones and how long they took, of clusters that had some. */
#define COUNTERS_PAGE                                                                              \
    "/stats?format=json&usedonly&histogram_buckets=cumulative&filter="                             \
    "%5Ecluster%5C.outbound%5C%7C.*%5C.upstream_rq_(completed%7C4xx%7C5xx%7Ctime)%24"

struct counters *counters_new(void);
void counters_free(struct counters *c); /* NULL is fine */
/* pages: COUNTERS_PAGE of each replica, as parsed, which are added up; now: Unix seconds. */
void counters_add(struct counters *c, const cJSON *const *pages, int count, double now);
/* As hour.h says; NULL: there are no two readings yet. p99 is the upper end of a hundredth by
 * Envoy's buckets, straight between their bounds. */
cJSON *counters_hour(struct arena *a, const struct counters *c, double now);
