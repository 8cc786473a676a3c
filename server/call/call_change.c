/* call_change.c - from a plan to its application, as far as mode, person and client allow; and
 * tool.h's functions on the life of a plan. Nothing here writes: change/engine.h does, after a
 * decision. */
#include "approve/approve.h"
#include "base/err.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/change.h"
#include "change/engine.h"
#include "change/outside.h"
#include "console/gateway.h"
#include "net/loop.h"
#include "plan/plan.h"
#include "plan/verify.h"
#include "store/store.h"
#include "store/store_outside.h"

struct engine *call_engine(struct call *c)
{
    return service_engine(c->service);
}

/* -- asking ------------------------------------------------------------------------------ */

/* A pending change says where a person decides. */
static void set_decide_page(struct call *c, cJSON *change)
{
    const char *page = service_page(c->service, c->arena, json_str(change, "id"));
    const char *state = json_str(change, "state");
    if (page && state && !strcmp(state, "pending"))
        json_set_str(c->arena, change, "decide_at", page);
}

/* How a person decides where the client cannot ask. */
static const char *ways_to_decide(struct call *c, const char *id)
{
    return approve_ways(c->arena, id, service_page(c->service, c->arena, id));
}

/* The caller goes on meanwhile: the call waits for the person, who decides elsewhere. */
static const cJSON *await(struct call *c, const char *id)
{
    double seconds = c->service->config->plan_ttl;
    const cJSON *out = engine_wait(call_engine(c), c->arena, id, seconds, c->cancel, &c->err);
    if (c->caller->ops->rejoin)
        c->caller->ops->rejoin(c->caller);
    return out;
}

static bool detached(struct call *c, const char *id)
{
    const struct caller_ops *ops = c->caller->ops;
    return ops->detach && ops->detach(c->caller, arena_printf(c->arena, "A person must decide: %s",
                                                              ways_to_decide(c, id)));
}

/* The plan, and how a person approves it where the client cannot ask; why: it may not, or NULL. */
static const cJSON *out_of_band(struct call *c, const char *id, const char *why)
{
    if (!c->caller->shows_plans && detached(c, id))
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
                     ways_to_decide(c, id)));
    set_decide_page(c, out);
    return out;
}

static const cJSON *apply_and_follow(struct call *c, const char *id)
{
    return engine_apply_told(call_engine(c), c->arena, id, (struct engine_listener){ call_told, c },
                             c->cancel, &c->err);
}

/* The person is at the page. */
static const cJSON *at_page(struct call *c, const char *id, double seconds)
{
    const cJSON *out = engine_wait(call_engine(c), c->arena, id, seconds, c->cancel, &c->err);
    const char *state = out ? json_str(out, "state") : NULL;
    if (state && !strcmp(state, "pending"))
        return out_of_band(c, id, NULL);
    if (state && c->caller->ops->decided)
        c->caller->ops->decided(c->caller, id);
    return out;
}

static const cJSON *ask_to_approve(struct call *c, const char *id)
{
    struct approval x = { .engine = call_engine(c), .arena = c->arena };
    x.channel = c->caller->channel;
    x.page = service_page(c->service, c->arena, id);
    double since = loop_now(c->service->loop);
    switch (approve_ask(&x, id, &c->err)) {
    case ASK_YES:
        return apply_and_follow(c, id);
    case ASK_NO:
        return engine_show(x.engine, c->arena, id, false, &c->err);
    case ASK_PAGE:
        return at_page(c, id, CALLER_PATIENCE_SECONDS - (loop_now(c->service->loop) - since));
    case ASK_RETRY:
    case ASK_FAILED:
        return NULL;
    case ASK_GONE:
        err_set(&c->err, ERR_GONE, "cancelled; change %s waits for a decision", id);
        return NULL;
    default:
        return out_of_band(c, id, x.why);
    }
}

/* -- from plan to answer ----------------------------------------------------------------- */

/* The answer to an earlier question must be about the plan that was shown then. */
static bool earlier_fits(struct call *c, const char *digest)
{
    const struct shown *earlier = c->caller->earlier;
    if (!earlier || !strcmp(earlier->plan, digest))
        return true;
    return err_set(&c->err, ERR_POLICY,
                   "the gateway has changed since the approval was asked: the plan is another one "
                   "now and nothing was written; call the tool again to see it");
}

static const cJSON *follow_plan(struct call *c, struct plan *p)
{
    const char *id = NULL;
    struct engine *g = call_engine(c);
    enum engine_next next = engine_propose(g, p, c->dry_run, c->caller->principal, &id, &c->err);
    if (next == ENGINE_REFUSED || !earlier_fits(c, p->digest))
        return NULL;
    if (c->caller->earlier)
        id = c->caller->earlier->id;
    if (next == ENGINE_GO)
        return apply_and_follow(c, id);
    if (next == ENGINE_ASK)
        return ask_to_approve(c, id);
    cJSON *out = engine_show(g, c->arena, id, false, &c->err);
    if (out)
        json_set_str(c->arena, out, "next", "Nothing was changed. apply_change asks for it.");
    return out;
}

const cJSON *call_change(struct call *c)
{
    const struct tool *t = c->entry->tool;
    c->voice = &call_of_change;
    struct plan *p = plan_new(c->arena, t->name, t->risk, &c->err);
    p->gateway = c->gateway && c->entry->asks_gateway ? gateway_url(c->gateway) : NULL;
    p->secret = call_secret;
    p->secret_arg = c;
    p->asks = c->caller->never_auto;
    p->if_used = json_str(c->args, "if_used"); /* of the tools that may delete */
    p->guard = json_get(c->args, "guard");
    p->schedule = json_get(c->args, "schedule");
    if (!t->plan(c, p) || failed(c)) {
        if (!failed(c))
            bug("%s failed without saying why", t->name);
        return NULL;
    }
    p->view = c->gateway;
    if (!verify_plan(gateway_through(p->view, engine_gateway(call_engine(c), p->gateway)), p,
                     c->cancel))
        return NULL;
    call_foresee(c, p);
    return cancelled(c) ? NULL : follow_plan(c, p);
}

const cJSON *call_decide(struct call *c, const char *id)
{
    struct engine *g = call_engine(c);
    if (c->caller->earlier && strcmp(c->caller->earlier->id, id) != 0) {
        err_set(&c->err, ERR_POLICY, "the approval is for another change; nothing was written");
        return NULL;
    }
    if (!engine_ask(g, id, c->caller->principal, &c->err))
        return NULL;
    return ask_to_approve(c, id);
}

/* -- tool.h: the life of a plan ---------------------------------------------------------- */

const cJSON *change_apply(struct call *c, const char *id)
{
    const cJSON *row = engine_show(call_engine(c), c->arena, id, false, &c->err);
    c->voice = &call_of_change;
    const char *state = row ? json_str(row, "state") : NULL;
    if (!state)
        return NULL;
    id = json_str(row, "id");
    if (!store_final(store_state_of(state)) &&
        !engine_owns(call_engine(c), id, c->caller->principal, &c->err))
        return NULL;
    if (!strcmp(state, "approved") || !strcmp(state, "applying"))
        return apply_and_follow(c, id);
    if (!strcmp(state, "draft") || !strcmp(state, "pending"))
        return call_decide(c, id);
    return row;
}

const cJSON *change_get(struct call *c, const char *id, double wait_seconds)
{
    c->voice = &call_of_change;
    if (store_is_edit(id))
        return engine_outside_edit(call_engine(c), c->arena, id, false, &c->err);
    cJSON *out = engine_wait(call_engine(c), c->arena, id, wait_seconds, c->cancel, &c->err);
    if (out)
        set_decide_page(c, out);
    return out;
}

/* Edits made elsewhere: nobody is known who asked or decided. */
static const cJSON *list_outside(struct call *c, const struct change_query *q, double since)
{
    const struct outside_query query = {
        .object = q->object, .since = since, .limit = q->limit, .cursor = q->cursor
    };
    if (q->actor)
        fail(c, "actor: of an edit made elsewhere it is not known who made it");
    cJSON *out = failed(c) ? NULL : engine_outside(call_engine(c), c->arena, &query, &c->err);
    c->voice = out ? &call_of_changes : NULL;
    return out;
}

const cJSON *change_list(struct call *c, const struct change_query *q)
{
    double since = q->minutes > 0 ? when_now() - q->minutes * 60 : 0;
    if (text_same(q->state, "outside"))
        return list_outside(c, q, since);
    const struct engine_query query = {
        .state = q->state,
        .object = q->object,
        .actor = q->actor,
        .since = since,
        .limit = q->limit,
        .cursor = q->cursor,
        .decisions =
            q->object || q->actor || q->minutes > 0, /* a look at each: not in a plain list */
    };
    cJSON *out = engine_list(call_engine(c), c->arena, &query, &c->err);
    c->voice = out ? &call_of_changes : NULL;
    return out;
}

const cJSON *change_pending(struct call *c, int limit)
{
    const struct engine_query q = { .state = store_state_name(STATE_PENDING), .limit = limit };
    return engine_list(call_engine(c), c->arena, &q, &c->err);
}

const char *change_outside(struct call *c)
{
    struct err e = { 0 };
    if (!c->config || !c->config->outside)
        return NULL;
    const char *own = c->config->name ? c->config->name : gateway_url(c->gateway);
    const cJSON *all = engine_outside_state(call_engine(c), c->arena, &e);
    const cJSON *look = own ? json_find(all, "gateway", own) : NULL;
    const char *problem = e.kind ? e.text : json_str(look, "problem");
    int edits = (int)json_num(look, "edits", 0);
    if (problem)
        return arena_printf(c->arena, "edits made elsewhere are not known: %s", problem);
    return edits ? arena_printf(c->arena,
                                "%d edits made elsewhere within a day: list_changes, state outside",
                                edits)
                 : NULL;
}

const cJSON *change_cancel(struct call *c, const char *id)
{
    struct engine *g = call_engine(c);
    c->voice = &call_of_change;
    if (!engine_cancel(g, id, c->caller->principal, &c->err))
        return NULL;
    return engine_show(g, c->arena, id, false, &c->err);
}

bool change_undo(struct call *c, struct plan *p, const char *id)
{
    return engine_undo(call_engine(c), p, id, c->cancel, &c->err);
}
