/* http.c - listening, answering, streaming. Bytes of a connection are conn.c's business. */
#include "net/http.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/conn_private.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/own_private.h"
#include <errno.h>
#include <unistd.h>

enum {
    ACCEPTS = 16, /* of one turn of the loop */
    TURN = 8,     /* pipelined requests of one turn, shared by all connections that have some */
    TRIM_FROM = 256,
    RESERVE = 16, /* one of so many connections is for other sources than the one with the most */
};

/* -- answers -------------------------------------------------------------------------------------
 */

static const struct {
    int status;
    const char *text;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 302, "Found" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* "Date: …", made once a second. */
static void write_date(struct buf *b)
{
    static time_t made;
    static char line[64];
    time_t now = time(NULL);
    if (now != made) {
        struct tm t;
        gmtime_r(&now, &t);
        strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &t);
        made = now;
    }
    buf_str(b, line);
}

/* A value cannot end its line, whatever it is made of. */
static void write_header_value(struct buf *b, const char *value)
{
    size_t from = b->len;
    if (!buf_str(b, value))
        return;
    for (char *s = b->data + from; *s; s++)
        if ((unsigned char)*s < 0x20 && *s != '\t')
            *s = ' ';
}

static void write_headers(struct buf *b, const struct http_header *headers)
{
    for (const struct http_header *h = headers; h && h->name; h++) {
        buf_str(b, h->name);
        buf_str(b, ": ");
        write_header_value(b, h->value);
        buf_str(b, "\r\n");
    }
}

static void write_head(struct conn *c, int status, const struct http_header *headers, bool keep)
{
    struct buf *b = &c->out;
    buf_printf(b, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    write_headers(b, headers);
    if (c->x)
        write_headers(b, c->x->x.extra);
    trace(TRACE_HTTP, "%d to %s", status, c->peer);
    write_date(b);
    if (!keep)
        buf_str(b, "Connection: close\r\n");
    else if (c->h1.minor == 0)
        buf_str(b, "Connection: keep-alive\r\n");
}

void http_write_answer(struct conn *c, int status, const struct http_header *headers,
                       const void *body, size_t n, bool keep)
{
    write_head(c, status, headers, keep);
    if (has_body(status))
        buf_printf(&c->out, "Content-Length: %zu\r\n", n);
    buf_str(&c->out, "\r\n");
    if (has_body(status) && n && !(c->x && c->x->bare))
        buf_add(&c->out, body, n);
    if (c->out.over)
        bug("an answer of %zu bytes is over the ceiling", n);
}

static bool keeps(const struct conn *c)
{
    return c->h1.keep_alive && c->h1.state == H1_AT_END && !c->server->closed;
}

void http_reply(struct http_exchange *x, int status, const struct http_header *headers,
                const void *body, size_t n)
{
    struct conn *c = ((struct exchange *)x)->conn;
    bool keep = keeps(c);
    http_write_answer(c, status, headers, body, n, keep);
    conn_finish(c, keep);
}

void http_again(struct http_exchange *x)
{
    struct exchange *ex = (struct exchange *)x;
    ex->again = true;
    wire_later(&ex->conn->wire);
}

void http_stream(struct http_exchange *x, int status, const struct http_header *headers)
{
    struct exchange *ex = (struct exchange *)x;
    struct conn *c = ex->conn;
    ex->streaming = true;
    ex->chunked = c->h1.minor == 1;
    write_head(c, status, headers, ex->chunked && keeps(c));
    buf_str(&c->out, ex->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
    x->body = "";
    x->body_len = 0;
    h1_drop_body(&c->h1);
    wire_later(&c->wire);
}

bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n)
{
    struct exchange *ex = (struct exchange *)x;
    struct conn *c = ex->conn;
    if (!ex->streaming)
        bug("http_stream_write without http_stream");
    if (c->wire.dead || conn_unsent(c) > c->server->o.max_stream) {
        wire_kill(&c->wire); /* on_gone follows */
        return false;
    }
    if (ex->bare || n == 0)
        return true;
    if (ex->chunked)
        buf_printf(&c->out, "%zx\r\n", n);
    buf_add(&c->out, bytes, n);
    if (ex->chunked)
        buf_str(&c->out, "\r\n");
    wire_later(&c->wire);
    return true;
}

void http_stream_end(struct http_exchange *x)
{
    struct exchange *ex = (struct exchange *)x;
    struct conn *c = ex->conn;
    if (ex->chunked && !ex->bare)
        buf_str(&c->out, "0\r\n\r\n");
    conn_finish(c, ex->chunked && keeps(c));
}

/* -- request headers -----------------------------------------------------------------------------
 */

const char *http_header(const struct http_exchange *x, const char *name)
{
    const struct h1 *p = &((const struct exchange *)x)->conn->h1;
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->headers[i].name, name) == 0)
            return p->headers[i].value;
    return NULL;
}

int http_header_count(const struct http_exchange *x, const char *name)
{
    const struct h1 *p = &((const struct exchange *)x)->conn->h1;
    int n = 0;
    for (int i = 0; i < p->count; i++)
        n += strcmp(p->headers[i].name, name) == 0;
    return n;
}

const struct http_header *http_headers_like(const struct http_exchange *x, const char *prefix)
{
    const struct h1 *p = &((const struct exchange *)x)->conn->h1;
    struct http_header *out = arena_array(x->arena, struct http_header, p->count + 1);
    int n = 0;
    for (int i = 0; i < p->count; i++)
        if (text_starts(p->headers[i].name, prefix))
            out[n++] = p->headers[i];
    return out;
}

/* -- the server ----------------------------------------------------------------------------------
 */

/* Many connections have gone, and now none goes: their memory returns to the system. */
static void trim_memory(struct http_server *s)
{
    if (s->gone >= TRIM_FROM && s->gone == s->gone_before) {
        arena_trim();
        s->gone = 0;
    }
    s->gone_before = s->gone;
}

void http_leave_turn(struct conn *c)
{
    if (!c->waits)
        return;
    c->waits = false;
    TAILQ_REMOVE(&c->server->waiting, c, wait);
    c->server->waiting_count--;
}

static void next_turn(void *arg)
{
    struct http_server *s = arg;
    loop_untimer(s->again);
    s->again = NULL;
    int each = TURN / (s->waiting_count + 1) + 1;
    for (int n = 0; n < TURN && s->waiting_count; n += each) {
        struct conn *c = TAILQ_FIRST(&s->waiting);
        http_leave_turn(c);
        c->may = each;
        wire_later(&c->wire);
    }
    if (s->waiting_count)
        s->again = loop_timer(s->loop, 0, 0, next_turn, s);
}

void http_wait_turn(struct conn *c)
{
    struct http_server *s = c->server;
    if (c->waits)
        return;
    c->waits = true;
    TAILQ_INSERT_TAIL(&s->waiting, c, wait);
    s->waiting_count++;
    if (!s->again)
        s->again = loop_timer(s->loop, 0, 0, next_turn, s);
}

static void check_times(void *arg)
{
    struct http_server *s = arg;
    double now = loop_now(s->loop);
    for (struct conn *c = s->conns; c; c = c->next)
        conn_check_time(c, now);
    trim_memory(s);
    if (s->full && s->count < s->o.max_connections && s->accepting) {
        s->full = false;
        loop_watch_set(s->accepting, LOOP_READ);
    }
}

static void stop_accepting(struct http_server *s)
{
    s->full = true;
    loop_watch_set(s->accepting, 0);
}

static bool has_its_share(const struct http_server *s, const char *peer)
{
    int most = s->o.max_connections - s->o.max_connections / RESERVE;
    return s->count >= most && s->from[conn_source(peer)] >= most;
}

static bool accept_one(struct http_server *s)
{
    if (s->count >= s->o.max_connections) {
        stop_accepting(s);
        return false;
    }
    char peer[56];
    int fd = listen_accept(s->fd, peer, sizeof peer);
    if (fd >= 0 && has_its_share(s, peer)) {
        close(fd);
        return true;
    }
    if (fd >= 0) {
        conn_open(s, fd, peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        stop_accepting(s); /* the next check tries again */
    return errno == ECONNABORTED || errno == EINTR;
}

static void on_connect(void *arg, int fd, int events)
{
    (void)fd, (void)events;
    struct http_server *s = arg;
    for (int i = 0; i < ACCEPTS && accept_one(s); i++)
        ;
}

static void free_server(struct http_server *s)
{
    loop_untimer(s->check_timer);
    loop_untimer(s->again);
    own_free(s->unix_path);
    own_free(s);
}

void http_forget(struct http_server *s)
{
    s->gone++;
    if (s->closed && s->count == 0)
        free_server(s);
}

static void fill_defaults(struct http_options *o)
{
    if (!o->max_body)
        o->max_body = 4 << 20;
    if (!o->max_stream)
        o->max_stream = 1 << 20;
    if (!o->max_connections)
        o->max_connections = 4096;
    if (o->header_timeout <= 0)
        o->header_timeout = 10;
    if (o->body_timeout <= 0)
        o->body_timeout = 30;
    if (o->idle_timeout <= 0)
        o->idle_timeout = 75;
}

static double smaller_of(double x, double y)
{
    return x < y ? x : y;
}

struct http_server *http_listen(struct loop *l, const struct http_options *o, struct err *e)
{
    if ((o->cert_file != NULL) != (o->key_file != NULL)) {
        err_set(e, ERR_ARGS, "TLS needs both a certificate file and a key file");
        return NULL;
    }
    struct wire_domain *domain = wire_domain(l, o->cert_file, o->key_file, e);
    int port = o->port;
    int fd = domain ? listen_open(o->address, &port, e) : -1;
    if (fd < 0)
        return NULL;
    struct http_server *s = own_make(struct http_server);
    TAILQ_INIT(&s->waiting);
    s->loop = l;
    s->o = *o;
    fill_defaults(&s->o);
    s->domain = domain;
    s->fd = fd;
    s->port = port;
    if (text_starts(o->address, "unix:"))
        s->unix_path = own_text(o->address + 5);
    s->accepting = loop_watch(l, fd, LOOP_READ, on_connect, s);
    double every = smaller_of(smaller_of(s->o.header_timeout, s->o.body_timeout), 2.) / 4;
    s->check_timer = loop_timer(l, every, every, check_times, s);
    return s;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

bool http_renew(struct http_server *s, const char *cert_file, const char *key_file, struct err *e)
{
    return wire_renew(s->domain, cert_file, key_file, e);
}

void http_close(struct http_server *s)
{
    if (!s || s->closed)
        return;
    s->closed = true;
    loop_unwatch(s->accepting);
    s->accepting = NULL;
    close(s->fd);
    if (s->unix_path)
        unlink(s->unix_path);
    for (struct conn *c = s->conns; c; c = c->next)
        wire_later(&c->wire); /* sends what can be sent, then ends */
    if (s->count == 0)
        free_server(s);
}

void http_release(struct loop *l)
{
    wire_release(l);
}
