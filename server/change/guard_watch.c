/* guard_watch.c - the watcher of guards: whose time it is, one look, how it ends. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/trace.h"
#include "base/when.h"
#include "change/guard_private.h"
#include "net/loop.h"
#include <math.h>

enum { LOOK_AT = 64 };
static const double CLOCK_OFF = 5, AGAIN = 2; /* seconds */

bool guard_end(struct guard_look *k, const char *from, const char *guarded, const char *text)
{
    struct err e = { 0 };
    bool moved = false;
    json_set_str(k->arena, k->kept, "text", text);
    json_remove(k->kept, "counters");
    const struct store_guard to = { guarded, k->kept };
    trace(TRACE_CHANGE, "%s: guard %s: %s", k->id, guarded, text);
    return store_guard_step(k->engine->store, k->id, from, &to, "guard", "guard", &moved, &e) &&
           moved;
}

static void end_watch(struct guard_look *k, const char *guarded, const char *text)
{
    guard_end(k, GUARD_WATCHING, guarded, text);
}

/* Set while we watched: which requests came after the write cannot be told any more. */
static bool clock_was_set(const struct guard_look *k, double now)
{
    const struct guard_task *t = k->task;
    double steady = loop_now(k->engine->loop);
    bool jumped = t->wall > 0 && fabs((now - t->wall) - (steady - t->steady)) > CLOCK_OFF;
    k->task->wall = now;
    k->task->steady = steady;
    return jumped || now < json_num(k->kept, "since", 0) - CLOCK_OFF;
}

static void end_in_time(struct guard_look *k, const struct guard_counts *before,
                        const struct guard_counts *seen)
{
    struct arena *a = k->arena;
    const char *span = guard_span(a, k->watch.spec.seconds);
    const char *told = guard_tell(a, &k->watch.spec, before, seen);
    if (seen->all < GUARD_LEAST_BAD)
        end_watch(k, GUARD_UNSEEN,
                  arena_printf(a, "ended after %s %s: too few to judge by", span, told));
    else
        end_watch(k, GUARD_HELD, arena_printf(a, "held %s %s", span, told));
}

/* The signals cannot be read now; perhaps at the next look. */
static void not_seen(struct guard_look *k, double late, const struct err *e)
{
    if (late > 0)
        end_watch(k, GUARD_UNSEEN,
                  arena_printf(k->arena, "ended without a judgement: %s", e->text));
}

static void look(struct guard_look *k)
{
    struct err e = { 0 };
    struct guard_counts seen = { 0 }, before = guard_counts_read(json_get(k->kept, "baseline"));
    double now = when_now(), since = json_num(k->kept, "since", 0);
    double until = json_num(k->kept, "until", 0), late = now - until;
    if (clock_was_set(k, now)) {
        end_watch(k, GUARD_STOPPED,
                  "stopped: the clock was set while it watched; nothing was "
                  "taken back");
        return;
    }
    if (late > k->watch.spec.seconds) { /* a change that people have lived with is not taken back */
        end_watch(k, GUARD_UNSEEN,
                  arena_printf(k->arena, "ended without a judgement: no server watched until %s",
                               when_text(k->arena, until, false)));
        return;
    }
    if (!guard_count(&k->watch, since, late > 0 ? until : now, before.counters, &seen, &e)) {
        not_seen(k, late, &e);
        return;
    }
    struct guard_judged judged = guard_judge(k->arena, &k->watch.spec, &before, &seen);
    if (judged.worse)
        guard_revert(k, judged.why);
    else if (late >= 0)
        end_in_time(k, &before, &seen);
}

/* -- whose time it is ---------------------------------------------------------------------- */

static void look_once(struct guard_look *k, struct stored *row)
{
    struct err e = { 0 };
    struct store *s = k->engine->store;
    struct plan *p =
        store_find(s, k->arena, k->id, row, &e) ? store_plan(s, k->arena, k->id, &e) : NULL;
    if (!p || !row->guarded || !p->guard)
        return;
    k->owner = row->owner;
    k->title = row->title;
    k->plan = p;
    k->kept = json_clone(k->arena, row->guard);
    k->watch =
        (struct guard_watch){ .loop = k->engine->loop, .arena = k->arena, .cancel = &k->cancel };
    if (!guard_watch_of(&k->watch, k->at, p, &e))
        return;
    if (!strcmp(row->guarded, GUARD_REVERTING))
        guard_conclude(k);
    else if (!strcmp(row->guarded, GUARD_WATCHING))
        look(k);
    k->task->every = guard_every(&k->watch.spec);
}

static void run_look(void *arg)
{
    struct guard_task *task = arg;
    struct engine *g = task->engine;
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct guard_look k = { .engine = g, .arena = a, .task = task, .at = task->at };
    k.id = arena_strdup(a, task->id);
    task->cancel = &k.cancel;
    g->busy++;
    look_once(&k, &row);
    g->busy--;
    task->cancel = NULL;
    task->next = loop_now(g->loop) + (task->every > 0 ? task->every : AGAIN);
    arena_free(a);
}

static struct guard_task *task_of(struct engine *g, const char *id)
{
    struct guard_task *spare = NULL;
    for (int i = 0; i < ENGINE_GUARDS; i++) {
        struct guard_task *t = &g->guards[i];
        if (!strcmp(t->id, id))
            return t;
        if (!t->cancel && (!spare || t->next < spare->next))
            spare = t;
    }
    if (spare) {
        *spare = (struct guard_task){ .engine = g };
        snprintf(spare->id, sizeof spare->id, "%s", id);
    }
    return spare;
}

/* A process that may not write does not take the lease: one that may goes on. */
static bool take_turn(void *arg, const struct stored *row)
{
    struct engine *g = arg;
    struct err ignored = { 0 };
    g->guards_seen++;
    g->guards_after = row->created;
    const struct engine_at *at = row->tampered ? NULL : engine_at(g, row->gateway);
    bool taken = false;
    if (!at || !engine_applies(g, row, &ignored))
        return true;
    struct guard_task *t = task_of(g, row->id);
    if (!t || t->cancel || loop_now(g->loop) < t->next)
        return true;
    if (store_guard_take(g->store, row->id, &taken, &ignored) && taken) {
        t->at = at;
        t->due = true;
    }
    return true;
}

/* A page at a tick, round and round: the oldest must not keep the others from being watched. */
void guard_tick(struct engine *g)
{
    struct err ignored = { 0 };
    g->guards_seen = 0;
    store_each_guarded(g->store, g->guards_after, LOOK_AT, take_turn, g, &ignored);
    if (g->guards_seen < LOOK_AT)
        g->guards_after = 0;
    for (int i = 0; i < ENGINE_GUARDS; i++) {
        struct guard_task *t = &g->guards[i];
        if (!t->due || t->cancel)
            continue;
        t->due = false;
        fiber_start(run_look, t);
    }
}
