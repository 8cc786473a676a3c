/* visit_private.h - one request for a page: who it is from, and how it is answered.
 *
 * A page is for who is logged in. A request that changes something comes from a form of ours: its
 * Origin is this server's, the browser says so too (Sec-Fetch-Site), and it carries what only the
 * pages of this session hold. A link from another site comes without the cookie (SameSite=Strict):
 * it is answered by a page that loads itself again, which brings it.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"
#include "page/page.h"
#include "web/login_private.h"
#include "web/pages_private.h"
#include "web/web_private.h"

struct visit {
    struct web *web;
    struct http_exchange *x; /* NULL: it has gone */
    struct arena *arena;     /* of the exchange */
    const struct logged_in *login;
    struct viewer viewer;
    const cJSON *form; /* what was posted, by name; NULL: nothing */
};

/* Does anybody log in here? False after a 404. */
bool visit_serves(struct web *w, struct http_exchange *x);
/* For a GET: false after it has sent the browser to log in, or to come again. */
bool visit_opens(struct visit *v, struct web *w, struct http_exchange *x);
/* For a POST: also false after a 403. */
bool visit_acts(struct visit *v, struct web *w, struct http_exchange *x);
/* Nobody has to be logged in: v->login may be NULL. posts: false after a 403, as above, but
 * without what a session's pages hold. */
bool visit_anyone(struct visit *v, struct web *w, struct http_exchange *x, bool posts);

/* Did the browser come by the name of http.page? */
bool visit_is_at_page(const struct web *w, const struct http_exchange *x);

enum visit_cookie {
    COOKIE_SESSION, /* of who is logged in */
    COOKIE_ATTEMPT, /* of who has gone to the provider to log in (attempt_private.h) */
};

/* What the browser holds, or NULL: nothing, or two of that name. */
const char *visit_cookie(const struct web *w, const struct http_exchange *x,
                         enum visit_cookie which);
/* The value of Set-Cookie for it; value NULL: it ends. */
const char *visit_set_cookie(const struct web *w, const struct http_exchange *x,
                             enum visit_cookie which, const char *value);
/* "a=b&c=d" as an object of texts; what is no text, there twice, or more than any form of ours has,
 * fails: NULL. text NULL: no member. */
cJSON *visit_fields(struct arena *a, const char *text);
/* A member of the query; NULL: absent, empty or no text. */
const char *visit_asked(const struct http_exchange *x, const char *name);
/* A path of ours to which a login may go on; "/changes" for anything else. */
const char *visit_to(struct arena *a, const char *to);

void visit_page(struct http_exchange *x, int status, const char *html);
void visit_note(struct visit *v, int status, const char *title, const char *text);
/* cookie: the value of Set-Cookie, or NULL. */
void visit_go(struct http_exchange *x, const char *to, const char *cookie);
/* A page that goes on to `to` by itself, at this server with all cookies, since it is one of ours
 * that sends the browser there. cookies: values of Set-Cookie, NULL: none. */
void visit_go_on(struct http_exchange *x, const char *to, const char *html,
                 const char *const cookies[2]);
/* The page loads `to` by itself, as a page of ours does: with the cookie. */
void visit_come_again(struct http_exchange *x, const char *to);
/* How many changes wait for a decision: "", "3", "99+"; "?": that could not be read. */
const char *visit_waiting(const struct web *w, struct arena *a);
/* The names of the gateways, ended by NULL; NULL: there is only one. */
const char *const *visit_gateways(const struct visit *v);
/* Is a change, as engine_list gives it, for the gateway of that name? NULL: the only one. */
bool visit_is_of_gateway(const cJSON *change, const char *gateway);
/* {"changes"} that touched the object at that gateway, newest first, or {"unread": why}. */
cJSON *visit_history(const struct visit *v, const char *kind, const char *name, const char *gateway,
                     int limit);
struct engine *visit_engine(const struct visit *v);
/* Everything that fills answers of pages is scrubbed as answers of tools are. */
cJSON *visit_scrubbed(const struct visit *v, cJSON *o);
