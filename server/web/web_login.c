/* web_login.c - /login and /logout: by passphrase (scrypt on a thread beside the loop) or by the
 * token of an approver; by OpenID Connect: web_oidc.c. What is wrong is slowed and audited by
 * source.h, whichever it is, and says neither whether there is such a person nor what they lack. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/fiber.h"
#include "base/secret.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/offload.h"
#include "store/store.h"
#include "web/login_page_private.h"
#include "web/passphrase_private.h"
#include "web/source_private.h"
#include "web/visit_private.h"

const char login_full[] = "Too many people are logged in: try again later.";

/* A try by passphrase; in an arena of its own, which outlives the browser. */
struct
try {
    struct arena *arena;
    struct web *web;
    struct http_exchange *x; /* NULL: it has gone */
    const char *who, *to, *secret, *peer;
    struct passphrase passphrase;
    struct cancel cancel;
    bool ended; /* the server: web is gone */
};

void login_show(struct visit *v, int status, const char *to, const char *wrong)
{
    const struct config *c = v->web->mcp->config;
    struct page_login login = { .to = visit_to(v->arena, to),
                                .wrong = wrong ? secret_scrub(v->arena, wrong) : NULL };
    login.tokens = c->approvers[0].name != NULL;
    for (const struct config_person *p = c->people; p && p->name; p++)
        login.passphrases = login.passphrases || p->passphrase;
    if (c->oidc.issuer)
        login.provider = c->oidc.name;
    if (visit_asked(v->x, "left"))
        login.leave = web_oidc_leave(v->web, v->arena);
    visit_page(v->x, status, page_login(&v->viewer, &login));
}

/* -- what comes of a try ----------------------------------------------------------------- */

void login_note(struct web *w, const char *event, const char *who, cJSON *detail)
{
    struct err e = { 0 };
    struct service *s = w->mcp->service;
    struct store *store = s->gateway ? engine_store(service_engine(s), &e) : NULL;
    if (store)
        store_audit(store, event, NULL, who, channel_name(CHANNEL_PAGE), detail, &e);
}

const char *login_new_session(struct visit *v, const struct logged_in *who, const char *secret,
                              cJSON *detail)
{
    struct web *w = v->web;
    login_close(w->logins, visit_cookie(w, v->x, COOKIE_SESSION));
    const char *cookie =
        login_open(w->logins, v->arena, who->who, who->by, secret, loop_now(w->mcp->loop));
    if (!cookie)
        return NULL;
    login_note(w, "login", who->who, detail);
    return visit_set_cookie(w, v->x, COOKIE_SESSION, cookie);
}

static void open_session(struct visit *v, const struct logged_in *who, const char *secret,
                         const char *to)
{
    const char *cookie = login_new_session(v, who, secret, NULL);
    if (cookie)
        visit_go(v->x, visit_to(v->arena, to), cookie);
    else
        login_show(v, 503, to, login_full);
}

static void keep_out(struct visit *v, const char *to)
{
    login_show(v, 403, to, "That is not right.");
}

bool login_must_wait(struct visit *v, const char *token, const char *to)
{
    double wait = source_wait(v->web->sources, v->x->peer, token);
    if (wait <= 0)
        return false;
    login_show(v, 429, to,
               arena_printf(v->arena, "Too many wrong tries came from here: try again in %d s.",
                            (int)wait + 1));
    return true;
}

/* -- by token ---------------------------------------------------------------------------- */

static void by_token(struct visit *v, const char *token, const char *to)
{
    const struct config_token *found = NULL;
    const char *sent = arena_printf(v->arena, "Bearer %s", token);
    const char *hash = crypto_sha256_hex(v->arena, token, strlen(token));
    if (login_must_wait(v, sent, to))
        return;
    for (const struct config_token *t = v->web->mcp->config->approvers; t->name; t++)
        if (crypto_equal(t->sha256, hash, 2 * SHA256_SIZE))
            found = t;
    if (!found) {
        source_wrong(v->web->sources, v->x->peer, "login", false);
        keep_out(v, to);
        return;
    }
    source_right(v->web->sources, v->x->peer, sent);
    open_session(v, &(struct logged_in){ found->name, NULL, LOGIN_BY_TOKEN }, found->sha256, to);
}

/* -- by passphrase ----------------------------------------------------------------------- */

/* Who leaves has tried all the same: the work is done, and counts. */
static void browser_left(struct http_exchange *x)
{
    struct try *t = x->user;
    t->x = NULL;
}

static struct try **place_of(struct web *w, const struct try *t)
{
    for (int i = 0; i < WEB_JUDGED_AT_ONCE; i++)
        if (w->judged[i] == t)
            return &w->judged[i];
    return NULL;
}

void web_stop_judging(struct web *w)
{
    for (int i = 0; i < WEB_JUDGED_AT_ONCE; i++) {
        struct try *t = w->judged[i];
        if (!t)
            continue;
        if (t->x)
            t->x->on_gone = NULL;
        t->x = NULL;
        t->ended = true;
        cancel_fire(&t->cancel); /* judge goes on when the thread has ended */
    }
}

static void answer_try(struct visit *v, const struct try *t, bool judged, bool right)
{
    if (!judged)
        login_show(v, 503, t->to, "It could not be looked at: try again.");
    else if (right)
        open_session(v, &(struct logged_in){ t->who, NULL, LOGIN_BY_PASSPHRASE }, t->secret, t->to);
    else
        keep_out(v, t->to);
}

static void judge(void *arg)
{
    struct try *t = arg;
    struct err e = { 0 };
    struct visit v;
    bool judged = offload(t->web->mcp->loop, passphrase_judge, &t->passphrase, "a passphrase",
                          &t->cancel, &e);
    bool right = judged && t->passphrase.right && t->secret;
    if (!t->ended)
        *place_of(t->web, t) = NULL;
    if (judged && !right)
        source_wrong(t->web->sources, t->peer, "login", false);
    if (t->x) {
        t->x->on_gone = NULL;
        visit_anyone(&v, t->web, t->x, false);
        answer_try(&v, t, judged, right);
    }
    arena_free(t->arena);
}

static const char *passphrase_of(const struct config *c, const char *name)
{
    for (const struct config_person *p = c->people; p && p->name; p++)
        if (!strcmp(p->name, name))
            return p->passphrase;
    return NULL;
}

static void by_passphrase(struct visit *v, const char *name, const char *typed, const char *to)
{
    struct web *w = v->web;
    if (login_must_wait(v, "", to))
        return;
    struct try **place = place_of(w, NULL);
    if (!place) {
        login_show(v, 503, to, "Others log in just now: try again.");
        return;
    }
    struct arena *a = arena_new();
    struct try *t = arena_make(a, struct try);
    *t = (struct try){ .arena = a, .web = w, .x = v->x, .to = arena_strdup(a, to) };
    t->who = arena_strdup(a, name);
    t->secret = arena_strdup(a, passphrase_of(w->mcp->config, name));
    t->peer = arena_strdup(a, v->x->peer);
    snprintf(t->passphrase.typed, sizeof t->passphrase.typed, "%s", typed);
    if (!passphrase_read(a, t->secret, &t->passphrase)) {
        arena_free(a);
        login_show(v, 500, to,
                   "The passphrase of this person cannot be read in the configuration.");
        return;
    }
    *place = t;
    v->x->user = t;
    v->x->on_gone = browser_left;
    fiber_start(judge, t);
}

/* -- the exchanges ----------------------------------------------------------------------- */

void web_login_page(struct web *w, struct http_exchange *x)
{
    struct visit v;
    const char *to = visit_asked(x, "to");
    if (!visit_anyone(&v, w, x, false))
        return;
    if (v.login)
        visit_go(x, visit_to(v.arena, to), NULL);
    else
        login_show(&v, 200, to, NULL);
}

void web_login(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (!visit_anyone(&v, w, x, true))
        return;
    const char *token = json_str(v.form, "token"), *to = json_str(v.form, "to");
    const char *name = json_str(v.form, "name"), *typed = json_str(v.form, "passphrase");
    to = to ? to : "/changes";
    if (token)
        by_token(&v, token, to);
    else if (name && typed && strlen(typed) <= PASSPHRASE_MAX)
        by_passphrase(&v, name, typed, to);
    else
        login_show(&v, 400, to, NULL);
}

void web_logout(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (!visit_acts(&v, w, x))
        return;
    bool provider = v.login->by == LOGIN_BY_OIDC;
    login_note(w, "logout", v.login->who, NULL);
    login_close(w->logins, visit_cookie(w, x, COOKIE_SESSION));
    visit_go(x, provider ? "/login?left=1" : "/login",
             visit_set_cookie(w, x, COOKIE_SESSION, NULL));
}
