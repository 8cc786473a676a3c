/* test_accesslog.c - the last matching lines, whatever the file holds. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "signal/accesslog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/test_accesslog.XXXXXX";

static void write_line(FILE *f, int i, const char *route, int code, const char *flags)
{
    fprintf(f,
            "{\"ai_log\":\"-\",\"authority\":\"api.example.com:80\",\"duration\":\"%d\",\"method\":"
            "\"GET\",\"path\":\"/orders/%d?apikey=s3cr3t&x=1\",\"response_code\":\"%d\","
            "\"response_flags\":\"%s\",\"route_name\":\"%s\",\"start_time\":"
            "\"2026-11-24T05:%02d:%02d.000Z\",\"upstream_cluster\":\"-\",\"upstream_host\":\"-\","
            "\"user_agent\":\"-\",\"response_code_details\":\"via_upstream\"}\n",
            i, i, code, flags, route, i / 60 % 60, i % 60);
}

static int make_log(void **state)
{
    FILE *f = fdopen(mkstemp(path), "w");

    (void)state;
    for (int i = 0; i < 3000; i++) {
        write_line(f, i, i % 3 ? "shop/orders" : "shop/pay", i % 10 ? 200 : 503,
                   i % 10 ? "-" : "URX,UF");
        if (i == 1500)
            fprintf(f, "[warning][wasm] plugin said something \033[31mred\033[0m\n");
        if (i == 1600) { /* longer than any line of ours */
            for (int k = 0; k < 400000; k++)
                fputc('x', f);
            fputc('\n', f);
        }
    }
    fclose(f);
    return 0;
}

static int remove_log(void **state)
{
    (void)state;
    return unlink(path);
}

struct got {
    int n;
    char first[32], last[32];
};

static bool take(void *arg, const cJSON *row)
{
    struct got *g = arg;
    const char *d = json_str(row, "duration");

    if (g->n++ == 0)
        snprintf(g->first, sizeof g->first, "%s", d ? d : "");
    snprintf(g->last, sizeof g->last, "%s", d ? d : "");
    return true;
}

static struct got read_log(const struct accesslog_query *q)
{
    struct arena *a = arena_new();
    struct got g = { 0 };
    struct err e = { 0 };

    if (!accesslog_read(a, log_source_file(a, path), q, take, &g, NULL, &e))
        fail_msg("%s", e.text);
    arena_free(a);
    return g;
}

static void test_newest_first(void **state)
{
    struct got g = read_log(&(struct accesslog_query){ .limit = 5 });

    (void)state;
    assert_int_equal(g.n, 5);
    assert_string_equal(g.first, "2999");
    assert_string_equal(g.last, "2995");
}

static void test_whole_file(void **state)
{
    struct got g = read_log(&(struct accesslog_query){ .limit = 100000 });

    (void)state;
    assert_int_equal(g.n, 3000);
    assert_string_equal(g.last, "0");
}

static void test_filters(void **state)
{
    (void)state;
    assert_int_equal(read_log(&(struct accesslog_query){ .route = "shop/pay", .limit = 9999 }).n,
                     1000);
    assert_int_equal(read_log(&(struct accesslog_query){ .route = "pay", .limit = 9999 }).n, 1000);
    assert_int_equal(read_log(&(struct accesslog_query){ .status_class = 5, .limit = 9999 }).n,
                     300);
    assert_int_equal(read_log(&(struct accesslog_query){ .flag = "uf", .limit = 9999 }).n, 300);
    assert_int_equal(read_log(&(struct accesslog_query){ .flag = "U", .limit = 9999 }).n, 0);
    assert_int_equal(read_log(&(struct accesslog_query){ .host = "API.example.com" }).n, 100);
    assert_int_equal(read_log(&(struct accesslog_query){ .host = "example.com" }).n, 0);
    assert_int_equal(read_log(&(struct accesslog_query){ .path_prefix = "/orders/299" }).n, 11);
    assert_int_equal(read_log(&(struct accesslog_query){ .text = "plugin said" }).n, 1);
    assert_int_equal(read_log(&(struct accesslog_query){
                                  .since = when_parse("2026-11-24T05:49:50Z"), .limit = 9999 })
                         .n,
                     10);
}

static void test_bounded(void **state)
{
    struct arena *a = arena_new();
    struct got g = { 0 };
    struct err e = { 0 };
    struct accesslog_seen seen;
    struct accesslog_query q = { .text = "not there", .max_scan = 100000 };

    (void)state;
    assert_true(accesslog_read(a, log_source_file(a, path), &q, take, &g, &seen, &e));
    assert_true(seen.cut);
    assert_in_range(seen.scanned, 1, 200000);
    assert_false(accesslog_read(a, log_source_file(a, "/nonexistent"), &q, take, &g, &seen, &e));
    assert_non_null(strstr(e.text, "/nonexistent"));
    err_clear(&e);
    assert_false(accesslog_read(a, log_source_file(a, "/tmp"), &q, take, &g, &seen, &e));
    arena_free(a);
}

static void test_line_is_cleaned(void **state)
{
    struct arena *a = arena_new();
    static const char line[] =
        "{\"ai_log\":\"{\\\"model\\\":\\\"qwen\\\",\\\"question\\\":\\\"my secret wish\\\","
        "\\\"input_token\\\":12}\",\"authority\":\"a\",\"path\":\"/v1?token=abc&b=2\","
        "\"response_code\":\"200\",\"user_agent\":\"x\\u001b[31m\\u202ey\"}";
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    (void)state;
    assert_non_null(row);
    assert_string_equal(json_str(row, "path"), "/v1?token=***&b=***");
    assert_null(strstr(json_print(a, row), "wish"));
    assert_null(strchr(json_str(row, "user_agent"), 27));
    assert_string_equal(json_str(json_get(row, "ai"), "model"), "qwen");
    assert_true(json_num(json_get(row, "ai"), "input_token", 0) == 12);
    arena_free(a);
}

/* Envoy does not escape: a quote in the agent breaks the JSON, not the reading. */
static void test_broken_json_is_taken_apart(void **state)
{
    struct arena *a = arena_new();
    static const char line[] =
        "{\"ai_log\":\"-\",\"authority\":\"a.b\",\"path\":\"/x\",\"response_code\":\"503\","
        "\"response_flags\":\"UH\",\"route_name\":\"r\",\"user_agent\":\"bad \"quote\" \\ here\","
        "\"response_code_details\":\"no_healthy_upstream\"}";
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    (void)state;
    assert_non_null(row);
    assert_string_equal(json_str(row, "response_flags"), "UH");
    assert_string_equal(json_str(row, "user_agent"), "bad \"quote\" \\ here");
    assert_string_equal(json_str(row, "response_code_details"), "no_healthy_upstream");
    assert_null(accesslog_parse(a, "{\"a\":1}", 7));
    assert_null(accesslog_parse(a, "plain", 5));
    arena_free(a);
}

/* -- one line is one record ----------------------------------------------------------------------
 */
/* A line as Higress' format writes it, with what clients send put in as it came. */
static char *line_of(struct arena *a, const char *authority, const char *route_path,
                     const char *agent)
{
    return arena_printf(
        a,
        "{\"ai_log\":\"-\",\"authority\":\"%s\",\"bytes_received\":\"0\",\"bytes_sent\":\"0\","
        "\"downstream_local_address\":\"10.0.0.7:80\",\"downstream_remote_address\":\"10.1.1.1:4\","
        "\"duration\":\"5\",\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"%s\","
        "\"protocol\":\"HTTP/1.1\",\"request_id\":\"r\",\"requested_server_name\":\"-\","
        "\"response_code\":\"200\",\"response_flags\":\"-\",\"route_name\":\"shop\","
        "\"start_time\":\"2026-11-24T05:00:00.000Z\",\"trace_id\":\"-\",\"upstream_cluster\":"
        "\"outbound|80||shop.static\",\"upstream_host\":\"10.0.0.9:80\",\"upstream_local_address\":"
        "\"-\",\"upstream_service_time\":\"3\",\"upstream_transport_failure_reason\":\"-\","
        "\"user_agent\":\"%s\",\"x_forwarded_for\":\"10.1.1.1\",\"response_code_details\":"
        "\"via_upstream\"}",
        authority, route_path, agent);
}

static const cJSON *record_of(struct arena *a, const char *agent)
{
    const char *line = line_of(a, "shop.example.com", "/orders", agent);

    return accesslog_parse(a, line, strlen(line));
}

/* What a client wrote moves no status and no route, and is never told as the gateway's word. */
static void test_no_client_writes_a_record(void **state)
{
    static const char *const agents[] = {
        "x\",\"response_code\":\"503\",\"route_name\":\"victim",
        "x\",\"response_cod\\u0065\":\"503\",\"route_nam\\u0065\":\"victim",
        "x\\u0000\",\"response_code\":\"503\",\"route_name\":\"victim",
        "x\"}{\"ai_log\":\"-\",\"response_code\":\"503\",\"route_name\":\"victim\"}",
        "x\"}\\n{\"response_code\":\"503\",\"route_name\":\"victim\",\"user_agent\":\"",
        "x\",\"x_forwarded_for\":\"10.9.9.9\",\"response_code_details\":\"victim\"}\r",
        "\\",
        "\\\",\"route_name\":\"victim",
        "x\", \"response_code\" : \"503\" , \"route_name\" : \"victim",
        "x\",\"z\":{\"response_code\":\"503\",\"route_name\":\"victim\"},\"y\":\"",
        "\xe2\x80\xa8{\"response_code\":\"503\",\"route_name\":\"victim\"}\xff\x01",
    };
    (void)state;
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        struct arena *a = arena_new();
        const cJSON *row = record_of(a, agents[i]);
        const char *code = json_str(row, "response_code"), *route = json_str(row, "route_name");
        assert_non_null(row);
        assert_true(!code || !strcmp(code, "200"));
        assert_true(!route || !strcmp(route, "shop"));
        if (!json_true(row, "forged"))
            assert_string_equal(json_str(row, "response_code_details"), "via_upstream");
        arena_free(a);
    }
}

/* A name that a TLS client sends stands before the gateway's own keys, and its last quote may begin
 * the mark of the next one. */
static void test_marks_may_share_a_quote(void **state)
{
    struct arena *a = arena_new();
    static const char line[] =
        "{\"ai_log\":\"-\",\"authority\":\"a\",\"path\":\"/"
        "x\",\"requested_server_name\":\"v\x11-\","
        "\"response_code\":\",\"response_code\":\"200\",\"response_flags\":\"-\"}";
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    (void)state;
    assert_true(json_true(row, "forged"));
    assert_null(json_get(row, "response_code"));
    arena_free(a);
}

static void test_double_key_is_forged(void **state)
{
    struct arena *a = arena_new();
    const cJSON *row = record_of(a, "x\",\"response_code\":\"503\",\"route_name\":\"victim");
    const char *line;

    (void)state;
    assert_true(json_true(row, "forged"));
    assert_null(json_get(row, "route_name"));
    assert_null(json_get(row, "user_agent"));
    assert_string_equal(json_str(row, "path"), "/orders");
    line = line_of(a, "a", "/x\",\"route_name\":\"victim", "-");
    row = accesslog_parse(a, line, strlen(line));
    assert_true(json_true(row, "forged"));
    assert_null(strstr(json_print(a, row), "victim"));
    line = line_of(a, "a", "/x", "cut off");
    row = accesslog_parse(a, line, strlen(line) - 20); /* without its end */
    assert_true(json_true(row, "forged"));
    arena_free(a);
}

/* Formats of operators: any order, fields of their own. */
static void test_other_formats_are_read(void **state)
{
    static const char line[] =
        "{\"response_code\":503,\"x_api_key\":\"k3y-0f-s0m3b0dy\",\"referer\":"
        "\"https://u:pw@shop.example.com/cart?step=2#at=x\",\"cookie\":\"sid=s3ss10n\",\"path\":"
        "\"/a\",\"route_name\":\"r\",\"pod_name\":\"gw-1\",\"x_other\":\"-\"}";
    struct arena *a = arena_new();
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    (void)state;
    assert_false(json_true(row, "forged"));
    assert_string_equal(json_str(row, "response_code"), "503");
    assert_string_equal(json_str(row, "x_api_key"), "***");
    assert_string_equal(json_str(row, "cookie"), "***");
    assert_string_equal(json_str(row, "x_other"), "-");
    assert_string_equal(json_str(row, "referer"),
                        "https://u:***@shop.example.com/cart?step=***#at=***");
    assert_string_equal(json_str(row, "pod_name"), "gw-1");
    arena_free(a);
}

static void test_paths(void **state)
{
    static const struct {
        const char *sent, *shown;
    } cases[] = {
        { "/orders/7", "/orders/7" },
        { "/o?token=abc&page=2", "/o?token=***&page=***" },
        { "/o?a=b=c&d", "/o?a=***&***" },
        { "/o?sEcr3tw0rd", "/o?***" },
        { "/o?%74oken=abc", "/o?%74oken=***" },
        { "/o?token%3Dabc&x%3d1", "/o?***&***" },
        { "/o%3Ftoken%3Dabc", "/o%3Ftoken%3D***" },
        { "/o?a=1;b=2#access_token=x", "/o?a=***;b=***#access_token=***" },
        { "/o;jsessionid=abc?x=1", "/o;jsessionid=***?x=***" },
        { "http://u:secretpw@h.example/p?x=1", "http://u:***@h.example/p?x=***" },
        { "/p#top-secret", "/p#***" },
        { "/v1/ghp_0123456789abcdefghijklmnopqrstuvwxyz/x", "/v1/***/x" },
        { "/?", "/?" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new();
        const char *line = line_of(a, "shop.example.com", cases[i].sent, "-");
        const cJSON *row = accesslog_parse(a, line, strlen(line));
        assert_string_equal(json_str(row, "path"), cases[i].shown);
        line = line_of(a, "shop.example.com", cases[i].shown, "-"); /* masked twice */
        row = accesslog_parse(a, line, strlen(line));
        assert_string_equal(json_str(row, "path"), cases[i].shown);
        arena_free(a);
    }
}

static void test_paths_that_are_secrets(void **state)
{
    struct arena *a = arena_new();
    const char *line = line_of(a, "hooks.slack.com", "/services/T0001/B0002/abcdefghijkl", "-");
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    (void)state;
    assert_null(strstr(json_print(a, row), "abcdefghijkl"));
    arena_free(a);
}

/* The reader sees "***"; a search for what stands behind it finds nothing, however it is put. */
static void test_filters_see_what_is_shown(void **state)
{
    (void)state;
    assert_int_equal(read_log(&(struct accesslog_query){ .text = "s3cr3t" }).n, 0);
    assert_int_equal(read_log(&(struct accesslog_query){ .text = "apikey=s" }).n, 0);
    assert_int_equal(read_log(&(struct accesslog_query){ .path_prefix = "/orders/1?apikey=s" }).n,
                     0);
    assert_int_equal(read_log(&(struct accesslog_query){ .text = "apikey=***" }).n, 100);
    assert_int_equal(
        read_log(&(struct accesslog_query){ .path_prefix = "/orders/2999?apikey=***&x=***" }).n, 1);
}

static void test_times(void **state)
{
    (void)state;
    assert_true(when_parse("1970-01-02T00:00:00Z") == 86400);
    assert_true(when_parse("1970-01-02T00:00:00.5Z") == 86400.5);
    assert_true(when_parse("1970-01-02T08:00:00+08:00") == 86400);
    assert_true(when_parse("yesterday") == 0);
    assert_true(when_since("15m", 10000) == 9100);
    assert_true(when_since("1970-01-02T00:00:00Z", 1) == 86400);
    assert_true(when_since("soon", 1) == 0);
    struct arena *a = arena_new();
    assert_string_equal(when_text(a, 86400.5, false), "1970-01-02T00:00:00Z");
    assert_string_equal(when_text(a, 86400.5, true), "1970-01-02T00:00:00.500Z");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_first),
        cmocka_unit_test(test_whole_file),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_line_is_cleaned),
        cmocka_unit_test(test_broken_json_is_taken_apart),
        cmocka_unit_test(test_no_client_writes_a_record),
        cmocka_unit_test(test_double_key_is_forged),
        cmocka_unit_test(test_marks_may_share_a_quote),
        cmocka_unit_test(test_other_formats_are_read),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_paths_that_are_secrets),
        cmocka_unit_test(test_filters_see_what_is_shown),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, make_log, remove_log);
}
