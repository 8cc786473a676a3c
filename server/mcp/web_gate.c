/* web_gate.c - who may speak at all: Host, Origin, bearer token, then path, method, content type.
 * Runs right after the headers, before a byte of the body is read. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/config.h"
#include "mcp/web_inside.h"

static const char allow_headers[] =
    "content-type, accept, authorization, mcp-session-id, mcp-protocol-version, last-event-id, "
    "mcp-method, mcp-name";

static bool listed(const char *const *list, const char *value)
{
    for (; *list; list++)
        if (text_equal_nocase(*list, value))
            return true;
    return false;
}

/* host of "host:port" and "[v6]:port" is a loopback name? */
static bool loopback_name(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    size_t n =
        host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncasecmp(names[i], host, n) == 0)
            return host[n] == '\0' ||
                   (host[n] == ':' && strspn(host + n + 1, "0123456789") == strlen(host + n + 1));
    return false;
}

static bool host_allowed(const struct web *w, const struct http_exchange *x)
{
    const char *host = http_header(x, "host");
    if (!host || http_header_count(x, "host") != 1)
        return !strcmp(x->peer, "unix");
    if (loopback_name(host))
        return true;
    const char *colon = strrchr(host, ':');
    size_t n = colon && strchr(host, ']') < colon ? (size_t)(colon - host) : strlen(host);
    return listed(w->mcp->config->hosts, arena_strndup(x->arena, host, n)) ||
           listed(w->mcp->config->hosts, host);
}

static bool origin_allowed(const struct web *w, const struct http_exchange *x)
{
    const char *origin = http_header(x, "origin");
    if (!origin)
        return true;
    if (http_header_count(x, "origin") != 1)
        return false;
    if (listed(w->mcp->config->origins, origin))
        return true;
    const char *host = text_starts(origin, "http://")    ? origin + 7
                       : text_starts(origin, "https://") ? origin + 8
                                                         : NULL;
    return w->loopback && host && loopback_name(host);
}

const char *web_principal(const struct web *w, const struct http_exchange *x)
{
    const struct config_token *tokens = w->mcp->config->tokens;
    if (!tokens[0].name)
        return "local";
    const char *header = http_header(x, "authorization");
    if (!header || http_header_count(x, "authorization") != 1 ||
        strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    const char *token = header + 7;
    const char *hash = crypto_sha256_hex(x->arena, token, strlen(token));
    const char *who = NULL;
    for (; tokens->name; tokens++) /* all of them, so that the time says nothing */
        if (crypto_equal(tokens->sha256, hash, 2 * SHA256_SIZE))
            who = tokens->name;
    return who;
}

void web_refuse(struct http_exchange *x, int status, const char *id, int code, const char *text)
{
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { 0 } };
    const char *body = rpc_error(x->arena, id, code, text, NULL);
    http_reply(x, status, headers, body, strlen(body));
}

static bool refuse(struct http_exchange *x, int status, const char *text)
{
    web_refuse(x, status, NULL, RPC_INVALID_REQUEST, text);
    return false;
}

static bool challenge(struct http_exchange *x)
{
    bool given = http_header(x, "authorization") != NULL;
    const struct http_header headers[] = {
        { "Content-Type", "application/json" },
        { "WWW-Authenticate", given ? "Bearer error=\"invalid_token\"" : "Bearer" },
        { 0 },
    };
    const char *body = rpc_error(x->arena, NULL, RPC_INVALID_REQUEST,
                                 "A bearer token of this server is needed", NULL);
    http_reply(x, 401, headers, body, strlen(body));
    return false;
}

static bool preflight(struct http_exchange *x)
{
    const struct http_header headers[] = {
        { "Access-Control-Allow-Origin", http_header(x, "origin") },
        { "Access-Control-Allow-Methods", "GET, POST, DELETE" },
        { "Access-Control-Allow-Headers", allow_headers },
        { "Access-Control-Max-Age", "600" },
        { "Vary", "Origin" },
        { 0 },
    };
    http_reply(x, 204, http_header(x, "origin") ? headers : headers + 1, NULL, 0);
    return false;
}

static bool is_json(const struct http_exchange *x)
{
    const char *type = http_header(x, "content-type");
    size_t n = sizeof "application/json" - 1;
    return type && strncasecmp(type, "application/json", n) == 0 && strchr(" ;\t", type[n]);
}

static bool wrong_method(struct http_exchange *x)
{
    static const char body[] = "{\"error\":\"use GET, POST or DELETE\"}";
    const struct http_header headers[] = { { "Allow", "GET, POST, DELETE" },
                                           { "Content-Type", "application/json" },
                                           { 0 } };
    http_reply(x, 405, headers, body, sizeof body - 1);
    return false;
}

bool web_gate(void *arg, struct http_exchange *x)
{
    struct web *w = arg;
    if (!host_allowed(w, x))
        return refuse(x, 403, "This Host is not served here");
    if (!origin_allowed(w, x))
        return refuse(x, 403, "This Origin may not use this server");
    if (!strcmp(x->method, "OPTIONS"))
        return preflight(x);
    if (!web_principal(w, x))
        return challenge(x);
    if (strcmp(x->path, "/mcp"))
        return refuse(x, 404, "There is only /mcp here");
    if (!strcmp(x->method, "GET") || !strcmp(x->method, "DELETE"))
        return true;
    if (strcmp(x->method, "POST"))
        return wrong_method(x);
    return is_json(x) || refuse(x, 415, "Content-Type must be application/json");
}
