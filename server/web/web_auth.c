/* web_auth.c - bearer tokens: those of the configuration, and OAuth access tokens. Challenges are
 * one header without escapes, as clients parse them; they name all scopes that are needed. Wrong
 * tokens are slowed and audited by source.h; who sends none has not guessed.
 */
#include "auth/oauth.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/catalog.h"
#include "call/service.h"
#include "config/config.h"
#include "net/listen.h"
#include "policy/policy.h"
#include "web/api_private.h"
#include "web/source_private.h"
#include "web/web_private.h"

#include <strings.h>

/* NULL: there is none, or more than one. */
static const char *token_of(const struct http_exchange *x)
{
    const char *header = http_header(x, "authorization");
    bool bearer = header && http_header_count(x, "authorization") == 1 &&
                  strncasecmp(header, "Bearer ", 7) == 0;
    return bearer ? header + 7 : NULL;
}

/* Whose of the tokens t it is; NULL: nobody's. */
static const char *owner(const struct config_token *t, const struct http_exchange *x,
                         const char *token)
{
    const char *who = NULL;
    const char *hash = crypto_sha256_hex(x->arena, token, strlen(token));
    for (; t->name; t++) /* all of them, so that the time says nothing */
        if (crypto_equal(t->sha256, hash, 2 * SHA256_SIZE))
            who = t->name;
    return who;
}

static bool open_to_all(const struct web *w)
{
    return !w->mcp->config->tokens[0].name && !w->oauth;
}

/* An exchange that the gate holds until the issuer has said what its token is; in its arena. */
struct held {
    struct oauth_wait wait; /* first */
    struct http_exchange *x;
};

static void told(struct oauth_wait *wait)
{
    struct http_exchange *x = ((struct held *)(void *)wait)->x;
    if (wait->verdict == OAUTH_GOOD)
        wait->grant.principal = arena_strdup(x->arena, wait->grant.principal);
    http_again(x);
}

static void left(struct http_exchange *x)
{
    oauth_leave(x->user);
}

/* OAUTH_ASKED: x is held, and the gate asked again with the verdict in x->user. */
static enum oauth_verdict issuer_says(const struct web *w, struct http_exchange *x,
                                      const char *token, struct oauth_grant *g, const char **why)
{
    const struct oauth_wait *heard = x->user;
    x->user = NULL;
    x->on_gone = NULL;
    if (heard) {
        *g = heard->grant;
        *why = heard->why;
        return heard->verdict;
    }
    struct held *h = arena_make(x->arena, struct held);
    h->wait.told = told;
    h->x = x;
    enum oauth_verdict v = oauth_check(w->oauth, token, &h->wait, g, why);
    x->user = v == OAUTH_ASKED ? h : NULL;
    x->on_gone = v == OAUTH_ASKED ? left : NULL;
    return v;
}

/* Only a token that is not one of the configuration is looked at as an OAuth token: that of an
 * approver is nobody else's business. */
static enum oauth_verdict grant_of(const struct web *w, struct http_exchange *x,
                                   struct oauth_grant *g, const char **why)
{
    *g = (struct oauth_grant){ .principal = "local", .read = true, .change = true };
    if (open_to_all(w))
        return OAUTH_GOOD;
    const char *token = token_of(x);
    *why = NULL;
    if (!token)
        return OAUTH_BAD;
    g->principal = owner(w->mcp->config->tokens, x, token);
    *why = "the token is not known";
    if (g->principal)
        return OAUTH_GOOD;
    if (!w->oauth || owner(w->mcp->config->approvers, x, token))
        return OAUTH_BAD;
    return issuer_says(w, x, token, g, why);
}

/* What the gate has judged, as long as it is true; NULL: no more, or nothing. */
static const struct oauth_grant *passed(const struct http_exchange *x)
{
    const struct oauth_grant *g = x->passed;
    return g && (g->until <= 0 || when_now() < g->until) ? g : NULL;
}

const char *web_principal(const struct http_exchange *x)
{
    const struct oauth_grant *g = passed(x);
    return g ? g->principal : NULL;
}

const char *web_owner(const struct web *w, const struct http_exchange *x)
{
    if (!open_to_all(w))
        return web_principal(x);
    char *from = arena_alloc(x->arena, LISTEN_SOURCE);
    listen_source(x->peer, from);
    return from;
}

double web_until(const struct http_exchange *x)
{
    const struct oauth_grant *g = passed(x);
    return g ? g->until : 0;
}

/* -- refusals ---------------------------------------------------------------------------- */

/* Where a client finds out who gives tokens: the well-known path in front of the resource's. */
static const char *metadata_url(const struct web *w, struct arena *a)
{
    const char *resource = w->mcp->config->oauth_resource;
    const char *host = strstr(resource, "://");
    size_t n = host ? (size_t)(host - resource) + 3 : 0;
    n += strcspn(resource + n, "/?#");
    return arena_printf(a, "%.*s/.well-known/oauth-protected-resource%s", (int)n, resource,
                        resource + n);
}

static bool refuse_with_challenge(const struct web *w, struct http_exchange *x, int status,
                                  const char *error, const char *scope, const char *text)
{
    struct arena *a = x->arena;
    const char *value = "Bearer";
    if (error)
        value = arena_printf(a, "Bearer error=\"%s\"", error);
    if (error && w->oauth)
        value = arena_printf(a, "%s, error_description=\"%s\",", value, text);
    if (w->oauth)
        value = arena_printf(a, "%s resource_metadata=\"%s\", scope=\"%s\"", value,
                             metadata_url(w, a), scope);
    const struct http_header more[] = {
        { status == 503 ? "Retry-After" : "WWW-Authenticate", status == 503 ? "1" : value },
        { 0 },
    };
    web_refuse_with(x, status, more, text);
    return false;
}

static const char *both_scopes(const struct web *w, struct arena *a)
{
    return arena_printf(a, "%s %s", w->mcp->config->oauth_read, w->mcp->config->oauth_change);
}

/* Has its source sent too many wrong ones? True after a 429. What the issuer has just been asked
 * about was let through before. */
static bool must_wait(const struct web *w, struct http_exchange *x)
{
    const char *sent = http_header(x, "authorization");
    double wait = sent && !x->user ? source_wait(w->sources, x->peer, sent) : 0;
    if (wait <= 0)
        return false;
    char from[LISTEN_SOURCE];
    listen_source(x->peer, from);
    int seconds = (int)wait + 1;
    const struct http_header more[] = { { "Retry-After", arena_printf(x->arena, "%d", seconds) },
                                        { 0 } };
    web_refuse_with(x, 429, more,
                    arena_printf(x->arena,
                                 "too many wrong tokens came from %s: no other is looked at for "
                                 "%d s; try again then",
                                 from, seconds));
    return true;
}

/* What the audit calls it where a wrong token knocked. */
static const char *door_of(const struct http_exchange *x)
{
    return api_is_path(x) ? "api" : !strcmp(x->path, "/change") ? "change" : "mcp";
}

static void note_verdict(const struct web *w, const struct http_exchange *x, enum oauth_verdict v)
{
    const char *sent = http_header(x, "authorization");
    if (!sent || open_to_all(w))
        return;
    if (v == OAUTH_GOOD)
        source_right(w->sources, x->peer, sent);
    else if (v == OAUTH_BAD)
        source_wrong(w->sources, x->peer, door_of(x), w->oauth != NULL);
}

bool web_known(const struct web *w, struct http_exchange *x)
{
    struct oauth_grant g;
    const char *why = NULL;
    const char *scope = w->mcp->config->oauth_read;
    if (!open_to_all(w) && must_wait(w, x))
        return false;
    enum oauth_verdict v = grant_of(w, x, &g, &why);
    note_verdict(w, x, v);
    if (v == OAUTH_ASKED)
        return false;
    if (v == OAUTH_LATER)
        return refuse_with_challenge(w, x, 503, NULL, scope, why);
    if (v == OAUTH_BAD && !http_header(x, "authorization"))
        return refuse_with_challenge(w, x, 401, NULL, scope,
                                     "A bearer token of this server is needed");
    if (v == OAUTH_BAD)
        return refuse_with_challenge(w, x, 401, "invalid_token", scope,
                                     why ? why : "A bearer token of this server is needed");
    if (!g.read)
        return refuse_with_challenge(w, x, 403, "insufficient_scope", scope,
                                     "the token may not read here");
    struct oauth_grant *keep = arena_make(x->arena, struct oauth_grant);
    *keep = g;
    keep->principal = arena_strdup(x->arena, g.principal);
    x->passed = keep;
    return true;
}

void web_expired(const struct web *w, struct http_exchange *x)
{
    refuse_with_challenge(w, x, 401, "invalid_token", w->mcp->config->oauth_read,
                          "the token has expired");
}

/* token: of nobody who decides; NULL: none was sent. */
static bool refuse_approver(const struct web *w, struct http_exchange *x, const char *token)
{
    static const char no[] = "{\"error\":\"this is not the token of an approver\"}";
    const struct http_header headers[] = { { "Content-Type", "application/json" },
                                           { "WWW-Authenticate", "Bearer" },
                                           { 0 } };
    if (http_header(x, "authorization"))
        source_wrong(w->sources, x->peer, door_of(x), false);
    if (!api_is_path(x))
        http_reply(x, 401, headers, no, sizeof no - 1);
    else if (token && owner(w->mcp->config->tokens, x, token))
        web_refuse_with(x, 403, NULL,
                        "this is the token of a client, which decides nothing: it takes one of "
                        "http.approvers");
    else
        web_refuse_with(x, 401, headers + 1, "this is not the token of an approver");
    return false;
}

bool web_approver(const struct web *w, struct http_exchange *x)
{
    if (must_wait(w, x))
        return false;
    const char *token = token_of(x);
    const char *who = token ? owner(w->mcp->config->approvers, x, token) : NULL;
    if (!who)
        return refuse_approver(w, x, token);
    source_right(w->sources, x->peer, http_header(x, "authorization"));
    struct oauth_grant *g = arena_make(x->arena, struct oauth_grant);
    *g = (struct oauth_grant){ .principal = who };
    x->passed = g;
    return true;
}

bool web_decides(const struct web *w, const struct http_exchange *x)
{
    const char *token = token_of(x);
    return token && owner(w->mcp->config->approvers, x, token);
}

bool web_reader(const struct web *w, struct http_exchange *x)
{
    return open_to_all(w) || web_decides(w, x) ? web_approver(w, x) : web_known(w, x);
}

static bool may_change(const struct web *w, const struct rpc *rpc)
{
    if (!rpc)
        return true;
    if (rpc->kind != RPC_REQUEST || strcmp(rpc->method, "tools/call"))
        return false;
    const char *name = json_str(rpc->params, "name");
    const struct catalog_tool *t = name ? catalog_find(w->mcp->service->catalog, name) : NULL;
    return t && policy_changes(t->tool->risk);
}

bool web_scoped(const struct web *w, struct http_exchange *x, const struct rpc *rpc)
{
    const struct oauth_grant *g = passed(x);
    if (!w->oauth || !may_change(w, rpc))
        return true;
    if (g && g->change)
        return true;
    return refuse_with_challenge(w, x, 403, "insufficient_scope", both_scopes(w, x->arena),
                                 rpc ? "this tool changes things, which the token may not"
                                     : "a batch needs a token that may change things");
}

/* -- metadata ---------------------------------------------------------------------------- */

void web_metadata(struct web *w, struct http_exchange *x)
{
    const struct config *c = w->mcp->config;
    if (!w->oauth) {
        web_refuse(x, 404, NULL, RPC_INVALID_REQUEST, "OAuth is not configured here");
        return;
    }
    struct arena *a = x->arena;
    cJSON *o = json_object(a);
    json_set_str(a, o, "resource", c->oauth_resource);
    json_add(a, json_set_array(a, o, "authorization_servers"), json_string(a, c->oauth_issuer));
    cJSON *scopes = json_set_array(a, o, "scopes_supported");
    json_add(a, scopes, json_string(a, c->oauth_read));
    json_add(a, scopes, json_string(a, c->oauth_change));
    json_add(a, json_set_array(a, o, "bearer_methods_supported"), json_string(a, "header"));
    json_set_str(a, o, "resource_name", "Higress operations");
    x->extra = NULL; /* everybody may read it */
    const struct http_header headers[] = { { "Content-Type", "application/json" },
                                           { "Access-Control-Allow-Origin", "*" },
                                           { "Cache-Control", "max-age=3600" },
                                           { 0 } };
    const char *body = json_print(a, o);
    http_reply(x, 200, headers, body, strlen(body));
}
