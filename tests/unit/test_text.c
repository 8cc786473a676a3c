/* test_text.c - outside text made harmless; percent coding. */
#include "base/text.h"
#include "check.h"
#include "check_arena.h"

static void clean_text_has_no_controls(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        size_t max;
    } rows[] = {
        { "plain", "plain", 100 },
        { "", "", 100 },
        { "a\r\nb\x1b[31mc\x7f", "a  b [31mc ", 100 },
        { "x\xc2\x85y\xe2\x80\xa8z", "x y z", 100 },
        { "a\xe2\x80\xae\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa6z", "az", 100 },
        { "bad\xff\xc3(", "bad\xef\xbf\xbd\xef\xbf\xbd(", 100 },
        { "12345", "12345", 5 },
        { "123456", "12\xe2\x80\xa6", 5 },
        { "\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87", 6 },
        { "\xe4\xb8\xad\xe6\x96\x87x", "\xe4\xb8\xad\xe2\x80\xa6", 6 },
        { "\xe4\xb8\xad\xe6\x96\x87", "\xe2\x80\xa6", 5 },
        { "abc", "", 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(text_clean(a, rows[i].from, rows[i].max), rows[i].to);
    assert_null(text_clean(a, NULL, 10));
}

static void any_bytes_become_clean_within_the_bound(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char bytes[40] = "";
        size_t n = (size_t)(seed >> 8) % 39;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (char)(seed >> 16 | 1);
        }
        size_t max = (size_t)round % 64;
        const char *clean = text_clean(a, bytes, max);
        assert_true(strlen(clean) <= max);
        assert_true(text_utf8(clean, strlen(clean)));
        for (const char *c = clean; *c; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        assert_string_equal(text_clean(a, clean, 1000), clean);
    }
}

static void percent_coding_round_trips(void **state)
{
    (void)state;
    char all[256];
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    all[255] = 0;
    const char *coded = text_percent(a, all);
    assert_null(strpbrk(coded, "/?#&=+ :@\"<>"));
    assert_string_equal(text_unpercent(a, coded, strlen(coded)), all);
    assert_string_equal(text_percent(a, "a/b c~.-_\xc3\xa4"), "a%2Fb%20c~.-_%C3%A4");
    assert_string_equal(text_unpercent(a, "%2f%2F+", 7), "//+");
    static const char *const bad[] = { "%", "%2", "%2x", "a%00", "%%20", "%-1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(text_unpercent(a, bad[i], strlen(bad[i])));
    assert_null(text_unpercent(a, "%20", 2)); /* n counts, not the NUL */
}

static void utf8_is_judged_by_the_rfc(void **state)
{
    (void)state;
    static const char *const good[] = { "",
                                        "a",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = { "\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
                                       "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                       "\xc3",         "\xe4\xb8",         "\xf0\x90\x80",
                                       "\xff" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_utf8(bad[i], strlen(bad[i])));
}

static void small_helpers(void **state)
{
    (void)state;
    assert_true(text_starts("route-1", "route"));
    assert_false(text_starts("rou", "route"));
    assert_true(text_ends("x.yaml", ".yaml"));
    assert_false(text_ends("yaml", ".yaml"));
    assert_true(text_contains_nocase("Shop-Checkout", "checkOUT"));
    assert_true(text_contains_nocase("x", ""));
    assert_false(text_contains_nocase("checkou", "checkout"));
    assert_true(text_equal_nocase("Host", "host"));
    assert_false(text_equal_nocase("Host", "hosts"));
    assert_string_equal(text_lower(a, "Shop-CHECKOUT", 7), "shop-ch");
    assert_string_equal(text_lower(a, "Ä@[", 4), "Ä@["); /* ASCII only */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Journals of the embedded console hold it, so it must not change. */
static void test_hash(void **state)
{
    (void)state;
    assert_true(text_hash("", 0) == 0xcbf29ce484222325u);
    assert_true(text_hash("a", 1) == 0xaf63dc4c8601ec8cu);
    assert_true(text_hash("foobar", 6) == 0x85944171f73967e8u);
}

static void one_word_of_a_list(void **state)
{
    (void)state;
    assert_int_equal(text_word_place("a|bc|d", "a"), 1);
    assert_int_equal(text_word_place("a|bc|d", "d"), 3);
    static const char *const none[] = { "b", "a|bc", "bc|d", "|", "c" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(text_word_place("a|bc|d", none[i]), 0);
    assert_false(text_has_word(NULL, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        TEST(clean_text_has_no_controls),
        TEST(any_bytes_become_clean_within_the_bound),
        TEST(percent_coding_round_trips),
        TEST(utf8_is_judged_by_the_rfc),
        TEST(small_helpers),
        TEST(one_word_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
