/* test_prometheus.c - texts of others inside an expression, and the figures of an answer. */
#include "base/buf.h"
#include "check.h"
#include "check_arena.h"
#include "signal/metrics_private.h"
#include "signal/prometheus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* -- what an expression answered ----------------------------------------------------------------
 */

static const struct prometheus_ask an_hour = { .start = 600, .end = 3600, .step = 600 };
static const struct prometheus_ask now = { .end = 3600 };

static cJSON *shown(const struct prometheus_ask *ask, const char *data, int most)
{
    cJSON *answer = json_object(a);
    struct err e = { 0 };
    const cJSON *tree = json_parse(a, data, strlen(data), &e);
    assert_non_null(tree);
    metrics_show(a, answer, tree, ask, most);
    return answer;
}

/* Prometheus leaves out what it does not know: what began late is not told as if it were early. */
static void test_a_value_stands_at_its_time(void **state)
{
    (void)state;
    const cJSON *answer = shown(&an_hour,
                                "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":"
                                "[[1800,\"1\"],[2400,\"NaN\"],[3600,\"3\"]]}]}",
                                20);
    assert_string_equal(json_print(a, json_get(answer, "rows")),
                        "[{\"labels\":{},\"value\":[null,null,1,null,null,3]}]");
    assert_null(json_get(answer, "truncated"));
    answer = shown(&now,
                   "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":"
                   "[[3000.5,\"1\"],[3500.1,\"3\"]]}]}",
                   20);
    assert_string_equal(json_print(a, json_get(answer, "rows")),
                        "[{\"labels\":{},\"value\":[1,3]}]");
}

static void test_what_others_call_something_is_masked(void **state)
{
    (void)state;
    const cJSON *answer = shown(
        &now,
        "{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"path\":\"/x?token=hush&a=hush\","
        "\"said\":\"Bearer hushhushhushhush\",\"authorization\":\"hush\",\"job\":\"pods\"},"
        "\"value\":[1,\"2\"]}]}",
        20);
    const char *text = json_print(a, answer);
    assert_null(strstr(text, "hush"));
    assert_non_null(strstr(text, "\"job\":\"pods\""));
    answer = shown(&now, "{\"resultType\":\"string\",\"result\":[1,\"key=hush\"]}", 20);
    assert_null(strstr(json_print(a, answer), "hush"));
}

/* Many long labels: rows are left out, and counted; of one row, labels. */
static void test_an_expression_has_a_bounded_answer(void **state)
{
    struct buf *b = buf_in(a, 8 << 20);
    (void)state;
    buf_str(b, "{\"resultType\":\"vector\",\"result\":[");
    for (int i = 0; i < 100; i++) {
        buf_printf(b, "%s{\"metric\":{", i ? "," : "");
        for (int k = 0; k < 300; k++)
            buf_printf(b, "%s\"label_%d\":\"%0190d\"", k ? "," : "", k, i);
        buf_str(b, "},\"value\":[1,\"2\"]}");
    }
    buf_str(b, "]}");
    const cJSON *answer = shown(&now, b->data, 100);
    const cJSON *rest = json_get(answer, "truncated");
    assert_true(strlen(json_print(a, answer)) < 64 << 10);
    assert_int_equal(json_count(json_get(answer, "rows")) + (int)json_num(rest, "rows", 0), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_stays_within_its_quotes),
        cmocka_unit_test(test_a_pattern_is_the_text),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_a_value_stands_at_its_time),
        cmocka_unit_test(test_what_others_call_something_is_masked),
        cmocka_unit_test(test_an_expression_has_a_bounded_answer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
