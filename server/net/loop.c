/* loop.c - libev behind a dozen functions, and nap(), the one wait that needs nothing else.
 *
 * loop_soon is a queue that an ev_prepare drains right before each wait; an ev_idle without work
 * keeps the wait from happening while the queue is not empty. To add a kind of watcher, follow
 * loop_watch: an object that holds the ev_ struct, a static callback, a stop function.
 */
#include "net/loop.h"
#include "base/buf.h"
#include "base/fiber.h"
#include "net/own_private.h"
#include <ev.h>
#include <signal.h>

struct entry { /* one loop_soon */
    void (*fn)(void *arg);
    void *arg;
};

struct signal_watch {
    ev_signal ev;
    struct signal_watch *next;
    void (*fn)(void *arg, int signum);
    void *arg;
};

struct child_watch {
    ev_child ev;
    struct loop *loop;
    struct child_watch *next;
    void (*fn)(void *arg, int pid, int status);
    void *arg;
};

struct loop_watch {
    ev_io ev;
    struct loop *loop;
    int events;
    void (*fn)(void *arg, int fd, int events);
    void *arg;
};

struct loop_timer {
    ev_timer ev;
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    struct ev_loop *ev;
    bool is_default;
    ev_prepare prepare;
    ev_idle idle;
    struct buf soon, running; /* arrays of struct entry */
    struct buf at_end;
    struct signal_watch *signals;
    struct child_watch *children;
};

enum { QUEUE_MAX = 16 << 20 };

static void add_callback(struct buf *b, void (*fn)(void *), void *arg)
{
    struct entry s = { fn, arg };
    if (!buf_add(b, &s, sizeof s))
        bug("more than %zu callbacks wait for the event loop", b->len / sizeof s);
}

/* Entries added while these run wait for the next turn, so that descriptors get theirs. */
static void run_soon(struct ev_loop *ev, ev_prepare *w, int revents)
{
    (void)revents;
    struct loop *l = w->data;
    struct buf now = l->soon;
    l->soon = l->running;
    l->running = now;
    for (size_t i = 0; i < l->running.len; i += sizeof(struct entry)) {
        struct entry s;
        memcpy(&s, l->running.data + i, sizeof s);
        s.fn(s.arg);
    }
    buf_reset(&l->running);
    if (l->soon.len == 0)
        ev_idle_stop(ev, &l->idle);
    else
        ev_idle_start(ev, &l->idle);
}

static void do_nothing(struct ev_loop *ev, ev_idle *w, int revents)
{
    (void)ev, (void)w, (void)revents;
}

struct loop *loop_new(void)
{
    struct loop *l = own_make(struct loop);
    l->is_default = ev_default_loop_uc_() == NULL;
    l->ev = l->is_default ? ev_default_loop(EVFLAG_AUTO) : ev_loop_new(EVFLAG_AUTO);
    if (!l->ev)
        bug("libev found no way to wait for descriptors");
    signal(SIGPIPE, SIG_IGN);
    buf_init(&l->soon, QUEUE_MAX);
    buf_init(&l->running, QUEUE_MAX);
    buf_init(&l->at_end, QUEUE_MAX);
    ev_prepare_init(&l->prepare, run_soon);
    l->prepare.data = l;
    ev_prepare_start(l->ev, &l->prepare);
    ev_idle_init(&l->idle, do_nothing);
    return l;
}

static void run_at_end(struct loop *l)
{
    while (l->at_end.len) {
        struct entry s;
        l->at_end.len -= sizeof s;
        memcpy(&s, l->at_end.data + l->at_end.len, sizeof s);
        s.fn(s.arg);
    }
}

static void free_watchers(struct loop *l)
{
    while (l->signals) {
        struct signal_watch *w = l->signals;
        l->signals = w->next;
        ev_signal_stop(l->ev, &w->ev);
        own_free(w);
    }
    while (l->children) {
        struct child_watch *w = l->children;
        l->children = w->next;
        ev_child_stop(l->ev, &w->ev);
        own_free(w);
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    run_at_end(l);
    free_watchers(l);
    ev_prepare_stop(l->ev, &l->prepare);
    ev_idle_stop(l->ev, &l->idle);
    ev_loop_destroy(l->ev);
    buf_free(&l->soon);
    buf_free(&l->running);
    buf_free(&l->at_end);
    own_free(l);
}

void loop_run(struct loop *l)
{
    ev_run(l->ev, 0);
}

void loop_stop(struct loop *l)
{
    ev_break(l->ev, EVBREAK_ALL);
}

void *loop_ev(struct loop *l)
{
    return l->ev;
}

void loop_at_end(struct loop *l, void (*fn)(void *arg), void *arg)
{
    add_callback(&l->at_end, fn, arg);
}

static void on_io(struct ev_loop *ev, ev_io *io, int revents)
{
    (void)ev;
    struct loop_watch *w = io->data;
    int events = (revents & EV_READ ? LOOP_READ : 0) | (revents & EV_WRITE ? LOOP_WRITE : 0);
    w->fn(w->arg, io->fd, events);
}

static void start_io(struct loop_watch *w, int fd, int events)
{
    w->events = events;
    if (!events)
        return;
    int ev = (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);
    ev_io_set(&w->ev, fd, ev);
    ev_io_start(w->loop->ev, &w->ev);
}

struct loop_watch *loop_watch(struct loop *l, int fd, int events,
                              void (*fn)(void *arg, int fd, int events), void *arg)
{
    struct loop_watch *w = own_make(struct loop_watch);
    w->loop = l;
    w->fn = fn;
    w->arg = arg;
    ev_io_init(&w->ev, on_io, fd, 0);
    w->ev.data = w;
    start_io(w, fd, events);
    return w;
}

void loop_watch_set(struct loop_watch *w, int events)
{
    if (events == w->events)
        return;
    ev_io_stop(w->loop->ev, &w->ev);
    start_io(w, w->ev.fd, events);
}

void loop_unwatch(struct loop_watch *w)
{
    if (!w)
        return;
    ev_io_stop(w->loop->ev, &w->ev);
    own_free(w);
}

static void on_loop_timer(struct ev_loop *ev, ev_timer *timer, int revents)
{
    (void)ev, (void)revents;
    struct loop_timer *t = timer->data;
    t->fn(t->arg);
}

struct loop_timer *loop_timer(struct loop *l, double seconds, double every, void (*fn)(void *arg),
                              void *arg)
{
    struct loop_timer *t = own_make(struct loop_timer);
    t->loop = l;
    t->fn = fn;
    t->arg = arg;
    ev_now_update(l->ev); /* a timer counts from now, not from the last wake-up */
    ev_timer_init(&t->ev, on_loop_timer, seconds, every > 0 ? every : 0.);
    t->ev.data = t;
    ev_timer_start(l->ev, &t->ev);
    return t;
}

void loop_untimer(struct loop_timer *t)
{
    if (!t)
        return;
    ev_timer_stop(t->loop->ev, &t->ev);
    own_free(t);
}

static void on_watched_signal(struct ev_loop *ev, ev_signal *s, int revents)
{
    (void)ev, (void)revents;
    struct signal_watch *w = s->data;
    w->fn(w->arg, s->signum);
}

void loop_signal(struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg)
{
    struct signal_watch *w = own_make(struct signal_watch);
    w->fn = fn;
    w->arg = arg;
    w->next = l->signals;
    l->signals = w;
    ev_signal_init(&w->ev, on_watched_signal, signum);
    w->ev.data = w;
    ev_signal_start(l->ev, &w->ev);
}

static void stop_on_signal(void *arg, int signum)
{
    (void)signum;
    loop_stop(arg);
}

void loop_stop_on_signals(struct loop *l)
{
    loop_signal(l, SIGTERM, stop_on_signal, l);
    loop_signal(l, SIGINT, stop_on_signal, l);
}

void loop_soon(struct loop *l, void (*fn)(void *arg), void *arg)
{
    add_callback(&l->soon, fn, arg);
}

static void on_child(struct ev_loop *ev, ev_child *c, int revents)
{
    (void)revents;
    struct child_watch *w = c->data;
    ev_child_stop(ev, c);
    struct child_watch **at = &w->loop->children;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    int pid = c->rpid, status = c->rstatus;
    void (*fn)(void *, int, int) = w->fn;
    void *arg = w->arg;
    own_free(w);
    fn(arg, pid, status);
}

void loop_child(struct loop *l, int pid, void (*fn)(void *arg, int pid, int status), void *arg)
{
    if (!l->is_default)
        bug("only the first loop of the process can watch children");
    struct child_watch *w = own_make(struct child_watch);
    w->loop = l;
    w->fn = fn;
    w->arg = arg;
    w->next = l->children;
    l->children = w;
    ev_child_init(&w->ev, on_child, pid, 0);
    w->ev.data = w;
    ev_child_start(l->ev, &w->ev);
}

double loop_now(struct loop *l)
{
    (void)l;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct napper {
    struct loop *loop;
    struct fiber *fiber;
    struct cancel *cancel;
    bool woken;
};

static void wake_now(void *arg)
{
    struct napper *n = arg;
    if (n->woken)
        return;
    n->woken = true;
    fiber_resume(n->fiber);
}

static void resume_napper(void *arg)
{
    struct napper *n = arg;
    fiber_resume(n->fiber);
}

/* The canceller may be on a fiber itself, so the sleeper goes on a little later. */
static void wake_soon(void *arg)
{
    struct napper *n = arg;
    if (n->woken)
        return;
    n->woken = true;
    loop_soon(n->loop, resume_napper, n);
}

static bool park_napper(struct napper *n, const char *verb, const char *object, struct err *e)
{
    struct cancel *c = n->cancel;
    if (!n->fiber)
        bug("a wait outside of a fiber");
    if (c) {
        c->wake = wake_soon;
        c->arg = n;
    }
    fiber_park(verb, object);
    if (!c)
        return true;
    c->wake = NULL;
    c->arg = NULL;
    return c->fired ? err_set(e, ERR_GONE, "the call was cancelled") : true;
}

bool nap(struct loop *l, double seconds, struct cancel *c, struct err *e)
{
    return nap_for(l, seconds, "a pause", NULL, c, e);
}

bool nap_for(struct loop *l, double seconds, const char *verb, const char *object, struct cancel *c,
             struct err *e)
{
    if (c && c->fired)
        return err_set(e, ERR_GONE, "the call was cancelled");
    struct napper n = { .loop = l, .fiber = fiber_self(), .cancel = c };
    struct loop_timer *t = loop_timer(l, seconds, 0, wake_now, &n);
    bool slept = park_napper(&n, verb, object, e);
    loop_untimer(t);
    return slept;
}

static void on_fd_ready(void *arg, int fd, int events)
{
    (void)fd;
    (void)events;
    wake_now(arg);
}

bool loop_wait(struct loop *l, int fd, int events, const char *verb, const char *object,
               struct cancel *c, struct err *e)
{
    if (c && c->fired)
        return err_set(e, ERR_GONE, "the call was cancelled");
    struct napper n = { .loop = l, .fiber = fiber_self(), .cancel = c };
    struct loop_watch *w = loop_watch(l, fd, events, on_fd_ready, &n);
    bool ready = park_napper(&n, verb, object, e);
    loop_unwatch(w);
    return ready;
}

struct main_call {
    struct loop *loop;
    void (*fn)(struct loop *l, void *arg);
    void *arg;
    bool running, ended;
};

static void main_fiber(void *arg)
{
    struct main_call *m = arg;
    m->fn(m->loop, m->arg);
    m->ended = true;
    if (m->running)
        loop_stop(m->loop);
}

void loop_main(void (*fn)(struct loop *l, void *arg), void *arg)
{
    struct main_call m = { .loop = loop_new(), .fn = fn, .arg = arg };
    fiber_start(main_fiber, &m);
    m.running = true;
    if (!m.ended)
        loop_run(m.loop);
    loop_free(m.loop);
}
