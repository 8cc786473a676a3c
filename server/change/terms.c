/* terms.c - guard and schedule of a plan, checked before anybody is asked.
 *
 * A guard that cannot see, or could not take back what it watches, is refused where it was asked
 * for; a configured one is left out, and said to be.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "change/terms_private.h"
#include "guard/watch.h"
#include "kind/kind.h"
#include "plan/schedule.h"
#include "store/store_outside.h"

static bool take_schedule(struct plan *p)
{
    struct schedule s;
    if (!p->schedule)
        return true;
    if (!schedule_read(p->schedule, when_now(), &s, p->err))
        return false;
    p->schedule = schedule_write(p->arena, p->schedule, &s);
    plan_warn(p,
              "schedule: once approved it waits until %s and is applied then, if everything is "
              "still as the plan knows it; the approval holds until %s",
              json_str(p->schedule, "at"), json_str(p->schedule, "until"));
    return true;
}

/* Could each operation be taken back? */
static bool is_reversible(const struct plan *p, struct err *e)
{
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        const char *why = NULL;
        if (op->verb != PLAN_CREATE && !op->before)
            why = "what was there before is not known";
        else if (op->verb != PLAN_CREATE && op->kind->needs)
            why = arena_printf(p->arena, "reading never shows its %s", op->kind->needs);
        if (why)
            return err_set(e, ERR_POLICY, "guard: %s '%s' could not be put back: %s",
                           op->kind->name, op->name, why);
    }
    return true;
}

static bool destroys_backwards(const struct plan *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->ops[i].verb == PLAN_CREATE)
            return true;
    return false;
}

static void say_guard(struct plan *p, const struct guard_spec *spec,
                      const struct guard_targets *targets, enum guard_signal signal)
{
    plan_warn(p,
              "guard: %s is watched for %s after the write, by %s; it is taken back by itself, "
              "once, when: %s",
              targets->told, guard_span(p->arena, spec->seconds),
              signal == GUARD_LOG ? "the access log" : "Envoy's counters (by service)",
              guard_spec_conditions(p->arena, spec));
    plan_warn(p,
              "guard: taken back means each operation of this plan in reverse, the last first: "
              "what it created is deleted, what it deleted is created and what it changed is put "
              "back as it was; this approval covers that, too, unless somebody changed one of "
              "these objects meanwhile");
}

static bool guard_as(const struct engine_at *at, struct plan *p, const cJSON *wanted, struct err *e)
{
    struct guard_spec spec;
    struct guard_targets targets;
    if (!guard_spec_read(p->arena, wanted, &spec, e))
        return false;
    enum guard_signal signal = guard_signal_of(at->config, &spec, e);
    if (!signal || !is_reversible(p, e) || !guard_targets_of(p->arena, p, &targets, e))
        return false;
    p->guard = guard_spec_write(p->arena, &spec);
    if (destroys_backwards(p))
        plan_risk(p, DESTROY);
    say_guard(p, &spec, &targets, signal);
    return true;
}

/* What is configured watches what it can, and asks for no stronger approval. */
static void guard_by_default(const struct engine_at *at, struct plan *p)
{
    struct err e = { 0 };
    const cJSON *wanted = guard_spec_parse(p->arena, at->config->guard);
    if (destroys_backwards(p) && p->risk != DESTROY)
        err_set(&e, ERR_POLICY,
                "guard: taking it back would delete, which this approval would not "
                "cover");
    if (e.kind != ERR_NONE || !guard_as(at, p, wanted, &e))
        plan_warn(p, "not watched by the configured guard: %s", e.text);
}

bool terms_complete(const struct engine_at *at, struct plan *p)
{
    if (!take_schedule(p))
        return false;
    if (p->guard)
        return guard_as(at, p, p->guard, p->err);
    if (at->config->guard && (!p->undoes || store_is_edit(p->undoes)))
        guard_by_default(at, p);
    return true;
}
