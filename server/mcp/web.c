/* web.c - listening, and the three methods of /mcp. The gate is web_gate.c, a POST web_post.c, the
 * way back web_stream.c. */
#include "mcp/web.h"
#include "base/arena.h"
#include "base/text.h"
#include "gateway/config.h"
#include "mcp/web_inside.h"

static void handle(void *arg, struct http_exchange *x)
{
    struct web *w = arg;
    if (!strcmp(x->method, "POST"))
        web_post(w, x);
    else if (!strcmp(x->method, "GET"))
        web_get(w, x);
    else
        web_delete(w, x);
}

static bool is_loopback(const char *address)
{
    return text_starts(address, "127.") || !strcmp(address, "::1") ||
           !strcmp(address, "localhost") || text_starts(address, "unix:");
}

/* "127.0.0.1:8470", "[::1]:8470", "unix:/path". */
static bool take_address(struct arena *a, const char *listen, struct http_options *o, struct err *e)
{
    if (text_starts(listen, "unix:")) {
        o->address = listen;
        return true;
    }
    const char *colon = strrchr(listen, ':');
    char *end = NULL;
    long port = colon && colon[1] ? strtol(colon + 1, &end, 10) : -1;
    if (port < 0 || port > 65535 || *end)
        return err_set(e, ERR_ARGS, "listen: '%.100s' is not ADDRESS:PORT", listen);
    bool brackets = listen[0] == '[' && colon > listen && colon[-1] == ']';
    size_t n = (size_t)(colon - listen) - (brackets ? 2 : 0);
    const char *address = arena_strndup(a, listen + brackets, n);
    o->address = strcmp(address, "localhost") ? address : "127.0.0.1";
    o->port = (int)port;
    return true;
}

struct web *web_listen(struct mcp *m, struct err *e)
{
    const char *listen = m->config->listen;
    struct arena *a = arena_new();
    struct web *w = arena_make(a, struct web);
    *w = (struct web){ .arena = a, .mcp = m };
    struct http_options o = { .address = "", .handler = handle, .gate = web_gate, .arg = w };
    bool ok = take_address(a, listen, &o, e);
    w->loopback = ok && is_loopback(o.address);
    if (ok && !w->loopback && !m->config->tokens[0].name)
        ok = err_set(e, ERR_ARGS,
                     "listen: %.100s can be reached from other machines, which needs "
                     "authentication: configure http.tokens (see higress-ops serve --help), or "
                     "listen on 127.0.0.1",
                     listen);
    if (ok)
        w->server = http_listen(m->loop, &o, e);
    if (w->server)
        return w;
    arena_free(a);
    return NULL;
}

int web_port(const struct web *w)
{
    return http_port(w->server);
}

void web_close(struct web *w)
{
    if (!w)
        return;
    http_close(w->server);
    arena_free(w->arena);
}

void web_delete(struct web *w, struct http_exchange *x)
{
    const char *id = http_header(x, "mcp-session-id");
    if (!id) {
        web_refuse(x, 400, NULL, RPC_INVALID_REQUEST, "Mcp-Session-Id is missing");
        return;
    }
    struct session *s = session_find(w->mcp, id, web_principal(w, x));
    if (!s) {
        web_refuse(x, 404, NULL, RPC_INVALID_REQUEST, "Session not found");
        return;
    }
    session_end(s);
    http_reply(x, 204, NULL, NULL, 0);
}
