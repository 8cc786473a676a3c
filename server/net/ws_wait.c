/* ws_wait.c - fibers that wait in a WebSocket. They are resumed from the loop, never from within a
 * turn of the socket, so nothing is freed under it. */
#include "base/fiber.h"
#include "net/loop.h"
#include "net/ws_private.h"

static void resume_waiter(void *arg)
{
    struct ws_waiter *waiter = arg;
    fiber_resume(waiter->fiber);
}

static void wake_waiter(struct ws_waiter *waiter)
{
    if (waiter->woken)
        return;
    waiter->woken = true;
    loop_soon(waiter->ws->loop, resume_waiter, waiter);
}

void ws_wake(struct ws *w, enum ws_wait what)
{
    for (struct ws_waiter *waiter = w->waiters; waiter; waiter = waiter->next) {
        if (waiter->what != what && w->phase != WS_OVER)
            continue;
        wake_waiter(waiter);
        if (what == WS_WAIT_WRITE && w->phase != WS_OVER)
            return;
    }
}

bool ws_is_awaited(const struct ws *w, enum ws_wait what)
{
    const struct ws_waiter *waiter = w->waiters;
    while (waiter && waiter->what != what)
        waiter = waiter->next;
    return waiter != NULL;
}

static void on_ws_cancel(void *arg)
{
    wake_waiter(arg);
}

static void on_ws_late(void *arg)
{
    struct ws_waiter *waiter = arg;
    waiter->late = !waiter->woken;
    wake_waiter(waiter);
}

static bool may_wait(const struct ws *w, const struct cancel *c, struct err *e)
{
    if (c && c->fired)
        return err_set(e, ERR_GONE, "the call was cancelled");
    if (w->cut)
        return err_set(e, ERR_GONE, "%s: the connection was given up", w->state.shown);
    return true;
}

static void enlist_waiter(struct ws *w, struct ws_waiter *waiter)
{
    struct ws_waiter **at = &w->waiters;
    while (*at)
        at = &(*at)->next;
    *at = waiter;
}

static void delist_waiter(struct ws *w, const struct ws_waiter *waiter)
{
    struct ws_waiter **at = &w->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

bool ws_park(struct ws *w, enum ws_wait what, double seconds, struct cancel *c, struct err *e)
{
    static const char *const words[] = { [WS_WAIT_OPEN] = "the upgrade of",
                                         [WS_WAIT_READ] = "a message of",
                                         [WS_WAIT_WRITE] = "room to write to",
                                         [WS_WAIT_CLOSE] = "the close of" };
    struct ws_waiter waiter = { .ws = w, .fiber = fiber_self(), .what = what };
    if (!waiter.fiber)
        bug("a WebSocket is waited for outside of a fiber");
    if (!may_wait(w, c, e))
        return false;
    enlist_waiter(w, &waiter);
    if (c) {
        c->wake = on_ws_cancel;
        c->arg = &waiter;
    }
    struct loop_timer *t =
        seconds > 0 ? loop_timer(w->loop, seconds, 0, on_ws_late, &waiter) : NULL;
    fiber_park(words[what], w->state.shown);
    loop_untimer(t);
    if (c)
        c->wake = NULL;
    delist_waiter(w, &waiter);
    return may_wait(w, c, e) && !waiter.late;
}
