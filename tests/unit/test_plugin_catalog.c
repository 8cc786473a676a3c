/* test_plugin_catalog.c - every plugin file says what the console needs, and its schema is one. */
#include "base/arena.h"
#include "base/json.h"
#include "check.h"
#include "embedded/plugin_catalog.h"
#include "embedded/plugin_schema.h"

enum { PLUGINS = 52 };

static void there_are_all_plugins_in_order(void **state)
{
    (void)state;
    assert_int_equal(plugin_catalog_count(), PLUGINS);
    for (size_t i = 1; i < PLUGINS; i++)
        assert_true(strcmp(plugin_catalog_at(i - 1)->name, plugin_catalog_at(i)->name) < 0);
    assert_null(plugin_catalog_at(PLUGINS));
}

static void a_plugin_is_found_by_name(void **state)
{
    (void)state;
    const struct plugin_spec *p = plugin_catalog_find("key-auth");
    assert_non_null(p);
    assert_string_equal(p->phase, "AUTHN");
    assert_int_equal(p->priority, 310);
    assert_string_equal(p->version, "1.0.0");
    assert_string_equal(p->image_version, "2.0.0");
    assert_true(p->covered);
    assert_null(plugin_catalog_find("key"));
    assert_null(plugin_catalog_find(NULL));
}

/* Types are JSON types, required names are declared, arrays say what they hold. */
static void check_schema(const char *plugin, const cJSON *node)
{
    static const char types[] = "string integer number boolean object array ";
    const char *type = json_str(node, "type");
    if (!type || !strstr(types, type))
        fail_msg("%s: a node of type %s", plugin, type ? type : "none");
    const cJSON *p, *properties = json_get(node, "properties");
    if (strcmp(type, "object") == 0)
        cJSON_ArrayForEach(p, json_get(node, "required"))
        {
            if (!json_get(properties, p->valuestring))
                fail_msg("%s: requires %s, which it does not declare", plugin, p->valuestring);
        }
    cJSON_ArrayForEach(p, properties) check_schema(plugin, p);
    if (strcmp(type, "array") != 0)
        return;
    if (!json_get(node, "items"))
        fail_msg("%s: an array of nothing", plugin);
    check_schema(plugin, json_get(node, "items"));
}

static void schemas_are_well_formed(void **state)
{
    (void)state;
    static const char phases[] = "UNSPECIFIED_PHASE AUTHN AUTHZ STATS";
    for (size_t i = 0; i < PLUGINS; i++) {
        const struct plugin_spec *p = plugin_catalog_at(i);
        assert_non_null(strstr(phases, p->phase));
        assert_true(strlen(p->title) > 2 && strlen(p->description) > 10);
        check_schema(p->name, p->schema);
    }
}

static void a_schema_prints_as_the_console_does(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const cJSON *s = plugin_schema_print(a, plugin_catalog_find("key-rate-limit"));
    assert_int_equal(json_count(s), 69);
    assert_string_equal(json_path(s, "required[0]")->valuestring, "limit_keys");
    assert_string_equal(json_path(s, "types[0]")->valuestring, "object");
    assert_true(json_true(s, "exampleSetFlag"));
    assert_non_null(json_path(s, "jsonSchema.properties.limit_keys.items.properties.key"));
    assert_true(cJSON_IsNull(json_path(s, "properties.limit_by_header.jsonSchema")));
    assert_true(cJSON_IsNull(json_path(s, "properties.limit_keys.items.extensions")));
    assert_string_equal(json_str(json_get(s, "extensions"), "x-example-raw"),
                        "limit_by_header: \"x-api-key\"\n"
                        "limit_keys:\n"
                        "- key: \"partner-1\"\n"
                        "  query_per_second: 20");
    assert_string_equal(json_str(plugin_schema_custom(a), "type"), "object");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_all_plugins_in_order),
        cmocka_unit_test(a_plugin_is_found_by_name),
        cmocka_unit_test(schemas_are_well_formed),
        cmocka_unit_test(a_schema_prints_as_the_console_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
