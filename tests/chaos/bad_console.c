/* bad_console.c - the embedded control plane behind a port that breaks on purpose.
 *
 * A small server of its own, because http.h answers whole and never resets. One request at a time
 * and connection; every answer ends with "connection: close" or by breaking. What may break and
 * how answers are bent is fault.c; a fault of the connection itself is made in `serve`.
 */
#include "chaos.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "console/gateway.h"
#include "embedded/kstore/kstore.h"
#include "net/fetch.h"
#include "net/h1_private.h"
#include "net/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16 << 10, BODY_MAX = 4 << 20, RECENT = 24 };

struct guest {
    struct bad_console *console;
    struct guest *next;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct h1 parser;
    struct arena *arena;
    bool late; /* its request is to be done when nobody waits any more */
    bool reset, dead;
    struct buf *out;
    size_t sent;
};

struct bad_console {
    struct loop *loop;
    struct arena *arena;
    struct embedded *plane;
    struct loop_watch *watch;
    struct guest *guests;
    struct chance chance;
    char *authorization;
    unsigned rate, seen;
    struct gateway *gateway;
    int fd, port;
    unsigned long counts[FAULTS];
    enum fault recent[RECENT];
    int recents;
};

/* -- the console itself --------------------------------------------------------------- */

int bad_console_ask(struct bad_console *b, struct arena *a, const char *method, const char *target,
                    const char *body, struct embedded_answer *out)
{
    struct embedded_header headers[] = { { "content-type", "application/json" },
                                         { "authorization", b->authorization },
                                         { 0 } };
    struct embedded_call call = { method, target, headers, body ? body : "",
                                  body ? strlen(body) : 0 };
    embedded_handle(b->plane, a, &call, out);
    return out->status;
}

/* By the client itself, while nothing breaks. */
static cJSON *odd_truth(struct bad_console *b, struct arena *a, const struct kind *k,
                        const char *name)
{
    struct err e = { 0 };
    unsigned rate = b->rate;
    bool missing = false;
    b->rate = 0;
    cJSON *o = gateway_object(b->gateway, a, k, name, NULL, &missing, NULL, &e);
    b->rate = rate;
    if (!o && !missing)
        bug("the truth about %s '%s' could not be read: %s", k->name, name, e.text);
    return o;
}

cJSON *bad_console_object(struct bad_console *b, struct arena *a, const struct kind *k,
                          const char *name, const char *scope)
{
    struct err e = { 0 };
    struct embedded_answer answer = { 0 };
    if (k->flags & KIND_SPECIAL)
        return odd_truth(b, a, k, name);
    char *path = kind_object_path(a, k, name, scope, &e);
    if (!path || bad_console_ask(b, a, "GET", path, NULL, &answer) != 200 || !answer.len)
        return NULL;
    cJSON *body = json_parse(a, answer.body, answer.len, &e);
    cJSON *o = json_get(body, "success") ? json_get(body, "data") : body;
    return kind_exists(k, o) ? o : NULL;
}

struct names {
    struct buf *out;
    const struct kind *kind;
};

static bool add_name(void *arg, const cJSON *o)
{
    struct names *n = arg;
    const char *name = kind_name_of(n->kind, o);
    buf_printf(n->out, "%s\n", name ? name : "");
    return true;
}

const char *bad_console_names(struct bad_console *b, struct arena *a, const struct kind *k,
                              bool truth)
{
    struct err e = { 0 };
    struct names n = { buf_in(a, 64 << 10), k };
    unsigned rate = b->rate;
    b->rate = truth ? 0 : rate;
    bool whole = gateway_each_kind(b->gateway, k, k->flags & KIND_SCOPED ? "global" : NULL,
                                   add_name, &n, NULL, &e);
    b->rate = rate;
    return whole ? n.out->data : NULL;
}

unsigned long bad_console_generation(const struct bad_console *b)
{
    return kstore_generation(b->plane->store);
}

static void handle(struct guest *g, struct embedded_answer *out)
{
    struct embedded_header *headers =
        arena_array(g->arena, struct embedded_header, g->parser.count + 1);
    for (int i = 0; i < g->parser.count; i++)
        headers[i] =
            (struct embedded_header){ g->parser.headers[i].name, g->parser.headers[i].value };
    struct embedded_call call = { g->parser.method, g->parser.target, headers,
                                  g->parser.body.data ? g->parser.body.data : "",
                                  g->parser.body.len };
    embedded_handle(g->console->plane, g->arena, &call, out);
}

/* -- connections ------------------------------------------------------------------------ */

static void finish_late(struct guest *g)
{
    struct embedded_answer ignored;
    if (g->late)
        handle(g, &ignored);
    g->late = false;
}

static void end(struct guest *g)
{
    struct guest **at = &g->console->guests;
    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    loop_unwatch(g->watch);
    loop_untimer(g->timer);
    if (g->reset) {
        struct linger hard = { .l_onoff = 1 };
        setsockopt(g->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    close(g->fd);
    h1_free(&g->parser);
    arena_free(g->arena);
}

static void flush(struct guest *g)
{
    while (g->out && g->sent < g->out->len) {
        ssize_t n = send(g->fd, g->out->data + g->sent, g->out->len - g->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            loop_watch_set(g->watch, LOOP_WRITE);
            return;
        }
        if (n <= 0)
            break;
        g->sent += (size_t)n;
    }
    end(g);
}

static void flush_later(void *arg)
{
    struct guest *g = arg;
    loop_untimer(g->timer);
    g->timer = NULL;
    flush(g);
}

static void write_answer(struct guest *g, const struct embedded_answer *answer, bool truncated)
{
    g->out = buf_in(g->arena, BODY_MAX);
    buf_printf(g->out, "HTTP/1.1 %d X\r\nconnection: close\r\n", answer->status);
    for (const struct embedded_header *h = answer->headers; h->name; h++)
        buf_printf(g->out, "%s: %s\r\n", h->name, h->value);
    if (answer->status != 204)
        buf_printf(g->out, "content-length: %zu\r\n", answer->len + (truncated && !answer->len));
    buf_str(g->out, "\r\n");
    buf_add(g->out, answer->body, truncated ? answer->len / 2 : answer->len);
}

static void serve(struct guest *g)
{
    struct bad_console *b = g->console;
    enum fault f = fault_draw(&b->chance, b->rate, strcmp(g->parser.method, "GET") != 0);
    struct embedded_answer answer = { .body = "" };
    b->counts[f] += b->rate > 0;
    b->seen |= 1u << f;
    b->recent[b->recents++ % RECENT] = f;
    if (!fault_is_before(f))
        handle(g, &answer);
    fault_bend(f, &b->chance, g->arena, g->parser.method, g->parser.body.data, &answer);
    g->late = f == FAULT_LATE;
    if (f == FAULT_HANG_BEFORE || f == FAULT_HANG_AFTER || f == FAULT_LATE)
        return; /* until the client hangs up */
    g->reset = f == FAULT_RESET_BEFORE || f == FAULT_RESET_AFTER;
    if (!g->reset && f != FAULT_CLOSE_BEFORE && f != FAULT_CLOSE_AFTER)
        write_answer(g, &answer, f == FAULT_TRUNCATED);
    if (f == FAULT_LATENCY)
        g->timer =
            loop_timer(b->loop, 0.001 * (1 + chance_below(&b->chance, 12)), 0, flush_later, g);
    else
        flush(g);
}

static void on_bytes(void *arg, int fd, int events)
{
    struct guest *g = arg;
    char bytes[4096];
    if (events & LOOP_WRITE) {
        flush(g);
        return;
    }
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 && g->late) { /* the request stays on its way */
        g->dead = true;
        loop_watch_set(g->watch, 0);
        return;
    }
    size_t used = 0, left = n > 0 ? (size_t)n : 0;
    enum h1_event event = n > 0 ? H1_MORE : H1_BAD;
    for (const char *at = bytes; event == H1_MORE || event == H1_HEAD; at += used, left -= used) {
        event = h1_feed(&g->parser, g->arena, at, left, &used);
        if (event == H1_MORE)
            return;
        if (event == H1_WHOLE) {
            serve(g);
            return;
        }
    }
    end(g);
}

static void on_guest(void *arg, int fd, int events)
{
    struct bad_console *b = arg;
    (void)events;
    int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return;
    struct arena *a = arena_new();
    struct guest *g = arena_make(a, struct guest);
    *g = (struct guest){ .console = b, .arena = a, .fd = client, .next = b->guests };
    b->guests = g;
    h1_init(&g->parser, HEAD_MAX, BODY_MAX);
    g->watch = loop_watch(b->loop, client, LOOP_READ, on_bytes, g);
}

/* -- life --------------------------------------------------------------------------------- */

static bool listen_on_any_port(struct bad_console *b, struct err *e)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    b->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (b->fd < 0 || bind(b->fd, (struct sockaddr *)&at, sizeof at) || listen(b->fd, 64) ||
        getsockname(b->fd, (struct sockaddr *)&at, &n))
        return err_set(e, ERR_SYSTEM, "no port for the console: %s", strerror(errno));
    b->port = ntohs(at.sin_port);
    return true;
}

struct bad_console *bad_console_start(struct loop *l, const char *dir, unsigned long long seed,
                                      struct err *e)
{
    struct embedded *plane = embedded_open(dir, e);
    if (!plane)
        return NULL;
    struct arena *a = arena_new();
    struct bad_console *b = arena_make(a, struct bad_console);
    *b = (struct bad_console){ .loop = l, .arena = a, .plane = plane, .chance = { seed } };
    b->authorization = arena_printf(a, "Basic %s", base64_encode(a, "admin:admin", 11));
    struct embedded_answer answer = { 0 };
    bad_console_ask(b, a, "POST", "/system/init",
                    "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"A\","
                    "\"password\":\"admin\"}}",
                    &answer);
    if (!listen_on_any_port(b, e))
        return NULL;
    b->watch = loop_watch(l, b->fd, LOOP_READ, on_guest, b);
    return b;
}

void bad_console_settle(struct bad_console *b)
{
    struct guest *next;
    for (struct guest *g = b->guests; g; g = next) {
        next = g->next;
        finish_late(g);
        if (g->dead)
            end(g);
    }
}

void bad_console_stop(struct bad_console *b)
{
    while (b->guests)
        end(b->guests);
    loop_unwatch(b->watch);
    close(b->fd);
    embedded_close(b->plane);
    arena_free(b->arena);
}

int bad_console_port(const struct bad_console *b)
{
    return b->port;
}

void bad_console_break(struct bad_console *b, unsigned rate, struct gateway *g)
{
    b->rate = rate;
    b->gateway = g;
}

unsigned bad_console_seen(struct bad_console *b)
{
    unsigned seen = b->seen;
    b->seen = 0;
    return seen;
}

const unsigned long *bad_console_counts(const struct bad_console *b)
{
    return b->counts;
}

const char *bad_console_faults(struct bad_console *b, struct arena *a)
{
    struct buf *out = buf_in(a, 4096);
    int from = b->recents > RECENT ? b->recents - RECENT : 0;
    for (int i = from; i < b->recents; i++)
        buf_printf(out, "%s%s", i > from ? ", " : "", fault_name(b->recent[i % RECENT]));
    b->recents = 0;
    return out->data;
}
