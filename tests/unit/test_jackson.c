/* test_jackson.c - bodies and plugin YAML as Jackson reads them. */
#include "base/arena.h"
#include "base/json.h"
#include "check.h"
#include "embedded/rest/jackson_private.h"
#include "embedded/rest/jackson_yaml.h"

static void encodings_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *charset;
    } rows[] = {
        { "{\"a\":\"b\"}", 9, NULL },
        { "\xef\xbb\xbf{\"a\":\"b\"}", 12, NULL },
        { "{\0\"\0a\0\"\0:\0\"\0b\0\"\0}\0", 18, NULL },
        { "\0{\0\"\0a\0\"\0:\0\"\0b\0\"\0}", 18, "utf-16" },
        { "\xff\xfe{\0\"\0a\0\"\0:\0\"\0b\0\"\0}\0", 20, NULL },
        { "{\"a\":\"b\"} and more", 18, NULL },
        { "{\"a\":\"b\"}}", 10, "ISO-8859-1" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const cJSON *tree = jackson_read(a, rows[i].bytes, rows[i].len, rows[i].charset);
        assert_non_null(tree);
        assert_string_equal(json_str(tree, "a"), "b");
    }
    assert_null(jackson_read(a, "{\"a\":\"\xe9\"}", 9, NULL));
    assert_string_equal(json_str(jackson_read(a, "{\"a\":\"\xe9\"}", 9, "ISO-8859-1"), "a"), "é");
    assert_null(jackson_read(a, "{\"a\"", 4, NULL));
    arena_free(a);
}

static void numbers_keep_their_spelling_and_lone_surrogates_do_not(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const char text[] = "{\"s\":\"-1\\\"2\",\"n\":1.0,\"m\":[1e2,-5],\"u\":\"\\ud800x\"}";
    cJSON *tree = jackson_read(a, text, sizeof text - 1, NULL);
    assert_string_equal(json_print(a, tree),
                        "{\"s\":\"-1\\\"2\",\"n\":1.0,\"m\":[1e2,-5],\"u\":\"?x\"}");
    arena_free(a);
}

static void yaml_is_taken_by_events(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        { "a: 1\na: 2", "{\"a\":2}" },
        { "a: &x 1\nb: *x\n<<: {c: 3}", "{\"a\":1,\"b\":\"x\",\"<<\":{\"c\":3}}" },
        { "a: !foo 5\nb: !!str 5\nc: !!int '5'", "{\"a\":\"5\",\"b\":\"5\",\"c\":5}" },
        { "0x10: 017", "{\"0x10\":15}" },
        { "a: 1:30\nb: 08\nc: .5\nd: 1_000", "{\"a\":\"1:30\",\"b\":\"08\",\"c\":0.5,\"d\":1000}" },
    };
    static const char *const refused[] = { "a: .inf", "- a", "x", "a: [", "[a]: 1", "" };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(json_print(a, jackson_yaml_read(a, rows[i].yaml)), rows[i].json);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_null(jackson_yaml_read(a, refused[i]));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_are_found),
        cmocka_unit_test(numbers_keep_their_spelling_and_lone_surrogates_do_not),
        cmocka_unit_test(yaml_is_taken_by_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
