/* test_loop.c - descriptors, timers, signals, children, soon-entries, naps and their cancellation.
 */
#include "base/err.h"
#include "base/fiber.h"
#include "check.h"
#include "net/loop.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    struct loop *loop;
    int count, events;
    struct loop_watch *watch;
    struct loop_timer *timer;
    char trace[64];
} t;

static char a[] = "a", b[] = "b", c[] = "c", one[] = "1", two[] = "2"; /* what note() notes */

static int start(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.loop = loop_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    loop_unwatch(t.watch);
    loop_untimer(t.timer);
    loop_free(t.loop);
    fiber_drain_pool();
    return 0;
}

static void note(void *arg)
{
    size_t n = strlen(t.trace);
    snprintf(t.trace + n, sizeof t.trace - n, "%s", (const char *)arg);
}

static void end(void *arg)
{
    (void)arg;
    loop_stop(t.loop);
}

static void ready(void *arg, int fd, int events)
{
    (void)arg, (void)fd;
    t.events |= events;
    t.count++;
    loop_stop(t.loop);
}

static void descriptors_are_watched(void **state)
{
    (void)state;
    int s[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    t.watch = loop_watch(t.loop, s[0], LOOP_READ, ready, NULL);
    assert_int_equal(write(s[1], "x", 1), 1);
    loop_run(t.loop);
    assert_int_equal(t.events, LOOP_READ);

    loop_watch_set(t.watch, LOOP_READ | LOOP_WRITE);
    loop_run(t.loop);
    assert_int_equal(t.events, LOOP_READ | LOOP_WRITE);

    loop_watch_set(t.watch, 0);
    int before = t.count;
    t.timer = loop_timer(t.loop, 0.02, 0, end, NULL);
    loop_run(t.loop);
    assert_int_equal(t.count, before);
    close(s[0]);
    close(s[1]);
}

static void unwatch_itself(void *arg, int fd, int events)
{
    (void)arg, (void)fd, (void)events;
    loop_unwatch(t.watch);
    t.watch = NULL;
    t.count++;
}

static void a_watch_may_end_itself(void **state)
{
    (void)state;
    int s[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    t.watch = loop_watch(t.loop, s[0], LOOP_WRITE, unwatch_itself, NULL);
    t.timer = loop_timer(t.loop, 0.02, 0, end, NULL);
    loop_run(t.loop);
    assert_int_equal(t.count, 1);
    close(s[0]);
    close(s[1]);
}

static void tick(void *arg)
{
    (void)arg;
    if (++t.count < 3)
        return;
    loop_untimer(t.timer); /* from inside its own call */
    t.timer = NULL;
    loop_stop(t.loop);
}

static void timers_repeat_until_they_are_freed(void **state)
{
    (void)state;
    double from = loop_now(t.loop);
    t.timer = loop_timer(t.loop, 0.01, 0.01, tick, NULL);
    loop_run(t.loop);
    assert_int_equal(t.count, 3);
    assert_true(loop_now(t.loop) - from >= 0.025);
}

static void a_timer_counts_from_now(void **state)
{
    (void)state;
    usleep(50000); /* the loop's own idea of time is stale */
    double from = loop_now(t.loop);
    t.timer = loop_timer(t.loop, 0.03, 0, end, NULL);
    loop_run(t.loop);
    assert_true(loop_now(t.loop) - from >= 0.028);
}

static void again(void *arg)
{
    note(b);
    loop_soon(t.loop, note, arg);
    loop_soon(t.loop, end, NULL);
}

static void soon_comes_before_waiting_and_in_order(void **state)
{
    (void)state;
    loop_soon(t.loop, note, a);
    loop_soon(t.loop, again, c);
    double from = loop_now(t.loop);
    loop_run(t.loop);
    assert_string_equal(t.trace, "abc");
    assert_true(loop_now(t.loop) - from < 0.5);
}

static void on_signal(void *arg, int signum)
{
    (void)arg;
    t.events = signum;
    loop_stop(t.loop);
}

static void signals_arrive(void **state)
{
    (void)state;
    loop_signal(t.loop, SIGUSR1, on_signal, NULL);
    kill(getpid(), SIGUSR1);
    loop_run(t.loop);
    assert_int_equal(t.events, SIGUSR1);
}

static void the_loop_stops_on_signals(void **state)
{
    (void)state;
    loop_stop_on_signals(t.loop);
    static const int ending[] = { SIGTERM, SIGINT };
    for (size_t i = 0; i < 2; i++) {
        kill(getpid(), ending[i]);
        loop_run(t.loop);
    }
}

static void on_child(void *arg, int pid, int status)
{
    *(int *)arg = pid;
    t.events = status;
    loop_stop(t.loop);
}

static void children_are_reaped(void **state)
{
    (void)state;
    int pid = fork(), seen = 0;
    if (pid == 0)
        _exit(7);
    loop_child(t.loop, pid, on_child, &seen);
    loop_run(t.loop);
    assert_int_equal(seen, pid);
    assert_int_equal(WEXITSTATUS(t.events), 7);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

static void one_child_is_still_watched(void **state)
{
    (void)state;
    int pid = fork();
    if (pid == 0)
        _exit(0);
    loop_child(t.loop, pid, on_child, &t.count); /* freed with the loop */
}

struct sleeper {
    double seconds;
    struct cancel cancel;
    struct err err;
    bool slept, ended;
};

static void sleep_fiber(void *arg)
{
    struct sleeper *s = arg;
    s->slept = nap(t.loop, s->seconds, &s->cancel, &s->err);
    s->ended = true;
    loop_stop(t.loop);
}

static void naps_park_and_wake(void **state)
{
    (void)state;
    struct sleeper s = { .seconds = 0.02 };
    double from = loop_now(t.loop);
    fiber_start(sleep_fiber, &s);
    assert_false(s.ended);
    loop_run(t.loop);
    assert_true(s.slept);
    assert_true(loop_now(t.loop) - from >= 0.018);
    assert_null(s.cancel.wake);
}

static void cancel_both(void *arg)
{
    struct sleeper *s = arg;
    cancel_fire(&s->cancel);
    cancel_fire(&s->cancel);
}

static void naps_are_cancelled(void **state)
{
    (void)state;
    struct sleeper s = { .seconds = 60 };
    fiber_start(sleep_fiber, &s);
    t.timer = loop_timer(t.loop, 0.01, 0, cancel_both, &s);
    loop_run(t.loop);
    assert_true(s.ended && !s.slept);
    assert_int_equal(s.err.kind, ERR_GONE);

    struct sleeper late = { .seconds = 60, .cancel = { .fired = true } };
    fiber_start(sleep_fiber, &late);
    assert_true(late.ended && !late.slept);
}

static void verb(struct loop *l, void *arg)
{
    struct err e = { 0 };
    assert_non_null(fiber_self());
    assert_true(nap(l, 0.001, NULL, &e));
    loop_at_end(l, note, two);
    loop_at_end(l, note, one);
    *(bool *)arg = true;
}

static void quick_verb(struct loop *l, void *arg)
{
    (void)l;
    *(bool *)arg = true;
}

static void a_verb_has_a_loop_of_its_own(void **state)
{
    (void)state;
    bool done = false;
    loop_main(verb, &done);
    assert_true(done);
    assert_string_equal(t.trace, "12");
    done = false;
    loop_main(quick_verb, &done);
    assert_true(done);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(descriptors_are_watched),
        TEST(a_watch_may_end_itself),
        TEST(timers_repeat_until_they_are_freed),
        TEST(a_timer_counts_from_now),
        TEST(soon_comes_before_waiting_and_in_order),
        TEST(signals_arrive),
        TEST(the_loop_stops_on_signals),
        TEST(children_are_reaped),
        TEST(one_child_is_still_watched),
        TEST(naps_park_and_wake),
        TEST(naps_are_cancelled),
        TEST(a_verb_has_a_loop_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
