/* trap_source.c - what the real stack (controller, pilot, Envoy) does with sources, domains and
 * canaries that the console does not say. */
#include "base/arena.h"
#include "base/json.h"
#include "kind/addresses.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- sources ---------------------------------------------------------------------------------- */

static void source_dropped(struct trap_walk *t, const struct trap_object *o)
{
    const char *type = json_str(o->json, "type"), *domain = json_str(o->json, "domain");
    struct addresses_fault f;
    if (type && domain && !addresses_taken(trap_arena(t), type, domain, &f))
        trap_add(t, o, "domain",
                 "the address '%s' %s: the controller drops the whole source, the service %s.%s is "
                 "not there",
                 trap_name(t, f.member), f.why, trap_name(t, o->name), type);
}

/* -- domains ---------------------------------------------------------------------------------- */

enum { LABEL_NAME = 63 };

/* Of the label that finds the routes of a domain: "domain_" and the name, "wildcard" for '*'. */
static size_t label_length(const char *domain)
{
    return strlen("domain_") + strlen(domain) + (*domain == '*' ? strlen("wildcard") - 1 : 0);
}

static void domain_long(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *d;
    int i = 0;
    if (!strcmp(o->kind, "domain") && label_length(o->name) > LABEL_NAME)
        trap_add(t, o, "name", "%zu bytes as a label: its routes cannot be asked for",
                 label_length(o->name));
    cJSON_ArrayForEach(d, json_get(o->json, "domains"))
    {
        const char *name = cJSON_IsString(d) ? d->valuestring : "";
        if (label_length(name) > LABEL_NAME)
            trap_add(t, o, arena_printf(trap_arena(t), "domains[%d]", i),
                     "%zu bytes as a label: the route is not found by its domain",
                     label_length(name));
        i++;
    }
}

/* -- canaries --------------------------------------------------------------------------------- */

static void trap_canary_own_envoy(struct trap_walk *t, const struct trap_object *o)
{
    static const char *const names[] = { "canary-by-header", "canary-by-cookie" };
    const cJSON *m, *customs = json_get(o->json, "customConfigs");
    if (!cJSON_IsObject(customs))
        return;
    cJSON_ArrayForEach(m, json_members(customs))
    {
        const char *slash = strchr(m->string, '/');
        for (size_t i = 0; slash && i < sizeof names / sizeof *names; i++)
            if (!strcmp(slash + 1, names[i]))
                trap_add(t, o, "customConfigs",
                         "%s needs Higress' own Envoy (cluster_fallback): a stock one refuses all "
                         "routes for it",
                         trap_name(t, m->string));
    }
}

const struct trap trap_source_rows[] = {
    { .number = "data-plane MCPBRIDGE",
      .verdict = "SOURCE_DROPPED",
      .title = "A source that the controller drops",
      .rule = "The console trims what the controller does not: for one blank or one empty member "
              "in the address list the source is dropped whole, and its traffic is 503 NC.",
      .risk = TRAP_BROKEN,
      .about = "service-source",
      .judge = source_dropped },
    { .number = "console-api 6.1",
      .verdict = "DOMAIN_TOO_LONG",
      .title = "A domain too long for its label",
      .rule = "Routes are found by the label domain_NAME of at most 63 bytes: for a longer one the "
              "console answers 500 to every question for the routes of the domain, and a cluster "
              "refuses the route.",
      .risk = TRAP_BROKEN,
      .about = "domain|route|ai-route|mcp-server",
      .judge = domain_long },
    { .number = "annotations 3",
      .verdict = "CANARY_OWN_ENVOY",
      .title = "A canary that stock Envoy cannot take",
      .rule = "A canary by header or cookie is rendered with cluster_fallback, which only Higress' "
              "own Envoy knows: any other refuses the whole route configuration.",
      .risk = TRAP_NOTE,
      .about = "route|ai-route",
      .judge = trap_canary_own_envoy },
    { 0 },
};
