/* test_web.c - what a client that does not read, or comes back late, may cost the HTTP transport:
 * a real server on this loop, and sockets that are read by hand. */
#include "check.h"
// cmocka first
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "call/service.h"
#include "config/config.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "net/loop.h"
#include "web/web.h"
#include "web/web_private.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BIG = 64 << 10, LOG_MOST = 1 << 20, KEPT_MOST = 32 << 20 };

static struct {
    struct arena *arena;
    struct loop *loop;
    struct mcp *mcp;
    struct web *web;
    char *big; /* parameters of a notification, BIG bytes */
} t;

static int start(void **state)
{
    (void)state;
    static const char config[] = "listen: 127.0.0.1:0\nhttp: {sessions: 50}\n";
    static const struct toolset *const none[] = { NULL };
    struct err e = { 0 };
    t.arena = arena_new();
    t.loop = loop_new();
    t.big = arena_alloc(t.arena, BIG + 1);
    memset(t.big, 'x', BIG);
    memcpy(t.big, "{\"x\":\"", 6);
    memcpy(t.big + BIG - 2, "\"}", 2);
    t.mcp = mcp_new(service_new(&(struct service_options){
        .loop = t.loop,
        .config = config_parse(t.arena, "test", config, sizeof config - 1, &e),
        .toolsets = none }));
    t.web = web_listen(t.mcp, &e);
    if (!t.web)
        fail_msg("%s", e.text);
    return 0;
}

static void turns(double seconds)
{
    struct loop_timer *timer = loop_timer(t.loop, seconds, 0, (void (*)(void *))loop_stop, t.loop);
    loop_run(t.loop);
    loop_untimer(timer);
}

static int stop(void **state)
{
    (void)state;
    web_close(t.web);
    mcp_end_sessions(t.mcp);
    turns(0.05);
    struct service *service = t.mcp->service;
    mcp_free(t.mcp);
    service_free(service);
    loop_free(t.loop);
    arena_free(t.arena);
    return 0;
}

static struct session *opened(void)
{
    struct session *s = session_open(t.mcp, "local", "local", &(struct err){ 0 });
    s->era = era_negotiate("2025-11-25");
    return s;
}

static int connected(int window)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (window)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)web_port(t.web)),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* GET of the standing stream, with a small window, so that it stalls early. */
static int get(const struct session *s, const char *last)
{
    int fd = connected(4096);
    const char *text =
        arena_printf(t.arena,
                     "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                     "Mcp-Session-Id: %s\r\n%s%s\r\n\r\n",
                     s->id, last ? "Last-Event-ID: " : "X: ", last ? last : "");
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    turns(0.02);
    return fd;
}

/* All that comes until nothing has for a while, or the end. */
static void drink(int fd, struct buf *got)
{
    static char piece[32 << 10];
    buf_reset(got);
    for (int quiet = 0; quiet < 10;) {
        ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (n == 0)
            return;
        quiet = n > 0 ? 0 : quiet + 1;
        if (n > 0)
            buf_add(got, piece, (size_t)n);
        turns(n > 0 ? 0.001 : 0.01);
    }
}

static int count(const struct buf *got, const char *word)
{
    int n = 0;
    for (const char *s = got->data; (s = strstr(s, word)); s++)
        n++;
    return n;
}

static void a_client_that_does_not_read_loses_its_stream(void **state)
{
    (void)state;
    struct session *s = opened();
    struct session *other = opened();
    int deaf = get(s, NULL);
    int ears = get(other, NULL);
    assert_true(s->standalone->open);
    for (int i = 0; i < 200; i++) {
        session_notify(s, "notifications/test", t.big);
        turns(0);
    }
    assert_false(s->standalone->open);
    assert_true(t.web->kept <= LOG_MOST);
    assert_true(other->standalone->open);
    session_notify(other, "notifications/test", "{\"n\":1}");
    struct buf got;
    buf_init(&got, 4 << 20);
    drink(ears, &got);
    assert_int_equal(count(&got, "{\"n\":1}"), 1);
    /* What is left is the newest 1 MiB; it comes with the next GET. */
    int again = get(s, NULL);
    drink(again, &got);
    assert_int_equal(count(&got, "notifications/test"), LOG_MOST / BIG - 1);
    assert_non_null(strstr(got.data, "id: 0-201\n"));
    buf_free(&got);
    close(again);
    close(deaf);
    close(ears);
}

static void one_message_may_be_larger_than_what_is_kept(void **state)
{
    (void)state;
    struct session *s = opened();
    int fd = get(s, NULL);
    char *huge = arena_alloc(t.arena, (3 << 20) + 1);
    memset(huge, ' ', 3 << 20);
    memcpy(huge, "{}", 2);
    assert_true(session_notify(s, "notifications/huge", huge));
    struct buf got;
    buf_init(&got, 8 << 20);
    drink(fd, &got);
    assert_true(got.len > 3 << 20);
    assert_true(s->standalone->open);
    assert_true(t.web->kept < 1000);
    buf_free(&got);
    close(fd);
}

static void what_all_streams_keep_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct session *s = opened();
        close(get(s, NULL));
        turns(0.01);
        assert_false(s->standalone->open);
        for (int j = 0; j < LOG_MOST / BIG + 1; j++)
            assert_true(session_notify(s, "notifications/test", t.big));
        assert_true(t.web->kept <= KEPT_MOST);
    }
    assert_true(t.web->kept > KEPT_MOST / 2);
    mcp_end_sessions(t.mcp);
    assert_int_equal(t.web->kept, 0);
    assert_null(t.web->newest);
}

static void a_stream_is_heard_from_where_it_was_lost(void **state)
{
    (void)state;
    struct session *s = opened();
    close(get(s, NULL));
    for (int i = 1; i <= 5; i++)
        session_notify(s, "notifications/test", arena_printf(t.arena, "{\"n\":%d}", i));
    struct buf got;
    buf_init(&got, 1 << 20);
    int fd = get(s, "0-4"); /* 0-1 is the first, empty event */
    drink(fd, &got);
    assert_int_equal(count(&got, "notifications/test"), 2);
    assert_null(strstr(got.data, "{\"n\":3}"));
    close(fd);
    fd = get(s, NULL); /* all of it was told */
    drink(fd, &got);
    assert_int_equal(count(&got, "notifications/test"), 0);
    session_notify(s, "notifications/test", "{\"n\":6}");
    drink(fd, &got);
    assert_int_equal(count(&got, "\"n\":6"), 1);
    assert_non_null(strstr(got.data, "id: 0-7\n"));
    buf_free(&got);
    close(fd);
}

static void a_forgotten_session_makes_room(void **state)
{
    (void)state;
    struct session *all[50];
    for (int i = 0; i < 50; i++)
        all[i] = opened();
    assert_null(session_open(t.mcp, "local", "local", &(struct err){ 0 }));
    const char *id = arena_strdup(t.arena, all[7]->id);
    int fd = get(all[9], NULL);
    all[7]->last_used -= 70;
    all[8]->last_used -= 65;
    all[9]->last_used -= 90; /* but somebody listens */
    assert_non_null(session_open(t.mcp, "local", "local", &(struct err){ 0 }));
    assert_null(session_find(t.mcp, id, "local"));
    assert_ptr_equal(session_find(t.mcp, all[8]->id, "local"), all[8]); /* which counts as use */
    assert_null(session_open(t.mcp, "local", "local", &(struct err){ 0 }));
    assert_int_equal(session_count(t.mcp->sessions), 50);
    close(fd);
}

static void a_pipelining_client_does_not_hold_the_others_up(void **state)
{
    (void)state;
    static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    const char *request =
        arena_printf(t.arena,
                     "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     "Mcp-Session-Id: %s\r\nContent-Length: %zu\r\n\r\n%s",
                     opened()->id, sizeof ping - 1, ping);
    struct buf many, got;
    buf_init(&many, 1 << 20);
    buf_init(&got, 1 << 20);
    for (int i = 0; i < 60; i++)
        buf_str(&many, request);
    int greedy = connected(0);
    int modest = connected(0);
    turns(0.02);
    assert_int_equal(write(greedy, many.data, many.len), many.len);
    assert_int_equal(write(modest, request, strlen(request)), strlen(request));
    char one[1024];
    while (recv(modest, one, sizeof one, MSG_DONTWAIT) < 1)
        turns(0);
    static char some[64 << 10];
    ssize_t n = recv(greedy, some, sizeof some, MSG_DONTWAIT);
    buf_add(&got, some, n > 0 ? (size_t)n : 0);
    assert_true(count(&got, "200 OK") < 30);
    int before = count(&got, "200 OK");
    drink(greedy, &got);
    assert_int_equal(before + count(&got, "200 OK"), 60);
    buf_free(&many);
    buf_free(&got);
    close(greedy);
    close(modest);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_that_does_not_read_loses_its_stream),
        TEST(one_message_may_be_larger_than_what_is_kept),
        TEST(what_all_streams_keep_is_bounded),
        TEST(a_stream_is_heard_from_where_it_was_lost),
        TEST(a_forgotten_session_makes_room),
        TEST(a_pipelining_client_does_not_hold_the_others_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
