/* web_post.c - one message by POST: which era, which session, do headers and body agree. The order
 * of the checks is that of mcp.h's revisions: clients decide by the first error they meet. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "mcp/ask.h"
#include "mcp/batch.h"
#include "mcp/era.h"
#include "mcp/method.h"
#include "web/web_private.h"

/* -- 2026-07-28 -------------------------------------------------------------------------- */

static void modern(struct request *r, const struct http_exchange *x)
{
    if (modern_meta(r) && web_version_agrees(r, x) && modern_served(r) && web_method_agrees(r, x) &&
        method_known(r) && web_name_agrees(r, x) && web_arguments_agree(r, x))
        method_run(r);
    else
        request_error(r);
}

/* -- session revisions ------------------------------------------------------------------- */

static bool is_legacy_version(const char *header)
{
    return !header || era_is_legacy(header);
}

/* Does the header say 2026-07-28 or later although the message does not claim it? */
static bool modern_header(const struct rpc *rpc, const struct http_exchange *x)
{
    bool initialize = rpc->method && !strcmp(rpc->method, "initialize");
    return !initialize && !is_legacy_version(http_header(x, "mcp-protocol-version"));
}

static void post_initialize(struct web *w, struct web_reply *to, struct request *r)
{
    struct err e = { 0 };
    struct session *s = session_open(w->mcp, r->principal, r->owner->name, &e);
    if (!s) {
        request_fail(r, 503, RPC_INTERNAL, "%s", e.text);
        request_error(r);
        return;
    }
    to->session_id = arena_strdup(to->arena, s->id);
    session_enter(s, r);
    method_run(r);
}

static struct request *request_of(struct web *w, struct http_exchange *x, struct arena *a,
                                  const struct rpc *rpc, const char *who)
{
    struct web_reply *to = web_reply_new(w, x);
    struct request *r = request_new(w->mcp, a, &to->to, web_owner(w, x));
    to->request = r;
    r->rpc = *rpc;
    r->principal = arena_strdup(a, who);
    return r;
}

static void legacy_request(struct web *w, struct http_exchange *x, struct arena *a,
                           const struct rpc *rpc, const char *who)
{
    if (!strcmp(rpc->method, "initialize")) {
        struct request *r = request_of(w, x, a, rpc, who);
        post_initialize(w, (struct web_reply *)(void *)r->reply, r);
        return;
    }
    struct session *s = web_session(w, x, rpc->id);
    if (!s) {
        arena_free(a);
        return;
    }
    struct web_reply *to = web_reply_new(w, x);
    web_reply_of(to, s);
    method_run(session_request(s, a, rpc, &to->to));
}

/* A notification, or the answer to a request of ours. */
static void legacy_other(struct web *w, struct http_exchange *x, const struct rpc *rpc)
{
    struct session *s = web_session(w, x, NULL);
    if (!s)
        return;
    if (rpc->kind == RPC_RESPONSE)
        ask_answer(s, rpc);
    else
        method_notified(s, rpc);
    http_reply(x, 202, NULL, NULL, 0);
}

/* -- all
 * -----------------------------------------------------------------------------------------------
 */

static void route(struct web *w, struct http_exchange *x, struct arena *a, const struct rpc *rpc)
{
    if (!web_scoped(w, x, rpc)) {
        arena_free(a);
        return;
    }
    const char *who = web_principal(x);
    bool claimed = rpc->kind != RPC_RESPONSE && modern_claimed(rpc);
    if (rpc->kind == RPC_REQUEST && (claimed || modern_header(rpc, x))) {
        struct request *r = request_of(w, x, a, rpc, who);
        ((struct web_reply *)(void *)r->reply)->modern = true;
        modern(r, x);
        return;
    }
    if (rpc->kind == RPC_REQUEST) {
        legacy_request(w, x, a, rpc, who);
        return;
    }
    if (claimed || modern_header(rpc, x))
        http_reply(x, 202, NULL, NULL,
                   0); /* 2026-07-28 has no notifications that we could act on */
    else
        legacy_other(w, x, rpc);
    arena_free(a);
}

static void post_batch(struct web *w, struct http_exchange *x)
{
    struct err e = { 0 };
    struct session *s = web_scoped(w, x, NULL) ? web_session(w, x, NULL) : NULL;
    if (!s)
        return;
    struct batch *b = batch_read(s, x->body, x->body_len, &e);
    if (!b) {
        web_refuse(x, 400, NULL, e.status, e.text);
        return;
    }
    struct web_reply *to = web_reply_new(w, x);
    web_reply_of(to, s);
    batch_run(b, s, &to->to);
}

void web_post(struct web *w, struct http_exchange *x)
{
    if (batch_looks(x->body, x->body_len)) {
        post_batch(w, x);
        return;
    }
    struct arena *a = arena_new_message();
    struct rpc rpc = { 0 };
    struct err e = { 0 };
    if (rpc_parse(a, x->body, x->body_len, &rpc, &e)) {
        route(w, x, a, &rpc);
        return;
    }
    web_refuse(x, 400, rpc.id, e.status ? e.status : RPC_INVALID_REQUEST, e.text);
    arena_free(a);
}
