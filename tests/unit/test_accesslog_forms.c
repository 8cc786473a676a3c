/* test_accesslog_forms.c - the forms a log may have, files that a rotation left, and cursors. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "signal/accesslog.h"
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_forms.XXXXXX";

static const char istio[] =
    "[2026-11-29T16:02:14.000Z] \"GET /orders/1?k=s3cr3t HTTP/1.1\" 503 UC "
    "upstream_reset_before_response_started{connection_termination} - \"-\" 0 95 7 - \"10.9.9.9\" "
    "\"Apache-HttpClient/4.5.1\" \"3a7cbcc1\" \"api.shop.example\" \"10.0.0.1:8080\" "
    "outbound|80||web.static 10.0.0.9:37132 10.0.0.9:80 10.9.9.9:59375 - orders";
static const char envoy[] = "[2026-11-29T16:02:14.000Z] \"GET /orders/1 HTTP/1.1\" 503 UH 0 19 0 - "
                            "\"10.9.9.9\" \"curl/8\" \"3a7cbcc1\" \"api.shop.example\" \"-\"";

static void is(const cJSON *row, const char *member, const char *value)
{
    const char *got = json_str(row, member);

    if (!got || strcmp(got, value) != 0)
        fail_msg("%s is %s, should be %s", member, got ? got : "absent", value);
}

static const cJSON *parse(struct arena *a, const char *line)
{
    const cJSON *row = accesslog_parse(a, line, strlen(line));

    if (!row)
        fail_msg("no record: %s", line);
    return row;
}

static void test_text_of_istio(void **state)
{
    struct arena *a = arena_new();
    const cJSON *row = parse(a, istio);

    (void)state;
    is(row, "start_time", "2026-11-29T16:02:14.000Z");
    is(row, "method", "GET");
    is(row, "path", "/orders/1?k=***");
    is(row, "response_code", "503");
    is(row, "response_flags", "UC");
    is(row, "response_code_details",
       "upstream_reset_before_response_started{connection_termination}");
    is(row, "duration", "7");
    is(row, "user_agent", "Apache-HttpClient/4.5.1");
    is(row, "authority", "api.shop.example");
    is(row, "upstream_host", "10.0.0.1:8080");
    is(row, "upstream_cluster", "outbound|80||web.static");
    is(row, "downstream_local_address", "10.0.0.9:80");
    is(row, "route_name", "orders");
    arena_free(a);
}

static void test_text_of_envoy(void **state)
{
    struct arena *a = arena_new();
    const cJSON *row = parse(a, envoy);

    (void)state;
    is(row, "response_code", "503");
    is(row, "response_flags", "UH");
    is(row, "authority", "api.shop.example");
    is(row, "upstream_host", "-");
    arena_free(a);
}

/* A client adds fields; it never takes one away: no record with a word of its own in the place of
 * the gateway's. */
static void test_no_client_writes_a_text_record(void **state)
{
    static const char *const agents[] = {
        "x\" \"rid\" \"victim.example\" \"10.6.6.6:1",
        "x\" \"y",
        "a\"b",
        "\" \" \"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        struct arena *a = arena_new();
        const char *line = arena_printf(a,
                                        "[2026-11-29T16:02:14.000Z] \"GET /x HTTP/1.1\" 200 - 0 19 "
                                        "0 - \"-\" \"%s\" \"r\" \"api.shop.example\" \"-\"",
                                        agents[i]);
        assert_null(accesslog_parse(a, line, strlen(line)));
        arena_free(a);
    }
}

static void test_other_names(void **state)
{
    struct arena *a = arena_new();
    const cJSON *row = parse(
        a, "{\"ts\":1795968134.5,\"status\":404,\"request_method\":\"GET\",\"uri\":\"/a?k=v\","
           "\"host\":\"api.shop.example\",\"flags\":\"NR\",\"upstream\":\"10.0.0.1:80\","
           "\"cluster\":\"outbound|80||web.static\",\"latency\":12,\"ua\":\"curl/8\","
           "\"authorization\":\"Bearer abc\"}");

    (void)state;
    is(row, "start_time", "2026-11-29T16:02:14.500Z");
    is(row, "response_code", "404");
    is(row, "method", "GET");
    is(row, "path", "/a?k=***");
    is(row, "authority", "api.shop.example");
    is(row, "response_flags", "NR");
    is(row, "upstream_host", "10.0.0.1:80");
    is(row, "upstream_cluster", "outbound|80||web.static");
    is(row, "duration", "12");
    is(row, "user_agent", "curl/8");
    is(row, "authorization", "***");
    assert_null(accesslog_parse(a, "{\"code\":200,\"msg\":\"started\"}", 29));
    arena_free(a);
}

/* A path that its host makes a secret is one, whatever the names and their order. */
static void test_other_names_hide_as_much(void **state)
{
    struct arena *a = arena_new();
    const cJSON *row = parse(a, "{\"uri\":\"/services/T0001/B0002/abcdefghijkl\",\"status\":200,"
                                "\"vhost\":\"hooks.slack.com\",\"verb\":\"POST\"}");

    (void)state;
    assert_null(strstr(json_print(a, row), "abcdefghijkl"));
    arena_free(a);
}

static void test_nul_bytes(void **state)
{
    struct arena *a = arena_new();
    char line[600] = { 0 };

    (void)state;
    memcpy(line + 50, envoy, sizeof envoy - 1);
    is(accesslog_parse(a, line, 50 + sizeof envoy - 1), "response_flags", "UH");
    arena_free(a);
}

/* -- files ---------------------------------------------------------------------------------------
 */
static char *name_of(struct arena *a, const char *file)
{
    return arena_printf(a, "%s/%s", folder, file);
}

static void write_log(struct arena *a, const char *file, int from, int to, int age)
{
    char *path = name_of(a, file);
    FILE *f = fopen(path, "w");
    struct utimbuf times = { time(NULL) - age, time(NULL) - age };

    for (int i = from; i < to; i++)
        fprintf(f,
                "{\"authority\":\"a\",\"duration\":\"%d\",\"method\":\"GET\",\"path\":\"/p\","
                "\"response_code\":\"200\",\"route_name\":\"r\",\"start_time\":"
                "\"2026-11-24T05:%02d:%02d.000Z\"}\n",
                i, i / 60 % 60, i % 60);
    fclose(f);
    utime(path, &times);
}

struct got {
    int n, first, last, most;
};

static bool take(void *arg, const cJSON *row)
{
    struct got *g = arg;
    const char *d = json_str(row, "duration");

    if (g->most && g->n >= g->most)
        return false;
    g->last = d ? (int)strtol(d, NULL, 10) : -1;
    g->first = g->n++ ? g->first : g->last;
    return true;
}

static struct got read_log(struct arena *a, const struct accesslog_query *q, int most,
                           struct accesslog_seen *seen)
{
    struct got g = { .most = most };
    struct err e = { 0 };

    if (!accesslog_read(a, log_source_file(a, name_of(a, "access.log")), q, take, &g, seen, &e))
        fail_msg("%s", e.text);
    return g;
}

static int run(const char *program, const char *option, const char *path)
{
    char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)option, (char *)(uintptr_t)path,
                     NULL };
    pid_t pid;
    int status = -1;

    if (posix_spawnp(&pid, program, NULL, NULL, argv, environ))
        return -1;
    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int make_files(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_log(a, "access.log.2", 0, 1000, 300);
    assert_int_equal(run("gzip", "-6", name_of(a, "access.log.2")), 0);
    write_log(a, "access.log.1", 1000, 2000, 200);
    write_log(a, "access.log", 2000, 3000, 0);
    write_log(a, "access.log.old", 9000, 9001, 0); /* none of the rotation's names */
    arena_free(a);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return run("rm", "-r", folder);
}

static void test_rotated_files(void **state)
{
    struct arena *a = arena_new();
    struct accesslog_seen seen;
    struct got g = read_log(a, &(struct accesslog_query){ .limit = 99999 }, 0, &seen);

    (void)state;
    assert_int_equal(g.n, 3000);
    assert_int_equal(g.first, 2999);
    assert_int_equal(g.last, 0);
    assert_false(seen.cut);
    assert_string_equal(seen.cursor, "");
    assert_string_equal(seen.oldest, "2026-11-24T05:00:00.000Z");
    arena_free(a);
}

/* Pages of 700 lines, over three files, meet every line once. */
static void test_cursor(void **state)
{
    struct arena *a = arena_new();
    struct accesslog_seen seen = { 0 };
    const char *cursor = NULL;
    int next = 2999, pages = 0;

    (void)state;
    do {
        struct got g =
            read_log(a, &(struct accesslog_query){ .limit = 9999, .cursor = cursor }, 700, &seen);
        assert_int_equal(g.first, next);
        next = g.last - 1;
        cursor = *seen.cursor ? arena_strdup(a, seen.cursor) : NULL;
        pages++;
    } while (cursor);
    assert_int_equal(next, -1);
    assert_int_equal(pages, 5);
    arena_free(a);
}

/* Nothing matches within what may be read: it says how far back that was, and goes on. */
static void test_how_far_back(void **state)
{
    struct arena *a = arena_new();
    struct accesslog_seen seen = { 0 };
    struct accesslog_query q = { .text = "not there", .max_scan = 70000 };
    int pages = 0;

    (void)state;
    do {
        assert_int_equal(read_log(a, &q, 0, &seen).n, 0);
        assert_true(*seen.oldest);
        assert_true(seen.cut == (*seen.cursor != '\0'));
        q.cursor = *seen.cursor ? arena_strdup(a, seen.cursor) : NULL;
    } while (q.cursor && ++pages < 20);
    assert_in_range(pages, 3, 8);
    assert_string_equal(seen.oldest, "2026-11-24T05:00:00.000Z");
    q.cursor = "1.1";
    struct err e = { 0 };
    assert_false(accesslog_read(a, log_source_file(a, name_of(a, "access.log")), &q, take,
                                &(struct got){ 0 }, &seen, &e));
    assert_non_null(strstr(e.text, "begin anew"));
    arena_free(a);
}

/* The log was rotated between two pages: the file is found under its new name. */
static void test_cursor_outlives_a_rotation(void **state)
{
    struct arena *a = arena_new();
    struct accesslog_seen seen = { 0 };

    (void)state;
    read_log(a, &(struct accesslog_query){ .limit = 10 }, 0, &seen);
    assert_int_equal(rename(name_of(a, "access.log"), name_of(a, "access.log.3")), 0);
    write_log(a, "access.log", 5000, 5001, 0);
    struct got g =
        read_log(a, &(struct accesslog_query){ .limit = 10, .cursor = seen.cursor }, 0, &seen);
    assert_int_equal(g.first, 2989);
    assert_int_equal(rename(name_of(a, "access.log.3"), name_of(a, "access.log")), 0);
    arena_free(a);
}

static bool take_raw(void *arg, const cJSON *row)
{
    int *n = arg;

    *n += json_get(row, "raw") != NULL;
    return true;
}

static void test_lines_in_no_known_form(void **state)
{
    struct arena *a = arena_new();
    FILE *f = fopen(name_of(a, "odd.log"), "w");
    struct accesslog_seen seen = { 0 };
    struct err e = { 0 };
    int n = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        fprintf(f, "10.0.0.%d GET /a?key=s3cr3t 200 ok\n", i);
    fprintf(f, "[2026-11-24 05:40:59.247][12][warning][config] route rejected: too long\n");
    fprintf(f, "%s\n%s\n", envoy, istio);
    fclose(f);
    assert_true(accesslog_read(a, log_source_file(a, name_of(a, "odd.log")),
                               &(struct accesslog_query){ 0 }, take_raw, &n, &seen, &e));
    assert_int_equal(n, 20);
    assert_int_equal(seen.raw, 20);
    assert_int_equal(seen.matched, 22);
    assert_true(seen.unknown > seen.known);
    assert_null(strstr(seen.line, "s3cr3t"));
    n = 0;
    assert_true(accesslog_read(a, log_source_file(a, name_of(a, "odd.log")),
                               &(struct accesslog_query){ .text = "rejected" }, take_raw, &n, &seen,
                               &e));
    assert_int_equal(n, 1);
    assert_int_equal(seen.raw, 0); /* which lines were looked at may depend on what they hide */
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_istio),
        cmocka_unit_test(test_text_of_envoy),
        cmocka_unit_test(test_no_client_writes_a_text_record),
        cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_other_names_hide_as_much),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_rotated_files),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_how_far_back),
        cmocka_unit_test(test_cursor_outlives_a_rotation),
        cmocka_unit_test(test_lines_in_no_known_form),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
