/* test_diagnose_endpoint.c - one endpoint of several is told from the service, whatever it does. */
#include "signals.h"

#include "diagnose/diagnose_private.h"
#include "signal/chance.h"

/* 24 requests to three endpoints in turn; every one to the third is `bad`. */
static const cJSON *judge_third(struct arena *a, const char *bad, const char *good)
{
    cJSON *rows = json_array(a);

    for (int i = 0; i < 24; i++) {
        bool third = i % 3 == 2;
        signals_row(
            a, rows, 600 - i,
            arena_printf(a, "upstream_host=10.0.0.%d:80 %s", i % 3 + 1, third ? bad : good));
    }
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    return diagnose_judge(a, NULL, &s);
}

static void only(const cJSON *answer, const char *code)
{
    assert_string_equal(signals_code(answer, 0), code);
    assert_string_equal(signals_object(answer, 0), "outbound|80||web.static endpoint 10.0.0.3:80");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
}

static void test_each_status_class(void **state)
{
    static const char *const codes[] = { "400", "401", "404", "429", "500", "502", "503" };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct arena *a = arena_new();
        const cJSON *answer = judge_third(a, arena_printf(a, "response_code=%s", codes[i]), "");
        only(answer, "ENDPOINT_BAD");
        assert_true(signals_says(answer, 0, "8 of 8 requests"));
        assert_true(signals_says(answer, 0, "the other 2 endpoints: 0 of 16"));
        assert_true(signals_says(answer, 0, codes[i]));
        arena_free(a);
    }
}

static void test_timeouts_and_late_answers(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    only(judge_third(a,
                     "response_code=504 response_flags=UT response_code_details="
                     "upstream_response_timeout duration=1001",
                     ""),
         "ENDPOINT_SLOW");
    only(judge_third(a, "duration=2003", "duration=12"), "ENDPOINT_SLOW");
    only(judge_third(a,
                     "response_code=0 response_flags=DC response_code_details=downstream_remote "
                     "duration=3000",
                     ""),
         "ENDPOINT_SLOW");
    assert_string_equal(signals_code(judge_third(a, "duration=14", "duration=12"), 0), "OK");
    arena_free(a);
}

static void test_resets_and_connects(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    only(judge_third(a,
                     "response_code=503 response_flags=UC response_code_details="
                     "upstream_reset_before_response_started{connection_termination}",
                     ""),
         "ENDPOINT_BAD");
    only(judge_third(a,
                     "response_code=503 response_flags=UF response_code_details="
                     "upstream_reset_before_response_started{remote_connection_failure} "
                     "upstream_transport_failure_reason=Connection_refused",
                     ""),
         "ENDPOINT_DOWN");
    arena_free(a);
}

/* Two of one endpoint's four and none of the other's two: chance does that. */
static void test_chance_is_no_verdict(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    const cJSON *answer;

    (void)state;
    signals_rows(a, rows, 2, 90, "upstream_host=10.0.0.1:80 response_code=500");
    signals_rows(a, rows, 2, 80, "upstream_host=10.0.0.1:80");
    signals_rows(a, rows, 2, 70, "upstream_host=10.0.0.2:80");
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "UPSTREAM_5XX");
    assert_true(signals_says(answer, 0, "by endpoint: "));
    arena_free(a);
}

static void test_the_service_itself_is_still_blamed(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(signals_code(judge_third(a, "response_code=500", "response_code=500"), 0),
                        "UPSTREAM_5XX");
    arena_free(a);
}

/* A second cause, at all endpoints, is a second verdict. */
static void test_a_second_cause_stays(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    const cJSON *answer;

    (void)state;
    for (int i = 0; i < 30; i++)
        signals_row(a, rows, 300 - i,
                    arena_printf(a, "upstream_host=10.0.0.%d:80 response_code=%d", i % 3 + 1,
                                 i % 3 == 2 ? 500 : 200));
    signals_rows(
        a, rows, 12, 90,
        "route_name=pay upstream_cluster=outbound|80||pay.static upstream_host=10.0.1.1:80 "
        "response_code=503 response_flags=UF response_code_details="
        "upstream_reset_before_response_started{remote_connection_failure} "
        "upstream_transport_failure_reason=Connection_refused");
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    answer = diagnose_judge(a, NULL, &s);
    assert_int_equal(json_count(json_get(answer, "verdicts")), 2);
    assert_string_equal(signals_code(answer, 0), "ENDPOINT_BAD");
    assert_string_equal(signals_code(answer, 1), "UPSTREAM_REFUSED");
    arena_free(a);
}

/* It answers well again: what it did is over. */
static void test_an_endpoint_that_is_well_again(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    const cJSON *answer;

    (void)state;
    for (int i = 0; i < 60; i++)
        signals_row(a, rows, 300 - i,
                    arena_printf(a, "upstream_host=10.0.0.%d:80 response_code=%d", i % 3 + 1,
                                 i % 3 == 2 && i < 30 ? 500 : 200));
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_string_equal(signals_code(answer, 1), "ENDPOINT_BAD");
    arena_free(a);
}

static void test_fishers_exact(void **state)
{
    (void)state;
    assert_float_equal(chance_of_more(3, 3, 0, 3), 0.05, 1e-9);
    assert_float_equal(chance_of_more(4, 4, 0, 8), 1.0 / 495, 1e-9);
    assert_float_equal(chance_of_more(0, 5, 3, 5), 1, 1e-9);
    assert_true(chance_of_more(100, 100, 0, 100000) < 1e-50);
}

static void test_binomial(void **state)
{
    (void)state;
    assert_float_equal(chance_above(1, 1, 0.02), 0.02, 1e-12);
    assert_float_equal(chance_above(2, 2, 0.5), 0.25, 1e-12);
    assert_float_equal(chance_above(0, 10, 0.5), 1, 1e-12);
    assert_float_equal(chance_above(1, 10, 0), 0, 0);
    assert_float_equal(chance_above(10, 10, 1), 1, 0);
    assert_true(chance_above(3, 100, 0.02) > 0.3); /* 3 % seen of 2 % is nothing */
    assert_true(chance_above(500, 100000, 0.001) < 1e-50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status_class),
        cmocka_unit_test(test_timeouts_and_late_answers),
        cmocka_unit_test(test_resets_and_connects),
        cmocka_unit_test(test_chance_is_no_verdict),
        cmocka_unit_test(test_the_service_itself_is_still_blamed),
        cmocka_unit_test(test_a_second_cause_stays),
        cmocka_unit_test(test_an_endpoint_that_is_well_again),
        cmocka_unit_test(test_fishers_exact),
        cmocka_unit_test(test_binomial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
