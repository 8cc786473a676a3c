/* trap_plugin.c - traps of any plugin instance: which rule wins, what an empty one does, values
 * that its parser reads as nothing. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/schema.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- plugin-config 13.2 ----------------------------------------------------------------------- */

/* Which do something sensible without settings. */
static const char modest[] = "bot-detect|cors|geo-ip|ai-statistics|model-router|model-mapper|"
                             "ai-proxy|mcp-server|mcp-router|traffic-tag|log-request-response|"
                             "simple-jwt-auth|ai-json-resp|hmac-auth-apisix";

static bool is_empty_instance(const struct trap_object *o)
{
    bool rule_of_auth = text_has_word(ACCESS_BY_CONSUMER, o->name) && !trap_is_global(o);
    return trap_enabled(o) && json_count(trap_settings(o)) == 0 &&
           !text_has_word(modest, o->name) && !json_true(o->json, "internal") && !rule_of_auth;
}

static void guard_empty(struct trap_walk *t, const struct trap_object *o)
{
    if (is_empty_instance(o))
        trap_refused(t, o, "configurations", "is empty and switched on");
}

static void plugin_empty(struct trap_walk *t, const struct trap_object *o)
{
    if (is_empty_instance(o) && !text_has_word(TRAP_GUARDS, o->name))
        trap_refused(t, o, "configurations", "is empty and switched on");
}

/* -- plugin-config 13.4, 1.2: which instance wins --------------------------------------------- */

static void shadowed(struct trap_walk *t, const struct trap_object *o)
{
    const char *route = trap_target(o, "route:");
    struct arena *a = trap_arena(t);
    struct trap_object r;
    const cJSON *s;
    int covered = 0, all = 0;
    const char *by = "";
    if (!route || !trap_enabled(o) || !trap_lookup(trap_of(t), "route", route, NULL, &r))
        return;
    cJSON_ArrayForEach(s, json_get(r.json, "services"))
    {
        const char *scope = arena_printf(a, "service:%s", trap_text(s, "name"));
        all++;
        if (!trap_runs_at(trap_of(t), o->name, scope))
            continue;
        covered++;
        by = trap_name(t, trap_text(s, "name"));
    }
    if (covered > 0)
        trap_add(t, o, "",
                 "does not count for requests to %s%s: the instance of the service stands first in "
                 "the list and replaces this one",
                 by, covered < all ? ", one of its services" : "");
}

static void off_means_global(struct trap_walk *t, const struct trap_object *o)
{
    if (!trap_is_global(o) && !trap_enabled(o) && trap_runs_at(trap_of(t), o->name, "global"))
        trap_add(t, o, "enabled",
                 "is false, which takes the rule away: the global configuration of %s acts here",
                 trap_name(t, o->name));
}

/* Rules of these are parsed on top of the global part, or beside it. */
static const char merging[] = "ai-proxy|hmac-auth-apisix|mcp-router|" ACCESS_BY_CONSUMER;

static void hides_global(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object global;
    const cJSON *m;
    if (trap_is_global(o) || !trap_enabled(o) || text_has_word(merging, o->name) ||
        !trap_lookup(trap_of(t), "plugin-instance", o->name, "global", &global) ||
        !trap_enabled(&global))
        return;
    cJSON_ArrayForEach(m, json_members(trap_settings(&global)))
    {
        if (json_get(trap_settings(o), m->string))
            continue;
        trap_add(t, o, "configurations",
                 "replaces the global one whole: its %s does not count here, nothing is merged",
                 trap_name(t, m->string));
        return;
    }
}

static void targets(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *to = json_get(o->json, "targets");
    if (trap_has(to, "ROUTE") && trap_has(to, "DOMAIN"))
        trap_add(t, o, "targets", "names a route and a domain: the domain is not looked at");
}

static void no_target(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *to = json_get(o->json, "targets");
    if (cJSON_IsObject(to) && json_count(to) == 0 && !trap_is_global(o))
        trap_add(t, o, "targets",
                 "is empty: the controller refuses the whole object of this plugin, "
                 "and after its restart the plugin is gone");
}

/* -- plugin-config 1.3 ------------------------------------------------------------------------ */

static void value_type(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *schema = trap_schema(trap_of(t), o->name);
    struct err e = { 0 };
    if (!schema || !trap_enabled(o) ||
        schema_check(trap_arena(t), schema, trap_settings(o), "configurations", false, &e))
        return;
    size_t n = strcspn(e.text, ":");
    trap_add(t, o, arena_strndup(trap_arena(t), e.text, n),
             "is of another type than the schema says: the plugin reads nothing there, or refuses "
             "its configuration");
}

static void member_unknown(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *schema = trap_schema(trap_of(t), o->name), *m;
    if (!schema || !trap_enabled(o))
        return;
    cJSON_ArrayForEach(m, schema_unknown(trap_arena(t), schema, trap_settings(o), "configurations"))
    {
        if (!schema_plugin_takes(o->name, m->valuestring))
            trap_add(t, o, m->valuestring, "is neither in the schema nor known to be read");
    }
}

#define INSTANCE .about = "plugin-instance"
#define BESIDE .beside = "plugin-instance"

const struct trap trap_plugin_rows[] = {
    { "plugin-config 13.2", "GUARD_EMPTY", "A guard without settings",
      "An enabled instance without settings reaches the plugin as {}: one with required members "
      "refuses its whole configuration.",
      TRAP_OPEN, INSTANCE, .plugins = TRAP_GUARDS, BESIDE, .judge = guard_empty },
    { "plugin-config 13.2", "PLUGIN_EMPTY", "A plugin instance without settings",
      "An enabled instance without settings reaches the plugin as {}: one with required members "
      "refuses its whole configuration.",
      TRAP_BROKEN, INSTANCE, BESIDE, .judge = plugin_empty },
    { "plugin-config 13.4", "INSTANCE_OFF_GLOBAL_ACTS",
      "An instance that is off, meant as 'not here'",
      "A disabled rule is removed, and the global configuration applies again.", TRAP_BROKEN,
      INSTANCE, BESIDE, .judge = off_means_global },
    { "plugin-config 13.4", "INSTANCE_SHADOWED", "A route's instance that a service's replaces",
      "Among rules the first in list order wins, and the console sorts rules of services first.",
      TRAP_DEAD, INSTANCE, .beside = "plugin-instance|route", .judge = shadowed },
    { "plugin-config 13.4", "INSTANCE_DOMAIN_IGNORED", "A rule with a route and a domain",
      "A rule with ingress and domain ignores the domain.", TRAP_BROKEN, INSTANCE,
      .judge = targets },
    { "plugin-config 13.4", "INSTANCE_WITHOUT_TARGET", "A rule without any target",
      "A rule without ingress, domain and service makes the controller refuse the whole object.",
      TRAP_BROKEN, INSTANCE, .judge = no_target },
    { "plugin-config 1.2", "INSTANCE_HIDES_GLOBAL", "An instance that hides global settings",
      "A rule's configuration replaces the global one, nothing is merged.", TRAP_NOTE, INSTANCE,
      BESIDE, .judge = hides_global },
    { "plugin-config 1.3", "PLUGIN_VALUE_TYPE", "A value of a wrong type",
      "A value of a wrong type is the zero value, without an error, or refused.", TRAP_DEAD,
      INSTANCE, .judge = value_type },
    { "plugin-config 1.3", "PLUGIN_MEMBER_UNKNOWN", "A member that nobody is known to read",
      "Unknown members are ignored by all plugins.", TRAP_DEAD, INSTANCE, .judge = member_unknown },
    { 0 },
};
