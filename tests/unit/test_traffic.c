/* test_traffic.c - counts over the access log: what is one group, what is counted, what is said to
 * be left out. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "signal/traffic.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *a;
static char path[64];
static FILE *f;

static int begin(void **state)
{
    (void)state;
    a = arena_new();
    snprintf(path, sizeof path, "/tmp/test_traffic.XXXXXX");
    f = fdopen(mkstemp(path), "w");
    return f ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return unlink(path);
}

struct line {
    const char *path, *code, *flags, *route, *upstream, *agent, *ai, *start, *duration;
};

static const char *or_else(const char *s, const char *otherwise)
{
    return s ? s : otherwise;
}

/* In Higress' own format, whole. */
static void write_line(struct line l)
{
    fprintf(f,
            "{\"ai_log\":\"%s\",\"authority\":\"Shop.example.com:8080\",\"bytes_received\":\"0\","
            "\"bytes_sent\":\"11\",\"downstream_local_address\":\"127.0.0.1:18080\","
            "\"downstream_remote_address\":\"10.0.0.9:46118\",\"duration\":\"%s\","
            "\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"%s\",\"protocol\":"
            "\"HTTP/1.1\",\"request_id\":\"r\",\"requested_server_name\":\"-\",\"response_code\":"
            "\"%s\",\"response_flags\":\"%s\",\"route_name\":\"%s\",\"start_time\":\"%s\","
            "\"trace_id\":\"-\",\"upstream_cluster\":\"outbound|80||shop.static\","
            "\"upstream_host\":\"%s\",\"upstream_local_address\":\"-\",\"upstream_service_time\":"
            "\"0\",\"upstream_transport_failure_reason\":\"-\",\"user_agent\":\"%s\","
            "\"x_forwarded_for\":\"-\",\"response_code_details\":\"via_upstream\"}\n",
            or_else(l.ai, "-"), or_else(l.duration, "5"), or_else(l.path, "/"),
            or_else(l.code, "200"), or_else(l.flags, "-"), or_else(l.route, "shop"),
            or_else(l.start, "2026-11-24T05:28:09.938Z"), or_else(l.upstream, "127.0.0.1:9002"),
            or_else(l.agent, "curl/8"));
}

static cJSON *count(struct traffic_query q)
{
    struct err e = { 0 };
    fflush(f);
    cJSON *answer = traffic_count(a, log_source_file(a, path), &q, &e);
    if (!answer)
        fail_msg("%s", e.text);
    return answer;
}

static const char *printed(const cJSON *answer, const char *member)
{
    return json_print(a, json_path(answer, member));
}

static void paths_of_one_kind_are_one(void **state)
{
    static const char *const rows[][2] = {
        { "/orders/123", "/orders/{id}" },
        { "/orders/123/items/4?x=1", "/orders/{id}/items/{id}" },
        { "/u/3f2b8c1e-9d4a-4e6b-8f1a-0c2d3e4f5a6b", "/u/{id}" },
        { "/blob/deadbeef01/x", "/blob/{id}/x" },
        { "/img/42.png", "/img/{id}.png" },
        { "/day/2026-11-29", "/day/{id}" },
        { "/ip/10.0.0.1", "/ip/{id}" },
        { "/mail/jo@example.com", "/mail/{id}" },
        { "/k/aZ09bbbbbbbbbbbbbbbbbb", "/k/{id}" },
        { "/v1/chat/completions", "/v1/chat/completions" },
        { "/api/v2/", "/api/v2/" },
        { "/oauth2/token", "/oauth2/token" },
        { "/added/facade", "/added/facade" },
        { "//a", "//a" },
        { "/", "/" },
        { "-", "-" },
        { "?x", "-" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(traffic_fold(a, rows[i][0]), rows[i][1]);
}

static void requests_are_counted_by_up_to_three(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        write_line((struct line){ .path = i % 2 ? "/orders/77?id=1" : "/orders/78",
                                  .code = i < 3 ? "503" : "200",
                                  .flags = i < 3 ? "UF" : "-",
                                  .duration = i == 9 ? "100" : "10" });
    cJSON *answer = count((struct traffic_query){ .by = { "path", "status", "flag" } });
    assert_string_equal(printed(answer, "rows"),
                        "[{\"path\":\"/orders/{id}\",\"status\":\"200\",\"flag\":\"-\",\"count\":7,"
                        "\"share\":70,\"ms\":[10,100,100]},{\"path\":\"/orders/{id}\","
                        "\"status\":\"503\",\"flag\":\"UF\",\"count\":3,\"share\":30,"
                        "\"ms\":[10,10,10]}]");
    assert_string_equal(printed(answer, "matched"), "10");
    assert_string_equal(printed(answer, "duration"), "{\"p50\":10,\"p95\":100,\"p99\":100}");
    answer = count((struct traffic_query){ .by = { "host", "client" }, .errors = true });
    assert_string_equal(printed(answer, "rows[0].host"), "\"shop.example.com\"");
    assert_string_equal(printed(answer, "rows[0].client"), "\"10.0.0.9\"");
    assert_string_equal(printed(answer, "matched"), "3");
    assert_string_equal(printed(answer, "of"), "10");
}

static void no_answer_is_an_error(void **state)
{
    (void)state;
    write_line((struct line){ .code = "0", .flags = "DC" });
    write_line((struct line){ .code = "404" });
    write_line((struct line){ .code = "302" });
    cJSON *answer = count((struct traffic_query){ .errors = true, .by = { "status" } });
    assert_string_equal(printed(answer, "matched"), "2");
}

static void filters_are_those_of_tail_logs(void **state)
{
    (void)state;
    write_line((struct line){ .path = "/a/1", .route = "ai-route-chat.internal" });
    write_line((struct line){ .path = "/b/1", .code = "503", .flags = "URX,UF" });
    const char *const chat[] = { "ai-route-chat.internal", NULL };
    static const struct {
        struct accesslog_query log;
        int wanted;
    } rows[] = {
        { { .path_prefix = "/a" }, 1 },    { { .status_class = 5 }, 1 },
        { { .flag = "uf" }, 1 },           { { .host = "shop.EXAMPLE.com" }, 2 },
        { { .text = "/b/" }, 1 },          { { .route = "shop" }, 1 },
        { { .path_prefix = "/nope" }, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            json_num(count((struct traffic_query){ .log = rows[i].log }), "matched", -1),
            rows[i].wanted);
    cJSON *answer =
        count((struct traffic_query){ .log = { .route = "chat", .also_routes = chat } });
    assert_string_equal(printed(answer, "matched"), "1");
}

/* A guess at what is hidden finds the same as any other: nothing. */
static void what_is_hidden_makes_one_group(void **state)
{
    (void)state;
    write_line((struct line){ .path = "/a?key=hush-1111" });
    write_line((struct line){ .path = "/a?key=hush-2222" });
    write_line((struct line){ .agent = "x token=hush-3333", .path = "/a" });
    write_line((struct line){ .agent = "x token=hush-4444", .path = "/a" });
    cJSON *answer = count((struct traffic_query){ .by = { "path", "user_agent" } });
    assert_null(strstr(json_print(a, answer), "hush"));
    assert_int_equal(json_count(json_get(answer, "rows")), 2);
    static const char *const guesses[] = { "hush-1111", "hush-9999" };
    for (size_t i = 0; i < 2; i++) {
        answer = count((struct traffic_query){ .log = { .text = guesses[i] } });
        assert_string_equal(printed(answer, "matched"), "0");
        assert_string_equal(printed(answer, "window.lines_read"), "4");
    }
}

static void forged_lines_are_not_counted(void **state)
{
    (void)state;
    write_line((struct line){ .path = "/real" });
    write_line((struct line){ .agent = "x\\\",\\\"response_code\\\":\\\"500" });
    write_line((struct line){ .agent = "x\",\"response_code\":\"500\",\"user_agent\":\"" });
    cJSON *answer = count((struct traffic_query){ .by = { "status" } });
    assert_string_equal(printed(answer, "rows[0].status"), "\"200\"");
    assert_int_equal(json_count(json_get(answer, "rows")), 1);
    assert_string_equal(printed(answer, "forged"), "1");
}

static void tokens_and_first_token_are_told(void **state)
{
    (void)state;
    write_line((struct line){
        .ai = "{\\\"model\\\":\\\"qwen-max\\\",\\\"input_token\\\":10,\\\"output_token\\\":5,"
              "\\\"total_token\\\":15,\\\"llm_first_token_duration\\\":120}",
        .duration = "900" });
    write_line((struct line){ .path = "/plain" });
    cJSON *answer = count((struct traffic_query){ .by = { "model" } });
    assert_string_equal(printed(answer, "rows"),
                        "[{\"model\":\"-\",\"count\":1,\"share\":50,\"ms\":[5,5,5]},"
                        "{\"model\":\"qwen-max\",\"count\":1,\"share\":50,\"ms\":[900,900,900],"
                        "\"first_token_ms\":[120,120,120],\"tokens\":15}]");
    assert_string_equal(
        printed(answer, "tokens"),
        "{\"input\":10,\"output\":5,\"total\":15,\"p50\":15,\"p95\":15,\"p99\":15}");
    assert_string_equal(printed(answer, "first_token"), "{\"p50\":120,\"p95\":120,\"p99\":120}");
}

static void services_and_forwarded_clients_are_told(void **state)
{
    (void)state;
    write_line((struct line){ .path = "/a" });
    assert_string_equal(
        printed(count((struct traffic_query){ .by = { "service", "forwarded" } }), "rows"),
        "[{\"service\":\"outbound|80||shop.static\",\"forwarded\":\"-\",\"count\":1,"
        "\"share\":100,\"ms\":[5,5,5]}]");
}

static void what_is_left_out_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        write_line((struct line){ .path = arena_printf(a, "/p%c%c", 'a' + i % 26, 'a' + i / 26) });
    cJSON *answer = count((struct traffic_query){ .by = { "path" }, .rows = 5 });
    assert_int_equal(json_count(json_get(answer, "rows")), 5);
    assert_string_equal(printed(answer, "left_out"), "{\"rows\":295,\"requests\":295}");
    answer = count((struct traffic_query){ .by = { "path" }, .log = { .max_scan = 70000 } });
    assert_true(json_num(answer, "matched", 0) < 300);
    assert_true(json_num(json_get(answer, "not_looked_at"), "bytes", 0) > 0);
    int first = (int)json_num(answer, "matched", 0);
    const char *cursor = json_str(json_get(answer, "not_looked_at"), "cursor");
    answer = count((struct traffic_query){ .log = { .cursor = cursor } });
    assert_int_equal(first + (int)json_num(answer, "matched", 0), 300);
}

static void groups_are_bounded(void **state)
{
    enum { LINES = TRAFFIC_GROUPS + 1000 };
    (void)state;
    for (int i = 0; i < LINES; i++)
        write_line((struct line){ .agent = arena_printf(a, "agent-%d", i) });
    cJSON *answer = count((struct traffic_query){ .by = { "user_agent" }, .rows = 3 });
    assert_int_equal(json_num(answer, "matched", 0), LINES);
    assert_int_equal(json_num(json_get(answer, "left_out"), "requests", 0), LINES - 3);
    assert_int_equal(json_num(json_get(answer, "left_out"), "of_uncounted_rows", 0), 1000);
}

static void a_window_ends_where_it_was_asked_to(void **state)
{
    double now = when_now();
    (void)state;
    for (int i = 20; i > 0; i--)
        write_line((struct line){ .start = when_text(a, now - i * 60, true) });
    cJSON *answer = count((struct traffic_query){ .log = { .since = now - 330 } });
    assert_string_equal(printed(answer, "matched"), "5");
    assert_string_equal(json_str(json_get(answer, "window"), "from"),
                        when_text(a, now - 330, false));
}

/* -- rows with some keys only --------------------------------------------------------------------
 */
struct kept {
    cJSON *rows;
    const cJSON *whole; /* compare with these; NULL: keep */
    int at;
};

static bool keep(void *arg, const cJSON *row)
{
    struct kept *k = arg;
    const cJSON *m, *same;
    if (!k->whole) {
        json_add(a, k->rows, json_clone(a, row));
        return true;
    }
    same = cJSON_GetArrayItem(k->whole, k->at++);
    cJSON_ArrayForEach(m, row)
    {
        if (!json_equal(m, json_get(same, m->string)))
            fail_msg("%s of line %d is %s, in a whole row %s", m->string, k->at, json_print(a, m),
                     json_print(a, json_get(same, m->string)));
    }
    return true;
}

static void some_keys_are_as_in_a_whole_row(void **state)
{
    static const char *const all[] = { "ai_log", "authority", "path",          "user_agent",
                                       "method", "duration",  "upstream_host", NULL };
    static const char *const paths[] = { "/a?b=c",    "/hooks/T00/B00/xyz", "/a/../b?x",
                                         "/%2e%2e/x", "/\xc3\xa9",          "/a\\u0001",
                                         "/a;b=c",    "/Bearer ey.a.b" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        write_line((struct line){ .path = paths[i],
                                  .agent = i % 2 ? "x user:pw@h" : "a \\\" b",
                                  .ai = i % 3 ? "-" : "{\\\"model\\\":\\\"m\\\"}" });
    fflush(f);
    struct kept k = { .rows = json_array(a) };
    struct err e = { 0 };
    struct accesslog_query q = { .limit = 100 };
    assert_true(accesslog_read(a, log_source_file(a, path), &q, keep, &k, NULL, &e));
    k.whole = k.rows;
    q.only = all;
    assert_true(accesslog_read(a, log_source_file(a, path), &q, keep, &k, NULL, &e));
    assert_int_equal(k.at, sizeof paths / sizeof *paths);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(paths_of_one_kind_are_one),
        CASE(requests_are_counted_by_up_to_three),
        CASE(no_answer_is_an_error),
        CASE(filters_are_those_of_tail_logs),
        CASE(what_is_hidden_makes_one_group),
        CASE(forged_lines_are_not_counted),
        CASE(tokens_and_first_token_are_told),
        CASE(services_and_forwarded_clients_are_told),
        CASE(what_is_left_out_is_said),
        CASE(groups_are_bounded),
        CASE(a_window_ends_where_it_was_asked_to),
        CASE(some_keys_are_as_in_a_whole_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
