/* console.c - the control plane on a port: each exchange is answered at once by embedded_handle. */
#include "embedded/embedded.h"

#include "base/arena.h"
#include "base/err.h"
#include "embedded/objects/plugin_catalog.h"
#include "net/gate.h"
#include "net/http.h"
#include "net/listen.h"
#include "net/loop.h"

enum { MAX_BODY = 16 << 20 };

struct embedded_server {
    struct arena *arena; /* ends with the server */
    struct embedded *plane;
    struct http_server *http;
    struct gate gate;
};

static const struct embedded_header *all_headers(struct http_exchange *x)
{
    const struct http_header *given = http_headers_like(x, "");
    size_t n = 0;
    while (given[n].name)
        n++;
    struct embedded_header *out = arena_array(x->arena, struct embedded_header, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct embedded_header){ given[i].name, given[i].value };
    return out;
}

static void handle(void *arg, struct http_exchange *x)
{
    struct embedded_server *s = arg;
    struct embedded_answer answer;
    struct embedded_call call = { .method = x->method,
                                  .target = x->target,
                                  .headers = all_headers(x),
                                  .body = x->body,
                                  .body_len = x->body_len };
    embedded_handle(s->plane, x->arena, &call, &answer);
    struct http_header headers[sizeof answer.headers / sizeof *answer.headers] = { { 0 } };
    for (size_t i = 0; answer.headers[i].name; i++)
        headers[i] = (struct http_header){ answer.headers[i].name, answer.headers[i].value };
    http_reply(x, answer.status, headers, answer.body, answer.len);
}

/* The real console is not reached by pages of others because it stands behind a gateway of its
 * own; this one stands on a port. */
static bool let_in(void *arg, struct http_exchange *x)
{
    const struct embedded_server *s = arg;
    static const struct http_header type[] = { { "Content-Type", "application/json" }, { 0 } };
    const char *refused = gate_refuses(&s->gate, x);
    if (!refused)
        return true;
    const char *body = arena_printf(
        x->arena, "{\"success\":false,\"message\":\"%s (console --hosts, --origins)\"}", refused);
    http_reply(x, 403, type, body, strlen(body));
    return false;
}

struct embedded_server *embedded_start(struct loop *l, const struct embedded_options *o,
                                       struct err *e)
{
    struct arena *a = arena_new();
    struct embedded_server *s = arena_make(a, struct embedded_server);
    s->arena = a;
    if (!o->plugins || plugin_catalog_add(o->plugins, e))
        s->plane = embedded_open(o->dir, e);
    if (s->plane)
        s->plane->lenient = o->lenient;
    s->gate = (struct gate){ .loopback = listen_is_local(o->address),
                             .hosts = o->hosts,
                             .origins = o->origins };
    struct http_options options = { .address = o->address,
                                    .port = o->port,
                                    .max_body = MAX_BODY,
                                    .handler = handle,
                                    .gate = let_in,
                                    .arg = s };
    if (s->plane)
        s->http = http_listen(l, &options, e);
    if (s->http)
        return s;
    embedded_stop(s);
    return NULL;
}

int embedded_port(const struct embedded_server *s)
{
    return http_port(s->http);
}

struct embedded *embedded_plane(const struct embedded_server *s)
{
    return s->plane;
}

void embedded_stop(struct embedded_server *s)
{
    if (!s)
        return;
    if (s->http)
        http_close(s->http);
    embedded_close(s->plane);
    arena_free(s->arena);
}
