/* test_embedded_ai.c - consumers, plugins, providers, AI routes and MCP servers end to end: calls
 * to the embedded console and the objects they leave. What the recordings hold is the contract
 * test's business; here is what they do not show. */
#include "base/buf.h"
#include "check.h"
#include "embedded/kstore/kstore.h"
#include "plane.h"

static const cJSON *stored(const char *kind, const char *name)
{
    return kstore_get(console->store, kind, name);
}

static bool has_rule_for(const char *plugin, const char *list, const char *name)
{
    const cJSON *rule, *item;
    cJSON_ArrayForEach(rule, json_path(stored("wasmplugins", plugin), "spec.matchRules"))
    {
        cJSON_ArrayForEach(item, json_get(rule, list))
        {
            if (strcmp(item->valuestring, name) == 0)
                return true;
        }
    }
    return false;
}

/* A provider whose endpoint becomes a list of addresses is another service: its rule moves, and the
 * routes that use it follow. */
static void a_provider_that_moves_takes_its_routes_along(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"openai\"}");
    expect(201, "POST", "/v1/ai/routes",
           "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100,"
           "\"modelMapping\":{\"*\":\"m\"}}]}");
    assert_string_equal(
        json_str(json_path(stored("ingresses", "ai-route-chat.internal"), "metadata.annotations"),
                 "higress.io/destination"),
        "llm-p.internal.dns:443");
    expect(200, "PUT", "/v1/ai/providers/p",
           "{\"name\":\"p\",\"type\":\"openai\",\"rawConfigs\":{\"openaiCustomUrl\":"
           "\"http://10.0.0.1:8000/v1\"}}");
    assert_string_equal(
        json_str(json_path(stored("ingresses", "ai-route-chat.internal"), "metadata.annotations"),
                 "higress.io/destination"),
        "llm-p.internal.static:80");
    assert_true(has_rule_for("ai-proxy.internal", "service", "llm-p.internal.static"));
    assert_false(has_rule_for("ai-proxy.internal", "service", "llm-p.internal.dns"));
}

static void a_claude_address_is_worked_out_on_read(void **state)
{
    (void)state;
    const cJSON *p = expect(201, "POST", "/v1/ai/providers",
                            "{\"name\":\"c\",\"type\":\"claude\",\"rawConfigs\":"
                            "{\"claudeCustomUrl\":\"https://c.example.com/base\"}}");
    assert_string_equal(text_at(p, "rawConfigs.providerDomain"), "c.example.com");
    assert_string_equal(text_at(p, "rawConfigs.providerBasePath"), "/base");
    assert_string_equal(text_at(p, "rawConfigs.claudeCustomUrl"), "https://c.example.com/base");
    assert_string_equal(text_at(p, "rawConfigs.claudeVersion"), "2023-06-01");
    assert_string_equal(text_at(stored("mcpbridges", "default"), "spec.registries[1].domain"),
                        "c.example.com");
    p = expect(200, "PUT", "/v1/ai/providers/c",
               "{\"name\":\"c\",\"type\":\"claude\",\"rawConfigs\":"
               "{\"claudeCustomUrl\":\"http://c.example.com:8080/\"}}");
    assert_string_equal(text_at(p, "rawConfigs.claudeCustomUrl"), "http://c.example.com:8080");
    p = expect(200, "PUT", "/v1/ai/providers/c",
               "{\"name\":\"c\",\"type\":\"claude\",\"rawConfigs\":"
               "{\"claudeCustomUrl\":\"http://10.0.0.9:80/x\"}}");
    assert_string_equal(text_at(p, "rawConfigs.claudeCustomUrl"), "http://10.0.0.9/x");
}

static void vertex_brings_a_second_registry(void **state)
{
    (void)state;
    const cJSON *p = expect(201, "POST", "/v1/ai/providers",
                            "{\"name\":\"v\",\"type\":\"vertex\",\"rawConfigs\":{\"vertexRegion\":"
                            "\"US-Central1\",\"vertexProjectId\":\"p\",\"vertexAuthKey\":"
                            "\"{\\\"client_email\\\":\\\"a\\\",\\\"private_key_id\\\":\\\"b\\\","
                            "\\\"private_key\\\":\\\"c\\\",\\\"token_uri\\\":\\\"d\\\"}\"}}");
    assert_string_equal(text_at(p, "rawConfigs.vertexRegion"), "us-central1");
    const cJSON *bridge = stored("mcpbridges", "default");
    assert_string_equal(text_at(bridge, "spec.registries[1].domain"),
                        "us-central1-aiplatform.googleapis.com");
    assert_string_equal(text_at(bridge, "spec.registries[2].name"), "vertex-auth.internal");
}

static void settings_of_providers_are_checked(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"name\":\"x\",\"type\":\"azure\",\"rawConfigs\":{\"azureServiceUrl\":"
        "\"https://a.example.com/x\"}}",
        "{\"name\":\"x\",\"type\":\"ollama\",\"rawConfigs\":{\"ollamaServerHost\":\"h\","
        "\"ollamaServerPort\":70000}}",
        "{\"name\":\"x\",\"type\":\"qwen\",\"rawConfigs\":{\"qwenFileIds\":\"f\"}}",
        "{\"name\":\"x\",\"type\":\"openai\",\"rawConfigs\":{\"openaiCustomUrl\":"
        "\"http://10.0.0.1/v1\",\"openaiExtraCustomUrls\":[\"http://10.0.0.2/v2\"]}}",
        "{\"name\":\"x\",\"type\":\"bedrock\",\"rawConfigs\":{\"awsRegion\":\"r\"}}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect(400, "POST", "/v1/ai/providers", bodies[i]);
    assert_null(stored("wasmplugins", "ai-proxy.internal"));
}

/* The service of another source can be bound once. */
static void a_bound_service_is_refused_to_a_second_provider(void **state)
{
    (void)state;
    static const char body[] = "{\"name\":\"%s\",\"type\":\"openai\",\"rawConfigs\":"
                               "{\"openaiCustomServiceName\":\"llm.static\","
                               "\"openaiCustomServicePort\":80}}";
    expect(201, "POST", "/v1/ai/providers", arena_printf(a, body, "one"));
    const cJSON *out = expect(400, "POST", "/v1/ai/providers", arena_printf(a, body, "two"));
    assert_non_null(strstr(text_at(out, "message"), "provider one"));
}

static void the_last_provider_switches_the_plugin_off(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"groq\"}");
    expect(204, "DELETE", "/v1/ai/providers/p", NULL);
    const cJSON *spec = json_get(stored("wasmplugins", "ai-proxy.internal"), "spec");
    assert_true(json_true(spec, "defaultConfigDisable"));
    assert_int_equal(json_count(json_get(spec, "matchRules")), 0);
}

static void fallback_comes_and_goes(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"groq\"}");
    expect(201, "POST", "/v1/ai/routes",
           "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}],"
           "\"fallbackConfig\":{\"enabled\":true,\"upstreams\":[{\"provider\":\"p\"}],"
           "\"responseCodes\":[\"5xx\",\"5xx\"]}}");
    assert_non_null(stored("ingresses", "ai-route-r.fallback.internal"));
    assert_non_null(stored("envoyfilters", "ai-route-r.internal"));
    assert_true(has_rule_for("ai-statistics-2.0.1", "ingress", "ai-route-r.fallback.internal"));
    const cJSON *route = expect(200, "GET", "/v1/ai/routes/r", NULL);
    assert_int_equal(json_count(json_path(route, "data.fallbackConfig.responseCodes")), 1);
    assert_string_equal(text_at(route, "data.fallbackConfig.fallbackStrategy"), "RAND");
    expect(200, "PUT", "/v1/ai/routes/r",
           "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}");
    assert_null(stored("ingresses", "ai-route-r.fallback.internal"));
    assert_null(stored("envoyfilters", "ai-route-r.internal"));
    assert_false(has_rule_for("ai-statistics-2.0.1", "ingress", "ai-route-r.fallback.internal"));
    assert_true(has_rule_for("ai-statistics-2.0.1", "ingress", "ai-route-r.internal"));
}

/* Somebody's own statistics of the route stay as they are. */
static void statistics_of_people_are_kept(void **state)
{
    (void)state;
    static const char body[] =
        "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}";
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"groq\"}");
    expect(201, "POST", "/v1/ai/routes", body);
    expect(200, "PUT", "/v1/routes/ai-route-r.internal/plugin-instances/ai-statistics",
           "{\"configurations\":{\"attributes\":[]}}");
    expect(200, "PUT", "/v1/ai/routes/r", body);
    const cJSON *i =
        expect(200, "GET", "/v1/routes/ai-route-r.internal/plugin-instances/ai-statistics", NULL);
    assert_non_null(json_path(i, "data.configurations.attributes"));
    assert_null(json_path(i, "data.configurations.use_default_response_attributes"));
}

static void a_custom_plugin_changes_its_version_with_its_rules(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/wasm-plugins",
           "{\"name\":\"mine\",\"category\":\"x\",\"title\":\"M\",\"imageRepository\":"
           "\"r.example.com/m\",\"imagePullPolicy\":\"always\",\"phase\":\"authz\"}");
    assert_string_equal(text_at(stored("wasmplugins", "mine-1.0.0"), "spec.phase"), "AUTHZ");
    assert_string_equal(text_at(stored("wasmplugins", "mine-1.0.0"), "spec.imagePullPolicy"),
                        "Always");
    expect(200, "PUT", "/v1/routes/default/plugin-instances/mine",
           "{\"configurations\":{\"a\":1}}");
    const cJSON *p = expect(200, "PUT", "/v1/wasm-plugins/mine",
                            "{\"name\":\"mine\",\"pluginVersion\":\"1.1.0\",\"category\":\"x\","
                            "\"title\":\"M\",\"imageRepository\":\"r.example.com/m\","
                            "\"imageVersion\":\"2\"}");
    assert_string_equal(text_at(p, "pluginVersion"), "1.1.0");
    assert_null(stored("wasmplugins", "mine-1.0.0"));
    assert_true(has_rule_for("mine-1.1.0", "ingress", "default"));
    expect(204, "DELETE", "/v1/wasm-plugins/mine", NULL);
    assert_null(stored("wasmplugins", "mine-1.1.0"));
}

static void another_plugin_version_must_be_there(void **state)
{
    (void)state;
    expect(500, "PUT", "/v1/global/plugin-instances/waf",
           "{\"pluginVersion\":\"1.0.0\",\"configurations\":{\"useCRS\":true}}");
    expect(200, "PUT", "/v1/global/plugin-instances/waf",
           "{\"pluginVersion\":\"2.0.1\",\"configurations\":{\"useCRS\":true}}");
    assert_non_null(stored("wasmplugins", "waf-2.0.1"));
}

static void a_consumer_update_keeps_what_it_leaves_out(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/consumers",
           "{\"name\":\"c\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"QUERY\","
           "\"key\":\"k\",\"values\":[\"v\"]}]}");
    const cJSON *c = expect(200, "PUT", "/v1/consumers/c",
                            "{\"credentials\":[{\"type\":\"key-auth\",\"source\":\"QUERY\","
                            "\"key\":\"k\"}]}");
    assert_string_equal(text_at(c, "credentials[0].source"), "QUERY");
    assert_string_equal(text_at(c, "credentials[0].key"), "k");
    assert_string_equal(text_at(c, "credentials[0].values[0]"), "v");
    expect(500, "POST", "/v1/consumers",
           "{\"name\":\"d\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"QUERY\","
           "\"key\":\"k\",\"values\":[\"w\",\"v\"]}]}");
    expect(201, "POST", "/v1/consumers",
           "{\"name\":\"d\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"HEADER\","
           "\"key\":\"k\",\"values\":[\"v\"]}]}");
}

static void mcp_servers_are_stored_by_type(void **state)
{
    (void)state;
    expect(200, "PUT", "/v1/mcpServer",
           "{\"name\":\"s\",\"type\":\"DATABASE\",\"dbType\":\"SQLITE\",\"services\":"
           "[{\"name\":\"x.static\"}],\"dbConfig\":{\"dbname\":\"/d.db\"}}");
    const cJSON *s = expect(200, "GET", "/v1/mcpServer/s", NULL);
    assert_string_equal(text_at(s, "data.dbConfig.dbname"), "/d.db");
    assert_string_equal(text_at(s, "data.dbType"), "SQLITE");
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"up\",\"type\":\"dns\",\"domain\":\"up.example.com\",\"port\":443}");
    expect(200, "PUT", "/v1/mcpServer",
           "{\"name\":\"d\",\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":\"up.dns\"}],"
           "\"directRouteConfig\":{\"path\":\"/v1/sse\",\"transportType\":\"sse\"}}");
    const cJSON *notes =
        json_path(stored("ingresses", "mcp-server-d.internal"), "metadata.annotations");
    assert_string_equal(json_str(notes, "higress.io/upstream-vhost"), "up.example.com");
    assert_string_equal(json_str(notes, "higress.io/rewrite-path"), "/v1");
    const cJSON *d = expect(200, "GET", "/v1/mcpServer/d", NULL);
    assert_string_equal(text_at(d, "data.directRouteConfig.path"), "/v1/sse");
    expect(500, "PUT", "/v1/mcpServer",
           "{\"name\":\"d\",\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":\"up.dns\"}],"
           "\"directRouteConfig\":{\"path\":\"/v1/sse\",\"transportType\":\"sse\"},"
           "\"consumerAuthInfo\":{\"type\":\"API_KEY\"}}");
    expect(204, "DELETE", "/v1/mcpServer/d", NULL);
    assert_null(stored("ingresses", "mcp-server-d.internal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, plane_setup, plane_teardown)
        TEST(a_provider_that_moves_takes_its_routes_along),
        TEST(a_claude_address_is_worked_out_on_read),
        TEST(vertex_brings_a_second_registry),
        TEST(settings_of_providers_are_checked),
        TEST(a_bound_service_is_refused_to_a_second_provider),
        TEST(the_last_provider_switches_the_plugin_off),
        TEST(fallback_comes_and_goes),
        TEST(statistics_of_people_are_kept),
        TEST(a_custom_plugin_changes_its_version_with_its_rules),
        TEST(another_plugin_version_must_be_there),
        TEST(a_consumer_update_keeps_what_it_leaves_out),
        TEST(mcp_servers_are_stored_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
