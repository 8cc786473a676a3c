/* test_embedded_derived.c - what the console derives from a request, object by object: an AI route
 * with everything, a plain route, an MCP server. The expected YAML is the reference's
 * (console-api.md, section 9), so that it is held to also where the recordings are absent. */
#include "base/yaml.h"
#include "check.h"
#include "embedded/kstore/kstore.h"
#include "plane.h"

static int setup(void **state)
{
    if (plane_setup(state) != 0)
        return -1;
    expect(201, "POST", "/v1/ai/providers",
           "{\"name\":\"qw\",\"type\":\"qwen\",\"tokens\":[\"sk-q\"],\"protocol\":\"openai/v1\"}");
    expect(201, "POST", "/v1/ai/providers",
           "{\"name\":\"oa\",\"type\":\"openai\",\"tokens\":[\"sk-o\"],\"rawConfigs\":{"
           "\"openaiCustomUrl\":\"http://10.2.0.1:8000/v1\",\"openaiExtraCustomUrls\":["
           "\"http://10.2.0.2:8000/v1\"]}}");
    return 0;
}

/* path NULL: the whole object must be absent. expected is YAML. */
struct want {
    const char *kind, *name, *path, *expected;
};

static void check_all(const struct want *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct want *w = &rows[i];
        struct err e = { 0 };
        const cJSON *object = kstore_get(console->store, w->kind, w->name), *got, *expected;
        if (!w->path && object)
            fail_msg("%s/%s is there", w->kind, w->name);
        if (!w->path)
            continue;
        got = json_path(object, w->path);
        expected = yaml_parse(a, w->expected, strlen(w->expected), &e);
        if (!expected)
            fail_msg("%s: %s", w->expected, e.text);
        if (!got || !json_equal(got, expected))
            fail_msg("%s/%s %s: %s, not %s", w->kind, w->name, w->path,
                     got ? json_print(a, got) : "(none)", json_print(a, expected));
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define COMMENT                                                                                    \
    "higress.io/comment: PLEASE DO NOT EDIT DIRECTLY. This resource is managed by Higress.\n"
#define RETRY                                                                                      \
    "higress.io/ignore-path-case: 'false'\n"                                                       \
    "higress.io/regex-match-header-x-higress-llm-model: ^(gpt-4\\.1|qwen.*)\n"                     \
    "higress.io/enable-proxy-next-upstream: 'true'\n"                                              \
    "higress.io/proxy-next-upstream-tries: '3'\n"                                                  \
    "higress.io/proxy-next-upstream-timeout: '120'\n"                                              \
    "higress.io/proxy-next-upstream: error,timeout,non_idempotent\n"

static const char chat[] =
    "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"qw\",\"weight\":60,\"modelMapping\":{\"*\":"
    "\"qwen-max\"}},{\"provider\":\"oa\",\"weight\":40}],\"modelPredicates\":[{\"matchType\":"
    "\"EQUAL\",\"matchValue\":\"gpt-4.1\"},{\"matchType\":\"PRE\",\"matchValue\":\"qwen\"}],"
    "\"authConfig\":{\"enabled\":true,\"allowedCredentialTypes\":[\"key-auth\"],"
    "\"allowedConsumers\":[\"alice\"]},\"fallbackConfig\":{\"enabled\":true,\"upstreams\":[{"
    "\"provider\":\"oa\",\"modelMapping\":{\"*\":\"gpt-4o\"}}],\"responseCodes\":[\"4xx\"]}}";

static const struct want providers[] = {
    { "wasmplugins", "ai-proxy.internal", "spec.matchRules",
      "[{config: {activeProviderId: oa}, configDisable: false, service: [llm-oa.internal.static]},"
      " {config: {activeProviderId: qw}, configDisable: false, service: [llm-qw.internal.dns]}]" },
    { "wasmplugins", "ai-proxy.internal", "spec.defaultConfigDisable", "false" },
    { "wasmplugins", "ai-proxy.internal", "spec.defaultConfig.providers[0].id", "qw" },
    { "mcpbridges", "default", "spec.registries[1]",
      "{name: llm-qw.internal, type: dns, domain: dashscope.aliyuncs.com, port: 443,"
      " protocol: https}" },
    { "mcpbridges", "default", "spec.registries[2]",
      "{name: llm-oa.internal, type: static, domain: '10.2.0.1:8000,10.2.0.2:8000', port: 80,"
      " protocol: http}" },
};

static const struct want ai_route[] = {
    { "ingresses", "ai-route-chat.internal", "metadata.annotations",
      COMMENT "higress.io/destination: |-\n  60% llm-qw.internal.dns:443\n"
              "  40% llm-oa.internal.static:80\n" RETRY },
    { "ingresses", "ai-route-chat.fallback.internal", "metadata.annotations",
      COMMENT
      "higress.io/destination: llm-oa.internal.static:80\n"
      "higress.io/exact-match-header-x-higress-fallback-from: ai-route-chat.internal\n" RETRY },
    { "envoyfilters", "ai-route-chat.internal", "spec.configPatches[0].match",
      "{context: GATEWAY, routeConfiguration: {vhost: {route: {name: ai-route-chat.internal}}}}" },
    { "wasmplugins", "model-router.internal", "spec.defaultConfig",
      "{modelToHeader: x-higress-llm-model}" },
    { "wasmplugins", "model-router.internal", "spec.phase", "AUTHN" },
    { "wasmplugins", "model-mapper.internal", "spec.matchRules",
      "[{config: {modelMapping: {'*': gpt-4o}}, configDisable: false, ingress:"
      " [ai-route-chat.fallback.internal], service: [llm-oa.internal.static]}, {config:"
      " {modelMapping: {'*': qwen-max}}, configDisable: false, ingress: [ai-route-chat.internal],"
      " service: [llm-qw.internal.dns]}]" },
    { "wasmplugins", "ai-statistics-2.0.1", "spec.matchRules",
      "[{config: {use_default_response_attributes: true}, configDisable: false, ingress:"
      " [ai-route-chat.fallback.internal]}, {config: {use_default_response_attributes: true},"
      " configDisable: false, ingress: [ai-route-chat.internal]}]" },
    { "wasmplugins", "key-auth.internal", "spec.matchRules[0]",
      "{config: {allow: [alice]}, configDisable: false, ingress:"
      " [ai-route-chat.fallback.internal]}" },
    { "configmaps", "ai-route-chat", "metadata.labels",
      "{higress.io/resource-definer: higress, higress.io/config-map-type: ai-route}" },
};

static void an_ai_route_derives_its_objects(void **state)
{
    static const struct want after[] = { { "ingresses", "ai-route-chat.internal" },
                                         { "ingresses", "ai-route-chat.fallback.internal" },
                                         { "envoyfilters", "ai-route-chat.internal" },
                                         { "configmaps", "ai-route-chat" } };
    (void)state;
    expect(201, "POST", "/v1/consumers",
           "{\"name\":\"alice\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"BEARER\","
           "\"values\":[\"sk-1\"]}]}");
    expect(201, "POST", "/v1/ai/routes", chat);
    check_all(providers, COUNT(providers));
    check_all(ai_route, COUNT(ai_route));
    expect(204, "DELETE", "/v1/ai/routes/chat", "");
    check_all(after, COUNT(after));
}

static void a_route_is_its_annotations(void **state)
{
    static const struct want rows[] = {
        { "ingresses", "r", "metadata.annotations",
          "higress.io/destination: |-\n  70% a.dns:80 v1\n  30% b.dns\n"
          "higress.io/match-method: GET POST\n"
          "higress.io/prefix-match-header-x-a: v\n"
          "higress.io/exact-match-query-q: '1'\n"
          "higress.io/enable-rewrite: 'true'\n"
          "higress.io/rewrite-path: /n\n"
          "higress.io/upstream-vhost: h.example\n"
          "higress.io/ignore-path-case: 'true'\n" },
        { "ingresses", "r", "spec.rules[0].host", "d.example.com" },
        { "ingresses", "r", "spec.rules[0].http.paths[0].pathType", "Prefix" },
    };
    (void)state;
    expect(
        201, "POST", "/v1/routes",
        "{\"name\":\"r\",\"domains\":[\"d.example.com\"],\"path\":{\"matchType\":\"PRE\","
        "\"matchValue\":\"/o\",\"caseSensitive\":false},\"methods\":[\"GET\",\"POST\"],\"headers\":"
        "[{\"key\":\"x-a\",\"matchType\":\"PRE\",\"matchValue\":\"v\"}],\"urlParams\":[{\"key\":"
        "\"q\",\"matchType\":\"EQUAL\",\"matchValue\":\"1\"}],\"rewrite\":{\"enabled\":true,"
        "\"path\":\"/n\",\"host\":\"h.example\"},\"services\":[{\"name\":\"a.dns\",\"port\":80,"
        "\"weight\":70,\"version\":\"v1\"},{\"name\":\"b.dns\",\"weight\":30}]}");
    check_all(rows, COUNT(rows));
}

static int version_of(const char *kind, const char *name)
{
    const cJSON *object = kstore_get(console->store, kind, name);
    const char *version = json_str(json_get(object, "metadata"), "resourceVersion");
    return version ? (int)strtol(version, NULL, 10) : 0;
}

/* Each object counts for itself; key-auth.internal moves with every write of a route. */
static void objects_count_their_own_versions(void **state)
{
    static const char other[] = "{\"name\":\"x\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":"
                                "\"/\"},\"services\":[{\"name\":\"a.dns\"}]}";
    (void)state;
    int auth = version_of("wasmplugins", "key-auth.internal");
    int bridge = version_of("mcpbridges", "default");
    expect(201, "POST", "/v1/routes", other);
    assert_int_equal(version_of("ingresses", "x"), 1);
    assert_true(version_of("wasmplugins", "key-auth.internal") > auth);
    auth = version_of("wasmplugins", "key-auth.internal");
    expect(200, "PUT", "/v1/routes/x", other);
    assert_int_equal(version_of("ingresses", "x"), 2);
    assert_true(version_of("wasmplugins", "key-auth.internal") > auth);
    auth = version_of("wasmplugins", "key-auth.internal");
    assert_int_equal(version_of("ingresses", "default"), 1);
    expect(204, "DELETE", "/v1/routes/x", "");
    assert_true(version_of("wasmplugins", "key-auth.internal") > auth);
    assert_int_equal(version_of("mcpbridges", "default"), bridge);
}

static void a_database_server_is_in_the_gateway_configuration(void **state)
{
    (void)state;
    expect(
        200, "PUT", "/v1/mcpServer",
        "{\"name\":\"db\",\"type\":\"DATABASE\",\"services\":[{\"name\":\"pg.dns\",\"port\":5432}],"
        "\"dbType\":\"POSTGRESQL\",\"dbConfig\":{\"host\":\"pg.example.com\",\"port\":\"5432\","
        "\"username\":\"u\",\"password\":\"p\",\"dbname\":\"d\"}}");
    const cJSON *map = kstore_get(console->store, "configmaps", "higress-config");
    const char *text = json_str(json_get(map, "data"), "higress");
    const cJSON *config = yaml_parse(a, text, strlen(text), NULL);
    const cJSON *server = json_path(config, "mcpServer.servers[0]");
    assert_string_equal(json_str(server, "name"), "db");
    assert_string_equal(json_str(server, "type"), "database");
    assert_string_equal(json_str(server, "path"), "/mcp-servers/db");
    assert_string_equal(json_str(json_get(server, "config"), "dsn"),
                        "postgres://u:p@pg.example.com:5432/d");
    expect(204, "DELETE", "/v1/mcpServer/db", "");
    map = kstore_get(console->store, "configmaps", "higress-config");
    text = json_str(json_get(map, "data"), "higress");
    assert_null(json_path(yaml_parse(a, text, strlen(text), NULL), "mcpServer.servers[0]"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, plane_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_ai_route_derives_its_objects),
        TEST(a_route_is_its_annotations),
        TEST(objects_count_their_own_versions),
        TEST(a_database_server_is_in_the_gateway_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
