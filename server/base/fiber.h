/* fiber.h - park and resume: straight-line code on one thread.
 *
 * A fiber runs on its own 256 KiB stack (guard page, pooled) until it parks or ends; who resumes it
 * gets control back then. Only fetch(), ask() and nap() park. A parked fiber is never freed: it is
 * resumed with an error so that its stack unwinds. Sanitizers are told of every switch.
 */
#pragma once
#include <stdbool.h>

struct fiber;

/* Starts fn(arg) at once on a new fiber; returns when it first parks or ends. */
void fiber_start(void (*fn)(void *), void *arg);
void fiber_park(void);              /* only inside a fiber */
void fiber_resume(struct fiber *f); /* only outside of it; f must be parked */
struct fiber *fiber_self(void);     /* NULL on the main stack */
int fiber_count(void);              /* started and not yet ended */
void fiber_drain_pool(void);        /* frees idle stacks (at exit) */

/* A cancellation token. cancel_fire() wakes whatever waits with it; that returns ERR_GONE. */
struct cancel {
    bool fired;
    void (*wake)(void *arg); /* set by the one that parks, cleared when it goes on */
    void *arg;
};
void cancel_fire(struct cancel *c);
