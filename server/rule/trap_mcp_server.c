/* trap_mcp_server.c - traps of the servers that the gateway itself is (mcpServer.servers[]:
 * databases and the like): they sit before the router and need no route, so that rules of routes
 * and domains do not act on them. mcp-yaml.md 4.2. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_section_private.h"
#include "rule/trap_private.h"
#include <string.h>

typedef void judge_entry(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                         const char *path);

static void each_server_entry(struct trap_walk *t, const struct trap_object *o, judge_entry *fn)
{
    const cJSON *entry;
    int i = 0;
    cJSON_ArrayForEach(entry, json_get(mcp_section(o->json), "servers"))
        fn(t, o, entry, arena_printf(trap_arena(t), "data.higress.mcpServer.servers[%d]", i++));
}

/* -- entries that cannot be read -------------------------------------------------------------- */

static const char *entry_fault(const cJSON *entry)
{
    static const char types[] = "database|nacos-mcp-registry|rag|higress-api|higress-ops|"
                                "tool-search";
    if (!text_has_word(types, trap_text(entry, "type")))
        return "has a type that the gateway does not know";
    if (!*trap_text(entry, "path"))
        return "has no path";
    return *trap_text(entry, "name") ? NULL : "has no name";
}

static void trap_entry_refused(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                               const char *path)
{
    const char *why = entry_fault(entry);
    if (why)
        trap_add(t, o, path,
                 "%s: the filter refuses its configuration, and no server of the list "
                 "works",
                 why);
}

static void skipped(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                    const char *path)
{
    const char *why = entry_fault(entry);
    if (why)
        trap_add(t, o, path, "%s: the entry is skipped, with a line of the log", why);
}

static void entries_refused(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, trap_entry_refused);
}

static void entries_skipped(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, skipped);
}

/* -- who reaches them ------------------------------------------------------------------------- */

/* A login for every request, also one that no route takes. */
static bool is_guarded_everywhere(const struct trap_world *w)
{
    for (struct trap_object o = { 0 }; trap_next(w, "plugin-instance", &o);)
        if (trap_is_global(&o) && trap_enabled(&o) && text_has_word(ACCESS_LOGINS, o.name) &&
            (!text_has_word(ACCESS_BY_CONSUMER, o.name) ||
             trap_true(trap_settings(&o), "global_auth")))
            return true;
    return false;
}

static bool entry_works(const cJSON *entry, const struct trap_walk *t)
{
    return json_true(mcp_section_of(t), "enable") && !entry_fault(entry);
}

static void any_host(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                     const char *path)
{
    struct trap_object server;
    if (!entry_works(entry, t) || json_count(json_get(entry, "domain_list")) > 0 ||
        !trap_lookup(trap_of(t), "mcp-server", trap_text(entry, "name"), NULL, &server) ||
        is_guarded_everywhere(trap_of(t)))
        return;
    bool login = json_true(json_get(server.json, "consumerAuthInfo"), "enable"),
         hosts = json_count(json_get(server.json, "domains")) > 0;
    if (login || hosts)
        trap_add(
            t, o, path,
            "has no domain_list: with another Host than its route's, %s is reached without %s. "
            "Set domain_list, and a login at global scope with global_auth",
            trap_name(t, server.name),
            login ? "the key that its route asks for" : "its domains being asked for");
}

static void by_any_host(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, any_host);
}

static void orphan(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                   const char *path)
{
    struct trap_object server;
    if (entry_works(entry, t) && !is_guarded_everywhere(trap_of(t)) &&
        !trap_lookup(trap_of(t), "mcp-server", trap_text(entry, "name"), NULL, &server))
        trap_add(t, o, path,
                 "has no MCP server of the console: it needs no route and answers at %s of every "
                 "host, without a login",
                 trap_name(t, trap_text(entry, "path")));
}

static void orphans(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, orphan);
}

static void administers(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                        const char *path)
{
    const char *type = trap_text(entry, "type");
    bool basic = *trap_text(json_get(entry, "config"), "username");
    if (entry_works(entry, t) && text_has_word("higress-api|higress-ops", type) &&
        !(basic && !strcmp(type, "higress-ops")) && !is_guarded_everywhere(trap_of(t)))
        trap_add(t, o, path,
                 "is %s: whoever reaches %s administers the gateway, and no login stands before it",
                 type, trap_name(t, trap_text(entry, "path")));
}

static void administration(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, administers);
}

/* -- prefixes --------------------------------------------------------------------------------- */

static void takes_more(struct trap_walk *t, const struct trap_object *o, const cJSON *entry,
                       const char *path)
{
    const char *prefix = trap_text(entry, "path");
    if (!entry_works(entry, t))
        return;
    for (const cJSON *later = entry->next; later; later = later->next)
        if (text_starts(trap_text(later, "path"), prefix))
            trap_add(t, o, path, "takes the requests of %s, whose path begins like its own, too",
                     trap_name(t, trap_text(later, "name")));
    for (struct trap_object r = { 0 }; trap_next(trap_of(t), "route", &r);) {
        const char *own = trap_text(json_get(r.json, "path"), "matchValue");
        if (strcmp(own, prefix) != 0 && text_starts(own, prefix))
            trap_add(t, o, path,
                     "takes the requests of route %s, whose path begins like its own: POST goes to "
                     "the server, other methods are answered 405",
                     trap_name(t, r.name));
    }
}

static void prefixes(struct trap_walk *t, const struct trap_object *o)
{
    each_server_entry(t, o, takes_more);
}

#define CONFIG .about = "higress-config"

const struct trap trap_mcp_server_rows[] = {
    { "mcp-yaml 4.2 host", "MCP_ANY_HOST", "A database that another Host reaches",
      "A server of the list is matched by path before the router: with a Host that no route has, "
      "rules bound to routes and domains do not act.",
      TRAP_OPEN, CONFIG, .beside = "mcp-server|plugin-instance", .judge = by_any_host },
    { "mcp-yaml 4.2 no route", "MCP_WITHOUT_ROUTE", "A server that answers without a route",
      "A server of the list answers also where its Ingress is gone.", TRAP_OPEN, CONFIG,
      .beside = "mcp-server|plugin-instance", .judge = orphans },
    { "mcp-yaml 4.2 higress-api", "MCP_ADMINISTRATION", "The gateway's administration, open",
      "higress-api and higress-ops change and show the gateway; only higress-ops may ask for a "
      "password, from 2.2.4 on.",
      TRAP_OPEN, CONFIG, .beside = "plugin-instance", .judge = administration },
    { "mcp-yaml 4.2 prefix", "MCP_PREFIX", "A server that takes more than its path",
      "A path is a prefix of letters: /db takes /db2, too.", TRAP_BROKEN, CONFIG, .beside = "route",
      .judge = prefixes },
    { "mcp-yaml 4.2 entry", "MCP_ENTRY_REFUSED", "An entry that ends every server of the list",
      "Before 2.2.4 one bad entry refuses the configuration of all.", TRAP_BROKEN, .until = "2.2.4",
      CONFIG, .judge = entries_refused },
    { "mcp-yaml 4.2 entry", "MCP_ENTRY_SKIPPED", "An entry that is skipped",
      "From 2.2.4 on a bad entry is skipped.", TRAP_DEAD, .from = "2.2.4", CONFIG,
      .judge = entries_skipped },
    { 0 },
};
