/* wire.c - one exchange through libcurl. */
#include "wire.h"

#include "base/arena.h"
#include "base/err.h"
#include "net/fetch.h"

enum { MAX_HEADERS = 16 };

bool wire_is_transport(const char *name)
{
    static const char *const names[] = { "date", "content-length", "connection", "server",
                                         "keep-alive" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void take_headers(const struct fetch_answer *answer, struct embedded_answer *out)
{
    size_t n = 0, most = sizeof out->headers / sizeof *out->headers - 1;
    for (const struct fetch_header *h = answer->headers; h->name && n < most; h++)
        if (!wire_is_transport(h->name))
            out->headers[n++] = (struct embedded_header){ h->name, h->value };
}

bool wire_call(struct loop *l, struct arena *a, const char *base, const struct embedded_call *call,
               struct embedded_answer *out, struct err *e)
{
    struct fetch_header headers[MAX_HEADERS] = { { 0 } };
    struct fetch_answer answer;
    for (size_t i = 0; i + 1 < MAX_HEADERS && call->headers[i].name; i++)
        headers[i] = (struct fetch_header){ call->headers[i].name, call->headers[i].value };
    struct fetch_request request = { .method = call->method,
                                     .url = arena_printf(a, "%s%s", base, call->target),
                                     .headers = headers,
                                     .body = call->body_len ? call->body : NULL,
                                     .body_len = call->body_len };
    *out = (struct embedded_answer){ .body = "" };
    if (!fetch(l, a, &request, &answer, e))
        return false;
    out->status = answer.status;
    out->body = answer.body;
    out->len = answer.len;
    take_headers(&answer, out);
    return true;
}
