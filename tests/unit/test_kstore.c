/* test_kstore.c - objects as files: versions, locks, hand edits, unreadable files, sudden death. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "check.h"
#include "embedded/kstore/kstore.h"
#include "scratch.h"
#include "tree.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *a;
static char folder[128];

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    snprintf(folder, sizeof folder, "%s/test_kstore.XXXXXX", scratch_base());
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(folder);
    arena_free(a);
    return 0;
}

static struct kstore *opened(void)
{
    struct err e = { 0 };
    struct kstore *s = kstore_open(folder, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static cJSON *object(const char *name, const char *value)
{
    cJSON *o = json_object(a);
    json_set_str(a, json_set_object(a, o, "metadata"), "name", name);
    json_set_str(a, json_set_object(a, o, "data"), "v", value);
    return o;
}

static const char *version_of(const struct kstore *s, const char *name)
{
    return json_str(json_get(kstore_get(s, "configmaps", name), "metadata"), "resourceVersion");
}

static const char *value_of(const struct kstore *s, const char *name)
{
    return json_str(json_get(kstore_get(s, "configmaps", name), "data"), "v");
}

static void write_file(const char *name, const char *text)
{
    const char *path = arena_printf(a, "%s/configmaps/%s", folder, name);
    assert_true(file_replace(path, text, strlen(text), 0644, NULL));
}

static void versions_count_writes(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    assert_int_equal(kstore_create(s, "configmaps", object("m", "1"), &e), KSTORE_OK);
    assert_string_equal(version_of(s, "m"), "1");
    assert_int_equal(kstore_create(s, "configmaps", object("m", "x"), &e), KSTORE_EXISTS);
    cJSON *next = object("m", "2");
    json_set_str(a, json_get(next, "metadata"), "resourceVersion", "1");
    assert_int_equal(kstore_replace(s, "configmaps", next, &e), KSTORE_OK);
    assert_string_equal(version_of(s, "m"), "2");
    assert_int_equal(kstore_replace(s, "configmaps", next, &e), KSTORE_CONFLICT);
    assert_string_equal(value_of(s, "m"), "2");
    assert_int_equal(kstore_replace(s, "configmaps", object("m", "3"), &e), KSTORE_OK);
    assert_int_equal(kstore_replace(s, "configmaps", object("none", "3"), &e), KSTORE_MISSING);
    kstore_close(s);
    s = opened();
    assert_string_equal(version_of(s, "m"), "3");
    assert_string_equal(value_of(s, "m"), "3");
    assert_int_equal(kstore_delete(s, "configmaps", "m", &e), KSTORE_OK);
    assert_int_equal(kstore_delete(s, "configmaps", "m", &e), KSTORE_MISSING);
    assert_null(kstore_get(s, "configmaps", "m"));
    kstore_close(s);
}

static void listing_is_in_order_of_names(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    const char *names[] = { "b", "Z", "a.b", "a", "a-b" },
               *order[] = { "Z", "a", "a-b", "a.b", "b" };
    for (int i = 0; i < 5; i++)
        assert_int_equal(kstore_create(s, "configmaps", object(names[i], "1"), &e), KSTORE_OK);
    assert_int_equal(kstore_count(s, "configmaps"), 5);
    for (int i = 0; i < 5; i++) {
        const cJSON *o = kstore_at(s, "configmaps", (size_t)i);
        assert_string_equal(json_str(json_get(o, "metadata"), "name"), order[i]);
    }
    assert_null(kstore_at(s, "configmaps", 5));
    kstore_close(s);
}

static void second_process_is_refused_with_the_first_ones_pid(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    assert_null(kstore_open(folder, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
    assert_non_null(strstr(e.text, arena_printf(a, "process %d", (int)getpid())));
    kstore_close(s);
    kstore_close(opened());
}

static void hand_edits_are_noticed(void **state)
{
    (void)state;
    struct kstore *s = opened();
    unsigned long before = kstore_generation(s);
    write_file("new.yaml", "metadata: {name: other}\ndata: {v: x}\n");
    assert_true(kstore_refresh(s));
    assert_true(kstore_generation(s) > before);
    assert_string_equal(value_of(s, "new"), "x"); /* the file's name decides */
    assert_false(kstore_refresh(s));
    FILE *f = fopen(arena_printf(a, "%s/configmaps/new.yaml", folder), "w");
    fputs("metadata: {resourceVersion: 7}\ndata: {v: in place}\n", f);
    fclose(f);
    assert_true(kstore_refresh(s));
    assert_string_equal(value_of(s, "new"), "in place");
    assert_string_equal(version_of(s, "new"), "7");
    assert_int_equal(unlink(arena_printf(a, "%s/configmaps/new.yaml", folder)), 0);
    assert_true(kstore_refresh(s));
    assert_null(kstore_get(s, "configmaps", "new"));
    kstore_close(s);
}

static void own_writes_are_no_news(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    assert_int_equal(kstore_create(s, "configmaps", object("m", "1"), &e), KSTORE_OK);
    assert_false(kstore_refresh(s));
    kstore_close(s);
}

static void trees_outlive_their_replacement_until_refresh(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    kstore_create(s, "configmaps", object("m", "1"), &e);
    const cJSON *old = kstore_get(s, "configmaps", "m");
    kstore_replace(s, "configmaps", object("m", "2"), &e);
    assert_string_equal(json_str(json_get(old, "data"), "v"), "1");
    kstore_delete(s, "configmaps", "m", &e);
    assert_string_equal(json_str(json_get(old, "data"), "v"), "1");
    kstore_refresh(s);
    kstore_close(s);
}

static void an_unreadable_file_is_told_and_protected(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    kstore_create(s, "configmaps", object("good", "1"), &e);
    write_file("bad.yaml", "a: [\n");
    kstore_refresh(s);
    assert_non_null(strstr(kstore_problem(s, 0), "configmaps/bad.yaml"));
    assert_null(kstore_problem(s, 1));
    assert_null(kstore_get(s, "configmaps", "bad"));
    assert_int_equal(kstore_count(s, "configmaps"), 1);
    assert_string_equal(json_str(json_get(kstore_at(s, "configmaps", 0), "data"), "v"), "1");
    assert_int_equal(kstore_create(s, "configmaps", object("bad", "1"), &e), KSTORE_FAILED);
    assert_non_null(strstr(e.text, "bad.yaml"));
    assert_int_equal(kstore_delete(s, "configmaps", "bad", &e), KSTORE_FAILED);
    write_file("bad.yaml", "data: {v: repaired}\n");
    kstore_refresh(s);
    assert_null(kstore_problem(s, 0));
    assert_string_equal(value_of(s, "bad"), "repaired");
    kstore_close(s);
}

static void a_lost_folder_comes_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    const char *dir = arena_printf(a, "%s/configmaps", folder);
    kstore_create(s, "configmaps", object("m", "1"), &e);
    tree_remove(dir);
    assert_true(kstore_refresh(s));
    assert_int_equal(kstore_count(s, "configmaps"), 0);
    assert_int_equal(kstore_create(s, "configmaps", object("n", "1"), &e), KSTORE_OK);
    kstore_refresh(s);
    write_file("by-hand.yaml", "data: {v: x}\n");
    assert_true(kstore_refresh(s));
    assert_string_equal(value_of(s, "by-hand"), "x");
    assert_int_equal(kstore_count(s, "configmaps"), 2);
    kstore_close(s);
}

static void secrets_are_for_the_owner_only(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    struct stat st;
    assert_int_equal(kstore_create(s, "secrets", object("m", "1"), &e), KSTORE_OK);
    assert_int_equal(stat(arena_printf(a, "%s/secrets/m.yaml", folder), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    kstore_close(s);
}

static void names_that_make_no_file_are_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct kstore *s = opened();
    char longest[300] = "";
    memset(longest, 'a', 260);
    const char *names[] = { "a/b", "../x", longest };
    for (int i = 0; i < 3; i++)
        assert_int_equal(kstore_create(s, "configmaps", object(names[i], "1"), &e), KSTORE_FAILED);
    assert_int_equal(kstore_count(s, "configmaps"), 0);
    kstore_close(s);
}

/* Writes numbered values to four objects for ever, and says each one once it is acknowledged. */
static void write_until_killed(int out)
{
    struct err e = { 0 };
    struct kstore *s = kstore_open(folder, &e);
    for (int i = 0; s; i++) {
        int said[2] = { i % 4, i };
        cJSON *o = object(arena_printf(a, "m%d", i % 4), arena_printf(a, "%08d", i));
        enum kstore_result done = kstore_replace(s, "configmaps", o, &e);
        if (done == KSTORE_MISSING)
            done = kstore_create(s, "configmaps", o, &e);
        if (done != KSTORE_OK || write(out, said, sizeof said) != (ssize_t)sizeof said)
            break;
    }
    _exit(1);
}

/* Whatever moment the process dies at: every acknowledged write is there, nothing is half written.
 */
static void sudden_death_loses_nothing_acknowledged(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        int ends[2], said[2], last[4] = { -1, -1, -1, -1 };
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(ends[1]);
        close(ends[1]);
        usleep((useconds_t)(5000 + round * 3700));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(ends[0], said, sizeof said) == (ssize_t)sizeof said)
            last[said[0]] = said[1];
        close(ends[0]);
        struct kstore *s = opened();
        assert_null(kstore_problem(s, 0));
        for (int i = 0; i < 4; i++) {
            const char *value = value_of(s, arena_printf(a, "m%d", i));
            assert_true(last[i] < 0 || (value && strtol(value, NULL, 10) >= last[i]));
            assert_true(!value || strlen(value) == 8);
        }
        kstore_close(s);
        DIR *d = opendir(arena_printf(a, "%s/configmaps", folder));
        for (struct dirent *f; (f = readdir(d));)
            assert_true(f->d_name[0] == '.' || text_ends(f->d_name, ".yaml"));
        closedir(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_count_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(listing_is_in_order_of_names, setup, teardown),
        cmocka_unit_test_setup_teardown(second_process_is_refused_with_the_first_ones_pid, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hand_edits_are_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(own_writes_are_no_news, setup, teardown),
        cmocka_unit_test_setup_teardown(trees_outlive_their_replacement_until_refresh, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_unreadable_file_is_told_and_protected, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_folder_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_for_the_owner_only, setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_make_no_file_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(sudden_death_loses_nothing_acknowledged, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
