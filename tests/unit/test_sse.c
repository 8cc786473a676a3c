/* test_sse.c - events in every split, as the standard has them; and a history that is cut. */
#include "agent/history_private.h"
#include "base/buf.h"
#include "base/text.h"
#include "check.h"
#include "check_arena.h"
#include "net/sse.h"

static struct buf *heard; /* "NAME=DATA;" an event */

static void hear_event(void *arg, const char *event, const char *data, size_t n)
{
    (void)arg;
    assert_int_equal(strlen(data), n);
    buf_printf(heard, "%s=%s;", event, data);
}

/* The stream in pieces of that many bytes. */
static const char *events_of(const char *stream, size_t piece)
{
    heard = buf_in(a, 4096);
    struct sse *s = sse_new(a, 256, hear_event, NULL);
    for (size_t n = strlen(stream); n > 0;) {
        size_t now = piece < n ? piece : n;
        if (!sse_feed(s, stream, now))
            return "too long";
        stream += now;
        n -= now;
    }
    sse_end(s);
    return heard->data;
}

static void lines_end_in_three_ways(void **state)
{
    (void)state;
    static const struct {
        const char *stream, *events;
    } rows[] = {
        { "data: a\n\ndata: b\n\n", "=a;=b;" },
        { "data: a\r\n\r\ndata: b\r\n\r\n", "=a;=b;" },
        { "data: a\r\rdata: b\r\r", "=a;=b;" },
        { "event: x\ndata: a\n\n\n\ndata: b\n\n", "x=a;=b;" },
        { "data: a\ndata: b\n\n", "=a\nb;" },
        { "data:a\ndata:  b\n\n", "=a\n b;" },
        { "\xef\xbb\xbf"
          "data: a\n\n",
          "=a;" },
        { ": comment\nid: 7\nretry: 3\ndata\ndata: a\n\n", "=\na;" },
        { "event: x\n\ndata: a\n\n", "=a;" }, /* an event without data is none */
        { "data:\n\ndata\n\ndata: a\n\n", "=a;" },
        { "data: a", "=a;" },
        { "data: a\n", "=a;" },
        { "data: \xc3\xa4\xe2\x9c\x93\n\n", "=\xc3\xa4\xe2\x9c\x93;" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece < 40; piece++)
            assert_string_equal(events_of(rows[i].stream, piece), rows[i].events);
}

static void an_event_has_a_ceiling(void **state)
{
    (void)state;
    char line[400];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    for (size_t piece = 1; piece < 400; piece += 37) {
        assert_string_equal(events_of(arena_printf(a, "data: %s\n\n", line), piece), "too long");
        assert_string_equal(
            events_of(arena_printf(a, "data: %.200s\ndata: %.200s\n\n", line, line), piece),
            "too long");
    }
}

static void a_cut_history_keeps_calls_and_answers_together(void **state)
{
    (void)state;
    struct history *h = history_new(a, "rules", json("[]"));
    const char *longer = arena_printf(a, "%0500d", 1);
    history_add_person(h, "why?");
    for (int i = 0; i < 4; i++) {
        const struct result r = { "id", "diagnose", longer, false };
        history_add_model(h, json("{\"role\":\"assistant\"}"));
        history_add_results(h, &r, 1);
    }
    size_t before = h->bytes;
    assert_true(history_cut(h));
    assert_true(h->bytes < before);
    assert_int_equal(h->count, 9);
    assert_string_equal(h->turns[0].text, "why?");
    assert_non_null(strstr(h->turns[2].results[0].text, "dropped to make room"));
    assert_string_equal(h->turns[6].results[0].text, longer); /* the two newest stay */
    assert_string_equal(h->turns[8].results[0].text, longer);
    assert_string_equal(h->turns[2].results[0].id, "id");
    assert_false(history_cut(h)); /* there is no more to cut */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_end_in_three_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_has_a_ceiling, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_history_keeps_calls_and_answers_together, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
