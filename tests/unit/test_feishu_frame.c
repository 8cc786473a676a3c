/* test_feishu_frame.c - frames of Feishu's long connection: the vectors of lark-oapi, every cut of
 * them, and what is none. tests/ws holds the whole socket against the official library. */
#include "chat/feishu_frame_private.h"
#include "check.h"
#include <stdio.h>
#include <string.h>

static const char ping_hex[] = "08001000180720002a0c0a0474797065120470696e67";
static const char event_hex[] =
    "08ac021001180720012a0d0a047479706512056576656e742a100a0a6d6573736167655f696412026d312a080a0373"
    "756d1201312a080a037365711201302a0e0a0874726163655f69641202743142027b7d";

static size_t bytes_of(const char *hex, unsigned char *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
    return n;
}

static void writes(const struct feishu_frame *f, const char *hex)
{
    unsigned char want[256];
    size_t n = bytes_of(hex, want);
    struct buf out;
    buf_init(&out, 1024);
    assert_true(feishu_frame_write(f, &out));
    assert_int_equal(out.len, n);
    assert_memory_equal(out.data, want, n);
    buf_free(&out);
}

static void a_ping(void **state)
{
    (void)state;
    struct feishu_frame f = { .service = 7 };
    assert_true(feishu_frame_add(&f, "type", "ping"));
    writes(&f, ping_hex);
}

static void an_event(void **state)
{
    (void)state;
    unsigned char bytes[256];
    size_t n = bytes_of(event_hex, bytes);
    struct feishu_frame f;
    assert_true(feishu_frame_read(&f, bytes, n));
    assert_int_equal(f.seq_id, 300);
    assert_int_equal(f.log_id, 1);
    assert_int_equal(f.service, 7);
    assert_int_equal(f.method, FEISHU_DATA);
    assert_int_equal(f.header_count, 5);
    assert_true(feishu_text_is(feishu_frame_header(&f, "type"), "event"));
    assert_int_equal(feishu_text_number(feishu_frame_header(&f, "sum")), 1);
    assert_null(feishu_frame_header(&f, "biz_rt").bytes);
    assert_true(feishu_text_is(f.payload, "{}"));
    writes(&f, event_hex);
}

/* Cut within a field it is none; cut behind one it lacks what came after. */
static void every_cut(void **state)
{
    (void)state;
    unsigned char bytes[256];
    size_t n = bytes_of(event_hex, bytes);
    int whole = 0;
    for (size_t cut = 0; cut < n; cut++) {
        struct feishu_frame f;
        if (!feishu_frame_read(&f, bytes, cut))
            continue;
        assert_null(f.payload.bytes);
        whole++;
    }
    assert_int_equal(whole, 6); /* with 0 to 5 headers */
}

static void what_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "0800100018072001ff",         /* an unfinished tag */
        "080010001807",               /* no method */
        "0a00100018072000",           /* a number as bytes */
        "0800100018072000400a",       /* the payload as a number */
        "08001000180720002a020a00",   /* a header without a value */
        "08001000180720002aff7f",     /* longer than what is there */
        "08808080808080808080808001", /* a number without end */
        "08001000180720000300",       /* a group */
        "0800100018072000000a",       /* field 0 */
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        unsigned char bytes[64];
        struct feishu_frame f;
        size_t n = bytes_of(none[i], bytes);
        if (feishu_frame_read(&f, bytes, n))
            fail_msg("%s was read", none[i]);
    }
}

static void what_is_passed_over(void **state)
{
    (void)state;
    unsigned char bytes[64];
    struct feishu_frame f;
    size_t n = bytes_of("080010001807200050057d010203047100000000000000006202abcd", bytes);
    assert_true(feishu_frame_read(&f, bytes, n));
    assert_int_equal(f.service, 7);
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(feishu_text_number(feishu_text("0")), 0);
    assert_int_equal(feishu_text_number(feishu_text("999999999")), 999999999);
    static const char *const none[] = { "", "-1", "1a", " 1", "1000000000", "+1" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(feishu_text_number(feishu_text(none[i])), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping),
        cmocka_unit_test(an_event),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(what_is_passed_over),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
