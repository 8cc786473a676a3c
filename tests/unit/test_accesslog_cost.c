/* test_accesslog_cost.c - how much of a long log one search reads: all of it, where few lines can
 * match; and that where it ends says nothing of what is hidden. */
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

enum { LINES = 2600, FILLED = 29000, MIB = 1 << 20 }; /* 76 MB */
#define TOKEN                                                                                      \
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

static char path[64];

static void write_line(FILE *f, const char *request, double at, const char *filling)
{
    struct arena *a = arena_new();

    fprintf(f,
            "{\"ai_log\":\"-\",\"authority\":\"shop.example.com\",\"bytes_received\":\"0\","
            "\"bytes_sent\":\"5\",\"downstream_local_address\":\"10.0.0.1:443\","
            "\"downstream_remote_address\":\"10.1.2.3:50000\",\"duration\":\"5\","
            "\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"%s\",\"protocol\":"
            "\"HTTP/1.1\",\"request_id\":\"-\",\"requested_server_name\":\"-\",\"response_code\":"
            "\"200\",\"response_flags\":\"-\",\"route_name\":\"orders\",\"start_time\":\"%s\","
            "\"trace_id\":\"-\",\"upstream_cluster\":\"outbound|80||shop.static\","
            "\"upstream_host\":\"10.0.0.9:80\",\"upstream_local_address\":\"10.0.0.1:40000\","
            "\"upstream_service_time\":\"5\",\"upstream_transport_failure_reason\":\"-\","
            "\"user_agent\":\"agent/1 Bearer " TOKEN " %s\",\"x_forwarded_for\":\"10.1.2.3\","
            "\"response_code_details\":\"via_upstream\"}\n",
            request, when_text(a, at, true), filling);
    arena_free(a);
}

static int begin(void **state)
{
    static char filling[FILLED];
    double now = when_now();

    (void)state;
    for (size_t i = 0; i + 1 < sizeof filling; i++)
        filling[i] = i % 12 ? 'x' : ' ';
    snprintf(path, sizeof path, "/tmp/test_accesslog_cost.XXXXXX");
    FILE *f = fdopen(mkstemp(path), "w");
    if (!f)
        return -1;
    write_line(f, "/needle", now - 10.0 * LINES, filling);
    for (int i = 1; i < LINES; i++)
        write_line(f, "/orders/7", now - 10.0 * (LINES - i), filling);
    return fclose(f);
}

static int end(void **state)
{
    (void)state;
    return unlink(path);
}

static bool accept(void *arg, const cJSON *row)
{
    (void)arg;
    return row;
}

static struct accesslog_seen search(struct accesslog_query q)
{
    struct arena *a = arena_new();
    struct accesslog_seen seen = { 0 };
    struct err e = { 0 };

    q.limit = q.limit ? q.limit : 10;
    assert_true(accesslog_read(a, log_source_file(a, path), &q, accept, NULL, &seen, &e));
    arena_free(a);
    return seen;
}

static void words_are_sought_in_the_whole_file(void **state)
{
    struct accesslog_seen seen = search((struct accesslog_query){ .text = "/needle" });

    (void)state;
    assert_int_equal(seen.matched, 1);
    assert_false(seen.cut);
    assert_true(seen.scanned > 70 * MIB);
    assert_int_equal(seen.lines, LINES);
    seen = search((struct accesslog_query){ .text = "/needle", .max_scan = MIB });
    assert_true(seen.cut && seen.scanned < 2 * MIB && seen.matched == 0);
}

/* Lines that show the words but do not match are looked at, and so are all where the words are in
 * every line: of those there is an end. */
static void lines_looked_at_are_bounded(void **state)
{
    static const struct accesslog_query all[] = {
        { .text = "/orders", .host = "other.example.com" },
        { .text = "response_code" },
        { .text = "\":\"" },
        { .host = "other.example.com" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct accesslog_seen seen = search(all[i]);
        assert_int_equal(seen.matched, 0);
        assert_true(seen.cut);
        assert_in_range(seen.scanned, 60 * MIB, 66 * MIB);
    }
}

/* A part of a token that is hidden by its form, and one that nowhere stands. */
static void where_it_ends_tells_nothing_hidden(void **state)
{
    struct accesslog_seen hit =
        search((struct accesslog_query){ .text = "dozjgNryP4J3jVmNHl0w5N" });
    struct accesslog_seen miss =
        search((struct accesslog_query){ .text = "dozjgNryP4J3jVmNHl0w5M" });

    (void)state;
    assert_int_equal(hit.matched, 0);
    assert_int_equal(miss.matched, 0);
    assert_int_equal(hit.scanned, miss.scanned);
    assert_int_equal(hit.lines, miss.lines);
    assert_string_equal(hit.cursor, miss.cursor);
    assert_string_equal(hit.oldest, miss.oldest);
}

static void older_lines_end_it(void **state)
{
    struct accesslog_seen seen =
        search((struct accesslog_query){ .text = "/needle", .since = when_now() - 60 });

    (void)state;
    assert_int_equal(seen.matched, 0);
    assert_false(seen.cut);
    assert_true(seen.scanned < 10 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_sought_in_the_whole_file),
        cmocka_unit_test(lines_looked_at_are_bounded),
        cmocka_unit_test(where_it_ends_tells_nothing_hidden),
        cmocka_unit_test(older_lines_end_it),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
