/* predicate.c - the table of what a rule may ask of a wish. A new predicate is a row: how it is
 * written, and how it is held against the wish; docs/policy.md explains it. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "base/zone.h"
#include "kind/derived.h"
#include "policy/predicate_private.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* -- small values -------------------------------------------------------------------------- */

/* A number at the beginning, and what follows it; -1: there is none. */
static double leading_number(const char *text, const char **rest)
{
    char *end = NULL;
    double n = text && *text >= '0' && *text <= '9' ? strtod(text, &end) : -1;
    *rest = end ? end : "";
    return n;
}

double predicate_seconds(const char *text)
{
    static const char units[] = "smhd";
    static const double seconds[] = { 1, 60, 3600, 86400 };
    const char *rest;
    double n = leading_number(text, &rest);
    const char *unit = n > 0 && *rest && !rest[1] ? strchr(units, *rest) : NULL;
    return unit ? n * seconds[unit - units] : -1;
}

double predicate_share(const char *text)
{
    const char *rest;
    double n = leading_number(text, &rest);
    rest += strspn(rest, " ");
    return n >= 0 && n <= 100 && !strcmp(rest, "%") ? n : -1;
}

/* -- how they hold ------------------------------------------------------------------------- */

bool predicate_fits(const char *pattern, const char *text)
{
    return !strcmp(pattern, text) || fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

static bool fits_any(const cJSON *patterns, const char *text)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, patterns)
    {
        if (text && predicate_fits(p->valuestring, text))
            return true;
    }
    return false;
}

static bool is_any(const cJSON *words, const char *text)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, words)
    {
        if (text && !strcmp(p->valuestring, text))
            return true;
    }
    return false;
}

static bool by_tool(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return fits_any(wanted, w->tool);
}

static bool by_kind(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)w;
    return o && fits_any(wanted, o->kind);
}

/* By the AI route or MCP server of which the console made that route. */
static bool fits_made(const cJSON *patterns, const char *route)
{
    static const enum derived of[] = { DERIVED_AI_FALLBACK, DERIVED_AI_ROUTE, DERIVED_MCP_ROUTE };
    struct arena *a = arena_new();
    bool fits = false;
    for (size_t i = 0; route && i < sizeof of / sizeof *of; i++)
        fits = fits || fits_any(patterns, derived_from(a, of[i], route));
    arena_free(a);
    return fits;
}

/* A plugin's rule at a route is about that route, too. */
static bool by_object_name(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)w;
    const char *colon = o && o->scope ? strchr(o->scope, ':') : NULL;
    const char *at = colon ? colon + 1 : o ? o->scope : NULL;
    return o && (fits_any(wanted, o->name) || fits_any(wanted, at) || fits_made(wanted, at));
}

/* By address, too: another name for it is no way round. */
static bool by_gateway(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return fits_any(wanted, w->gateway) || fits_any(wanted, w->url);
}

static bool by_risk(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return is_any(wanted, risk_name(w->risk));
}

static bool by_requester(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return fits_any(wanted, w->requester);
}

static bool by_role(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    const cJSON *p;
    (void)o;
    cJSON_ArrayForEach(p, wanted)
    {
        if (w->roles & config_role_named(p->valuestring))
            return true;
    }
    return false;
}

static bool by_channel(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return w->by != CHANNEL_NONE && is_any(wanted, channel_word(w->by));
}

static bool by_undo(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return w->undoes == cJSON_IsTrue(wanted);
}

static bool by_freeze(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return (w->freeze != NULL) == cJSON_IsTrue(wanted);
}

static bool by_plan_age(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return w->age > predicate_seconds(wanted->valuestring);
}

/* -- size: what is not known counts as all --------------------------------------------------- */

static double wanted_share(const cJSON *wanted)
{
    const char *text = json_str(wanted, "share");
    return text ? predicate_share(text) : -1;
}

static bool is_over(double is, double limit)
{
    return limit >= 0 && (is < 0 || is > limit);
}

/* Any of what is said is exceeded. */
static bool by_over(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    return is_over(w->size.objects, json_num(wanted, "objects", -1)) ||
           is_over(w->size.routes, json_num(wanted, "routes", -1)) ||
           is_over(w->size.share, wanted_share(wanted));
}

/* None of what is said is. */
static bool by_within(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    return !by_over(wanted, w, o);
}

/* -- time ------------------------------------------------------------------------------------ */

static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static bool on_day(const cJSON *days, int weekday)
{
    return !days || is_any(days, weekdays[(weekday + 7) % 7]);
}

/* One that goes over midnight belongs to the day on which it begins. */
static bool within_hours(const cJSON *wanted, const struct tm *t)
{
    const cJSON *days = json_get(wanted, "days");
    int from = zone_minutes(json_str(wanted, "from"));
    int to = zone_minutes(json_str(wanted, "to")), is = t->tm_hour * 60 + t->tm_min;
    if (from < 0)
        return on_day(days, t->tm_wday);
    if (from < to)
        return is >= from && is < to && on_day(days, t->tm_wday);
    return (is >= from && on_day(days, t->tm_wday)) || (is < to && on_day(days, t->tm_wday - 1));
}

static bool by_window(const cJSON *wanted, const struct wish *w, const struct wish_object *o)
{
    (void)o;
    const char *zone = json_str(wanted, "zone");
    double since = when_parse(json_str(wanted, "since"));
    double until = when_parse(json_str(wanted, "until"));
    struct tm t;
    if ((since > 0 && w->now < since) || (until > 0 && w->now >= until))
        return false;
    return zone_local(zone ? zone : "UTC", w->now, &t) && within_hours(wanted, &t);
}

/* -- the table ------------------------------------------------------------------------------- */

static const struct field a_pattern = { "pattern", STR, OPT, NULL, .min = 1, .max = 256 };
static const struct field a_risk = { "risk", STR, OPT, NULL, .one_of = "read|change|destroy" };
static const struct field a_role = { "role", STR, OPT, NULL, .one_of = ROLES };
static const struct field a_channel = { "channel", STR, OPT, NULL, .one_of = CHANNEL_WORDS };
static const struct field a_day = { "day", STR, OPT, NULL,
                                    .one_of = "mon|tue|wed|thu|fri|sat|sun" };
static const struct field sizes[] = {
    { "objects", INT, OPT, NULL, .min = 1, .max = 100000 },
    { "routes", INT, OPT, NULL, .min = 1, .max = 100000 },
    { "share", STR, OPT, NULL, .min = 2, .max = 16 },
    { 0 },
};
static const struct field window[] = {
    { "days", LIST, OPT, NULL, .min = 1, .max = 7, .of = &a_day },
    { "from", STR, OPT, NULL, .min = 5, .max = 5 },
    { "to", STR, OPT, NULL, .min = 5, .max = 5 },
    { "zone", STR, OPT, NULL, .min = 1, .max = 60 },
    { "since", STR, OPT, NULL, .min = 10, .max = 40 },
    { "until", STR, OPT, NULL, .min = 10, .max = 40 },
    { 0 },
};

#define MANY(item) LIST, OPT, NULL, .min = 1, .max = 256, .of = &(item)
const struct predicate predicates[] = {
    { { "tool", MANY(a_pattern) }, by_tool },
    { { "kind", MANY(a_pattern) }, by_kind },
    { { "name", MANY(a_pattern) }, by_object_name },
    { { "gateway", MANY(a_pattern) }, by_gateway },
    { { "risk", MANY(a_risk) }, by_risk },
    { { "requester", MANY(a_pattern) }, by_requester },
    { { "role", MANY(a_role) }, by_role },
    { { "channel", MANY(a_channel) }, by_channel },
    { { "over", OBJ, OPT, NULL, .of = sizes }, by_over },
    { { "within", OBJ, OPT, NULL, .of = sizes }, by_within },
    { { "window", OBJ, OPT, NULL, .of = window }, by_window },
    { { "older_than", STR, OPT, NULL, .min = 2, .max = 16 }, by_plan_age },
    { { "undo", BOOL, OPT, NULL }, by_undo },
    { { "frozen", BOOL, OPT, NULL }, by_freeze },
    { { 0 }, NULL },
};

const struct predicate *predicate_find(const char *name)
{
    for (const struct predicate *p = predicates; p->holds; p++)
        if (!strcmp(p->field.name, name))
            return p;
    return NULL;
}
