/* test_diagnose_config.c - what the gateway refused, told from what it refused once. */
#include "signals.h"

static const cJSON *judge(struct arena *a, const char *stats, const char *before,
                          const char *config, const char *members)
{
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };

    signals_rows(a, rows, 20, 300, "");
    if (members)
        signals_rows(a, rows, 4, 100, members);
    s.stats = stats ? signals_tree(a, stats) : NULL;
    s.stats_before = before ? signals_tree(a, before) : NULL;
    s.config = config ? signals_tree(a, config) : NULL;
    return diagnose_judge(a, NULL, &s);
}

#define RDS "http.outbound_0.0.0.0_80.rds.http.80."
static const char refused_once[] =
    "{\"stats\":[{\"name\":\"" RDS "update_rejected\",\"value\":1},{\"name\":\"" RDS
    "update_success\",\"value\":4},{\"name\":\"" RDS
    "update_time\",\"value\":1795960000000},{\"name\":\"listener_manager.lds.update_time\","
    "\"value\":1795960000000}]}";
static const char refused_again[] =
    "{\"stats\":[{\"name\":\"" RDS "update_rejected\",\"value\":2},{\"name\":\"" RDS
    "update_success\",\"value\":4},{\"name\":\"" RDS
    "update_time\",\"value\":1795960000000},{\"name\":\"listener_manager.lds.update_time\","
    "\"value\":1795960000000}]}";
static const char left_behind[] =
    "{\"stats\":[{\"name\":\"" RDS "update_rejected\",\"value\":1},{\"name\":\"" RDS
    "update_success\",\"value\":4},{\"name\":\"" RDS
    "update_time\",\"value\":1795960000000},{\"name\":\"listener_manager.lds.update_time\","
    "\"value\":1795961000000}]}";

static void test_a_counter_alone_is_history(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, refused_once, refused_once, NULL, NULL);
    const cJSON *line = cJSON_GetArrayItem(json_get(answer, "history"), 0);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_non_null(strstr(line->valuestring, "1 updates refused since start"));
    arena_free(a);
}

static void test_what_grows_is_refused_now(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, refused_again, refused_once, NULL, NULL);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "CONFIG_REJECTED");
    assert_string_equal(signals_object(answer, 0), "route configuration http.80");
    answer = judge(a, left_behind, NULL, NULL, NULL);
    assert_string_equal(signals_code(answer, 0), "CONFIG_REJECTED");
    assert_true(signals_says(answer, 0, "older than the gateway's other configuration"));
    arena_free(a);
}

/* The newest requests meet what a refused update explains. */
static void test_it_explains_what_requests_meet(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, refused_once, NULL, NULL,
                                "response_code=503 response_flags=NC response_code_details="
                                "cluster_not_found upstream_cluster=- upstream_host=-");

    (void)state;
    assert_string_equal(signals_code(answer, 0), "CONFIG_REJECTED");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    arena_free(a);
}

#define LISTENER(since)                                                                            \
    "{\"configs\":[{\"@type\":\"x.ListenersConfigDump\",\"dynamic_listeners\":[{\"name\":"         \
    "\"0.0.0.0_80\",\"active_state\":{\"last_updated\":\"" since "\"},\"error_state\":{"           \
    "\"last_update_attempt\":\"2026-11-29T15:00:00Z\",\"details\":\"script load error: x\"}}]}]}"

static void test_object_and_reason(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, NULL, NULL, LISTENER("2026-11-29T14:00:00Z"), NULL);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "CONFIG_REJECTED");
    assert_string_equal(signals_object(answer, 0), "listener 0.0.0.0_80");
    assert_true(signals_says(answer, 0, "script load error: x"));
    answer = judge(a, NULL, NULL, LISTENER("2026-11-29T15:30:00Z"), NULL);
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_int_equal(json_count(json_get(answer, "history")), 1);
    arena_free(a);
}

/* Without a log: errors since start are no verdict of now, two readings are. */
static void test_two_readings_of_counters(void **state)
{
    struct arena *a = arena_new();
    static const char clusters[] =
        "{\"cluster_statuses\":[{\"name\":\"outbound|80||pay.static\",\"host_statuses\":[{"
        "\"address\":{\"socket_address\":{\"address\":\"10.0.0.1\",\"port_value\":80}},\"stats\":[]"
        "}]}]}";
    static const char now[] = "{\"stats\":[{\"name\":\"cluster.outbound|80||pay.static.upstream_rq_"
                              "timeout\",\"value\":7}]}";
    static const char then[] = "{\"stats\":[{\"name\":\"cluster.outbound|80||pay.static.upstream_"
                               "rq_timeout\",\"value\":3}]}";
    struct diagnose_signals s = { .clusters = signals_tree(a, clusters),
                                  .stats = signals_tree(a, now),
                                  .stats_before = signals_tree(a, now) };
    const cJSON *answer = diagnose_judge(a, NULL, &s);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_int_equal(json_count(json_get(answer, "history")), 1);
    s.stats_before = signals_tree(a, then);
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "UPSTREAM_TIMEOUT");
    assert_true(signals_says(answer, 0, "grew by 4"));
    arena_free(a);
}

/* Evidence of high confidence stands above that of medium, whatever the shares. */
static void test_high_stands_above_medium(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    const cJSON *answer;

    (void)state;
    for (int i = 0; i < 30; i++)
        signals_row(a, rows, 300 - i,
                    arena_printf(a, "upstream_host=10.0.0.%d:80 response_code=%d", i % 3 + 1,
                                 i % 3 == 2 ? 500 : 200));
    signals_rows(
        a, rows, 60, 90,
        "route_name=pay upstream_cluster=outbound|80||pay.static upstream_host=10.0.1.1:80 "
        "response_code=500");
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "ENDPOINT_BAD");
    assert_string_equal(signals_code(answer, 1), "UPSTREAM_5XX");
    arena_free(a);
}

/* UH in the log, Envoy not asked: only what was read is evidence, and little confidence. */
static void test_evidence_names_only_what_was_read(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, NULL, NULL, NULL,
                                "response_code=503 response_flags=UH response_code_details="
                                "no_healthy_upstream upstream_host=-");
    const cJSON *verdict = json_path(answer, "verdicts[0]"), *e;

    (void)state;
    assert_string_equal(signals_code(answer, 0), "NO_HEALTHY_UPSTREAM");
    assert_string_equal(json_str(verdict, "confidence"), "low");
    cJSON_ArrayForEach(e, json_get(verdict, "evidence"))
        assert_string_equal(json_str(e, "source"), "access_log");
    arena_free(a);
}

/* Two good requests and nothing else are not enough; lines that cannot be read are not health. */
static void test_ok_only_of_enough(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    const cJSON *answer;

    (void)state;
    signals_rows(a, rows, 2, 100, "");
    assert_string_equal(signals_code(diagnose_judge(a, NULL, &s), 0), "UNKNOWN");
    signals_rows(a, rows, 8, 90, "");
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_true(signals_says(answer, 0, "10 of 10 requests went well, from 2026-11-29T15:58:20"));
    s.rows = NULL;
    s.unread = 12;
    s.unread_line = "what is this";
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "UNKNOWN");
    assert_true(signals_says(answer, 0, "12 lines in no known form, such as: what is this"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_counter_alone_is_history),
        cmocka_unit_test(test_what_grows_is_refused_now),
        cmocka_unit_test(test_it_explains_what_requests_meet),
        cmocka_unit_test(test_object_and_reason),
        cmocka_unit_test(test_two_readings_of_counters),
        cmocka_unit_test(test_high_stands_above_medium),
        cmocka_unit_test(test_evidence_names_only_what_was_read),
        cmocka_unit_test(test_ok_only_of_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
