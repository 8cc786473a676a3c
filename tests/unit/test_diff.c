/* test_diff.c - the lines a person approves by. */
#include "base/buf.h"
#include "check.h"
#include "check_arena.h"
#include "kind/diff.h"

/* Lines are joined by ';'. */
static const struct {
    const char *before, *after, *lines;
} rows[] = {
    { "{\"a\":1}", "{\"a\":1,\"b\":null,\"c\":{\"d\":null},\"e\":[]}", "" },
    { "{\"a\":1}", "{\"a\":2}", "~ a: 1 -> 2" },
    { "{\"a\":[\"x\"]}", "{\"a\":[\"x\",\"y\"]}", "+ a[1]: \"y\"" },
    { "{\"s\":[{\"name\":\"web\",\"w\":90},{\"name\":\"api\",\"w\":10}]}",
      "{\"s\":[{\"name\":\"api\",\"w\":50},{\"name\":\"web\",\"w\":50}]}",
      "~ s[web].w: 90 -> 50;~ s[api].w: 10 -> 50" },
    /* Two versions of one service are not taken for each other. */
    { "{\"s\":[{\"name\":\"web\",\"v\":1,\"w\":90},{\"name\":\"web\",\"v\":2,\"w\":10}]}",
      "{\"s\":[{\"name\":\"web\",\"v\":1,\"w\":50},{\"name\":\"web\",\"v\":2,\"w\":50}]}",
      "~ s[0].w: 90 -> 50;~ s[1].w: 10 -> 50" },
    { "{\"s\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "{\"s\":[{\"name\":\"b\"},{\"name\":\"a\"}]}",
      "~ s: order of the elements" },
    { "{\"o\":{\"p\":{\"q\":true}}}", "{\"o\":{\"p\":{\"q\":false}}}", "~ o.p.q: true -> false" },
    { "{\"a\":{\"b\":1}}", "{}", "- a: {\"b\":1}" },
    { "{\"a\":1}", "{\"a\":\"1\"}", "~ a: 1 -> \"1\"" },
    { "null", "{\"name\":\"x\",\"p\":[1]}", "+ name: \"x\";+ p: [1]" },
    { "{\"name\":\"x\"}", "null", "- name: \"x\"" },
    { "{\"a\":[[1,2]]}", "{\"a\":[[1,3]]}", "~ a[0][1]: 2 -> 3" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf *b = buf_in(a, 4096);
        const cJSON *l;
        cJSON_ArrayForEach(l, diff_lines(a, json(rows[i].before), json(rows[i].after), 20))
            buf_printf(b, "%s%s", b->len ? ";" : "", l->valuestring);
        assert_string_equal(b->data, rows[i].lines);
    }
}

static void test_bounded(void **state)
{
    (void)state;
    cJSON *x = json_object(a), *y = json_object(a);
    for (int i = 0; i < 100; i++)
        json_set_num(a, y, arena_printf(a, "m%d", i), i);
    cJSON *lines = diff_lines(a, x, y, 10);
    assert_int_equal(json_count(lines), 11);
    assert_string_equal(cJSON_GetArrayItem(lines, 10)->valuestring, "… and 90 more");
}

static void test_clean(void **state)
{
    (void)state;
    cJSON *y = json_object(a);
    json_set_str(a, y, "n\n\x1b[31m", "v\n\x1b[2J");
    const cJSON *l = diff_lines(a, NULL, y, 10)->child;
    assert_null(strchr(l->valuestring, '\n'));
    assert_null(strchr(l->valuestring, '\x1b'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
