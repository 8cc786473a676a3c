/* web_oidc.c - /login/oidc: a POST sends the browser to the provider, a GET is its way back. What
 * the provider knows is found out by auth/oidc.h on a fiber of its own, which outlives the browser;
 * who that is says `people`, and nobody else. Refusals are slowed and audited by source. */
#include "base/arena.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "net/listen.h"
#include "net/loop.h"
#include "policy/people.h"
#include "web/attempt_private.h"
#include "web/login_page_private.h"
#include "web/source_private.h"

enum {
    WHY_SHOWN = 300,
    LOG_SECONDS = 1,
    ERRANDS = 16, /* of the FETCH_MAX transfers, which the console needs too */
};

struct oidc_logins {
    struct oidc *provider;
    struct attempts *attempts;
    struct errand *errands[ERRANDS];
    double silent; /* loop_now until which no line is logged about the provider */
};

/* One question to the provider, in an arena of its own. */
struct errand {
    struct arena *arena;
    struct web *web;
    struct http_exchange *x; /* NULL: the browser has gone */
    const char *peer, *to;
    const char *code; /* NULL: on the way there */
    struct oidc_secrets secrets;
    const char *cookie; /* that the browser is to hold, on the way there */
    struct cancel cancel;
    bool ended; /* the server: web is gone */
};

/* -- refusals ---------------------------------------------------------------------------- */

/* A line of the audit of its own: only for what the provider itself said, since who has no account
 * there could fill the audit. All that is wrong is slowed and audited by source. It is by that
 * source, too: a stranger may be called there as somebody is here. */
static void note_refused_login(struct visit *v, const char *peer, const char *as, const char *why)
{
    char from[LISTEN_SOURCE];
    cJSON *detail = json_object(v->arena);
    listen_source(peer, from);
    json_set_str(v->arena, detail, "by", "oidc");
    if (as)
        json_set_str(v->arena, detail, "as", as);
    json_set_str(v->arena, detail, "why", text_clean(v->arena, why, WHY_SHOWN));
    login_note(v->web, "login refused", from, detail);
}

/* Once in LOG_SECONDS: many may come while a provider is down. */
static void complain_of_provider(struct web *w, const struct err *e)
{
    double now = loop_now(w->mcp->loop);
    if (now < w->oidc->silent)
        return;
    w->oidc->silent = now + LOG_SECONDS;
    log_event(LOG_ERROR, "oidc", "%s", e->text);
}

/* ERR_NET is nobody's attack: it is logged, and said. */
static void refuse_login(struct visit *v, const char *peer, const char *to, const struct err *e)
{
    if (e->kind == ERR_POLICY || e->kind == ERR_GATEWAY) {
        source_wrong(v->web->sources, peer, "login", false);
        login_show(v, 403, to, e->text);
        return;
    }
    complain_of_provider(v->web, e);
    login_show(v, 502, to,
               arena_printf(v->arena, "The provider could not be asked: %s. Nobody was logged in.",
                            e->text));
}

static void refuse_token(struct visit *v, const struct errand *r, const struct err *e)
{
    note_refused_login(v, r->peer, NULL, e->text);
    refuse_login(v, r->peer, r->to, e);
}

static void refuse_nobody(struct visit *v, const struct errand *r, const char *value)
{
    const char *shown = text_clean(v->arena, value, WHY_SHOWN);
    const char *why = arena_printf(
        v->arena,
        "%s knows you as '%s', which is nobody here: whoever runs this server can add it to `oidc` "
        "of a row of people.",
        v->web->mcp->config->oidc.name, shown);
    note_refused_login(v, r->peer, shown, "nobody of people");
    source_wrong(v->web->sources, r->peer, "login", false);
    login_show(v, 403, r->to, why);
}

/* -- errands ----------------------------------------------------------------------------- */

static struct errand **errand_place(struct oidc_logins *l, const struct errand *r)
{
    for (int i = 0; i < ERRANDS; i++)
        if (l->errands[i] == r)
            return &l->errands[i];
    return NULL;
}

static void end_errand(struct errand *r)
{
    if (r->x)
        r->x->on_gone = NULL;
    r->x = NULL;
    r->ended = true;
    cancel_fire(&r->cancel); /* run_login_errand goes on later */
}

static void asker_left(struct http_exchange *x)
{
    ((struct errand *)x->user)->x = NULL;
}

static void send_there(struct visit *v, const struct errand *r, const char *url)
{
    const struct config *c = v->web->mcp->config;
    const char *const cookies[2] = {
        visit_set_cookie(v->web, v->x, COOKIE_ATTEMPT, r->cookie),
    };
    visit_go_on(v->x, url, page_onward(&v->viewer, url, c->oidc.name), cookies);
}

static void let_person_in(struct visit *v, const struct errand *r, const char *value)
{
    struct web *w = v->web;
    const char *identity = NULL;
    const struct config_person *p = people_by_oidc(w->mcp->config, value, &identity);
    if (!p) {
        refuse_nobody(v, r, value);
        return;
    }
    cJSON *detail = json_object(v->arena);
    json_set_str(v->arena, detail, "by", "oidc");
    json_set_str(v->arena, detail, "as", text_clean(v->arena, value, WHY_SHOWN));
    const struct logged_in who = { p->name, NULL, LOGIN_BY_OIDC };
    const char *session = login_new_session(v, &who, identity, detail);
    if (!session) {
        login_show(v, 503, r->to, login_full);
        return;
    }
    const char *held = visit_cookie(w, v->x, COOKIE_ATTEMPT);
    bool more = attempt_is_known(w->oidc->attempts, held, loop_now(w->mcp->loop));
    const char *const cookies[2] = { session,
                                     more ? NULL
                                          : visit_set_cookie(w, v->x, COOKIE_ATTEMPT, NULL) };
    const char *to = visit_to(v->arena, r->to);
    visit_go_on(v->x, to, page_onward(&v->viewer, to, NULL), cookies);
}

static void answer_errand(struct visit *v, const struct errand *r, const char *found,
                          const struct err *e)
{
    if (!found && e->kind == ERR_POLICY)
        refuse_token(v, r, e);
    else if (!found)
        refuse_login(v, r->peer, r->to, e);
    else if (r->code)
        let_person_in(v, r, found);
    else
        send_there(v, r, found);
}

static void run_login_errand(void *arg)
{
    struct errand *r = arg;
    struct err e = { 0 };
    struct visit v;
    const char *found =
        r->code
            ? oidc_redeem(r->web->oidc->provider, r->arena, &r->secrets, r->code, &r->cancel, &e)
            : oidc_begin(r->web->oidc->provider, r->arena, &r->secrets, &r->cancel, &e);
    if (!r->ended)
        *errand_place(r->web->oidc, r) = NULL;
    if (r->x) {
        r->x->on_gone = NULL;
        if (visit_anyone(&v, r->web, r->x, false))
            answer_errand(&v, r, found, &e);
    }
    arena_free(r->arena);
}

static void start_errand(struct visit *v, const struct attempt *a, const char *code,
                         const char *cookie)
{
    struct web *w = v->web;
    struct errand **place = errand_place(w->oidc, NULL);
    if (!place) {
        login_show(v, 503, a->to, "Others log in just now: try again.");
        return;
    }
    struct arena *own = arena_new();
    struct errand *r = arena_make(own, struct errand);
    *r = (struct errand){ .arena = own, .web = w, .x = v->x, .secrets = a->secrets };
    r->peer = arena_strdup(own, v->x->peer);
    r->to = arena_strdup(own, a->to);
    r->code = arena_strdup(own, code);
    r->cookie = arena_strdup(own, cookie);
    *place = r;
    v->x->user = r;
    v->x->on_gone = asker_left;
    fiber_start(run_login_errand, r);
}

/* -- the exchanges ----------------------------------------------------------------------- */

static bool has_provider(struct visit *v)
{
    if (!v->web->oidc)
        visit_note(v, 404, "404", "No OpenID provider is configured here (http.oidc).");
    return v->web->oidc;
}

/* The provider sends people to http.page, and cookies do not follow from another name. */
static bool is_where_it_ends(struct visit *v, const char *to)
{
    bool is = visit_is_at_page(v->web, v->x);
    if (!is)
        login_show(v, 400, to,
                   arena_printf(v->arena, "The provider sends people back to %s: log in there.",
                                v->web->mcp->config->page));
    return is;
}

/* The session that the browser came with ends here: when it comes back from another site, its
 * cookie does not come along. */
void web_oidc_begin(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct attempt a;
    if (!visit_anyone(&v, w, x, true) || !has_provider(&v))
        return;
    const char *to = visit_to(v.arena, json_str(v.form, "to"));
    char from[LISTEN_SOURCE];
    listen_source(x->peer, from);
    if (login_must_wait(&v, "", to) || !is_where_it_ends(&v, to))
        return;
    login_close(w->logins, visit_cookie(w, x, COOKIE_SESSION));
    const char *cookie =
        attempt_open(w->oidc->attempts, v.arena, visit_cookie(w, x, COOKIE_ATTEMPT), from, to,
                     loop_now(w->mcp->loop), &a);
    start_errand(&v, &a, NULL, cookie);
}

/* What the provider said in place of a code; true after an answer. */
static bool is_refused_there(struct visit *v, const struct attempt *a)
{
    const char *error = visit_asked(v->x, "error");
    const char *more = visit_asked(v->x, "error_description");
    if (!error)
        return false;
    const char *name = v->web->mcp->config->oidc.name;
    const char *said = arena_printf(v->arena, "%s says: %s%s%s. Nobody was logged in.", name,
                                    text_clean(v->arena, error, WHY_SHOWN), more ? ": " : "",
                                    more ? text_clean(v->arena, more, WHY_SHOWN) : "");
    login_show(v, 403, a->to, said);
    return true;
}

/* The way back is a page that the browser goes to. What the page of another site loads, as a
 * picture or in a frame, is no guess of its visitor, who would be slowed for it. */
static bool is_way_back(struct visit *v)
{
    const char *what = http_header(v->x, "sec-fetch-dest");
    bool is = !what || !strcmp(what, "document");
    if (!is)
        visit_note(v, 403, "403", "This is a page for a browser to go to, from the provider.");
    return is;
}

void web_oidc_answer(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct attempt a;
    struct err e = { 0 };
    if (!visit_anyone(&v, w, x, false) || !has_provider(&v) || !is_way_back(&v) ||
        login_must_wait(&v, "", "/changes"))
        return;
    const char *code = visit_asked(x, "code");
    if (!attempt_take(w->oidc->attempts, visit_cookie(w, x, COOKIE_ATTEMPT),
                      visit_asked(x, "state"), loop_now(w->mcp->loop), &a)) {
        err_set(&e, ERR_POLICY,
                "This login is not open here: it was answered already, is too old, or was begun in "
                "another browser; begin again.");
        refuse_login(&v, x->peer, "/changes", &e);
        return;
    }
    if (!oidc_is_answer_of(w->oidc->provider, visit_asked(x, "iss"), &e)) {
        refuse_login(&v, x->peer, a.to, &e);
        return;
    }
    if (is_refused_there(&v, &a))
        return;
    if (code && strlen(code) <= OIDC_CODE_MAX)
        start_errand(&v, &a, code, NULL);
    else
        login_show(&v, 400, a.to, "The provider sent neither a code nor an error; begin again.");
}

/* -- life -------------------------------------------------------------------------------- */

void web_oidc_start(struct web *w)
{
    const struct config *c = w->mcp->config;
    if (!c->oidc.issuer)
        return;
    w->oidc = arena_make(w->arena, struct oidc_logins);
    w->oidc->provider = oidc_new(w->mcp->loop, c);
    w->oidc->attempts = attempts_new(w->arena);
}

void web_oidc_stop(struct web *w)
{
    if (!w->oidc)
        return;
    for (int i = 0; i < ERRANDS; i++)
        if (w->oidc->errands[i])
            end_errand(w->oidc->errands[i]);
    oidc_free(w->oidc->provider);
}

const char *web_oidc_leave(const struct web *w, struct arena *a)
{
    return w->oidc ? oidc_end_session(w->oidc->provider, a) : NULL;
}
