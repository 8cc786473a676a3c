/* test_log_merge.c - lines of replicas in the order of their times; cursors; lines that are no
 * requests. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "signal/accesslog_line_private.h"
#include "signal/log_source_private.h"
#include "signal/log_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static long long stamp_of(const char *s, size_t *n)
{
    *n = 0;
    return log_stamp(s, s + strlen(s), n);
}

static void test_stamps(void **state)
{
    size_t n;

    (void)state;
    assert_int_equal(stamp_of("2026-11-30T09:00:00.123456789Z x", &n), 1796029200123456789);
    assert_int_equal(n, 30);
    assert_int_equal(stamp_of("2026-11-30T17:00:00.123456789+08:00 x", &n), 1796029200123456789);
    assert_int_equal(n, 35);
    assert_int_equal(stamp_of("2026-11-30T06:00:00.123456789-03:00 x", &n), 1796029200123456789);
    assert_int_equal(stamp_of("2026-11-30T09:00:00Z", &n), 1796029200000000000);
    assert_int_equal(stamp_of("2024-02-29T23:59:59.5Z", &n), 1709251199500000000);
    static const char *const none[] = {
        "",
        "2026-11-30T09:00:00",
        "2026-13-30T09:00:00Z",
        "2026-11-30 09:00:00Z",
        "2026-11-30T09:00:00+8:00",
        "x026-11-30T09:00:00Z",
        "2026-11-30T09:00:00.123456789",
        "0000-11-30T09:00:00Z",
        "9999-11-30T09:00:00Z",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(stamp_of(none[i], &n), 0);
}

static struct log_stream stream(const char *replica, const char *text, bool cut)
{
    return (struct log_stream){ replica, text, strlen(text), cut };
}

static const char one[] = "2026-11-30T09:00:01.000000000Z a1\n2026-11-30T09:00:03.000000000Z a3\n"
                          "2026-11-30T09:00:05.000000000Z a5\n";
static const char two[] = "2026-11-30T17:00:02.000000000+08:00 b2\nb2 goes on\n"
                          "2026-11-30T17:00:04.000000000+08:00 b4\n2026-11-30T17:00:06.0+08:00 cut";

static void test_merge(void **state)
{
    struct arena *a = arena_new();
    const struct log_stream both[] = { stream("a", one, false), stream("b", two, false) };
    struct log_part p;

    (void)state;
    log_merge(a, both, 2, LOG_MOMENT_NOW, false, &p);
    assert_string_equal(p.text, "a1\nb2\nb2 goes on\na3\nb4\na5\n");
    assert_int_equal(p.lines, 6);
    assert_string_equal(p.replicas[log_part_mark(&p, 0)->replica], "a");
    assert_string_equal(p.replicas[log_part_mark(&p, 8)->replica], "b");
    assert_int_equal(log_part_mark(&p, 8)->ns, log_part_mark(&p, 3)->ns);
    assert_string_equal(p.replicas[log_part_mark(&p, 1000)->replica], "a");
    struct log_moment m = { p.marks[3].ns, 1 }; /* all before a3 */
    log_merge(a, both, 2, m, false, &p);
    assert_int_equal(p.size, strlen("a1\nb2\nb2 goes on\n"));
    m = (struct log_moment){ p.marks[2].ns, 1 }; /* of two lines of one time one was seen */
    log_merge(a, both, 2, m, false, &p);
    assert_int_equal(p.size, strlen("a1\nb2\n"));
    arena_free(a);
}

/* What one replica was not read back to is left for later, or told with what there is. */
static void test_merge_of_cut_ones(void **state)
{
    struct arena *a = arena_new();
    const struct log_stream both[] = { stream("a", one, false), stream("b", two, true) };
    struct log_part p;

    (void)state;
    log_merge(a, both, 2, LOG_MOMENT_NOW, false, &p);
    assert_memory_equal(p.text, "b2\nb2 goes on\na3\nb4\na5\n", p.size);
    log_merge(a, both, 2, LOG_MOMENT_NOW, true, &p);
    assert_memory_equal(p.text, "a1\n", 3);
    log_merge(a, both, 0, LOG_MOMENT_NOW, true, &p);
    assert_int_equal(p.size, 0);
    assert_null(log_part_mark(&p, 0));
    arena_free(a);
}

static void test_cursors(void **state)
{
    struct log_moment m = { 1796029200123456789, 3 }, back = { 0 };
    char text[48];
    static const char *const bad[] = { NULL,   "",    "t",     "t1",    "t1.",
                                       "t1.x", "1.2", "t-1.2", "t1.-2", "t99999999999999999999.1",
                                       "t1.2 " };

    (void)state;
    log_moment_write(m, text);
    assert_true(log_moment_read(text, &back));
    assert_int_equal(back.ns, m.ns);
    assert_int_equal(back.equal, 3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(log_moment_read(bad[i], &back));
}

static void test_words(void **state)
{
    static const struct {
        const char *line, *shown;
    } cases[] = {
        { "[2026-11-30 08:00:00.123][31][warning][config] [source/x.cc:1] delta config rejected",
          "2026-11-30 08:00:00.123 warning [config] [source/x.cc:1] delta config rejected" },
        { "[2026-11-30 08:00:00.123][31][error][wasm] [x.cc:1] wasm log shop.key-auth: no key",
          "2026-11-30 08:00:00.123 error [wasm shop.key-auth] no key" },
        { "2026-11-30T08:00:00.123456Z\tinfo\tads\tPush debounce stable",
          "2026-11-30T08:00:00.123456Z info [ads] Push debounce stable" },
        { "2026-11-30T08:00:00.123456Z\twarn\tno scope",
          "2026-11-30T08:00:00.123456Z warning no scope" },
        { "2026-11-30T08:00:00.1Z\tcritical\tenvoy main external/x:1\tfailed\tthread=15",
          "2026-11-30T08:00:00.1Z critical [main] failed" },
        { "E1130 08:00:00.000000       1 reflector.go:561] watch ended",
          "- error [reflector.go:561] watch ended" },
        { "{\"level\":\"error\",\"ts\":1796025600.5,\"caller\":\"x.go:1\",\"msg\":\"no\",\"error\":"
          "\"refused\",\"secret\":\"hush\",\"n\":3}",
          "2026-11-30T08:00:00.500Z error [x.go:1] no error: refused secret=*** n=***" },
        { "{\"msg\":\"in\",\"data\":\"hush\"}", "- - in data=***" },
        { "{\"level\":\"notice\",\"msg\":\"in\",\"data\":\"hush\"}", "- - in data=***" },
        { "{\"level\":\"info\",\"msg\":\"hush\",\"data\":\"hush\",\"data\":\"b\"}",
          "- -  level=*** msg=*** data=***" },
        { "2026-11-24 05:40:59.247  WARN 1 --- [nio-8080-exec-1] c.a.h.c.Filter   : no session",
          "2026-11-24 05:40:59.247 warning [c.a.h.c.Filter] no session" },
        { "2026-11-24T05:40:59.247Z ERROR 1 --- [           main] c.a.h.App : x : y",
          "2026-11-24T05:40:59.247Z error [c.a.h.App] x : y" },
        { "'authorization', 'Basic YW5uOmh1c2hodXNoYQ'", "- - 'authorization', 'Basic ***'" },
        { "\tat java.base/java.lang.Thread.run", "- -  at java.base/java.lang.Thread.run" },
    };
    struct arena *a = *state = arena_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = arena_strdup(a, cases[i].line);
        log_blank(line, strlen(line));
        const cJSON *row = log_words(a, line, strlen(line), 0);
        assert_non_null(row);
        assert_string_equal(log_row_text(a, row, false), cases[i].shown);
    }
    assert_string_equal(json_str(log_words(a, "text", 4, 1796025600500000000), "time"),
                        "2026-11-30T08:00:00.500Z");
    static const char request[] = "{\"response_code\":\"200\",\"start_time\":\"x\",\"path\":\"/\","
                                  "\"method\":\"GET\",\"authority\":\"x\",\"duration\":\"1\"}";
    assert_null(log_words(a, request, sizeof request - 1, 0));
    static const char tricky[] = "[2026-11-30 08:00:00.123][1][info][x] a\0b \033[31m \xe2\x80\xae";
    const cJSON *row = log_words(a, tricky, sizeof tricky - 1, 0);
    assert_null(strpbrk(json_text(row, "text"), "\033\xae"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_of_cut_ones),
        cmocka_unit_test(test_cursors),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
