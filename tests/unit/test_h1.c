/* test_h1.c - the request parser: every request at every split point, refusals, ceilings. */
#include "base/arena.h"
#include "check.h"
#include "net/h1_private.h"

enum { MAX_HEAD = 16 << 10, MAX_BODY = 64 };

/* One line a request: "METHOD target path query minor keep [body]". */
static void describe(const struct h1 *p, struct buf *out)
{
    buf_printf(out, "%s %s %s %s %d %s [%s]%d\n", p->method, p->target, p->path,
               p->query ? p->query : "-", p->minor, p->keep_alive ? "keep" : "close", p->body.data,
               p->count);
}

struct run {
    struct h1 p;
    struct arena *a;
    struct buf out;
    bool failed;
};

static void take(struct run *r, const char *bytes, size_t n)
{
    size_t total = 0;
    while (!r->failed) {
        size_t used;
        enum h1_event event = h1_feed(&r->p, r->a, bytes + total, n - total, &used);
        total += used;
        assert_true(total <= n);
        if (event == H1_MORE) {
            assert_int_equal(total, n);
            return;
        }
        if (event == H1_BAD) {
            buf_printf(&r->out, "bad %d\n", r->p.status);
            r->failed = true;
        }
        if (event == H1_WHOLE) {
            describe(&r->p, &r->out);
            h1_next(&r->p);
        }
    }
}

static void start(struct run *r)
{
    *r = (struct run){ .a = arena_new() };
    h1_init(&r->p, MAX_HEAD, MAX_BODY);
    buf_init(&r->out, 1 << 20);
}

static void stop(struct run *r)
{
    h1_free(&r->p);
    buf_free(&r->out);
    arena_free(r->a);
}

/* Whole, at every split into two, and byte by byte. */
static void expect_n(const char *bytes, size_t n, const char *want)
{
    for (size_t cut = 0; cut <= n; cut++) {
        struct run r;
        start(&r);
        take(&r, bytes, cut);
        take(&r, bytes + cut, n - cut);
        assert_string_equal(r.out.data, want);
        stop(&r);
    }
    struct run r;
    start(&r);
    for (size_t i = 0; i < n; i++)
        take(&r, bytes + i, 1);
    assert_string_equal(r.out.data, want);
    stop(&r);
}

static void expect(const char *bytes, const char *want)
{
    expect_n(bytes, strlen(bytes), want);
}

#define HOST "Host: a\r\n"

static void simple_requests_are_read(void **state)
{
    (void)state;
    expect("GET / HTTP/1.1\r\n" HOST "\r\n", "GET / / - 1 keep []1\n");
    expect("GET /a?b=c&d HTTP/1.1\r\n" HOST "\r\n", "GET /a?b=c&d /a b=c&d 1 keep []1\n");
    expect("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET / / - 1 keep []1\n");
    expect("GET /? HTTP/1.1\r\n" HOST "\r\n", "GET /? /  1 keep []1\n");
    expect("BREW /a HTTP/1.1\r\n" HOST "\r\n", "BREW /a /a - 1 keep []1\n");
    expect("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS * * - 1 keep []1\n");
}

static void targets_stay_raw(void **state)
{
    (void)state;
    expect("GET //v1/./a%2Fb/../c;x=1/ HTTP/1.1\r\n" HOST "\r\n",
           "GET //v1/./a%2Fb/../c;x=1/ //v1/./a%2Fb/../c;x=1/ - 1 keep []1\n");
    expect("GET http://a:1/b?c HTTP/1.1\r\n" HOST "\r\n", "GET http://a:1/b?c /b c 1 keep []1\n");
    expect("GET http://a HTTP/1.1\r\n" HOST "\r\n", "GET http://a / - 1 keep []1\n");
}

static void versions_decide_about_keeping(void **state)
{
    (void)state;
    expect("GET / HTTP/1.0\r\n\r\n", "GET / / - 0 close []0\n");
    expect("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / / - 0 keep []1\n");
    expect("GET / HTTP/1.1\r\n" HOST "Connection: x , Close\r\n\r\n", "GET / / - 1 close []2\n");
    expect("GET / HTTP/1.2\r\n" HOST "\r\n", "bad 505\n");
    expect("PRI * HTTP/2.0\r\n\r\n", "bad 505\n");
    expect("GET /\r\n\r\n", "bad 400\n");
}

#define POST(n) "POST /p HTTP/1.1\r\n" HOST "Content-Length: " #n "\r\n\r\n"

static void bodies_by_length(void **state)
{
    (void)state;
    expect(POST(3) "abc", "POST /p /p - 1 keep [abc]2\n");
    expect(POST(0), "POST /p /p - 1 keep []2\n");
    expect("POST /p HTTP/1.1\r\n" HOST "\r\n", "POST /p /p - 1 keep []1\n");
    expect(POST(65), "bad 413\n");
    expect(POST(999999999999999999), "bad 413\n");
    expect(POST(9999999999999999999), "bad 400\n");
    expect(POST(-1), "bad 400\n");
    expect(POST(1x), "bad 400\n");
    expect(POST(), "bad 400\n");
    expect("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
           "bad 400\n");
}

static void pipelined_requests_come_one_by_one(void **state)
{
    (void)state;
    expect(POST(2) "ab" POST(3) "cde", "POST /p /p - 1 keep [ab]2\nPOST /p /p - 1 keep [cde]2\n");
    struct buf bytes, want;
    buf_init(&bytes, 1 << 20);
    buf_init(&want, 1 << 20);
    for (int i = 0; i < 20; i++) {
        buf_printf(&bytes, "POST /%d HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n%02d", i, i);
        buf_printf(&want, "POST /%d /%d - 1 keep [%02d]2\n", i, i, i);
    }
    expect(bytes.data, want.data);
    buf_free(&bytes);
    buf_free(&want);
}

#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

static void chunks_are_joined(void **state)
{
    (void)state;
    expect(CHUNKED "3\r\nabc\r\n0\r\n\r\n", "POST / / - 1 keep [abc]2\n");
    expect(CHUNKED "1\r\na\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET / "
                   "HTTP/1.1\r\n" HOST "\r\n",
           "POST / / - 1 keep [a0123456789]2\nGET / / - 1 keep []1\n");
    expect(CHUNKED "0\r\n\r\n", "POST / / - 1 keep []2\n");
    expect(CHUNKED "41\r\n", "bad 413\n");
    expect(CHUNKED "3f\r\n0123456789012345678901234567890123456789012345678901234567890"
                   "12\r\n2\r\n",
           "bad 413\n");
    expect(CHUNKED "fffffffffffffff\r\n", "bad 413\n");
    expect(CHUNKED "ffffffffffffffff\r\n", "bad 400\n");
}

static void broken_chunks_are_refused(void **state)
{
    (void)state;
    expect(CHUNKED "\r\n", "bad 400\n");
    expect(CHUNKED "x\r\n", "bad 400\n");
    expect(CHUNKED "-1\r\n", "bad 400\n");
    expect(CHUNKED "1\na\r\n", "bad 400\n");
    expect(CHUNKED "1\r\nab", "bad 400\n");
    expect(CHUNKED "1\r\na\n", "bad 400\n");
    expect(CHUNKED "0\r\n\n", "bad 400\n");
    expect("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "bad 501\n");
    expect("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "bad 400\n");
    expect("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
           "bad 400\n");
}

static void what_smuggles_is_refused(void **state)
{
    (void)state;
    expect("GET / HTTP/1.1\r\n\r\n", "bad 400\n"); /* no Host */
    expect("GET / HTTP/1.1\r\n" HOST HOST "\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\n" HOST "X: a\rY: b\r\n\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", "bad 400\n");
    expect("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", "bad 400\n");
    expect("GET  / HTTP/1.1\r\n" HOST "\r\n", "bad 400\n");
    expect("GET / x HTTP/1.1\r\n" HOST "\r\n", "bad 400\n");
    expect("GET /\x7f HTTP/1.1\r\n" HOST "\r\n", "bad 400\n");
    expect("\x16\x03\x01", "bad 400\n"); /* TLS on a plain port */
    static const char nul[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    expect_n(nul, sizeof nul - 1, "bad 400\n");
    expect("POST / HTTP/1.1\r\n" HOST "Expect: a cake\r\n\r\n", "bad 417\n");
}

static void heads_have_a_ceiling(void **state)
{
    (void)state;
    struct run r;
    start(&r);
    static char big[MAX_HEAD + 100];
    memset(big, 'a', sizeof big);
    memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
    take(&r, big, sizeof big - 1);
    assert_string_equal(r.out.data, "bad 431\n");
    stop(&r);

    start(&r);
    take(&r, "GET / HTTP/1.1\r\n" HOST, 25);
    for (int i = 0; i < H1_HEADERS_MAX; i++)
        take(&r, "a: b\r\n", 6);
    take(&r, "\r\n", 2);
    assert_string_equal(r.out.data, "bad 431\n");
    stop(&r);
}

static void headers_are_lower_case_and_trimmed(void **state)
{
    (void)state;
    struct run r;
    start(&r);
    const char *head = "GET / HTTP/1.1\r\nHOST: a\r\nMcp-Session-Id: \t x y \t\r\nEmpty:\r\n\r\n";
    size_t used;
    assert_int_equal(h1_feed(&r.p, r.a, head, strlen(head), &used), H1_HEAD);
    assert_int_equal(r.p.count, 3);
    assert_string_equal(r.p.headers[1].name, "mcp-session-id");
    assert_string_equal(r.p.headers[1].value, "x y");
    assert_string_equal(r.p.headers[2].value, "");
    stop(&r);
}

static void continue_is_asked_for_once_the_head_is_there(void **state)
{
    (void)state;
    struct run r;
    start(&r);
    const char *head =
        "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
    size_t used;
    assert_int_equal(h1_feed(&r.p, r.a, head, strlen(head), &used), H1_HEAD);
    assert_true(r.p.expects);
    assert_int_equal(h1_feed(&r.p, r.a, "", 0, &used), H1_MORE);
    assert_int_equal(h1_feed(&r.p, r.a, "x", 1, &used), H1_WHOLE);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_requests_are_read),
        cmocka_unit_test(targets_stay_raw),
        cmocka_unit_test(versions_decide_about_keeping),
        cmocka_unit_test(bodies_by_length),
        cmocka_unit_test(pipelined_requests_come_one_by_one),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(broken_chunks_are_refused),
        cmocka_unit_test(what_smuggles_is_refused),
        cmocka_unit_test(heads_have_a_ceiling),
        cmocka_unit_test(headers_are_lower_case_and_trimmed),
        cmocka_unit_test(continue_is_asked_for_once_the_head_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
