/* web_undo.c - a person at the pages asks for the reverse of a change: the tool undo_change, called
 * by nobody's client. What comes of it is a change of its own, which is shown and decided like any
 * other. */
#include "base/arena.h"
#include "base/fiber.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "web/visit_private.h"

struct undo {
    struct caller caller; /* first */
    struct cancel cancel;
    struct web *web;
    struct http_exchange *x; /* NULL: the browser has gone; the change is planned all the same */
};

static void undo_done(struct caller *c, const struct call_end *end)
{
    struct undo *u = (struct undo *)(void *)c;
    const char *id = json_str(end->answer, "id");
    struct visit v;
    if (u->x)
        u->x->on_gone = NULL;
    if (u->x && id)
        visit_go(u->x, arena_printf(u->x->arena, "/changes/%s", id), NULL);
    else if (u->x && visit_anyone(&v, u->web, u->x, false))
        visit_note(&v, 409, "409", end->text ? end->text : "It could not be planned.");
    arena_free(c->arena);
}

static void undo_gone(struct http_exchange *x)
{
    struct undo *u = x->user;
    u->x = NULL;
    cancel_fire(&u->cancel);
}

static const struct caller_ops page = { .kind = "page", .done = undo_done };

void web_undo(struct web *w, struct http_exchange *x, const char *who, const char *id)
{
    struct service *s = w->mcp->service;
    struct arena *a = arena_new();
    struct undo *u = arena_make(a, struct undo);
    *u = (struct undo){ .web = w, .x = x };
    u->caller = (struct caller){
        .ops = &page, .arena = a, .cancel = &u->cancel, .principal = arena_strdup(a, who)
    };
    cJSON *args = json_object(a);
    json_set_str(a, args, "id", id);
    x->user = u;
    x->on_gone = undo_gone;
    call_start(s, &u->caller, catalog_find(s->catalog, "undo_change"), args);
}
