/* guard_revert.c - a guarded change got worse: its reverse, as a change of its own through the same
 * engine.
 *
 * It begins in one transaction (the guard is `reverting`, the reverse approved), so that it is
 * begun once, whoever dies meanwhile; from there on it is applied, recovered and read back as every
 * change is. What somebody else changed since is never taken back: then the guard says so and
 * stops.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/apply_private.h"
#include "change/guard_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "store/store_decision.h"

/* May pass by itself; the next look tries again. */
static bool may_pass(const struct err *e)
{
    return e->kind == ERR_NET || e->kind == ERR_GATEWAY || e->kind == ERR_GONE;
}

static void give_up(struct guard_look *k, const char *why, const char *because)
{
    guard_end(k, GUARD_WATCHING, GUARD_STOPPED,
              arena_printf(k->arena, "%s; it is not taken back: %s", why, because));
}

/* Each object as this change left it? False: e, or somebody changed it. */
static bool all_left_alone(struct guard_look *k, const struct plan_op **changed, struct err *e)
{
    *changed = NULL;
    for (int i = 0; i < k->plan->count; i++) {
        const struct plan_op *op = &k->plan->ops[i];
        const cJSON *now = NULL;
        if (!gateway_now(k->at->gateway, k->arena, op->kind, op->name, op->scope, &now, &k->cancel,
                         e))
            return false;
        if (guard_left_alone(k->arena, k->kept, i, op, now))
            continue;
        *changed = op;
        return false;
    }
    return true;
}

static const struct plan_op *operation_on(const struct plan *p, const struct plan_op *as)
{
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        if (op->kind == as->kind && !strcmp(op->name, as->name) &&
            !strcmp(op->scope ? op->scope : "", as->scope ? as->scope : ""))
            return op;
    }
    return NULL;
}

/* Does the reverse begin from what this change left? Its bases were read after all_left_alone
 * looked, and what is written is held against them alone. */
static bool begins_where_it_left(struct guard_look *k, const struct plan *reverse,
                                 const struct plan_op **changed)
{
    *changed = NULL;
    for (int i = 0; i < k->plan->count && !*changed; i++) {
        const struct plan_op *op = &k->plan->ops[i], *back = operation_on(reverse, op);
        if (!back || !guard_left_alone(k->arena, k->kept, i, op, back->before))
            *changed = op;
    }
    return !*changed;
}

/* Stored as a draft; its id. NULL + e, or *changed was changed by somebody. */
static const char *propose(struct guard_look *k, const char *why, struct plan **reverse,
                           const struct plan_op **changed, struct err *e)
{
    const char *id = NULL;
    struct plan *p = plan_new(k->arena, GUARD_TOOL, CHANGE, e);
    p->as_is = true; /* a gateway held it */
    if (!engine_undo(k->engine, p, k->id, &k->cancel, e) || !begins_where_it_left(k, p, changed))
        return NULL;
    plan_title(p, "guard takes back %s: %s", k->id, k->title);
    plan_warn(p, "guard of %s: %s", k->id, why);
    *reverse = p;
    return engine_propose_reverse(k->engine, p, k->owner, &id, e) ? id : NULL;
}

static bool begin(struct guard_look *k, const struct plan *p, const char *id, const char *why,
                  struct err *e)
{
    bool moved = false;
    const char *rejected = engine_rejected_in(k->engine, k->arena, p, e);
    if (e->kind != ERR_NONE)
        return false;
    if (rejected)
        return err_set(e, ERR_POLICY, "%s", rejected);
    json_set_str(k->arena, k->kept, "text", why);
    json_set_str(k->arena, k->kept, "reverse", id);
    const struct store_guard to = { GUARD_REVERTING, k->kept };
    const struct store_decision d = { .who = "guard",
                                      .channel = channel_name(CHANNEL_GUARD),
                                      .plan = p->digest,
                                      .note =
                                          arena_printf(k->arena, "guard of %s: %s", k->id, why) };
    return store_guard_revert(k->engine->store, k->id, &to, id, &d, &moved, e) && moved;
}

/* Somebody changed it, or e. What may pass by itself is tried again at the next look. */
static void not_taken_back(struct guard_look *k, const char *why, const struct plan_op *changed,
                           const struct err *e)
{
    if (changed)
        give_up(k, why,
                arena_printf(k->arena,
                             "%s '%s' was changed by somebody since, and stays as it is; undo %s "
                             "by hand where that is wanted",
                             changed->kind->name, changed->name, k->id));
    else if (e->kind != ERR_NONE && !may_pass(e))
        give_up(k, why, e->text);
}

void guard_revert(struct guard_look *k, const char *why)
{
    struct err e = { 0 };
    struct plan *p = NULL;
    const struct plan_op *changed = NULL;
    enum plan_state state = 0;
    if (!all_left_alone(k, &changed, &e)) {
        not_taken_back(k, why, changed, &e);
        return;
    }
    apply_step("guard.worse", -1);
    const char *id = propose(k, why, &p, &changed, &e);
    apply_step("guard.proposed", -1);
    if (!id || !begin(k, p, id, why, &e)) {
        not_taken_back(k, why, changed, &e);
        return;
    }
    apply_step("guard.begun", -1);
    apply_run(k->engine, k->arena, id, (struct engine_listener){ 0 }, NULL, &state, &e);
    guard_conclude(k);
}

void guard_conclude(struct guard_look *k)
{
    struct err e = { 0 };
    struct stored reverse = { 0 };
    struct arena *a = k->arena;
    const char *id = json_str(k->kept, "reverse"), *why = json_str(k->kept, "text");
    if (!id || !why || !store_find(k->engine->store, a, id, &reverse, &e) ||
        !store_final(reverse.state))
        return;
    apply_step("guard.over", -1);
    const char *text = json_str(reverse.result, "text");
    if (reverse.state == STATE_APPLIED)
        guard_end(k, GUARD_REVERTING, GUARD_REVERTED,
                  arena_printf(a, "%s; taken back by change %s", why, id));
    else
        guard_end(k, GUARD_REVERTING, GUARD_STOPPED,
                  arena_printf(a, "%s; change %s, which was to take it back, is %s%s%s", why, id,
                               store_state_name(reverse.state), text ? ": " : "",
                               text ? text : ""));
}
