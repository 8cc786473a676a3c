/* http_talk.h - for tests: a server with those pages, and a client's script checked against it. */
#pragma once
#include "http_answers.h"
#include "http_pages.h"

#define HOST "Host: a\r\n"
#define CLOSE "Connection: close\r\n"
#define POST(path, n) "POST " path " HTTP/1.1\r\n" HOST "Content-Length: " #n "\r\n\r\n"
#define LAST "GET /nothing HTTP/1.1\r\n" HOST CLOSE "\r\n"

static const struct {
    const char *path;
    void (*fn)(struct http_exchange *x);
} pages[] = {
    { "/echo", echo },          { "/later", later }, { "/fiber", on_fiber },
    { "/stream", stream },      { "/flood", flood }, { "/big", big },
    { "/headers", headers },    { "/never", never }, { "/nothing", nothing },
    { "/close", close_server }, { "/mark", mark },
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

static void look_again(void *arg)
{
    struct http_exchange *x = arg;
    loop_untimer(x->user);
    x->user = &t;
    x->on_gone = NULL;
    http_again(x);
}

static void no_more(struct http_exchange *x)
{
    loop_untimer(x->user);
    t.gone++;
}

/* X-Hold: the gate does not know at first. */
static bool gate(void *arg, struct http_exchange *x)
{
    (void)arg;
    if (http_header(x, "x-hold") && !x->user) {
        double wait = !strcmp(http_header(x, "x-hold"), "long") ? 5 : 0.002;
        x->user = loop_timer(t.loop, wait, 0, look_again, x);
        x->on_gone = no_more;
        return false;
    }
    x->user = NULL;
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
        .header_timeout = 0.7,
        .body_timeout = 0.7,
        .idle_timeout = 0.7,
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

static inline int start(void **state)
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
    struct answers got;
    answers_read(c, bare, &got);
    assert_string_equal(got.out.data, want);
    assert_false(c->reset);
    buf_free(&got.out);
    buf_free(&c->got);
}

static inline void check(const char *bytes, const char *want)
{
    struct client c = talk_n(bytes, strlen(bytes));
    check_client(&c, false, want);
}
