/* test_kind.c - the table of kinds: its own consistency, paths, content and hashes. */
#include "call/read.h" /* before cmocka, whose `fail` is another */

#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"

static void test_table(void **state)
{
    (void)state;
    int n = 0;
    for (const struct kind *k = kinds; k->name; k++, n++) {
        assert_true(text_has_word(kind_names(), k->name));
        assert_ptr_equal(kind_find(k->name), k);
        assert_non_null(k->about);
        assert_non_null(k->key);
        assert_true(k->version);
        assert_true(k->object || (k->flags & KIND_READ_ONLY));
        assert_int_equal(!strncmp(k->list, "{scope}", 7), !!(k->flags & KIND_SCOPED));
        if (k->flags & KIND_PUT_CREATES)
            assert_true(k->flags & KIND_UPSERT);
        assert_non_null(k->fields);
        assert_non_null(k->example);
    }
    char word[TEXT_WORD];
    for (const char *rest = kind_names(); text_word_next(&rest, word); n--)
        assert_non_null(kind_find(word));
    assert_int_equal(n, 0);
    assert_null(kind_find("nothing"));
    assert_string_equal(kind_names(), KIND_NAMES);
}

static bool note_ref(void *arg, const char *path, const char *kind, const char *name)
{
    buf_printf(arg, "%s=%s:%s ", path, kind, name);
    return true;
}

static void test_refs(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *scope, *object, *refs;
    } rows[] = {
        { "route", NULL,
          "{\"domains\":[\"a\",\"b\"],\"services\":[{\"name\":\"w.static\"},{\"name\":\"x.dns\"}],"
          "\"authConfig\":{\"allowedConsumers\":[\"alice\"]}}",
          "domains[0]=domain:a domains[1]=domain:b services[0].name=service:w.static "
          "services[1].name=service:x.dns authConfig.allowedConsumers[0]=consumer:alice " },
        { "domain", NULL, "{\"certIdentifier\":\"c\"}", "certIdentifier=tls-certificate:c " },
        { "domain", NULL, "{\"certIdentifier\":\"\"}", "" },
        { "ai-route", NULL, "{\"fallbackConfig\":{\"upstreams\":[{\"provider\":\"p\"}]}}",
          "fallbackConfig.upstreams[0].provider=ai-provider:p " },
        { "plugin-instance", "route:r", "{\"pluginName\":\"cors\"}",
          "scope=route:r pluginName=wasm-plugin:cors " },
        { "mcp-consumers", NULL, "{\"mcpServerName\":\"m\",\"consumers\":[\"z\"]}",
          "mcpServerName=mcp-server:m consumers[0]=consumer:z " },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf *b = buf_in(a, 1000);
        kind_refs(a, kind_find(rows[i].kind), rows[i].scope, json(rows[i].object), note_ref, b);
        assert_string_equal(b->data ? b->data : "", rows[i].refs);
    }
}

static void test_paths(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct kind *route = kind_find("route"), *plugin = kind_find("plugin-instance");
    assert_string_equal(kind_object_path(a, route, "a b*", NULL, &e), "/v1/routes/a%20b%2A");
    assert_string_equal(kind_list_path(a, plugin, "route:pay", &e),
                        "/v1/routes/pay/plugin-instances");
    assert_string_equal(kind_object_path(a, plugin, "cors", "global", &e),
                        "/v1/global/plugin-instances/cors");
    assert_string_equal(kind_object_path(a, plugin, "cors", "service:redis.dns", &e),
                        "/v1/services/redis.dns/plugin-instances/cors");
    assert_int_equal(e.kind, ERR_NONE);
}

static void test_made_routes(void **state)
{
    (void)state;
    const struct kind *ai = kind_find("ai-route"), *mcp = kind_find("mcp-server");
    assert_true(kind_makes_route(a, ai, "chat", "ai-route-chat.internal"));
    assert_true(kind_makes_route(a, ai, "chat", "ai-route-chat.fallback.internal"));
    assert_true(kind_makes_route(a, mcp, "weather", "mcp-server-weather.internal"));
    assert_false(kind_makes_route(a, ai, "chat", "ai-route-chat2.internal"));
    assert_false(kind_makes_route(a, ai, "weather", "mcp-server-weather.internal"));
    assert_false(kind_makes_route(a, kind_find("route"), "chat", "route-chat.internal"));
    assert_string_equal(derived_from(a, DERIVED_MCP_ROUTE, "mcp-server-weather.internal"),
                        "weather");
    assert_null(derived_from(a, DERIVED_MCP_ROUTE, "mcp-server-.internal"));
    assert_null(derived_from(a, DERIVED_MCP_ROUTE, "mcp-server-weather"));
    assert_null(derived_from(a, DERIVED_MCP_ROUTE, "ai-route-chat.internal"));
}

static void test_bad_names(void **state)
{
    (void)state;
    static const char *const bad[] = { "",     ".",    "..", "../consumers/alice", "a/b", "a\\b",
                                       "a\nb", "\x7f", NULL };
    const struct kind *route = kind_find("route"), *plugin = kind_find("plugin-instance");
    for (int i = 0; bad[i]; i++) {
        struct err e = { 0 };
        assert_null(kind_object_path(a, route, bad[i], NULL, &e));
        assert_int_equal(e.kind, ERR_ARGS);
        struct err f = { 0 };
        assert_null(kind_list_path(a, plugin, arena_printf(a, "route:%s", bad[i]), &f));
        assert_int_equal(f.kind, ERR_ARGS);
    }
    static const char *const scopes[] = { NULL, "", "everything", "Route:x", "route" };
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        struct err e = { 0 };
        assert_null(kind_list_path(a, plugin, scopes[i], &e));
        assert_int_equal(e.kind, ERR_ARGS);
    }
    struct err e = { 0 };
    assert_null(kind_list_path(a, route, "global", &e));
}

static void test_content(void **state)
{
    (void)state;
    const struct kind *route = kind_find("route"), *source = kind_find("service-source");
    cJSON *x = json("{\"name\":\"r\",\"version\":\"1\",\"cors\":{\"enabled\":null},\"domains\":[],"
                    "\"readonly\":true,\"mock\":null}");
    cJSON *y = json("{\"name\":\"r\",\"version\":\"1\"}");
    assert_string_equal(kind_hash(a, route, x), kind_hash(a, route, y));
    cJSON *moved = json("{\"name\":\"r\",\"version\":\"2\"}");
    assert_string_not_equal(kind_hash(a, route, moved), kind_hash(a, route, y));
    /* A source shows the version of everything beside it: that must not count. */
    assert_string_equal(kind_hash(a, source, moved), kind_hash(a, source, y));
    assert_string_equal(kind_hash(a, route, NULL), "absent");
    assert_string_equal(kind_version_of(route, moved), "2");
    assert_null(kind_version_of(source, moved));
}

static void test_made_up_instance(void **state)
{
    (void)state;
    const struct kind *k = kind_find("plugin-instance");
    assert_false(kind_exists(k, json("{\"pluginName\":\"cors\",\"enabled\":false,"
                                     "\"configurations\":null}")));
    assert_true(kind_exists(k, json("{\"pluginName\":\"cors\",\"enabled\":true}")));
    assert_true(kind_exists(k, json("{\"pluginName\":\"cors\",\"enabled\":false,"
                                    "\"configurations\":{\"a\":1}}")));
    assert_false(kind_exists(kind_find("route"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_refs),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_made_routes),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_made_up_instance),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
