/* http_client.h - for tests: a blocking raw client on a thread while the loop runs on the main one.
 */
#pragma once
#include "base/buf.h"
#include "net/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int port;
    const char *unix_path;
    const char *bytes; /* sent first */
    size_t n;
    size_t cut;     /* the first piece; 0: all at once */
    double pause;   /* between the pieces */
    bool trickle;   /* byte by byte, with the pause before each */
    bool hang_up;   /* close after sending */
    double stay;    /* seconds without reading after sending */
    struct buf got; /* until the server closed */
    bool reset;     /* it did so by a reset */
    double seconds; /* from connect to close */
    struct loop *loop;
    int done[2];
};

static void client_sleep(double seconds)
{
    struct timespec t = { .tv_sec = (time_t)seconds,
                          .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}

static int client_connect(const struct client *c)
{
    if (c->unix_path) {
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        snprintf(at.sun_path, sizeof at.sun_path, "%s", c->unix_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? fd : -1;
    }
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? fd : -1;
}

static bool client_send(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static void client_send_all(struct client *c, int fd)
{
    if (!c->trickle) {
        client_send(fd, c->bytes, c->cut);
        if (c->cut)
            client_sleep(c->pause);
        client_send(fd, c->bytes + c->cut, c->n - c->cut);
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        client_sleep(c->pause);
        if (!client_send(fd, c->bytes + i, 1))
            return;
    }
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    double start = loop_now(c->loop);
    int fd = client_connect(c);
    client_send_all(c, fd);
    client_sleep(c->stay);
    static char bytes[64 << 10];
    ssize_t n = 0;
    while (!c->hang_up && (n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        buf_add(&c->got, bytes, (size_t)n);
    c->reset = n < 0;
    close(fd);
    c->seconds = loop_now(c->loop) - start;
    (void)!write(c->done[1], "x", 1);
    return NULL;
}

static void client_ended(void *arg, int fd, int events)
{
    (void)fd, (void)events;
    loop_stop(arg);
}

/* Runs the loop until the client has ended. */
static void client_run(struct loop *l, struct client *c)
{
    buf_init(&c->got, 64 << 20);
    c->loop = l;
    assert_int_equal(pipe(c->done), 0);
    struct loop_watch *w = loop_watch(l, c->done[0], LOOP_READ, client_ended, l);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, client_main, c), 0);
    loop_run(l);
    pthread_join(thread, NULL);
    loop_unwatch(w);
    close(c->done[0]);
    close(c->done[1]);
}
