/* test_http.c - the HTTP server against a raw client: pipelining at every split, every way to
 * answer, raw targets, listening. */
#include "check.h"
// the client uses cmocka
#include "http_talk.h"

static void answers_at_once_later_and_from_a_fiber(void **state)
{
    (void)state;
    check(POST("/echo", 3) "abc" LAST, "200[abc] 204[]");
    check(POST("/later", 3) "abc" LAST, "200[abc] 204[]");
    check(POST("/fiber", 3) "abc" LAST, "200[abc] 204[]");
    check("GET /stream HTTP/1.1\r\n" HOST "\r\n" LAST, "200[one two] 204[]");
}

static void two_pipelined_posts_survive_every_split(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        POST("/echo", 3) "abc" POST("/echo", 4) "defg" LAST,
        POST("/later", 3) "abc" POST("/later", 4) "defg" LAST,
    };
    for (int i = 0; i < 2; i++)
        for (size_t cut = 0; cut < strlen(scripts[i]); cut += i ? 7 : 1) {
            struct client c = talk_n(scripts[i], strlen(scripts[i]));
            c.cut = cut;
            c.pause = 0.0005;
            check_client(&c, false, "200[abc] 200[defg] 204[]");
        }
}

static void bursts_are_answered_in_order(void **state)
{
    (void)state;
    static const char *const paths[] = { "/echo", "/later", "/fiber" };
    for (int p = 0; p < 3; p++) {
        struct buf bytes, want;
        buf_init(&bytes, 1 << 20);
        buf_init(&want, 1 << 20);
        for (int i = 0; i < 20; i++) {
            buf_printf(&bytes, "POST %s HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n%02d",
                       paths[p], i);
            buf_printf(&want, "200[%02d] ", i);
        }
        buf_str(&bytes, LAST);
        buf_str(&want, "204[]");
        check(bytes.data, want.data);
        buf_free(&bytes);
        buf_free(&want);
    }
    assert_int_equal(t.handled, 63);
}

static void leftover_bytes_do_not_repeat_a_request(void **state)
{
    (void)state;
    check(POST("/later", 2) "abgarbage without end", "200[ab] 408[]");
    assert_int_equal(t.handled, 1);
    check(POST("/later", 2) "ab\x01", "200[ab] 400[]");
    assert_int_equal(t.handled, 2);
}

static void requests_without_a_length_have_no_body(void **state)
{
    (void)state;
    check("POST /echo HTTP/1.1\r\n" HOST "\r\n" POST("/echo", 0) LAST, "200[] 200[] 204[]");
    check("POST /echo HTTP/1.1\r\n" HOST
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" LAST,
          "200[abc] 204[]");
}

static void expect_continue_is_answered_before_the_body(void **state)
{
    (void)state;
    const char *head =
        "POST /echo HTTP/1.1\r\n" HOST CLOSE "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
    struct client c = talk_n(head, strlen(head));
    c.cut = c.n - 3;
    c.pause = 0.02;
    check_client(&c, false, "100 200[abc]");
}

static void the_gate_refuses_before_the_body(void **state)
{
    (void)state;
    check("POST /echo HTTP/1.1\r\n" HOST "X-Refuse: 1\r\nContent-Length: 900000\r\n\r\nabc",
          "403[no]");
    check("GET /echo HTTP/1.1\r\n" HOST "X-Refuse: 1\r\n\r\n" LAST, "403[no] 204[]");
    assert_int_equal(t.handled, 1);
}

static void the_gate_may_take_its_time(void **state)
{
    (void)state;
#define HOLD "X-Hold: 1\r\n"
    static const char script[] = "GET /echo HTTP/1.1\r\n" HOST HOLD "\r\n"
                                 "POST /echo HTTP/1.1\r\n" HOST HOLD "Content-Length: 3\r\n\r\nabc"
                                 "GET /x HTTP/1.1\r\n" HOST HOLD "X-Refuse: 1\r\n\r\n" LAST;
    for (size_t cut = 0; cut < strlen(script); cut += 5) {
        struct client c = talk_n(script, strlen(script));
        c.cut = cut;
        c.pause = 0.001;
        check_client(&c, false, "200[] 200[abc] 403[no] 204[]");
    }
    check("GET /echo HTTP/1.1\r\n" HOST HOLD CLOSE "\r\n", "200[]"); /* nothing follows it */
    check("POST /echo HTTP/1.1\r\n" HOST HOLD CLOSE
          "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
          "100 200[abc]");
    check("POST /echo HTTP/1.1\r\n" HOST HOLD "X-Refuse: 1\r\nContent-Length: 900000\r\n\r\nabc",
          "403[no]");
    int handled = t.handled;
    struct client c = talk_n("GET /echo HTTP/1.1\r\n" HOST "X-Hold: long\r\n\r\n", 0);
    c.n = strlen(c.bytes);
    c.hang_up = true;
    client_run(t.loop, &c);
    buf_free(&c.got);
    assert_int_equal(t.handled, handled);
}

static void normal_connections_are_kept(void **state)
{
    (void)state;
    const char *bytes = POST("/echo", 1) "a" POST("/echo", 1) "b" LAST;
    struct client c = talk_n(bytes, strlen(bytes));
    c.cut = strlen(POST("/echo", 1) "a");
    c.pause = 0.2; /* idle, but not too long */
    check_client(&c, false, "200[a] 200[b] 204[]");
}

static void big_answers_arrive_whole(void **state)
{
    (void)state;
    const char *bytes = "GET /big HTTP/1.1\r\n" HOST "\r\n" LAST;
    struct client c = talk_n(bytes, strlen(bytes));
    client_run(t.loop, &c);
    assert_true(c.got.len > (8 << 20));
    assert_non_null(strstr(c.got.data + (8 << 20), "HTTP/1.1 204"));
    buf_free(&c.got);
}

static void methods_and_targets_reach_the_handler_raw(void **state)
{
    (void)state;
    check("PATCH //v1/a%2Fb/../c;x/?q=%20 HTTP/1.1\r\n" HOST CLOSE "\r\n",
          "200[PATCH //v1/a%2Fb/../c;x/?q=%20 //v1/a%2Fb/../c;x/ q=%20]");
    check("BREW /pot HTTP/1.1\r\n" HOST CLOSE "\r\n", "200[BREW /pot /pot -]");
    check("OPTIONS * HTTP/1.1\r\n" HOST CLOSE "\r\n", "200[OPTIONS * * -]");
    check("GET /x HTTP/1.0\r\n\r\n", "200[GET /x /x -]");
    check("GET /stream HTTP/1.0\r\n\r\n", "200[one two]");
    const char *head =
        "HEAD /stream HTTP/1.1\r\n" HOST "\r\nHEAD /x HTTP/1.1\r\n" HOST CLOSE "\r\n";
    struct client c = talk_n(head, strlen(head));
    check_client(&c, true, "200[] 200[]");
}

static void headers_are_found_and_cannot_be_injected(void **state)
{
    (void)state;
    const char *bytes = "GET /headers HTTP/1.1\r\n" HOST CLOSE "X-One: a\r\nx-one: b\r\n\r\n";
    struct client c = talk_n(bytes, strlen(bytes));
    client_run(t.loop, &c);
    assert_non_null(strstr(c.got.data, "\r\n\r\na 2 x-oneb"));
    assert_null(strstr(c.got.data, "\nInjected"));
    buf_free(&c.got);
}

static void unix_sockets_and_ipv6(void **state)
{
    struct http_options o = options();
    stop(state);
    o.address = "unix:test_http.sock";
    start_with(o);
    struct client c = talk_n(LAST, strlen(LAST));
    c.unix_path = "test_http.sock";
    check_client(&c, false, "204[]");
    struct err e = { 0 };
    assert_null(http_listen(t.loop, &o, &e)); /* somebody listens there */
    assert_int_equal(e.kind, ERR_SYSTEM);
    stop(state);
    assert_int_not_equal(access("test_http.sock", F_OK), 0);

    o.address = "::1";
    start_with(o);
    assert_true(http_port(t.server) > 0);
}

static void a_taken_port_is_an_error_with_words(void **state)
{
    (void)state;
    struct http_options o = options();
    o.port = http_port(t.server);
    struct err e = { 0 };
    assert_null(http_listen(t.loop, &o, &e));
    assert_non_null(strstr(e.text, "another program listens there"));
    o.port = 0;
    struct http_server *second = http_listen(t.loop, &o, &e);
    assert_non_null(second);
    assert_int_not_equal(http_port(second), http_port(t.server));
    http_close(second);
    o.cert_file = "/nowhere.pem";
    e = (struct err){ 0 };
    assert_null(http_listen(t.loop, &o, &e));
    assert_int_equal(e.kind, ERR_ARGS);
    o.key_file = "/nowhere.pem";
    e = (struct err){ 0 };
    assert_null(http_listen(t.loop, &o, &e));
    assert_non_null(strstr(e.text, "/nowhere.pem"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_at_once_later_and_from_a_fiber),
        TEST(two_pipelined_posts_survive_every_split),
        TEST(bursts_are_answered_in_order),
        TEST(leftover_bytes_do_not_repeat_a_request),
        TEST(requests_without_a_length_have_no_body),
        TEST(expect_continue_is_answered_before_the_body),
        TEST(the_gate_refuses_before_the_body),
        TEST(the_gate_may_take_its_time),
        TEST(normal_connections_are_kept),
        TEST(big_answers_arrive_whole),
        TEST(methods_and_targets_reach_the_handler_raw),
        TEST(headers_are_found_and_cannot_be_injected),
        TEST(unix_sockets_and_ipv6),
        TEST(a_taken_port_is_an_error_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
