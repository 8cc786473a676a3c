/* test_child.c - programs that are run: what they print, how they end, and when they are ended. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "check.h"
#include "net/child.h"
#include "net/loop.h"
#include <sys/wait.h>

static const char *script;
static struct child_spec spec;
static struct child_end end;
static struct err e;
static bool ran;
static struct arena *a;

static void run_script(struct loop *l, void *arg)
{
    (void)arg;
    const char *const argv[] = { "sh", "-c", script, NULL };
    spec.path = "/bin/sh";
    spec.argv = argv;
    ran = child_run(l, a, &spec, &end, &e);
}

static void run(const char *text)
{
    script = text;
    e = (struct err){ 0 };
    end = (struct child_end){ 0 };
    loop_main(run_script, NULL);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    spec = (struct child_spec){ .max_out = 1 << 20, .max_said = 16, .timeout = 20 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void what_it_prints_is_kept_apart(void **state)
{
    (void)state;
    run("echo out; echo err >&2; exit 3");
    assert_true(ran);
    assert_string_equal(end.out, "out\n");
    assert_string_equal(end.said, "err\n");
    assert_int_equal(WEXITSTATUS(end.status), 3);
    run("head -c 600000 /dev/zero");
    assert_true(ran);
    assert_int_equal(end.len, 600000);
}

static void it_gets_our_environment_and_no_input(void **state)
{
    (void)state;
    static const struct child_variable more[] = { { "CHILD_WORD", "new" }, { 0 } };
    setenv("CHILD_WORD", "old", 1);
    setenv("CHILD_OTHER", "kept", 1);
    spec.variables = more;
    run("cat; printf '%s %s' $CHILD_WORD $CHILD_OTHER; env | grep -c '^CHILD_WORD='");
    assert_string_equal(end.out, "new kept1\n");
}

static void the_end_of_what_it_says_is_kept(void **state)
{
    (void)state;
    run("printf 'the beginning and the end' >&2");
    assert_string_equal(end.said, "ning and the end");
}

static void one_that_prints_too_much_is_ended(void **state)
{
    (void)state;
    spec.max_out = 1000;
    run("yes");
    assert_false(ran);
    assert_non_null(strstr(e.text, "more than 1000 bytes"));
}

static void one_that_hangs_is_ended(void **state)
{
    (void)state;
    spec.timeout = 0.2;
    run("sleep 100 & sleep 100");
    assert_false(ran);
    assert_non_null(strstr(e.text, "within 0.2 s"));
}

static void what_it_leaves_behind_is_not_waited_for(void **state)
{
    (void)state;
    run("sleep 3 & echo here");
    assert_true(ran);
    assert_string_equal(end.out, "here\n");
}

static void fire(void *arg)
{
    cancel_fire(arg);
}

static void cancel_soon(struct loop *l, void *arg)
{
    struct loop_timer *t = loop_timer(l, 0.1, 0, fire, arg);
    run_script(l, NULL);
    loop_untimer(t);
}

static void a_cancelled_one_is_ended(void **state)
{
    (void)state;
    struct cancel c = { 0 };
    spec.cancel = &c;
    script = "sleep 100";
    e = (struct err){ 0 };
    loop_main(cancel_soon, &c);
    assert_false(ran);
    assert_int_equal(e.kind, ERR_GONE);
}

static void programs_are_found_in_path(void **state)
{
    (void)state;
    setenv("PATH", "/no/such:/bin", 1);
    assert_string_equal(child_find(a, "sh"), "/bin/sh");
    assert_string_equal(child_find(a, "/bin/sh"), "/bin/sh");
    assert_null(child_find(a, "no-such-program"));
    assert_null(child_find(a, "/etc/passwd"));
}

static void one_that_is_not_there_is_named(struct loop *l, void *arg)
{
    static const char *const argv[] = { "x", NULL };
    (void)arg;
    spec.path = "/no/such/program";
    spec.argv = argv;
    ran = child_run(l, a, &spec, &end, &e);
}

static void a_missing_program_is_an_error(void **state)
{
    (void)state;
    e = (struct err){ 0 };
    loop_main(one_that_is_not_there_is_named, NULL);
    assert_false(ran);
    assert_non_null(strstr(e.text, "/no/such/program cannot be run: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_it_prints_is_kept_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(it_gets_our_environment_and_no_input, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_what_it_says_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_prints_too_much_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(what_it_leaves_behind_is_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_one_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_are_found_in_path, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_program_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
