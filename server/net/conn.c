/* conn.c - the life of one connection: bytes to the parser, its events to gate and handler, answers
 * to the wire, and a time limit for everything it can wait for (phase_of, limit_of).
 */
#include "base/arena.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/conn_private.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/own_private.h"
#include <unistd.h>

enum {
    HEAD_MAX = 16 << 10,
    BACKLOG_MAX = 64 << 10, /* bytes behind the current request before reading pauses */
    IN_MAX = 1 << 20,
    UNREAD_MAX = 256 << 10, /* unsent answer bytes before the next request has to wait */
    OUT_MAX = 1 << 30,
    PIECE = 256 << 10, /* of one write */
    KEEP_OUT = 4 << 10,
    KEEP_STREAM = 256,   /* a stream is silent most of the time, and there may be thousands */
    DRAIN_MAX = 4 << 20, /* bytes of a refused body that are read and dropped */
    LEAST_RATE = 4096,   /* bytes per second a body must come at, after its grace */
};
static const double END_SECONDS = 1.; /* for the peer to read the answer and close */

size_t conn_unsent(const struct conn *c)
{
    return c->out.len - c->sent;
}

/* -- time limits ---------------------------------------------------------------------------------
 */

static enum conn_phase phase_of(const struct conn *c)
{
    if (conn_unsent(c) || c->wire.blocked)
        return CONN_SENDING;
    if (c->ending)
        return CONN_ENDING;
    if (c->handling)
        return CONN_WORK;
    if (c->h1.state != H1_IN_HEAD)
        return CONN_BODY;
    if (!h1_idle(&c->h1))
        return CONN_HEAD;
    return c->phase == CONN_NEW ? CONN_NEW : CONN_IDLE;
}

/* Seconds; 0: as long as it takes. */
static double limit_of(const struct conn *c)
{
    const struct http_options *o = &c->server->o;
    switch (c->phase) {
    case CONN_NEW:
    case CONN_HEAD:
        return o->header_timeout;
    case CONN_IDLE:
        return o->idle_timeout;
    case CONN_BODY:
        return o->body_timeout + (double)c->h1.body.len / LEAST_RATE;
    case CONN_SENDING:
        return o->body_timeout;
    case CONN_ENDING:
        return END_SECONDS;
    case CONN_WORK:
        break;
    }
    return 0;
}

static void settle(struct conn *c)
{
    enum conn_phase now = phase_of(c);
    if (now == c->phase && c->since > 0)
        return;
    c->phase = now;
    c->since = loop_now(c->server->loop);
}

/* -- answers out ---------------------------------------------------------------------------------
 */

static void all_sent(struct conn *c)
{
    c->sent = 0;
    buf_reset(&c->out);
    if (c->out.cap > (c->x && c->x->streaming ? KEEP_STREAM : KEEP_OUT))
        buf_free(&c->out);
    if (!c->ending || c->half_closed || c->wire.blocked)
        return;
    c->half_closed = true;
    wire_half_close(&c->wire);
}

static void flush_conn(struct conn *c)
{
    while (!c->wire.blocked && conn_unsent(c)) {
        size_t n = conn_unsent(c) < PIECE ? conn_unsent(c) : PIECE;
        if (!wire_write(&c->wire, c->out.data + c->sent, n)) {
            wire_kill(&c->wire);
            return;
        }
        c->sent += n;
    }
    if (conn_unsent(c) == 0) {
        all_sent(c);
        return;
    }
    if (c->sent > c->out.len / 2) {
        buf_consume(&c->out, c->sent);
        c->sent = 0;
    }
}

/* -- exchanges -----------------------------------------------------------------------------------
 */

static void make_exchange(struct conn *c)
{
    struct arena *a = arena_new();
    c->x = arena_make(a, struct exchange);
    c->x->conn = c;
    c->x->x.arena = a;
    c->x->x.peer = c->peer;
    c->x->x.body = "";
}

static void free_exchange(struct conn *c)
{
    struct arena *a = c->x ? c->x->x.arena : NULL;
    c->x = NULL;
    c->handling = false;
    arena_free(a);
}

static void abandon_exchange(struct conn *c)
{
    if (c->x && c->x->x.on_gone)
        c->x->x.on_gone(&c->x->x);
    free_exchange(c);
}

void conn_finish(struct conn *c, bool keep)
{
    bool whole = c->h1.state == H1_AT_END; /* else the rest of the body is of no use */
    free_exchange(c);
    c->since = 0;
    if (keep && whole && !c->server->closed)
        h1_next(&c->h1);
    else
        c->ending = true;
    wire_later(&c->wire);
}

/* An answer of ours to a request that no handler will see. */
static void refuse_early(struct conn *c, int status)
{
    abandon_exchange(c);
    http_write_answer(c, status, NULL, NULL, 0, false);
    conn_finish(c, false);
}

/* A gate that neither lets the request pass nor answers it holds it. */
static void ask_gate(struct conn *c)
{
    const struct http_options *o = &c->server->o;
    c->handling = false;
    if (o->gate && !o->gate(o->arg, &c->x->x))
        c->handling = c->x != NULL;
    else if (c->h1.expects && c->h1.state != H1_AT_END)
        buf_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void on_head(struct conn *c)
{
    struct http_exchange *x = &c->x->x;
    x->method = c->h1.method;
    x->target = c->h1.target;
    x->path = c->h1.path;
    x->query = c->h1.query;
    c->x->bare = strcmp(x->method, "HEAD") == 0;
    trace(TRACE_HTTP, "%s %s from %s", x->method, x->path, x->peer);
    ask_gate(c);
}

static void on_whole(struct conn *c)
{
    c->x->x.body = c->h1.body.data;
    c->x->x.body_len = c->h1.body.len;
    c->handling = true;
    c->may--;
    c->server->o.handler(c->server->o.arg, &c->x->x);
}

static bool accepts(const struct conn *c)
{
    return !c->handling && !c->ending && !c->wire.dead && c->may > 0 && conn_unsent(c) < UNREAD_MAX;
}

/* Returns how many bytes were used. */
static size_t consume(struct conn *c, const char *bytes, size_t n)
{
    size_t total = 0;
    while (accepts(c) && (total < n || !h1_idle(&c->h1))) {
        if (!c->x)
            make_exchange(c);
        size_t used = 0;
        enum h1_event event = h1_feed(&c->h1, c->x->x.arena, bytes + total, n - total, &used);
        total += used;
        if (event == H1_MORE)
            break;
        if (event == H1_BAD)
            refuse_early(c, c->h1.status);
        else if (event == H1_HEAD)
            on_head(c);
        else
            on_whole(c);
    }
    return total;
}

/* Goes on with bytes that had to wait. */
static void resume_input(struct conn *c)
{
    size_t used = consume(c, c->in.data, c->in.len);
    buf_consume(&c->in, used);
    if (c->in.len == 0 || c->ending)
        buf_free(&c->in);
    wire_pause(&c->wire, c->in.len > BACKLOG_MAX);
}

/* -- what the wire says --------------------------------------------------------------------------
 */

static void on_conn_bytes(struct wire *w, const char *bytes, size_t n)
{
    struct conn *c = (struct conn *)w;
    wire_later(w);
    if (!c->waits)
        c->may = 1; /* more at once would be at the cost of others */
    if (c->ending) {
        c->drained += n;
        if (c->drained > DRAIN_MAX)
            wire_kill(&c->wire);
        return;
    }
    size_t used = c->in.len ? 0 : consume(c, bytes, n);
    if (!buf_add(&c->in, bytes + used, n - used))
        wire_kill(w);
}

static void on_later(struct wire *w)
{
    struct conn *c = (struct conn *)w;
    flush_conn(c);
    if (c->server->closed) {
        wire_kill(w);
        return;
    }
    if (c->x && c->x->again && !w->dead) {
        c->x->again = false;
        ask_gate(c);
        resume_input(c); /* even without bytes: the request may be whole */
        flush_conn(c);
    }
    while (c->in.len && accepts(c)) {
        size_t had = c->in.len;
        resume_input(c);
        flush_conn(c);
        if (c->in.len == had)
            break;
    }
    if (c->in.len && c->may <= 0)
        http_wait_turn(c);
    wire_pause(w, c->in.len > BACKLOG_MAX);
    settle(c);
}

static void on_conn_writable(struct wire *w)
{
    struct conn *c = (struct conn *)w;
    c->since = 0; /* it reads: another while */
    on_later(w);
}

static void free_conn(struct conn *c)
{
    struct http_server *s = c->server;
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    http_leave_turn(c);
    h1_free(&c->h1);
    buf_free(&c->in);
    buf_free(&c->out);
    s->count--;
    s->from[c->source]--;
    own_free(c);
    http_forget(s);
}

static void on_conn_closed(struct wire *w)
{
    struct conn *c = (struct conn *)w;
    abandon_exchange(c);
    c->lost = true;
    if (!c->adopting)
        free_conn(c);
}

static const struct wire_calls calls = { on_conn_bytes, on_conn_writable, on_later,
                                         on_conn_closed };

unsigned conn_source(const char *peer)
{
    char name[LISTEN_SOURCE];
    listen_source(peer, name);
    return (unsigned)(text_hash(name, strlen(name)) % SOURCES);
}

void conn_open(struct http_server *s, int fd, const char *peer)
{
    struct conn *c = own_make(struct conn);
    c->server = s;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->source = conn_source(peer);
    h1_init(&c->h1, HEAD_MAX, s->o.max_body);
    buf_init(&c->in, IN_MAX);
    buf_init(&c->out, OUT_MAX);
    c->since = loop_now(s->loop);
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    s->count++;
    s->from[c->source]++;
    c->adopting = true;
    bool open = wire_adopt(&c->wire, s->domain, fd, &calls);
    c->adopting = false;
    if (!open || c->lost)
        free_conn(c);
}

void conn_check_time(struct conn *c, double now)
{
    double limit = limit_of(c);
    if (limit <= 0 || now - c->since < limit || c->wire.dead)
        return;
    if (c->phase == CONN_HEAD || c->phase == CONN_BODY)
        refuse_early(c, 408);
    else
        wire_kill(&c->wire);
}
