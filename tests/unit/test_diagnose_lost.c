/* test_diagnose_lost.c - requests that no route took: the nearest route and the condition that
 * failed, and what is only noise. */
#include "signals.h"

/* http on 80 and https on 443 hold the same routes; only the first has the port-80 one. */
static const char config[] =
    "{\"configs\":[{\"@type\":\"x.ListenersConfigDump\",\"dynamic_listeners\":["
    "{\"active_state\":{\"listener\":{\"address\":{\"socket_address\":{\"port_value\":80}},"
    "\"filter_chains\":[{\"rds\":{\"route_config_name\":\"http.80\"}}]}}},"
    "{\"active_state\":{\"listener\":{\"address\":{\"socket_address\":{\"port_value\":443}},"
    "\"filter_chains\":[{\"rds\":{\"route_config_name\":\"https.443\"}}]}}}]},"
    "{\"@type\":\"x.RoutesConfigDump\",\"dynamic_route_configs\":[{\"route_config\":{"
    "\"name\":\"http.80\",\"virtual_hosts\":[{\"name\":\"a\",\"domains\":[\"api.shop.example\"],"
    "\"routes\":["
    "{\"name\":\"orders\",\"match\":{\"path_separated_prefix\":\"/orders\",\"headers\":[{\"name\":"
    "\":method\",\"string_match\":{\"safe_regex\":{\"regex\":\"GET\"}}}]},\"route\":{}},"
    "{\"name\":\"beta\",\"match\":{\"path\":\"/stock\",\"headers\":[{\"name\":\"x-internal\","
    "\"string_match\":{\"exact\":\"s3cr3t\"}}]},\"route\":{}},"
    "{\"name\":\"find\",\"match\":{\"path\":\"/find\",\"query_parameters\":[{\"name\":\"v\","
    "\"string_match\":{\"exact\":\"2\"}}]},\"route\":{}},"
    "{\"name\":\"plain\",\"match\":{\"prefix\":\"/plain\"},\"route\":{}}]}]}},"
    "{\"route_config\":{\"name\":\"https.443\",\"virtual_hosts\":[{\"name\":\"a\",\"domains\":["
    "\"api.shop.example\"],\"routes\":["
    "{\"name\":\"orders\",\"match\":{\"path_separated_prefix\":\"/orders\",\"headers\":[{\"name\":"
    "\":method\",\"string_match\":{\"safe_regex\":{\"regex\":\"GET\"}}}]},\"route\":{}}]}]}}]}]}";

static const char lost[] = "response_code=404 response_flags=NR response_code_details="
                           "route_not_found route_name=- upstream_cluster=- upstream_host=- ";

static const cJSON *judge(struct arena *a, bool envoy, const char *routes, const char *members,
                          int well)
{
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };

    signals_rows(a, rows, well, 300, "");
    signals_rows(a, rows, 2, 100, arena_printf(a, "%s%s", lost, members));
    if (envoy)
        s.config = signals_tree(a, config);
    if (routes)
        s.routes = signals_tree(a, routes);
    return diagnose_judge(a, NULL, &s);
}

static void expect(const cJSON *answer, const char *code, const char *object, const char *says)
{
    assert_string_equal(signals_code(answer, 0), code);
    assert_string_equal(signals_object(answer, 0), object);
    if (!signals_says(answer, 0, says))
        fail_msg("'%s' is not said", says);
}

static void test_method(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    expect(judge(a, true, NULL, "method=POST path=/orders/mcp", 20), "NO_ROUTE", "route orders",
           "route orders takes this host and path, but only GET; this was POST");
    arena_free(a);
}

/* The value is a secret by the name of its header or not: the diagnosis does not tell it. */
static void test_header(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, true, NULL, "path=/stock", 20);

    (void)state;
    expect(answer, "NO_ROUTE", "route beta", "only with the header x-internal");
    assert_null(strstr(json_print(a, answer), "s3cr3t"));
    arena_free(a);
}

static void test_query(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    expect(judge(a, true, NULL, "path=/find?w=***", 20), "NO_ROUTE", "route find",
           "only with the parameter v; this had none");
    expect(judge(a, true, NULL, "path=/find?v=***", 20), "NO_ROUTE", "route find",
           "whose value the log hides");
    arena_free(a);
}

static void test_port(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    expect(judge(a, true, NULL, "path=/plain/x downstream_local_address=10.0.0.9:443", 20),
           "NO_ROUTE", "route plain", "only at port 80; this came at 443");
    arena_free(a);
}

static void test_path_and_count(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, true, NULL, "path=/order/1", 0);

    (void)state;
    expect(answer, "NO_ROUTE", "host api.shop.example",
           "api.shop.example has 4 routes, none takes");
    arena_free(a);
}

/* What is taken by now was lost before the route came. */
static void test_taken_now_is_over(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, true, NULL, "path=/plain/later", 20);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_string_equal(signals_object(answer, 1), "route plain");
    assert_true(signals_says(answer, 1, "route plain takes this request now"));
    arena_free(a);
}

static void test_console_has_it_gateway_has_not(void **state)
{
    struct arena *a = arena_new();
    static const char routes[] =
        "[{\"name\":\"later\",\"domains\":[\"api.shop.example\"],\"path\":{\"matchType\":\"PRE\","
        "\"matchValue\":\"/later\"}}]";

    (void)state;
    expect(judge(a, true, routes, "path=/later/1", 20), "CONFIG_MISSING", "route later",
           "no route later among the gateway's");
    arena_free(a);
}

/* Expressions are tried as Envoy tries them. */
static void test_an_expression_is_compared(void **state)
{
    struct arena *a = arena_new();
    static const char routes[] = "[{\"name\":\"items\",\"domains\":[\"api.shop.example\"],\"path\":"
                                 "{\"matchType\":\"REGULAR\","
                                 "\"matchValue\":\"/items/[0-9]+\"}}]";

    (void)state;
    expect(judge(a, true, routes, "path=/items/12", 20), "CONFIG_MISSING", "route items",
           "no route items among the gateway's");
    assert_string_equal(signals_code(judge(a, true, routes, "path=/items/a", 20), 0), "OK");
    arena_free(a);
}

/* -- redirects -----------------------------------------------------------------------------------
 */
static const char redirects[] =
    "{\"configs\":[{\"@type\":\"x.RoutesConfigDump\",\"dynamic_route_configs\":[{\"route_config\":{"
    "\"name\":\"http.80\",\"virtual_hosts\":[{\"name\":\"a\",\"domains\":[\"api.shop.example\"],"
    "\"routes\":[{\"name\":\"old\",\"match\":{\"prefix\":\"/old\"},\"redirect\":{\"path_redirect\":"
    "\"%s\"}}]}]}}]}]}";

static const cJSON *judge_redirect(struct arena *a, const char *to)
{
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };

    s.config = signals_tree(a, arena_printf(a, redirects, to));
    signals_rows(a, rows, 20, 100,
                 "path=/old/1 response_code=301 route_name=old upstream_cluster=- upstream_host=- "
                 "response_code_details=direct_response");
    return diagnose_judge(a, NULL, &s);
}

static void test_a_redirect_to_itself(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    expect(judge_redirect(a, "/old/home"), "REDIRECT_LOOP", "route old",
           "route old redirects it to a request that it takes, too");
    assert_string_equal(signals_code(judge_redirect(a, "/new"), 0), "OK");
    arena_free(a);
}

/* Without Envoy the console's routes are compared, with less confidence. */
static void test_console_alone(void **state)
{
    struct arena *a = arena_new();
    static const char routes[] =
        "[{\"name\":\"orders\",\"domains\":[\"api.shop.example\"],\"methods\":[\"GET\"],\"path\":{"
        "\"matchType\":\"PRE\",\"matchValue\":\"/orders\"}}]";
    const cJSON *answer = judge(a, false, routes, "method=POST path=/orders/mcp", 20);

    (void)state;
    expect(answer, "NO_ROUTE", "route orders", "but only GET; this was POST");
    assert_null(json_get(json_get(answer, "looked_at"), "routes"));
    assert_null(json_get(json_get(answer, "looked_at"), "probes"));
    arena_free(a);
}

static void test_scanners_are_noise(void **state)
{
    struct arena *a = arena_new();
    const cJSON *answer = judge(a, true, NULL, "path=/.env", 20);

    (void)state;
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    assert_non_null(strstr(json_str(answer, "noise"), "2 requests"));
    assert_non_null(strstr(json_str(answer, "noise"), "/.env"));
    arena_free(a);
}

/* The same path was taken earlier: somebody took the route away. */
static void test_a_path_that_worked_is_an_incident(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows,
                                  .now = signals_now,
                                  .config = signals_tree(a, config) };
    const cJSON *answer;

    (void)state;
    signals_rows(a, rows, 5, 400, "path=/gone route_name=gone");
    signals_rows(a, rows, 20, 300, "");
    signals_rows(a, rows, 3, 100, arena_printf(a, "%spath=/gone", lost));
    answer = diagnose_judge(a, NULL, &s);
    expect(answer, "NO_ROUTE", "route gone", "was taken by gone until");
    arena_free(a);
}

static void test_clients_that_left_and_answers_on_purpose(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };
    const cJSON *answer;

    (void)state;
    signals_rows(a, rows, 40, 400, "");
    signals_rows(a, rows, 3, 300, "response_flags=DC");
    signals_rows(a, rows, 4, 200, "response_code=404");
    signals_rows(a, rows, 1, 150, "");
    signals_rows(a, rows, 5, 100, "response_code=422");
    answer = diagnose_judge(a, NULL, &s);
    assert_string_equal(signals_code(answer, 0), "OK");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    assert_non_null(strstr(json_str(answer, "noise"), "3 clients"));
    assert_non_null(strstr(json_str(answer, "noise"), "4 of"));
    assert_non_null(strstr(json_str(answer, "noise"), "5 of"));
    arena_free(a);
}

/* Few of all requests, but of a path that went well until then. */
static void test_a_page_that_vanished(void **state)
{
    struct arena *a = arena_new();
    cJSON *rows = json_array(a);
    struct diagnose_signals s = { .rows = rows, .now = signals_now };

    (void)state;
    signals_rows(a, rows, 40, 400, "");
    signals_rows(a, rows, 4, 300, "path=/cart");
    signals_rows(a, rows, 4, 200, "path=/cart response_code=404");
    assert_string_equal(signals_code(diagnose_judge(a, NULL, &s), 0), "UPSTREAM_4XX_HOST");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_port),
        cmocka_unit_test(test_path_and_count),
        cmocka_unit_test(test_taken_now_is_over),
        cmocka_unit_test(test_console_has_it_gateway_has_not),
        cmocka_unit_test(test_an_expression_is_compared),
        cmocka_unit_test(test_a_redirect_to_itself),
        cmocka_unit_test(test_console_alone),
        cmocka_unit_test(test_scanners_are_noise),
        cmocka_unit_test(test_a_path_that_worked_is_an_incident),
        cmocka_unit_test(test_a_page_that_vanished),
        cmocka_unit_test(test_clients_that_left_and_answers_on_purpose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
