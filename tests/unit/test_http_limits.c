/* test_http_limits.c - the HTTP server against clients that send too much, too slowly, do not read,
 * or leave; and its end.
 * Slow: it waits for deadlines.
 */
#include "check.h"
// the client uses cmocka
#include "http_talk.h"

static void ceilings_are_refused_before_reading(void **state)
{
    (void)state;
    check(POST("/echo", 1048577), "413[]");
    check("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n100001\r\n", "413[]");
    static char big_head[64 << 10];
    memset(big_head, 'a', sizeof big_head - 1);
    memcpy(big_head, "GET / HTTP/1.1\r\nX: ", 19);
    check(big_head, "431[]");
    assert_int_equal(t.handled, 0);
}

static void a_refusal_reaches_a_client_that_still_sends(void **state)
{
    (void)state;
    size_t n = 3 << 20;
    char *bytes = test_malloc(n);
    memset(bytes, 'x', n);
    const char *head = "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n";
    memcpy(bytes, head, strlen(head));
    struct client c = talk_n(bytes, n);
    check_client(&c, false, "413[]");
    test_free(bytes);
}

static void slow_heads_and_bodies_are_cut(void **state)
{
    (void)state;
    char bytes[200] = "GET / HTTP/1.1\r\nHost: ";
    memset(bytes + strlen(bytes), 'a', sizeof bytes - strlen(bytes) - 1);
    struct client c = talk_n(bytes, strlen(bytes));
    c.trickle = true;
    c.pause = 0.03; /* six seconds in all */
    client_run(t.loop, &c);
    assert_true(c.seconds < 5);
    assert_non_null(strstr(c.got.data, "408"));
    buf_free(&c.got);

    check(POST("/echo", 10) "ab", "408[]");
    check("", ""); /* says nothing: closed without an answer */
    check("GET /nothing HTTP/1.1\r\n" HOST "\r\n", "204[]");
    assert_int_equal(t.handled, 1);
}

static void the_client_may_leave(void **state)
{
    (void)state;
    const char *bytes = POST("/never", 1) "a";
    struct client c = talk_n(bytes, strlen(bytes));
    c.hang_up = true;
    client_run(t.loop, &c); /* left() or the client stops the loop, then the other */
    if (t.gone == 0)
        loop_run(t.loop);
    assert_int_equal(t.gone, 1);
    buf_free(&c.got);

    const char *half = POST("/echo", 10) "ab";
    struct client d = talk_n(half, strlen(half));
    d.hang_up = true;
    client_run(t.loop, &d);
    buf_free(&d.got);
    check(LAST, "204[]");
    assert_int_equal(t.handled, 2);
}

static void a_stream_nobody_reads_is_bounded_and_ended(void **state)
{
    (void)state;
    const char *bytes = "GET /flood HTTP/1.1\r\n" HOST "\r\n";
    struct client c = talk_n(bytes, strlen(bytes));
    c.stay = 2;
    client_run(t.loop, &c);
    assert_null(t.timer);
    assert_int_equal(t.gone, 1); /* whether a write was refused before or not */
    assert_true(t.streamed < (16 << 20));
    buf_free(&c.got);
}

static void an_answer_nobody_reads_is_given_up(void **state)
{
    (void)state;
    const char *bytes = "GET /big HTTP/1.1\r\n" HOST "\r\n" POST("/echo", 1) "a";
    struct client c = talk_n(bytes, strlen(bytes));
    c.stay = 2;
    client_run(t.loop, &c);
    assert_true(c.got.len < (8 << 20));
    buf_free(&c.got);
    check(LAST, "204[]");
}

/* The library's raw role would spin on the readable socket while its own buffer is full. */
static void a_pipelining_client_that_does_not_read_costs_nothing(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < 10; i++)
        buf_str(&bytes, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    struct client c = talk_n(bytes.data, bytes.len);
    c.cut = 30;
    c.pause = 0.1;
    c.stay = 1.5; /* longer than unread answers may wait */
    clock_t from = clock();
    client_run(t.loop, &c);
    assert_true(clock() - from < CLOCKS_PER_SEC / 3);
    assert_true(t.handled <= 2);
    buf_free(&c.got);
    buf_free(&bytes);
}

static void pipelined_requests_wait_for_those_of_others(void **state)
{
    (void)state;
    enum { MANY = 500 };
    struct client at = { .port = http_port(t.server) };
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    for (int i = 1; i < MANY; i++)
        buf_str(&bytes, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    buf_str(&bytes, "GET /mark HTTP/1.1\r\n" HOST "\r\n");
    const char *one = strstr(bytes.data, "GET /mark");
    int fds[4];
    for (int i = 0; i < 4; i++) {
        const char *from = i == 2 ? one : bytes.data;
        fds[i] = client_connect(&at);
        client_send(fds[i], from, bytes.len - (size_t)(from - bytes.data));
    }
    loop_run(t.loop);
    assert_in_range(t.marks[0], 1, 4);
    assert_int_equal(t.marks[3], 3 * MANY + 1);
    assert_true(t.marks[1] > 3 * MANY - 20); /* the three go on side by side */
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    buf_free(&bytes);
}

static void shutdown_ends_everything(void **state)
{
    (void)state;
    check("GET /close HTTP/1.1\r\n" HOST "\r\n", "200[bye]");
    assert_null(t.server);
}

static void shutdown_with_a_request_in_flight(void **state)
{
    (void)state;
    const char *bytes = POST("/never", 1) "a";
    struct client c = talk_n(bytes, strlen(bytes));
    c.hang_up = true;
    client_run(t.loop, &c);
    /* stop() closes the server and frees the loop while the exchange may be open */
}

static void connections_have_a_ceiling(void **state)
{
    struct http_options o = options();
    stop(state);
    o.max_connections = 2;
    start_with(o);
    struct client c = { .port = http_port(t.server) };
    int first = client_connect(&c), second = client_connect(&c);
    struct client third = talk_n("GET /x HTTP/1.0\r\n\r\n", 19);
    check_client(&third, false, "200[GET /x /x -]");
    assert_true(third.seconds > 0.4); /* once the silent ones are cut */
    close(first);
    close(second);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ceilings_are_refused_before_reading),
        TEST(a_refusal_reaches_a_client_that_still_sends),
        TEST(slow_heads_and_bodies_are_cut),
        TEST(the_client_may_leave),
        TEST(a_stream_nobody_reads_is_bounded_and_ended),
        TEST(an_answer_nobody_reads_is_given_up),
        TEST(a_pipelining_client_that_does_not_read_costs_nothing),
        TEST(pipelined_requests_wait_for_those_of_others),
        TEST(shutdown_ends_everything),
        TEST(shutdown_with_a_request_in_flight),
        TEST(connections_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
