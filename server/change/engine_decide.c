/* engine_decide.c - who may decide what, and whether what was decided still holds when it is
 * written.
 *
 * Every decision passes engine_decide: the state, the digests of what was shown, the owner, what
 * the channel is worth. engine_holds asks the same again, right before the write, of what was kept.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "change/guard_private.h"
#include "console/gateway.h"
#include "plan/rendering.h"
#include "policy/people.h"
#include "policy/policy.h"
#include "store/store_decision.h"

/* Where the plan would be written. NULL: not from here. */
static const struct config *config_of(const struct engine *g, const struct plan *p)
{
    const struct engine_at *at = engine_at(g, p->gateway);
    return at ? at->config : g->config;
}

static enum mode mode_for(const struct engine *g, const struct stored *row)
{
    const struct engine_at *at = engine_at(g, row->gateway);
    return at ? at->config->mode : g->config->mode;
}

bool engine_applies(struct engine *g, const struct stored *row, struct err *e)
{
    enum mode mode = mode_for(g, row);
    if (engine_pinned_out(g, row->gateway, mode, e))
        return false;
    if (policy_applies(mode))
        return true;
    return err_set(e, ERR_POLICY, "mode %s applies nothing", config_mode_name(mode));
}

/* -- what is shown ------------------------------------------------------------------------- */

/* The row, and the plan that is sealed in it. */
static struct plan *open_plan(struct engine *g, struct arena *a, const char *id, struct stored *row,
                              struct err *e)
{
    struct store *s = engine_store(g, e);
    return s && store_find(s, a, id, row, e) ? store_plan(s, a, row->id, e) : NULL;
}

bool engine_undecided(const struct stored *row)
{
    return row->state == STATE_DRAFT || row->state == STATE_PENDING;
}

static struct rendering *render_stored(struct arena *a, const struct stored *row,
                                       const struct plan *p, const char *rejected)
{
    const struct rendering_about about = { row->id, row->owner, rejected };
    return rendering_make(a, p, &about);
}

struct rendering *engine_rendering(struct engine *g, struct arena *a, const char *id, struct err *e)
{
    struct stored row = { 0 };
    const struct plan *p = open_plan(g, a, id, &row, e);
    const char *rejected = p && engine_undecided(&row) ? engine_rejected_in(g, a, p, e) : NULL;
    return p && e->kind == ERR_NONE ? render_stored(a, &row, p, rejected) : NULL;
}

/* -- what a channel is worth --------------------------------------------------------------- */

/* Who says yes, and by what. */
struct approver {
    const char *who;
    enum channel_kind by;
};

static bool strong_enough(struct engine *g, struct arena *a, const struct stored *row,
                          const struct plan *p, const struct approver *x, const char *rejected,
                          struct ruling *r, struct err *e)
{
    struct wish w;
    if (!people_may(g->config, DEED_DECIDE, x->by, x->who, e) ||
        !engine_rule_kept(g, a, row, p, x->by, &w, r, e))
        return false;
    if (r->says < POLICY_ASK)
        return err_set(e, ERR_POLICY, "change %s cannot be approved now: %s; nothing is written",
                       row->id, policy_why(a, &w, r));
    const struct consent c = {
        .id = row->id,
        .risk = p->risk,
        .by = x->by,
        .least = policy_least(config_of(g, p), p->risk),
        .pinned = engine_pinned_least(g, p->gateway, p->risk, e),
        .rejected = rejected,
        .config = g->config,
        .owner = row->owner,
        .who = x->who,
        .ruling = r,
    };
    return e->kind == ERR_NONE && policy_takes(&c, e);
}

/* The same, looking first whether the wish was rejected. */
static bool approves(struct engine *g, struct arena *a, const struct stored *row,
                     const struct plan *p, const struct approver *x, struct ruling *r,
                     struct err *e)
{
    const char *rejected = engine_rejected_in(g, a, p, e);
    return e->kind == ERR_NONE && strong_enough(g, a, row, p, x, rejected, r, e);
}

static bool check_owner(const struct stored *row, const char *who, const char *what, struct err *e)
{
    return policy_owns(row->id, row->owner, who, what, e);
}

bool engine_takes(struct engine *g, const char *id, const char *who, enum channel_kind by,
                  struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct ruling r;
    const struct approver x = { who, by };
    const struct plan *p = open_plan(g, a, id, &row, e);
    bool ok = p && (!channel_is_form(by) || check_owner(&row, who, "approve", e)) &&
              approves(g, a, &row, p, &x, &r, e);
    arena_free(a);
    return ok;
}

bool engine_owns(struct engine *g, const char *id, const char *who, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    bool ok = s && store_find(s, a, id, &row, e) && check_owner(&row, who, "apply", e);
    arena_free(a);
    return ok;
}

/* -- deciding ------------------------------------------------------------------------------ */

static bool may_be_decided(struct engine *g, const struct stored *row, bool yes, struct err *e)
{
    if (!engine_undecided(row))
        return err_set(e, ERR_POLICY, "change %s is %s: there is nothing to decide", row->id,
                       store_state_name(row->state));
    /* Without a gateway of its own a command may decide; it is for the waiting process to apply. */
    if (yes && gateway_url(g->at[0].gateway) && !engine_at(g, row->gateway))
        return err_set(e, ERR_POLICY,
                       "change %s is for the gateway %s, not for one configured here", row->id,
                       row->gateway ? row->gateway : "of another version");
    return yes ? engine_applies(g, row, e)
               : !engine_pinned_out(g, row->gateway, mode_for(g, row), e);
}

static bool given_equals(const char *given, const char *is)
{
    return given && !strcmp(given, is);
}

/* Was the plan that is sealed shown, and all of it? A no needs no more than to be about it. */
static bool was_shown(const struct rendering *r, const struct stored *row, const struct verdict *v,
                      struct err *e)
{
    if (!v->yes && !v->plan)
        return true;
    if (!given_equals(v->plan, r->plan))
        return err_set(e, ERR_POLICY,
                       "the decision was given for another plan than change %s; nothing is written",
                       row->id);
    return !v->yes || given_equals(v->rendering, r->digest) ||
           err_set(
               e, ERR_POLICY,
               "what was shown of change %s is not what it is now; look at it again, nothing is "
               "written",
               row->id);
}

/* *r: what the policy says of a yes. */
static bool may_decide(struct engine *g, struct arena *a, const struct stored *row,
                       const struct plan *p, const struct verdict *v, struct ruling *r,
                       struct err *e)
{
    const struct approver x = { v->who, v->channel };
    if (!may_be_decided(g, row, v->yes, e))
        return false;
    const char *rejected = engine_rejected_in(g, a, p, e);
    return e->kind == ERR_NONE && was_shown(render_stored(a, row, p, rejected), row, v, e) &&
           (!channel_is_form(v->channel) || check_owner(row, v->who, "decide", e)) &&
           (v->yes ? strong_enough(g, a, row, p, &x, rejected, r, e)
                   : people_may(g->config, DEED_DECIDE, v->channel, v->who, e));
}

const char *engine_same_person(const struct engine *g, struct arena *a, const char *owner,
                               enum channel_kind by, const char *who, bool yes)
{
    const char *did = yes ? "approved" : "rejected";
    const struct config_person *p = people_find(g->config, by, who);
    switch (people_same(g->config, owner, by, who)) {
    case SAME_PERSON:
        return p ? arena_printf(a, "requested and %s by the same person, %s", did, p->name)
                 : arena_printf(a, "requested and %s by the same principal", did);
    case SAME_MAYBE:
        return !g->config->people
                   ? NULL
                   : arena_printf(a,
                                  "requested by '%s', which several share: who %s it may be the "
                                  "same person",
                                  config_name_is_shared(owner) ? owner : who, did);
    default:
        return NULL;
    }
}

enum { COMMENT_MAX = 1000 };

/* What the audit keeps beside it: who asked is who decided; the policy was edited meanwhile. */
static const char *note_on_decision(struct engine *g, struct arena *a, const struct stored *row,
                                    const struct verdict *v)
{
    const char *same = engine_same_person(g, a, row->owner, v->channel, v->who, v->yes);
    const char *moved = engine_policy_moved(g, a, row->id);
    return same && moved ? arena_printf(a, "%s; %s", same, moved) : same ? same : moved;
}

static struct store_decision decision_by(struct engine *g, struct arena *a,
                                         const struct stored *row, const struct verdict *v)
{
    return (struct store_decision){
        .who = v->who,
        .channel = channel_name(v->channel),
        .strength = channel_strength_name(channel_strength(v->channel)),
        .plan = row->digest,
        .rendering = v->rendering,
        .note = note_on_decision(g, a, row, v),
        .comment = v->comment ? secret_scrub(a, text_clean(a, v->comment, COMMENT_MAX)) : NULL,
    };
}

static bool record_decision(struct engine *g, struct arena *a, const struct stored *row,
                            const struct verdict *v, struct err *e)
{
    const struct store_decision d = decision_by(g, a, row, v);
    bool moved = false;
    trace(TRACE_CHANGE, "%s: %s by %s over %s", row->id, v->yes ? "approved" : "rejected", v->who,
          channel_name(v->channel));
    g->rejected.digest[0] = '\0';
    return store_decide(g->store, row->id, row->state, v->yes ? STATE_APPROVED : STATE_REJECTED, &d,
                        &moved, e) &&
           (moved ||
            err_set(e, ERR_POLICY, "change %s was decided by somebody else meanwhile", row->id));
}

/* One approval of several, kept before it is counted: of two that come at once, whoever counts
 * last finds both. *enough: with it all have agreed. */
static bool agree_with_others(struct engine *g, struct arena *a, const struct stored *row,
                              const struct verdict *v, int wanted, bool *enough, struct err *e)
{
    const struct store_decision d = decision_by(g, a, row, v);
    struct store_decision *all = NULL;
    bool kept = true;
    int n = store_agreed(g->store, a, row, &all, e);
    bool again = n >= 0 && engine_agreed_already(g, all, n, v->channel, v->who);
    *enough = n >= 0 && engine_count_people(g, all, n) >= wanted;
    if (again && !*enough)
        return err_set(e, ERR_POLICY,
                       "'%.100s' has approved change %s already: somebody else must, too",
                       people_name(g->config, v->channel, v->who), row->id);
    if (!again && n >= 0 && store_agree(g->store, row->id, row->state, &d, &kept, e) && kept)
        n = store_agreed(g->store, a, row, &all, e);
    *enough = n >= 0 && engine_count_people(g, all, n) >= wanted;
    return e->kind == ERR_NONE &&
           (kept ||
            err_set(e, ERR_POLICY, "change %s was decided by somebody else meanwhile", row->id));
}

bool engine_decide(struct engine *g, const char *id, const struct verdict *v, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct ruling r = { .count = 1 };
    bool enough = true;
    struct store *s = engine_store(g, e);
    const struct plan *p = s && store_expire(s, e) ? open_plan(g, a, id, &row, e) : NULL;
    bool ok = p && may_decide(g, a, &row, p, v, &r, e);
    if (ok && v->yes)
        engine_note_shadow(g, row.id, v->who, &r);
    if (ok && v->yes && r.count > 1)
        ok = agree_with_others(g, a, &row, v, r.count, &enough, e);
    ok = ok && (!enough || record_decision(g, a, &row, v, e));
    arena_free(a);
    return ok;
}

bool engine_decide_by_policy(struct engine *g, const char *id, struct err *e)
{
    const struct verdict v = { .yes = true, .who = "policy", .channel = CHANNEL_POLICY };
    struct arena *a = arena_new();
    struct stored row = { 0 };
    bool ok = store_find(g->store, a, id, &row, e) && record_decision(g, a, &row, &v, e);
    arena_free(a);
    return ok;
}

/* A guard was agreed to by who approved: who asked for the change does not take it away. */
static bool is_guards(const struct stored *row, struct err *e)
{
    return row->tool && !strcmp(row->tool, GUARD_TOOL) &&
           !err_set(e, ERR_POLICY,
                    "change %s is what a guard takes back %s by: it is not cancelled; a person "
                    "stops a guard with higress-ops stop %s",
                    row->id, row->undoes, row->undoes);
}

bool engine_cancel(struct engine *g, const char *id, const char *who, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    bool moved = false, ok = s && store_find(s, a, id, &row, e) &&
                             check_owner(&row, who, "cancel", e) && !is_guards(&row, e);
    if (ok && !store_may_move(row.state, STATE_CANCELLED))
        ok = err_set(e, ERR_POLICY, "change %s is %s: it cannot be cancelled", row.id,
                     store_state_name(row.state));
    ok = ok && store_move(s, row.id, row.state, STATE_CANCELLED, who, "call", NULL, &moved, e);
    if (ok && !moved)
        ok = err_set(e, ERR_POLICY, "change %s moved on meanwhile; look again", row.id);
    arena_free(a);
    return ok;
}

/* -- right before the write ---------------------------------------------------------------- */

/* Nobody was asked: that must still be so. */
static bool let_through(struct engine *g, struct arena *a, const struct stored *row,
                        const struct plan *p, struct err *e)
{
    struct wish w;
    struct ruling r;
    if (!engine_rule_kept(g, a, row, p, CHANNEL_NONE, &w, &r, e))
        return false;
    return r.says == POLICY_GO ||
           err_set(e, ERR_POLICY,
                   "change %s was let through by a policy that is no longer so (%s); nothing is "
                   "written, make the plan again",
                   row->id, policy_why(a, &w, &r));
}

/* All who agreed are held against today's people and rules, and counted anew. */
static bool all_approve(struct engine *g, struct arena *a, const struct stored *row,
                        const struct plan *p, const struct store_decision *last, struct err *e)
{
    struct store_decision *agreed = NULL;
    struct ruling r = { .count = 1 };
    int n = store_agreed(g->store, a, row, &agreed, e);
    struct store_decision *all = arena_array(a, struct store_decision, n < 0 ? 1 : n + 1);
    for (int i = 0; i < n; i++)
        all[i] = agreed[i];
    all[n < 0 ? 0 : n] = *last;
    for (int i = 0; i <= n && e->kind == ERR_NONE; i++) {
        const struct approver x = { all[i].who, channel_named(all[i].channel) };
        struct ruling one = r;
        approves(g, a, row, p, &x, &one, e);
        r = one.count > r.count ? one : r; /* by the channel that wants most of them */
    }
    if (e->kind != ERR_NONE || engine_count_people(g, all, n + 1) >= r.count)
        return e->kind == ERR_NONE;
    return err_set(
        e, ERR_POLICY,
        "change %s was approved by %d, and rule '%s' of the policy now wants %s; nothing "
        "is written, make the plan again",
        row->id, engine_count_people(g, all, n + 1), r.rule, policy_needs(a, &r));
}

bool engine_holds(struct engine *g, struct arena *a, const struct stored *row, const struct plan *p,
                  struct err *e)
{
    struct store_decision d = { 0 };
    bool there = false;
    if (!store_decision(g->store, a, row, &d, &there, e))
        return false;
    if (!there || !given_equals(d.verdict, store_state_name(STATE_APPROVED)) ||
        !given_equals(d.plan, p->digest))
        return err_set(e, ERR_POLICY,
                       "change %s is said to be approved, but no decision over this plan is kept; "
                       "nothing is written, make the plan again",
                       row->id);
    if (!people_may(g->config, DEED_PROPOSE, CHANNEL_NONE, row->owner, e))
        return false;
    if (channel_named(d.channel) == CHANNEL_GUARD)
        return guard_covers(g, a, row, p, e);
    return channel_named(d.channel) == CHANNEL_POLICY ? let_through(g, a, row, p, e)
                                                      : all_approve(g, a, row, p, &d, e);
}
