/* web_live.c - /changes/live: an open page hears when something was decided, planned or applied, by
 * whichever process: the audit has a new line then. It hears how many changes wait, and no more:
 * what it shows it asks for. The stream ends with its session, and keeps none alive. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "net/loop.h"
#include "store/store.h"
#include "web/visit_private.h"

enum { LIVE_MAX = 256, LIVE_OF_ONE = 16 /* session */, BEAT = 20 /* seconds */ };

struct live {
    struct http_exchange *x;
    struct live *next;
    const char *cookie;
    double said;
};

static int count_live(const struct web *w)
{
    int n = 0;
    for (const struct live *l = w->live; l; l = l->next)
        n++;
    return n;
}

static int count_live_of(const struct web *w, const char *cookie)
{
    int n = 0;
    for (const struct live *l = w->live; l; l = l->next)
        n += !strcmp(l->cookie, cookie);
    return n;
}

static void forget_live(struct web *w, const struct live *gone)
{
    for (struct live **at = &w->live; *at; at = &(*at)->next)
        if (*at == gone) {
            *at = gone->next;
            return;
        }
}

/* An exchange knows its stream, the stream its server by the arena's lifetime. */
struct live_user {
    struct live live; /* first */
    struct web *web;
};

static void live_gone(struct http_exchange *x)
{
    struct live_user *u = x->user;
    forget_live(u->web, &u->live);
}

/* False: it has gone. */
static bool say_live(struct live *l, const char *text, double now)
{
    l->said = now;
    return http_stream_write(l->x, text, strlen(text));
}

static const char *news_text(const struct web *w, struct arena *a)
{
    return arena_printf(a, "event: news\ndata: %s\n\n", visit_waiting(w, a));
}

void web_live(struct web *w, struct http_exchange *x)
{
    static const struct http_header headers[] = { { "Content-Type", "text/event-stream" },
                                                  { "Cache-Control", "no-store" },
                                                  { "X-Accel-Buffering", "no" },
                                                  { 0 } };
    struct visit v;
    if (!visit_anyone(&v, w, x, false))
        return;
    const char *site = http_header(x, "sec-fetch-site");
    const char *cookie = visit_cookie(w, x, COOKIE_SESSION);
    if (!v.login || (site && strcmp(site, "same-origin") != 0) || count_live(w) >= LIVE_MAX ||
        count_live_of(w, cookie) >= LIVE_OF_ONE) {
        web_refuse(x, v.login ? 503 : 401, NULL, RPC_INVALID_REQUEST,
                   "News are for pages of who is logged in, and there are places for some");
        return;
    }
    struct live_user *u = arena_make(x->arena, struct live_user);
    *u = (struct live_user){ { x, w->live, cookie, 0 }, w };
    w->live = &u->live;
    x->user = u;
    x->on_gone = live_gone;
    const char *text = news_text(w, x->arena);
    http_stream(x, 200, headers);
    say_live(&u->live, text, loop_now(w->mcp->loop));
}

/* Has the audit a new line? */
static bool has_news(struct web *w, struct arena *a)
{
    struct visit v = { .web = w };
    struct err e = { 0 };
    struct store *s = engine_store(visit_engine(&v), &e);
    const char *newest = s ? store_audit_newest(s, a, &e) : NULL;
    if (!newest || !strcmp(newest, w->news))
        return false;
    snprintf(w->news, sizeof w->news, "%s", newest);
    return true;
}

static void end_live(struct web *w, struct live *l)
{
    struct http_exchange *x = l->x;
    forget_live(w, l);
    x->on_gone = NULL;
    http_stream_end(x);
}

void web_live_tick(struct web *w)
{
    if (!w->live)
        return;
    struct arena *a = arena_new();
    double now = loop_now(w->mcp->loop);
    const char *text = has_news(w, a) ? news_text(w, a) : NULL;
    struct live *next;
    for (struct live *l = w->live; l; l = next) {
        next = l->next;
        const char *now_says = text ? text : now - l->said >= BEAT ? ":\n\n" : NULL;
        if (!login_find(w->logins, l->cookie, now, false) ||
            (now_says && !say_live(l, now_says, now)))
            end_live(w, l);
    }
    arena_free(a);
}

void web_live_end(struct web *w)
{
    while (w->live)
        end_live(w, w->live);
}
