/* alert_call.c - calls of a source's own principal: whatever reads, and the one undo that it may
 * ask for. What is planned waits for a person in every mode.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "chat/alert_private.h"
#include "net/loop.h"
#include "policy/policy.h"
#include "tool.h"
#include <string.h>

enum { TEXT_BYTES = 600 };
static const double LONG = 3600;

struct alert_caller {
    struct caller caller; /* first */
    struct alert_work *work;
    const cJSON *answer;
    const char *text;
    bool ended;
};

static void alert_call_done(struct caller *c, const struct call_end *end)
{
    struct alert_caller *x = (struct alert_caller *)(void *)c;
    x->answer = end->answer ? json_clone(x->work->arena, end->answer) : NULL;
    x->text = end->text ? text_clean(x->work->arena, end->text, TEXT_BYTES) : "it was stopped";
    x->ended = true;
    arena_free(c->arena);
    cancel_fire(&x->work->woken);
}

static const struct caller_ops alert_ops = { .kind = "alert", .done = alert_call_done };

const cJSON *alert_call(struct alert_work *w, const struct config_alert *c, const char *tool,
                        const cJSON *args, const char **why)
{
    struct service *s = w->bots->service;
    struct err ignored = { 0 };
    const struct catalog_tool *t = catalog_find(s->catalog, tool);
    if (!t || (policy_changes(t->tool->risk) && strcmp(tool, ALERT_ASKS) != 0))
        bug("an alert calls %s", tool);
    struct alert_caller *x = arena_make(w->arena, struct alert_caller);
    *x = (struct alert_caller){ .work = w };
    x->caller = (struct caller){ .ops = &alert_ops,
                                 .arena = arena_new(),
                                 .cancel = &w->cancel,
                                 .principal = c->self.name,
                                 .never_auto = true };
    json_add_str(w->arena, w->calls, tool);
    call_start(s, &x->caller, t, args);
    while (!x->ended) {
        w->woken = (struct cancel){ 0 };
        nap_for(s->loop, LONG, "a call for an alert", w->id, &w->woken, &ignored);
    }
    *why = x->text;
    return x->answer;
}
