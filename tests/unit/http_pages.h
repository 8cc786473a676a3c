/* http_pages.h - for tests: pages of a server that answers at once, later, as a stream, or never.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "net/http.h"
#include "net/loop.h"

static struct {
    struct loop *loop;
    struct http_server *server;
    int handled, gone, refused_writes, marks[4], marked;
    struct http_exchange *pending;
    struct loop_timer *timer;
    size_t streamed;
} t;

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
    t.refused_writes++; /* and goes on asking until it is told that the client left */
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

/* Remembers how many requests were handled before; the fourth ends the loop. */
static void mark(struct http_exchange *x)
{
    nothing(x);
    t.marks[t.marked++] = t.handled;
    if (t.marked == 4)
        loop_stop(t.loop);
}

static void close_server(struct http_exchange *x)
{
    http_close(t.server);
    t.server = NULL;
    http_reply(x, 200, NULL, "bye", 3);
}
