/* test_fiber.c - order of control, nesting, recycling, deep frames, the guard page, cancellation.
 */
#include "base/fiber.h"
#include "check.h"
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

static char trace[64];

static void note(char c)
{
    size_t n = strlen(trace);
    trace[n] = c;
    trace[n + 1] = 0;
}

static struct fiber *parked;

static void park_twice(void *arg)
{
    assert_ptr_equal(arg, trace);
    parked = fiber_self();
    note('a');
    fiber_park("a test", NULL);
    note('b');
    fiber_park("a test", NULL);
    note('c');
}

static void control_goes_back_and_forth(void **state)
{
    (void)state;
    trace[0] = 0;
    assert_null(fiber_self());
    fiber_start(park_twice, trace);
    assert_null(fiber_self());
    assert_int_equal(fiber_count(), 1);
    note('1');
    fiber_resume(parked);
    note('2');
    fiber_resume(parked);
    assert_int_equal(fiber_count(), 0);
    assert_string_equal(trace, "a1b2c");
}

static void inner(void *arg)
{
    (void)arg;
    note('i');
    parked = fiber_self();
    fiber_park("a test", NULL);
    note('j');
}

static void outer(void *arg)
{
    struct fiber **self = arg;
    *self = fiber_self();
    fiber_start(inner, NULL);
    note('o');
    fiber_park("a test", NULL);
    fiber_resume(parked); /* a fiber may resume another */
    note('p');
}

static void a_fiber_may_start_and_resume_another(void **state)
{
    (void)state;
    trace[0] = 0;
    struct fiber *self;
    fiber_start(outer, &self);
    assert_int_equal(fiber_count(), 2);
    fiber_resume(self);
    assert_int_equal(fiber_count(), 0);
    assert_string_equal(trace, "iojp");
}

/* Fills a frame, parks at the bottom of a recursion, and checks every frame on the way up. */
static unsigned recurse(unsigned depth)
{
    volatile unsigned char frame[500];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (unsigned char)(depth + i);
    unsigned sum = depth ? recurse(depth - 1) : (fiber_park("a test", NULL), 0);
    for (size_t i = 0; i < sizeof frame; i++)
        assert_int_equal(frame[i], (unsigned char)(depth + i));
    return sum + frame[0];
}

struct job {
    struct fiber *self;
    unsigned depth, sum;
    double root;
};

static void work(void *arg)
{
    struct job *j = arg;
    j->self = fiber_self();
    double x = j->depth + 0.5; /* lives in a floating-point register across the park */
    j->sum = recurse(j->depth);
    j->root = sqrt(x);
}

static void many_fibers_keep_their_frames(void **state)
{
    (void)state;
    enum { N = 100 }; /* more than the pool keeps */
    static struct job jobs[N];
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N; i++) {
            jobs[i] = (struct job){ .depth = i % 90 };
            fiber_start(work, &jobs[i]);
        }
        assert_int_equal(fiber_count(), N);
        for (unsigned i = 0; i < N; i++)
            fiber_resume(jobs[(i * 37) % N].self);
        for (unsigned i = 0; i < N; i++)
            assert_true(jobs[i].root == sqrt(i % 90 + 0.5));
    }
    assert_int_equal(fiber_count(), 0);
    fiber_drain_pool();
    fiber_drain_pool();
}

static unsigned endless(unsigned depth)
{
    volatile char frame[900];
    frame[depth % sizeof frame] = 1;
    return depth > 1000000 ? 0 : endless(depth + 1) + (unsigned)frame[0];
}

static void overflow(void *arg)
{
    *(unsigned *)arg = endless(0);
}

static void running_over_the_stack_ends_the_process(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        unsigned result;
        fclose(stderr); /* the sanitizer's report is not wanted here */
        fiber_start(overflow, &result);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void wake(void *arg)
{
    fiber_resume(arg);
}

static void wait_for_cancel(void *arg)
{
    struct cancel *c = arg;
    c->arg = fiber_self();
    c->wake = wake;
    fiber_park("a test", NULL);
    note(c->fired ? 'x' : '-');
}

static void cancelling_wakes_once(void **state)
{
    (void)state;
    trace[0] = 0;
    struct cancel c = { 0 };
    fiber_start(wait_for_cancel, &c);
    cancel_fire(&c);
    cancel_fire(&c);
    assert_string_equal(trace, "x");
    assert_int_equal(fiber_count(), 0);
    struct cancel nobody = { 0 };
    cancel_fire(&nobody);
    assert_true(nobody.fired);
}

/* -- what they are part of ----------------------------------------------------------------- */

static struct fiber *inner_fiber, *outer_fiber;
static char seen[256];

static void waits_inside(void *arg)
{
    (void)arg;
    inner_fiber = fiber_self();
    fiber_park("GET", "http://a/b");
}

static void waits_outside(void *arg)
{
    (void)arg;
    outer_fiber = fiber_self();
    fiber_label(7, "list_routes", "ann");
    fiber_start(waits_inside, NULL);
    fiber_park("a pause", NULL);
    assert_int_equal(fiber_call(), 7);
}

static void note_fiber(void *arg, const struct fiber_view *v)
{
    (void)arg;
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof seen - n, "[%lu %s by %s: %s %s]", v->call, v->tool ? v->tool : "-",
             v->who ? v->who : "-", v->verb ? v->verb : "-", v->object ? v->object : "-");
    assert_true(v->since > 0 && v->since <= fiber_clock());
}

static void a_fiber_says_what_it_is_part_of_and_waits_for(void **state)
{
    (void)state;
    seen[0] = '\0';
    fiber_start(waits_outside, NULL);
    fiber_each(note_fiber, NULL);
    assert_string_equal(seen, "[7 - by -: GET http://a/b][7 list_routes by ann: a pause -]");
    assert_int_equal(fiber_call(), 0);
    fiber_resume(outer_fiber);
    fiber_resume(inner_fiber);
    seen[0] = '\0';
    fiber_each(note_fiber, NULL);
    assert_string_equal(seen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_goes_back_and_forth),
        cmocka_unit_test(a_fiber_may_start_and_resume_another),
        cmocka_unit_test(many_fibers_keep_their_frames),
        cmocka_unit_test(running_over_the_stack_ends_the_process),
        cmocka_unit_test(cancelling_wakes_once),
        cmocka_unit_test(a_fiber_says_what_it_is_part_of_and_waits_for),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fiber_drain_pool();
    return failed;
}
