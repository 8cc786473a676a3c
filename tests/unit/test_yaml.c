/* test_yaml.c - scalars as Kubernetes reads them, block style as it prints them, and the round
 * trip. */
#include "base/buf.h"
#include "base/file.h"
#include "base/yaml.h"
#include "check.h"
#include "check_arena.h"
#include <glob.h>
#include <unistd.h>

static cJSON *parse(const char *text)
{
    struct err e = { 0 };
    cJSON *node = yaml_parse(a, text, strlen(text), &e);
    if (!node)
        fail_msg("%s: %s", text, e.text);
    return node;
}

static void texts_mean_this_json(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "null" },
        { "# only a comment\n", "null" },
        { "--- \n", "null" },
        { "[null, ~, Null, NULL]", "[null,null,null,null]" },
        { "a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}" },
        { "[true, Yes, ON, false, no, Off]", "[true,true,true,false,false,false]" },
        { "[tRUE, y, n, yES, \"true\", 'no']", "[\"tRUE\",\"y\",\"n\",\"yES\",\"true\",\"no\"]" },
        { "[1, -2, +3, 1_000, 0x1F, 0o17, 017, 0b101, -0x10]", "[1,-2,3,1000,31,15,15,5,-16]" },
        { "[1.5, .5, 5., -1e3, 1E-2, 08, 1e400]", "[1.5,0.5,5,-1000,0.01,8,1e400]" },
        { "[9007199254740993, 0xFFFFFFFFFFFFFFFF, 0x1FFFFFFFFFFFFFFFF]",
          "[9007199254740993,18446744073709551615,\"0x1FFFFFFFFFFFFFFFF\"]" },
        { "[1.2.3, 1a, 0x, 0xg, e3, 1e, 127.0.0.1, 1:30, -.inf]",
          "[\"1.2.3\",\"1a\",\"0x\",\"0xg\",\"e3\",\"1e\",\"127.0.0.1\",\"1:30\",\"-.inf\"]" },
        { "2026-11-24T05:40:57Z", "\"2026-11-24T05:40:57Z\"" },
        { "[!!str 1, ! 2, !!int '3', !!float \"1.5\", !!null '']", "[\"1\",\"2\",3,1.5,null]" },
        { "yes: 1\n8080: a\n1.50: b\n~: c\n",
          "{\"true\":1,\"8080\":\"a\",\"1.5\":\"b\",\"null\":\"c\"}" },
        { "a: &x {k: 1}\nb: *x\nc: [*x, &x 2, *x]\n",
          "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":[{\"k\":1},2,2]}" },
        { "base: &b {x: 1, y: 2}\nd: {<<: *b, y: 3}\ne:\n  y: 4\n  <<: [{z: 5, x: 6}, *b]\n",
          "{\"base\":{\"x\":1,\"y\":2},\"d\":{\"y\":3,\"x\":1},\"e\":{\"y\":4,\"z\":5,\"x\":6}}" },
        { "a: |-\n  1\n   2\n\n  3\nb: >\n  x\n  y\nc: |2\n   z\n",
          "{\"a\":\"1\\n 2\\n\\n3\",\"b\":\"x y\\n\",\"c\":\" z\\n\"}" },
        { "a: 1\n---\nb: 2\n", "{\"a\":1}" },
        { "\"\\u00e4\\x41\\U0001F600\"", "\"\xc3\xa4"
                                         "A\xf0\x9f\x98\x80\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        cJSON *node = yaml_parse(a, rows[i][0], strlen(rows[i][0]), &e);
        if (!node)
            fail_msg("%s: %s", rows[i][0], e.text);
        assert_string_equal(json_print(a, node), rows[i][1]);
    }
}

static void mistakes_name_line_and_column(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "a: 1\na: 2\n", "line 1, column 1: a mapping has twice the key 'a'" },
        { "x:\n  - b: 1\n    c: 2\n    b: 3\n",
          "line 2, column 5: a mapping has twice the key 'b'" },
        { "true: 1\nyes: 2\n", "twice the key 'true'" },
        { "a: [1\n", "line 2, column 1" },
        { "a: *nobody\n", "line 1, column 4: unknown alias 'nobody'" },
        { "&a [*a]", "unknown alias" },
        { "a: !!binary aGk=\n", "unknown tag" },
        { "a: !mine x\n", "unknown tag" },
        { "{[1]: 2}", "a key is no scalar" },
        { "<<: 1\n", "<< takes a mapping" },
        { "a: b: c\n", "line 1, column 5" },
        { "\t- a", "line 1" },
        { "a: \"\\0\"", "NUL" },
        { "a: \xff", "byte" },
        { "a: 'x", "line 1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        if (yaml_parse(a, rows[i][0], strlen(rows[i][0]), &e))
            fail_msg("accepted: %s", rows[i][0]);
        assert_int_equal(e.kind, ERR_ARGS);
        if (!strstr(e.text, rows[i][1]))
            fail_msg("'%s' gives '%s'", rows[i][0], e.text);
    }
}

static void documents_come_one_by_one(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *text = "---\na: 1\n---\n# nothing\n---\n- &x 2\n- *x\n...\n---\nb\n";
    assert_string_equal(json_print(a, yaml_parse_all(a, text, strlen(text), &e)),
                        "[{\"a\":1},[2,2],\"b\"]");
    assert_string_equal(json_print(a, yaml_parse_all(a, "", 0, &e)), "[]");
    text = "a: &x 1\n---\nb: *x\n"; /* anchors end with their document */
    assert_null(yaml_parse_all(a, text, strlen(text), &e));
    err_clear(&e);
    text = "a: 1\n---\nb: [\n";
    assert_null(yaml_parse_all(a, text, strlen(text), &e));
    assert_int_equal(e.kind, ERR_ARGS);
}

static void expansion_and_depth_are_bounded(void **state)
{
    (void)state;
    struct buf *b = buf_in(a, 1 << 20);
    buf_str(b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        buf_printf(b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_printf(b, "%s*a%d", k ? "," : "", i - 1);
        buf_str(b, "]\n");
    }
    struct err e = { 0 };
    assert_null(yaml_parse(a, b->data, b->len, &e));
    assert_non_null(strstr(e.text, "too large"));

    for (int depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        buf_reset(b);
        for (int i = 0; i < depth; i++)
            buf_char(b, '[');
        for (int i = 0; i < depth; i++)
            buf_char(b, ']');
        assert_int_equal(yaml_parse(a, b->data, b->len, NULL) != NULL, depth == JSON_MAX_DEPTH);
    }
    buf_reset(b); /* depth by aliases: each level hangs the one before into a list */
    buf_str(b, "- &n0 [x]\n");
    for (int i = 1; i < 100; i++)
        buf_printf(b, "- &n%d [*n%d]\n", i, i - 1);
    assert_null(yaml_parse(a, b->data, b->len, NULL));
}

static void blocks_look_as_kubernetes_prints_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null\n",
        "{}\n",
        "- 1\n- a\n",
        "a: 1\nb:\n  c: []\n  d: {}\n  e: null\n  f: \"\"\nl:\n- x: 1\n  z:\n  - 2\n- - 3\n  - - "
        "4\n",
        "metadata:\n  annotations:\n    higress.io/destination: |-\n      80% shop.static:80\n"
        "      20% orders.static:80\n  creationTimestamp: \"2026-11-24T05:40:57Z\"\n",
        "s:\n- \"true\"\n- \"1\"\n- \"1.5\"\n- \"null\"\n- \"0x1\"\n- \"~\"\n- \"yes\"\n- \"y\"\n- "
        "\"1_0\"\n",
        "s:\n- '*.example.com'\n- 'a: b'\n- 'a #b'\n- ' a'\n- '@x'\n- it's\n- '''x'\n- '- a'\n- "
        "-a\n",
        "a: 127.0.0.1:18201\nb: /w?x=1&y=2\nc: ?x\nd: .\n\"1:30\": a#b\n.: {}\nf:metadata: x:y\n",
        "a: |\n  one\n  two\nb: |+\n  one\n\nc: |2-\n    one\n  two\nd: \"\\n\"\n",
        "a: \"tab\\tand \\x01 and \\u2028\"\nb: gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(yaml_print(a, parse(texts[i])), texts[i]);
}

static void round_trip(const cJSON *node)
{
    char *text = yaml_print(a, node);
    struct err e = { 0 };
    const cJSON *back = yaml_parse(a, text, strlen(text), &e);
    if (!back)
        fail_msg("%s\n%s\n%s", json_print(a, node), text, e.text);
    if (!json_equal(node, back))
        fail_msg("%s became %s by\n%s", json_print(a, node), json_print(a, back), text);
}

static unsigned long long seed = 88172645463325252u;

static unsigned dice(unsigned sides)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 20) % sides;
}

static const char *const pieces[] = {
    " ",
    "\n",
    "\n\n",
    "  ",
    "\t",
    "a",
    "b c",
    "-",
    ":",
    ": ",
    " #",
    "#",
    "'",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "?",
    "1",
    "0",
    ".",
    "e",
    "_",
    "~",
    "null",
    "true",
    "yes",
    "0x",
    "---",
    "...",
    "<<",
    "=",
    "\r",
    "\x01",
    "\x7f",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xc3\xa4",
    "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80",
    "long words ",
};

static char *random_text(void)
{
    struct buf *b = buf_in(a, 1 << 16);
    for (unsigned n = dice(dice(8) ? 6 : 400); n > 0; n--)
        buf_str(b, pieces[dice(sizeof pieces / sizeof *pieces)]);
    return b->data;
}

static cJSON *random_tree(int depth)
{
    unsigned kind = dice(depth > 4 ? 6 : 9);
    if (kind < 4)
        return json_string(a, random_text());
    if (kind == 4)
        return json_number(a, (double)dice(1000000) / (dice(2) ? 1 : 997));
    if (kind == 5)
        return dice(2) ? json_null(a) : json_bool(a, dice(2));
    cJSON *node = kind == 6 ? json_array(a) : json_object(a);
    for (unsigned n = dice(5); n > 0; n--) {
        if (kind == 6)
            json_add(a, node, random_tree(depth + 1));
        else
            json_set(a, node, random_text(), random_tree(depth + 1));
    }
    return node;
}

static void what_is_printed_is_read_back_equal(void **state)
{
    (void)state;
    for (int i = 0; i < 4000; i++) {
        round_trip(random_tree(0));
        if (i % 200)
            continue;
        arena_free(a);
        a = arena_new();
    }
}

static void scalars_of_every_kind_survive_as_strings(void **state)
{
    (void)state;
    static const char *const alphabet = "019-+.eExob_:~yn ";
    char text[5] = "";
    for (size_t i = 0; i < 17 * 17 * 17 * 17; i++) {
        size_t rest = i;
        for (int k = 0; k < 4; k++, rest /= 17)
            text[k] = alphabet[rest % 17];
        if (i % 997 == 0) {
            arena_free(a);
            a = arena_new();
        }
        round_trip(json_string(a, text));
    }
}

/* The files that the real console and its API server wrote: read, printed, read again. */
static void recorded_files_survive(void **state)
{
    (void)state;
    glob_t files;
    if (glob("../shared/recordings/*/*/*/*.yaml", 0, NULL, &files) != 0 || !files.gl_pathc) {
        print_message("skipped: 1 (no recordings beside the repository)\n");
        skip();
    }
    size_t same = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t n = 0;
        char *text = file_read(a, files.gl_pathv[i], 1 << 22, &n, NULL);
        assert_non_null(text);
        cJSON *node = parse(text);
        round_trip(node);
        same += strcmp(yaml_print(a, node), text) == 0;
    }
    print_message("%zu of %zu files print byte for byte as they were\n", same, files.gl_pathc);
    assert_true(same > 0);
    globfree(&files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Found by fuzzing: a float beyond 2^53 must not come back as an integer with a text of its own. */
static void large_floats_stay_floats(void **state)
{
    (void)state;
    struct arena *own = arena_new();
    struct err e = { 0 };
    const cJSON *node = yaml_parse(own, "11102575495754907.5", 19, &e);
    assert_non_null(node);
    const char *text = yaml_print(own, node);
    const cJSON *back = yaml_parse(own, text, strlen(text), &e);
    assert_non_null(back);
    assert_true(json_equal(node, back));
    arena_free(own);
}

/* Found by fuzzing: << is an entry of a mapping, but no member of it; beyond 16 members are
 * sorted. */
static void a_merge_among_many_members(void **state)
{
    (void)state;
    struct buf *b = buf_in(a, 1 << 12);
    buf_str(b, "base: &b {x: 1}\nd:\n  <<: *b\n");
    for (int i = 0; i < 20; i++)
        buf_printf(b, "  k%d: %d\n", i, i);
    const cJSON *node = parse(b->data);
    assert_int_equal(json_count(json_get(node, "d")), 21);
    assert_int_equal(json_num(json_get(node, "d"), "x", 0), 1);
    buf_str(b, "  k3: 4\n");
    struct err e = { 0 };
    assert_null(yaml_parse(a, b->data, b->len, &e));
    assert_non_null(strstr(e.text, "twice the key 'k3'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_mean_this_json),
        TEST(mistakes_name_line_and_column),
        TEST(documents_come_one_by_one),
        TEST(expansion_and_depth_are_bounded),
        TEST(blocks_look_as_kubernetes_prints_them),
        TEST(what_is_printed_is_read_back_equal),
        TEST(scalars_of_every_kind_survive_as_strings),
        TEST(recorded_files_survive),
        TEST(large_floats_stay_floats),
        TEST(a_merge_among_many_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
