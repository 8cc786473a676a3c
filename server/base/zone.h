/* zone.h - local times of named time zones, by the system's tables (tzdata). Main thread only. */
#pragma once
#include <stdbool.h>
#include <time.h>

/* Is there that zone: "Europe/Berlin", "UTC"? */
bool zone_is_known(const char *name);
/* The local time there, tm_gmtoff included; false: there is no such zone. */
bool zone_local(const char *name, double unix_time, struct tm *out);
/* Minutes since midnight of "HH:MM", 24:00 included; -1: it is not that. */
int zone_minutes(const char *text);
/* When it is that many minutes past midnight, by the clock on the wall, on that day (year, month
 * and day count). An hour that is there twice: the first. One that the clock jumps over: as long
 * after the jump as it would have been after its beginning. Unix seconds. */
double zone_instant(const char *name, const struct tm *day, int minutes);
