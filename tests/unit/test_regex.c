/* test_regex.c - expressions as RE2 reads them, and how large their programs are. */
#include "check.h"
#include "rule/regex.h"

static const struct {
    const char *expression, *why; /* part of RE2's words; NULL: it takes the expression */
} expressions[] = {
    { "/v[0-9]+/(users|items)/.*", NULL },
    { "(?i)^/a(?:b|c)*$", NULL },
    { "(?P<id>\\d+)?", NULL },
    { "[]a^[:alpha:]\\]]{2,3}", NULL },
    { "\\(a\\[", NULL },
    { "", NULL },
    { "*", "no argument for repetition" },
    { "a|+", "no argument for repetition" },
    { "a\\", "trailing" },
    { "(a))", "unexpected )" },
    { "(a", "missing )" },
    { "[a", "missing ]" },
    { "[]", "missing ]" },
    { "[z-a]", "invalid character class range" },
    { "(a)\\1", "invalid escape sequence" },
    { "a**", "bad repetition operator" },
    { "a{1001}", "invalid repetition size" },
    { "(?=a)", "invalid perl operator" },
    { "(?<!a)b", "invalid perl operator" },
    { "(?", "invalid perl operator" },
    { "((((a{100}){100}){100}){100}){100}", "invalid repetition size" },
};

static void test_expressions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char why[200] = "";
        int size = regex_size(expressions[i].expression, why, sizeof why);
        const char *part = expressions[i].why;
        if ((size < 0) != (part != NULL) || (part && !strstr(why, part)))
            fail_msg("%s: size %d, '%s'", expressions[i].expression, size, why);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    char why[8] = "";
    assert_in_range(regex_size("/api/.*", why, sizeof why), 1, REGEX_SIZE_STOCK);
    assert_in_range(regex_size("/(a{100}){10}.*", why, sizeof why), 1000, 1100);
    assert_int_equal(regex_size("[z-a]", why, sizeof why), -1);
    assert_int_equal(strlen(why), sizeof why - 1);
    assert_int_equal(regex_size("[z-a]", NULL, 0), -1);
}

static void test_whole_values(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *text;
        bool whole;
    } rows[] = {
        { "/re/[0-9]+.*", "/re/12/x", true },
        { "/re/[0-9]+.*", "/x/re/12", false },
        { "v[0-9]+", "v22", true },
        { "v[0-9]+", "v22x", false },
        { "a|b", "ab", false },
        { ".", "\xe9", true }, /* a byte */
        { ".", "\n", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct regex *r = regex_new(rows[i].expression);
        assert_non_null(r);
        if (regex_is_whole(r, rows[i].text, strlen(rows[i].text)) != rows[i].whole)
            fail_msg("%s and %s", rows[i].expression, rows[i].text);
        regex_free(r);
    }
    assert_null(regex_new("(a"));
}

static void test_replacing(void **state)
{
    (void)state;
    char out[16];
    struct regex *r = regex_new("/foo");
    assert_true(regex_replace(r, "/foo/a/foo", "/", out, sizeof out));
    assert_string_equal(out, "//a/");
    assert_false(regex_replace(r, "/foo", "0123456789012345", out, sizeof out));
    regex_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_values),
        cmocka_unit_test(test_replacing),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
