/* api_decide.c - a yes, a no, and the wish to take a change back. What is refused gets the code by
 * which a program knows what to do next; why it was refused is the engine's sentence. */
#include "base/arena.h"
#include "base/text.h"
#include "base/word.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/channel.h"
#include "plan/rendering.h"
#include "store/store.h"
#include "web/api_private.h"
#include "web/decide_private.h"
#include "web/seen_private.h"
#include "web/source_private.h"

/* -- which code -------------------------------------------------------------------------- */

static const char *code_of_state(enum plan_state state)
{
    switch (state) {
    case STATE_DRAFT:
    case STATE_PENDING:
        return NULL;
    case STATE_EXPIRED:
        return "expired";
    case STATE_VOID:
        return "drifted";
    default:
        return "decided";
    }
}

/* Of a yes or no over what is still undecided. */
static const char *code_of_undecided(struct decision *d)
{
    struct err e = { 0 };
    const struct rendering *r = engine_rendering(d->engine, d->arena, d->id, &e);
    const char *plan = json_str(d->asked, "digest"), *given = json_str(d->asked, "rendering");
    const char *word = NULL, *typed = json_str(d->asked, "word");
    if (!r)
        return "refused";
    if (!text_same(plan, r->plan) || !text_same(given, r->digest))
        return "moved";
    if (strcmp(d->what, "approve") != 0)
        return "refused";
    const struct seen last = { d->who, d->id, r, json_count(r->pages) - 1, NULL };
    if (!seen_check(engine_store(d->engine, &e), d->arena, json_str(d->asked, "seen"), &last, &word,
                    &e))
        return "not_shown";
    return word && !(typed && word_equal(typed, word)) ? "word" : "refused";
}

static const char *code_of_refusal(struct decision *d)
{
    struct err e = { 0 };
    const cJSON *o = engine_show(d->engine, d->arena, d->id, false, &e);
    const char *code = o ? code_of_state(store_state_of(json_str(o, "state"))) : NULL;
    return code ? code : code_of_undecided(d);
}

/* -- a yes, a no ------------------------------------------------------------------------- */

struct deciding {
    struct decision decision; /* first */
    struct api *api;
};

/* What a change does, and its digest, come with the whole of it alone. */
static void leave_out_what_it_does(cJSON *o)
{
    static const char *const read[] = { "operations", "more_operations", "warnings", "digest" };
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        json_remove(o, read[i]);
}

static void answer_decided(struct decision *d, cJSON *o)
{
    struct api *c = ((struct deciding *)(void *)d)->api;
    c->x = d->x;
    c->err = d->err;
    if (!o && c->err.kind == ERR_POLICY) {
        api_refuse(c, code_of_refusal(d), c->err.text);
        return;
    }
    if (!o) {
        api_fail(c);
        return;
    }
    leave_out_what_it_does(o);
    struct err unread = { 0 };
    int missing = engine_missing(d->engine, d->id, &unread);
    if (missing > 0)
        json_set_num(c->arena, o, "missing", missing);
    api_answer(c, o, NULL);
}

/* In the words of decide_asked. */
static cJSON *asked_of(const struct api *c)
{
    static const char *const same[] = { "rendering", "seen", "word", "comment" };
    cJSON *o = json_object(c->arena);
    json_set_str(c->arena, o, "digest", json_str(c->body, "plan"));
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (json_get(c->body, same[i]))
            json_set_str(c->arena, o, same[i], json_str(c->body, same[i]));
    return o;
}

/* Is the change still as the header says? False after an answer. */
static bool matches(struct api *c, struct decision *d)
{
    const char *tag = NULL;
    if (!http_header(c->x, "if-match"))
        return true;
    if (!api_change(c, c->arena, &tag, &c->err)) {
        api_fail(c);
        return false;
    }
    if (api_header_names(c, "if-match", tag))
        return true;
    source_refused(d->sources, d->what, c->id, c->who, channel_name(d->by),
                   "it is not as If-Match says any more");
    api_refuse(c, "changed", "the change is not as If-Match says any more; read it again");
    return false;
}

/* A no takes no proof, but it is about what was read: the engine compares the plan alone. */
static bool names_rendering(struct api *c, struct decision *d)
{
    const struct rendering *r = engine_rendering(d->engine, c->arena, c->id, &c->err);
    if (!r) {
        api_fail(c);
        return false;
    }
    if (!strcmp(json_str(c->body, "rendering"), r->digest))
        return true;
    static const char why[] = "what was read of the change is not what it is now; read it again";
    source_refused(d->sources, d->what, c->id, c->who, channel_name(d->by), why);
    api_refuse(c, "moved", why);
    return false;
}

static void take_decision(struct api *c, const char *what)
{
    struct deciding *to = arena_make(c->arena, struct deciding);
    if (!api_finds(c))
        return;
    *to = (struct deciding){ .api = c,
                             .decision = { .arena = c->arena,
                                           .engine = api_engine(c),
                                           .x = c->x,
                                           .who = c->who,
                                           .what = what,
                                           .id = c->id,
                                           .by = CHANNEL_API,
                                           .asked = asked_of(c),
                                           .sources = c->web->sources,
                                           .answer = answer_decided } };
    if (matches(c, &to->decision) &&
        (!strcmp(what, "approve") || names_rendering(c, &to->decision)))
        decide(&to->decision);
}

void api_approve(struct api *c)
{
    take_decision(c, "approve");
}

void api_reject(struct api *c)
{
    take_decision(c, "reject");
}

/* -- undo -------------------------------------------------------------------------------- */

struct undoing {
    struct caller caller; /* first */
    struct api *api;
};

static void undo_planned(struct caller *caller, const struct call_end *end)
{
    struct api *c = ((struct undoing *)(void *)caller)->api;
    const char *id = json_str(end->answer, "id");
    const char *why = end->text ? end->text : "it could not be planned";
    bool stays = !c->cancel.fired; /* else the server may be gone, too */
    if (stays)
        api_release(c);
    if (id) {
        c->location = arena_printf(c->arena, "/api/changes/%s", id);
        leave_out_what_it_does(end->answer);
        json_remove(end->answer, "next"); /* a word to models */
        api_answer(c, end->answer, NULL);
        return;
    }
    if (stays)
        source_refused(c->web->sources, "undo", c->id, c->who, channel_name(CHANNEL_API), why);
    api_refuse(c, "not_planned", why);
}

static const struct caller_ops api_ops = { .kind = "api", .done = undo_planned };

void api_undo(struct api *c)
{
    struct service *s = c->web->mcp->service;
    struct undoing *u = arena_make(c->arena, struct undoing);
    if (!api_finds(c))
        return;
    *u = (struct undoing){ .api = c };
    u->caller = (struct caller){
        .ops = &api_ops, .arena = c->arena, .cancel = &c->cancel, .principal = c->who
    };
    cJSON *args = json_clone(c->arena, c->body);
    json_set_str(c->arena, args, "id", c->id);
    api_hold(c);
    call_start(s, &u->caller, catalog_find(s->catalog, "undo_change"), args);
}
