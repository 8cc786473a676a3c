/* beside.c - fibers that take the next one until none is left, and the caller that waits for them.
 */
#include "net/beside.h"
#include "base/arena.h"
#include "base/fiber.h"
#include "net/loop.h"

struct work {
    struct loop *loop;
    int count, next, running;
    beside_fn *fn;
    void *arg;
    struct fiber *waits; /* for the last to end; NULL: it does not yet */
    struct worker {
        struct work *work;
        struct cancel cancel;
    } * workers;
    int worker_count;
};

static void resume_waiting(void *arg)
{
    fiber_resume(arg);
}

static void cancel_workers(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < w->worker_count; i++)
        cancel_fire(&w->workers[i].cancel);
}

static void work_through(void *arg)
{
    struct worker *one = arg;
    struct work *w = one->work;
    while (w->next < w->count)
        w->fn(w->arg, w->next++, &one->cancel);
    if (--w->running == 0 && w->waits)
        loop_soon(w->loop, resume_waiting, w->waits);
}

static void wait_for_workers(struct work *w, struct cancel *cancel)
{
    w->waits = fiber_self();
    if (cancel) {
        cancel->wake = cancel_workers;
        cancel->arg = w;
    }
    fiber_park("what it does side by side", NULL);
    if (cancel)
        cancel->wake = NULL;
}

void beside_each(struct loop *l, int count, int at_once, beside_fn *fn, void *arg,
                 struct cancel *cancel)
{
    if (count == 1) {
        fn(arg, 0, cancel);
        return;
    }
    struct arena *a = arena_new_small();
    int n = count < at_once ? count : at_once;
    struct work w = { .loop = l,
                      .count = count,
                      .running = n,
                      .fn = fn,
                      .arg = arg,
                      .workers = arena_array(a, struct worker, n),
                      .worker_count = n };
    for (int i = 0; i < n; i++) {
        w.workers[i].work = &w;
        w.workers[i].cancel.fired = cancel && cancel->fired;
        fiber_start(work_through, &w.workers[i]);
    }
    if (w.running)
        wait_for_workers(&w, cancel);
    arena_free(a);
}
