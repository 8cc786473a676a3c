/* web_stream.c - the way back to an HTTP client: one JSON object, or an event stream from the first
 * thing that must be said before the answer. A comment every 15 seconds keeps proxies and clients
 * from giving up. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "mcp/web_inside.h"
#include "net/loop.h"

enum { BEAT_SECONDS = 15 };

/* -- life -------------------------------------------------------------------------------- */

static void maybe_free(struct web_reply *r)
{
    if (r->x || r->request || r->session)
        return;
    loop_untimer(r->beat);
    arena_free(r->arena);
}

/* The exchange is dead, by on_gone or because a write found its stream broken or over the ceiling
 * (no on_gone comes then). Disconnecting cancels in 2026-07-28 only. */
static void lose(struct web_reply *r)
{
    r->x = NULL;
    if (r->session) {
        session_unstand(r->session, &r->standing);
        r->session = NULL;
    }
    if (r->request && r->modern) {
        r->request->gone = true;
        cancel_fire(&r->request->cancel);
        return; /* done() comes, now or later, and frees */
    }
    maybe_free(r);
}

static void on_gone(struct http_exchange *x)
{
    lose(x->user);
}

static void end_exchange(struct web_reply *r)
{
    if (!r->x)
        return;
    r->x->on_gone = NULL;
    http_stream_end(r->x);
    r->x = NULL;
}

/* -- events ------------------------------------------------------------------------------ */

static void beat(void *arg)
{
    struct web_reply *r = arg;
    if (r->x && !http_stream_write(r->x, ":\n\n", 3))
        lose(r);
}

static void begin_stream(struct web_reply *r)
{
    struct http_header headers[] = {
        { "Content-Type", "text/event-stream" },
        { "Cache-Control", "no-cache, no-transform" },
        { "X-Accel-Buffering", "no" },
        { r->session_id ? "Mcp-Session-Id" : NULL, r->session_id },
        { 0 },
    };
    r->streaming = true;
    http_stream(r->x, 200, headers);
    r->beat = loop_timer(r->request ? r->request->mcp->loop : r->session->mcp->loop, BEAT_SECONDS,
                         BEAT_SECONDS, beat, r);
}

/* False: the exchange is dead and r->x is NULL; what follows from it is the caller's. */
static bool event(struct web_reply *r, const char *json, size_t n)
{
    static const char head[] = "event: message\ndata: ";
    struct buf b;
    buf_init(&b, sizeof head + n + 2);
    buf_add(&b, head, sizeof head - 1);
    buf_add(&b, json, n);
    buf_add(&b, "\n\n", 2);
    bool ok = http_stream_write(r->x, b.data, b.len);
    buf_free(&b);
    if (!ok)
        r->x = NULL;
    return ok;
}

/* -- one POST ---------------------------------------------------------------------------- */

static bool send(struct reply_to *to, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    if (!r->x || !r->streams)
        return false;
    if (!r->streaming)
        begin_stream(r);
    if (event(r, json, n))
        return true;
    lose(r);
    return false;
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

static void done(struct reply_to *to, int status, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    r->request = NULL;
    if (r->x && r->streaming) {
        if (!json || event(r, json, n))
            end_exchange(r);
    } else if (r->x) {
        reply_json(r, status, json, n);
    }
    maybe_free(r);
}

static bool accepts_stream(const struct http_exchange *x)
{
    const char *accept = http_header(x, "accept");
    return !accept || text_contains_nocase(accept, "text/event-stream") ||
           text_contains_nocase(accept, "*/*") || text_contains_nocase(accept, "text/*");
}

struct web_reply *web_reply_new(struct web *w, struct http_exchange *x)
{
    (void)w;
    struct arena *a = arena_new();
    struct web_reply *r = arena_make(a, struct web_reply);
    *r = (struct web_reply){
        .to = { .send = send, .done = done }, .arena = a, .x = x, .streams = accepts_stream(x)
    };
    x->user = r;
    x->on_gone = on_gone;
    return r;
}

/* -- the standing GET -------------------------------------------------------------------- */

static bool send_standing(struct standing *s, const char *json, size_t n)
{
    struct web_reply *r =
        (struct web_reply *)(void *)((char *)s - offsetof(struct web_reply, standing));
    return send(&r->to, json, n);
}

/* A newer GET has taken its place, or the session ends. */
static void close_standing(struct standing *s)
{
    struct web_reply *r =
        (struct web_reply *)(void *)((char *)s - offsetof(struct web_reply, standing));
    r->session = NULL;
    end_exchange(r);
    maybe_free(r);
}

void web_get(struct web *w, struct http_exchange *x)
{
    const char *accept = http_header(x, "accept");
    if (!http_header(x, "mcp-session-id")) {
        static const struct http_header allow[] = { { "Allow", "POST" }, { 0 } };
        http_reply(x, 405, allow, NULL, 0);
        return;
    }
    if (!accept || !text_contains_nocase(accept, "text/event-stream")) {
        web_refuse(x, 406, NULL, RPC_INVALID_REQUEST, "Accept must allow text/event-stream");
        return;
    }
    struct session *s = web_session(w, x, NULL);
    if (!s)
        return;
    struct web_reply *r = web_reply_new(w, x);
    r->session = s;
    r->standing = (struct standing){ .send = send_standing, .close = close_standing, .open = true };
    begin_stream(r);
    session_stand(s, &r->standing);
    beat(r);
}
