/* fiber.h - park and resume: straight-line code on one thread.
 *
 * A fiber runs on its own 256 KiB stack (guard page, pooled) until it parks or ends; who resumes it
 * gets control back then. Who parks says for what. A parked fiber is never freed: it is
 * resumed with an error so that its stack unwinds. Sanitizers are told of every switch.
 */
#pragma once
#include <stdbool.h>

struct fiber;

/* Starts fn(arg) at once on a new fiber; returns when it first parks or ends. */
void fiber_start(void (*fn)(void *), void *arg);
/* Only inside a fiber. What it waits for, in words that last until it is resumed: "GET", URL;
 * object may be NULL. */
void fiber_park(const char *verb, const char *object);
void fiber_resume(struct fiber *f); /* only outside of it; f must be parked */
struct fiber *fiber_self(void);     /* NULL on the main stack */
int fiber_count(void);              /* started and not yet ended */
void fiber_trim_pool(int keep);     /* frees idle stacks, but for so many */
void fiber_drain_pool(void);        /* all of them (at exit) */

/* -- for traces: what a fiber is part of --------------------------------------------------- */

/* The running fiber, and those that it starts, work for that call: which tool, for whom. Both last
 * until the next ones; NULL: none. */
void fiber_label(unsigned long call, const char *tool, const char *who);
unsigned long fiber_call(void); /* of the running fiber; 0: of none */
double fiber_clock(void);       /* seconds, of `since` below */

/* The span that a fiber works in (base/span.h); those that it starts begin with a copy. */
struct fiber_span {
    unsigned char trace[16], id[8];
    bool on; /* there is one, and it is recorded */
};
struct fiber_span *fiber_span(void); /* of the running fiber; NULL on the main stack */

struct fiber_view {
    unsigned long call;
    const char *tool, *who;    /* NULL: none */
    const char *verb, *object; /* as given to fiber_park; verb NULL: it runs */
    double since;              /* when it began to wait for that */
};
void fiber_each(void (*fn)(void *arg, const struct fiber_view *v), void *arg);

/* A cancellation token. cancel_fire() wakes whatever waits with it; that returns ERR_GONE. */
struct cancel {
    bool fired;
    void (*wake)(void *arg); /* set by the one that parks, cleared when it goes on */
    void *arg;
};
void cancel_fire(struct cancel *c);
