/* call_change.c - from a plan to its application, as far as mode, person and client allow; and
 * tool.h's functions on the life of a plan. Nothing here writes: change/engine.h does, after a
 * decision. */
#include "base/err.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/change.h"
#include "change/engine.h"
#include "console/gateway.h"
#include "mcp/mcp.h"
#include "mcp/task.h"
#include "net/loop.h"
#include "plan/plan.h"
#include "plan/rendering.h"
#include "plan/verify.h"
#include "store/store.h"

/* What a form may hold: more is not read there. */
enum { FORM_BYTES = 6000 };

struct engine *call_engine(struct call *c)
{
    return mcp_engine(c->mcp);
}

/* -- asking ------------------------------------------------------------------------------ */

/* A pending change says where a person decides. */
static void add_page(struct call *c, cJSON *change)
{
    const char *page = mcp_page(c->mcp, c->arena, json_str(change, "id"));
    const char *state = json_str(change, "state");
    if (page && state && !strcmp(state, "pending"))
        json_set_str(c->arena, change, "decide_at", page);
}

/* "at URL, or by `higress-ops approve ID`": how a person decides where the client cannot ask. */
static const char *ways(struct call *c, const char *id)
{
    const char *page = mcp_page(c->mcp, c->arena, id);
    const char *at = page ? arena_printf(c->arena, "at %s, or by ", page) : "";
    return arena_printf(c->arena, "%s`higress-ops approve %s` (or reject)", at, id);
}

/* The client knows tasks: the call waits for the person, who decides elsewhere. */
static const cJSON *await(struct call *c, const char *id)
{
    task_status(c->request, "A person must decide: %s", ways(c, id));
    double seconds = c->mcp->config->plan_ttl;
    task_await(c->request, true);
    const cJSON *out =
        engine_wait(call_engine(c), c->arena, id, seconds, &c->request->cancel, &c->err);
    task_await(c->request, false);
    return out;
}

bool call_shows_plans(const struct request *r)
{
    return client_extension(r->client, EXTENSION_UI) != NULL;
}

/* The plan, and how a person approves it where the client cannot ask; why: it may not, or NULL. */
static const cJSON *out_of_band(struct call *c, const char *id, const char *why)
{
    if (!call_shows_plans(c->request) && task_detach(c->request))
        return await(c, id);
    cJSON *out = engine_show(call_engine(c), c->arena, id, false, &c->err);
    if (!out)
        return NULL;
    json_set_str(c->arena, out, "status", "approval_required");
    if (why)
        json_set_str(c->arena, out, "why_not_asked_here", why);
    json_set_str(
        c->arena, out, "next",
        arena_printf(c->arena,
                     "A person must decide: %s in a terminal on the server's machine. Then "
                     "get_change shows the outcome.",
                     ways(c, id)));
    add_page(c, out);
    return out;
}

static const cJSON *apply(struct call *c, const char *id)
{
    return engine_apply_told(call_engine(c), c->arena, id, (struct engine_ear){ call_told, c },
                             &c->request->cancel, &c->err);
}

/* The person has answered; what follows from it. */
static const cJSON *decided(struct call *c, const char *id, bool yes)
{
    struct engine *g = call_engine(c);
    const struct verdict v = { yes, c->request->principal, c->request->asks_by,
                               c->question.shown.plan, c->question.shown.rendering };
    if (!engine_decide(g, id, &v, &c->err))
        return NULL;
    if (yes)
        return apply(c, id);
    return engine_show(g, c->arena, id, false, &c->err);
}

/* The person is at the page. */
static const cJSON *at_page(struct call *c, const char *id, double seconds)
{
    const cJSON *out =
        engine_wait(call_engine(c), c->arena, id, seconds, &c->request->cancel, &c->err);
    const char *state = out ? json_str(out, "state") : NULL;
    if (state && !strcmp(state, "pending"))
        return out_of_band(c, id, NULL);
    if (state)
        ask_done(&c->question, id);
    return out;
}

/* The whole change as a form shows it. NULL: it may not decide here, or it is too long; *why. */
static const char *form_of(struct call *c, const char *id, const struct rendering *r,
                           const char **why)
{
    struct err weak = { 0 };
    if (!engine_takes(call_engine(c), id, c->request->principal, c->request->asks_by, &weak)) {
        *why = arena_strdup(c->arena, weak.text);
        return NULL;
    }
    const char *form = rendering_text(c->arena, r, FORM_BYTES);
    if (!form)
        *why = arena_printf(c->arena,
                            "change %s is longer than a form may be (%d bytes): it is approved "
                            "where all of it is shown",
                            id, FORM_BYTES);
    return form;
}

static const cJSON *ask(struct call *c, const char *id)
{
    const char *why = NULL;
    const struct rendering *r = engine_rendering(call_engine(c), c->arena, id, &c->err);
    if (!r)
        return NULL;
    const struct ask_about about = {
        .id = id,
        .plan = r->plan,
        .rendering = r->digest,
        .title = json_str(r->head, "title"),
        .form = form_of(c, id, r, &why),
        .typed = r->risk != CHANGE,
        .page = mcp_page(c->mcp, c->arena, id),
    };
    double since = loop_now(c->mcp->loop);
    switch (ask_person(&c->question, &about)) {
    case ASK_YES:
        return decided(c, id, true);
    case ASK_NO:
        return decided(c, id, false);
    case ASK_PAGE:
        return at_page(c, id, ASK_SECONDS - (loop_now(c->mcp->loop) - since));
    case ASK_RETRY:
        return NULL;
    case ASK_GONE:
        err_set(&c->err, ERR_GONE, "cancelled; change %s waits for a decision", id);
        return NULL;
    default:
        return out_of_band(c, id, why);
    }
}

/* -- from plan to answer ----------------------------------------------------------------- */

/* A retry of 2026-07-28 carries a valid state: it must be about the plan that was shown. */
static bool retry_fits(struct call *c, const char *digest)
{
    const char *shown = c->question.retry.plan;
    if (!shown || !strcmp(shown, digest))
        return true;
    return err_set(&c->err, ERR_POLICY,
                   "the gateway has changed since the approval was asked: the plan is another one "
                   "now and nothing was written; call the tool again to see it");
}

static const cJSON *follow(struct call *c, struct plan *p)
{
    const char *id = NULL;
    struct engine *g = call_engine(c);
    enum engine_next next = engine_propose(g, p, c->dry_run, c->request->principal, &id, &c->err);
    if (next == ENGINE_REFUSED || !retry_fits(c, p->digest))
        return NULL;
    if (c->question.retry.id)
        id = c->question.retry.id;
    if (next == ENGINE_GO)
        return apply(c, id);
    if (next == ENGINE_ASK)
        return ask(c, id);
    cJSON *out = engine_show(g, c->arena, id, false, &c->err);
    if (out)
        json_set_str(c->arena, out, "next", "Nothing was changed. apply_change asks for it.");
    return out;
}

const cJSON *call_change(struct call *c)
{
    const struct tool *t = c->entry->tool;
    c->facts = call_change_facts;
    struct plan *p = plan_new(c->arena, t->name, t->risk, &c->err);
    p->gateway = c->gateway && c->entry->asks_gateway ? gateway_url(c->gateway) : NULL;
    p->secret = call_secret;
    p->secret_arg = c;
    p->if_used = json_str(c->args, "if_used"); /* of the tools that may delete */
    if (!t->plan(c, p) || failed(c)) {
        if (!failed(c))
            bug("%s failed without saying why", t->name);
        return NULL;
    }
    return verify_plan(engine_gateway(call_engine(c), p->gateway), p, &c->request->cancel)
               ? follow(c, p)
               : NULL;
}

const cJSON *call_decide(struct call *c, const char *id)
{
    struct engine *g = call_engine(c);
    if (c->question.retry.id && strcmp(c->question.retry.id, id)) {
        err_set(&c->err, ERR_POLICY, "the approval is for another change; nothing was written");
        return NULL;
    }
    if (!engine_ask(g, id, c->request->principal, &c->err))
        return NULL;
    return ask(c, id);
}

/* -- tool.h: the life of a plan ---------------------------------------------------------- */

const cJSON *change_apply(struct call *c, const char *id)
{
    const cJSON *row = engine_show(call_engine(c), c->arena, id, false, &c->err);
    c->facts = call_change_facts;
    const char *state = row ? json_str(row, "state") : NULL;
    if (!state)
        return NULL;
    id = json_str(row, "id");
    if (!store_final(store_state_of(state)) &&
        !engine_owns(call_engine(c), id, c->request->principal, &c->err))
        return NULL;
    if (!strcmp(state, "approved") || !strcmp(state, "applying"))
        return apply(c, id);
    if (!strcmp(state, "draft") || !strcmp(state, "pending"))
        return call_decide(c, id);
    return row;
}

const cJSON *change_get(struct call *c, const char *id, double wait_seconds)
{
    cJSON *out =
        engine_wait(call_engine(c), c->arena, id, wait_seconds, &c->request->cancel, &c->err);
    c->facts = call_change_facts;
    if (out)
        add_page(c, out);
    return out;
}

const cJSON *change_list(struct call *c, const struct change_query *q)
{
    const struct engine_query query = {
        .state = q->state,
        .object = q->object,
        .actor = q->actor,
        .since = q->minutes > 0 ? when_now() - q->minutes * 60 : 0,
        .limit = q->limit,
        .cursor = q->cursor,
        .decisions = true,
    };
    cJSON *out = engine_list(call_engine(c), c->arena, &query, &c->err);
    c->facts = out ? call_list_facts : NULL;
    return out;
}

const cJSON *change_cancel(struct call *c, const char *id)
{
    struct engine *g = call_engine(c);
    c->facts = call_change_facts;
    if (!engine_cancel(g, id, c->request->principal, &c->err))
        return NULL;
    return engine_show(g, c->arena, id, false, &c->err);
}

bool change_undo(struct call *c, struct plan *p, const char *id)
{
    return engine_undo(call_engine(c), p, id, &c->request->cancel, &c->err);
}
