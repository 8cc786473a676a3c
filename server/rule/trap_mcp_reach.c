/* trap_mcp_reach.c - traps of MCP servers as clients reach them: security that checks nothing,
 * streams before the login, hosts that never match, services that are others than the URLs say.
 * mcp-yaml.md 2.1, 2.6, 4.3, 5, 7, 10.4, 10.6. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "rule/mcp_section_private.h"
#include "rule/mcp_text_private.h"
#include "rule/trap_private.h"
#include <string.h>

static const cJSON *server_text(const struct trap_walk *t, const struct trap_object *o)
{
    struct err ignored = { 0 };
    return mcp_text_tree(trap_arena(t), json_get(o->json, "rawConfigurations"), &ignored);
}

static bool is_type(const struct trap_object *o, const char *types)
{
    return text_has_word(types, trap_text(o->json, "type"));
}

static const char *server_route(const struct trap_walk *t, const struct trap_object *o)
{
    return derived_name(trap_arena(t), DERIVED_MCP_ROUTE, o->name);
}

/* -- who may call (2.6, 10.4) ----------------------------------------------------------------- */

/* A login of the server, at its route, its domains, its services or everywhere. */
static bool is_server_guarded(const struct trap_walk *t, const struct trap_object *o)
{
    const struct trap_world *w = trap_of(t);
    const cJSON *m;
    if (json_true(json_get(o->json, "consumerAuthInfo"), "enable") ||
        trap_runs_at(w, ACCESS_LOGINS, "global") ||
        trap_runs_at(w, ACCESS_LOGINS, arena_printf(trap_arena(t), "route:%s", server_route(t, o))))
        return true;
    cJSON_ArrayForEach(m, json_get(o->json, "domains"))
    {
        if (cJSON_IsString(m) &&
            trap_runs_at(w, ACCESS_LOGINS,
                         arena_printf(trap_arena(t), "domain:%s", m->valuestring)))
            return true;
    }
    cJSON_ArrayForEach(m, json_get(o->json, "services"))
    {
        if (trap_runs_at(w, ACCESS_LOGINS,
                         arena_printf(trap_arena(t), "service:%s", trap_text(m, "name"))))
            return true;
    }
    return false;
}

/* Was it read with what says who may call? A list leaves that out. */
static bool is_whole(const struct trap_object *o)
{
    return cJSON_IsObject(json_get(o->json, "consumerAuthInfo"));
}

static const char *decor_in(const struct trap_walk *t, const cJSON *text)
{
    const cJSON *tool;
    int i = 0;
    if (cJSON_IsObject(json_path(text, "server.defaultDownstreamSecurity")))
        return "rawConfigurations.server.defaultDownstreamSecurity";
    cJSON_ArrayForEach(tool, json_get(text, "tools"))
    {
        if (cJSON_IsObject(json_get(tool, "security")))
            return arena_printf(trap_arena(t), "rawConfigurations.tools[%d].security", i);
        i++;
    }
    return NULL;
}

static void security_decor(struct trap_walk *t, const struct trap_object *o)
{
    const char *path = is_type(o, "OPEN_API") ? decor_in(t, server_text(t, o)) : NULL;
    if (path && is_whole(o) && !is_server_guarded(t, o))
        trap_add(t, o, path,
                 "checks nothing: it takes a credential out of the request and asks nobody whether "
                 "it is right, and no login stands before the server: everybody may call its "
                 "tools. Give it consumers");
}

static void database_open(struct trap_walk *t, const struct trap_object *o)
{
    if (is_type(o, "DATABASE") && is_whole(o) && !is_server_guarded(t, o))
        trap_add(t, o, "consumerAuthInfo",
                 "is off: whoever reaches %s runs any SQL that the database's user may",
                 trap_name(t, arena_printf(trap_arena(t), "/mcp-servers/%s", o->name)));
}

static void trap_server_unguarded(struct trap_walk *t, const struct trap_object *o)
{
    if (is_type(o, "OPEN_API|DIRECT_ROUTE") && is_whole(o) && !is_server_guarded(t, o) &&
        !(is_type(o, "OPEN_API") && decor_in(t, server_text(t, o))))
        trap_add(t, o, "consumerAuthInfo",
                 "is off and no login stands before the server: everybody who reaches the gateway "
                 "may call its tools");
}

static void stream_before_login(struct trap_walk *t, const struct trap_object *o)
{
    if (is_type(o, "OPEN_API|DATABASE") && is_server_guarded(t, o) &&
        json_true(mcp_section_of(t), "enable"))
        trap_add(
            t, o, "consumerAuthInfo",
            "does not hold for GET of the path with the SSE suffix: the stream is opened before "
            "any plugin is asked, and each keeps a subscription of Redis; only calls need the "
            "key");
}

static void no_events(struct trap_walk *t, const struct trap_object *o)
{
    if (is_type(o, "DIRECT_ROUTE") && json_true(mcp_section_of(t), "enable") &&
        !strcmp(trap_text(json_get(o->json, "directRouteConfig"), "transportType"), "streamable"))
        trap_add(t, o, "directRouteConfig.transportType",
                 "is streamable: a client of SSE gets 200, the text 'SSE connection create' and no "
                 "event");
}

static void many_domains(struct trap_walk *t, const struct trap_object *o)
{
    if (json_count(json_get(o->json, "domains")) > 1)
        trap_add(t, o, "domains",
                 "are several: the controller joins them to '(a|b)', which the session filter "
                 "compares as one host name, so that SSE of this server works on none of them");
}

/* -- where its requests go (10.6) ------------------------------------------------------------- */

/* "name" of a service "name.dns" whose source was read. */
static bool source_of(const struct trap_walk *t, const cJSON *service, struct trap_object *source)
{
    const char *name = trap_text(service, "name"), *dot = strrchr(name, '.');
    return dot && !strcmp(dot, ".dns") &&
           trap_lookup(trap_of(t), "service-source",
                       arena_strndup(trap_arena(t), name, (size_t)(dot - name)), NULL, source);
}

/* The host of "https://host:port/…"; "" where a template or nothing stands there. */
static const char *url_host(const struct trap_walk *t, const char *url)
{
    const char *at = strstr(url, "://");
    size_t n = at ? strcspn(at + 3, "/:?#{") : 0;
    return n && at[3 + n] != '{' ? arena_strndup(trap_arena(t), at + 3, n) : "";
}

static bool lists(const char *domains, const char *host)
{
    size_t n = strlen(host);
    for (const char *at = domains; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strcspn(at, ",:") == n && !strncasecmp(at, host, n))
            return true;
    }
    return false;
}

typedef void judge_url(struct trap_walk *t, const struct trap_object *o, const char *url,
                       const struct trap_object *source, const char *path);

static void each_url(struct trap_walk *t, const struct trap_object *o, judge_url *fn)
{
    const cJSON *text = is_type(o, "OPEN_API") ? server_text(t, o) : NULL, *tool;
    const cJSON *services = json_get(o->json, "services");
    struct trap_object source;
    int i = 0;
    if (json_count(services) != 1 || !source_of(t, services->child, &source))
        return;
    if (mcp_is_proxy(text)) {
        fn(t, o, trap_text(text, "server.mcpServerURL"), &source,
           "rawConfigurations.server.mcpServerURL");
        return;
    }
    cJSON_ArrayForEach(tool, json_get(text, "tools"))
    {
        fn(t, o, trap_text(tool, "requestTemplate.url"), &source,
           arena_printf(trap_arena(t), "rawConfigurations.tools[%d].requestTemplate.url", i++));
    }
}

static void other_host(struct trap_walk *t, const struct trap_object *o, const char *url,
                       const struct trap_object *source, const char *path)
{
    const char *host = url_host(t, url);
    if (*host && !lists(trap_text(source->json, "domain"), host))
        trap_add(
            t, o, path,
            "names the host %s, and the server's service goes to source %s, which has not: the "
            "URL's host is a Host header only",
            trap_name(t, host), trap_name(t, source->name));
}

static void other_scheme(struct trap_walk *t, const struct trap_object *o, const char *url,
                         const struct trap_object *source, const char *path)
{
    bool tls = text_has_word("https|grpcs", trap_text(source->json, "protocol"));
    bool wanted = text_starts(url, "https://");
    if (wanted != tls && (wanted || text_starts(url, "http://")))
        trap_add(
            t, o, path,
            "is %s, and source %s is spoken to %s: the protocol of the source decides, not the "
            "URL",
            wanted ? "https" : "http", trap_name(t, source->name),
            tls ? "with TLS" : "without TLS");
}

static void hosts_differ(struct trap_walk *t, const struct trap_object *o)
{
    each_url(t, o, other_host);
}

static void schemes_differ(struct trap_walk *t, const struct trap_object *o)
{
    each_url(t, o, other_scheme);
}

/* -- tool sets (2.1) -------------------------------------------------------------------------- */

static bool is_server(const struct trap_walk *t, const char *name)
{
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "mcp-server", &o);)
        if (!strcmp(o.name, name) || !strcmp(trap_text(server_text(t, &o), "server.name"), name))
            return true;
    return false;
}

static void tool_set_servers(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *set;
    int i = 0;
    cJSON_ArrayForEach(set, json_path(server_text(t, o), "toolSet.serverTools"))
    {
        const char *name = trap_text(set, "serverName");
        if (*name && !is_server(t, name))
            trap_add(t, o,
                     arena_printf(trap_arena(t), "rawConfigurations.toolSet.serverTools[%d]", i),
                     "names %s, which is no MCP server: its tools are left out with a warning",
                     trap_name(t, name));
        i++;
    }
}

static void tool_set_calls(struct trap_walk *t, const struct trap_object *o)
{
    const char *route = arena_printf(trap_arena(t), "route:%s", server_route(t, o));
    if (json_get(server_text(t, o), "toolSet") && !trap_runs_at(trap_of(t), "mcp-router", route) &&
        !trap_runs_at(trap_of(t), "mcp-router", "global"))
        trap_add(t, o, "rawConfigurations.toolSet",
                 "lists tools that cannot be called: without the plugin mcp-router every call is "
                 "answered -32601");
}

/* -- servers out of Nacos (7) ----------------------------------------------------------------- */

static bool wants_servers(const struct trap_object *o)
{
    return json_true(json_get(o->json, "properties"), "enableMCPServer");
}

static void nacos_type(struct trap_walk *t, const struct trap_object *o)
{
    if (wants_servers(o) && is_type(o, "nacos|nacos2"))
        trap_add(t, o, "properties.enableMCPServer",
                 "does nothing for the type %s: MCP servers are read from nacos3 only",
                 trap_text(o->json, "type"));
}

static void nacos_open(struct trap_walk *t, const struct trap_object *o)
{
    if (wants_servers(o) && is_type(o, "nacos3") &&
        !trap_runs_at(trap_of(t), ACCESS_LOGINS, "global"))
        trap_add(t, o, "properties.enableMCPServer",
                 "publishes every MCP server of the registry, with the credentials in its tools, "
                 "and no login stands before them: rules need the routes' generated names");
}

#define SERVERS .about = "mcp-server"
#define LOGINS .about = "mcp-server", .beside = "plugin-instance"

const struct trap trap_mcp_reach_rows[] = {
    { "mcp-yaml 2.6", "MCP_SECURITY_DECOR", "Security of tools that checks nothing",
      "security and defaultDownstreamSecurity take a credential out and hand it on; a wrong or "
      "missing one is no error.",
      TRAP_OPEN, LOGINS, .judge = security_decor },
    { "mcp-yaml 4.2 sql", "MCP_DATABASE_OPEN", "A database that everybody may ask",
      "Any SQL of the DSN's user is open to whoever reaches the path.", TRAP_OPEN, LOGINS,
      .judge = database_open },
    { "mcp-yaml 4.3 login", "MCP_STREAM_BEFORE_LOGIN", "Streams that need no login",
      "The session filter stands before every plugin: it answers GET of the SSE path itself.",
      TRAP_OPEN, .about = "mcp-server", .beside = "plugin-instance|higress-config",
      .judge = stream_before_login },
    { "mcp-yaml 10.4 open", "MCP_UNGUARDED", "An MCP server without a login",
      "Who may call is decided by plugins of the route only.", TRAP_NOTE, LOGINS,
      .judge = trap_server_unguarded },
    { "mcp-yaml 4.3 streamable", "MCP_STREAM_SILENT", "SSE of a streamable server",
      "With the upstream type streamable a GET with the suffix opens a stream without events.",
      TRAP_NOTE, .about = "mcp-server", .beside = "higress-config", .judge = no_events },
    { "mcp-yaml 5 domains", "MCP_MANY_DOMAINS", "Several domains of one MCP server",
      "From 2.1.8 until 2.2.3 several domains are joined to one text that no host equals.",
      TRAP_BROKEN, .from = "2.1.8", .until = "2.2.4", SERVERS, .judge = many_domains },
    { "mcp-yaml 10.6 host", "MCP_HOST_DIFFERS", "A tool's URL of another host than its service",
      "Requests go to the service of the server's route, whatever the URL says.", TRAP_NOTE,
      .about = "mcp-server", .beside = "service-source", .judge = hosts_differ },
    { "mcp-yaml 10.6 scheme", "MCP_SCHEME_DIFFERS", "A tool's URL of another scheme",
      "TLS is spoken where the service source says so.", TRAP_BROKEN, .about = "mcp-server",
      .beside = "service-source", .judge = schemes_differ },
    { "mcp-yaml 2.1 toolSet", "MCP_TOOLSET_SERVER", "A tool set of servers that are not there",
      "Tools come from servers of the same plugin; missing ones are skipped with a warning.",
      TRAP_DEAD, .about = "mcp-server", .beside = "mcp-server", .judge = tool_set_servers },
    { "mcp-yaml 2.1 mcp-router", "MCP_TOOLSET_CALLS", "A tool set whose tools cannot be called",
      "Calls of a tool set are routed by mcp-router only.", TRAP_BROKEN, LOGINS,
      .judge = tool_set_calls },
    { "mcp-yaml 7 type", "MCP_NACOS_TYPE", "MCP servers of a Nacos that has none",
      "MCP servers are read from registries of the type nacos3.", TRAP_DEAD,
      .about = "service-source", .judge = nacos_type },
    { "mcp-yaml 7 auth", "MCP_NACOS_OPEN", "MCP servers of a registry, open",
      "Servers out of Nacos have no login by themselves.", TRAP_OPEN, .about = "service-source",
      .beside = "plugin-instance", .judge = nacos_open },
    { 0 },
};
