/* hour.h - the requests of the last hour in slots, by what small plots stand beside: the one shape
 * of what the access log (here) and Envoy's counters (counters.h) know of them.
 *
 * {"source": HOUR_BY_LOG or HOUR_BY_COUNTERS, "from"?: since when, where that is less than an hour
 * ago, "left_out"?: services without a place, "of": {"route orders": {"count", "errors"?, "p99"?,
 * "slots": [[count, errors, p99], …]}, "service shop.static": …}}. HOUR_SLOTS slots, the oldest
 * first; a slot without requests is [], p99 is in milliseconds and absent where it is not known. An
 * error is what traffic.h calls one.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

#define HOUR_BY_LOG "access log"
#define HOUR_BY_COUNTERS "Envoy's counters"

enum { HOUR = 3600, HOUR_SLOTS = 12, HOUR_SLOT = HOUR / HOUR_SLOTS };

/* Of one object; p99 < 0: not known. */
struct hour_plot {
    double count[HOUR_SLOTS], errors[HOUR_SLOTS], slow[HOUR_SLOTS];
    double p99; /* of the whole hour */
};

cJSON *hour_new(struct arena *a, const char *source);
void hour_add(struct arena *a, cJSON *hour, const char *object, const struct hour_plot *plot);
/* "shop.static" of "outbound|80||shop.static"; NULL: it leads to no service of the gateway's. */
const char *hour_service(const char *cluster);
/* By the access log: routes as it names them ("shop/orders" as "orders"), and services. NULL + e:
 * it could not be read. */
cJSON *hour_read(struct arena *a, const char *access_log, double now, struct err *e);
