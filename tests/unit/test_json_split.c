/* test_json_split.c - the splitter gives the same elements wherever the pieces are cut. */
#include "base/buf.h"
#include "check.h"
#include "check_arena.h"

struct seen {
    struct buf *text; /* elements, each in <> */
    int stop_after;   /* 0: never */
};

static bool keep(void *arg, const char *text, size_t len)
{
    struct seen *s = arg;
    assert_int_equal(text[len], 0);
    buf_printf(s->text, "<%s>", text);
    return --s->stop_after != 0;
}

static struct json_split *split(const char *at, struct seen *s)
{
    s->text = buf_in(a, 1 << 16);
    return json_split_new(a, at, 1000, keep, s);
}

static const struct {
    const char *at, *text, *elements, *rest;
} whole[] = {
    { NULL, "[]", "", "{}" },
    { NULL, " [ ] ", "", "{}" },
    { NULL, "[1, \"a,]\\\"\" ,{\"x\":[1,{}]},[],null ]\n",
      "<1><\"a,]\\\"\"><{\"x\":[1,{}]}><[]><null>", "{}" },
    { "data", "[{\"a\":1}]", "<{\"a\":1}>", "{}" },
    { "data", "{\"data\":[{\"a\":\"}\"},2],\"total\":2,\"success\":true}", "<{\"a\":\"}\"}><2>",
      "{\"total\":2,\"success\":true}" },
    { "data", "{ \"message\" : \"data\" , \"data\" : [ 1 ] }", "<1>", "{\"message\":\"data\"}" },
    { "data", "{\"x\":{\"data\":[8]},\"y\":[\"data\",[9]],\"data\":[7]}", "<7>",
      "{\"x\":{\"data\":[8]},\"y\":[\"data\",[9]]}" },
    { "data", "{\"data\":null,\"message\":\"no\"}", "", "{\"data\":null,\"message\":\"no\"}" },
    { "data", "{\"data\":{\"a\":[1]}}", "", "{\"data\":{\"a\":[1]}}" },
    { "data", "{}", "", "{}" },
    { "data", "{\"a\\\"data\":[1],\"data\":[\"\\\\\"]}", "<\"\\\\\">", "{\"a\\\"data\":[1]}" },
};

static void elements_do_not_depend_on_the_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        size_t n = strlen(whole[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            struct seen seen = { 0 };
            struct json_split *s = split(whole[i].at, &seen);
            struct err e = { 0 };
            assert_true(json_split_feed(s, whole[i].text, cut, &e));
            assert_true(json_split_feed(s, whole[i].text + cut, n - cut, &e));
            if (!json_split_end(s, &e))
                fail_msg("%s: %s", whole[i].text, e.text);
            assert_string_equal(seen.text->data, whole[i].elements);
            assert_string_equal(json_print(a, json_split_rest(s, a)), whole[i].rest);
        }
    }
}

static void byte_by_byte_gives_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        struct seen seen = { 0 };
        struct json_split *s = split(whole[i].at, &seen);
        for (const char *c = whole[i].text; *c; c++)
            assert_true(json_split_feed(s, c, 1, NULL));
        assert_true(json_split_end(s, NULL));
        assert_string_equal(seen.text->data, whole[i].elements);
    }
}

static void an_early_end_is_an_error_everywhere(void **state)
{
    (void)state;
    const char *text = "{\"data\":[{\"a\":\"}\"},2],\"total\":2}";
    for (size_t n = 0; n < strlen(text); n++) {
        struct seen seen = { 0 };
        struct json_split *s = split("data", &seen);
        struct err e = { 0 };
        assert_true(json_split_feed(s, text, n, &e));
        assert_false(json_split_end(s, &e));
        assert_int_equal(e.kind, ERR_PROTO);
    }
}

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *at, *text;
    } rows[] = {
        { NULL, "{}" },
        { NULL, "[1,]" },
        { NULL, "[,1]" },
        { NULL, "[1}]" },
        { NULL, "[1]]" },
        { NULL, "1" },
        { "data", "<html>" },
        { "data", "{\"data\":[1],}" },
        { "data", "{\"data\":[1] \"x\":1}" },
        { "data", "{\"data\"::[1]}" },
        { "data", "{\"data\":[1]}x" },
        { "data", "{\"a\":tru,\"data\":[1]}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen = { 0 };
        struct json_split *s = split(rows[i].at, &seen);
        struct err e = { 0 };
        bool fed = json_split_feed(s, rows[i].text, strlen(rows[i].text), &e);
        if (fed && json_split_end(s, &e))
            fail_msg("accepted: %s", rows[i].text);
        assert_int_equal(e.kind, ERR_PROTO);
        assert_false(json_split_feed(s, " ", 1, &e));
    }
}

static void the_receiver_can_stop_it(void **state)
{
    (void)state;
    struct seen seen = { .stop_after = 2 };
    struct json_split *s = split(NULL, &seen);
    struct err e = { 0 };
    assert_false(json_split_feed(s, "[1,2,3]", 7, &e));
    assert_true(json_split_stopped(s));
    assert_int_equal(e.kind, ERR_NONE);
    assert_string_equal(seen.text->data, "<1><2>");
}

static void an_element_over_its_ceiling_is_refused(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct json_split *s = split(NULL, &seen);
    char text[1100];
    memset(text, 'x', sizeof text);
    memcpy(text, "[\"", 2);
    struct err e = { 0 };
    assert_false(json_split_feed(s, text, sizeof text, &e));
    assert_non_null(strstr(e.text, "too large"));
    assert_false(json_split_stopped(s));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(elements_do_not_depend_on_the_cut),
        TEST(byte_by_byte_gives_the_same),
        TEST(an_early_end_is_an_error_everywhere),
        TEST(malformed_texts_are_refused),
        TEST(the_receiver_can_stop_it),
        TEST(an_element_over_its_ceiling_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
