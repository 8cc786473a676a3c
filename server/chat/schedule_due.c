/* schedule_due.c - when a schedule is due, by the clock on the wall of its zone: also on the days
 * on which that clock jumps, and on those that are left out. */
#include "base/arena.h"
#include "base/zone.h"
#include "chat/schedule_private.h"
#include <math.h>

enum { DAYS_LOOKED = 9 }; /* more than any weekend */

/* On that day; 0: not at all. day need not be normal (the 32nd). */
static double due_on(const struct config_schedule *s, struct tm day)
{
    enum { SATURDAY = 6, SUNDAY = 0 };
    struct tm date = { .tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday };
    timegm(&date);
    bool off = date.tm_wday == SATURDAY || date.tm_wday == SUNDAY;
    return s->weekdays && off ? 0 : zone_instant(s->zone, &date, s->minutes);
}

static struct tm local_day(const struct config_schedule *s, double at)
{
    struct tm day = { 0 };
    zone_local(s->zone, at, &day);
    return day;
}

double schedule_next(const struct config_schedule *s, double after)
{
    if (s->every > 0)
        return (floor(after / s->every) + 1) * s->every;
    struct tm day = local_day(s, after);
    double due = 0;
    day.tm_mday--;
    for (int i = 0; i < DAYS_LOOKED && due <= after; i++, day.tm_mday++)
        due = due_on(s, day);
    return due;
}

double schedule_newest(const struct config_schedule *s, double now)
{
    if (s->every > 0)
        return floor(now / s->every) * s->every;
    struct tm day = local_day(s, now);
    double due = 0;
    day.tm_mday++;
    for (int i = 0; i < DAYS_LOOKED && (due <= 0 || due > now); i++, day.tm_mday--)
        due = due_on(s, day);
    return due;
}

int schedule_between(const struct config_schedule *s, double after, double before)
{
    int n = 0;
    for (double at = schedule_next(s, after); at < before && n < SCHEDULE_COUNTED;
         at = schedule_next(s, at))
        n++;
    return n;
}

const char *schedule_time(struct arena *a, const char *zone, double at)
{
    char text[64] = "";
    struct tm t;
    if (zone_local(zone, at, &t))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &t);
    return arena_strdup(a, text);
}

const char *schedule_rule(struct arena *a, const struct config_schedule *s)
{
    return s->every > 0
               ? arena_printf(a, "every %.0f", s->every)
               : arena_printf(a, "%d%s %s", s->minutes, s->weekdays ? " weekdays" : "", s->zone);
}

bool quiet_within(const struct config_quiet *q, double now)
{
    struct tm t;
    if (!q || !zone_local(q->zone, now, &t))
        return false;
    int is = t.tm_hour * 60 + t.tm_min;
    return q->from < q->to ? is >= q->from && is < q->to : is >= q->from || is < q->to;
}
