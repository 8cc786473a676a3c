/* zone.c - local times of named zones, by the C library's own tables.
 *
 * It knows one zone at a time, by the variable TZ. The variable is put into the environment once,
 * as a buffer of ours, and only the buffer is rewritten afterwards: no other thread that reads
 * other variables meanwhile (the resolver's do) sees the environment move.
 */
#include "base/when.h"
#include "policy/predicate_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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
