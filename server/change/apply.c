/* apply.c - one approved plan, from the lease to the final state.
 *
 * Reads top to bottom in apply_run. What one operation does is apply_op.c; taking back is
 * apply_undo.c.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/span.h"
#include "base/trace.h"
#include "base/when.h"
#include "change/apply_private.h"
#include "change/guard_private.h"
#include "change/served_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/loop.h"
#include "plan/compare.h"
#include <signal.h>
#include <stdarg.h>

static const double RENEW = 3; /* seconds */

#ifdef CHECK_BUILD
void apply_step(const char *name, int i)
{
    char step[32];
    const char *at = getenv("HIGRESS_OPS_STOP_AT");
    snprintf(step, sizeof step, i < 0 ? "%s" : "%s.%d", name, i);
    if (at && !strcmp(at, step))
        raise(SIGKILL);
}
#else
void apply_step(const char *name, int i)
{
    (void)name;
    (void)i;
}
#endif

cJSON *engine_outcome(struct arena *a, const struct plan_op *op, const char *outcome,
                      const char *note, cJSON *differences)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "verb", plan_verb_name(op->verb));
    json_set_str(a, o, "kind", op->kind->name);
    json_set_str(a, o, "name", op->name);
    if (op->scope)
        json_set_str(a, o, "scope", op->scope);
    json_set_str(a, o, "outcome", outcome);
    if (note && *note)
        json_set_str(a, o, "note", note);
    if (json_count(differences) > 0)
        json_set(a, o, "differences", differences);
    return o;
}

void apply_set_outcome(struct job *j, int i, enum intent what, const char *note, cJSON *differences)
{
    j->outcomes[i] =
        engine_outcome(j->arena, &j->plan->ops[i], store_intent_name(what), note, differences);
}

void apply_say(struct job *j, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(j->text, sizeof j->text, format, args);
    va_end(args);
}

bool apply_read(struct job *j, struct arena *a, const struct plan_op *op, const cJSON **now,
                struct cancel *c, struct err *e)
{
    return gateway_now(j->at->gateway, a, op->kind, op->name, op->scope, now, c, e);
}

static void renew(void *arg)
{
    struct job *j = arg;
    struct err ignored = { 0 };
    bool held;
    store_renew(j->engine->store, j->id, STORE_LEASE, &held, &ignored);
}

static void say_drift(struct job *j, cJSON *moved, const struct plan_op *op, const cJSON *now)
{
    cJSON *lines = compare_drift(j->arena, op, now);
    const cJSON *first = cJSON_GetArrayItem(lines, 0);
    if (!j->text[0])
        apply_say(j,
                  "nothing was written: %s '%s' changed since the plan was made (%.300s); make the "
                  "plan again",
                  op->kind->name, op->name, first ? first->valuestring : "its version moved");
    json_add(j->arena, moved, engine_outcome(j->arena, op, "moved", NULL, lines));
}

/* Every base as the plan knew it? Sets the state and the sentence when not. */
static bool bases_hold(struct job *j, cJSON *result, enum plan_state *state)
{
    struct err e = { 0 };
    cJSON *moved = json_array(j->arena);
    if (guard_blind(j->guard)) {
        apply_say(j, "nothing was written: its guard could not see: %s", guard_blind(j->guard));
        *state = STATE_FAILED;
        return false;
    }
    for (int i = 0; i < j->plan->count; i++) {
        const struct plan_op *op = &j->plan->ops[i];
        const cJSON *now;
        if (!apply_read(j, j->arena, op, &now, j->cancel, &e)) {
            apply_say(j, "nothing was written: %s", e.text);
            *state = STATE_FAILED;
            return false;
        }
        if (strcmp(kind_hash(j->arena, op->kind, now), op->base) != 0)
            say_drift(j, moved, op, now);
    }
    *state = STATE_FAILED;
    if (json_count(moved) == 0)
        return apply_foresee(j);
    json_set(j->arena, result, "moved", moved);
    *state = STATE_VOID;
    return false;
}

/* Reading took its time: a freeze, a role taken away or other rules since then count, too. */
static bool still_holds(struct job *j, enum plan_state *state)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    if (store_find(j->engine->store, j->arena, j->id, &row, &e) &&
        engine_applies(j->engine, &row, &e) && engine_holds(j->engine, j->arena, &row, j->plan, &e))
        return true;
    apply_say(j, "nothing was written: %s", e.text);
    *state = STATE_FAILED;
    return false;
}

/* How many operations stand written and read back. */
static void tell_written_so_far(const struct job *j, const char *what)
{
    if (j->listener.fn)
        j->listener.fn(j->listener.arg, j->done, j->plan->count, what);
}

static enum plan_state write_operations(struct job *j)
{
    for (int i = 0; i < j->plan->count; i++) {
        bool undo = true;
        if (apply_op(j, i, &undo)) {
            j->done = i + 1;
            tell_written_so_far(j, "written and read back");
            continue;
        }
        if (undo && j->done > 0)
            apply_undo(j);
        return j->unknown ? STATE_UNKNOWN : STATE_FAILED;
    }
    apply_say(j, "applied: %s%s%s", j->plan->title,
              j->remark ? "; it is there, although something went wrong: " : "",
              j->remark ? j->remark : "");
    return STATE_APPLIED;
}

static void set_state_error(const struct job *j, enum plan_state state, struct err *e)
{
    enum err_kind kind = state == STATE_VOID      ? ERR_POLICY
                         : state == STATE_UNKNOWN ? ERR_UNKNOWN
                                                  : ERR_GATEWAY;
    if (state != STATE_APPLIED)
        err_set(e, kind, "change %s: %s", j->id, j->text);
}

/* Something stands, or may: the plan that takes it back is made now, and named. */
static void name_clean_up(struct job *j, cJSON *result)
{
    struct err e = { 0 };
    const char *id = apply_clean(j, &e);
    char *why = arena_strdup(j->arena, j->text);
    if (id) {
        json_set_str(j->arena, result, "clean_up", id);
        apply_say(j, "%.700s; change %s would clean up what stands (apply_change)", why, id);
    } else if (e.kind != ERR_NONE) {
        apply_say(j, "%.600s; no plan to clean up could be made: %.200s", why, e.text);
    }
}

static void finish_job(struct job *j, cJSON *result, enum plan_state *state, struct err *e)
{
    if (*state == STATE_FAILED || *state == STATE_UNKNOWN)
        name_clean_up(j, result);
    const struct secret_set *secrets = plan_secrets(j->arena, j->plan);
    const char *text = mask_quoting(j->arena, secrets, j->text);
    apply_say(j, "%s", text);
    json_set_str(j->arena, result, "text", text);
    const char *other = engine_other_policy(j->engine, j->arena, j->plan);
    if (other)
        json_set_str(j->arena, result, "policy_moved", other);
    cJSON *outcomes = json_set_array(j->arena, result, "operations");
    for (int i = 0; i < j->plan->count; i++)
        json_add(j->arena, outcomes, j->outcomes[i]);
    secret_scrub_tree(j->arena, secrets, outcomes);
    served_begin(j->arena, j->at, *state, result);
    apply_step("finish", -1);
    bool moved = false;
    struct err why = { 0 };
    const struct store_guard *guard = guard_after(j->arena, j->plan, j->guard, *state, j->wrote);
    if (!store_move_guarded(j->engine->store, j->id, STATE_APPLYING, *state,
                            store_owner(j->engine->store), "engine", result, guard, &moved, &why))
        err_set(e, ERR_SYSTEM, "change %s: %s; but the state could not be kept: %s", j->id, j->text,
                why.text);
    else if (!moved)
        err_set(e, ERR_UNKNOWN,
                "change %s: the lease was lost to another process while applying; list_changes "
                "shows what it found",
                j->id);
    apply_step("finished", -1);
    if (moved && *state == STATE_APPLIED && j->plan->undoes)
        guard_undone(j->engine, j->plan, j->id);
    set_state_error(j, *state, e);
}

/* Takes the lease. False: somebody else has it, or it is not approved (any more). */
static bool take_lease(const struct job *j, struct err *e)
{
    bool moved = false;
    struct store *s = j->engine->store;
    const struct store_guard ready = { GUARD_READY, j->guard };
    return store_move_guarded(s, j->id, STATE_APPROVED, STATE_APPLYING, store_owner(s), "engine",
                              NULL, j->guard ? &ready : NULL, &moved, e) &&
           moved;
}

/* Opens the plan; is it approved, and is what approved it still enough? */
static bool may_apply(struct job *j, struct err *e)
{
    struct stored row = { 0 };
    struct store *s = j->engine->store;
    j->plan = store_find(s, j->arena, j->id, &row, e) ? store_plan(s, j->arena, j->id, e) : NULL;
    apply_step("claim", -1);
    if (!j->plan)
        return false;
    j->owner = row.owner;
    j->at = engine_at(j->engine, j->plan->gateway);
    if (!j->at)
        return err_set(e, ERR_POLICY, "change %s is for a gateway that is not configured", j->id);
    if (row.starts > when_now())
        return err_set(e, ERR_POLICY, "change %s waits for its time", j->id);
    if (row.expires <= when_now())
        return err_set(e, ERR_POLICY, "the approval of change %s held until %s; make it again",
                       j->id, when_text(j->arena, row.expires, false));
    return engine_applies(j->engine, &row, e) &&
           engine_holds(j->engine, j->arena, &row, j->plan, e);
}

void apply_run(struct engine *g, struct arena *a, const char *id, struct engine_listener listener,
               struct cancel *c, enum plan_state *state, struct err *e)
{
    struct job *j = arena_make(a, struct job);
    *j = (struct job){ .engine = g, .arena = a, .listener = listener, .cancel = c, .id = id };
    if (!may_apply(j, e))
        return;
    j->guard = guard_baseline(g, j->at, a, j->plan, c);
    if (!take_lease(j, e))
        return;
    apply_step("claimed", -1);
    trace(TRACE_CHANGE, "%s: applying %d operations", id, j->plan->count);
    struct span span;
    span_begin_apply(&span, id);
    g->busy++;
    struct loop_timer *renewal = loop_timer(g->loop, RENEW, RENEW, renew, j);
    cJSON *result = json_object(a);
    j->outcomes = arena_array(a, cJSON *, j->plan->count);
    j->wrote = arena_array(a, const cJSON *, j->plan->count);
    for (int i = 0; i < j->plan->count; i++)
        j->outcomes[i] = engine_outcome(a, &j->plan->ops[i], "not started", NULL, NULL);
    tell_written_so_far(j, "comparing what is there with the plan");
    if (bases_hold(j, result, state) && still_holds(j, state)) {
        apply_step("checked", -1);
        *state = write_operations(j);
    }
    finish_job(j, result, state, e);
    trace(TRACE_CHANGE, "%s: %s", id, store_state_name(*state));
    span_end(&span, *state == STATE_APPLIED ? NULL : store_state_name(*state));
    loop_untimer(renewal);
    g->busy--;
    if (e->kind == ERR_NONE && served_is_begun(result)) {
        tell_written_so_far(j, "looking whether every replica serves it");
        served_look(g, j->at, a, id, j->plan, j->wrote, c);
    }
}
