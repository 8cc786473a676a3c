/* test_guard_judge.c - counts of the baseline and of now held against the conditions of a guard. */
#include "base/arena.h"
#include "base/err.h"
#include "check.h"
#include "guard/judge.h"

static const struct guard_spec no_traffic = {
    .seconds = 300, .count = 1, .conditions = { { .what = GUARD_NO_TRAFFIC, .text = "no traffic" } }
};
/* Ten a second, never quiet for more than a second. */
static const struct guard_counts busy = { .from = 1000, .to = 1300, .pause = 1, .all = 3000 };

static bool is_worse_than_busy(const struct guard_counts *now)
{
    struct arena *a = arena_new();
    bool worse = guard_judge(a, &no_traffic, &busy, now).worse;
    arena_free(a);
    return worse;
}

static void test_silence_counts_from_the_last_request(void **unused)
{
    (void)unused;
    const struct guard_counts none = { .from = 1300, .to = 1302, .known_to = 1302 };
    const struct guard_counts late = {
        .from = 1300, .to = 1303, .known_to = 1303, .last = 1300.5, .all = 4
    };
    const struct guard_counts lately = {
        .from = 1300, .to = 1303, .known_to = 1303, .last = 1302.5, .all = 4
    };
    assert_true(is_worse_than_busy(&none));
    assert_true(is_worse_than_busy(&late)); /* a few met the configuration before the write */
    assert_false(is_worse_than_busy(&lately));
}

static void test_a_log_that_is_behind_is_no_silence(void **unused)
{
    (void)unused;
    const struct guard_counts behind = { .from = 1300, .to = 1310, .known_to = 1300.2 };
    const struct guard_counts over = { .from = 1300, .to = 1320, .known_to = 1300.2 };
    assert_false(is_worse_than_busy(&behind));
    assert_true(is_worse_than_busy(&over)); /* Envoy has written by now */
}

static void test_pauses_as_before_are_no_silence(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    const struct guard_counts bursts = { .from = 1000, .to = 1300, .pause = 58, .all = 500 };
    struct guard_counts now = { .from = 1300, .to = 1340, .known_to = 1340 };
    assert_false(guard_judge(a, &no_traffic, &bursts, &now).worse);
    now.to = now.known_to = 1360;
    assert_true(guard_judge(a, &no_traffic, &bursts, &now).worse);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_counts_from_the_last_request),
        cmocka_unit_test(test_a_log_that_is_behind_is_no_silence),
        cmocka_unit_test(test_pauses_as_before_are_no_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
