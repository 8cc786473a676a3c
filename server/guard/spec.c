/* spec.c - a guard's wish read strictly: a condition that is not understood is an error, never one
 * that cannot come true. A new condition is one more `read_*` in read_condition. */
#include "guard/spec.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST = 5, MOST = 86400; /* seconds */
static const char right[] =
    "say {\"for\": \"5m\", \"revert_if\": [\"5xx > 2 %\", \"p99 > 500 ms\", \"no traffic\"]} (4xx "
    "or 5xx, p50, p90, p95 or p99)";

static const struct {
    char unit;
    double seconds;
} units[] = { { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
enum { UNITS = sizeof units / sizeof *units };

static double span_of(const char *text)
{
    char *end = NULL;
    double n = text ? strtod(text, &end) : 0;
    for (int i = 0; end && n > 0 && isfinite(n) && i < UNITS; i++)
        if (*end == units[i].unit && !end[1])
            return n * units[i].seconds;
    return 0;
}

char *guard_span(struct arena *a, double seconds)
{
    for (int i = 0; i < UNITS; i++)
        if (fmod(seconds, units[i].seconds) == 0)
            return arena_printf(a, "%.0f%c", seconds / units[i].seconds, units[i].unit);
    return arena_printf(a, "%gs", seconds);
}

/* -- conditions ---------------------------------------------------------------------------- */

static bool read_status_condition(struct arena *a, const char *text, struct guard_condition *out)
{
    double percent;
    int class, used = 0;
    if (sscanf(text, "%1dxx > %lf %%%n", &class, &percent, &used) != 2 || !used || text[used])
        return false;
    *out = (struct guard_condition){ GUARD_STATUS, class, .share = percent / 100 };
    out->text = arena_printf(a, "%dxx > %g %%", class, percent);
    return (class == 4 || class == 5) && percent >= 0 && percent < 100;
}

static bool read_slow_condition(struct arena *a, const char *text, struct guard_condition *out)
{
    double ms;
    int part, used = 0;
    if (sscanf(text, "p%2d > %lf ms%n", &part, &ms, &used) != 2 || !used || text[used])
        return false;
    *out = (struct guard_condition){ GUARD_SLOW, .ms = ms, .share = (100 - part) / 100.0 };
    out->text = arena_printf(a, "p%d > %g ms", part, ms);
    return (part == 50 || part == 90 || part == 95 || part == 99) && ms > 0 && ms <= 3600000;
}

static bool read_silence_condition(struct arena *a, const char *text, struct guard_condition *out)
{
    *out = (struct guard_condition){ GUARD_NO_TRAFFIC, .text = arena_strdup(a, "no traffic") };
    return !strcmp(text, "no traffic");
}

static bool read_condition(struct arena *a, const cJSON *given, struct guard_condition *out,
                           struct err *e)
{
    const char *text = cJSON_IsString(given) ? given->valuestring : "";
    return read_status_condition(a, text, out) || read_slow_condition(a, text, out) ||
           read_silence_condition(a, text, out) ||
           err_set(e, ERR_ARGS, "guard: revert_if: '%s' is not understood; %s",
                   text_clean(a, text, 60), right);
}

static bool has_only_spec_members(const cJSON *given)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, given)
    {
        if (strcmp(m->string, "for") != 0 && strcmp(m->string, "revert_if") != 0)
            return false;
    }
    return cJSON_IsObject(given);
}

bool guard_spec_read(struct arena *a, const cJSON *given, struct guard_spec *out, struct err *e)
{
    const cJSON *list = json_get(given, "revert_if"), *one;
    *out = (struct guard_spec){ .seconds = span_of(json_str(given, "for")) };
    if (!has_only_spec_members(given) || !cJSON_IsArray(list) || !list->child)
        return err_set(e, ERR_ARGS, "guard: it has for and revert_if, and no more: %s", right);
    if (out->seconds < LEAST || out->seconds > MOST)
        return err_set(e, ERR_ARGS, "guard: for: from 5s to 24h; %s", right);
    if (json_count(list) > GUARD_CONDITIONS)
        return err_set(e, ERR_ARGS, "guard: revert_if: at most %d conditions", GUARD_CONDITIONS);
    cJSON_ArrayForEach(one, list)
    {
        if (!read_condition(a, one, &out->conditions[out->count++], e))
            return false;
    }
    return true;
}

cJSON *guard_spec_parse(struct arena *a, const char *text)
{
    cJSON *o = json_object(a), *list = json_array(a);
    const char *rest = strchr(text, ':');
    json_set_str(a, o, "for", arena_strndup(a, text, strcspn(text, ":")));
    while (rest) {
        const char *from = rest + 1 + strspn(rest + 1, " ");
        json_add_str(a, list, arena_strndup(a, from, strcspn(from, ",")));
        rest = strchr(from, ',');
    }
    json_set(a, o, "revert_if", list);
    return o;
}

cJSON *guard_spec_write(struct arena *a, const struct guard_spec *spec)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "for", guard_span(a, spec->seconds));
    cJSON *list = json_set_array(a, o, "revert_if");
    for (int i = 0; i < spec->count; i++)
        json_add_str(a, list, spec->conditions[i].text);
    return o;
}

char *guard_spec_conditions(struct arena *a, const struct guard_spec *spec)
{
    char *text = arena_strdup(a, "");
    for (int i = 0; i < spec->count; i++)
        text = arena_printf(a, "%s%s%s", text, i ? ", " : "", spec->conditions[i].text);
    return text;
}
