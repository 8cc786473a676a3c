/* test_prometheus.c - texts of others inside an expression, and the figures of an answer. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "signal/prometheus.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const char *text_of(void (*put)(struct buf *, const char *), const char *s)
{
    struct buf *b = buf_in(a, 4096);
    put(b, s);
    return b->data;
}

static void test_a_text_stays_within_its_quotes(void **state)
{
    (void)state;
    assert_string_equal(text_of(prometheus_text, "a\"} or up{b=\""), "a\\\"} or up{b=\\\"");
    assert_string_equal(text_of(prometheus_text, "\\\""), "\\\\\\\"");
    assert_string_equal(text_of(prometheus_text, "a\nb\x01\x7f"), "a\\x0ab\\x01\\x7f");
    assert_string_equal(text_of(prometheus_text, "qwen-3.5 \xc3\xa9"), "qwen-3.5 \xc3\xa9");
}

/* Undone as Prometheus does it, first the text and then the expression, it is what was given; and
 * no character of it means something else. */
static void test_a_pattern_is_the_text(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        const char one[] = { (char)c, 0 };
        const char *quoted = text_of(prometheus_quote, one);
        char raw[16] = { 0 };
        int n = 0;
        for (const char *p = quoted; *p; p++) {
            assert_true(*p != '"' && *p != '\n');
            if (*p != '\\')
                raw[n++] = *p;
            else if (*++p == 'x') {
                raw[n++] = (char)strtol((char[]){ p[1], p[2], 0 }, NULL, 16);
                p += 2;
            } else
                raw[n++] = *p;
        }
        bool special = strchr("\\.+*?()|[]{}^$", c) != NULL;
        assert_int_equal(n, special ? 2 : 1);
        assert_int_equal(raw[n - 1], one[0]);
        assert_true(!special || raw[0] == '\\');
    }
}

static void test_figures(void **state)
{
    (void)state;
    assert_true(prometheus_value(json_string(a, "1.5e3")) == 1500);
    const char *const none[] = { "NaN", "+Inf", "-Inf", "", "1x", "x" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(isnan(prometheus_value(json_string(a, none[i]))));
    assert_true(isnan(prometheus_value(json_number(a, 1))));
    assert_true(isnan(prometheus_value(NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_stays_within_its_quotes),
        cmocka_unit_test(test_a_pattern_is_the_text),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
