/* test_http.c - the HTTP server against a raw client: pipelining at every split, slow, oversized
 * and broken requests, asynchronous answers, streams, clients that leave, shutdown. */
#include "check.h"
// the client uses cmocka
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "http_client.h"
#include "net/http.h"

#define HOST "Host: a\r\n"
#define CLOSE "Connection: close\r\n"

static struct {
    struct loop *loop;
    struct http_server *server;
    int handled, gone, refused_writes;
    struct http_exchange *pending;
    struct loop_timer *timer;
    size_t streamed;
} t;

/* -- the handler ---------------------------------------------------------------------------------
 */

static void echo(struct http_exchange *x)
{
    const struct http_header headers[] = { { "Content-Type", "text/plain" }, { 0 } };
    http_reply(x, 200, headers, x->body, x->body_len);
}

static void answer_later(void *arg)
{
    struct http_exchange *x = arg;
    loop_untimer(x->user);
    echo(x);
}

static void left(struct http_exchange *x)
{
    loop_untimer(x->user);
    t.gone++;
    loop_stop(t.loop);
}

static void nap_then_answer(void *arg)
{
    struct err e = { 0 };
    nap(t.loop, 0.002, NULL, &e);
    echo(arg);
}

static void stream(struct http_exchange *x)
{
    http_stream(x, 200, NULL);
    http_stream_write(x, "one ", 4);
    http_stream_write(x, "", 0);
    http_stream_write(x, "two", 3);
    http_stream_end(x);
}

static void flood_on(void *arg)
{
    static char piece[64 << 10];
    memset(piece, 'f', sizeof piece);
    if (http_stream_write(arg, piece, sizeof piece)) {
        t.streamed += sizeof piece;
        return;
    }
    t.refused_writes++;
    loop_untimer(t.timer);
    t.timer = NULL;
}

static void flood_left(struct http_exchange *x)
{
    (void)x;
    t.gone++;
    loop_untimer(t.timer);
    t.timer = NULL;
}

static void flood(struct http_exchange *x)
{
    http_stream(x, 200, NULL);
    x->on_gone = flood_left;
    t.timer = loop_timer(t.loop, 0, 0.0005, flood_on, x);
}

static void big(struct http_exchange *x)
{
    size_t n = 8 << 20;
    char *body = arena_alloc(x->arena, n);
    memset(body, 'b', n);
    http_reply(x, 200, NULL, body, n);
}

static void say(struct http_exchange *x)
{
    char *text = arena_printf(x->arena, "%s %s %s %s", x->method, x->target, x->path,
                              x->query ? x->query : "-");
    http_reply(x, 200, NULL, text, strlen(text));
}

static void headers(struct http_exchange *x)
{
    const struct http_header *some = http_headers_like(x, "x-");
    char *text = arena_printf(x->arena, "%s %d %s%s", http_header(x, "x-one"),
                              http_header_count(x, "x-one"), some[0].name, some[1].value);
    const struct http_header out[] = { { "X-Bad", "a\r\nInjected: b" }, { 0 } };
    http_reply(x, 200, out, text, strlen(text));
}

static void later(struct http_exchange *x)
{
    x->on_gone = left;
    x->user = loop_timer(t.loop, 0.002, 0, answer_later, x);
}

static void on_fiber(struct http_exchange *x)
{
    fiber_start(nap_then_answer, x);
}

static void never(struct http_exchange *x)
{
    x->on_gone = left;
    t.pending = x;
}

static void nothing(struct http_exchange *x)
{
    http_reply(x, 204, NULL, NULL, 0);
}

static void close_server(struct http_exchange *x)
{
    http_close(t.server);
    t.server = NULL;
    http_reply(x, 200, NULL, "bye", 3);
}

static const struct {
    const char *path;
    void (*fn)(struct http_exchange *x);
} pages[] = {
    { "/echo", echo },          { "/later", later }, { "/fiber", on_fiber },
    { "/stream", stream },      { "/flood", flood }, { "/big", big },
    { "/headers", headers },    { "/never", never }, { "/nothing", nothing },
    { "/close", close_server },
};

static void handle(void *arg, struct http_exchange *x)
{
    assert_ptr_equal(arg, &t);
    t.handled++;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(x->path, pages[i].path) == 0) {
            pages[i].fn(x);
            return;
        }
    say(x);
}

static bool gate(void *arg, struct http_exchange *x)
{
    (void)arg;
    if (!http_header(x, "x-refuse"))
        return true;
    assert_int_equal(x->body_len, 0);
    http_reply(x, 403, NULL, "no", 2);
    return false;
}

/* -- set-up --------------------------------------------------------------------------------------
 */

static struct http_options options(void)
{
    return (struct http_options){
        .address = "127.0.0.1",
        .max_body = 1 << 20,
        .header_timeout = 0.4,
        .body_timeout = 0.4,
        .idle_timeout = 0.4,
        .handler = handle,
        .gate = gate,
        .arg = &t,
    };
}

static void start_with(struct http_options o)
{
    memset(&t, 0, sizeof t);
    t.loop = loop_new();
    struct err e = { 0 };
    t.server = http_listen(t.loop, &o, &e);
    if (!t.server)
        fail_msg("%s", e.text);
}

static int start(void **state)
{
    (void)state;
    start_with(options());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_close(t.server);
    loop_free(t.loop);
    fiber_drain_pool();
    return 0;
}

static struct client talk_n(const char *bytes, size_t n)
{
    return (struct client){ .port = http_port(t.server), .bytes = bytes, .n = n };
}

static void check_client(struct client *c, bool bare, const char *want)
{
    client_run(t.loop, c);
    struct buf got;
    client_answers(c, bare, &got);
    assert_string_equal(got.data, want);
    assert_false(c->reset);
    buf_free(&got);
    buf_free(&c->got);
}

static void check(const char *bytes, const char *want)
{
    struct client c = talk_n(bytes, strlen(bytes));
    check_client(&c, false, want);
}

/* -- tests ---------------------------------------------------------------------------------------
 */

#define POST(path, n) "POST " path " HTTP/1.1\r\n" HOST "Content-Length: " #n "\r\n\r\n"
#define LAST "GET /nothing HTTP/1.1\r\n" HOST CLOSE "\r\n"

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

static void the_gate_refuses_before_the_body(void **state)
{
    (void)state;
    check("POST /echo HTTP/1.1\r\n" HOST "X-Refuse: 1\r\nContent-Length: 900000\r\n\r\nabc",
          "403[no]");
    check("GET /echo HTTP/1.1\r\n" HOST "X-Refuse: 1\r\n\r\n" LAST, "403[no] 204[]");
    assert_int_equal(t.handled, 1);
}

static void slow_heads_and_bodies_are_cut(void **state)
{
    (void)state;
    const char *bytes = "GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct client c = talk_n(bytes, strlen(bytes));
    c.trickle = true;
    c.pause = 0.03;
    client_run(t.loop, &c);
    assert_true(c.seconds < 1.9);
    assert_non_null(strstr(c.got.data, "408"));
    buf_free(&c.got);

    check(POST("/echo", 10) "ab", "408[]");
    check("", ""); /* says nothing: closed without an answer */
    check("GET /nothing HTTP/1.1\r\n" HOST "\r\n", "204[]");
    assert_int_equal(t.handled, 1);
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
    c.stay = true;
    c.pause = 1.2;
    client_run(t.loop, &c);
    assert_null(t.timer);
    assert_int_equal(t.gone + t.refused_writes, 1);
    assert_true(t.streamed < (16 << 20));
    buf_free(&c.got);
}

static void an_answer_nobody_reads_is_given_up(void **state)
{
    (void)state;
    const char *bytes = "GET /big HTTP/1.1\r\n" HOST "\r\n" POST("/echo", 1) "a";
    struct client c = talk_n(bytes, strlen(bytes));
    c.stay = true;
    c.pause = 1.2;
    client_run(t.loop, &c);
    assert_true(c.got.len < (8 << 20));
    buf_free(&c.got);
    check(LAST, "204[]");
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
    check("GET /x HTTP/1.0\r\n\r\n", "200[GET /x /x -]"); /* once the silent ones are cut */
    close(first);
    close(second);
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
        TEST(ceilings_are_refused_before_reading),
        TEST(a_refusal_reaches_a_client_that_still_sends),
        TEST(the_gate_refuses_before_the_body),
        TEST(slow_heads_and_bodies_are_cut),
        TEST(normal_connections_are_kept),
        TEST(the_client_may_leave),
        TEST(a_stream_nobody_reads_is_bounded_and_ended),
        TEST(an_answer_nobody_reads_is_given_up),
        TEST(big_answers_arrive_whole),
        TEST(methods_and_targets_reach_the_handler_raw),
        TEST(headers_are_found_and_cannot_be_injected),
        TEST(shutdown_ends_everything),
        TEST(shutdown_with_a_request_in_flight),
        TEST(connections_have_a_ceiling),
        TEST(unix_sockets_and_ipv6),
        TEST(a_taken_port_is_an_error_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
