/* engine.c - the change engine's life: proposals and decisions, and the watcher that applies what
 * was decided elsewhere.
 *
 * Applying is apply.c, recovery recover.c, undoing undo.c, answers engine_show.c.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/trace.h"
#include "change/engine_private.h"
#include "change/guard_private.h"
#include "change/outside_private.h"
#include "change/terms_private.h"
#include "console/gateway.h"
#include "inspect/inspect_plan.h"
#include "net/loop.h"
#include "plan/refs.h"
#include "policy/people.h"
#include "policy/policy.h"
#include "store/store_room.h"
#include <unistd.h>

static const double WATCH = 0.25; /* seconds between two looks */
enum { LOOK_ANYWAY = 8, BEAT_EVERY = 8, EXPIRE_EVERY = 40, RECOVER_EVERY = 20, GUARD_EVERY = 4 };
enum { AT_ONCE = 8 };

struct engine *engine_new(struct loop *l, struct arena *a, struct gateway *g,
                          const struct config *c)
{
    struct engine *e = arena_make(a, struct engine);
    e->loop = l;
    e->arena = a;
    e->config = c;
    struct err ignored = { 0 };
    engine_add(e, g, config_several(c) ? config_gateway(c, NULL, &ignored) : c);
    return e;
}

void engine_add(struct engine *g, struct gateway *gateway, const struct config *c)
{
    for (int i = 0; i < g->count; i++)
        if (g->at[i].gateway == gateway)
            return;
    if (g->count < CONFIG_GATEWAYS_MAX)
        g->at[g->count++] = (struct engine_at){ gateway, c };
}

struct store *engine_store(struct engine *g, struct err *e)
{
    if (!g->store)
        g->store = store_open(g->arena, g->config->state_dir, e);
    return g->store;
}

bool engine_busy(const struct engine *g)
{
    return g->busy > 0;
}

void engine_stop(struct engine *g)
{
    loop_untimer(g->watch);
    g->watch = NULL;
    outside_stop(g);
    for (int i = 0; i < AT_ONCE; i++)
        if (g->cancels[i])
            cancel_fire(g->cancels[i]);
    for (int i = 0; i < ENGINE_GUARDS; i++)
        if (g->guards[i].cancel)
            cancel_fire(g->guards[i].cancel);
    if (g->busy == 0) {
        store_close(g->store);
        g->store = NULL;
    }
}

const struct engine_at *engine_at(const struct engine *g, const char *url)
{
    for (int i = 0; url && i < g->count; i++) {
        const char *ours = gateway_url(g->at[i].gateway);
        if (ours && !strcmp(ours, url))
            return &g->at[i];
    }
    return NULL;
}

struct gateway *engine_gateway(const struct engine *g, const char *url)
{
    const struct engine_at *at = url ? engine_at(g, url) : &g->at[0];
    return at ? at->gateway : NULL;
}

/* -- proposals and decisions ----------------------------------------------------------------------
 */

/* What the policy says of the plan. False: the state could not be read. */
static bool rule_on(struct engine *g, const struct plan *p, bool dry_run, const char *who,
                    struct ruling *r, struct err *e)
{
    const struct engine_asked about = { who, 0, CHANNEL_NONE, dry_run };
    struct wish w;
    if (!engine_judge(g, p->arena, p, &about, &w, e))
        return false;
    if (policy_of(&w) == POLICY_GO) /* then it matters whether somebody rejected it before */
        w.rejected = engine_rejected_in(g, p->arena, p, e) != NULL;
    *r = policy_rule(&w);
    if (r->says == POLICY_DENY)
        err_set(e, ERR_POLICY, "nothing is planned: %s", policy_why(p->arena, &w, r));
    return e->kind == ERR_NONE;
}

static enum engine_next next_of(enum policy says)
{
    static const enum engine_next next[] = { [POLICY_DENY] = ENGINE_REFUSED,
                                             [POLICY_DRAFT] = ENGINE_DRAFT,
                                             [POLICY_ASK] = ENGINE_ASK,
                                             [POLICY_GO] = ENGINE_GO };
    return next[says];
}

/* The gateway the plan is for, if it may be planned there. */
static const struct engine_at *place_to_plan_for(struct engine *g, const struct plan *p,
                                                 struct err *e)
{
    const struct engine_at *at = p->gateway ? engine_at(g, p->gateway) : &g->at[0];
    if (at && policy_plans(at->config->mode))
        return engine_pinned_out(g, gateway_url(at->gateway), at->config->mode, e) ? NULL : at;
    if (!at)
        err_set(e, ERR_POLICY, "the gateway %s is not configured", p->gateway);
    else
        err_set(e, ERR_POLICY, "%s read-only: no change is planned",
                config_several(g->config) ? "this gateway is" : "this server runs");
    return NULL;
}

/* Kept for its owner, if there is room. */
static bool keep_plan(struct engine *g, const struct plan *p, enum engine_next next,
                      const char *who, bool counted, const char **id, struct err *e)
{
    enum plan_state state = next == ENGINE_DRAFT ? STATE_DRAFT : STATE_PENDING;
    char *kept = NULL;
    bool ok = (!counted || store_room(g->store, p, who, (int)g->config->max_plans, e)) &&
              store_keep(g->store, p->arena, p, state, who, g->config->plan_ttl, &kept, e);
    *id = kept;
    return ok;
}

/* What only the gateway can say of the plan: who uses what goes, which traps it would make. */
static bool complete_from_gateway(const struct engine_at *at, struct plan *p)
{
    struct gateway *view = gateway_through(p->view, at->gateway);
    if (!refs_guard(view, p, NULL))
        return false;
    inspect_plan(view, p);
    return terms_complete(at, p) && plan_close(p);
}

/* Has who asks a role for it, and planned no more than they may? */
static bool may_plan(struct engine *g, const char *who, bool counted, struct err *e)
{
    return people_may(g->config, DEED_PROPOSE, CHANNEL_NONE, who, e) && engine_store(g, e) &&
           (!counted || store_may_plan(g->store, who, (int)g->config->plans_hour, e));
}

/* counted: against what one principal may plan. */
static enum engine_next propose_counted(struct engine *g, struct plan *p, bool dry_run,
                                        const char *who, bool counted, const char **id,
                                        struct err *e)
{
    const struct engine_at *at = place_to_plan_for(g, p, e);
    if (!at || !may_plan(g, who, counted, e))
        return ENGINE_REFUSED;
    p->gateway = gateway_url(at->gateway);
    p->policy = engine_policy(g);
    if (!complete_from_gateway(at, p))
        return err_set(e, p->err->kind, "%s", p->err->text), ENGINE_REFUSED;
    struct ruling r;
    if (!rule_on(g, p, dry_run, who, &r, e))
        return ENGINE_REFUSED;
    enum engine_next next = next_of(r.says);
    if (!keep_plan(g, p, next, who, counted, id, e) ||
        (next == ENGINE_GO && !engine_decide_by_policy(g, *id, e)))
        return ENGINE_REFUSED;
    engine_note_shadow(g, *id, who, &r);
    trace(TRACE_CHANGE, "%s: %s of %d operations, by %s: %s", *id, p->tool, p->count, who,
          next == ENGINE_DRAFT ? "a draft"
          : next == ENGINE_ASK ? "a person decides"
                               : "let through");
    if (g->serving)
        engine_watch_now(g);
    return next;
}

enum engine_next engine_propose(struct engine *g, struct plan *p, bool dry_run, const char *who,
                                const char **id, struct err *e)
{
    return propose_counted(g, p, dry_run, who, true, id, e);
}

enum engine_next engine_propose_reverse(struct engine *g, struct plan *p, const char *who,
                                        const char **id, struct err *e)
{
    return propose_counted(g, p, true, who, false, id, e);
}

bool engine_ask(struct engine *g, const char *id, const char *who, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct store *s = engine_store(g, e);
    bool moved, ok = s && store_find(s, a, id, &row, e);
    ok = ok && engine_owns(g, row.id, who, e) && engine_applies(g, &row, e) &&
         engine_may_ask(g, a, &row, who, e);
    if (ok && row.state == STATE_DRAFT)
        ok = store_move(s, row.id, STATE_DRAFT, STATE_PENDING, store_owner(s), "engine", NULL,
                        &moved, e);
    else if (ok && row.state != STATE_PENDING)
        ok = err_set(e, ERR_POLICY, "change %s is %s already", row.id, store_state_name(row.state));
    ok = ok && store_hold(s, row.id, e);
    arena_free(a);
    if (ok && g->serving)
        engine_watch_now(g);
    return ok;
}

/* -- the watcher ----------------------------------------------------------------------------------
 */

struct errand {
    struct engine *engine;
    struct cancel cancel;
    char id[64]; /* "": recovery */
};

static void run_errand(void *arg)
{
    struct arena *a = arena_new();
    struct errand x = *(struct errand *)arg;
    struct engine *g = x.engine;
    struct err e = { 0 };
    enum plan_state state = 0;
    int slot = 0;
    while (slot < AT_ONCE && g->cancels[slot])
        slot++;
    if (slot < AT_ONCE) {
        g->cancels[slot] = &x.cancel;
        g->busy++;
        /* What it came to is in the store and the audit; nobody waits here. */
        if (x.id[0])
            apply_run(g, a, x.id, (struct engine_listener){ 0 }, &x.cancel, &state, &e);
        else
            engine_recover(g, &e);
        g->busy--;
        g->cancels[slot] = NULL;
    }
    if (!x.id[0])
        g->recovering = false;
    arena_free(a);
}

/* A decision that does not hold must not keep those behind it waiting: it expires. */
static bool may_write(struct engine *g, const struct stored *row)
{
    struct err ignored = { 0 };
    struct arena *a = arena_new();
    const struct plan *p = engine_at(g, row->gateway) && engine_applies(g, row, &ignored)
                               ? store_plan(g->store, a, row->id, &ignored)
                               : NULL;
    bool ok = p && engine_holds(g, a, row, p, &ignored);
    arena_free(a);
    return ok;
}

static bool take_approved(void *arg, const struct stored *row)
{
    struct errand *x = arg;
    struct store *s = x->engine->store;
    if (row->tampered)
        return true;
    bool mine = row->holder && !strcmp(row->holder, store_owner(s));
    if ((!mine && store_alive(s, row->holder)) || !may_write(x->engine, row))
        return true;
    snprintf(x->id, sizeof x->id, "%s", row->id);
    return false;
}

static void look_for_approved(struct engine *g)
{
    struct errand x = { .engine = g };
    struct err ignored = { 0 };
    if (policy_applies(g->config->mode) &&
        store_each_due(g->store, 64, take_approved, &x, &ignored) && x.id[0])
        fiber_start(run_errand, &x);
}

static void engine_tick(void *arg)
{
    struct engine *g = arg;
    struct err ignored = { 0 };
    int n = g->ticks++;
    if (n % BEAT_EVERY == 0)
        store_note_alive(g->store, &ignored);
    if (n % EXPIRE_EVERY == EXPIRE_EVERY - 1)
        store_expire(g->store, &ignored);
    if (store_changed(g->store) || n % LOOK_ANYWAY == 0)
        look_for_approved(g);
    if (n % GUARD_EVERY == 0 && policy_applies(g->config->mode))
        guard_tick(g);
    if (n % RECOVER_EVERY == 0 && !g->recovering) {
        struct errand x = { .engine = g };
        g->recovering = true;
        fiber_start(run_errand, &x);
    }
}

void engine_watch_now(struct engine *g)
{
    struct err ignored = { 0 };
    if (!g->watch && engine_store(g, &ignored))
        g->watch = loop_timer(g->loop, WATCH, WATCH, engine_tick, g);
}

bool engine_has_state(const struct engine *g)
{
    char path[1100];
    if (!g->config->state_dir)
        return false;
    snprintf(path, sizeof path, "%s/state.db", g->config->state_dir);
    return access(path, F_OK) == 0;
}

static void first_look(void *arg)
{
    struct engine *g = arg;
    loop_untimer(g->watch);
    g->watch = NULL;
    if (engine_has_state(g))
        engine_watch_now(g);
}

void engine_start(struct engine *g)
{
    g->serving = true;
    if (!g->watch && policy_plans(g->config->mode))
        g->watch = loop_timer(g->loop, 0.5, 0, first_look, g);
}
