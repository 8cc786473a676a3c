/* trap_mcp_text.c - traps in the text of an MCP server: what makes the plugin refuse it, and what
 * it takes without a word and does not do. mcp-yaml.md 2, 3, 9, 10.1 to 10.4.
 *
 * A row carries its look (mcp_text_private.h); `refused` ones are rules of the write path, too
 * (check_mcp.c).
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "rule/mcp_text_private.h"
#include "rule/trap_private.h"
#include <stdio.h>
#include <string.h>

/* -- from an object to its text --------------------------------------------------------------- */

/* "orders" of an instance at route:mcp-server-orders.internal whose server was read with its text.
 */
static bool is_read_as_server(const struct trap_walk *t, const struct trap_object *o)
{
    static const char route[] = "route:";
    struct trap_object server;
    const char *name =
        o->scope && text_starts(o->scope, route)
            ? derived_from(trap_arena(t), DERIVED_MCP_ROUTE, o->scope + strlen(route))
            : NULL;
    return name && trap_lookup(trap_of(t), "mcp-server", name, NULL, &server) &&
           json_get(server.json, "rawConfigurations") &&
           !cJSON_IsNull(json_get(server.json, "rawConfigurations"));
}

/* The member that holds the text, or NULL where there is none to be judged. */
static const char *judged_member(const struct trap_walk *t, const struct trap_object *o)
{
    const char *type = json_str(o->json, "type");
    if (o->scope)
        return is_read_as_server(t, o) || json_count(trap_settings(o)) == 0 ? NULL
                                                                            : "configurations";
    return type && strcmp(type, "OPEN_API") != 0 ? NULL : "rawConfigurations";
}

static void judge_text(struct trap_walk *t, const struct trap_object *o)
{
    struct err ignored = { 0 };
    const char *member = judged_member(t, o);
    const cJSON *tree =
        member ? mcp_text_tree(trap_arena(t), json_get(o->json, member), &ignored) : NULL;
    if (tree)
        look_through(t, o, tree, member);
}

static void judge_yaml(struct trap_walk *t, const struct trap_object *o)
{
    struct err e = { 0 };
    if (judged_member(t, o) && !o->scope &&
        !mcp_text_tree(trap_arena(t), json_get(o->json, "rawConfigurations"), &e) &&
        e.kind != ERR_NONE)
        trap_add(t, o, "rawConfigurations", "%s", trap_name(t, e.text));
}

/* The console looks for these letters, wherever they stand. */
static void judge_letters(struct trap_walk *t, const struct trap_object *o)
{
    struct err ignored = { 0 };
    const cJSON *raw = json_get(o->json, "rawConfigurations");
    const cJSON *tree = judged_member(t, o) ? mcp_text_tree(trap_arena(t), raw, &ignored) : NULL;
    if (tree && cJSON_IsString(raw) && !strstr(raw->valuestring, "tools:") &&
        (json_get(tree, "toolSet") || mcp_is_proxy(tree)))
        trap_add(t, o, "rawConfigurations",
                 "has no member 'tools:', so that the console stores the server switched off: "
                 "POST requests reach the service as they are");
}

/* -- the table -------------------------------------------------------------------------------- */

#define SKIPPED                                                                                    \
    "The plugin skips the server: gateway pods that run keep the last version that worked, new "   \
    "ones send its requests to the service as they are."
#define TEXT .about = "mcp-server|plugin-instance", .plugins = "mcp-server", .judge = judge_text

const struct trap trap_mcp_text_rows[] = {
    { .number = "mcp-yaml 2",
      .verdict = "MCP_NOT_YAML",
      .title = "The text of an MCP server is no YAML",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      .about = "mcp-server",
      .judge = judge_yaml },
    { .number = "mcp-yaml 2.1",
      .verdict = "MCP_NO_SERVER",
      .title = "An MCP text without server and toolSet",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_server) },
    { .number = "mcp-yaml 2.1",
      .verdict = "MCP_NO_NAME",
      .title = "An MCP server without a name",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_name) },
    { .number = "mcp-yaml 2.1",
      .verdict = "MCP_NO_TOOLS",
      .title = "An MCP server without tools",
      .rule = "A server of type rest without tools is refused, unless its name is one that is "
              "compiled into the plugin's image.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_tools) },
    { .number = "mcp-yaml 2.1",
      .verdict = "MCP_TOOLSET_WINS",
      .title = "server beside toolSet",
      .rule = "Of server and toolSet the plugin reads toolSet, without a word.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_both) },
    { .number = "mcp-yaml 2.1",
      .verdict = "MCP_TOOLS_ALLOWED",
      .title = "allowTools does not name the tools",
      .rule = "Absent allowTools allows all, an empty list none; names must be those of tools.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_allowed) },
    { .number = "mcp-yaml 2.2",
      .verdict = "MCP_TYPE_UNKNOWN",
      .title = "A server type that nobody knows",
      .rule = "Any type but mcp-proxy is taken for rest.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_type) },
    { .number = "mcp-yaml 2.2",
      .verdict = "MCP_PROXY_INCOMPLETE",
      .title = "mcp-proxy without what it needs",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_proxy) },
    { .number = "mcp-yaml 2.2",
      .verdict = "MCP_SCHEME_BAD",
      .title = "A security scheme that cannot work",
      .rule = "What is wrong with a scheme is found only when it is used; the request is then sent "
              "without a credential.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_schemes) },
    { .number = "mcp-yaml 2.3",
      .verdict = "MCP_TYPES",
      .title = "A member of another type",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_types) },
    { .number = "mcp-yaml 10.1",
      .verdict = "MCP_MEMBER_UNKNOWN",
      .title = "A member that the plugin does not know",
      .rule = "The plugin ignores unknown members everywhere.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_unknown) },
    { .number = "mcp-yaml 10.1",
      .verdict = "MCP_TOOL_NAMES",
      .title = "Tools without a name of their own",
      .rule = "Of tools with one name the last counts; an empty name is a name.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_names) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_TOOL_NO_URL",
      .title = "A tool without a URL",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_url) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_ARGS_TWO_WAYS",
      .title = "More than one argsTo…",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_ways) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_RESPONSE_BOTH",
      .title = "body beside prependBody or appendBody",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_response) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_TEMPLATE_OPEN",
      .title = "A template that is not closed",
      .rule = SKIPPED,
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_REFUSED(mcp_look_templates) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_ARG_NOWHERE",
      .title = "An argument that is sent nowhere",
      .rule = "An argument needs a position, an argsTo… or a template that names it.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_args) },
    { .number = "mcp-yaml 10.2",
      .verdict = "MCP_PATH_PLACEHOLDER",
      .title = "A place in the URL that nothing fills",
      .rule = "{name} in a URL is replaced by the argument of that name with the position path.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_holes) },
    { .number = "mcp-yaml 2.3",
      .verdict = "MCP_PATH_UNESCAPED",
      .title = "An argument that goes into the URL as it is",
      .rule = "Arguments with the position path are put into the URL without escaping.",
      .risk = TRAP_NOTE,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_escapes) },
    { .number = "mcp-yaml 2.3",
      .verdict = "MCP_HEADER_TWICE",
      .title = "A header given twice",
      .rule = "Of headers with one key the last template counts.",
      .risk = TRAP_DEAD,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_headers) },
    { .number = "mcp-yaml 10.3",
      .verdict = "MCP_SCHEMA",
      .title = "An argument's schema that the plugin does not take",
      .rule =
          "From 2.2.4 on one such schema refuses the whole server; legacyOnly: true on the tool "
          "keeps it for clients of old protocol versions.",
      .risk = TRAP_BROKEN,
      .from = "2.2.4",
      TEXT,
      .with = LOOK_TAKEN(mcp_look_schemas) },
    { .number = "mcp-yaml 10.4",
      .verdict = "MCP_CREDENTIAL_MISSING",
      .title = "A credential for the service that is not there",
      .rule = "With an unknown scheme or no credential the request is sent without one; the only "
              "word is a line of the error log.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_upstream) },
    { .number = "mcp-yaml 9",
      .verdict = "MCP_URL_RELATIVE",
      .title = "A tool's URL without a host",
      .rule = "A relative server URL of an OpenAPI document makes tools that cannot be called.",
      .risk = TRAP_BROKEN,
      TEXT,
      .with = LOOK_TAKEN(mcp_look_address) },
    { .number = "mcp-yaml 3",
      .verdict = "MCP_STORED_OFF",
      .title = "An MCP server that the console stores switched off",
      .rule = "The console switches a server on only where its text holds 'tools:'.",
      .risk = TRAP_BROKEN,
      .about = "mcp-server",
      .judge = judge_letters },
    { 0 },
};
