/* web_change.c - where a person decides about changes in a browser.
 *
 * GET /change?id=ID is a page, the same for everybody, that holds nothing. What it shows and does
 * goes through POST /change, with the token of an approver (http.approvers): the gate takes no
 * other there and no client has one, so that nothing a model can send decides. The token is a
 * header, which a browser adds for no other site.
 *
 *     {"do":"list","cursor"?}                        engine_list of what waits
 *     {"do":"show","id","part"?,"seen"?}             one part of the change, whole; "seen" of the
 * part before it
 *     {"do":"approve","id","digest","rendering","seen","word"?}   "seen" of the last part
 *     {"do":"reject","id","digest"}
 */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/field.h"
#include "base/json.h"
#include "base/secret.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "mcp/page.h"
#include "plan/rendering.h"
#include "web/seen_private.h"
#include "web/web_private.h"

enum { NONCE_BYTES = 16, PENDING_SHOWN = 50 };

static const struct field asked[] = {
    { "do", STR, REQ, NULL, .one_of = "list|show|approve|reject" },
    { "id", STR, OPT, NULL, .min = 4, .max = 64 },
    { "cursor", STR, OPT, "Of the list.", .min = 1, .max = 200 },
    { "part", INT, OPT, "Counted from 0.", .min = 0, .max = 100000 },
    { "seen", STR, OPT, "What came with the part before, or the last one.", .min = 1, .max = 4096 },
    { "digest", STR, OPT, "Of the change that the person has seen.", .min = 8, .max = 128 },
    { "rendering", STR, OPT, "Digest of all its parts.", .min = 8, .max = 128 },
    { "word", STR, OPT, "What was typed.", .min = 1, .max = 64 },
    { 0 },
};

/* What somebody asks at /change. Outlives the exchange: a decision is carried out also when the
 * browser has gone. */
struct decision {
    struct arena *arena;
    struct engine *engine;
    struct http_exchange *x; /* NULL: nobody waits for the answer */
    const char *who, *what, *id;
    const cJSON *asked;
    struct cancel cancel;
    struct err err;
};

static void answer_decision(struct decision *d, cJSON *o)
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
    secret_scrub_tree(d->arena, NULL, o ? o : error);
    const char *body = json_print(d->arena, o ? o : error);
    if (d->x)
        http_reply(d->x, o ? 200 : statuses[d->err.kind], headers, body, strlen(body));
    arena_free(d->arena);
}

static void on_page_gone(struct http_exchange *x)
{
    struct decision *d = x->user;
    d->x = NULL;
}

static void carry_out(void *arg)
{
    struct decision *d = arg;
    cJSON *o = engine_apply(d->engine, d->arena, d->id, &d->cancel, &d->err);
    if (d->x)
        d->x->on_gone = NULL;
    answer_decision(d, o);
}

/* -- deciding ---------------------------------------------------------------------------- */

/* Was every part shown? *shown: the word that came with the last one. */
static bool seen_whole(struct decision *d, const struct rendering *r, struct shown *shown)
{
    const struct seen last = { d->who, d->id, r, json_count(r->pages) - 1, NULL };
    return seen_check(engine_store(d->engine, &d->err), d->arena, json_str(d->asked, "seen"), &last,
                      &shown->word, &d->err);
}

/* What a person who approves says that they have seen. */
static bool approvable(struct decision *d, struct shown *shown)
{
    shown->rendering = json_str(d->asked, "rendering");
    shown->typed = json_str(d->asked, "word");
    if (!shown->rendering)
        return err_set(&d->err, ERR_ARGS, "rendering: say what of change %s was seen", d->id);
    const struct rendering *r = engine_rendering(d->engine, d->arena, d->id, &d->err);
    return r && seen_whole(d, r, shown);
}

static bool decide_from_page(struct decision *d, bool yes)
{
    const struct channel page = { .kind = CHANNEL_PAGE, .who = d->who };
    struct shown shown = { .id = d->id, .plan = json_str(d->asked, "digest") };
    if (!shown.plan)
        return err_set(&d->err, ERR_ARGS, "digest: say which plan of change %s was seen", d->id);
    return (!yes || approvable(d, &shown)) &&
           approve_decide(d->engine, &page, yes, &shown, &d->err);
}

static void decide(struct decision *d)
{
    bool yes = !strcmp(d->what, "approve");
    if (!decide_from_page(d, yes)) {
        answer_decision(d, NULL);
        return;
    }
    const char *missing = yes ? approve_missing(d->engine, d->arena, d->id, &d->err) : NULL;
    if (!yes || missing || d->err.kind != ERR_NONE) {
        answer_decision(d, engine_show(d->engine, d->arena, d->id, false, &d->err));
        return;
    }
    d->x->user = d;
    d->x->on_gone = on_page_gone;
    fiber_start(carry_out, d);
}

/* -- showing ----------------------------------------------------------------------------- */

/* What lets the page ask for the next part, or decide. */
static void add_seen(struct decision *d, cJSON *o, const struct rendering *r, int part)
{
    struct seen now = { d->who, d->id, r, part, NULL };
    if (part == json_count(r->pages) - 1)
        now.word = approve_word(d->arena, r);
    if (now.word)
        json_set_str(d->arena, o, "word", now.word);
    json_set_str(d->arena, o, "seen", seen_make(engine_store(d->engine, &d->err), d->arena, &now));
}

/* One part of the change: its operations whole, in place of the summary that clients get. */
static cJSON *show_change_part(struct decision *d)
{
    struct arena *a = d->arena;
    const char *ignored;
    cJSON *o = engine_show(d->engine, a, d->id, false, &d->err);
    const struct rendering *r = o ? engine_rendering(d->engine, a, d->id, &d->err) : NULL;
    if (!r)
        return NULL;
    d->id = json_str(r->head, "id");
    int parts = json_count(r->pages), part = (int)json_num(d->asked, "part", 0);
    const struct seen before = { d->who, d->id, r, part - 1, NULL };
    if (part >= parts)
        return err_set(&d->err, ERR_ARGS, "part: change %s has %d", d->id, parts), NULL;
    if (part > 0 && !seen_check(engine_store(d->engine, &d->err), a, json_str(d->asked, "seen"),
                                &before, &ignored, &d->err))
        return NULL;
    const cJSON *x;
    cJSON_ArrayForEach(x, r->head) json_set(a, o, x->string, json_clone(a, x));
    json_remove(o, "more_operations");
    json_set(a, o, "operations", json_clone(a, cJSON_GetArrayItem(r->pages, part)));
    json_set_str(a, o, "digest", r->plan);
    json_set_str(a, o, "rendering", r->digest);
    json_set_num(a, o, "part", part);
    json_set_num(a, o, "parts", parts);
    add_seen(d, o, r, part);
    return o;
}

/* -- the exchange ------------------------------------------------------------------------ */

static bool read_decision_body(struct decision *d, const struct http_exchange *x)
{
    cJSON *o = json_parse(d->arena, x->body, x->body_len, &d->err);
    if (!o || !field_check(asked, o, &d->err))
        return false;
    d->asked = o;
    d->what = json_str(o, "do");
    d->id = json_str(o, "id");
    return d->id || !strcmp(d->what, "list") ||
           err_set(&d->err, ERR_ARGS, "id: which change is missing");
}

void web_change(struct web *w, struct http_exchange *x)
{
    struct arena *a = arena_new();
    struct decision *d = arena_make(a, struct decision);
    *d = (struct decision){ .arena = a, .engine = service_engine(w->mcp->service), .x = x };
    d->who = arena_strdup(a, web_principal(x));
    if (!read_decision_body(d, x))
        answer_decision(d, NULL);
    else if (!strcmp(d->what, "list"))
        answer_decision(
            d, engine_list(d->engine, a,
                           &(struct engine_query){ .state = "pending",
                                                   .limit = PENDING_SHOWN,
                                                   .cursor = json_str(d->asked, "cursor") },
                           &d->err));
    else if (!strcmp(d->what, "show"))
        answer_decision(d, show_change_part(d));
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
