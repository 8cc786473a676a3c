/* test_plugin_yaml.c - configurations as the console's libraries print them. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "check.h"
#include "embedded/objects/plugin_yaml_private.h"

static const struct {
    const char *json, *yaml;
} rows[] = {
    { "{}", "" },
    { "{\"b\":\"x\",\"a\":1}", "a: 1\nb: \"x\"" },
    { "{\"a\":{\"b\":[1,2.5,\"x\",null,true]}}",
      "a:\n  b:\n  - 1.0\n  - 2.5\n  - \"x\"\n  - null\n  - true" },
    { "{\"l\":[{\"k\":\"a\",\"m\":10},{\"k\":\"b\"}]}", "l:\n- k: \"a\"\n  m: 10\n- k: \"b\"" },
    { "{\"l\":[[1,[]],{}]}", "l:\n- - 1.0\n  - []\n- {}" },
    { "{\"s\":\"a\\\"b\\\\c\\nd\\te\"}", "s: \"a\\\"b\\\\c\\nd\\te\"" },
    { "{\"*\":\"x\",\"true\":1,\"12\":2}", "'*': \"x\"\n12: 2\n\"true\": 1" },
    { "{\"it's: x\":3}", "'it''s: x': 3" },
    { "{\"a:b\":1,\"a: b\":2}", "'a: b': 2\na:b: 1" },
};

static void rows_print_like_this(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        struct err e = { 0 };
        cJSON *config = json_parse(a, rows[i].json, strlen(rows[i].json), &e);
        assert_non_null(config);
        assert_string_equal(plugin_yaml_print(a, plugin_yaml_read_back(a, config)), rows[i].yaml);
        arena_free(a);
    }
}

/* What is printed means what was given, whatever the style. */
static void rows_parse_back(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        struct err e = { 0 };
        cJSON *config = json_parse(a, rows[i].json, strlen(rows[i].json), &e);
        cJSON *back = yaml_parse(a, rows[i].yaml, strlen(rows[i].yaml), &e);
        if (!back)
            fail_msg("%s: %s", rows[i].yaml, e.text);
        assert_true(json_equal(config, back));
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_print_like_this),
        cmocka_unit_test(rows_parse_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
