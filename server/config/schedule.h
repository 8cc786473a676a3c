/* schedule.h - `schedules` of the configuration: what a bot says by itself, when and where; and
 * hours in which it does not (`quiet` of an account of `chat` or of one of its channels).
 *
 * Times are of a named zone (base/zone.h). Strings live in the arena of the configuration.
 */
#pragma once
#include <stdbool.h>

enum schedule_what { SCHEDULE_REPORT = 1, SCHEDULE_CERTIFICATES, SCHEDULE_DRIFT };
#define SCHEDULE_WHATS "report|certificates|drift" /* in the order of the values */

struct config_schedule {
    const char *name;
    enum schedule_what what;
    int minutes;         /* past midnight, each day; -1: `every` counts */
    bool weekdays;       /* not on Saturday and Sunday there */
    double every;        /* seconds: at multiples of them since 1970 (UTC) */
    const char *zone;    /* "UTC" unless said */
    const char *gateway; /* NULL: the one that is meant where none is named */
    const char *platform, *account, *channel;
    double certificate_days; /* those that end within them */
};

/* Of an account, or of one of its channels. from and to are different; from > to goes over
 * midnight. */
struct config_quiet {
    int from, to; /* minutes past midnight */
    const char *zone;
    const char *const *urgent; /* severities of alerts that are told nevertheless; ended by NULL */
};
