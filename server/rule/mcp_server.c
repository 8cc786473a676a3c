/* mcp_server.c - looks at the server of an MCP text: which one it is, what it allows, how it gets
 * to its service. mcp-yaml.md 2.1, 2.2, 2.6. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_text_private.h"
#include <string.h>

/* -- the server (2.1, 2.2) -------------------------------------------------------------------- */

void mcp_look_server(struct mcp_look *l)
{
    const cJSON *t = l->text;
    if (json_get(t, "server") || json_get(t, "toolSet"))
        return;
    bool openapi = json_get(t, "paths") || json_get(t, "openapi") || json_get(t, "swagger");
    mcp_say(l, "", "%s",
            openapi ? "is an OpenAPI document; the plugin takes what openapi-to-mcp makes of it: "
                      "the members server and tools"
                    : "has neither server nor toolSet");
}

void mcp_look_name(struct mcp_look *l)
{
    const cJSON *server = json_get(l->text, "server"), *name = json_get(server, "name");
    bool given = cJSON_IsString(name) ? *name->valuestring != '\0' : cJSON_IsNumber(name);
    if (server && !json_get(l->text, "toolSet") && !given)
        mcp_say(l, "server.name", "is missing");
}

void mcp_look_both(struct mcp_look *l)
{
    if (json_get(l->text, "server") && json_get(l->text, "toolSet"))
        mcp_say(l, "server", "is not read beside toolSet");
}

void mcp_look_tools(struct mcp_look *l)
{
    static const char compiled[] = "quark-search|amap-tools";
    const cJSON *tools = json_get(l->text, "tools"), *server = json_get(l->text, "server");
    const char *name = mcp_text_of(server, "name");
    if (json_get(l->text, "toolSet") || !server || mcp_is_proxy(l->text) || json_count(tools) > 0 ||
        kind_has(compiled, name))
        return;
    mcp_say(l, "tools", "is empty: '%s' must then be a server that is compiled into the plugin",
            mcp_name(l, name));
}

static bool has_tool(const cJSON *tools, const char *name)
{
    const cJSON *t;
    cJSON_ArrayForEach(t, tools)
    {
        if (!strcmp(mcp_text_of(t, "name"), name))
            return true;
    }
    return false;
}

void mcp_look_allowed(struct mcp_look *l)
{
    const cJSON *allowed = json_get(l->text, "allowTools"), *tools = json_get(l->text, "tools");
    const cJSON *name;
    int i = 0;
    if (cJSON_IsArray(allowed) && !allowed->child)
        mcp_say(l, "allowTools", "is an empty list, which allows no tool; leave it out for all");
    cJSON_ArrayForEach(name, (json_count(tools) > 0 ? allowed : NULL))
    {
        if (cJSON_IsString(name) && !has_tool(tools, name->valuestring))
            mcp_say(l, mcp_place(l, "allowTools[%d]", i), "'%s' is no tool of this server",
                    mcp_name(l, name->valuestring));
        i++;
    }
}

void mcp_look_type(struct mcp_look *l)
{
    const char *type = mcp_text_of(json_get(l->text, "server"), "type");
    if (*type && !kind_has("rest|mcp-proxy", type))
        mcp_say(l, "server.type", "'%s' is neither rest nor mcp-proxy and is taken for rest",
                mcp_name(l, type));
}

static bool is_backend(const char *url)
{
    size_t scheme = text_starts(url, "http://") ? 7 : text_starts(url, "https://") ? 8 : 0;
    return *url == '/' || (scheme && url[scheme] && url[scheme] != '/');
}

void mcp_look_proxy(struct mcp_look *l)
{
    const cJSON *server = json_get(l->text, "server");
    const char *transport = mcp_text_of(server, "transport"),
               *url = mcp_text_of(server, "mcpServerURL");
    const char *strategy = mcp_text_of(server, "protocolStrategy");
    if (!mcp_is_proxy(l->text) || json_get(l->text, "toolSet"))
        return;
    if (!kind_has("http|sse", transport))
        mcp_say(l, "server.transport", "must be http or sse for mcp-proxy");
    if (!is_backend(url))
        mcp_say(l, "server.mcpServerURL", "must be a URL with http or https and a host, or a path");
    if (*strategy && !kind_has("legacy|modern", strategy))
        mcp_say(l, "server.protocolStrategy", "must be legacy or modern");
    if (!strcmp(strategy, "modern") && strcmp(transport, "http") != 0)
        mcp_say(l, "server.protocolStrategy", "modern needs the transport http");
}

static bool scheme_works(const cJSON *s)
{
    const char *type = mcp_text_of(s, "type");
    if (!strcmp(type, "http"))
        return kind_has("basic|bearer", mcp_text_of(s, "scheme"));
    return !strcmp(type, "apiKey") && kind_has("header|query", mcp_text_of(s, "in")) &&
           *mcp_text_of(s, "name");
}

void mcp_look_schemes(struct mcp_look *l)
{
    const cJSON *s;
    int i = 0;
    cJSON_ArrayForEach(s, json_path(l->text, "server.securitySchemes"))
    {
        const char *path = mcp_place(l, "server.securitySchemes[%d]", i++);
        if (!*mcp_text_of(s, "id") || mcp_scheme(l->text, mcp_text_of(s, "id")) != s)
            mcp_say(l, path, "has no id of its own");
        else if (!scheme_works(s))
            mcp_say(l, path,
                    "'%s' is neither http with basic or bearer, nor apiKey with in and name",
                    mcp_name(l, mcp_text_of(s, "id")));
    }
}

/* -- what goes to the service with a credential (2.6) ----------------------------------------- */

static void look_requirement(struct mcp_look *l, const cJSON *r, const char *path)
{
    const char *id = mcp_text_of(r, "id");
    const cJSON *s = mcp_scheme(l->text, id);
    if (!cJSON_IsObject(r) || !*id)
        return;
    if (!s)
        mcp_say(l, path, "names the scheme '%s', which server.securitySchemes has not",
                mcp_name(l, id));
    else if (!*mcp_text_of(r, "credential") && !*mcp_text_of(s, "defaultCredential") &&
             !json_true(r, "passthrough"))
        mcp_say(l, path, "has no credential, and its scheme '%s' has no default", mcp_name(l, id));
}

void mcp_look_upstream(struct mcp_look *l)
{
    const cJSON *tool;
    int i = 0;
    look_requirement(l, json_path(l->text, "server.defaultUpstreamSecurity"),
                     "server.defaultUpstreamSecurity");
    cJSON_ArrayForEach(tool, json_get(l->text, "tools"))
    {
        look_requirement(l, json_path(tool, "requestTemplate.security"),
                         mcp_place(l, "tools[%d].requestTemplate.security", i++));
    }
}
