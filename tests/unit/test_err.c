/* test_err.c - errors: the first wins, context is put before it; and the log lines. */
#include "base/err.h"
#include "base/log.h"
#include "check.h"
#include <unistd.h>

static void the_first_error_wins(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_false(err_at(&e, "nothing yet"));
    assert_int_equal(e.kind, ERR_NONE);
    assert_false(err_status(&e, ERR_GATEWAY, 409, "route '%s' moved on", "pay"));
    assert_false(err_set(&e, ERR_NET, "refused"));
    assert_int_equal(e.kind, ERR_GATEWAY);
    assert_int_equal(e.status, 409);
    err_at(&e, "while saving '%s'", "pay");
    assert_string_equal(e.text, "while saving 'pay': route 'pay' moved on");
    err_clear(&e);
    assert_int_equal(e.kind, ERR_NONE);
    assert_false(err_set(NULL, ERR_NET, "nobody listens"));
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    struct err e = { 0 };
    err_set(&e, ERR_ARGS, "%5000d", 1);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_at(&e, "at");
    assert_memory_equal(e.text, "at:  ", 5);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum err_kind k = ERR_NONE; k <= ERR_SYSTEM; k++)
        for (enum err_kind other = ERR_NONE; other < k; other++)
            assert_string_not_equal(err_kind_name(k), err_kind_name(other));
}

static void an_event_is_one_clean_line(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_open(LOG_INFO, ends[1]);
    log_event(LOG_DEBUG, "quiet", "not written");
    log_event(LOG_INFO, "fetch", "a\nb \"c\" \x1b[31m%5000d", 1);
    log_open(LOG_WARN, 2);
    char line[5000] = { 0 };
    ssize_t n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    close(ends[1]);
    assert_true(n > 0 && n < 4097);
    assert_memory_equal(line, "{\"ts\":\"20", 9);
    assert_non_null(strstr(line, "\"level\":\"info\",\"event\":\"fetch\",\"msg\":\"a\\u000ab "));
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    assert_memory_equal(line + n - 3, "\"}\n", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
        cmocka_unit_test(an_event_is_one_clean_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
