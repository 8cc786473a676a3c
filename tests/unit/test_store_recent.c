/* test_store_recent.c - what the store keeps of what it read: lists and versions are asked for
 * again after any commit, of whomever, and not before. */
#include "base/file.h"
#include "stores.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { MANY = 40 }; /* more than are kept */

struct seen {
    char ids[MANY + 1][32];
    int count, stop, tampered;
};

static bool see(void *arg, const struct stored *row)
{
    struct seen *x = arg;
    snprintf(x->ids[x->count++], sizeof x->ids[0], "%s:%.12s", row->id,
             store_state_name(row->state));
    x->tampered += row->tampered != NULL;
    return x->count != x->stop;
}

static void list(struct store *from, enum plan_state state, double before, int stop, struct seen *x)
{
    struct err e = { 0 };
    *x = (struct seen){ .stop = stop };
    if (!store_each_head(from, state, before, MANY, see, x, &e))
        fail_msg("%s", e.text);
}

/* What this store says, told once and again, is what one that was opened now says. */
static void assert_current(enum plan_state state, double before, int stop)
{
    struct err e = { 0 };
    struct seen ours, again, theirs;
    struct store *other = store_open(a, dir, &e);
    assert_non_null(other);
    list(s, state, before, stop, &ours);
    list(s, state, before, stop, &again);
    list(other, state, before, stop, &theirs);
    assert_string_equal(store_audit_newest(s, a, &e), store_audit_newest(other, a, &e));
    assert_int_equal(ours.count, theirs.count);
    assert_memory_equal(ours.ids, theirs.ids, sizeof ours.ids);
    assert_memory_equal(again.ids, theirs.ids, sizeof ours.ids);
    store_close(other);
}

static void test_any_commit(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool moved = false;
    assert_current(0, 0, 0);
    char *x = keep("x", STATE_PENDING, 60);
    assert_current(0, 0, 0);
    keep("y", STATE_DRAFT, 60);
    assert_current(0, 0, 0);
    assert_true(move(x, STATE_PENDING, STATE_APPROVED)); /* ours */
    assert_current(0, 0, 0);
    struct store *other = store_open(a, dir, &e); /* and another's */
    assert_true(
        store_move(other, x, STATE_APPROVED, STATE_CANCELLED, "ann", "test", NULL, &moved, &e));
    assert_true(moved);
    assert_current(0, 0, 0);
    assert_current(STATE_CANCELLED, 0, 0);
    store_close(other);
}

static void test_more_than_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        keep(arena_printf(a, "p%d", i), i % 2 ? STATE_PENDING : STATE_DRAFT, 60);
    for (int stop = 0; stop <= MANY; stop += 5) {
        assert_current(0, 0, stop);
        assert_current(0, 0, MANY - stop); /* goes on where what is kept ends */
        assert_current(STATE_DRAFT, 0, stop);
    }
}

static bool see_and_list(void *arg, const struct stored *row)
{
    struct seen inner;
    list(s, STATE_PENDING, 0, 0, &inner);
    assert_int_equal(inner.count, 2);
    return see(arg, row);
}

/* A list within a list takes nothing from it. */
static void test_within(void **state)
{
    (void)state;
    struct err e = { 0 };
    keep("x", STATE_PENDING, 60);
    keep("y", STATE_DRAFT, 60);
    keep("z", STATE_PENDING, 60);
    for (int i = 0; i < 3; i++) {
        struct seen x = { 0 };
        assert_true(store_each_head(s, 0, 0, MANY, see_and_list, &x, &e));
        assert_int_equal(x.count, 3);
        assert_int_equal(x.tampered, 0);
    }
}

static void test_tampered_is_read_again(void **state)
{
    (void)state;
    struct seen x;
    char *id = keep("x", STATE_PENDING, 60);
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.tampered, 0);
    sql(arena_printf(a, "UPDATE plans SET title = title || '!' WHERE id = '%s'", id));
    for (int i = 0; i < 2; i++) {
        list(s, 0, 0, 0, &x);
        assert_int_equal(x.tampered, 1);
    }
    sql(arena_printf(a, "UPDATE plans SET title = rtrim(title, '!') WHERE id = '%s'", id));
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.tampered, 0);
}

/* The head is looked at although the rows are kept. */
static void test_head_goes_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct seen x;
    size_t n = 0;
    const char *path = arena_printf(a, "%s/state.head", dir);
    keep("x", STATE_PENDING, 60);
    const char *behind = file_read(a, path, 400, &n, &e);
    keep("y", STATE_PENDING, 60);
    list(s, 0, 0, 0, &x);
    list(s, 0, 0, 0, &x);
    assert_true(file_replace(path, behind, n, 0600, &e));
    x = (struct seen){ 0 };
    assert_false(store_each_head(s, 0, 0, MANY, see, &x, &e));
    assert_non_null(strstr(e.text, "went back"));
    assert_int_equal(x.count, 0);
}

/* Without it an older database would not be noticed. */
static void test_head_goes_away(void **state)
{
    (void)state;
    struct seen x;
    keep("x", STATE_PENDING, 60);
    list(s, 0, 0, 0, &x);
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.tampered, 0);
    assert_int_equal(unlink(arena_printf(a, "%s/state.head", dir)), 0);
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.tampered, 1);
}

/* By another process: to close a file of SQLite's here would give up its locks. */
static void copy_database(const char *from, const char *to)
{
    static const char *const parts[] = { "state.db", "state.db-wal", "state.db-shm" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int code = -1;
        pid_t pid = fork();
        if (pid == 0) {
            execlp("cp", "cp", arena_printf(a, "%s/%s", from, parts[i]),
                   arena_printf(a, "%s/%s", to, parts[i]), (char *)NULL);
            _exit(127);
        }
        assert_int_equal(waitpid(pid, &code, 0), pid);
        assert_int_equal(code, 0);
    }
}

/* An older database put back in its place, byte by byte, and with it all by which SQLite would see
 * that something was committed: the head has gone on. */
static void test_put_back_in_place(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct seen x;
    bool moved = false;
    const char *aside = arena_printf(a, "%s/aside", dir);
    char *id = keep("x", STATE_PENDING, 60);
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.tampered, 0);
    assert_int_equal(mkdir(aside, 0700), 0);
    copy_database(dir, aside);
    struct store *other = store_open(a, dir, &e);
    assert_true(
        store_move(other, id, STATE_PENDING, STATE_CANCELLED, "ann", "test", NULL, &moved, &e));
    copy_database(aside, dir);
    list(s, 0, 0, 0, &x);
    assert_int_equal(x.count, 1);
    assert_int_equal(x.tampered, 1);
    store_close(other);
}

/* Another process holds every lock that a reader takes, and says so through the pipe. */
static pid_t lock_readers_out(int *told)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when an assertion fails */
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 123, .l_len = 5 };
        int fd = open(arena_printf(a, "%s/state.db-shm", dir), O_RDWR);
        char how = fd >= 0 && fcntl(fd, F_SETLK, &l) == 0 ? 'y' : 'n';
        if (write(ends[1], &how, 1) == 1)
            pause();
        _exit(0);
    }
    close(ends[1]);
    *told = ends[0];
    return pid;
}

/* What nobody changed is not asked for: it is there while the database cannot be read. */
static void test_not_asked(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct seen before, now;
    char how = 0;
    int told;
    keep("x", STATE_PENDING, 60);
    list(s, 0, 0, 0, &before);
    char *newest = store_audit_newest(s, a, &e);
    bool changed = store_changed(s);
    pid_t pid = lock_readers_out(&told);
    assert_int_equal(read(told, &how, 1), 1);
    assert_int_equal(how, 'y');
    list(s, 0, 0, 0, &now);
    assert_memory_equal(now.ids, before.ids, sizeof now.ids);
    assert_string_equal(store_audit_newest(s, a, &e), newest);
    assert_true(changed && !store_changed(s));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_any_commit),
        EACH(test_more_than_are_kept),
        EACH(test_within),
        EACH(test_tampered_is_read_again),
        EACH(test_head_goes_back),
        EACH(test_head_goes_away),
        EACH(test_put_back_in_place),
        EACH(test_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
