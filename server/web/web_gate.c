/* web_gate.c - who may speak at all: Host, Origin, bearer token, then path, method, content type.
 * Runs right after the headers, before a byte of the body is read. Host and Origin are judged by
 * net/gate.h, as for every listener. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "net/gate.h"
#include "web/api_private.h"
#include "web/pages_private.h"
#include "web/web_private.h"

static const char allow_headers[] =
    "content-type, accept, authorization, mcp-session-id, mcp-protocol-version, last-event-id, "
    "mcp-method, mcp-name";

static void send_refusal(struct http_exchange *x, int status, const struct http_header *more,
                         const char *body)
{
    struct http_header headers[REFUSAL_HEADERS + 2] = {
        { "Content-Type", api_is_path(x) ? "application/problem+json" : "application/json" },
    };
    for (int i = 0; more && i < REFUSAL_HEADERS && more[i].name; i++)
        headers[i + 1] = more[i];
    http_reply(x, status, headers, body, strlen(body));
}

static const char *refusal_body(struct http_exchange *x, int status, const char *id, int code,
                                const char *text)
{
    return api_is_path(x) ? api_problem(x->arena, status, text)
                          : rpc_error(x->arena, id, code, text, NULL);
}

void web_refuse_with(struct http_exchange *x, int status, const struct http_header *more,
                     const char *text)
{
    send_refusal(x, status, more, refusal_body(x, status, NULL, RPC_INVALID_REQUEST, text));
}

void web_refuse(struct http_exchange *x, int status, const char *id, int code, const char *text)
{
    send_refusal(x, status, NULL, refusal_body(x, status, id, code, text));
}

static bool refuse_request(struct http_exchange *x, int status, const char *text)
{
    web_refuse(x, status, NULL, RPC_INVALID_REQUEST, text);
    return false;
}

/* -- paths ------------------------------------------------------------------------------- */

static const struct web_route routes[] = {
    { "/mcp", "GET", BY_CLIENTS, BODY_JSON, web_get },
    { "/mcp", "POST", BY_CLIENTS, BODY_JSON, web_post },
    { "/mcp", "DELETE", BY_CLIENTS, BODY_JSON, web_delete },
    { "/chat/", "POST", BY_ALL, BODY_ANY, web_chat },
    { "/chat/", "GET", BY_ALL, BODY_ANY, web_chat },
    { "/alerts/", "POST", BY_ALL, BODY_ANY, web_alert },
    { "/alerts/", "PUT", BY_ALL, BODY_ANY, web_alert },
    { "/metrics", "GET", BY_METRICS, BODY_FORM, web_metrics },
    { "/sse", "GET", BY_CLIENTS, BODY_JSON, web_sse },
    { "/messages", "POST", BY_CLIENTS, BODY_JSON, web_messages },
    { "/change", "GET", BY_ALL, BODY_FORM, web_old_link },
    { "/change", "POST", BY_APPROVERS, BODY_JSON, web_change },
    { "/", "GET", BY_ALL, BODY_FORM, web_home },
    { "/login", "GET", BY_ALL, BODY_FORM, web_login_page },
    { "/login", "POST", BY_ALL, BODY_FORM, web_login },
    { "/login/oidc", "GET", BY_ALL, BODY_FORM, web_oidc_answer },
    { "/login/oidc", "POST", BY_ALL, BODY_FORM, web_oidc_begin },
    { "/logout", "POST", BY_ALL, BODY_FORM, web_logout },
    { "/changes", "GET", BY_ALL, BODY_FORM, web_changes },
    { "/changes/live", "GET", BY_ALL, BODY_FORM, web_live },
    { "/changes/", "GET", BY_ALL, BODY_FORM, web_one_change },
    { "/changes/", "POST", BY_ALL, BODY_FORM, web_decide },
    { "/passkeys", "GET", BY_ALL, BODY_FORM, web_passkeys },
    { "/passkeys", "POST", BY_ALL, BODY_FORM, web_passkey_enrol },
    { "/passkeys/new", "POST", BY_ALL, BODY_FORM, web_passkey_new },
    { "/passkeys/sign", "POST", BY_ALL, BODY_FORM, web_passkey_sign },
    { "/api/", "GET", BY_API, BODY_JSON, web_api },
    { "/api/", "POST", BY_API, BODY_JSON, web_api },
    { "/audit", "GET", BY_ALL, BODY_FORM, web_audit },
    { "/audit", "POST", BY_ALL, BODY_FORM, web_audit_verify },
    { "/style.css", "GET", BY_ALL, BODY_FORM, web_asset },
    { "/map.css", "GET", BY_ALL, BODY_FORM, web_asset },
    { "/page.js", "GET", BY_ALL, BODY_FORM, web_asset },
    { "/.well-known/oauth-protected-resource", "GET", BY_ALL, BODY_JSON, web_metadata },
    { "/.well-known/oauth-protected-resource/mcp", "GET", BY_ALL, BODY_JSON, web_metadata },
    { "/.well-known/oauth-protected-resource/sse", "GET", BY_ALL, BODY_JSON, web_metadata },
    { 0 },
};

static bool is_at_path(const struct web_route *r, const struct http_exchange *x)
{
    bool whole_folder = strlen(r->path) > 1 && text_ends(r->path, "/");
    return whole_folder ? text_starts(x->path, r->path) && x->path[strlen(r->path)]
                        : !strcmp(r->path, x->path);
}

const struct web_route *web_route(const struct http_exchange *x)
{
    for (const struct web_route *r = routes; r->path && r->method; r++)
        if (is_at_path(r, x) && !strcmp(r->method, x->method))
            return r;
    return NULL;
}

/* "GET, POST, DELETE"; NULL: there is no such path. */
static const char *path_methods(const struct http_exchange *x)
{
    const char *all = NULL;
    for (const struct web_route *r = routes; r->path; r++)
        if (is_at_path(r, x) && !(all && strstr(all, r->method)))
            all = all ? arena_printf(x->arena, "%s, %s", all, r->method) : r->method;
    return all;
}

/* -- CORS -------------------------------------------------------------------------------- */

/* Other origins than the configured ones may send requests (a page of this machine), but no page
 * of theirs may read the answers. */
static void set_cors(const struct web *w, struct http_exchange *x)
{
    const char *origin = http_header(x, "origin");
    if (!w->mcp->config->origins[0])
        return;
    struct http_header *out = arena_array(x->arena, struct http_header, 4);
    *out++ = (struct http_header){ "Vary", "Origin" };
    x->extra = out - 1;
    if (!origin || !gate_lists(w->mcp->config->origins, origin))
        return;
    *out++ = (struct http_header){ "Access-Control-Allow-Origin", origin };
    *out++ =
        (struct http_header){ "Access-Control-Expose-Headers", "mcp-session-id, www-authenticate" };
}

/* Our own headers, and those of the Mcp-Param-… kind that the browser asks for. */
static const char *headers_for(const struct http_exchange *x)
{
    const char *all = allow_headers;
    const char *asked = http_header(x, "access-control-request-headers");
    while (asked && *asked) {
        asked += strspn(asked, ", \t");
        size_t n = strcspn(asked, ", \t");
        if (n > 10 && n < 100 && !strncasecmp(asked, "mcp-param-", 10))
            all = arena_printf(x->arena, "%s, %.*s", all, (int)n, asked);
        asked += n;
    }
    return all;
}

static bool preflight(struct http_exchange *x)
{
    bool ours = x->extra && x->extra[1].name;
    const struct http_header headers[] = {
        { "Allow", path_methods(x) },
        { ours ? "Access-Control-Allow-Methods" : NULL, path_methods(x) },
        { "Access-Control-Allow-Headers", headers_for(x) },
        { "Access-Control-Max-Age", "600" },
        { 0 },
    };
    http_reply(x, 204, headers, NULL, 0);
    return false;
}

static bool is_of_type(const struct http_exchange *x, const char *wanted)
{
    const char *type = http_header(x, "content-type");
    size_t n = strlen(wanted);
    return type && strncasecmp(type, wanted, n) == 0 && strchr(" ;\t", type[n]);
}

static bool wrong_method(struct http_exchange *x)
{
    const struct http_header headers[] = { { "Allow", path_methods(x) },
                                           { "Content-Type", "application/json" },
                                           { 0 } };
    const char *body = arena_printf(x->arena, "{\"error\":\"use %s\"}", path_methods(x));
    http_reply(x, 405, headers, body, strlen(body));
    return false;
}

/* Is there such a path, with that method, and a body that we read? */
static bool is_path_served(struct http_exchange *x)
{
    if (!path_methods(x))
        return refuse_request(x, 404, "There is only /mcp here, and /sse with /messages");
    const struct web_route *r = web_route(x);
    if (!r)
        return wrong_method(x);
    static const char *const types[] = {
        [BODY_JSON] = "application/json",
        [BODY_FORM] = "application/x-www-form-urlencoded",
    };
    if (r->body == BODY_ANY)
        return web_chat_fits(x);
    return strcmp(x->method, "POST") || is_of_type(x, types[r->body]) ||
           refuse_request(x, 415,
                          arena_printf(x->arena, "Content-Type must be %s", types[r->body]));
}

bool web_gate(void *arg, struct http_exchange *x)
{
    struct web *w = arg;
    const struct gate g = { .loopback = w->loopback,
                            .hosts = w->mcp->config->hosts,
                            .origins = w->mcp->config->origins };
    const char *refused = gate_refuses(&g, x);
    if (refused)
        return refuse_request(x, 403, refused);
    set_cors(w, x);
    if (!strcmp(x->method, "OPTIONS") && path_methods(x))
        return preflight(x);
    if (api_is_path(x))
        return api_gate(w, x);
    const struct web_route *r = web_route(x);
    enum web_who who = r ? r->who : BY_CLIENTS;
    if ((who == BY_CLIENTS && !web_known(w, x)) || (who == BY_APPROVERS && !web_approver(w, x)) ||
        (who == BY_METRICS && !web_metrics_open(w, x)))
        return false;
    return is_path_served(x);
}
