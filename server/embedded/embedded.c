/* embedded.c - opens the control plane and answers one call, without sockets. */
#include "embedded/embedded.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/seed.h"
#include "embedded/rest/dispatch.h"
#include "embedded/rest/rest.h"

/* All or none, so that a folder is never half filled. */
static bool seed(struct embedded *x, struct err *e)
{
    kstore_begin(x->store);
    bool seeded = seed_run(x, e);
    return kstore_commit(x->store, e) && seeded;
}

struct embedded *embedded_open(const char *dir, struct err *e)
{
    struct arena *a = arena_new();
    struct embedded *x = arena_make(a, struct embedded);
    x->arena = a;
    x->now = when_now;
    x->store = kstore_open(dir, e);
    if (x->store && seed(x, e))
        return x;
    embedded_close(x);
    return NULL;
}

void embedded_close(struct embedded *x)
{
    if (!x)
        return;
    kstore_close(x->store);
    arena_free(x->arena);
}

void embedded_handle(struct embedded *x, struct arena *a, const struct embedded_call *call,
                     struct embedded_answer *out)
{
    struct rest_request r = { .arena = a, .embedded = x, .store = x->store, .call = call };
    r.method = call->method;
    struct err e = { 0 };
    kstore_refresh(x->store);
    kstore_begin(x->store);
    dispatch_run(&r);
    if (!kstore_commit(x->store, &e)) {
        r.reply = (struct rest_reply){ 0 };
        kube_fail_storage(&r, &e);
    }
    const struct rest_reply *reply = &r.reply;
    size_t n = 0;
    *out = (struct embedded_answer){ .status = reply->status, .body = reply->text };
    out->len = reply->len;
    if (reply->content_type)
        out->headers[n++] = (struct embedded_header){ "content-type", reply->content_type };
    for (size_t i = 0; reply->headers[i][0]; i++)
        out->headers[n++] = (struct embedded_header){ reply->headers[i][0], reply->headers[i][1] };
}
