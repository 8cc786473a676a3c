/* test_json.c - strict reading, exact printing, editing, paths, merge patch. */
#include "base/buf.h"
#include "check.h"
#include "check_arena.h"

static void texts_print_as_they_came(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "42",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740993",
        "123456789012345678901234567890",
        "1e400",
        "0.1",
        "-2.5e-07",
        "1e+300",
        "1.7976931348623157e+308",
        "5e-324",
        "0.30000000000000004",
        "\"\"",
        "\"a\\\"b\\\\\\n\\u0001\"",
        "\"\xf0\x9f\x98\x80 \xc3\xa4\"",
        "[]",
        "{}",
        "[[],{},[{}]]",
        "{\"b\":1,\"a\":[true,null,\"x\"],\"\":{\"B\":1,\"b\":2}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *node = json(texts[i]);
        assert_string_equal(json_print(a, node), texts[i]);
        assert_true(json_equal(json(json_print_pretty(a, node)), node));
        assert_true(json_equal(json_clone(a, node), node));
        assert_string_equal(json_print(a, json_clone(a, node)), texts[i]);
    }
}

static void other_spellings_are_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { " [ 1 , 2 ] \r\n", "[1,2]" },
        { "\t{ \"a\" :\n1 }", "{\"a\":1}" },
        { "-0", "0" },
        { "1.0", "1" },
        { "1E2", "100" },
        { "\"\\u00e4\\ud83d\\ude00\\/\"", "\"\xc3\xa4\xf0\x9f\x98\x80/\"" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
        { "{\"a\":1,\"a\":2,\"a\":3}", "{\"a\":3}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(json_print(a, json(rows[i][0])), rows[i][1]);
}

static const char *const malformed[] = {
    "",
    " ",
    "nul",
    "nulll",
    "tru e",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "Infinity",
    "'a'",
    "\"a",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83d\\u0041\"",
    "\"\\u12g4\"",
    "\"\t\"",
    "\"\xc3\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\xaf\"",
    "\"\xf5\x80\x80\x80\"",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "]",
    "{",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{,}",
    "1 1",
    "{} x",
    "[1]]",
    "// c\n1",
    "\xef\xbb\xbf{}",
    "\"\\",
    "\"\\\"",
};

static void malformed_texts_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct err e = { 0 };
        if (json_parse(a, malformed[i], strlen(malformed[i]), &e))
            fail_msg("accepted: %s", malformed[i]);
        assert_int_equal(e.kind, ERR_PROTO);
        assert_non_null(strstr(e.text, "at byte "));
    }
    struct err e = { 0 };
    assert_null(json_parse(a, "\"a\0b\"", 5, &e));
    err_clear(&e);
    assert_null(json_parse(a, "1\0", 2, &e));
}

static void every_cut_of_a_text_is_refused(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1,\"x\\u00e4\",{\"b\":null}],\"c\":\"\xe4\xb8\xad\"}";
    for (size_t n = 0; n < strlen(text); n++) {
        char *exact = arena_alloc(a, n); /* no byte behind it: ASan sees any overrun */
        memcpy(exact, text, n);
        assert_null(json_parse(a, exact, n, NULL));
    }
}

static void depth_and_members_are_bounded(void **state)
{
    (void)state;
    char text[2 * JSON_MAX_DEPTH + 3] = "";
    memset(text, '[', JSON_MAX_DEPTH);
    memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    assert_non_null(json_parse(a, text, 2 * JSON_MAX_DEPTH, NULL));
    memset(text, '[', JSON_MAX_DEPTH + 1);
    memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
    struct err e = { 0 };
    assert_null(json_parse(a, text, 2 * JSON_MAX_DEPTH + 2, &e));
    assert_non_null(strstr(e.text, "too deeply"));

    cJSON *many = json_object(a);
    struct buf *b = buf_in(a, 1 << 20);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3000; i++)
            buf_printf(b, "%s\"k%d\":%d", b->len ? "," : "{", i, round * 10000 + i);
    buf_char(b, '}');
    many = json_parse(a, b->data, b->len, NULL);
    assert_int_equal(json_count(many), 3000);
    assert_string_equal(many->child->string, "k0");
    assert_int_equal((int)json_num(many, "k2999", 0), 12999);
    buf_reset(b);
    for (int i = 0; i <= JSON_MAX_MEMBERS; i++)
        buf_printf(b, "%s\"%d\":0", i ? "," : "{", i);
    buf_char(b, '}');
    assert_null(json_parse(a, b->data, b->len, NULL));
}

static void doubles_survive_the_round_trip(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17; /* xorshift */
        double n, back;
        memcpy(&n, &bits, sizeof n);
        if (n != n || n - n != 0)
            continue;
        back = json(json_print(a, json_number(a, n)))->valuedouble;
        assert_true(back == n);
    }
    assert_string_equal(json_print(a, json_number(a, 0.0 / 1 - 0.0)), "0");
    assert_true(cJSON_IsNull(json_number(a, 1e308 * 10)));
}

static void members_are_set_in_place(void **state)
{
    (void)state;
    cJSON *o = json_object(a);
    json_set_num(a, o, "a", 1);
    json_set_str(a, o, "b", "x");
    json_set_bool(a, o, "c", true);
    json_set_str(a, o, "d", NULL);
    json_set_num(a, o, "a", 2);
    json_set_num(a, o, "d", 4);
    json_set_bool(a, o, "b", false);
    assert_string_equal(json_print(a, o), "{\"a\":2,\"b\":false,\"c\":true,\"d\":4}");
    json_remove(o, "a");
    json_remove(o, "absent");
    json_remove(o, "d");
    json_set_num(a, o, "e", 5);
    assert_string_equal(json_print(a, o), "{\"b\":false,\"c\":true,\"e\":5}");
    assert_true(json_true(o, "c"));
    json_add_str(a, json_set_array(a, json_set_object(a, o, "n"), "l"), "deep");
    assert_string_equal(json_path(o, "n.l[0]")->valuestring, "deep");
    cJSON *only = json_array(a);
    cJSON *item = json_add(a, only, json_number(a, 1));
    json_detach(only, item);
    assert_string_equal(json_print(a, only), "[]");
    json_add(a, only, item);
    assert_string_equal(json_print(a, only), "[1]");
}

static void any_order_of_detaching_keeps_the_list_whole(void **state)
{
    (void)state;
    for (int first = 0; first < 4; first++)
        for (int second = 0; second < 3; second++) {
            cJSON *list = json("[0,1,2,3]");
            json_detach(list, cJSON_GetArrayItem(list, first));
            json_detach(list, cJSON_GetArrayItem(list, second));
            json_add(a, list, json_number(a, 9));
            assert_int_equal(json_count(list), 3);
            assert_int_equal(cJSON_GetArrayItem(list, 2)->valueint, 9);
            assert_ptr_equal(list->child->prev, cJSON_GetArrayItem(list, 2));
        }
}

static void accessors_cannot_fail(void **state)
{
    (void)state;
    cJSON *o = json("{\"s\":\"x\",\"n\":1.5,\"b\":true,\"A\":1,\"l\":[[1,2],{\"k\":{\"m\":7}}]}");
    assert_null(json_str(o, "n"));
    assert_null(json_get(o, "a"));
    assert_null(json_get(NULL, "a"));
    assert_null(json_get(json_get(o, "s"), "a"));
    assert_true(json_num(o, "s", 3) == 3 && json_num(o, "n", 3) == 1.5);
    assert_false(json_true(o, "s"));
    assert_int_equal(json_count(o), 5);
    assert_int_equal(json_count(NULL), 0);
    assert_string_equal(json_text(o, "s"), "x");
    assert_string_equal(json_text(o, "n"), "");
    assert_string_equal(json_text(NULL, "s"), "");
    const cJSON *list = json("[1,\"b\",{\"n\":1},{\"n\":\"b\",\"first\":true},{\"n\":\"b\"}]");
    assert_true(json_true(json_find(list, "n", "b"), "first"));
    assert_null(json_find(list, "n", "c"));
    assert_null(json_find(list, "n", NULL));
    assert_null(json_find(NULL, "n", "b"));
    assert_ptr_equal(json_find_text(list, "b"), list->child->next);
    assert_null(json_find_text(list, "a"));
    assert_int_equal(json_path(o, "l[1].k.m")->valueint, 7);
    assert_int_equal(json_path(o, "l[0][1]")->valueint, 2);
    assert_ptr_equal(json_path(o, ""), o);
    static const char *const absent[] = {
        "l[2]", "l[-1]", "l[x]", "l[0", "l[0].k",
        "s[0]", "x.y",   "l.k",  "b.c", "l[99999999999999999999]"
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_null(json_path(o, absent[i]));
}

static void equality_ignores_the_order_of_members_only(void **state)
{
    (void)state;
    static const struct {
        const char *x, *y;
        bool equal;
    } rows[] = {
        { "{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1.0}", true },
        { "[1,2]", "[2,1]", false },
        { "[1]", "[1,1]", false },
        { "{\"a\":null}", "{}", false },
        { "{\"a\":null}", "{\"b\":null}", false },
        { "0", "false", false },
        { "\"1\"", "1", false },
        { "9007199254740993", "9007199254740992", false },
        { "true", "true", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(json_equal(json(rows[i].x), json(rows[i].y)), rows[i].equal);
        assert_int_equal(json_equal(json(rows[i].y), json(rows[i].x)), rows[i].equal);
    }
    assert_false(json_equal(NULL, json("null")));
}

static void canonical_text_does_not_depend_on_the_order(void **state)
{
    (void)state;
    const char *canonical =
        "{\"A\":1,\"a\":{\"x\":[{\"p\":1,\"q\":2}],\"y\":\"\xc3\xa4\"},\"b\":2}";
    assert_string_equal(json_canonical(a, json("{\"b\":2,\"a\":{\"y\":\"\\u00e4\",\"x\":[{\"q\":2,"
                                               "\"p\":1}]},\"A\":1e0}")),
                        canonical);
    assert_string_equal(json_canonical(a, json(canonical)), canonical);
}

static void merge_patch_follows_the_rfc(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        /* RFC 7396, appendix A */
        { "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
        { "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
        { "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
        { "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
        { "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
        { "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
        { "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
        { "{\"a\":\"foo\"}", "null", "null" },
        { "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
        { "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
        { "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
        { "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cJSON *target = json(rows[i][0]), *patch = json(rows[i][1]);
        assert_string_equal(json_print(a, json_merge_patch(a, target, patch)), rows[i][2]);
        assert_string_equal(json_print(a, target), rows[i][0]);
        assert_string_equal(json_print(a, patch), rows[i][1]);
    }
    assert_string_equal(json_print(a, json_merge_patch(a, NULL, json("{\"a\":1}"))), "{\"a\":1}");
}

static void raw_text_is_printed_verbatim(void **state)
{
    (void)state;
    cJSON *o = json_object(a);
    json_set(a, o, "id", json_raw(a, "1.50"));
    assert_string_equal(json_print(a, o), "{\"id\":1.50}");
    assert_string_equal(json_print_pretty(a, json("{\"a\":[1,{}],\"b\":{\"c\":[]}}")),
                        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}");
}

/* A mistake of the program, and no reason to end it: a client made it happen once. */
static void a_member_of_nothing_is_null(void **state)
{
    (void)state;
    cJSON *o = json_object(a);
    json_set(a, o, "operations", NULL);
    json_add(a, json_set_array(a, o, "list"), NULL);
    assert_string_equal(json_print(a, o), "{\"operations\":null,\"list\":[null]}");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Strings are read eight bytes at a time where they are plain: each byte at each place. */
static void strings_are_plain_at_every_place(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        for (int at = 0; at < 20; at++) {
            struct err e = { 0 };
            char text[23] = "\"aaaaaaaaaaaaaaaaaaaa\"";
            text[1 + at] = (char)c;
            const cJSON *o = json_parse(a, text, 22, &e);
            bool good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            if ((o != NULL) != good)
                fail_msg("byte %d at %d: %s", c, at, e.text);
            if (good)
                assert_memory_equal(o->valuestring, text + 1, 20);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_print_as_they_came),
        TEST(strings_are_plain_at_every_place),
        TEST(other_spellings_are_read),
        TEST(malformed_texts_are_refused),
        TEST(every_cut_of_a_text_is_refused),
        TEST(depth_and_members_are_bounded),
        TEST(doubles_survive_the_round_trip),
        TEST(members_are_set_in_place),
        TEST(any_order_of_detaching_keeps_the_list_whole),
        TEST(accessors_cannot_fail),
        TEST(equality_ignores_the_order_of_members_only),
        TEST(canonical_text_does_not_depend_on_the_order),
        TEST(merge_patch_follows_the_rfc),
        TEST(raw_text_is_printed_verbatim),
        TEST(a_member_of_nothing_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
