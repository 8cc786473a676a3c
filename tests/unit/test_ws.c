/* test_ws.c - frames and the upgrade of net/ws without a socket: every input at every split point,
 * every rule that a server can break, every size of a frame of ours. tests/ws holds the whole
 * client against servers of another make. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "check.h"
#include "net/loop.h"
#include "net/ws_private.h"

enum { MAX_MESSAGE = 70000 };

/* -- frames in -----------------------------------------------------------------------------------
 */

static void describe_item(const struct ws_input *in, enum ws_item item, struct buf *out)
{
    switch (item) {
    case WS_ITEM_MESSAGE:
        buf_printf(out, "%s %zu ", in->kind == WS_OP_TEXT ? "text" : "binary", in->message.len);
        buf_add(out, in->message.data, in->message.len < 20 ? in->message.len : 20);
        break;
    case WS_ITEM_PING:
    case WS_ITEM_PONG:
        buf_printf(out, "%s %u %s", item == WS_ITEM_PING ? "ping" : "pong", in->control_len,
                   (const char *)in->control);
        break;
    case WS_ITEM_CLOSE:
        buf_printf(out, "close %d %s", in->code,
                   in->code == WS_NO_CODE ? "" : (const char *)in->control + 2);
        break;
    case WS_ITEM_BAD:
        buf_printf(out, "bad %d %s", in->code, in->why);
        break;
    case WS_ITEM_NONE:
        return;
    }
    buf_char(out, '|');
}

static bool feed_all(struct ws_input *in, const char *bytes, size_t n, struct buf *out)
{
    for (size_t used = 0; n > 0; bytes += used, n -= used) {
        enum ws_item item = ws_input_feed(in, bytes, n, &used);
        assert_true(used <= n);
        describe_item(in, item, out);
        if (item == WS_ITEM_BAD || item == WS_ITEM_CLOSE)
            return false;
        assert_true(used > 0);
    }
    return true;
}

static void read_split(const char *bytes, size_t n, size_t at, struct buf *out)
{
    struct ws_input in;
    ws_input_init(&in, MAX_MESSAGE);
    buf_init(out, 1 << 20);
    if (feed_all(&in, bytes, at, out))
        feed_all(&in, bytes + at, n - at, out);
    ws_input_free(&in);
}

static void reads(const char *bytes, size_t n, const char *want)
{
    for (size_t at = 0; at <= n; at++) {
        struct buf out;
        read_split(bytes, n, at, &out);
        assert_string_equal(out.data, want);
        buf_free(&out);
    }
}
#define READS(bytes, want) reads(bytes, sizeof(bytes) - 1, want)

static void whole_messages(void **state)
{
    (void)state;
    READS("\x81\x05hello", "text 5 hello|");
    READS("\x82\x02\xff\xfe", "binary 2 \xff\xfe|");
    READS("\x81\x00\x81\x01x", "text 0 |text 1 x|");
    READS("\x81\x7e\x00\x03"
          "abc",
          "text 3 abc|"); /* a length in more bytes than it needs */
    READS("\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01y", "text 1 y|");
    READS("\x81\x08\xe2\x82\xac\xf0\x9f\x98\x80!", "text 8 \xe2\x82\xac\xf0\x9f\x98\x80!|");
}

static void fragments(void **state)
{
    (void)state;
    READS("\x01\x02he\x80\x03llo", "text 5 hello|");
    READS("\x02\x01"
          "a\x00\x01"
          "b\x00\x00\x80\x01"
          "c",
          "binary 3 abc|");
    READS("\x01\x02he\x89\x02hi\x8a\x00\x80\x03llo\x81\x01x",
          "ping 2 hi|pong 0 |text 5 hello|text 1 x|");
    READS("\x01\x00\x80\x00", "text 0 |");
    /* a character over two fragments, a control frame within it */
    READS("\x01\x02\xe2\x82\x89\x00\x80\x01\xac", "ping 0 |text 3 \xe2\x82\xac|");
}

static void closes(void **state)
{
    (void)state;
    READS("\x88\x00", "close 1005 |");
    READS("\x88\x02\x03\xe8", "close 1000 |");
    READS("\x88\x05\x0f\xa0"
          "bye",
          "close 4000 bye|");
    READS("\x88\x02\x0b\xb8\x81\x01x", "close 3000 |");
    READS("\x88\x01\x03", "bad 1002 the server sent a close frame of one byte|");
    READS("\x88\x04\x03\xe8\xc3\x28",
          "bad 1007 the server gave a reason for its close that is no UTF-8|");
    static const int unsendable[] = { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 };
    for (size_t i = 0; i < sizeof unsendable / sizeof unsendable[0]; i++) {
        char frame[] = { '\x88', 2, (char)(unsendable[i] >> 8), (char)unsendable[i] }, want[96];
        snprintf(want, sizeof want,
                 "bad 1002 the server closed with %d, a code that must not be sent|",
                 unsendable[i]);
        reads(frame, sizeof frame, want);
    }
    for (int code = 1000; code <= 1014; code++)
        assert_int_equal(ws_code_is_sendable(code), code < 1004 || code > 1006);
}

static void broken_rules(void **state)
{
    (void)state;
    READS("\xc1\x01x",
          "bad 1002 the server set reserved bits, of an extension that nobody asked for|");
    READS("\xa1\x00",
          "bad 1002 the server set reserved bits, of an extension that nobody asked for|");
    READS("\x99\x00",
          "bad 1002 the server set reserved bits, of an extension that nobody asked for|");
    READS("\x81\x81", "bad 1002 the server masked a frame, which only clients do|");
    READS("\x83\x00", "bad 1002 the server sent the unknown opcode 3|");
    READS("\x87\x00", "bad 1002 the server sent the unknown opcode 7|");
    READS("\x8b\x00", "bad 1002 the server sent the unknown opcode 11|");
    READS("\x8f\x00", "bad 1002 the server sent the unknown opcode 15|");
    READS("\x09\x00", "bad 1002 the server sent a control frame in fragments|");
    READS("\x89\x7e\x00\x7e", "bad 1002 the server sent a control frame of more than 125 bytes|");
    READS("\x80\x00", "bad 1002 the server continued a message that it had not begun|");
    READS("\x81\x01x\x80\x00",
          "text 1 x|bad 1002 the server continued a message that it had not begun|");
    READS("\x01\x01x\x81\x00",
          "bad 1002 the server began a message within another one's fragments|");
}

static void texts_that_are_none(void **state)
{
    (void)state;
    READS("\x81\x02\xc3\x28", "bad 1007 the server sent a text that is no UTF-8|");
    READS("\x81\x02\xe2\x82", "bad 1007 the server sent a text that is no UTF-8|");
    READS("\x01\x02\xe2\x82\x80\x00", "bad 1007 the server sent a text that is no UTF-8|");
    READS("\x81\x03\xed\xa0\x80", "bad 1007 the server sent a text that is no UTF-8|");
    /* said before the message is whole */
    READS("\x01\x05"
          "a\xff"
          "bcd",
          "bad 1007 the server sent a text that is no UTF-8|");
}

static void too_large(void **state)
{
    (void)state;
    READS("\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x71",
          "bad 1009 the server sent a message of more than 70000 bytes|");
    READS("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
          "bad 1009 the server sent a message of more than 70000 bytes|");
    READS("\x02\x01x\x80\x7f\x00\x00\x00\x00\x00\x01\x11\x70",
          "bad 1009 the server sent a message of more than 70000 bytes|");
}

/* -- frames out ----------------------------------------------------------------------------------
 */

static void frame_of(size_t n, size_t head)
{
    unsigned char *bytes = calloc(1, n + 1), *out = calloc(1, WS_HEAD_MAX + n);
    static const unsigned char mask[4] = { 1, 2, 4, 128 };
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 7);
    assert_int_equal(ws_frame_put(out, WS_OP_BINARY, bytes, n, mask), head + 4 + n);
    assert_int_equal(out[0], 0x82);
    assert_true(out[1] & 0x80);
    assert_memory_equal(out + head, mask, 4);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out[head + 4 + i] ^ mask[i % 4], bytes[i]);
    struct ws_input in; /* unmasked it is a frame of a server, with the length that was meant */
    size_t used;
    ws_input_init(&in, MAX_MESSAGE);
    out[1] &= 0x7f;
    memcpy(out + head, bytes, n);
    enum ws_item item = ws_input_feed(&in, (char *)out, head + n, &used);
    assert_int_equal(item, WS_ITEM_MESSAGE);
    assert_int_equal(in.message.len, n);
    ws_input_free(&in);
    free(bytes);
    free(out);
}

static void sizes_of_frames(void **state)
{
    (void)state;
    frame_of(0, 2);
    frame_of(1, 2);
    frame_of(125, 2);
    frame_of(126, 4);
    frame_of(65535, 4);
    frame_of(65536, 10);
}

/* -- the upgrade ---------------------------------------------------------------------------------
 */

struct upgrade {
    struct arena *a;
    struct loop *loop;
    struct ws_options o;
    struct ws_shake s;
    struct fetch_answer answer;
    struct err e;
};

static void begin_upgrade(struct upgrade *u, const char *url)
{
    u->a = arena_new();
    u->o.request.url = url;
    u->answer =
        (struct fetch_answer){ .headers = arena_array(u->a, struct fetch_header, HEADERS_MAX + 1) };
    u->s = (struct ws_shake){
        .arena = u->a, .options = &u->o, .answer = &u->answer, .secrets = secret_set_new(u->a)
    };
    u->e = (struct err){ 0 };
}

static const char *request_of(struct upgrade *u, const char *url)
{
    size_t n;
    begin_upgrade(u, url);
    if (!ws_shake_begin(&u->s, &u->e))
        return u->e.text;
    return ws_shake_request(&u->s, &n);
}

static void requests(void **state)
{
    struct upgrade *u = *state;
    const char *text = request_of(u, "wss://u:p%40w@example.com:444/a/../b?ticket=t%2F1#f");
    assert_true(
        text_starts(text, "GET /a/../b?ticket=t%2F1 HTTP/1.1\r\nHost: example.com:444\r\n"));
    assert_non_null(strstr(text, "\r\nAuthorization: Basic dTpwQHc=\r\n"));
    assert_string_equal(u->s.target.connect, "https://example.com:444/a/../b");
    arena_free(u->a);
    text = request_of(u, "ws://[::1]:80?x");
    assert_true(text_starts(text, "GET /?x HTTP/1.1\r\nHost: [::1]\r\n"));
    arena_free(u->a);
    u->o.protocols = (const char *const[]){ "v5.channel.k8s.io", "v4.channel.k8s.io", NULL };
    u->o.request.headers = (const struct fetch_header[]){ { "X-A", "b" }, { 0 } };
    text = request_of(u, "https://h/");
    assert_non_null(
        strstr(text, "\r\nSec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io\r\n"));
    assert_non_null(strstr(text, "\r\nX-A: b\r\n\r\n"));
    arena_free(u->a);
}

static void requests_that_are_none(void **state)
{
    struct upgrade *u = *state;
    assert_non_null(
        strstr(request_of(u, "ftp://h/?secret=1"), "ftp://h/ is no URL of a WebSocket"));
    arena_free(u->a);
    assert_non_null(strstr(request_of(u, "ws://h:99999/"), "is no URL of a WebSocket"));
    arena_free(u->a);
    u->o.request.headers = (const struct fetch_header[]){ { "X", "a\r\nHost: other" }, { 0 } };
    assert_non_null(strstr(request_of(u, "ws://h/"), "the header X cannot be sent"));
    arena_free(u->a);
    u->o.request.headers = (const struct fetch_header[]){ { "X Y", "a" }, { 0 } };
    assert_non_null(strstr(request_of(u, "ws://h/"), "cannot be sent"));
    arena_free(u->a);
    u->o.request.headers = NULL;
    u->o.protocols = (const char *const[]){ "a,b", NULL };
    assert_non_null(strstr(request_of(u, "ws://h/"), "the subprotocol a,b cannot be sent"));
    arena_free(u->a);
}

/* What becomes of an answer in two pieces; %s in it is the right accept. */
static enum ws_shake_got answered(struct upgrade *u, const char *format, size_t at)
{
    request_of(u, "wss://h/p?ticket=verysecret");
    const char *text = arena_printf(u->a, "%s", format);
    const char *hole = strstr(format, "%s");
    if (hole)
        text = arena_printf(u->a, "%.*s%s%s", (int)(hole - format), format, u->s.accept, hole + 2);
    size_t n = strlen(text);
    at = at < n ? at : n;
    enum ws_shake_got got = ws_shake_feed(&u->s, text, at, &u->e);
    if (got == WS_SHAKE_MORE || got == WS_SHAKE_REFUSED)
        got = ws_shake_feed(&u->s, text + at, n - at, &u->e);
    if (got == WS_SHAKE_REFUSED)
        ws_shake_say_refused(&u->s, "wss://h/p", &u->e);
    return got;
}

static void answers(struct upgrade *u, const char *format, enum ws_shake_got want,
                    const char *words)
{
    for (size_t at = 0; at <= strlen(format) + 30; at++) {
        enum ws_shake_got got = answered(u, format, at);
        if (got != want || !strstr(u->e.text, words))
            fail_msg("cut at %zu: %d, %s", at, got, u->e.text);
        arena_free(u->a);
    }
}

#define SWITCHING                                                                                  \
    "HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"

static void upgrades(void **state)
{
    struct upgrade *u = *state;
    answers(u, SWITCHING "Sec-WebSocket-Accept: %s\r\n\r\n", WS_SHAKE_DONE, "");
    answers(u, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" SWITCHING "Sec-WebSocket-Accept: %s\r\n\r\n",
            WS_SHAKE_DONE, "");
    answers(u, SWITCHING "Sec-WebSocket-Accept: x%s\r\n\r\n", WS_SHAKE_BAD, "does not fit the key");
    answers(u, SWITCHING "\r\n", WS_SHAKE_BAD, "does not fit the key");
    answers(u, "HTTP/1.1 101 S\r\nConnection: upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
            WS_SHAKE_BAD, "to no WebSocket");
    answers(u,
            SWITCHING "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n",
            WS_SHAKE_BAD, "an extension that nobody asked for");
    answers(u, "SSH-2.0-x\r\n\r\n", WS_SHAKE_BAD, "does not speak HTTP");
    answers(u, "HTTP/2 101\r\n\r\n", WS_SHAKE_BAD, "no HTTP/1.1");
}

static void subprotocols(void **state)
{
    struct upgrade *u = *state;
    answers(u, SWITCHING "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: b\r\n\r\n",
            WS_SHAKE_BAD, "'b', which it was not offered");
    u->o.protocols = (const char *const[]){ "a", "b", NULL };
    answers(u, SWITCHING "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: b\r\n\r\n",
            WS_SHAKE_DONE, "");
    answers(u, SWITCHING "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: c\r\n\r\n",
            WS_SHAKE_BAD, "'c', which it was not offered");
    answers(u, SWITCHING "Sec-WebSocket-Accept: %s\r\n\r\n", WS_SHAKE_BAD,
            "none of the subprotocols");
}

static void refusals(void **state)
{
    struct upgrade *u = *state;
    answers(u, "HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\nno verysecret",
            WS_SHAKE_REFUSED,
            "wss://h/p: the server did not upgrade, it answered 403 Forbidden: no ");
    answered(u, "HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\nno verysecret", 9999);
    assert_null(strstr(u->e.text, "verysecret"));
    assert_int_equal(u->e.status, 403);
    arena_free(u->a);
    answers(u,
            "HTTP/1.1 503\r\nRetry-After: 30\r\nTransfer-Encoding: chunked\r\n\r\n"
            "4;x=y\r\nlate\r\n2\r\nr.\r\n0\r\n\r\n",
            WS_SHAKE_REFUSED, "503 (Retry-After: 30): later.");
    answers(u, "HTTP/1.1 302 Found\r\nLocation: https://u:p@other/x?ticket=verysecret\r\n\r\n",
            WS_SHAKE_REFUSED, "302 Found (to https://other/x; redirects are not followed)");
    answers(u, "HTTP/1.1 200 OK\r\n\r\na\x01\xff", WS_SHAKE_REFUSED, "200 OK: a \xef\xbf\xbd");
}

static void heads_without_end(void **state)
{
    struct upgrade *u = *state;
    request_of(u, "ws://h/");
    char line[1000];
    memset(line, 'x', sizeof line);
    enum ws_shake_got got = ws_shake_feed(&u->s, "HTTP/1.1 101 ", 13, &u->e);
    for (int i = 0; i < 17 && got == WS_SHAKE_MORE; i++)
        got = ws_shake_feed(&u->s, line, sizeof line, &u->e);
    assert_int_equal(got, WS_SHAKE_BAD);
    assert_non_null(strstr(u->e.text, "too large"));
    arena_free(u->a);
}

static int load_libcurl(void **state)
{
    static struct upgrade u;
    u = (struct upgrade){ .loop = loop_new() };
    struct err e = { 0 };
    *state = &u;
    return fetch_load(u.loop, &e) ? 0 : -1;
}

static int free_loop(void **state)
{
    struct upgrade *u = *state;
    loop_free(u->loop);
    return 0;
}

#define WITH_LIBCURL(test) cmocka_unit_test_setup_teardown(test, load_libcurl, free_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(fragments),
        cmocka_unit_test(closes),
        cmocka_unit_test(broken_rules),
        cmocka_unit_test(texts_that_are_none),
        cmocka_unit_test(too_large),
        cmocka_unit_test(sizes_of_frames),
        WITH_LIBCURL(requests),
        WITH_LIBCURL(requests_that_are_none),
        WITH_LIBCURL(upgrades),
        WITH_LIBCURL(subprotocols),
        WITH_LIBCURL(refusals),
        WITH_LIBCURL(heads_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
