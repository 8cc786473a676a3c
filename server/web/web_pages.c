/* web_pages.c - the pages about changes: what was asked for is read, page/ says it. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "change/outside.h"
#include "config/config.h"
#include "picture/picture.h"
#include "policy/people.h"
#include "store/store.h"
#include "store/store_outside.h"
#include "web/decide_private.h"
#include "web/passkey_private.h"
#include "web/visit_private.h"

enum {
    ROWS = 50,
    LOOKED_AT = 4000 /* changes, for one page */,
    HISTORY = 8,
    AUDIT_LINES = 200,
    VERIFIED_LINES = 50000,
    ID_MAX = 64
};

/* -- a list ------------------------------------------------------------------------------ */

/* What somebody types is meant as a part of a name. */
static const char *pattern(struct arena *a, const char *typed)
{
    return !typed || strpbrk(typed, "*? ") ? typed : arena_printf(a, "*%s*", typed);
}

/* Edits made elsewhere have neither a risk nor somebody who asked. */
static cJSON *outside_page_list(const struct visit *v, const struct page_filter *f, double since,
                                struct err *e)
{
    const struct outside_query q = { .object = pattern(v->arena, f->object),
                                     .gateway = f->gateway,
                                     .since = since,
                                     .cursor = f->cursor,
                                     .limit = ROWS };
    return engine_outside(visit_engine(v), v->arena, &q, e);
}

/* Its beginning in UTC; 0: it is none. */
static double day_of(struct arena *a, const char *day)
{
    return strlen(day) == 10 ? when_parse_exact(arena_printf(a, "%sT00:00:00Z", day)) : 0;
}

void web_changes(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    if (!visit_opens(&v, w, x))
        return;
    const struct page_filter f = { .state = visit_asked(x, "state"),
                                   .risk = visit_asked(x, "risk"),
                                   .gateway = visit_asked(x, "gateway"),
                                   .object = visit_asked(x, "object"),
                                   .actor = visit_asked(x, "actor"),
                                   .since = visit_asked(x, "since"),
                                   .cursor = visit_asked(x, "cursor") };
    double since = f.since ? day_of(v.arena, f.since) : 0;
    if (f.since && since <= 0) {
        visit_note(&v, 400, "Changes", "since is a day, as 2026-11-24");
        return;
    }
    const struct engine_query q = { .state = f.state,
                                    .risk = f.risk,
                                    .gateway = f.gateway,
                                    .object = pattern(v.arena, f.object),
                                    .actor = f.actor,
                                    .since = since,
                                    .cursor = f.cursor,
                                    .limit = ROWS,
                                    .look = LOOKED_AT,
                                    .decisions = true };
    cJSON *list = text_same(f.state, "outside") ? outside_page_list(&v, &f, since, &e)
                                                : engine_list(visit_engine(&v), v.arena, &q, &e);
    list = visit_scrubbed(&v, list);
    if (list)
        visit_page(x, 200, page_changes(&v.viewer, &f, list, visit_gateways(&v)));
    else
        visit_note(&v, e.kind == ERR_ARGS ? 400 : 500, "Changes", e.text);
}

/* -- one change -------------------------------------------------------------------------- */

/* The id in the path; NULL: it is none. */
static const char *id_of(const struct http_exchange *x)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *id = x->path + strlen("/changes/");
    return strlen(id) >= 4 && strlen(id) <= ID_MAX && strspn(id, plain) == strlen(id) ? id : NULL;
}

/* The name of the gateway of that address; NULL: there is only one, or it is another process's. */
static const char *gateway_of(const struct visit *v, const char *url)
{
    const struct config *c = v->web->mcp->config;
    if (!config_several(c) || !url)
        return NULL;
    for (struct config *const *g = c->gateways; *g; g++)
        if ((*g)->gateway_url && !strcmp((*g)->gateway_url, url))
            return (*g)->name;
    return url;
}

/* What touched the first object that the change is about. */
static cJSON *history_of(const struct visit *v, const cJSON *change)
{
    const cJSON *op = json_get(change, "operations") ? json_get(change, "operations")->child : NULL;
    const char *name = json_str(op, "name"), *kind = json_str(op, "kind");
    return name && kind
               ? visit_history(v, kind, name, gateway_of(v, json_str(change, "gateway")), HISTORY)
               : NULL;
}

/* What the policy says of a change that nobody has decided yet. */
static cJSON *policy_of_change(const struct visit *v, const cJSON *change)
{
    struct err e = { 0 };
    const char *state = json_str(change, "state");
    if (strcmp(state, "pending") != 0 && strcmp(state, "draft") != 0)
        return NULL;
    cJSON *o = engine_explain(visit_engine(v), v->arena, json_str(change, "id"), &e);
    if (!o)
        json_set_str(v->arena, o = json_object(v->arena), "unread", e.text);
    return visit_scrubbed(v, o);
}

/* Has this person approved it, while others must, too? */
static bool has_agreed(const struct visit *v, const cJSON *change)
{
    const struct config *c = v->web->mcp->config;
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(change, "approvals"))
    {
        if (people_same(c, json_str(one, "who"), CHANNEL_PAGE, v->login->who) == SAME_PERSON)
            return true;
    }
    return false;
}

static bool would_do(const struct visit *v, const char *id, enum channel_kind by, struct err *e)
{
    return approve_takes(visit_engine(v), by, id, v->login->who, e);
}

/* By what this person may approve it, if by anything. */
static void find_ways(const struct visit *v, const char *id, struct page_change *page)
{
    struct err weak = { 0 }, e = { 0 };
    page->plain = would_do(v, id, CHANNEL_PAGE, &weak);
    page->passkey = json_count(passkey_list(v, &e)) && would_do(v, id, CHANNEL_PASSKEY, &e);
    if (!page->plain && !page->passkey)
        page->barred = arena_strdup(v->arena, weak.text);
}

static void show_no_change(struct visit *v, const char *id, const struct err *e)
{
    bool absent = e->kind == ERR_NONE || e->kind == ERR_ARGS;
    visit_note(v, absent ? 404 : decide_status(e->kind), absent ? "404" : id,
               e->kind ? e->text : "There is no such part.");
}

/* The part of the change that is asked for, whole; problem: what an answer to a form adds. */
static void show_change(struct visit *v, int status, const char *id, const char *problem)
{
    struct decision d = { .arena = v->arena, .engine = visit_engine(v), .id = id };
    const char *part = problem ? NULL : visit_asked(v->x, "part");
    const char *seen = problem ? NULL : visit_asked(v->x, "seen");
    cJSON *asked = json_object(v->arena);
    json_set_num(v->arena, asked, "part", part ? strtol(part, NULL, 10) : 0);
    if (seen)
        json_set_str(v->arena, asked, "seen", seen);
    d.asked = asked;
    d.who = v->login->who;
    cJSON *change = json_num(asked, "part", 0) < 0 ? NULL : decide_show(&d);
    if (!change) {
        show_no_change(v, id, &d.err);
        return;
    }
    struct page_change page = { .change = visit_scrubbed(v, change), .problem = problem };
    struct err unread = { 0 }; /* policy_of_change says the same */
    page.history = history_of(v, change);
    page.policy = policy_of_change(v, change);
    page.missing = page.policy ? engine_missing(visit_engine(v), d.id, &unread) : 0;
    page.agreed = has_agreed(v, change);
    if (v->viewer.decides)
        find_ways(v, d.id, &page);
    visit_page(v->x, status, page_change(&v->viewer, &page));
}

static void show_outside(struct visit *v, const char *id)
{
    struct err e = { 0 };
    cJSON *edit = engine_outside_edit(visit_engine(v), v->arena, id, true, &e);
    if (edit)
        visit_page(v->x, 200,
                   page_outside(&v->viewer, visit_scrubbed(v, edit), history_of(v, edit)));
    else
        show_no_change(v, id, &e);
}

void web_one_change(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (!visit_opens(&v, w, x))
        return;
    if (id_of(x) && store_is_edit(id_of(x)))
        show_outside(&v, id_of(x));
    else if (id_of(x))
        show_change(&v, 200, id_of(x), NULL);
    else
        visit_note(&v, 404, "404", "That is not the id of a change.");
}

void web_old_link(struct web *w, struct http_exchange *x)
{
    const char *id = visit_asked(x, "id");
    if (visit_serves(w, x))
        visit_come_again(
            x, visit_to(x->arena, id ? arena_printf(x->arena, "/changes/%s", id) : "/changes"));
}

/* -- deciding ---------------------------------------------------------------------------- */

/* What a decision is to be answered with; lives as long as it. */
struct answered {
    struct decision decision; /* first */
    struct web *web;
};

static void answer(struct decision *d, cJSON *o)
{
    struct web *w = ((struct answered *)(void *)d)->web;
    struct visit v;
    if (d->x && o)
        visit_go(d->x, arena_printf(d->x->arena, "/changes/%s", d->id), NULL);
    else if (d->x && visit_anyone(&v, w, d->x, false)) {
        if (v.login)
            show_change(&v, decide_status(d->err.kind), d->id, d->err.text);
        else
            visit_go(d->x, "/login", NULL);
    }
    arena_free(d->arena);
}

/* A yes or a no of theirs, by that channel. */
static void begin_decision(const struct visit *v, const char *id, const char *what,
                           enum channel_kind by)
{
    struct arena *a = arena_new();
    struct answered *to = arena_make(a, struct answered);
    *to = (struct answered){ .web = v->web };
    to->decision = (struct decision){ .arena = a, .engine = visit_engine(v), .x = v->x, .by = by };
    to->decision.answer = answer;
    to->decision.sources = v->web->sources;
    to->decision.who = arena_strdup(a, v->login->who);
    to->decision.what = arena_strdup(a, what);
    to->decision.id = arena_strdup(a, id);
    to->decision.asked = json_clone(a, v->form);
    decide(&to->decision);
}

static void take_yes(struct visit *v, const char *id)
{
    struct err e = { 0 };
    if (!json_get(v->form, "passkey"))
        begin_decision(v, id, "approve", CHANNEL_PAGE);
    else if (passkey_signed(v, id, &e))
        begin_decision(v, id, "approve", CHANNEL_PASSKEY);
    else
        show_change(v, 409, id, e.text);
}

void web_decide(struct web *w, struct http_exchange *x)
{
    struct visit v;
    const char *id = id_of(x);
    if (!visit_acts(&v, w, x))
        return;
    const char *what = json_str(v.form, "do");
    what = id && what ? what : "";
    if (!strcmp(what, "undo"))
        web_undo(w, x, v.login->who, id);
    else if (!strcmp(what, "approve"))
        take_yes(&v, id);
    else if (!strcmp(what, "reject"))
        begin_decision(&v, id, what, CHANNEL_PAGE);
    else
        visit_note(&v, 400, "400", "Approve, reject or undo a change.");
}

/* -- the audit --------------------------------------------------------------------------- */

static void show_audit(struct visit *v, const char *verified, bool whole)
{
    struct err e = { 0 };
    struct store *s = engine_store(visit_engine(v), &e);
    cJSON *lines = json_array(v->arena);
    if (s && store_audit_lines(s, v->arena, lines, AUDIT_LINES, &e))
        visit_page(v->x, 200, page_audit(&v->viewer, visit_scrubbed(v, lines), verified, whole));
    else
        visit_note(v, 500, "Audit", e.text);
}

void web_audit(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (visit_opens(&v, w, x))
        show_audit(&v, NULL, true);
}

/* The number of its newest line; 0: it has none, or e. */
static int count_audit_lines(struct store *s, struct arena *a, struct err *e)
{
    cJSON *newest = json_array(a);
    return store_audit_lines(s, a, newest, 1, e) ? (int)json_num(newest->child, "seq", 0) : 0;
}

/* The walk holds up the loop: what is longer than a moment is for a terminal. */
void web_audit_verify(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    int lines = 0;
    if (!visit_acts(&v, w, x))
        return;
    struct store *s = engine_store(visit_engine(&v), &e);
    int count = s ? count_audit_lines(s, v.arena, &e) : 0;
    if (count > VERIFIED_LINES) {
        show_audit(&v, page_audit_too_long(&v.viewer, count), false);
        return;
    }
    bool whole = s && e.kind == ERR_NONE && store_verify(s, NULL, &lines, &e);
    show_audit(&v, whole ? arena_printf(v.arena, "%d ✓", lines) : arena_strdup(v.arena, e.text),
               whole);
}

/* -- the rest ---------------------------------------------------------------------------- */

void web_asset(struct web *w, struct http_exchange *x)
{
    (void)w;
    bool style = text_ends(x->path, ".css");
    const struct http_header headers[] = {
        { "Content-Type", style ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8" },
        { "Cache-Control", x->query ? "max-age=31536000, immutable" : "no-cache" },
        { "X-Content-Type-Options", "nosniff" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { 0 },
    };
    const char *text = strcmp(x->path, "/map.css") ? page_asset(x->path + 1) : picture_style();
    http_reply(x, 200, headers, text, strlen(text));
}
