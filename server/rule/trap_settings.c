/* trap_settings.c - what the tables of traps ask about plugin instances: where they run, what their
 * settings say to a plugin, and what comes of settings that it refuses. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/regex.h"
#include "rule/trap_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE = 400, WHY = 120 };

/* -- where instances run ---------------------------------------------------------------------- */

bool trap_is_global(const struct trap_object *o)
{
    return o->scope && !strcmp(o->scope, "global");
}

const char *trap_target(const struct trap_object *o, const char *kind_and_colon)
{
    bool is = o->scope && text_starts(o->scope, kind_and_colon);
    return is ? o->scope + strlen(kind_and_colon) : NULL;
}

bool trap_has_rules(const struct trap_world *w, const char *plugin)
{
    for (struct trap_object o = { 0 }; trap_next(w, "plugin-instance", &o);)
        if (!strcmp(o.name, plugin) && !trap_is_global(&o) && trap_enabled(&o))
            return true;
    return false;
}

bool trap_runs_at(const struct trap_world *w, const char *plugins, const char *scope)
{
    for (struct trap_object o = { 0 }; trap_next_of(w, "plugin-instance", NULL, scope, &o);)
        if (text_has_word(plugins, o.name) && trap_enabled(&o))
            return true;
    return false;
}

static bool route_has(const struct trap_walk *t, const char *plugins, const char *route)
{
    const struct trap_world *w = trap_of(t);
    struct trap_object o;
    const cJSON *m;
    if (!trap_lookup(w, "route", route, NULL, &o))
        return false;
    if (text_has_word(plugins, "key-auth") && json_true(json_get(o.json, "authConfig"), "enabled"))
        return true;
    cJSON_ArrayForEach(m, json_get(o.json, "domains"))
    {
        if (cJSON_IsString(m) &&
            trap_runs_at(w, plugins, arena_printf(trap_arena(t), "domain:%s", m->valuestring)))
            return true;
    }
    cJSON_ArrayForEach(m, json_get(o.json, "services"))
    {
        const char *name = json_str(m, "name");
        if (name && trap_runs_at(w, plugins, arena_printf(trap_arena(t), "service:%s", name)))
            return true;
    }
    return false;
}

bool trap_runs_on(const struct trap_walk *t, const char *plugins, const char *scope)
{
    static const char route[] = "route:";
    const struct trap_world *w = trap_of(t);
    return trap_runs_at(w, plugins, "global") || trap_runs_at(w, plugins, scope) ||
           (text_starts(scope, route) && route_has(t, plugins, scope + sizeof route - 1));
}

bool trap_is_canary(const struct trap_object *route)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(route->json, "customConfigs"))
    {
        if (m->string && strstr(m->string, "/canary"))
            return true;
    }
    return false;
}

/* -- what the plugin makes of a mistake ------------------------------------------------------- */

const char *trap_refusal(const struct trap_walk *t, const struct trap_object *o)
{
    if (trap_is_global(o) && trap_has_rules(trap_of(t), o->name))
        return "the plugin refuses it, and because it has rules at routes, domains or services it "
               "starts without its global part, with a warning in the log only";
    return "the plugin refuses its whole configuration, for every route: running pods keep the old "
           "one, a new pod runs without the plugin and requests pass it by";
}

void trap_refused(struct trap_walk *t, const struct trap_object *o, const char *path,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text =
        text_clean(trap_arena(t), arena_vprintf(trap_arena(t), format, args), SENTENCE);
    va_end(args);
    trap_add(t, o, path, "%s: %s", text, trap_refusal(t, o));
}

/* -- members ---------------------------------------------------------------------------------- */

bool trap_has(const cJSON *settings, const char *path)
{
    const cJSON *m = json_path(settings, path);
    return m && !cJSON_IsNull(m) && !(cJSON_IsString(m) && !*m->valuestring);
}

const char *trap_text(const cJSON *settings, const char *path)
{
    const cJSON *m = json_path(settings, path);
    return cJSON_IsString(m) ? m->valuestring : "";
}

bool trap_true(const cJSON *settings, const char *path)
{
    const cJSON *m = json_path(settings, path);
    return cJSON_IsTrue(m) || (cJSON_IsNumber(m) && m->valuedouble != 0) ||
           (cJSON_IsString(m) && text_equal_nocase(m->valuestring, "true"));
}

bool trap_removes_header(const cJSON *settings, const char *header)
{
    const cJSON *rule, *h;
    cJSON_ArrayForEach(rule, json_get(settings, "reqRules"))
    {
        if (strcmp(trap_text(rule, "operate"), "remove") != 0)
            continue;
        cJSON_ArrayForEach(h, json_get(rule, "headers"))
        {
            if (text_equal_nocase(trap_text(h, "key"), header))
                return true;
        }
    }
    return false;
}

bool trap_duration(const char *s)
{
    static const char *const units[] = { "ns", "us", "ms", "s", "m", "h" };
    do {
        char *end;
        double n = strtod(s, &end);
        size_t i = 0;
        const size_t count = sizeof units / sizeof *units;
        if (end == s || n < 0)
            return false;
        while (i < count && !text_starts(end, units[i]))
            i++;
        if (i == count)
            return false;
        s = end + strlen(units[i]);
    } while (*s);
    return true;
}

const char *trap_bad_regex(const struct trap_walk *t, const char *expression)
{
    char why[WHY] = "";
    return regex_size(expression, why, sizeof why) < 0 ? text_clean(trap_arena(t), why, WHY) : NULL;
}
