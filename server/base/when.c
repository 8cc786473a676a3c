/* when.c - ISO 8601 by hand: strptime knows neither fractions nor offsets. */
#include "base/when.h"
#include "base/arena.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double offset_of(const char *p)
{
    int hours = 0, minutes = 0;

    if ((*p != '+' && *p != '-') || sscanf(p + 1, "%2d:%2d", &hours, &minutes) < 1)
        return 0;
    return (*p == '-' ? -1 : 1) * (hours * 3600.0 + minutes * 60.0);
}

double when_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

char *when_text(struct arena *a, double unix_time, bool millis)
{
    /* Years that four digits can say; anything else, from a damaged file, is the epoch. */
    if (!(unix_time >= -62135596800.0 && unix_time < 253402300800.0))
        unix_time = 0;
    time_t seconds = (time_t)unix_time;
    struct tm t;
    char text[40];
    gmtime_r(&seconds, &t);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t);
    if (!millis)
        return arena_printf(a, "%sZ", text);
    return arena_printf(a, "%s.%03dZ", text, (int)((unix_time - (double)seconds) * 1000));
}

double when_parse(const char *iso)
{
    struct tm t = { 0 };
    double fraction = 0;
    int used = 0;
    const char *p;

    if (!iso || sscanf(iso, "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday,
                       &t.tm_hour, &t.tm_min, &t.tm_sec, &used) != 6)
        return 0;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    p = iso + used;
    if (*p == '.') {
        char *end;
        fraction = strtod(p, &end);
        p = end;
    }
    return (double)timegm(&t) + fraction - offset_of(p);
}

/* Do the digits stand where the pattern has 0? Gives what follows them; NULL: they do not. */
static const char *after_digits(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++)
        if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
            return NULL;
    return text;
}

double when_parse_exact(const char *iso)
{
    char again[40];
    struct tm t;
    const char *zone = iso ? after_digits(iso, "0000-00-00T00:00:00") : NULL;
    if (!zone)
        return 0;
    size_t n = (size_t)(zone - iso);
    time_t local = (time_t)(when_parse(iso) + offset_of(zone));
    gmtime_r(&local, &t); /* the 31st of April comes back as another day */
    strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%S", &t);
    const char *end = *zone == '+' || *zone == '-' ? after_digits(zone + 1, "00:00") : NULL;
    bool whole = end ? !*end : !strcmp(zone, "Z");
    return whole && !strncmp(again, iso, n) ? when_parse(iso) : 0;
}

double when_since(const char *text, double now)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    char *end;
    double n;

    if (!text || !isdigit((unsigned char)text[0]))
        return 0;
    n = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (*end == units[i].unit && end[1] == '\0')
            return now - n * units[i].seconds;
    return when_parse(text);
}

double when_retry(const char *text)
{
    char *end = NULL;
    struct tm at = { 0 };
    double n = text ? strtod(text, &end) : -1;
    if (!text || (end != text && !*end))
        return n >= 0 ? n : -1;
    const char *rest = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &at);
    if (!rest || *rest)
        return -1;
    n = (double)timegm(&at) - when_now();
    return n > 0 ? n : 0;
}
