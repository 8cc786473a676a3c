/* test_envoy.c - the child process and the watch, with shell scripts in Envoy's place: what matters
 * here is that it follows the folder and that nothing is left behind. tests/routing and the demo
 * run the real one. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "embedded/xds/envoy.h"
#include "net/loop.h"
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena *a;
    struct loop *loop;
    const char *dir, *data;
    char told[1024];
};

static void on_told(void *arg, const char *sentence)
{
    struct fixture *f = arg;
    snprintf(f->told, sizeof f->told, "%s", sentence);
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void run_for(struct fixture *f, double seconds)
{
    struct loop_timer *t = loop_timer(f->loop, seconds, 0, stop_loop, f->loop);
    loop_run(f->loop);
    loop_untimer(t);
}

static void put(struct fixture *f, const char *path, const char *text, unsigned mode)
{
    struct err e = { 0 };
    const char *full = arena_printf(f->a, "%s/%s", f->dir, path);
    if (!file_replace(full, text, strlen(text), mode, &e))
        fail_msg("%s", e.text);
}

static const char *slurp(struct fixture *f, const char *path)
{
    struct err e = { 0 };
    size_t n = 0;
    const char *text = file_read(f->a, arena_printf(f->a, "%s/%s", f->dir, path), 1 << 20, &n, &e);
    return text ? text : "";
}

static int begin(void **state)
{
    char name[] = "/tmp/test_envoy.XXXXXX";
    struct err e = { 0 };
    struct arena *a = arena_new();
    struct fixture *f = arena_make(a, struct fixture);
    f->a = a;
    f->loop = loop_new();
    f->dir = arena_strdup(a, mkdtemp(name));
    f->data = arena_printf(a, "%s/data", f->dir);
    file_make_dir(arena_printf(a, "%s/ingresses", f->data), 0700, &e);
    put(f, "stays.sh", "#!/bin/sh\necho $$ > \"${0%/*}/pid\"\nexec sleep 60\n", 0700);
    put(f, "ends.sh", "#!/bin/sh\nexit 7\n", 0700);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    struct fixture *f = *state;
    loop_free(f->loop);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(f->a);
    return 0;
}

static struct envoy *launch(struct fixture *f, const char *script)
{
    struct err e = { 0 };
    struct envoy_options o = { .executable = arena_printf(f->a, "%s/%s", f->dir, script),
                               .data = f->data,
                               .folder = arena_printf(f->a, "%s/envoy", f->dir),
                               .port = 18080,
                               .admin_port = 15000,
                               .tell = on_told,
                               .arg = f };
    struct envoy *v = envoy_start(f->loop, &o, &e);
    if (!v)
        fail_msg("%s", e.text);
    return v;
}

static void the_child_ends_with_us(void **state)
{
    struct fixture *f = *state;
    struct envoy *v = launch(f, "stays.sh");
    run_for(f, 0.3);
    assert_true(envoy_runs(v));
    long pid = strtol(slurp(f, "pid"), NULL, 10);
    assert_true(pid > 1 && kill((pid_t)pid, 0) == 0);
    envoy_stop(v);
    assert_int_equal(kill((pid_t)pid, 0), -1);
}

static void its_end_is_told(void **state)
{
    struct fixture *f = *state;
    struct envoy *v = launch(f, "ends.sh");
    run_for(f, 0.5);
    assert_false(envoy_runs(v));
    assert_non_null(strstr(f->told, "Envoy ended (status 7)"));
    envoy_stop(v);
}

static void a_change_in_the_folder_is_rendered(void **state)
{
    struct fixture *f = *state;
    struct envoy *v = launch(f, "stays.sh");
    assert_null(strstr(slurp(f, "envoy/xds/rds.json"), "new-route"));
    put(f, "data/ingresses/new-route.yaml",
        "{\"metadata\":{\"name\":\"new-route\"},\"spec\":{\"rules\":[{\"http\":{\"paths\":"
        "[{\"path\":\"/\"}]}}]}}",
        0600);
    run_for(f, 0.4);
    assert_non_null(strstr(slurp(f, "envoy/xds/rds.json"), "new-route"));
    assert_true(json_count(envoy_notes(v)) > 0); /* it has no destination */
    envoy_stop(v);
}

static void what_cannot_be_read_leaves_the_last_good_one(void **state)
{
    struct fixture *f = *state;
    struct envoy *v = launch(f, "stays.sh");
    const char *before = slurp(f, "envoy/xds/rds.json");
    put(f, "data/ingresses/bad.yaml", "{\"metadata\": [", 0600);
    run_for(f, 0.4);
    assert_non_null(strstr(f->told, "bad.yaml"));
    assert_string_equal(slurp(f, "envoy/xds/rds.json"), before);
    envoy_stop(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_child_ends_with_us, begin, end),
        cmocka_unit_test_setup_teardown(its_end_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_change_in_the_folder_is_rendered, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_leaves_the_last_good_one, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
