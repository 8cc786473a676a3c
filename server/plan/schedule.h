/* schedule.h - when a change is applied, and until when its approval holds: {"at":
 * "2026-12-01T02:00:00+01:00", "until": …}. Each time names its zone, so that nobody reads another
 * one into it.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

struct schedule {
    double at, until; /* Unix seconds */
};

/* until: an hour after `at` unless given. now: what is past is an error; 0: nothing is. False:
 * ERR_ARGS says what is right. */
bool schedule_read(const cJSON *given, double now, struct schedule *out, struct err *e);
/* In the one form, with the zone that was given. */
cJSON *schedule_write(struct arena *a, const cJSON *given, const struct schedule *s);
