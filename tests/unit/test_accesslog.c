/* test_accesslog.c - the last matching lines, whatever the file holds. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "gateway/accesslog.h"
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

    if (!accesslog_read(a, path, q, take, &g, NULL, &e))
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
    assert_true(accesslog_read(a, path, &q, take, &g, &seen, &e));
    assert_true(seen.cut);
    assert_in_range(seen.scanned, 1, 200000);
    assert_false(accesslog_read(a, "/nonexistent", &q, take, &g, &seen, &e));
    assert_non_null(strstr(e.text, "/nonexistent"));
    err_clear(&e);
    assert_false(accesslog_read(a, "/tmp", &q, take, &g, &seen, &e));
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
    assert_string_equal(json_str(row, "path"), "/v1?token=***&b=2");
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
        cmocka_unit_test(test_newest_first),    cmocka_unit_test(test_whole_file),
        cmocka_unit_test(test_filters),         cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_line_is_cleaned), cmocka_unit_test(test_broken_json_is_taken_apart),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, make_log, remove_log);
}
