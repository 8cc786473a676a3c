/* test_meter.c - our own figures: what is told of what was counted, and that they stay few. */
#include "base/buf.h"
#include "base/meter.h"
#include "check.h"
#include "check_arena.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *told(void)
{
    struct buf *b = buf_in(a, 4 << 20);
    meter_write(b);
    assert_false(b->over);
    return b->data;
}

static int lines_of(const char *text, const char *name)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, name)); p++)
        n += p == text || p[-1] == '\n';
    return n;
}

static void test_counters_add_up(void **state)
{
    (void)state;
    char again[] = "list_routes"; /* equal texts are one label, wherever they lie */
    meter_count(METER_CALLS, "list_routes", "ok", 1);
    meter_count(METER_CALLS, again, "ok", 2);
    meter_count(METER_CALLS, "list_routes", "net", 1);
    assert_non_null(
        strstr(told(), "higress_ops_calls_total{tool=\"list_routes\",outcome=\"ok\"} 3\n"));
    assert_non_null(
        strstr(told(), "higress_ops_calls_total{tool=\"list_routes\",outcome=\"net\"} 1\n"));
    assert_int_equal(lines_of(told(), "higress_ops_calls_total{"), 2);
}

static void test_times_are_cumulative(void **state)
{
    (void)state;
    meter_took(METER_REQUEST_TIME, "console", 0.004);
    meter_took(METER_REQUEST_TIME, "console", 0.005); /* an end belongs to its bucket */
    meter_took(METER_REQUEST_TIME, "console", 0.3);
    meter_took(METER_REQUEST_TIME, "console", 1000);
    const char *text = told();
    assert_non_null(strstr(text, "_seconds_bucket{to=\"console\",le=\"0.005\"} 2\n"));
    assert_non_null(strstr(text, "_seconds_bucket{to=\"console\",le=\"0.25\"} 2\n"));
    assert_non_null(strstr(text, "_seconds_bucket{to=\"console\",le=\"0.5\"} 3\n"));
    assert_non_null(strstr(text, "_seconds_bucket{to=\"console\",le=\"60\"} 3\n"));
    assert_non_null(strstr(text, "_seconds_bucket{to=\"console\",le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(text, "_seconds_count{to=\"console\"} 4\n"));
}

static void test_labels_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * METER_SLOTS; i++)
        meter_count(METER_CHANGES, arena_printf(a, "state-%d", i), NULL, 1);
    const char *text = told();
    assert_in_range(lines_of(text, "higress_ops_changes_total{"), METER_SLOTS / 2, METER_SLOTS);
    assert_non_null(strstr(text, "higress_ops_changes_total{state=\"other\"} "));
    meter_count(METER_CALLS, "list_routes", "ok", 1); /* what has a place keeps it */
    assert_non_null(strstr(told(), "{tool=\"list_routes\",outcome=\"ok\"} 4\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_add_up),
        cmocka_unit_test(test_times_are_cumulative),
        cmocka_unit_test(test_labels_are_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
