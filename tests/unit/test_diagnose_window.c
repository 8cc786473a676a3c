/* test_diagnose_window.c - targets by their names, two windows, settings behind limits. */
#include "signals.h"

#include "diagnose/diagnose_window_private.h"

/* -- two windows ---------------------------------------------------------------------------------
 */
/* A row a second of pay; from `break_at` on, every `nth` fails. */
static void take_pay(struct arena *a, struct diagnose_window *w, int seconds, int break_at, int nth)
{
    for (int i = 0; i < seconds; i++) {
        bool bad = i >= break_at && i % nth == 0;
        cJSON *rows = json_array(a);
        signals_row(a, rows, seconds - i,
                    arena_printf(a, "upstream_cluster=outbound|80||pay.static response_code=%d",
                                 bad ? 503 : 200));
        window_take(w, rows->child);
    }
}

static const char *first_line(const cJSON *lines)
{
    return lines->child->valuestring;
}

static const cJSON *plans(struct arena *a, double ago)
{
    return signals_tree(
        a, arena_printf(a, "[{\"id\":\"c-1\",\"title\":\"Weight of pay\",\"at\":\"%s\"}]",
                        when_text(a, signals_now - ago, false)));
}

static void test_when_and_by_which_plan(void **state)
{
    struct arena *a = arena_new();
    struct diagnose_window *w = window_new(a, signals_now - 1800, signals_now);
    const char *line;

    (void)state;
    take_pay(a, w, 1800, 1200, 3);
    line = first_line(window_lines(w, plans(a, 603)));
    if (!strstr(line, "5xx of pay.static: 0 % (0 of ") || !strstr(line, "-> 3") ||
        !strstr(line, "since 2026-11-29T15:50:0") ||
        !strstr(line, ", when plan c-1 was applied (Weight of pay)"))
        fail_msg("%s", line);
    line = first_line(window_lines(w, plans(a, 1500)));
    assert_null(strstr(line, "plan"));
    arena_free(a);
}

/* An edit made elsewhere is only known between two looks: it is named with both, where the break
 * may lie between them or shortly behind. */
static void test_an_edit_made_elsewhere(void **state)
{
    static const struct {
        double since, at; /* seconds ago; the break is 600 ago */
        bool named;
    } cases[] = {
        { 630, 570, true }, { 660, 640, true }, { 500, 440, false }, { 1500, 1400, false }
    };
    struct arena *a = arena_new();
    struct diagnose_window *w = window_new(a, signals_now - 1800, signals_now);

    (void)state;
    take_pay(a, w, 1800, 1200, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *edit = json_clone(a, plans(a, cases[i].at));
        json_set_str(a, edit->child, "since", when_text(a, signals_now - cases[i].since, false));
        const char *line = first_line(window_lines(w, edit));
        if ((strstr(line, "; edit c-1 was made elsewhere between ") != NULL) != cases[i].named)
            fail_msg("%d: %s", (int)i, line);
    }
    arena_free(a);
}

static void test_what_did_not_change(void **state)
{
    struct arena *a = arena_new();
    struct diagnose_window *w = window_new(a, signals_now - 1800, signals_now);
    const cJSON *lines;

    (void)state;
    take_pay(a, w, 1800, 0, 20); /* five in a hundred all along */
    lines = window_lines(w, NULL);
    assert_int_equal(json_count(lines), 1);
    assert_non_null(strstr(first_line(lines), "no service's share of 4xx or 5xx changed"));
    arena_free(a);
}

static void test_what_got_well_again(void **state)
{
    struct arena *a = arena_new();
    struct diagnose_window *w = window_new(a, signals_now - 1800, signals_now);

    (void)state;
    for (int i = 0; i < 900; i++) {
        cJSON *rows = json_array(a);
        signals_row(a, rows, 1800 - i * 2, i < 450 ? "response_code=500" : "");
        window_take(w, rows->child);
    }
    assert_non_null(strstr(first_line(window_lines(w, NULL)),
                           "5xx of web.static: 100 % (450 of 450) -> 0 % (0 of 450)"));
    arena_free(a);
}

/* -- latency -------------------------------------------------------------------------------------
 */
/* A row a second of route reports, at one of three endpoints in turn: 10 to 19 ms, and from
 * break_at on `late` ms more at every nth of that endpoint (-1: of all). */
static void take_reports(struct diagnose_window *w, int seconds, int break_at, int late, int nth,
                         int endpoint)
{
    for (int i = 0; i < seconds; i++) {
        struct arena *a = arena_new();
        cJSON *rows = json_array(a);
        bool here = i >= break_at && i / 3 % nth == 0 && (endpoint < 0 || i % 3 == endpoint);
        signals_row(a, rows, seconds - i,
                    arena_printf(a,
                                 "route_name=reports upstream_cluster=outbound|80||reports.static "
                                 "upstream_host=10.0.0.%d:80 duration=%d response_code=200",
                                 i % 3 + 1, 10 + i * 7 % 10 + (here ? late : 0)));
        window_take(w, rows->child);
        arena_free(a);
    }
}

/* Lines of the comparison; what they say stands in all of `words`. */
static void compared_says(int break_at, int late, int nth, int endpoint, int count,
                          const char *const *words)
{
    struct arena *a = arena_new();
    struct diagnose_window *w = window_new(a, signals_now - 1800, signals_now);
    take_reports(w, 1800, break_at, late, nth, endpoint);
    const cJSON *lines = window_lines(w, plans(a, 603));

    if (json_count(lines) != count)
        fail_msg("%s", json_print(a, lines));
    for (; *words; words++)
        if (!strstr(first_line(lines), *words))
            fail_msg("no '%s' in %s", *words, first_line(lines));
    arena_free(a);
}

static void test_a_route_that_got_slow(void **state)
{
    static const char *const words[] = { "latency of route reports: p50 about 1",
                                         " ms (1200 -> 600 answers; Mann-Whitney, chance < 1e-6)",
                                         " since 2026-11-29T15:50:00",
                                         ", when plan c-1 was applied (Weight of pay)", NULL };
    (void)state;
    compared_says(1200, 400, 1, -1, 1, words);
}

static void test_a_tail_that_got_slow(void **state)
{
    static const char *const words[] = { "latency of route reports: p50 about 1", "p95 1",
                                         "Fisher, of the slowest tenth", NULL };
    (void)state;
    compared_says(900, 2000, 10, -1, 1, words);
}

static void test_an_endpoint_that_got_slow_alone(void **state)
{
    static const char *const words[] = { "latency of endpoint 10.0.0.2:80 of reports.static (its 2 "
                                         "others did not change): p50 about",
                                         "(400 -> 200 answers; Mann-Whitney", NULL };
    (void)state;
    compared_says(1200, 400, 1, 1, 1, words);
}

static void test_latency_that_did_not_change(void **state)
{
    static const char *const words[] = { "and no latency of a route or an endpoint", NULL };
    (void)state;
    compared_says(0, 400, 10, -1, 1, words);   /* as slow all along */
    compared_says(1795, 400, 1, -1, 1, words); /* five answers prove nothing */
    compared_says(1200, 3, 1, -1, 1, words);   /* sure, and nobody feels it */
}

static void test_timeline(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now, .changes = plans(a, 120) };
    const cJSON *answer;

    (void)state;
    signals_rows(a, rows, 10, 300, "");
    answer = diagnose_judge(a, NULL, &s);
    assert_non_null(
        strstr(json_get(answer, "timeline")->child->valuestring, "plan c-1 was applied"));
    cJSON *edit = json_clone(a, plans(a, 120));
    json_set_str(a, edit->child, "since", when_text(a, signals_now - 180, false));
    s.changes = edit;
    answer = diagnose_judge(a, NULL, &s);
    assert_non_null(strstr(json_get(answer, "timeline")->child->valuestring, "edit c-1 was seen"));
    s.changes = plans(a, 86400);
    assert_null(json_get(diagnose_judge(a, NULL, &s), "timeline"));
    arena_free(a);
}

/* -- targets -------------------------------------------------------------------------------------
 */
static const char config[] =
    "{\"configs\":[{\"@type\":\"x.ClustersConfigDump\",\"dynamic_active_clusters\":[{\"cluster\":{"
    "\"name\":\"outbound|80||web.static\",\"type\":\"STATIC\"}},{\"cluster\":{\"name\":"
    "\"outbound|443||llm-qwen.internal.dns\",\"type\":\"STATIC\"}}]},"
    "{\"@type\":\"x.RoutesConfigDump\",\"dynamic_route_configs\":[{\"route_config\":{"
    "\"name\":\"http.80\",\"virtual_hosts\":[{\"name\":\"a\",\"domains\":[\"api.shop.example\"],"
    "\"routes\":[{\"name\":\"ai-route-chat.internal\",\"match\":{\"prefix\":\"/v1/"
    "chat\",\"headers\":[{"
    "\"name\":\":method\",\"string_match\":{\"exact\":\"POST\"}}]},\"route\":{\"cluster\":"
    "\"outbound|443||llm-qwen.internal.dns\"}},"
    "{\"name\":\"mcp-server-shop.internal\",\"match\":{\"prefix\":\"/mcp-servers/"
    "shop\"},\"route\":{"
    "\"cluster\":\"outbound|80||web.static\"}},"
    "{\"name\":\"orders\",\"match\":{\"prefix\":\"/orders\"},\"route\":{\"cluster\":"
    "\"outbound|80||web.static\"}}]}]}}]}]}";

static const cJSON *judge(struct arena *a, const char *kind, const char *name)
{
    cJSON *rows = json_array(a);
    struct diagnose_target t = { kind, name };
    struct diagnose_signals s = { .rows = rows,
                                  .now = signals_now,
                                  .config = signals_tree(a, config) };

    signals_rows(a, rows, 20, 300, "");
    signals_rows(a, rows, 6, 200,
                 "method=POST path=/v1/chat/completions route_name=ai-route-chat.internal "
                 "upstream_cluster=outbound|443||llm-qwen.internal.dns upstream_host=10.0.3.1:443 "
                 "response_code=504 response_flags=URX,UT response_code_details="
                 "upstream_per_try_timeout");
    signals_rows(a, rows, 6, 100,
                 "path=/mcp-servers/shop route_name=mcp-server-shop.internal response_code=503 "
                 "response_flags=UH response_code_details=no_healthy_upstream upstream_host=-");
    return diagnose_judge(a, &t, &s);
}

static bool about(const cJSON *answer, const char *text)
{
    const cJSON *line;

    cJSON_ArrayForEach(line,
                       json_get(answer, "about")) if (strstr(line->valuestring, text)) return true;
    return false;
}

static void test_ai_route_by_its_own_name(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, "ai-route", "chat");

    (void)state;
    assert_string_equal(json_str(answer, "target"), "ai-route chat");
    assert_string_equal(signals_code(answer, 0), "UPSTREAM_TIMEOUT");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    assert_true(about(answer, "in the gateway"));
    assert_true(about(answer,
                      "route ai-route-chat.internal takes api.shop.example: only paths under "
                      "/v1/chat; only POST; to outbound|443||llm-qwen.internal.dns"));
    assert_true(about(answer, "6 requests of it in the log, 6 of them failed"));
    assert_non_null(strstr(json_str(answer, "elsewhere"), "NO_HEALTHY_UPSTREAM"));
    answer = judge(a, "ai-route", "cha");
    assert_true(about(answer, "not in the gateway"));
    arena_free(a);
}

static void test_mcp_server_by_its_own_name(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, "mcp-server", "shop");

    (void)state;
    assert_string_equal(signals_code(answer, 0), "NO_HEALTHY_UPSTREAM");
    assert_non_null(strstr(json_str(answer, "elsewhere"), "UPSTREAM_TIMEOUT"));
    arena_free(a);
}

static void test_domain(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, "domain", "api.shop.example");

    (void)state;
    assert_int_equal(json_count(json_get(answer, "verdicts")), 2);
    assert_true(about(answer, "32 requests of it in the log, 12 of them failed"));
    answer = judge(a, "domain", "www.shop.example");
    assert_string_equal(signals_code(answer, 0), "CONFIG_MISSING");
    arena_free(a);
}

static void test_service_at_a_port_it_does_not_have(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(signals_code(judge(a, "service", "web.static:81"), 0),
                        "SERVICE_PORT_UNKNOWN");
    assert_string_not_equal(signals_code(judge(a, "service", "web.static:80"), 0),
                            "SERVICE_PORT_UNKNOWN");
    arena_free(a);
}

/* -- settings ------------------------------------------------------------------------------------
 */
static const cJSON *judge_setting(struct arena *a, const char *members)
{
    cJSON *rows = json_array(a);
    struct diagnose_signals s = {
        .rows = rows,
        .now = signals_now,
        .settings =
            signals_tree(a, "{\"downstream\":{\"idleTimeout\":75,\"connectionBufferLimits\":"
                            "65536}}"),
        .config = signals_tree(a, "{\"configs\":[{\"@type\":\"x.ListenersConfigDump\","
                                  "\"dynamic_listeners\":[{\"active_state\":{\"listener\":{"
                                  "\"per_connection_buffer_limit_bytes\":65536,\"filter_chains\":[{"
                                  "\"stream_idle_timeout\":\"75s\"}]}}}]}]}"),
    };

    signals_rows(a, rows, 4, 100, members);
    return diagnose_judge(a, NULL, &s);
}

static void test_settings_and_their_values(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge_setting(a, "response_code=504 response_flags=SI "
                                           "response_code_details=stream_idle_timeout");

    (void)state;
    assert_string_equal(signals_code(answer, 0), "IDLE_TIMEOUT");
    assert_true(signals_says(answer, 0, "higress-config downstream.idleTimeout is 75 s"));
    assert_true(signals_says(answer, 0, "stream_idle_timeout is 75s"));
    answer = judge_setting(a, "response_code=413 response_code_details=request_payload_too_large");
    assert_string_equal(signals_code(answer, 0), "REQUEST_TOO_LARGE");
    assert_true(signals_says(answer, 0, "connectionBufferLimits is 65536 bytes"));
    assert_non_null(
        strstr(json_str(json_path(answer, "verdicts[0]"), "next"),
               "downstream.connectionBufferLimits in higress-config (now 65536 bytes)"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when_and_by_which_plan),
        cmocka_unit_test(test_what_did_not_change),
        cmocka_unit_test(test_an_edit_made_elsewhere),
        cmocka_unit_test(test_what_got_well_again),
        cmocka_unit_test(test_a_route_that_got_slow),
        cmocka_unit_test(test_a_tail_that_got_slow),
        cmocka_unit_test(test_an_endpoint_that_got_slow_alone),
        cmocka_unit_test(test_latency_that_did_not_change),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_ai_route_by_its_own_name),
        cmocka_unit_test(test_mcp_server_by_its_own_name),
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_service_at_a_port_it_does_not_have),
        cmocka_unit_test(test_settings_and_their_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
