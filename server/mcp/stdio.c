/* stdio.c - a line is a message; answers leave in the order in which they are ready. */
#include "mcp/stdio.h"
#include "base/arena.h"
#include "base/json.h"
#include "call/service.h"
#include "mcp/ask.h"
#include "mcp/batch.h"
#include "mcp/era.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "mcp/method.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "net/loop.h"
#include "net/stdio.h"

struct pipe {
    struct reply_to to;           /* serves every message: there is one way back */
    struct standalone standalone; /* the same way */
    struct arena *arena;
    struct mcp *mcp;
    struct session *session;
    struct stdio *lines;
    struct loop_timer *grace;
    int pending; /* answers that have not come; the last one of a closed pipe frees it */
    bool closed;
    bool eof, told;
    void (*ended)(void *arg);
    void *arg;
};

static void tell_ended(void *arg)
{
    struct pipe *p = arg;
    if (p->told)
        return;
    p->told = true;
    p->ended(p->arg);
}

static void maybe_ended(void *arg)
{
    struct pipe *p = arg;
    if (p->eof && p->mcp->requests == 0)
        loop_soon(p->mcp->loop, tell_ended, p);
}

static void free_pipe(struct pipe *p)
{
    if (p->pending == 0)
        arena_free(p->arena);
}

static bool pipe_send(struct reply_to *to, const char *json, size_t n)
{
    struct pipe *p = (struct pipe *)(void *)to;
    if (!p->closed)
        stdio_write(p->lines, json, n);
    return !p->eof;
}

static void pipe_done(struct reply_to *to, int status, const char *json, size_t n)
{
    struct pipe *p = (struct pipe *)(void *)to;
    (void)status;
    p->pending--;
    if (p->closed) {
        free_pipe(p);
        return;
    }
    if (json)
        stdio_write(p->lines, json, n);
}

static bool send_unasked(struct standalone *s, const char *json, size_t n)
{
    struct pipe *p = (struct pipe *)(void *)((char *)s - offsetof(struct pipe, standalone));
    return pipe_send(&p->to, json, n);
}

static void keep_only_stream(struct standalone *s)
{
    (void)s; /* there is only this one */
}

static void refuse_line(struct pipe *p, struct arena *a, const char *id, int code, const char *text)
{
    const char *json = rpc_error(a, id, code, text, NULL);
    stdio_write(p->lines, json, strlen(json));
}

static void stdio_run(struct pipe *p, struct arena *a, const struct rpc *rpc)
{
    p->pending++;
    struct request *r = session_request(p->session, a, rpc, &p->to);
    if (!modern_claimed(rpc)) {
        method_run(r);
        return;
    }
    r->client = NULL;
    if (modern_meta(r) && modern_served(r) && method_known(r))
        method_run(r);
    else
        request_error(r);
}

static void run_batch(struct pipe *p, const char *line, size_t n)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct batch *b = batch_read(p->session, line, n, &e);
    p->pending += b != NULL;
    if (b)
        batch_run(b, p->session, &p->to);
    else
        refuse_line(p, a, NULL, e.status, e.text);
    arena_free(a);
}

static void on_line(void *arg, const char *line, size_t n)
{
    struct pipe *p = arg;
    struct arena *a = arena_new_message();
    struct rpc rpc = { 0 };
    struct err e = { 0 };
    if (batch_looks(line, n)) {
        arena_free(a);
        run_batch(p, line, n);
        return;
    }
    if (strspn(line, " \t\r") == n) {
        arena_free(a);
        return;
    }
    if (!rpc_parse(a, line, n, &rpc, &e)) {
        if (rpc.kind != RPC_NOTIFICATION)
            refuse_line(p, a, rpc.id, e.status ? e.status : RPC_INVALID_REQUEST, e.text);
    } else if (rpc.kind == RPC_REQUEST) {
        stdio_run(p, a, &rpc); /* the arena is the request's now */
        return;
    } else if (rpc.kind == RPC_RESPONSE) {
        ask_answer(p->session, &rpc);
    } else {
        method_notified(p->session, &rpc);
    }
    arena_free(a);
}

static void on_long(void *arg)
{
    struct pipe *p = arg;
    struct arena *a = arena_new();
    refuse_line(p, a, NULL, RPC_INVALID_REQUEST,
                "The message is longer than 16 MiB and was dropped");
    arena_free(a);
}

static void on_pipe_end(void *arg)
{
    struct pipe *p = arg;
    p->eof = true;
    while (p->session->asks) /* nobody is there to answer */
        ask_abandon(p->session->asks);
    listen_end_all(p->mcp);
    task_end_awaiting(p->mcp);
    if (!p->grace)
        p->grace = loop_timer(p->mcp->loop, PIPE_GRACE_SECONDS, 0, tell_ended, p);
    maybe_ended(p);
}

struct pipe *pipe_open(struct mcp *m, void (*ended)(void *arg), void *arg)
{
    struct arena *a = arena_new();
    struct pipe *p = arena_make(a, struct pipe);
    *p = (struct pipe){
        .to = { .send = pipe_send, .done = pipe_done },
        .standalone = { .close = keep_only_stream, .send = send_unasked, .open = true },
        .arena = a,
        .mcp = m,
        .session = session_alone(m, m->service->who),
        .ended = ended,
        .arg = arg
    };
    m->quiet = maybe_ended;
    m->quiet_arg = p;
    p->session->asks_by = CHANNEL_FORM_STDIO;
    session_set_standalone(p->session, &p->standalone);
    const struct stdio_options o = {
        .in = 0, .out = 1, .on_line = on_line, .on_long = on_long, .on_end = on_pipe_end, .arg = p
    };
    p->lines = stdio_open(m->loop, &o);
    return p;
}

void pipe_close(struct pipe *p)
{
    if (!p)
        return;
    p->eof = p->closed = true;
    p->mcp->quiet = NULL;
    p->pending++; /* stays while what runs is cancelled */
    session_end(p->session);
    loop_untimer(p->grace);
    stdio_close(p->lines);
    p->pending--;
    free_pipe(p);
}
