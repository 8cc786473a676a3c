/* schedule.c - times of a plan, read strictly. */
#include "plan/schedule.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const double MOST_AHEAD = 90 * 86400.0, MOST_OPEN = 7 * 86400.0, OPEN = 3600; /* seconds */

static bool is_date_and_time(const char *text)
{
    return text && strlen(text) >= 20 && strspn(text, "0123456789T:-") >= 19;
}

/* "2026-12-01T02:00:00Z", "…+01:00", and nothing else; 0: it is not. */
static double zoned(const char *text)
{
    int hours = 0, minutes = 0, used = 0;
    if (!is_date_and_time(text))
        return 0;
    if (!strcmp(text + 19, "Z"))
        return when_parse(text);
    if (!strchr("+-", text[19]) || !isdigit((unsigned char)text[20]))
        return 0;
    bool read = sscanf(text + 20, "%2d:%2d%n", &hours, &minutes, &used) == 2 && used == 5;
    return read && !text[25] && hours <= 14 && minutes < 60 ? when_parse(text) : 0;
}

static bool read_zoned_time(const cJSON *given, const char *name, double *out, struct err *e)
{
    *out = zoned(json_str(given, name));
    return *out > 0 ||
           err_set(e, ERR_ARGS,
                   "schedule: %s: a time with its zone, as 2026-12-01T02:00:00+01:00 or "
                   "2026-12-01T01:00:00Z",
                   name);
}

static bool has_only_times(const cJSON *given)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, given)
    {
        if (strcmp(m->string, "at") != 0 && strcmp(m->string, "until") != 0)
            return false;
    }
    return cJSON_IsObject(given);
}

bool schedule_read(const cJSON *given, double now, struct schedule *out, struct err *e)
{
    *out = (struct schedule){ 0 };
    if (!has_only_times(given))
        return err_set(e, ERR_ARGS, "schedule: it has at and until, and no more");
    if (!read_zoned_time(given, "at", &out->at, e))
        return false;
    out->until = out->at + OPEN;
    if (json_get(given, "until") && !read_zoned_time(given, "until", &out->until, e))
        return false;
    if (out->until <= out->at || out->until > out->at + MOST_OPEN)
        return err_set(e, ERR_ARGS, "schedule: until: after at, and at most 7 days later");
    if (now > 0 && (out->at <= now || out->at > now + MOST_AHEAD))
        return err_set(e, ERR_ARGS, "schedule: at: a time to come, within 90 days");
    return true;
}

cJSON *schedule_write(struct arena *a, const cJSON *given, const struct schedule *s)
{
    cJSON *o = json_object(a);
    const char *until = json_str(given, "until");
    json_set_str(a, o, "at", json_str(given, "at"));
    json_set_str(a, o, "until", until ? until : when_text(a, s->until, false));
    return o;
}
