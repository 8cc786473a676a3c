/* web_sse.c - HTTP+SSE of 2024-11-05: GET /sse is the stream of a session, whose first event says
 * where to POST; whatever the server has to say comes on that stream, and the session ends with it.
 * Any session revision may be negotiated here. Events have no ids: nothing can be resumed.
 */
#include "base/arena.h"
#include "base/text.h"
#include "mcp/ask.h"
#include "mcp/batch.h"
#include "mcp/method.h"
#include "web/web_private.h"

static bool sse_send(struct reply_to *to, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    return web_event(r, json, n);
}

static void sse_written(struct reply_to *to, int status, const char *json, size_t n)
{
    struct web_reply *r = (struct web_reply *)(void *)to;
    (void)status;
    r->pending--;
    if (json && r->x)
        web_event(r, json, n);
    web_release(r);
}

void web_sse(struct web *w, struct http_exchange *x)
{
    const char *accept = http_header(x, "accept");
    if (accept && !text_contains_nocase(accept, "text/event-stream") &&
        !text_contains_nocase(accept, "*/*")) {
        web_refuse(x, 406, NULL, RPC_INVALID_REQUEST, "Accept must allow text/event-stream");
        return;
    }
    struct err e = { 0 };
    struct session *s = session_open(w->mcp, web_principal(x), web_owner(w, x), &e);
    if (!s) {
        web_refuse(x, 503, NULL, RPC_INTERNAL, e.text);
        return;
    }
    struct web_reply *r = web_reply_new(w, x);
    r->to = (struct reply_to){ .send = sse_send, .done = sse_written };
    r->pending = 0;
    r->dies = true;
    web_open_standalone(r, s);
    r->standalone.open = true;
    web_attach(r, x);
    const char *where =
        arena_printf(r->arena, "event: endpoint\ndata: /messages?sessionId=%s\n\n", s->id);
    if (r->x)
        web_write(r, where, strlen(where)); /* a client that is gone already: the tick sees it */
}

/* The session that the query names; NULL after a refusal. */
static struct session *session_of(struct web *w, struct http_exchange *x)
{
    static const char name[] = "sessionId=";
    if (!x->query || !text_starts(x->query, name)) {
        web_refuse(x, 400, NULL, RPC_INVALID_REQUEST,
                   "sessionId is missing: GET /sse says where to POST");
        return NULL;
    }
    struct session *s = session_find(w->mcp, x->query + sizeof name - 1, web_principal(x));
    const struct web_reply *r = s ? web_standalone_of(s) : NULL;
    if (r && r->dies)
        return s;
    web_refuse(x, 404, NULL, RPC_INVALID_REQUEST, "Session not found");
    return NULL;
}

static void accepted(struct http_exchange *x)
{
    http_reply(x, 202, NULL, NULL, 0);
}

static void refuse_message(struct http_exchange *x, const char *id, const struct err *e)
{
    web_refuse(x, 400, id, e->status ? e->status : RPC_INVALID_REQUEST, e->text);
}

static void one(struct http_exchange *x, struct session *s, struct arena *a, const struct rpc *rpc)
{
    struct web_reply *r = web_standalone_of(s);
    accepted(x);
    if (rpc->kind == RPC_REQUEST) {
        r->pending++;
        method_run(session_request(s, a, rpc, &r->to));
        return; /* the arena is the request's now */
    }
    if (rpc->kind == RPC_RESPONSE)
        ask_answer(s, rpc);
    else
        method_notified(s, rpc);
    arena_free(a);
}

static void run_sse_batch(struct http_exchange *x, struct session *s)
{
    struct err e = { 0 };
    struct batch *b = batch_read(s, x->body, x->body_len, &e);
    if (!b) {
        refuse_message(x, NULL, &e);
        return;
    }
    struct web_reply *r = web_standalone_of(s);
    accepted(x);
    r->pending++;
    batch_run(b, s, &r->to);
}

void web_messages(struct web *w, struct http_exchange *x)
{
    struct session *s = session_of(w, x);
    struct rpc rpc = { 0 };
    struct err e = { 0 };
    if (!s)
        return;
    if (batch_looks(x->body, x->body_len)) {
        if (web_scoped(w, x, NULL))
            run_sse_batch(x, s);
        return;
    }
    struct arena *a = arena_new();
    bool ok = rpc_parse(a, x->body, x->body_len, &rpc, &e);
    if (ok && rpc.kind != RPC_RESPONSE && modern_claimed(&rpc))
        ok = err_set(&e, ERR_PROTO, "Invalid request: 2026-07-28 is served at /mcp");
    if (ok && web_scoped(w, x, &rpc)) {
        one(x, s, a, &rpc);
        return;
    }
    if (!ok)
        refuse_message(x, rpc.id, &e);
    arena_free(a);
}
