/* test_trap_mcp.c - the traps of MCP servers, each by its number in mcp-yaml.md
 * (tests/traps/mcp-yaml.yaml); what the plugin refuses is not written. */
#include "trap_case.h"
#include "trap_odd.h"

#include "rule/check.h"
#include "rule/mcp_text_private.h"
#include "rule/trap_private.h"

enum { TESTS = 200 };
static struct CMUnitTest tests[TESTS];
static size_t count;

static void every_row_has_a_case(void **state)
{
    static const struct trap *const own[] = { trap_mcp_text_rows, trap_mcp_rows,
                                              trap_mcp_server_rows, trap_mcp_reach_rows };
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        for (const struct trap *row = own[i]; row->number; row++)
            if (!case_is(tests, count, row))
                fail_msg("%s %s has no case", row->number, row->verdict);
}

/* A server that is also read with its text is judged once. */
static void a_text_is_judged_once(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const char world[] =
        "{mcp-server: [{name: a, type: OPEN_API, rawConfigurations: 'tools: []'}],"
        " instances: [['route:mcp-server-a.internal', mcp-server, {tools: []}]]}";
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

/* No sentence holds a secret, whatever is wrong around it. */
static void no_secret_is_said(void **state)
{
    static const char secret[] = "s3cr3t-Zx81-Qp77-credential";
    static const char world[] =
        "{higress-config: [{name: higress-config, data: {higress: {mcpServer: {enable: true, "
        "redis: {address: 'r:1', password: 's3cr3t-Zx81-Qp77-credential\\'}, servers: [{name: db, "
        "path: /db, type: mysql, config: {dsn: 'u:s3cr3t-Zx81-Qp77-credential@tcp(h)/d'}}]}}}}], "
        "mcp-server: [{name: a, type: OPEN_API, consumerAuthInfo: {enable: false}, "
        "rawConfigurations: '{server: {name: a, securitySchemes: [{id: k, type: x, "
        "defaultCredential: s3cr3t-Zx81-Qp77-credential}]}, tools: [{name: t, security: {id: z, "
        "credential: s3cr3t-Zx81-Qp77-credential}, requestTemplate: {security: "
        "[s3cr3t-Zx81-Qp77-credential], headers: [{key: a, value: "
        "\"{{s3cr3t-Zx81-Qp77-credential\"}]}}]}'}], instances: [], route: [{name: r, "
        "customConfigs: {nginx.ingress.kubernetes.io/configuration-snippet: "
        "'s3cr3t-Zx81-Qp77-credential', higress.io/auth-tls-secret: "
        "'s3cr3t-Zx81-Qp77-credential'}, headerControl: {request: {add: [{key: authorization, "
        "value: 's3cr3t-Zx81-Qp77-credential %'}]}}}]}";
    struct arena *a = arena_new();
    const struct trap_findings *all = trap_find(a, case_world(a, world), NULL);
    (void)state;
    assert_non_null(case_finding(all, "MCP_QUOTE", 0));
    assert_non_null(case_finding(all, "MCP_TYPES", 0));
    assert_non_null(case_finding(all, "HEADER_VALUE_REFUSED", 0));
    for (int i = 0; i < all->count; i++)
        if (strstr(trap_line(a, &all->list[i]), secret))
            fail_msg("%s", trap_line(a, &all->list[i]));
    arena_free(a);
}

static void odd_shapes_are_survived(void **state)
{
    (void)state;
    odd_file("tests/traps/mcp-yaml.yaml");
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(every_row_has_a_case),
        cmocka_unit_test(odd_shapes_are_survived),
        cmocka_unit_test(no_secret_is_said),
        cmocka_unit_test(a_text_is_judged_once),
        cmocka_unit_test(what_the_plugin_refuses_is_not_written),
        cmocka_unit_test(an_old_text_is_no_mistake_of_a_change),
        cmocka_unit_test(the_operators_case),
    };
    struct arena *a = arena_new();
    count = case_file(a, "tests/traps/mcp-yaml.yaml", tests, count, TESTS);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        tests[count++] = own[i];
    int failed = _cmocka_run_group_tests("traps of MCP servers", tests, count, NULL, NULL);
    arena_free(a);
    return failed;
}
