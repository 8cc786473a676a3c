/* guard.c - what a guard knows: the baseline, what was written, how it is told; and whether it may
 * write. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/guard_private.h"
#include "kind/kind.h"
#include "policy/people.h"
#include "policy/policy.h"
#include "store/store_decision.h"

/* The content without its version: what a controller only touches is no edit. */
static const char *trace_of(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    cJSON *content = kind_content(a, op->kind, now);
    if (!content)
        return "absent";
    if (kind_version_of(op->kind, now))
        json_remove(content, "version");
    char *text = json_canonical(a, content);
    return crypto_sha256_hex(a, text, strlen(text));
}

bool guard_left_alone(struct arena *a, const cJSON *kept, int i, const struct plan_op *op,
                      const cJSON *now)
{
    const cJSON *was = cJSON_GetArrayItem(json_get(kept, "wrote"), i);
    return cJSON_IsString(was) && !strcmp(was->valuestring, trace_of(a, op, now));
}

bool guard_watch_of(struct guard_watch *w, const struct engine_at *at, const struct plan *p,
                    struct err *e)
{
    w->config = at->config;
    return guard_spec_read(w->arena, p->guard, &w->spec, e) &&
           guard_targets_of(w->arena, p, &w->targets, e);
}

cJSON *guard_baseline(struct engine *g, const struct engine_at *at, struct arena *a,
                      const struct plan *p, struct cancel *c)
{
    struct err e = { 0 };
    struct guard_watch w = { .loop = g->loop, .arena = a, .cancel = c };
    struct guard_counts before = { 0 };
    double now = when_now();
    if (!p->guard)
        return NULL;
    cJSON *kept = json_object(a);
    if (guard_watch_of(&w, at, p, &e) &&
        guard_count(&w, now - w.spec.seconds, now, NULL, &before, &e))
        json_set(a, kept, "baseline", guard_counts_write(a, &before, w.spec.count));
    else
        json_set_str(a, kept, "blind", e.text);
    return kept;
}

const char *guard_blind(const cJSON *kept)
{
    return json_str(kept, "blind");
}

const struct store_guard *guard_after(struct arena *a, const struct plan *p, const cJSON *kept,
                                      enum plan_state state, const cJSON *const *wrote)
{
    struct guard_spec spec;
    struct err ignored = { 0 };
    if (!p->guard || !kept)
        return NULL;
    struct store_guard *next = arena_make(a, struct store_guard);
    cJSON *o = json_clone(a, kept);
    bool stands = state == STATE_APPLIED && guard_spec_read(a, p->guard, &spec, &ignored);
    *next = (struct store_guard){ stands ? GUARD_WATCHING : GUARD_STOPPED, o };
    if (!stands) {
        json_set_str(a, o, "text", "it did not begin: the change is not applied");
        return next;
    }
    cJSON *traces = json_set_array(a, o, "wrote");
    for (int i = 0; i < p->count; i++)
        json_add_str(a, traces, trace_of(a, &p->ops[i], wrote[i]));
    double now = when_now();
    json_set_num(a, o, "since", now);
    json_set_num(a, o, "until", now + spec.seconds);
    return next;
}

/* What the policy denies whoever asks, a guard does not do either. */
static bool is_not_denied(struct engine *g, struct arena *a, const struct stored *row,
                          const struct plan *p, struct err *e)
{
    struct wish w;
    struct ruling r;
    if (!engine_rule_kept(g, a, row, p, CHANNEL_NONE, &w, &r, e))
        return false;
    return r.says != POLICY_DENY ||
           err_set(e, ERR_POLICY, "change %s is denied by the policy (%s); nothing is written",
                   row->id, policy_why(a, &w, &r));
}

bool guard_covers(struct engine *g, struct arena *a, const struct stored *row, const struct plan *p,
                  struct err *e)
{
    struct stored was = { 0 };
    if (!p->undoes || !store_find(g->store, a, p->undoes, &was, e))
        return e->kind != ERR_NONE
                   ? false
                   : err_set(e, ERR_POLICY, "change %s takes nothing back", row->id);
    const char *reverse = json_str(was.guard, "reverse");
    if (!was.guarded || strcmp(was.guarded, GUARD_REVERTING) != 0 || !reverse ||
        strcmp(reverse, row->id) != 0)
        return err_set(e, ERR_POLICY,
                       "change %s is not what the guard of %s has begun to take back; nothing is "
                       "written",
                       row->id, was.id);
    const struct plan *guarded = store_plan(g->store, a, was.id, e);
    return guarded && engine_holds(g, a, &was, guarded, e) && is_not_denied(g, a, row, p, e);
}

void guard_undone(struct engine *g, const struct plan *p, const char *by)
{
    struct arena *a = arena_new();
    struct err ignored = { 0 };
    struct stored was = { 0 };
    bool moved = false;
    if (store_find(g->store, a, p->undoes, &was, &ignored) && was.guarded &&
        !strcmp(was.guarded, GUARD_WATCHING)) {
        cJSON *kept = json_clone(a, was.guard);
        json_set_str(a, kept, "text", arena_printf(a, "ended: change %s took it back", by));
        store_guard_step(g->store, was.id, GUARD_WATCHING,
                         &(struct store_guard){ GUARD_STOPPED, kept }, "undo", "engine", &moved,
                         &ignored);
    }
    arena_free(a);
}

bool engine_stop_guard(struct engine *g, const char *id, const char *who, const char *why,
                       struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    bool moved = false, ok = s && people_may(g->config, DEED_DECIDE, CHANNEL_TERMINAL, who, e) &&
                             store_find(s, a, id, &row, e);
    cJSON *kept = ok && row.guard ? json_clone(a, row.guard) : json_object(a);
    json_set_str(a, kept, "text", arena_printf(a, "stopped by %s: %s", who, why));
    const struct store_guard to = { GUARD_STOPPED, kept };
    if (ok && row.state == STATE_APPROVED && row.starts > 0)
        ok = store_move(s, row.id, STATE_APPROVED, STATE_CANCELLED, who, "command line", kept,
                        &moved, e);
    else if (ok)
        ok = store_guard_step(s, row.id, GUARD_WATCHING, &to, who, "command line", &moved, e);
    if (ok && !moved)
        ok =
            err_set(e, ERR_POLICY,
                    "change %s neither waits for its time nor is watched: there is nothing to stop",
                    row.id);
    arena_free(a);
    return ok;
}

cJSON *guard_show(struct engine *g, struct arena *a, const struct stored *row)
{
    const char *text = json_str(row->guard, "text"), *reverse = json_str(row->guard, "reverse");
    double until = json_num(row->guard, "until", 0);
    if (!row->guarded)
        return NULL;
    cJSON *o = json_object(a);
    json_set_str(a, o, "state", row->guarded);
    bool watching = !strcmp(row->guarded, GUARD_WATCHING);
    if (watching && until > 0)
        json_set_str(a, o, "until", when_text(a, until, false));
    if (watching && !(row->lease && store_alive(g->store, row->lease)))
        text = "no server watches it at this moment; the next one that starts goes on";
    if (text)
        json_set_str(a, o, "text", text);
    if (reverse)
        json_set_str(a, o, "reverse", reverse);
    return o;
}
