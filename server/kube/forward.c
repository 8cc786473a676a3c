/* forward.c - a WebSocket of the cluster and a socket of fetch, joined by two fibers.
 *
 * fetch connects to a local name that only this process knows to be good: whoever else connects is
 * sent away. What it writes goes out on channel 0; what comes in on channel 0 is written to it;
 * what comes on channel 1 is why it failed. Both fibers have ended before kube_pod_fetch returns.
 */
#include "kube/forward.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/text.h"
#include "kube/api_private.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "net/ws.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 32 << 10, PORT_BYTES = 2, WORDS_MAX = 400 };
enum { DATA_CHANNEL, FAILURE_CHANNEL, CHANNELS };
static const double CLOSE_SECONDS = 0.2;

struct forward {
    struct loop *loop;
    struct arena *arena;
    struct ws *ws;
    int listener;           /* at the local name */
    int near;               /* the connection of fetch; -1: none yet */
    bool told[CHANNELS];    /* the port that each channel begins with has come */
    const char *failed;     /* what the failure channel said; NULL: nothing */
    struct cancel up, down; /* of the two fibers: fetch is done */
    int running;            /* fibers */
    struct fiber *waits;    /* for both to end; NULL: nobody does yet */
};

static void resume_forward(void *arg)
{
    fiber_resume(arg);
}

static void end_carrying(struct forward *f)
{
    if (--f->running == 0 && f->waits)
        loop_soon(f->loop, resume_forward, f->waits);
}

/* -- from the pod -------------------------------------------------------------------------------
 */

static bool write_near(struct forward *f, const char *bytes, size_t n)
{
    struct err ignored = { 0 };
    while (n) {
        ssize_t done = send(f->near, bytes, n, MSG_NOSIGNAL);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (errno != EINTR &&
                   (errno != EAGAIN || !loop_wait(f->loop, f->near, LOOP_WRITE, "room for bytes of",
                                                  "a pod", &f->down, &ignored))) {
            return false;
        }
    }
    return true;
}

/* False: nothing more is to come. */
static bool take_pod_message(struct forward *f, const struct ws_message *m)
{
    unsigned channel = m->len ? (unsigned char)m->data[0] : CHANNELS;
    if (channel >= CHANNELS)
        return true;
    const char *bytes = m->data + 1;
    size_t n = m->len - 1;
    if (!f->told[channel]) { /* the first message of each is the port */
        f->told[channel] = true;
        return n >= PORT_BYTES;
    }
    if (channel == DATA_CHANNEL)
        return write_near(f, bytes, n);
    if (n)
        f->failed = text_clean(f->arena, arena_strndup(f->arena, bytes, n), WORDS_MAX);
    return n == 0;
}

static void carry_down(void *arg)
{
    struct forward *f = arg;
    for (bool on = true; on;) {
        struct arena *a = arena_new();
        struct ws_message m;
        struct err e = { 0 };
        enum ws_got got = ws_read(f->ws, a, 0, &f->down, &m, &e);
        on = got == WS_MESSAGE && take_pod_message(f, &m);
        if (got == WS_FAILED && !f->down.fired && !f->failed)
            f->failed = arena_strdup(f->arena, e.text);
        arena_free(a);
    }
    shutdown(f->near, SHUT_RDWR); /* fetch sees the end; so does the other fiber */
    end_carrying(f);
}

/* -- towards the pod ----------------------------------------------------------------------------
 */

/* The peer must be this very process: names of sockets can be seen by others. */
static bool accept_fetch(struct forward *f)
{
    struct err ignored = { 0 };
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    while (f->near < 0 &&
           loop_wait(f->loop, f->listener, LOOP_READ, "fetch at", "a pod", &f->up, &ignored)) {
        int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
            peer.pid == getpid())
            f->near = fd;
        else if (fd >= 0)
            close(fd);
    }
    return f->near >= 0;
}

static void carry_up(void *arg)
{
    struct forward *f = arg;
    struct err ignored = { 0 };
    char *piece = arena_alloc(f->arena, PIECE);
    if (accept_fetch(f)) {
        f->running++;
        fiber_start(carry_down, f);
    }
    while (f->near >= 0 &&
           loop_wait(f->loop, f->near, LOOP_READ, "bytes for", "a pod", &f->up, &ignored)) {
        piece[0] = DATA_CHANNEL;
        ssize_t n = read(f->near, piece + 1, PIECE - 1);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0 || !ws_write(f->ws, WS_BINARY, piece, (size_t)n + 1, &f->up, &ignored))
            break;
    }
    ws_close(f->ws, 1000, NULL, CLOSE_SECONDS); /* ends the other fiber's read */
    end_carrying(f);
}

/* -- both ---------------------------------------------------------------------------------------
 */

static const char *pod_shown(struct arena *a, const struct kube_pod_port *to)
{
    return arena_printf(a, "port %d of pod %s/%s", to->port, to->namespace,
                        text_clean(a, to->pod, 253));
}

static bool open_forward(struct kube_api *k, struct forward *f, const struct kube_pod_port *to,
                         struct cancel *c, struct err *e)
{
    static const char *const protocols[] = { "v4.channel.k8s.io", NULL };
    const char *path = arena_printf(f->arena, "/api/v1/namespaces/%s/pods/%s/portforward?ports=%d",
                                    text_percent(f->arena, to->namespace),
                                    text_percent(f->arena, to->pod), to->port);
    f->ws = kube_stream_open(k, f->arena, path, protocols, pod_shown(f->arena, to), c, e);
    return f->ws;
}

static const char *listen_locally(struct forward *f, struct err *e)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    const char *name = arena_printf(f->arena, "higress-ops-%s", crypto_token(f->arena, 16));
    size_t n = strlen(name);
    memcpy(at.sun_path + 1, name, n);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (f->listener >= 0 &&
        bind(f->listener, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) == 0 &&
        listen(f->listener, 8) == 0)
        return name;
    err_set(e, ERR_SYSTEM, "no local socket: %s", strerror(errno));
    return NULL;
}

static bool fetch_through(struct forward *f, struct arena *a, const struct kube_pod_port *to,
                          const struct fetch_request *r, struct fetch_answer *out, struct err *e)
{
    struct err why = { 0 };
    struct fetch_request through = *r;
    through.local_name = listen_locally(f, e);
    if (!through.local_name)
        return false;
    through.url = arena_printf(a, "http://127.0.0.1:%d%s", to->port, r->url);
    through.proxy = NULL;
    through.connect_to = NULL;
    through.to = TO_KUBERNETES; /* who asked counts it as theirs, too */
    f->running = 1;
    fiber_start(carry_up, f);
    bool ok = fetch(f->loop, a, &through, out, &why);
    cancel_fire(&f->up);
    cancel_fire(&f->down);
    if (f->running) {
        f->waits = fiber_self();
        fiber_park("the end of a port forward of", to->pod);
    }
    if (ok || why.kind == ERR_GONE)
        return ok || err_set(e, why.kind, "%s", why.text);
    return err_set(e, why.kind, "%s: %s", pod_shown(a, to),
                   f->failed ? arena_strdup(a, f->failed) : why.text);
}

bool kube_pod_fetch(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                    const struct fetch_request *r, struct fetch_answer *out, struct err *e)
{
    struct forward f = {
        .loop = kube_api_loop(k), .arena = arena_new(), .listener = -1, .near = -1
    };
    bool ok = open_forward(k, &f, to, r->cancel, e) && fetch_through(&f, a, to, r, out, e);
    if (f.near >= 0)
        close(f.near);
    if (f.listener >= 0)
        close(f.listener);
    ws_free(f.ws);
    arena_free(f.arena);
    return ok;
}
