/* test_accesslog_blank.c - blanking many bytes at a time does what blanking one by one does. */
#include "signal/accesslog_line_private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20000, LONGEST = 400 };

static bool ends_value(unsigned char c)
{
    return c <= ' ' || c >= 0x80 || strchr("\"\\&;#?", c);
}

/* Where what belongs to the sign at i ends. */
static size_t value_end(const char *text, size_t n, size_t i)
{
    size_t end = i + 1;

    while (end < n && !ends_value((unsigned char)text[end]) && (text[i] == '=' || text[end] != '='))
        end++;
    return end;
}

/* One byte after the other, as the header says it. */
static bool blank_simply(char *text, size_t n, int *breaks)
{
    bool plain = true;

    *breaks = 0;
    for (size_t i = 0, end; i < n; i = end) {
        bool sign = text[i] == '=' || text[i] == '?';
        end = sign ? value_end(text, n, i) : i + 1;
        if (sign && (text[i] == '=' || end == n || text[end] != '='))
            memset(text + i + 1, '*', end - i - 1);
    }
    for (size_t i = 0; i < n; i++) {
        *breaks += text[i] == '\n';
        plain = plain && !(text[i] & 0x80) && (text[i] != '\\' || text[i + 1] == '"');
    }
    return plain;
}

/* Rare signs, so that some stretches have none and values run over several chunks. */
static void write_text(char *text, size_t n, unsigned seldom)
{
    static const char marks[] = "=?&\\\"\n;# =?";

    for (size_t i = 0; i < n; i++) {
        unsigned r = (unsigned)random();
        text[i] =
            r % seldom ? (char)('a' + r / seldom % 26) : marks[r / seldom % (sizeof marks - 1)];
        if (r % (seldom * 97) == 1)
            text[i] = (char)0xe4;
    }
    text[n] = random() % 2 ? '"' : 'x';
}

static void many_bytes_as_one_by_one(void **state)
{
    (void)state;
    srandom(11);
    for (int i = 0; i < ROUNDS; i++) {
        char text[LONGEST + 1], fast[LONGEST + 1], simple[LONGEST + 1];
        size_t n = (size_t)random() % LONGEST;
        int breaks = -1, wanted;
        write_text(text, n, 1 + (unsigned)random() % 60);
        memcpy(fast, text, n + 1);
        memcpy(simple, text, n + 1);
        bool plain = log_blank_counting(fast, n, &breaks);
        assert_int_equal(plain, blank_simply(simple, n, &wanted));
        assert_int_equal(breaks, wanted);
        assert_memory_equal(fast, simple, n + 1);
        assert_int_equal(log_blank(fast, n), plain);
        assert_memory_equal(fast, simple, n + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(many_bytes_as_one_by_one) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
