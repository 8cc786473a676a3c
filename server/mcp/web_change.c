/* web_change.c - where a person decides about changes in a browser.
 *
 * GET /change?id=ID is a page, the same for everybody, that holds nothing. What it shows and does
 * goes through POST /change, {"do":"list|show|approve|reject","id":…,"digest":…} to an engine_list
 * or engine_show, with the token of an approver (http.approvers): the gate takes no other there and
 * no client has one, so that nothing a model can send decides. The token is a header, which a
 * browser adds for no other site.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/field.h"
#include "base/json.h"
#include "gateway/config.h"
#include "gateway/engine.h"
#include "mcp/page.h"
#include "mcp/web_inside.h"

enum { NONCE_BYTES = 16, PENDING_SHOWN = 50 };

static const struct field asked[] = {
    { "do", STR, REQ, NULL, .one_of = "list|show|approve|reject" },
    { "id", STR, OPT, NULL, .min = 4, .max = 64 },
    { "digest", STR, OPT, "Of the change that the person has seen.", .min = 8, .max = 128 },
    { 0 },
};

/* What somebody asks at /change. Outlives the exchange: a decision is carried out also when the
 * browser has gone. */
struct decision {
    struct arena *arena;
    struct engine *engine;
    struct http_exchange *x; /* NULL: nobody waits for the answer */
    const char *who, *what, *id, *digest;
    struct cancel cancel;
    struct err err;
};

static void answer(struct decision *d, const cJSON *o)
{
    static const int statuses[] = {
        [ERR_ARGS] = 400,    [ERR_POLICY] = 409, [ERR_GATEWAY] = 502, [ERR_NET] = 502,
        [ERR_UNKNOWN] = 502, [ERR_GONE] = 503,   [ERR_PROTO] = 400,   [ERR_SYSTEM] = 500,
    };
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "Cache-Control", "no-store" },
                                                  { 0 } };
    cJSON *error = NULL;
    if (!o)
        json_set_str(d->arena, error = json_object(d->arena), "error", d->err.text);
    const char *body = json_print(d->arena, o ? o : error);
    if (d->x)
        http_reply(d->x, o ? 200 : statuses[d->err.kind], headers, body, strlen(body));
    arena_free(d->arena);
}

static void on_gone(struct http_exchange *x)
{
    struct decision *d = x->user;
    d->x = NULL;
}

static void carry_out(void *arg)
{
    struct decision *d = arg;
    const cJSON *o = engine_apply(d->engine, d->arena, d->id, &d->cancel, &d->err);
    if (d->x)
        d->x->on_gone = NULL;
    answer(d, o);
}

static void decide(struct decision *d)
{
    bool yes = !strcmp(d->what, "approve");
    if (!d->digest) {
        err_set(&d->err, ERR_ARGS, "digest: say which plan of change %s was seen", d->id);
        answer(d, NULL);
        return;
    }
    if (!engine_decide(d->engine, d->id, d->digest, yes, d->who, "page", &d->err)) {
        answer(d, NULL);
        return;
    }
    if (!yes) {
        answer(d, engine_show(d->engine, d->arena, d->id, false, &d->err));
        return;
    }
    d->x->user = d;
    d->x->on_gone = on_gone;
    fiber_start(carry_out, d);
}

static bool understand(struct decision *d, const struct http_exchange *x)
{
    cJSON *o = json_parse(d->arena, x->body, x->body_len, &d->err);
    if (!o || !field_check(asked, o, &d->err))
        return false;
    d->what = json_str(o, "do");
    d->id = json_str(o, "id");
    d->digest = json_str(o, "digest");
    return d->id || !strcmp(d->what, "list") ||
           err_set(&d->err, ERR_ARGS, "id: which change is missing");
}

void web_change(struct web *w, struct http_exchange *x)
{
    struct arena *a = arena_new();
    struct decision *d = arena_make(a, struct decision);
    *d = (struct decision){ .arena = a, .engine = mcp_engine(w->mcp), .x = x };
    d->who = arena_strdup(a, web_principal(x));
    if (!understand(d, x))
        answer(d, NULL);
    else if (!strcmp(d->what, "list"))
        answer(d, engine_list(d->engine, a, "pending", PENDING_SHOWN, NULL, &d->err));
    else if (!strcmp(d->what, "show"))
        answer(d, engine_show(d->engine, a, d->id, false, &d->err));
    else
        decide(d);
}

void web_page(struct web *w, struct http_exchange *x)
{
    if (!w->mcp->config->approvers[0].name) {
        web_refuse(x, 404, NULL, RPC_INVALID_REQUEST,
                   "Nobody decides on the web here: http.approvers is not configured");
        return;
    }
    const char *nonce = crypto_token(x->arena, NONCE_BYTES);
    const char *policy = arena_printf(
        x->arena,
        "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        nonce, nonce);
    const struct http_header headers[] = { { "Content-Type", "text/html; charset=utf-8" },
                                           { "Content-Security-Policy", policy },
                                           { "X-Frame-Options", "DENY" },
                                           { "X-Content-Type-Options", "nosniff" },
                                           { "Referrer-Policy", "no-referrer" },
                                           { "Cache-Control", "no-store" },
                                           { 0 } };
    const char *page = page_text(x->arena, "change.html", nonce);
    http_reply(x, 200, headers, page, strlen(page));
}
