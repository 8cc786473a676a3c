/* test_https.c - the HTTP server with TLS, asked by fetch(): certificates, big answers, plain or
 * silent clients on the TLS port. */
#include "check.h"
// the client uses cmocka
#include "base/cert.h"
#include "http_talk.h"
#include "net/fetch.h"

static struct arena *files;
static char dir[] = "/tmp/https-XXXXXX";

static char *write_file(const char *name, const char *text)
{
    char *path = arena_printf(files, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    fclose(f);
    return path;
}

/* A server for `name`; its certificate is NAME.pem. */
static struct http_server *serve(const char *name)
{
    char *cert, *key;
    struct err e = { 0 };
    assert_true(cert_make(files, name, 2, &cert, &key, &e));
    struct http_options o = options();
    o.cert_file = write_file(arena_printf(files, "%s.pem", name), cert);
    o.key_file = write_file(arena_printf(files, "%s.key", name), key);
    struct http_server *s = http_listen(t.loop, &o, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static int start_tls(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    files = arena_new();
    assert_non_null(mkdtemp(dir));
    t.loop = loop_new();
    t.server = serve("one.localhost");
    return 0;
}

static int stop_tls(void **state)
{
    stop(state);
    static const char *const names[] = { "one.localhost", "two.localhost" };
    for (int i = 0; i < 4; i++)
        unlink(arena_printf(files, "%s/%s.%s", dir, names[i / 2], i % 2 ? "key" : "pem"));
    rmdir(dir);
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    arena_free(files);
    return 0;
}

struct question {
    int port;
    const char *name, *path, *body, *ca;
    struct fetch_answer answer;
    struct err err;
    bool ok;
};

static void ask(void *arg)
{
    struct question *q = arg;
    struct fetch_request r = {
        .method = q->body ? "POST" : "GET",
        .url = arena_printf(files, "https://%s:%d%s", q->name, q->port, q->path),
        .body = q->body,
        .body_len = q->body ? strlen(q->body) : 0,
        .ca_file = arena_printf(files, "%s/%s.pem", dir, q->ca ? q->ca : q->name),
    };
    q->ok = fetch(t.loop, files, &r, &q->answer, &q->err);
    loop_stop(t.loop);
}

static struct question asked(struct question q)
{
    if (!q.port)
        q.port = http_port(t.server);
    fiber_start(ask, &q);
    loop_run(t.loop);
    return q;
}

static void requests_over_tls(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct question q =
            asked((struct question){ .name = "one.localhost", .path = "/later", .body = "hello" });
        if (!q.ok)
            fail_msg("%s", q.err.text);
        assert_string_equal(q.answer.body, "hello");
    }
    struct question q = asked((struct question){ .name = "one.localhost", .path = "/stream" });
    assert_string_equal(q.answer.body, "one two");
}

static void big_answers_over_tls(void **state)
{
    (void)state;
    struct question q = asked((struct question){ .name = "one.localhost", .path = "/big" });
    if (!q.ok)
        fail_msg("%s", q.err.text);
    assert_int_equal(q.answer.len, 8 << 20);
}

static void each_server_shows_its_own_certificate(void **state)
{
    (void)state;
    struct http_server *two = serve("two.localhost");
    struct http_options o = options();
    struct err e = { 0 };
    struct http_server *plain = http_listen(t.loop, &o, &e);
    assert_non_null(plain);
    struct question q = { .port = http_port(two), .name = "two.localhost", .path = "/x" };
    assert_true(asked(q).ok);
    q = (struct question){ .name = "one.localhost", .path = "/x" };
    assert_true(asked(q).ok);
    q.ca = "two.localhost";
    assert_false(asked(q).ok);
    http_close(two);
    http_close(plain);
}

static void plain_and_silent_clients_are_cut(void **state)
{
    (void)state;
    struct client c = talk_n("GET / HTTP/1.1\r\n" HOST "\r\n", 26);
    client_run(t.loop, &c);
    assert_null(strstr(c.got.data, "HTTP/1.1"));
    buf_free(&c.got);
    struct client silent = talk_n("", 0);
    client_run(t.loop, &silent);
    assert_true(silent.seconds < 1.5);
    assert_int_equal(silent.got.len, 0);
    buf_free(&silent.got);
    assert_int_equal(t.handled, 0);
}

static void a_wrong_key_is_an_error_with_words(void **state)
{
    (void)state;
    http_close(serve("two.localhost"));
    struct http_options o = options();
    o.cert_file = arena_printf(files, "%s/one.localhost.pem", dir);
    o.key_file = arena_printf(files, "%s/two.localhost.key", dir);
    struct err e = { 0 };
    assert_null(http_listen(t.loop, &o, &e));
    assert_non_null(strstr(e.text, "belong together"));
}

static bool shows(const char *name)
{
    return asked((struct question){ .name = name, .path = "/x" }).ok;
}

static bool renew(struct http_server *s, const char *cert, const char *key)
{
    struct err e = { 0 };
    bool ok = http_renew(s, arena_printf(files, "%s/%s", dir, cert),
                         arena_printf(files, "%s/%s", dir, key), &e);
    assert_true(ok || strstr(e.text, "old ones stay") || strstr(e.text, "no TLS"));
    return ok;
}

static void a_renewed_certificate_is_shown_from_then_on(void **state)
{
    (void)state;
    http_close(serve("two.localhost"));
    assert_true(shows("one.localhost"));
    assert_false(shows("two.localhost"));
    assert_false(renew(t.server, "two.localhost.pem", "one.localhost.key"));
    assert_false(renew(t.server, "nowhere.pem", "two.localhost.key"));
    assert_false(renew(t.server, "two.localhost.key", "two.localhost.key"));
    assert_true(shows("one.localhost"));
    for (int i = 0; i < 3; i++) {
        assert_true(renew(t.server, "two.localhost.pem", "two.localhost.key"));
        assert_true(shows("two.localhost"));
    }
    struct http_options o = options();
    struct err e = { 0 };
    struct http_server *plain = http_listen(t.loop, &o, &e);
    assert_non_null(plain);
    assert_false(renew(plain, "two.localhost.pem", "two.localhost.key"));
    http_close(plain);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start_tls, stop_tls)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_over_tls),
        TEST(big_answers_over_tls),
        TEST(each_server_shows_its_own_certificate),
        TEST(plain_and_silent_clients_are_cut),
        TEST(a_wrong_key_is_an_error_with_words),
        TEST(a_renewed_certificate_is_shown_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
