/* visit.c - who may see a page, and the headers that every page has. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "net/loop.h"
#include "policy/people.h"
#include "web/visit_private.h"

enum { FORM_MAX = 64 << 10, VALUE_MAX = 8192, FIELDS_MAX = 32, WAITING_SHOWN = 99, MORE = 3 };

/* -- answers ----------------------------------------------------------------------------- */

static void reply(struct http_exchange *x, int status, const struct http_header more[MORE],
                  const char *html)
{
    static const char policy[] =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
        "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'";
    const struct http_header headers[] = { { "Content-Type", "text/html; charset=utf-8" },
                                           { "Content-Security-Policy", policy },
                                           { "X-Frame-Options", "DENY" },
                                           { "X-Content-Type-Options", "nosniff" },
                                           { "Referrer-Policy", "same-origin" },
                                           { "Cross-Origin-Opener-Policy", "same-origin" },
                                           { "Cross-Origin-Resource-Policy", "same-origin" },
                                           { "Cache-Control", "no-store" },
                                           { "Vary", "Cookie, Accept-Language" },
                                           more[0],
                                           more[1],
                                           more[2],
                                           { 0 } };
    http_reply(x, status, headers, html, strlen(html));
}

void visit_page(struct http_exchange *x, int status, const char *html)
{
    reply(x, status, (const struct http_header[MORE]){ { 0 } }, html);
}

void visit_go(struct http_exchange *x, const char *to, const char *cookie)
{
    reply(x, 303,
          (const struct http_header[MORE]){ { "Location", to },
                                            { cookie ? "Set-Cookie" : NULL, cookie } },
          "");
}

void visit_go_on(struct http_exchange *x, const char *to, const char *html,
                 const char *const cookies[2])
{
    const struct http_header more[MORE] = {
        { "Refresh", arena_printf(x->arena, "0;url=%s", to) },
        { cookies[0] ? "Set-Cookie" : NULL, cookies[0] },
        { cookies[0] && cookies[1] ? "Set-Cookie" : NULL, cookies[1] },
    };
    reply(x, 200, more, html);
}

void visit_come_again(struct http_exchange *x, const char *to)
{
    visit_go_on(x, to, "<!doctype html><html lang=\"en\"><title>Higress</title>\n",
                (const char *const[2]){ NULL });
}

void visit_note(struct visit *v, int status, const char *title, const char *text)
{
    visit_page(v->x, status, page_note(&v->viewer, title, secret_scrub(v->arena, text)));
}

/* -- the cookie -------------------------------------------------------------------------- */

bool visit_is_at_page(const struct web *w, const struct http_exchange *x)
{
    const char *page = w->mcp->config->page, *host = http_header(x, "host");
    const char *name = page ? strstr(page, "://") : NULL;
    if (!host || !name)
        return false;
    name += strlen("://");
    size_t n = strcspn(name, "/?#");
    return strlen(host) == n && !strncasecmp(name, host, n);
}

/* Over TLS, ours or that of the proxy under whose name people reach us, the name binds the cookie
 * to this host; browsers differ in whether they take that name over HTTP on their own machine. */
static bool is_secure(const struct web *w, const struct http_exchange *x)
{
    const struct config *c = w->mcp->config;
    return c->tls_certificate ||
           (c->page && text_starts(c->page, "https://") && visit_is_at_page(w, x));
}

/* Strict: no other site's link or form brings it. Lax: the provider's way back from its own site
 * does, for as long as a login may take (ATTEMPT_LASTS). */
static const struct {
    const char *name, *site, *lasts;
} cookies[] = {
    [COOKIE_SESSION] = { "higress-ops", "Strict", "" },
    [COOKIE_ATTEMPT] = { "higress-ops-login", "Lax", "; Max-Age=600" },
};

static const char *cookie_name(const struct web *w, const struct http_exchange *x,
                               enum visit_cookie which)
{
    return arena_printf(x->arena, "%s%s", is_secure(w, x) ? "__Host-" : "", cookies[which].name);
}

const char *visit_cookie(const struct web *w, const struct http_exchange *x,
                         enum visit_cookie which)
{
    const char *name = cookie_name(w, x, which), *all = http_header(x, "cookie"), *found = NULL;
    size_t length = strlen(name);
    if (http_header_count(x, "cookie") > 1)
        return NULL;
    while (all && *all) {
        all += strspn(all, "; \t");
        size_t n = strcspn(all, ";");
        if (n > length && all[length] == '=' && !strncmp(all, name, length)) {
            if (found)
                return NULL;
            found = arena_strndup(x->arena, all + length + 1, n - length - 1);
        }
        all += n;
    }
    return found;
}

const char *visit_set_cookie(const struct web *w, const struct http_exchange *x,
                             enum visit_cookie which, const char *value)
{
    return arena_printf(x->arena, "%s=%s; Path=/; HttpOnly; SameSite=%s%s%s",
                        cookie_name(w, x, which), value ? value : "", cookies[which].site,
                        is_secure(w, x) ? "; Secure" : "",
                        value ? cookies[which].lasts : "; Max-Age=0");
}

/* -- what was asked ---------------------------------------------------------------------- */

/* One "a=b" of n bytes. False: it is no text, or there already. */
static bool add_field(struct arena *a, cJSON *o, const char *text, size_t n)
{
    size_t name = strcspn(text, "=&");
    char *value = arena_strndup(a, text + name + (name < n), n - name - (name < n));
    for (char *p = value; *p; p++)
        *p = *p == '+' ? ' ' : *p;
    const char *key = text_unpercent(a, text, name);
    value = text_unpercent(a, value, strlen(value));
    if (!key || !value || strlen(value) > VALUE_MAX || !text_utf8(value, strlen(value)) ||
        json_get(o, key) || !text_utf8(key, strlen(key)))
        return false;
    if (*value)
        json_set_str(a, o, key, value);
    return true;
}

cJSON *visit_fields(struct arena *a, const char *text)
{
    cJSON *o = json_object(a);
    for (int fields = 0; text && *text; fields++) {
        size_t n = strcspn(text, "&");
        if (fields == FIELDS_MAX || !add_field(a, o, text, n))
            return NULL;
        text += n + (text[n] == '&');
    }
    return o;
}

const char *visit_asked(const struct http_exchange *x, const char *name)
{
    return json_str(visit_fields(x->arena, x->query), name);
}

const char *visit_to(struct arena *a, const char *to)
{
    static const char *const pages[] = { "/changes", "/audit", "/passkeys", "/?", NULL };
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/?&=%._~+*-";
    if (!to || strspn(to, plain) != strlen(to) || strlen(to) > VALUE_MAX)
        return "/changes";
    if (!strcmp(to, "/"))
        return "/";
    for (const char *const *p = pages; *p; p++)
        if (text_starts(to, *p) && (text_ends(*p, "?") || strchr("/?", to[strlen(*p)])))
            return arena_strdup(a, to);
    return "/changes";
}

/* -- who --------------------------------------------------------------------------------- */

bool visit_serves(struct web *w, struct http_exchange *x)
{
    const struct config *c = w->mcp->config;
    bool anybody = c->approvers[0].name || c->oidc.issuer;
    for (const struct config_person *p = c->people; !anybody && p && p->name; p++)
        anybody = p->passphrase != NULL;
    if (!anybody)
        web_refuse(x, 404, NULL, RPC_INVALID_REQUEST,
                   "Nobody decides on the web here: neither http.approvers nor http.oidc nor a "
                   "passphrase of people is configured");
    return anybody;
}

/* Does the browser say that a page of this server sent it? */
static bool is_ours(const struct http_exchange *x)
{
    const char *site = http_header(x, "sec-fetch-site"), *origin = http_header(x, "origin");
    const char *host = http_header(x, "host");
    const char *from = origin ? strstr(origin, "://") : NULL;
    if ((site && strcmp(site, "same-origin") != 0) || http_header_count(x, "origin") > 1)
        return false;
    return origin ? from && host && text_equal_nocase(from + 3, host) : site != NULL;
}

const char *visit_waiting(const struct web *w, struct arena *a)
{
    struct err e = { 0 };
    const struct engine_query q = { .state = "pending", .limit = WAITING_SHOWN };
    const cJSON *list = engine_list(service_engine(w->mcp->service), a, &q, &e);
    int n = json_count(json_get(list, "changes"));
    if (!list)
        return "?";
    return n ? arena_printf(a, json_str(list, "next") ? "%d+" : "%d", n) : "";
}

static void fill_viewer(struct visit *v)
{
    const struct config *c = v->web->mcp->config;
    struct err ignored = { 0 };
    const char *who = v->login ? v->login->who : NULL;
    v->viewer = (struct viewer){ .arena = v->arena,
                                 .tongue = page_tongue(http_header(v->x, "accept-language")),
                                 .version = page_assets_version(v->arena) };
    if (!who)
        return;
    v->viewer.who = who;
    v->viewer.form = v->login->form;
    v->viewer.decides = people_may(c, DEED_DECIDE, CHANNEL_PAGE, who, &ignored);
    v->viewer.acts = people_may(c, DEED_PROPOSE, CHANNEL_PAGE, who, &ignored);
    v->viewer.waiting = visit_waiting(v->web, v->arena);
}

bool visit_anyone(struct visit *v, struct web *w, struct http_exchange *x, bool posts)
{
    *v = (struct visit){ .web = w, .x = x, .arena = x->arena };
    bool works = posts || !http_header(x, "x-news");
    v->login =
        login_find(w->logins, visit_cookie(w, x, COOKIE_SESSION), loop_now(w->mcp->loop), works);
    if (!visit_serves(w, x))
        return false;
    fill_viewer(v);
    if (!posts)
        return true;
    v->form = x->body_len <= FORM_MAX ? visit_fields(v->arena, x->body) : NULL;
    if (v->form && is_ours(x))
        return true;
    visit_note(v, 403, "403",
               "This form did not come from a page of this server: open the page "
               "again.");
    return false;
}

bool visit_opens(struct visit *v, struct web *w, struct http_exchange *x)
{
    if (!visit_anyone(v, w, x, false))
        return false;
    const char *site = http_header(x, "sec-fetch-site");
    if (v->login)
        return true;
    if (site && (!strcmp(site, "cross-site") || !strcmp(site, "same-site")))
        visit_come_again(x, visit_to(v->arena, x->target));
    else
        visit_go(x, arena_printf(v->arena, "/login?to=%s", text_percent(v->arena, x->target)),
                 NULL);
    return false;
}

bool visit_acts(struct visit *v, struct web *w, struct http_exchange *x)
{
    if (!visit_anyone(v, w, x, true))
        return false;
    const char *form = json_str(v->form, "form");
    if (v->login && form && strlen(form) == strlen(v->login->form) &&
        crypto_equal(form, v->login->form, strlen(form)))
        return true;
    visit_note(v, 403, "403", "The session that this page belonged to has ended: log in again.");
    return false;
}

struct engine *visit_engine(const struct visit *v)
{
    return service_engine(v->web->mcp->service);
}

cJSON *visit_scrubbed(const struct visit *v, cJSON *o)
{
    if (o)
        secret_scrub_tree(v->arena, NULL, o);
    return o;
}
