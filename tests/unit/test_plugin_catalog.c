/* test_plugin_catalog.c - every plugin file says what the console needs, and its schema is one. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "check.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/plugin_schema_private.h"
#include "tree.h"

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

static char folder[] = "/tmp/test_plugins.XXXXXX";

static bool add(const char *name, const char *text, struct err *e)
{
    char path[128];
    plugin_catalog_reset();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(file_replace(path, text, strlen(text), 0644, NULL));
    return plugin_catalog_add(folder, e);
}

#define SPEC(name, phase)                                                                          \
    "name: " name "\ntitle: T\ndescription: D\ncategory: auth\nphase: " phase                      \
    "\nversion: 9.9.9\nimageVersion: 1.2.3\npriority: 7\n"
#define SCHEMA "schema:\n  type: object\n  properties:\n    a:\n      type: string\n"

static void a_folder_replaces_and_adds(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(add("mine.yaml", SPEC("my-plugin", "STATS") SCHEMA, &e));
    assert_int_equal(plugin_catalog_count(), PLUGINS + 1);
    assert_string_equal(plugin_catalog_find("my-plugin")->phase, "STATS");
    assert_true(add("key-auth.yaml", SPEC("key-auth", "AUTHZ") SCHEMA, &e));
    assert_int_equal(plugin_catalog_count(), PLUGINS + 1);
    assert_string_equal(plugin_catalog_find("key-auth")->version, "9.9.9");
    assert_null(plugin_catalog_at(PLUGINS + 1));
    assert_false(plugin_catalog_add("/nowhere/at/all", &e));
    assert_non_null(strstr(e.text, "/nowhere/at/all"));
    tree_remove(folder);
    plugin_catalog_reset();
    assert_string_equal(plugin_catalog_find("key-auth")->version, "1.0.0");
}

static void a_bad_file_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *say;
    } rows[] = {
        { "name: [", "line 2" },
        { "a: 1\n", "/x.yaml line 1: 'name' is no text" },
        { SPEC("Bad_Name", "AUTHN") SCHEMA, "/x.yaml line 1: 'name' may hold" },
        { SPEC("x", "LATER") SCHEMA, "/x.yaml line 5: 'phase' is none of" },
        { SPEC("x", "AUTHN"), "/x.yaml line 1: 'schema' " },
        { SPEC("x", "AUTHN") "schema: 7\n", "/x.yaml line 9: 'schema' " },
        { SPEC("x", "AUTHN") "schema:\n  type: array\n", "/x.yaml line 9: 'schema' has an array" },
        { SPEC("x", "AUTHN") "schema:\n  type: thing\n", "/x.yaml line 9: 'schema' has a part" },
        { SPEC("x", "AUTHN") "name: y\n" SCHEMA, "twice the key 'name'" },
    };
    (void)state;
    memcpy(folder, "/tmp/test_plugins.XXXXXX", sizeof folder);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        assert_false(add("x.yaml", rows[i].text, &e));
        if (!strstr(e.text, rows[i].say) || !strstr(e.text, "/x.yaml"))
            fail_msg("'%s' does not say '%s'", e.text, rows[i].say);
    }
    struct err e = { 0 };
    assert_true(add("x.yaml", SPEC("x", "AUTHN") SCHEMA, &e));
    assert_false(add("y.yaml", SPEC("x", "AUTHN") SCHEMA, &e));
    assert_non_null(strstr(e.text, "described in"));
    tree_remove(folder);
    plugin_catalog_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_all_plugins_in_order),
        cmocka_unit_test(a_plugin_is_found_by_name),
        cmocka_unit_test(schemas_are_well_formed),
        cmocka_unit_test(a_schema_prints_as_the_console_does),
        cmocka_unit_test(a_folder_replaces_and_adds),
        cmocka_unit_test(a_bad_file_is_named_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
