/* test_file.c - whole reads within a bound, atomic replacement. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "check.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *a;
static char folder[] = "/tmp/test_file.XXXXXX";

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return rmdir(folder); /* fails when a temporary file was left behind */
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    const char *path = arena_printf(a, "%s/x", folder);
    struct err e = { 0 };
    size_t n = 0;
    assert_true(file_replace(path, "a\0b", 3, 0600, &e));
    char *text = file_read(a, path, 3, &n, &e);
    assert_int_equal(n, 3);
    assert_memory_equal(text, "a\0b\0", 4);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(file_replace(path, "", 0, 0644, &e));
    assert_string_equal(file_read(a, path, 0, &n, &e), "");
    assert_int_equal(n, 0);
    assert_true(file_remove(path, &e));
    assert_null(file_read(a, path, 10, &n, &e));
    assert_int_equal(e.status, ENOENT);
    assert_non_null(strstr(e.text, path));
}

static void a_file_over_the_bound_is_refused(void **state)
{
    (void)state;
    const char *path = arena_printf(a, "%s/big", folder);
    struct err e = { 0 };
    char *bytes = arena_alloc(a, 100000);
    assert_true(file_replace(path, bytes, 100000, 0644, &e));
    assert_non_null(file_read(a, path, 100000, NULL, &e));
    assert_null(file_read(a, path, 99999, NULL, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
    assert_true(file_remove(path, NULL));
}

static void files_without_a_size_are_read_whole(void **state)
{
    (void)state;
    struct err e = { 0 };
    size_t n = 0;
    assert_non_null(file_read(a, "/proc/self/status", 1 << 20, &n, &e));
    assert_true(n > 100);
    assert_non_null(file_read(a, "/proc/self/smaps", 1 << 22, &n, &e));
    assert_true(n > 4096);
    assert_null(file_read(a, "/proc/self/smaps", 4096, &n, &e));
    err_clear(&e);
    assert_null(file_read(a, "/", 4096, &n, &e));
    assert_int_equal(e.status, EISDIR);
}

static void a_failed_replacement_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = arena_printf(a, "%s/d", folder);
    struct err e = { 0 };
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(file_replace(path, "x", 1, 0644, &e)); /* a folder cannot be replaced by a file */
    assert_int_equal(e.kind, ERR_SYSTEM);
    assert_int_equal(rmdir(path), 0);
    err_clear(&e);
    assert_false(file_replace(arena_printf(a, "%s/no/x", folder), "x", 1, 0644, &e));
    assert_int_equal(e.status, ENOENT);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *deep = arena_printf(a, "%s/p/q", folder);
    assert_true(file_make_dir(deep, 0700, &e));
    assert_true(file_make_dir(deep, 0700, &e));
    struct stat st;
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    const char *file = arena_printf(a, "%s/f", deep);
    assert_true(file_replace(file, "", 0, 0644, &e));
    assert_false(file_make_dir(file, 0700, &e));
    assert_int_equal(e.status, ENOTDIR);
    file_remove(file, NULL);
    rmdir(deep);
    rmdir(arena_printf(a, "%s/p", folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_file_over_the_bound_is_refused),
        cmocka_unit_test(files_without_a_size_are_read_whole),
        cmocka_unit_test(a_failed_replacement_leaves_the_old_file),
        cmocka_unit_test(folders_are_made_with_their_parents),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
