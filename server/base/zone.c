/* zone.c - local times of named zones, by the C library's own tables.
 *
 * It knows one zone at a time, by the variable TZ. The variable is put into the environment once,
 * as a buffer of ours, and only the buffer is rewritten afterwards: no other thread that reads
 * other variables meanwhile (the resolver's do) sees the environment move.
 */
#include "base/zone.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LONGEST = 60 };
static char variable[NAME_LONGEST + 8] = "TZ=UTC";

/* "Area/City": what cannot lead out of the folder of zones. */
static bool is_name(const char *name)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t n = strlen(name);
    return n > 0 && n <= NAME_LONGEST && name[strspn(name, fine)] == '\0' && *name != '/';
}

bool zone_is_known(const char *name)
{
    char path[NAME_LONGEST + 32];
    if (!is_name(name))
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    struct stat is; /* "Europe" is there, too, as a folder */
    return !strcmp(name, "UTC") ||
           (access(path, R_OK) == 0 && stat(path, &is) == 0 && S_ISREG(is.st_mode));
}

bool zone_local(const char *name, double unix_time, struct tm *out)
{
    static bool ours;
    time_t t = (time_t)unix_time;
    if (!zone_is_known(name))
        return false;
    snprintf(variable, sizeof variable, "TZ=%s", name);
    if (!ours && putenv(variable) != 0)
        return false;
    ours = true;
    tzset();
    return localtime_r(&t, out) != NULL;
}

int zone_minutes(const char *text)
{
    unsigned hour, minute;
    char end;
    bool ok = text && strlen(text) == 5 && sscanf(text, "%2u:%2u%c", &hour, &minute, &end) == 2 &&
              hour <= 24 && minute < 60 && hour * 60 + minute <= 24 * 60;
    return ok ? (int)(hour * 60 + minute) : -1;
}

/* Seconds that the zone is ahead of UTC then. */
static double zone_ahead(const char *name, double unix_time)
{
    struct tm t;
    return zone_local(name, unix_time, &t) ? (double)t.tm_gmtoff : 0;
}

double zone_instant(const char *name, const struct tm *day, int minutes)
{
    enum { DAY = 86400 };
    struct tm t = { .tm_year = day->tm_year, .tm_mon = day->tm_mon, .tm_mday = day->tm_mday };
    double as_utc = (double)timegm(&t) + minutes * 60.;
    double before = zone_ahead(name, as_utc - DAY), after = zone_ahead(name, as_utc + DAY);
    double first = as_utc - (before > after ? before : after);
    double second = as_utc - (before > after ? after : before);
    if (zone_ahead(name, first) == as_utc - first)
        return first;
    if (zone_ahead(name, second) == as_utc - second)
        return second;
    return as_utc - before; /* the clock jumps over it */
}
