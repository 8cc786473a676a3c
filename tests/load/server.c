/* server.c - the smallest server on net/http: "/idle" opens a stream and keeps it, the rest answers
 * at once. Prints its port; ends on SIGTERM. For tests/load/check.py and for measuring net/http
 * alone.
 */
#include "base/err.h"
#include "net/http.h"
#include "net/loop.h"
#include <signal.h>

struct load {
    struct loop *loop;
    struct http_server *server;
    int streams;
};

static void stream_left(struct http_exchange *x)
{
    struct load *load = x->user;
    load->streams--;
}

static void open_stream(struct load *load, struct http_exchange *x)
{
    const struct http_header headers[] = { { "Content-Type", "text/event-stream" }, { 0 } };
    x->user = load;
    x->on_gone = stream_left;
    load->streams++;
    http_stream(x, 200, headers);
    http_stream_write(x, ": open\n\n", 8);
}

static void handle(void *arg, struct http_exchange *x)
{
    struct load *load = arg;
    if (strcmp(x->path, "/idle") == 0) {
        open_stream(load, x);
        return;
    }
    char text[32];
    int n = snprintf(text, sizeof text, "{\"streams\":%d}", load->streams);
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { 0 } };
    http_reply(x, 200, headers, text, (size_t)n);
}

static void stop(void *arg, int signum)
{
    (void)signum;
    struct load *load = arg;
    http_close(load->server);
    loop_stop(load->loop);
}

int main(void)
{
    struct load load = { .loop = loop_new() };
    struct err e = { 0 };
    const struct http_options o = {
        .address = "127.0.0.1",
        .max_connections = 8000,
        .handler = handle,
        .arg = &load,
    };
    load.server = http_listen(load.loop, &o, &e);
    if (!load.server) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    loop_signal(load.loop, SIGTERM, stop, &load);
    printf("%d\n", http_port(load.server));
    fflush(stdout);
    loop_run(load.loop);
    loop_free(load.loop);
    return 0;
}
