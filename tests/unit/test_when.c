/* test_when.c - how long a Retry-After asks to wait: each form of it, and what says nothing. */
#include "base/when.h"
#include "check.h"
#include <time.h>

static const char *http_date(char out[64], double from_now)
{
    time_t at = (time_t)(when_now() + from_now);
    struct tm t;
    strftime(out, 64, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &t));
    return out;
}

static void test_retry(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds; /* -1: it says nothing */
    } rows[] = {
        { "120", 120 },
        { "0.5", 0.5 },
        { "0", 0 },
        { " 7", 7 },
        { NULL, -1 },
        { "", -1 },
        { "-5", -1 },
        { "nan", -1 },
        { "soon", -1 },
        { "12 s", -1 },
        { "Fri, 31", -1 },
        { "Fri, 31 Dec 1999 23:59:59 GMT", 0 },
        { "Fri, 31 Dec 2199 23:59:59 GMT and more", -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (when_retry(rows[i].text) != rows[i].seconds)
            fail_msg("'%s' gives %g", rows[i].text ? rows[i].text : "", when_retry(rows[i].text));
    char text[64];
    double wait = when_retry(http_date(text, 60));
    assert_true(wait > 50 && wait <= 60);
    assert_true(when_retry("inf") > 1e300);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_retry) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
