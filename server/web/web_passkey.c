/* web_passkey.c - /passkeys: a person's own keys, and what their browser asks for before it asks a
 * key. */
#include "base/arena.h"
#include "base/secret.h"
#include "config/config.h"
#include "passkey/webauthn.h"
#include "web/passkey_private.h"

enum { CODE_MAX = 64 };

static void show_passkeys(struct visit *v, int status, const char *problem)
{
    struct err e = { 0 }, unnamed = { 0 };
    struct webauthn_site site;
    struct page_passkeys page = { .keys = passkey_list(v, &e), .problem = problem };
    if (!webauthn_site_of(v->arena, v->web->mcp->config->page, &site, &unnamed))
        page.barred = unnamed.text;
    page.origin = site.origin;
    if (page.keys)
        visit_page(v->x, status, page_passkeys(&v->viewer, &page));
    else
        visit_note(v, 500, "500", e.text);
}

void web_passkeys(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (visit_opens(&v, w, x))
        show_passkeys(&v, 200, NULL);
}

void web_passkey_enrol(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    if (!visit_acts(&v, w, x))
        return;
    if (passkey_enrol(&v, &e))
        visit_go(x, "/passkeys", NULL);
    else
        show_passkeys(&v, 409, secret_scrub(v.arena, e.text));
}

/* Options, or {"error"}. */
static void answer_options(struct visit *v, const cJSON *options, const struct err *e)
{
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "Cache-Control", "no-store" },
                                                  { "X-Content-Type-Options", "nosniff" },
                                                  { 0 } };
    cJSON *error = json_object(v->arena);
    json_set_str(v->arena, error, "error", secret_scrub(v->arena, e->text));
    const char *body = json_print(v->arena, options ? options : error);
    http_reply(v->x, options ? 200 : 409, headers, body, strlen(body));
}

void web_passkey_new(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    if (!visit_acts(&v, w, x))
        return;
    const char *code = json_str(v.form, "code");
    cJSON *options = code && strlen(code) <= CODE_MAX ? passkey_ask_new(&v, code, &e) : NULL;
    err_set(&e, ERR_ARGS, "code: the one that somebody at a terminal made is missing");
    answer_options(&v, options, &e);
}

void web_passkey_sign(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    if (!visit_acts(&v, w, x))
        return;
    const char *change = json_str(v.form, "change");
    cJSON *options = change ? passkey_ask_sign(&v, change, &e) : NULL;
    err_set(&e, ERR_ARGS, "change: say which one the key is to sign for");
    answer_options(&v, options, &e);
}
