/* test_trap_mcp.c - the traps of MCP servers, each by its number in mcp-yaml.md; what the plugin
 * refuses is refused on the write path, too. Texts here have ' for ". */
#include "trap_case.h"

#include "base/file.h"
#include "base/yaml.h"
#include "rule/check.h"
#include "rule/mcp_text_private.h"
#include "rule/trap_private.h"

/* A world of one rule of the plugin mcp-server. */
#define RULE(text)                                                                                 \
    "{'mcp-server':[],'plugin-instance':[{'scope':'route:mcp-server-a.internal','object':"         \
    "{'pluginName':'mcp-server','enabled':true,'configurations':" text "}}]}"
#define SERVER "'server':{'name':'a'}"
#define TOOL(members) RULE("{" SERVER ",'tools':[{'name':'t'," members "}]}")
#define URL "'url':'https://x.example/a'"
#define GOOD TOOL("'requestTemplate':{" URL "}")
#define FOUND "plugin-instance mcp-server (route:mcp-server-a.internal), configurations"

static const struct trap_case text_cases[] = {
    { "mcp-yaml 2", "MCP_NOT_YAML",
      "{'mcp-server':[{'name':'a','type':'OPEN_API','rawConfigurations':'server: [a'}]}", "a",
      "mcp-server a, rawConfigurations: ",
      "{'mcp-server':[{'name':'a','type':'DATABASE','rawConfigurations':'server: [a'}]}" },
    { "mcp-yaml 2.1", "MCP_NO_SERVER", RULE("{'tools':[]}"), "mcp-server",
      FOUND ": has neither server nor toolSet", GOOD },
    { "mcp-yaml 2.1", "MCP_NO_SERVER", RULE("{'openapi':'3.0.0','paths':{'/a':{}}}"), "mcp-server",
      "is an OpenAPI document", GOOD },
    { "mcp-yaml 2.1", "MCP_NO_NAME", RULE("{'server':{'version':'1'},'tools':[]}"), "mcp-server",
      FOUND ".server.name: is missing", GOOD },
    { "mcp-yaml 2.1", "MCP_NO_TOOLS", RULE("{" SERVER "}"), "mcp-server", FOUND ".tools: is empty",
      RULE("{'server':{'name':'amap-tools'}}") },
    { "mcp-yaml 2.1", "MCP_TOOLSET_WINS", RULE("{" SERVER ",'toolSet':{'name':'b'}}"), "mcp-server",
      ".server: is not read", RULE("{'toolSet':{'name':'b'}}") },
    { "mcp-yaml 2.1", "MCP_TOOLS_ALLOWED", RULE("{" SERVER ",'allowTools':[]}"), "mcp-server",
      "is an empty list", GOOD },
    { "mcp-yaml 2.1", "MCP_TOOLS_ALLOWED",
      RULE("{" SERVER ",'tools':[{'name':'t','requestTemplate':{" URL "}}],'allowTools':['u']}"),
      "mcp-server", ".allowTools[0]: 'u' is no tool",
      RULE("{" SERVER ",'tools':[{'name':'t','requestTemplate':{" URL "}}],'allowTools':['t']}") },
    { "mcp-yaml 2.2", "MCP_TYPE_UNKNOWN", RULE("{'server':{'name':'a','type':'proxy'}}"),
      "mcp-server", "'proxy' is neither rest nor mcp-proxy", GOOD },
    { "mcp-yaml 2.2", "MCP_PROXY_INCOMPLETE",
      RULE("{'server':{'name':'a','type':'mcp-proxy','mcpServerURL':'/mcp'}}"), "mcp-server",
      "server.transport: must be http or sse",
      RULE("{'server':{'name':'a','type':'mcp-proxy','transport':'http','mcpServerURL':'/mcp'}}") },
    { "mcp-yaml 2.2", "MCP_PROXY_INCOMPLETE",
      RULE("{'server':{'name':'a','type':'mcp-proxy','transport':'sse','mcpServerURL':'ftp://x'}}"),
      "mcp-server", "server.mcpServerURL: must be a URL", GOOD },
    { "mcp-yaml 2.2", "MCP_SCHEME_BAD",
      RULE("{'server':{'name':'a','securitySchemes':[{'id':'k','type':'oauth2'}]}}"), "mcp-server",
      "securitySchemes[0]: 'k' is neither http",
      RULE("{'server':{'name':'a','securitySchemes':[{'id':'k','type':'apiKey','in':'header',"
           "'name':'X-Key'}]}}") },
    { "mcp-yaml 2.3", "MCP_TYPES", TOOL("'requestTemplate':{" URL ",'security':[{'id':'k'}]}"),
      "mcp-server", ".tools[0].requestTemplate.security: is a list; the plugin takes one object",
      TOOL("'requestTemplate':{" URL ",'security':{'id':'k'}}") },
    { "mcp-yaml 2.3", "MCP_TYPES", TOOL("'requestTemplate':{" URL ",'headers':{'a':'b'}}"),
      "mcp-server", "headers: is an object; the plugin takes a list", GOOD },
    { "mcp-yaml 2.3", "MCP_TYPES", TOOL("'errorResponseTemplate':{'body':'x'}"), "mcp-server",
      "errorResponseTemplate: is an object; the plugin takes a text", GOOD },
    { "mcp-yaml 10.1", "MCP_MEMBER_UNKNOWN", TOOL("'requestTemplates':{" URL "}"), "mcp-server",
      ".tools[0].requestTemplates: is no member that the plugin knows", GOOD },
    { "mcp-yaml 10.1", "MCP_TOOL_NAMES", RULE("{" SERVER ",'tools':[{'name':'t'},{'name':'t'}]}"),
      "mcp-server", ".tools[1].name: 't' is the name of an earlier tool", GOOD },
    { "mcp-yaml 10.2", "MCP_TOOL_NO_URL", TOOL("'args':[]"), "mcp-server",
      "requestTemplate.url: is missing", TOOL("'responseTemplate':{'body':'x'}") },
    { "mcp-yaml 10.2", "MCP_ARGS_TWO_WAYS",
      TOOL("'requestTemplate':{" URL ",'argsToJsonBody':true,'argsToFormBody':true}"), "mcp-server",
      "has more than one of", TOOL("'requestTemplate':{" URL ",'argsToJsonBody':true}") },
    { "mcp-yaml 10.2", "MCP_RESPONSE_BOTH",
      TOOL("'requestTemplate':{" URL "},'responseTemplate':{'body':'x','appendBody':'y'}"),
      "mcp-server", "has body beside", GOOD },
    { "mcp-yaml 10.2", "MCP_TEMPLATE_OPEN",
      TOOL("'requestTemplate':{'url':'https://x.example/{{.args.a'}"), "mcp-server",
      "url: opens '{{' and does not close it",
      TOOL("'requestTemplate':{'url':'https://x.example/{{.args.a}}'}") },
    { "mcp-yaml 10.2", "MCP_ARG_NOWHERE", TOOL("'args':[{'name':'q'}],'requestTemplate':{" URL "}"),
      "mcp-server", "args[0]: 'q' has no position",
      TOOL("'args':[{'name':'q','position':'query'}],'requestTemplate':{" URL "}") },
    { "mcp-yaml 10.2", "MCP_ARG_NOWHERE",
      TOOL("'args':[{'name':'q','position':'form'}],'requestTemplate':{" URL "}"), "mcp-server",
      "position: 'form' is none of",
      TOOL("'args':[{'name':'q'}],'requestTemplate':{" URL ",'argsToJsonBody':true}") },
    { "mcp-yaml 10.2", "MCP_PATH_PLACEHOLDER",
      TOOL("'requestTemplate':{'url':'https://x.example/{id}'}"), "mcp-server",
      "has {id}, and no argument",
      TOOL("'args':[{'name':'id','position':'path'}],'requestTemplate':{'url':"
           "'https://x.example/{{.config.a}}/{id}'}") },
    { "mcp-yaml 2.3", "MCP_PATH_UNESCAPED",
      TOOL("'args':[{'name':'id','position':'path'}],'requestTemplate':{'url':"
           "'https://x.example/{id}'}"),
      "mcp-server", "note MCP_PATH_UNESCAPED",
      TOOL("'args':[{'name':'id','position':'path','type':'integer'}],'requestTemplate':{'url':"
           "'https://x.example/{id}'}") },
    { "mcp-yaml 2.3", "MCP_HEADER_TWICE",
      TOOL("'requestTemplate':{" URL ",'headers':[{'key':'a','value':'1'},{'key':'a',"
           "'value':'2'}]}"),
      "mcp-server", "headers[0]: 'a' is given again", GOOD },
    { "mcp-yaml 10.3", "MCP_SCHEMA",
      TOOL("'args':[{'name':'q','type':'object','properties':{'x':{'type':'string','format':"
           "'date'}}}]"),
      "mcp-server", ".properties.x: has the keyword 'format' (if this gateway is at least 2.2.4)",
      TOOL("'legacyOnly':true,'args':[{'name':'q','type':'object','properties':{'x':{'type':"
           "'string','format':'date'}}}]") },
    { "mcp-yaml 10.3", "MCP_SCHEMA", TOOL("'args':[{'name':'q','enum':[1,2]}]"), "mcp-server",
      "args[0].enum: holds a value that is no string",
      TOOL("'args':[{'name':'q','type':'integer','enum':[1,2]}]") },
    { "mcp-yaml 10.4", "MCP_CREDENTIAL_MISSING",
      TOOL("'requestTemplate':{" URL ",'security':{'id':'k'}}"), "mcp-server",
      "names the scheme 'k', which server.securitySchemes has not",
      RULE("{'server':{'name':'a','securitySchemes':[{'id':'k','type':'http','scheme':'bearer',"
           "'defaultCredential':'x'}],'defaultUpstreamSecurity':{'id':'k'}}}") },
    { "mcp-yaml 9", "MCP_URL_RELATIVE", TOOL("'requestTemplate':{'url':'/v1/a'}"), "mcp-server",
      "url: has no http:// or https:// and host", GOOD },
    { "mcp-yaml 3", "MCP_STORED_OFF",
      "{'mcp-server':[{'name':'a','type':'OPEN_API','rawConfigurations':"
      "'server: {name: a, type: mcp-proxy, transport: http, mcpServerURL: /mcp}'}]}",
      "a", "stores the server switched off",
      "{'mcp-server':[{'name':'a','type':'OPEN_API','rawConfigurations':"
      "'tools: []\\nserver: {name: a, type: mcp-proxy, transport: http, mcpServerURL: /mcp}'}]}" },
};

static char *quoted(struct arena *a, const char *s)
{
    char *text = arena_strdup(a, s);
    for (char *c = text; c && *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return text;
}

static void try_all(const struct trap_case *cases, size_t count)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < count; i++) {
        struct trap_case c = cases[i];
        c.trapped = quoted(a, c.trapped);
        c.well = quoted(a, c.well);
        case_try(&c);
    }
    arena_free(a);
}

static void texts_by_number(void **state)
{
    (void)state;
    try_all(text_cases, sizeof text_cases / sizeof *text_cases);
    case_all_tried(trap_mcp_text_rows, text_cases, sizeof text_cases / sizeof *text_cases);
}

/* A server that is also read with its text is judged once. */
static void a_text_is_judged_once(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const char *world = quoted(
        a, "{'mcp-server':[{'name':'a','type':'OPEN_API','rawConfigurations':'tools: []'}],"
           "'plugin-instance':[{'scope':'route:mcp-server-a.internal','object':{'pluginName':"
           "'mcp-server','configurations':{'tools':[]}}}]}");
    const struct trap_findings *all = trap_find(a, case_world(a, world), NULL);
    assert_non_null(case_finding(all, "MCP_NO_SERVER", 0));
    assert_null(case_finding(all, "MCP_NO_SERVER", 1));
    arena_free(a);
}

/* -- the write path --------------------------------------------------------------------------- */

static const struct {
    const char *text, *words;
} refused[] = {
    { "server: [a", "rawConfigurations: " },
    { "just words", "is YAML, but no object" },
    { "tools: []", "rawConfigurations: has neither server nor toolSet" },
    { "openapi: 3.0.0\npaths: {}", "is an OpenAPI document" },
    { "swagger: \"2.0\"\npaths: {}", "is an OpenAPI document" },
    { "server: {version: \"1\"}\ntools: []", "rawConfigurations.server.name: is missing" },
    { "server: {name: a}\ntools: [{name: t, security: [{id: k}], requestTemplate: {url: "
      "\"http://x/\"}}]",
      "rawConfigurations.tools[0].security: is a list; the plugin takes one object" },
    { "server: {name: a}\ntools: [{name: t, requestTemplates: {url: \"http://x/\"}}]",
      "rawConfigurations.tools[0].requestTemplate.url: is missing" },
};

static cJSON *server_of(struct arena *a, const char *text)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", "biz");
    json_set_str(a, o, "type", "OPEN_API");
    cJSON *service = json_add(a, json_set_array(a, o, "services"), json_object(a));
    json_set_str(a, service, "name", "web.static");
    json_set_num(a, service, "port", 80);
    json_set_str(a, o, "rawConfigurations", text);
    return o;
}

static void what_the_plugin_refuses_is_not_written(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e = { 0 };
        if (check_object(a, kind_find("mcp-server"), NULL, server_of(a, refused[i].text), &e))
            fail_msg("taken: %s", refused[i].text);
        if (!strstr(e.text, refused[i].words))
            fail_msg("'%s' does not say '%s'", e.text, refused[i].words);
    }
    struct err e = { 0 };
    const char *good = "server: {name: a}\ntools:\n- name: t\n  requestTemplate: {url: "
                       "\"http://x.example/\", method: GET}\n";
    if (!check_object(a, kind_find("mcp-server"), NULL, server_of(a, good), &e))
        fail_msg("%s", e.text);
    assert_null(check_doubt(a, kind_find("mcp-server"), NULL, server_of(a, good), 0));
    const char *misspelt = "server: {name: a, verson: 2}\ntools:\n- name: t\n  args: [{name: x}]\n"
                           "  requestTemplate: {url: \"http://x.example/\"}\n";
    char *doubt = check_doubt(a, kind_find("mcp-server"), NULL, server_of(a, misspelt), 0);
    assert_non_null(doubt);
    assert_non_null(strstr(doubt, "rawConfigurations.server.verson: is no member"));
    assert_non_null(strstr(doubt, "rawConfigurations.tools[0].args[0]: 'x' has no position"));
    arena_free(a);
}

/* What stands there already can be changed elsewhere. */
static void an_old_text_is_no_mistake_of_a_change(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = { 0 };
    cJSON *before = server_of(a, "tools: []"), *after = json_clone(a, before);
    json_set_str(a, after, "description", "orders");
    if (!check_object(a, kind_find("mcp-server"), before, after, &e))
        fail_msg("%s", e.text);
    arena_free(a);
}

/* The input of a public report (../shared/cases/operators). */
static void the_operators_case(void **state)
{
    (void)state;
    static const char path[] = "../shared/cases/operators/mcp-tool-bad-security.yaml";
    struct arena *a = arena_new();
    struct err e = { 0 };
    size_t len = 0;
    const char *text = file_read(a, path, 1 << 20, &len, &e);
    if (!text) {
        printf("skipped: %s is not here\n", path);
        arena_free(a);
        skip();
    }
    cJSON *o = yaml_parse(a, text, len, &e);
    json_remove(o, "kind");
    json_set_str(a, o, "rawConfigurations", yaml_print(a, json_get(o, "rawConfigurations")));
    assert_false(check_object(a, kind_find("mcp-server"), NULL, o, &e));
    assert_non_null(strstr(e.text, "requestTemplate.security: is a list"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_by_number),
        cmocka_unit_test(a_text_is_judged_once),
        cmocka_unit_test(what_the_plugin_refuses_is_not_written),
        cmocka_unit_test(an_old_text_is_no_mistake_of_a_change),
        cmocka_unit_test(the_operators_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
