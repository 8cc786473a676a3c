/* web.c - listening, and the three methods of /mcp. The gate is web_gate.c, a POST web_post.c, a
 * GET web_get.c, the way back web_stream.c. */
#include "web/web.h"
#include "auth/oauth.h"
#include "base/arena.h"
#include "base/log.h"
#include "call/map.h"
#include "call/service.h"
#include "config/config.h"
#include "mcp/era.h"
#include "net/listen.h"
#include "net/loop.h"
#include "web/api_private.h"
#include "web/ceremony_private.h"
#include "web/login_private.h"
#include "web/pages_private.h"
#include "web/source_private.h"
#include "web/web_private.h"

/* Descriptors: net/wire.c has room for 16,384, of which some are needed for other things. */
enum { ADDRESS_SIZE = 256, CONNECTIONS_BESIDE = 1024, CONNECTIONS_MAX = 15360 };

/* The gate has seen the token; the body may have taken longer than that was good for. */
static void handle_exchange(void *arg, struct http_exchange *x)
{
    struct web *w = arg;
    const struct web_route *route = web_route(x);
    if (route->who == BY_CLIENTS && !web_principal(x))
        web_expired(w, x);
    else
        route->handle(w, x);
}

static void tell_clear_text(const struct web *w)
{
    const struct config *c = w->mcp->config;
    if (!w->loopback && !c->tls_certificate)
        log_event(LOG_WARN, "listen",
                  "%s is open to other machines without TLS: tokens travel in clear text unless a "
                  "proxy in front encrypts; see tls.certificate",
                  c->listen);
}

/* Without http.page people reach the page only where we know it: on this machine. */
static void find_page(const struct web *w, const char *address)
{
    const char *scheme = w->mcp->config->tls_certificate ? "https" : "http";
    const char *form = strchr(address, ':') ? "%s://[%s]:%d/change" : "%s://%s:%d/change";
    if (w->loopback && !strchr(address, '/'))
        w->mcp->service->local_page =
            arena_printf(w->mcp->arena, form, scheme, address, http_port(w->server));
}

/* A standalone stream for each session, and the requests beside them. */
static int most_connections(int sessions)
{
    return sessions < CONNECTIONS_MAX - CONNECTIONS_BESIDE ? sessions + CONNECTIONS_BESIDE
                                                           : CONNECTIONS_MAX;
}

struct web *web_listen(struct mcp *m, struct err *e)
{
    const char *listen = m->config->listen;
    struct arena *a = arena_new();
    struct web *w = arena_make(a, struct web);
    *w = (struct web){ .arena = a, .mcp = m };
    char *address = arena_alloc(a, ADDRESS_SIZE);
    struct http_options o = { .address = address,
                              .cert_file = m->config->tls_certificate,
                              .key_file = m->config->tls_key,
                              .max_connections = most_connections((int)m->config->sessions),
                              .handler = handle_exchange,
                              .gate = web_gate,
                              .arg = w };
    bool ok = listen_split(listen, address, ADDRESS_SIZE, &o.port, e) || err_at(e, "listen");
    w->loopback = ok && listen_is_local(address);
    if (ok && m->config->oauth_issuer)
        w->oauth = oauth_new(m->loop, m->config);
    if (ok && !w->loopback && !m->config->tokens[0].name && !w->oauth)
        ok = err_set(e, ERR_ARGS,
                     "listen: %.100s can be reached from other machines, which needs "
                     "authentication: configure http.tokens or http.oauth (see higress-ops serve "
                     "--help), or "
                     "listen on 127.0.0.1",
                     listen);
    if (ok)
        w->server = http_listen(m->loop, &o, e);
    if (w->server) {
        w->sources = sources_new(m);
        w->logins = logins_new(m->config);
        w->ceremonies = ceremonies_new(a);
        web_oidc_start(w);
        tell_clear_text(w);
        find_page(w, address);
        w->tick = loop_timer(m->loop, 1, 1, web_tick, w);
        return w;
    }
    oauth_free(w->oauth);
    arena_free(a);
    return NULL;
}

bool web_reload(struct web *w, struct err *e)
{
    const struct config *c = w->mcp->config;
    return !c->tls_certificate || http_renew(w->server, c->tls_certificate, c->tls_key, e);
}

void web_serve_bots(struct web *w, struct bots *b)
{
    w->bots = b;
}

int web_port(const struct web *w)
{
    return http_port(w->server);
}

void web_close(struct web *w)
{
    if (!w)
        return;
    web_live_end(w);
    api_let_go(w);
    http_close(w->server);
    web_stop_judging(w);
    web_oidc_stop(w);
    map_stop(w->mcp->service);
    loop_untimer(w->tick);
    web_let_go(w);
    oauth_free(w->oauth);
    sources_free(w->sources);
    logins_free(w->logins);
    arena_free(w->arena);
}

struct session *web_session(struct web *w, struct http_exchange *x, const char *rpc_id)
{
    const char *version = http_header(x, "mcp-protocol-version");
    if (version && !era_is_legacy(version)) {
        web_refuse(x, 400, rpc_id, RPC_INVALID_REQUEST,
                   "MCP-Protocol-Version is not that of a session");
        return NULL;
    }
    const char *id = http_header(x, "mcp-session-id");
    struct session *s = id ? session_find(w->mcp, id, web_principal(x)) : NULL;
    if (!id)
        web_refuse(x, 400, rpc_id, RPC_INVALID_REQUEST,
                   "Mcp-Session-Id is missing: initialize first");
    else if (!s)
        web_refuse(x, 404, rpc_id, RPC_INVALID_REQUEST, "Session not found");
    return s;
}

void web_delete(struct web *w, struct http_exchange *x)
{
    struct session *s = web_session(w, x, NULL);
    if (!s)
        return;
    session_end(s);
    http_reply(x, 204, NULL, NULL, 0);
}
