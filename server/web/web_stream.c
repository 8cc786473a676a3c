/* web_stream.c - the way back to an HTTP client: one JSON object, or an event stream from the first
 * thing that must be said before the answer. A call that is silent for EARLY_SECONDS becomes a
 * stream too, and a comment every `http.heartbeat` seconds keeps proxies and clients from giving
 * up. Events of a session have ids and outlive their connection (web_log.c).
 */
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "mcp/era.h"
#include "mcp/listen.h"
#include "net/loop.h"
#include "web/pages_private.h"
#include "web/source_private.h"
#include "web/web_log_private.h"

enum { EARLY_SECONDS = 2, KEEP_SECONDS = 60 };

static void touch(struct web_reply *r)
{
    if (r->web)
        r->since = loop_now(r->web->mcp->loop);
}

/* -- life -------------------------------------------------------------------------------- */

static void link_reply(struct web_reply *r)
{
    struct web *w = r->web;
    r->older = w->newest;
    if (r->older)
        r->older->newer = r;
    else
        w->oldest = r;
    w->newest = r;
}

static void unlink_reply(struct web_reply *r)
{
    struct web *w = r->web;
    if (!w)
        return;
    *(r->newer ? &r->newer->older : &w->newest) = r->older;
    *(r->older ? &r->older->newer : &w->oldest) = r->newer;
}

static bool needed(const struct web_reply *r)
{
    return r->x || r->pending || r->session || (r->log.len && r->web);
}

void web_release(struct web_reply *r)
{
    if (needed(r) || (r->web && r->web->walking))
        return;
    web_log_drop(r);
    unlink_reply(r);
    arena_free(r->arena);
}

static void forget_exchange(struct web_reply *r)
{
    r->x = NULL;
    r->standalone.open = false;
    touch(r);
    if (r->session) /* from now on it is unused */
        r->session->last_used = loop_now(r->session->mcp->loop);
}

/* The exchange is dead or of no use. Disconnecting cancels in 2026-07-28 only. */
static void lose_exchange(struct web_reply *r)
{
    forget_exchange(r);
    if (r->request && r->modern) {
        r->request->gone = true;
        cancel_fire(&r->request->cancel);
        return; /* stream_done() comes, now or later, and frees */
    }
    web_release(r);
}

static void on_stream_gone(struct http_exchange *x)
{
    struct web_reply *r = x->user;
    struct session *dies = r->dies ? r->session : NULL;
    lose_exchange(r);
    if (dies)
        session_end(dies);
}

static void take_exchange(struct web_reply *r, struct http_exchange *x)
{
    r->x = x;
    x->user = r;
    x->on_gone = on_stream_gone;
}

void web_detach(struct web_reply *r)
{
    struct http_exchange *x = r->x;
    if (!x)
        return;
    forget_exchange(r);
    x->on_gone = NULL;
    http_stream_end(x);
}

/* -- events ------------------------------------------------------------------------------ */

bool web_write(struct web_reply *r, const char *text, size_t n)
{
    touch(r);
    if (http_stream_write(r->x, text, n))
        return true;
    r->x->on_gone = NULL; /* it ends by itself; what is lost here can be resumed */
    forget_exchange(r);
    return false;
}

/* n 0: an event without a message, which only tells the client an id to resume from. */
static bool write_event(struct web_reply *r, const char *json, size_t n)
{
    struct buf b;
    buf_init(&b, n + 128);
    if (r->serial)
        buf_printf(&b, "id: %u-%lu\n", r->number, ++r->last);
    buf_str(&b, n ? "event: message\ndata: " : "retry: 1000\ndata: ");
    buf_add(&b, json, n);
    buf_str(&b, "\n\n");
    bool sent = r->x && web_write(r, b.data, b.len);
    if (r->serial)
        web_log_keep(r, b.data, b.len);
    if (sent)
        r->told = r->last;
    buf_free(&b);
    return sent || r->serial;
}

bool web_event(struct web_reply *r, const char *json, size_t n)
{
    return write_event(r, json, n);
}

void web_attach(struct web_reply *r, struct http_exchange *x)
{
    const struct http_header headers[] = {
        { "Content-Type", "text/event-stream" },
        { "Cache-Control", "no-cache, no-transform" },
        { "X-Accel-Buffering", "no" },
        { r->session_id ? "Mcp-Session-Id" : NULL, r->session_id },
        { 0 },
    };
    if (r->x != x)
        web_detach(r);
    take_exchange(r, x);
    r->until = r->web ? web_until(x) : 0;
    http_stream(x, 200, headers);
    bool first = !r->streaming;
    r->streaming = true;
    if (first && r->serial && r->pending && r->web)
        r->number = ++r->web->numbers;
    if (first && r->primes)
        write_event(r, "", 0);
    else if (first)
        web_write(r, ":\n\n", 3);
}

/* -- one POST ---------------------------------------------------------------------------- */

static bool stream_send(struct reply_to *to, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    if (!r->streaming && (!r->x || !r->streams))
        return false;
    if (!r->streaming)
        web_attach(r, r->x);
    bool had = r->x != NULL;
    bool taken = web_event(r, json, n);
    if (had && !r->x)
        lose_exchange(r);
    return taken;
}

static void reply_json(struct web_reply *r, int status, const char *json, size_t n)
{
    struct http_header headers[] = {
        { json ? "Content-Type" : NULL, "application/json" },
        { 0 },
        { 0 },
    };
    if (r->session_id)
        headers[json ? 1 : 0] = (struct http_header){ "Mcp-Session-Id", r->session_id };
    struct http_exchange *x = r->x;
    r->x = NULL;
    x->on_gone = NULL;
    http_reply(x, status, headers, json, n);
}

static void stream_done(struct reply_to *to, int status, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    r->request = NULL;
    r->pending = 0;
    if (r->streaming) {
        if (json)
            web_event(r, json, n);
        web_detach(r);
        touch(r);
    } else if (r->x) {
        reply_json(r, status, json, n);
    }
    web_release(r);
}

static bool accepts_stream(const struct http_exchange *x)
{
    const char *accept = http_header(x, "accept");
    return !accept || text_contains_nocase(accept, "text/event-stream") ||
           text_contains_nocase(accept, "*/*") || text_contains_nocase(accept, "text/*");
}

struct web_reply *web_reply_new(struct web *w, struct http_exchange *x)
{
    struct arena *a = arena_new_small();
    struct web_reply *r = arena_make(a, struct web_reply);
    *r = (struct web_reply){ .to = { .send = stream_send, .done = stream_done },
                             .arena = a,
                             .web = w,
                             .pending = 1,
                             .first = 1,
                             .streams = accepts_stream(x) };
    buf_init(&r->log, 0);
    link_reply(r);
    touch(r);
    take_exchange(r, x);
    return r;
}

void web_reply_of(struct web_reply *r, const struct session *s)
{
    r->serial = s->serial;
    r->primes = s->era && s->era->primes;
}

/* -- the standalone stream of a session ---------------------------------------------------- */

static struct web_reply *reply_of(struct standalone *s)
{
    return (struct web_reply *)(void *)((char *)s - offsetof(struct web_reply, standalone));
}

static bool send_standalone(struct standalone *s, const char *json, size_t n)
{
    return web_event(reply_of(s), json, n);
}

/* The session ends. */
static void close_standalone_stream(struct standalone *s)
{
    struct web_reply *r = reply_of(s);
    r->session = NULL;
    web_detach(r);
    web_log_drop(r);
    web_release(r);
}

void web_open_standalone(struct web_reply *r, struct session *s)
{
    r->session = s;
    r->standalone =
        (struct standalone){ .send = send_standalone, .close = close_standalone_stream };
    session_set_standalone(s, &r->standalone);
}

struct web_reply *web_standalone_of(const struct session *s)
{
    bool ours = s->standalone && s->standalone->close == close_standalone_stream;
    return ours ? reply_of(s->standalone) : NULL;
}

/* -- time -------------------------------------------------------------------------------- */

/* Somebody listens, or waits to. */
static void send_heartbeat(struct web_reply *r, double quiet, double heartbeat)
{
    if (!r->streaming && r->streams && r->pending && quiet >= EARLY_SECONDS)
        web_attach(r, r->x);
    else if (r->streaming && quiet + 0.5 >= heartbeat) /* the tick comes once a second */
        web_write(r, ":\n\n", 3);
    if (!r->x)
        lose_exchange(r);
}

/* A standalone stream ends with the token that opened it; a call under way is answered. */
static bool is_past_token(const struct web_reply *r)
{
    bool stands = r->session || (r->request && listen_is(r->request));
    return r->x && stands && r->until > 0 && when_now() >= r->until;
}

static void end_expired(struct web_reply *r)
{
    web_detach(r);
    if (!r->request)
        return;
    r->request->gone = true;
    cancel_fire(&r->request->cancel);
}

static void tick_one(struct web_reply *r, double quiet, double heartbeat)
{
    if (is_past_token(r) && !r->dies)
        end_expired(r);
    else if (r->x && !is_past_token(r))
        send_heartbeat(r, quiet, heartbeat);
    else if (r->dies && r->session) /* its client has left, or its token has expired */
        session_end(r->session);
    else if (!r->pending && !r->session && quiet >= KEEP_SECONDS)
        web_log_drop(r);
}

void web_tick(void *arg)
{
    struct web *w = arg;
    double now = loop_now(w->mcp->loop);
    struct web_reply *newer = NULL;
    sources_tick(w->sources);
    web_live_tick(w);
    w->walking = true;
    for (struct web_reply *r = w->oldest; r; r = r->newer)
        tick_one(r, now - r->since, w->mcp->config->heartbeat);
    w->walking = false;
    for (struct web_reply *r = w->oldest; r; r = newer) {
        newer = r->newer;
        web_release(r);
    }
}

void web_let_go(struct web *w)
{
    while (w->oldest) {
        struct web_reply *r = w->oldest;
        web_log_drop(r);
        unlink_reply(r);
        r->web = NULL;
        r->newer = r->older = NULL;
        web_release(r);
    }
}
