/* mcp_server.c - looks at the server of an MCP text: which one it is, what it allows, how it gets
 * to its service. mcp-yaml.md 2.1, 2.2, 2.6. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_text_private.h"
#include <string.h>

/* -- the server (2.1, 2.2) -------------------------------------------------------------------- */

void mcp_look_server(struct look *l)
{
    const cJSON *t = l->tree;
    if (json_get(t, "server") || json_get(t, "toolSet"))
        return;
    bool openapi = json_get(t, "paths") || json_get(t, "openapi") || json_get(t, "swagger");
    look_say(l, "", "%s",
             openapi ? "is an OpenAPI document; the plugin takes what openapi-to-mcp makes of it: "
                       "the members server and tools"
                     : "has neither server nor toolSet");
}

void mcp_look_name(struct look *l)
{
    const cJSON *server = json_get(l->tree, "server"), *name = json_get(server, "name");
    bool given = cJSON_IsString(name) ? *name->valuestring != '\0' : cJSON_IsNumber(name);
    if (server && !json_get(l->tree, "toolSet") && !given)
        look_say(l, "server.name", "is missing");
}

void mcp_look_both(struct look *l)
{
    if (json_get(l->tree, "server") && json_get(l->tree, "toolSet"))
        look_say(l, "server", "is not read beside toolSet");
}

void mcp_look_tools(struct look *l)
{
    static const char compiled[] = "quark-search|amap-tools";
    const cJSON *tools = json_get(l->tree, "tools"), *server = json_get(l->tree, "server");
    const char *name = json_text(server, "name");
    if (json_get(l->tree, "toolSet") || !server || mcp_is_proxy(l->tree) || json_count(tools) > 0 ||
        text_has_word(compiled, name))
        return;
    look_say(l, "tools", "is empty: '%s' must then be a server that is compiled into the plugin",
             look_name(l, name));
}

void mcp_look_allowed(struct look *l)
{
    const cJSON *allowed = json_get(l->tree, "allowTools"), *tools = json_get(l->tree, "tools");
    const cJSON *name;
    int i = 0;
    if (cJSON_IsArray(allowed) && !allowed->child)
        look_say(l, "allowTools", "is an empty list, which allows no tool; leave it out for all");
    bool listed = json_count(tools) > 0;
    cJSON_ArrayForEach(name, allowed)
    {
        if (listed && cJSON_IsString(name) && !json_find(tools, "name", name->valuestring))
            look_say(l, look_place(l, "allowTools[%d]", i), "'%s' is no tool of this server",
                     look_name(l, name->valuestring));
        i++;
    }
}

void mcp_look_type(struct look *l)
{
    const char *type = json_text(json_get(l->tree, "server"), "type");
    if (*type && !text_has_word("rest|mcp-proxy", type))
        look_say(l, "server.type", "'%s' is neither rest nor mcp-proxy and is taken for rest",
                 look_name(l, type));
}

static bool is_backend(const char *url)
{
    size_t scheme = text_starts(url, "http://") ? 7 : text_starts(url, "https://") ? 8 : 0;
    return *url == '/' || (scheme && url[scheme] && url[scheme] != '/');
}

void mcp_look_proxy(struct look *l)
{
    const cJSON *server = json_get(l->tree, "server");
    const char *transport = json_text(server, "transport"),
               *url = json_text(server, "mcpServerURL");
    const char *strategy = json_text(server, "protocolStrategy");
    if (!mcp_is_proxy(l->tree) || json_get(l->tree, "toolSet"))
        return;
    if (!text_has_word("http|sse", transport))
        look_say(l, "server.transport", "must be http or sse for mcp-proxy");
    if (!is_backend(url))
        look_say(l, "server.mcpServerURL",
                 "must be a URL with http or https and a host, or a path");
    if (*strategy && !text_has_word("legacy|modern", strategy))
        look_say(l, "server.protocolStrategy", "must be legacy or modern");
    if (!strcmp(strategy, "modern") && strcmp(transport, "http") != 0)
        look_say(l, "server.protocolStrategy", "modern needs the transport http");
}

static bool scheme_works(const cJSON *s)
{
    const char *type = json_text(s, "type");
    if (!strcmp(type, "http"))
        return text_has_word("basic|bearer", json_text(s, "scheme"));
    return !strcmp(type, "apiKey") && text_has_word("header|query", json_text(s, "in")) &&
           *json_text(s, "name");
}

void mcp_look_schemes(struct look *l)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_path(l->tree, "server.securitySchemes"))
    {
        const char *path = look_place(l, "server.securitySchemes[%d]", i++);
        if (!*json_text(s, "id") || mcp_scheme(l->tree, json_text(s, "id")) != s)
            look_say(l, path, "has no id of its own");
        else if (!scheme_works(s))
            look_say(l, path,
                     "'%s' is neither http with basic or bearer, nor apiKey with in and name",
                     look_name(l, json_text(s, "id")));
    }
}

/* -- what goes to the service with a credential (2.6) ----------------------------------------- */

static void look_requirement(struct look *l, const cJSON *r, const char *path)
{
    const char *id = json_text(r, "id");
    const cJSON *s = mcp_scheme(l->tree, id);
    if (!cJSON_IsObject(r) || !*id)
        return;
    if (!s)
        look_say(l, path, "names the scheme '%s', which server.securitySchemes has not",
                 look_name(l, id));
    else if (!*json_text(r, "credential") && !*json_text(s, "defaultCredential") &&
             !json_true(r, "passthrough"))
        look_say(l, path, "has no credential, and its scheme '%s' has no default",
                 look_name(l, id));
}

void mcp_look_upstream(struct look *l)
{
    const cJSON *tool;
    int i = 0;
    look_requirement(l, json_path(l->tree, "server.defaultUpstreamSecurity"),
                     "server.defaultUpstreamSecurity");
    cJSON_ArrayForEach(tool, json_get(l->tree, "tools"))
    {
        look_requirement(l, json_path(tool, "requestTemplate.security"),
                         look_place(l, "tools[%d].requestTemplate.security", i++));
    }
}
