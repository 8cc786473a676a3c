/* test_buf.c - buffers: the ceiling, consuming, and JSON strings. */
#include "base/arena.h"
#include "base/buf.h"
#include "check.h"

static void an_empty_buffer_is_an_empty_string(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(b.data, "");
    buf_consume(&b, 0);
    buf_reset(&b);
    buf_free(&b);
    buf_free(&b);
    assert_string_equal(b.data, "");
}

static void the_ceiling_holds_and_sticks(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_true(buf_str(&b, "12345"));
    assert_false(buf_char(&b, '6'));
    assert_true(b.over);
    assert_string_equal(b.data, "12345");
    buf_reset(&b);
    assert_false(buf_printf(&b, "%06d", 1));
    assert_int_equal(b.len, 0);
    assert_false(buf_char(&b, 'x')); /* over sticks */
    buf_reset(&b);
    assert_true(buf_char(&b, 'x'));
    buf_free(&b);
}

static void consuming_drops_the_front(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct buf *b = buf_in(a, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_printf(b, "%d,", i);
    buf_consume(b, 4);
    assert_memory_equal(b->data, "2,3,4,", 6);
    buf_consume(b, b->len);
    assert_int_equal(b->len, 0);
    assert_string_equal(b->data, "");
    arena_free(a);
}

static void json_strings_are_escaped_and_valid(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } rows[] = {
        { "", "\"\"" },
        { "plain", "\"plain\"" },
        { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "\n\t\r\b\f\x01\x1f", "\"\\n\\t\\r\\b\\f\\u0001\\u001f\"" },
        { "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad", "\"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\"" },
        { "cut\xe4\xb8", "\"cut\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        buf_init(&b, 1000);
        assert_true(buf_json_string(&b, rows[i].text, strlen(rows[i].text)));
        assert_string_equal(b.data, rows[i].json);
        buf_free(&b);
    }
}

/* Each byte, at each place of a text that is looked at eight bytes at a time. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    static const char letters[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    for (int c = 1; c < 256; c++)
        for (int at = 0; at < 20; at++) {
            char text[21], want[64], as[12] = { (char)c };
            struct buf b;
            buf_init(&b, 1000);
            memset(text, 'a', 20);
            text[20] = '\0';
            text[at] = (char)c;
            if (c >= 0x80)
                snprintf(as, sizeof as, "\xef\xbf\xbd"); /* alone: no character */
            else if (c == '"' || c == '\\')
                snprintf(as, sizeof as, "\\%c", c);
            else if (c < 0x20 && letters[c])
                snprintf(as, sizeof as, "\\%c", letters[c]);
            else if (c < 0x20)
                snprintf(as, sizeof as, "\\u%04x", c);
            snprintf(want, sizeof want, "\"%.*s%s%s\"", at, text, as, text + at + 1);
            assert_true(buf_json_string(&b, text, 20));
            assert_string_equal(b.data, want);
            buf_free(&b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_string),
        cmocka_unit_test(the_ceiling_holds_and_sticks),
        cmocka_unit_test(consuming_drops_the_front),
        cmocka_unit_test(json_strings_are_escaped_and_valid),
        cmocka_unit_test(every_byte_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
