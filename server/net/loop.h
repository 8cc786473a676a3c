/* loop.h - the one event loop of the process: libev. Everything here is main-thread only.
 *
 * Callbacks run on the main stack and must not park; work that waits starts a fiber.
 * Times are seconds. The first loop is libev's default loop, the only one that can watch children.
 * loop_new makes the process ignore SIGPIPE. What a loop_* call returns belongs to the caller until
 * its loop_un* call; signals, children and soon-entries belong to the loop.
 */
#pragma once
#include <stdbool.h>

struct cancel;
struct err;
struct loop;
struct loop_watch;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(void);
/* Runs the loop_at_end functions, newest first, then frees. Watches and timers must be gone. */
void loop_free(struct loop *l);
void loop_run(struct loop *l);  /* until loop_stop */
void loop_stop(struct loop *l); /* from a callback */
void *loop_ev(struct loop *l);  /* the struct ev_loop *, for libwebsockets */
/* fn(arg) runs when the loop is freed: how a library's state joins the life of its loop. */
void loop_at_end(struct loop *l, void (*fn)(void *arg), void *arg);

struct loop_watch *loop_watch(struct loop *l, int fd, int events,
                              void (*fn)(void *arg, int fd, int events), void *arg);
void loop_watch_set(struct loop_watch *w, int events);
void loop_unwatch(struct loop_watch *w); /* NULL is fine; does not close fd */

/* Once after `seconds`; repeating when `every` > 0. */
struct loop_timer *loop_timer(struct loop *l, double seconds, double every, void (*fn)(void *arg),
                              void *arg);
void loop_untimer(struct loop_timer *t); /* NULL is fine; also frees one that has fired */

void loop_signal(struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg);
void loop_stop_on_signals(struct loop *l); /* loop_stop at SIGTERM and SIGINT */
void loop_soon(struct loop *l, void (*fn)(void *arg), void *arg); /* before the next wait */
/* A child process ended; status as waitpid gives it. Children without a watch are reaped too. */
void loop_child(struct loop *l, int pid, void (*fn)(void *arg, int pid, int status), void *arg);
double loop_now(struct loop *l); /* monotonic seconds */

/* Parks the calling fiber. False (ERR_GONE) when cancelled; c may be NULL. */
bool nap(struct loop *l, double seconds, struct cancel *c, struct err *e);
/* The same between two looks whether something has come about: verb and object say what, as
 * fiber_park has it. */
bool nap_for(struct loop *l, double seconds, const char *verb, const char *object, struct cancel *c,
             struct err *e);
/* The same until fd can be read or written (LOOP_READ, LOOP_WRITE). */
bool loop_wait(struct loop *l, int fd, int events, const char *verb, const char *object,
               struct cancel *c, struct err *e);

/* Runs fn(arg) on a fiber on a loop of its own until it returns: for command-line verbs. */
void loop_main(void (*fn)(struct loop *l, void *arg), void *arg);
