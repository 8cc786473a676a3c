/* test_java_text.c - Base64, split, numbers and booleans as Java's library and Spring read them. */
#include "base/arena.h"
#include "check.h"
#include "embedded/rest/java_text.h"

static void base64_needs_no_padding(void **state)
{
    (void)state;
    static const struct {
        const char *coded, *plain, *problem;
    } rows[] = {
        { "YTpw", "a:p", NULL },
        { "YQ==", "a", NULL },
        { "YQ", "a", NULL },
        { "YWI", "ab", NULL },
        { "", "", NULL },
        { "a", NULL, "Input byte[] should at least have 2 bytes for base64 bytes" },
        { "YTpwY", NULL, "Last unit does not have enough valid bits" },
        { "YQ=", NULL, "Input byte array has wrong 4-byte ending unit" },
        { "YTpw=", NULL, "Input byte array has wrong 4-byte ending unit" },
        { "YQ==x", NULL, "Input byte array has incorrect ending byte at 4" },
        { "YT-w", NULL, "Illegal base64 character 2d" },
        { "\xe9TTT", NULL, "Illegal base64 character -17" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *problem;
        size_t len;
        char *plain = java_base64(a, rows[i].coded, &len, &problem);
        if (rows[i].plain) {
            assert_string_equal(plain, rows[i].plain);
            assert_int_equal(len, strlen(plain));
        } else {
            assert_null(plain);
            assert_string_equal(problem, rows[i].problem);
        }
    }
    arena_free(a);
}

static void empty_parts_at_the_end_do_not_count(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t parts;
    } rows[] = { { "", 1 },     { "a", 1 },  { "a:b", 2 }, { "a:b:", 2 }, { "a:b::", 2 },
                 { "a::b", 3 }, { ":b", 2 }, { ":", 0 },   { "::", 0 } };
    struct arena *a = arena_new();
    char *parts[2];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(java_split(a, rows[i].text, ':', parts, 2), rows[i].parts);
    java_split(a, "x:y:z", ':', parts, 2);
    assert_string_equal(parts[0], "x");
    assert_string_equal(parts[1], "y");
    arena_free(a);
}

static void numbers_of_a_query(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum java_number kind;
        int value;
    } rows[] = {
        { "12", JAVA_NUMBER, 12 },     { " 1 2 ", JAVA_NUMBER, 12 }, { "+5", JAVA_NUMBER, 5 },
        { "-0x10", JAVA_NUMBER, -16 }, { "#ff", JAVA_NUMBER, 255 },  { "", JAVA_NONE, 0 },
        { " ", JAVA_BAD, 0 },          { "1.0", JAVA_BAD, 0 },       { "2147483648", JAVA_BAD, 0 },
        { "0x", JAVA_BAD, 0 },         { "+0x1", JAVA_BAD, 0 },      { "--1", JAVA_BAD, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int n = 0;
        assert_int_equal(java_integer(rows[i].text, &n), rows[i].kind);
        if (rows[i].kind == JAVA_NUMBER)
            assert_int_equal(n, rows[i].value);
    }
}

static void booleans_of_a_query(void **state)
{
    (void)state;
    bool yes;
    static const char *const truths[] = { "true", "ON", "Yes", "1", " true " };
    static const char *const lies[] = { "false", "off", "No", "0" };
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        assert_true(java_boolean(truths[i], &yes) == JAVA_NUMBER && yes);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
        assert_true(java_boolean(lies[i], &yes) == JAVA_NUMBER && !yes);
    assert_int_equal(java_boolean("", &yes), JAVA_NONE);
    assert_int_equal(java_boolean("maybe", &yes), JAVA_BAD);
    assert_int_equal(java_boolean("truetruetruetruetrue", &yes), JAVA_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_needs_no_padding),
        cmocka_unit_test(empty_parts_at_the_end_do_not_count),
        cmocka_unit_test(numbers_of_a_query),
        cmocka_unit_test(booleans_of_a_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
