/* web_pages.c - the pages about changes: what was asked for is read, page/ says it. */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "picture/picture.h"
#include "store/store.h"
#include "web/decide_private.h"
#include "web/passkey_private.h"
#include "web/visit_private.h"

enum { ROWS = 50, HISTORY = 8, AUDIT_LINES = 200, ID_MAX = 64 };

/* -- a list ------------------------------------------------------------------------------ */

/* What somebody types is meant as a part of a name. */
static const char *pattern(struct arena *a, const char *typed)
{
    return !typed || strpbrk(typed, "*? ") ? typed : arena_printf(a, "*%s*", typed);
}

static const char *const *gateways(const struct visit *v)
{
    const struct config *c = v->web->mcp->config;
    if (!config_several(c))
        return NULL;
    const char **names = arena_array(v->arena, const char *, CONFIG_GATEWAYS_MAX + 1);
    int n = 0;
    for (struct config *const *g = c->gateways; *g && n < CONFIG_GATEWAYS_MAX; g++)
        names[n++] = (*g)->name;
    return names;
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
                                   .cursor = visit_asked(x, "cursor") };
    const struct engine_query q = { .state = f.state,
                                    .risk = f.risk,
                                    .gateway = f.gateway,
                                    .object = pattern(v.arena, f.object),
                                    .actor = f.actor,
                                    .cursor = f.cursor,
                                    .limit = ROWS,
                                    .decisions = true };
    cJSON *list = visit_scrubbed(&v, engine_list(visit_engine(&v), v.arena, &q, &e));
    if (list)
        visit_page(x, 200, page_changes(&v.viewer, &f, list, gateways(&v)));
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

/* What touched the first object that the change is about. */
static cJSON *history_of(const struct visit *v, const cJSON *change)
{
    struct err e = { 0 };
    const cJSON *op = json_get(change, "operations") ? json_get(change, "operations")->child : NULL;
    const char *name = json_str(op, "name"), *kind = json_str(op, "kind");
    if (!name || !kind || strpbrk(name, "*?[\\"))
        return NULL;
    const struct engine_query q = { .object = arena_printf(v->arena, "%s %s", kind, name),
                                    .limit = HISTORY };
    return visit_scrubbed(v, engine_list(visit_engine(v), v->arena, &q, &e));
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
        visit_note(v, d.err.kind == ERR_POLICY ? 409 : 404, "404",
                   d.err.kind ? d.err.text : "There is no such part.");
        return;
    }
    struct page_change page = { .change = visit_scrubbed(v, change), .problem = problem };
    page.history = history_of(v, change);
    if (v->viewer.decides)
        find_ways(v, d.id, &page);
    visit_page(v->x, status, page_change(&v->viewer, &page));
}

void web_one_change(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (!visit_opens(&v, w, x))
        return;
    if (id_of(x))
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
    else if (d->x && visit_anyone(&v, w, d->x, false) && v.login)
        show_change(&v, d->err.kind == ERR_POLICY ? 409 : 502, d->id, d->err.text);
    else if (d->x)
        visit_go(d->x, "/login", NULL);
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

void web_audit_verify(struct web *w, struct http_exchange *x)
{
    struct visit v;
    struct err e = { 0 };
    int lines = 0;
    if (!visit_acts(&v, w, x))
        return;
    struct store *s = engine_store(visit_engine(&v), &e);
    bool whole = s && store_verify(s, NULL, &lines, &e);
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
