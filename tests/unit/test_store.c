/* test_store.c - the table of states, compare and set, sealing, permissions, the audit's chain. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lib.h"
#include "check.h"
#include "gateway/plan.h"
#include "gateway/store_decision.h"
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *a;
static struct store *s;
static char dir[64];

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    a = arena_new();
    snprintf(dir, sizeof dir, "/tmp/higress-ops-store-XXXXXX");
    s = mkdtemp(dir) ? store_open(a, dir, &e) : NULL;
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    store_close(s);
    arena_free(a);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

static __attribute__((noinline)) char *keep(const char *name, enum plan_state state, double ttl)
{
    struct err e = { 0 };
    char *id = NULL;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", name);
    json_set_str(a, o, "type", "http");
    json_set_str(a, o, "serverAddress", "10.0.0.1");
    json_set_num(a, o, "serverPort", 3128);
    p->gateway = "http://g";
    p->wish = arena_printf(a, "wish of %s", name);
    if (!plan_create(p, "proxy-server", NULL, o) || !plan_close(p) ||
        !store_keep(s, a, p, state, "ann", ttl, &id, &e))
        fail_msg("%s", e.text);
    return id;
}

static __attribute__((noinline)) bool move(const char *id, enum plan_state from, enum plan_state to)
{
    struct err e = { 0 };
    bool moved = false;
    if (!store_move(s, id, from, to, "ann", "test", NULL, &moved, &e))
        fail_msg("%s", e.text);
    return moved;
}

static void test_states(void **state)
{
    (void)state;
    for (enum plan_state x = STATE_DRAFT; x <= STATE_EXPIRED; x++) {
        assert_int_equal(store_state_of(store_state_name(x)), x);
        assert_int_equal(store_final(x), x >= STATE_APPLIED);
        assert_false(store_may_move(x, x));
        for (enum plan_state y = STATE_DRAFT; y <= STATE_EXPIRED; y++)
            if (store_may_move(x, y) && y == STATE_APPLYING)
                assert_int_equal(x, STATE_APPROVED);
    }
    assert_int_equal(store_state_of("nonsense"), 0);
}

static void test_compare_and_set(void **state)
{
    (void)state;
    char *id = keep("x", STATE_PENDING, 60);
    assert_true(move(id, STATE_PENDING, STATE_APPROVED));
    assert_false(move(id, STATE_PENDING, STATE_REJECTED));
    assert_true(move(id, STATE_APPROVED, STATE_APPLYING));
    assert_false(move(id, STATE_APPROVED, STATE_APPLYING));
    struct err e = { 0 };
    struct stored row = { 0 };
    assert_true(store_find(s, a, id, &row, &e));
    assert_string_equal(row.lease, store_owner(s));
    /* Another process' handle does not hold the lease: it can neither finish nor take over. */
    struct store *other = store_open(a, dir, &e);
    bool moved = true, taken = true;
    assert_true(
        store_move(other, id, STATE_APPLYING, STATE_APPLIED, "bob", "test", NULL, &moved, &e));
    assert_false(moved);
    assert_true(store_take_over(other, id, &taken, &e));
    assert_false(taken);
    store_close(other);
    assert_true(move(id, STATE_APPLYING, STATE_APPLIED));
}

static void test_expires(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    char *id = keep("x", STATE_PENDING, -1);
    assert_true(store_expire(s, &e));
    assert_true(store_find(s, a, id, &row, &e));
    assert_int_equal(row.state, STATE_EXPIRED);
}

/* The same plan again is the same change: neither its time nor its owner moves. */
static void test_proposed_again(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored first = { 0 }, again = { 0 };
    char *id = keep("x", STATE_DRAFT, 60);
    assert_true(store_find(s, a, id, &first, &e));
    assert_string_equal(keep("x", STATE_PENDING, 6000), id);
    assert_true(store_find(s, a, id, &again, &e));
    assert_int_equal(again.state, STATE_PENDING);
    assert_true(again.expires == first.expires);
    assert_string_equal(again.owner, "ann");
    assert_int_equal(store_undecided(s, "ann", &e), 1);
    assert_int_equal(store_undecided(s, "bob", &e), 0);
}

static void test_decision(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_decision d = { .who = "bob", .channel = "page", .strength = "token" };
    struct store_decision seen = { 0 };
    struct store_rejection before = { 0 };
    bool moved = false, there = true;
    d.rendering = "abc";
    char *id = keep("x", STATE_PENDING, 60);
    assert_true(store_decision(s, a, id, &seen, &there, &e));
    assert_false(there);
    assert_true(store_decide(s, id, STATE_PENDING, STATE_REJECTED, &d, &moved, &e));
    assert_true(moved);
    assert_true(store_decision(s, a, id, &seen, &there, &e) && there);
    assert_string_equal(seen.who, "bob");
    assert_string_equal(seen.strength, "token");
    assert_string_equal(seen.rendering, "abc");
    assert_string_equal(seen.verdict, "rejected");
    struct stored row = { 0 };
    assert_true(store_find(s, a, id, &row, &e));
    assert_string_equal(seen.plan, row.digest);
    assert_true(store_rejected(s, a, "http://g", "wish of x", &before, &e));
    assert_string_equal(before.who, "bob");
    assert_false(store_rejected(s, a, "http://h", "wish of x", &before, &e));
    assert_false(store_rejected(s, a, "http://g", "another", &before, &e));
    assert_false(store_rejected(s, a, "http://g", NULL, &before, &e));
    assert_int_equal(e.kind, ERR_NONE);
}

static void test_finds(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    char *id = keep("x", STATE_PENDING, 60);
    assert_true(store_find(s, a, arena_strndup(a, id, 8), &row, &e));
    assert_string_equal(row.id, id);
    assert_false(store_find(s, a, "c-", &row, &e));
    assert_int_equal(e.kind, ERR_ARGS);
    struct err f = { 0 };
    assert_false(store_find(s, a, "' OR 1=1 --", &row, &f));
}

static void test_private(void **state)
{
    (void)state;
    struct stat st;
    static const char *const files[] = { "state.db", "state.key", "state.db-wal" };
    keep("x", STATE_PENDING, 60);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_int_equal(stat(arena_printf(a, "%s/%s", dir, files[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    struct err e = { 0 };
    assert_int_equal(chmod(arena_printf(a, "%s/state.key", dir), 0644), 0);
    assert_null(store_open(a, dir, &e));
    assert_non_null(strstr(e.text, "0600"));
    chmod(arena_printf(a, "%s/state.key", dir), 0600);
}

#define LITE_API(X) X(sqlite3_open) X(sqlite3_exec) X(sqlite3_close)
LIB_TABLE(lite, LITE_API);

/* Changes the database behind the store's back. */
static void sql(const char *text)
{
    struct err e = { 0 };
    sqlite3 *db = NULL;
    assert_true(LIB_LOAD(lite, LITE_API, "libsqlite3.so.0", "libsqlite3-0", &e));
    assert_int_equal(lite.sqlite3_open(arena_printf(a, "%s/state.db", dir), &db), SQLITE_OK);
    assert_int_equal(lite.sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    lite.sqlite3_close(db);
}

static void test_tampered_plan(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *x = keep("x", STATE_PENDING, 60), *y = keep("y", STATE_PENDING, 60);
    assert_non_null(store_plan(s, a, x, &e));
    /* The sealed plan of another change under this id: the approval was not for that. */
    sql(arena_printf(a,
                     "UPDATE plans SET sealed = (SELECT sealed FROM plans WHERE id = '%s') "
                     "WHERE id = '%s'",
                     y, x));
    assert_null(store_plan(s, a, x, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

/* What somebody who can write state.db may do to a pending change, with two others beside it. */
static const char *const row_tampering[] = {
    "UPDATE plans SET state = 'approved' WHERE id = 'X'",
    "UPDATE plans SET summary = replace(summary, '10.0.0.1', '10.0.0.9') WHERE id = 'X'",
    "UPDATE plans SET summary = 'no json' WHERE id = 'X'",
    "UPDATE plans SET title = 'harmless' WHERE id = 'X'",
    "UPDATE plans SET risk = 'read' WHERE id = 'X'",
    "UPDATE plans SET risk = NULL WHERE id = 'X'",
    "UPDATE plans SET expires = expires + 1 WHERE id = 'X'",
    "UPDATE plans SET created = created - 1 WHERE id = 'X'",
    "UPDATE plans SET who = 'bob' WHERE id = 'X'",
    "UPDATE plans SET wish = NULL WHERE id = 'X'",
    "UPDATE plans SET gateway = 'http://h' WHERE id = 'X'",
    "UPDATE plans SET digest = (SELECT digest FROM plans WHERE id = 'Y') WHERE id = 'X'",
    "UPDATE plans SET sealed = (SELECT sealed FROM plans WHERE id = 'Y') WHERE id = 'X'",
    "UPDATE plans SET mac = NULL WHERE id = 'X'",
    "UPDATE plans SET mac = (SELECT mac FROM plans WHERE id = 'Y') WHERE id = 'X'",
    "UPDATE plans SET line = line + 1 WHERE id = 'X'",
    "UPDATE plans SET decided = 'x' WHERE id = 'X'",
    "UPDATE plans SET result = '{\"text\":\"applied\"}' WHERE id = 'X'",
    "DELETE FROM plans WHERE id = 'X'; UPDATE plans SET id = 'X' WHERE id = 'Y'",
    "UPDATE audit SET mac = NULL WHERE id = 'X'",
    "UPDATE audit SET id = 'Y' WHERE id = 'X'",
    "DELETE FROM audit WHERE id = 'X'",
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "DELETE FROM audit",
    "DELETE FROM audit; DELETE FROM anchor",
    "DELETE FROM anchor",
};

/* `text` with the ids of two changes for X and Y. */
static const char *filled(const char *text, const char *x, const char *y)
{
    struct buf *out = buf_in(a, 4096);
    for (; *text; text++) {
        const char *id = !strncmp(text, "'X'", 3) ? x : !strncmp(text, "'Y'", 3) ? y : NULL;
        if (id)
            buf_printf(out, "'%s'", id);
        else
            buf_char(out, *text);
        text += id ? 2 : 0;
    }
    return out->data;
}

static void test_tampered_row(void **state)
{
    (void)state;
    char *x = keep("x", STATE_PENDING, 60), *y = keep("y", STATE_PENDING, 60);
    keep("z", STATE_PENDING, 60);
    sql("CREATE TABLE plans_copy AS SELECT * FROM plans;"
        "CREATE TABLE audit_copy AS SELECT * FROM audit;"
        "CREATE TABLE anchor_copy AS SELECT * FROM anchor");
    for (size_t i = 0; i < sizeof row_tampering / sizeof *row_tampering; i++) {
        struct err e = { 0 }, f = { 0 }, g = { 0 }, h = { 0 };
        struct stored row = { 0 };
        bool moved = false;
        int lines = 0;
        sql(filled(row_tampering[i], x, y));
        if (store_find(s, a, x, &row, &e) || store_verify(s, NULL, &lines, &f))
            fail_msg("not noticed: %s", row_tampering[i]);
        assert_int_equal(f.kind, ERR_SYSTEM);
        assert_null(store_plan(s, a, x, &g));
        assert_false(store_move(s, x, STATE_PENDING, STATE_APPROVED, "m", "t", NULL, &moved, &h) &&
                     moved);
        h = (struct err){ 0 };
        assert_false(store_move(s, x, STATE_APPROVED, STATE_APPLYING, "m", "t", NULL, &moved, &h) &&
                     moved);
        sql("DELETE FROM plans; INSERT INTO plans SELECT * FROM plans_copy;"
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM audit_copy;"
            "DELETE FROM anchor; INSERT INTO anchor SELECT * FROM anchor_copy");
    }
    struct err e = { 0 };
    struct stored row = { 0 };
    if (!store_find(s, a, x, &row, &e))
        fail_msg("%s", e.text);
}

/* What was true once is not true again: neither the row alone, nor with its lines, nor all. */
static void test_replayed(void **state)
{
    (void)state;
    char *x = keep("x", STATE_PENDING, 60);
    move(x, STATE_PENDING, STATE_APPROVED);
    sql("CREATE TABLE plans_copy AS SELECT * FROM plans;"
        "CREATE TABLE audit_copy AS SELECT * FROM audit;"
        "CREATE TABLE anchor_copy AS SELECT * FROM anchor");
    move(x, STATE_APPROVED, STATE_CANCELLED);
    static const char *const back[] = {
        "DELETE FROM plans; INSERT INTO plans SELECT * FROM plans_copy",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM anchor; INSERT INTO anchor SELECT * FROM anchor_copy",
    };
    for (int i = 0; i < 3; i++) {
        struct err e = { 0 };
        struct stored row = { 0 };
        bool moved = false;
        int lines = 0;
        sql(back[i]);
        assert_false(store_find(s, a, x, &row, &e));
        assert_int_equal(e.kind, ERR_SYSTEM);
        e = (struct err){ 0 };
        assert_false(store_move(s, x, STATE_APPROVED, STATE_APPLYING, "m", "t", NULL, &moved, &e));
        e = (struct err){ 0 };
        assert_false(store_verify(s, NULL, &lines, &e));
    }
    struct err e = { 0 };
    assert_null(store_open(a, dir, &e));
    assert_non_null(strstr(e.text, "older copy"));
}

static void test_decision_tampered(void **state)
{
    (void)state;
    static const char *const what[] = {
        "UPDATE decisions SET who = 'eve'",
        "UPDATE decisions SET channel = 'page'",
        "UPDATE decisions SET strength = 'terminal'",
        "UPDATE decisions SET plan = 'another'",
        "UPDATE decisions SET rendering = 'another'",
        "UPDATE decisions SET verdict = 'rejected'",
        "UPDATE decisions SET at = at + 1",
        "UPDATE decisions SET mac = NULL",
        "DELETE FROM decisions",
    };
    char *x = keep("x", STATE_PENDING, 60);
    move(x, STATE_PENDING, STATE_APPROVED);
    sql("CREATE TABLE decisions_copy AS SELECT * FROM decisions");
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        struct err e = { 0 };
        bool moved = false;
        int lines = 0;
        sql(what[i]);
        if (store_move(s, x, STATE_APPROVED, STATE_APPLYING, "m", "t", NULL, &moved, &e))
            fail_msg("not noticed: %s", what[i]);
        e = (struct err){ 0 };
        assert_false(store_verify(s, NULL, &lines, &e));
        sql("DELETE FROM decisions; INSERT INTO decisions SELECT * FROM decisions_copy");
    }
    assert_true(move(x, STATE_APPROVED, STATE_APPLYING));
    sql("INSERT INTO decisions (id, at, who) VALUES ('c-none', 1, 'eve')");
    struct err e = { 0 };
    int lines = 0;
    assert_false(store_verify(s, NULL, &lines, &e));
}

/* Killed between a commit and writing the head: it lags, and is caught up with. */
static void test_head(void **state)
{
    (void)state;
    struct err e = { 0 };
    size_t n = 0;
    char *path = arena_printf(a, "%s/state.head", dir);
    keep("x", STATE_PENDING, 60);
    char *behind = file_read(a, path, 400, &n, &e);
    keep("y", STATE_PENDING, 60);
    assert_true(file_replace(path, behind, n, 0600, &e));
    keep("z", STATE_PENDING, 60);
    assert_true(file_replace(path, behind, n, 0600, &e));
    struct store *other = store_open(a, dir, &e);
    assert_non_null(other);
    store_close(other);
    assert_int_equal(file_read(a, path, 400, &n, &e)[0], '3');
    assert_true(file_replace(path, "9 aa bb\n", 8, 0600, &e));
    assert_null(store_open(a, dir, &e));
    assert_non_null(strstr(e.text, "tampered"));
    e = (struct err){ 0 };
    unlink(path);
    assert_null(store_open(a, dir, &e));
    assert_non_null(strstr(e.text, "missing"));
}

/* An anchor kept elsewhere. */
static void test_anchor(void **state)
{
    (void)state;
    struct err e = { 0 };
    int lines = 0;
    keep("x", STATE_PENDING, 60);
    char *anchor = store_anchor_text(s, a, &e);
    keep("y", STATE_PENDING, 60);
    assert_true(store_verify(s, anchor, &lines, &e));
    anchor[4] = anchor[4] == 'a' ? 'b' : 'a';
    assert_false(store_verify(s, anchor, &lines, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
    e = (struct err){ 0 };
    assert_false(store_verify(s, "nonsense", &lines, &e));
    assert_int_equal(e.kind, ERR_ARGS);
}

static const char *const tampering[] = {
    "UPDATE audit SET who = 'bob' WHERE seq = 2",
    "UPDATE audit SET detail = NULL WHERE seq = 1",
    "DELETE FROM audit WHERE seq = 2",
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "DELETE FROM audit",
};

static void test_audit(void **state)
{
    (void)state;
    struct err e = { 0 };
    int lines = 0;
    char *id = keep("x", STATE_PENDING, 60);
    move(id, STATE_PENDING, STATE_APPROVED);
    move(id, STATE_APPROVED, STATE_CANCELLED);
    assert_true(store_audit(s, "note", id, "ann", "test", NULL, &e));
    assert_true(store_verify(s, NULL, &lines, &e));
    assert_int_equal(lines, 4);
    sql("CREATE TABLE audit_copy AS SELECT * FROM audit");
    for (size_t i = 0; i < sizeof tampering / sizeof *tampering; i++) {
        struct err f = { 0 };
        sql(tampering[i]);
        if (store_verify(s, NULL, &lines, &f))
            fail_msg("not noticed: %s", tampering[i]);
        assert_int_equal(f.kind, ERR_SYSTEM);
        sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM audit_copy");
    }
    assert_true(store_verify(s, NULL, &lines, &e));
}

/* A database of the first release: nothing in it proves that anybody agreed. */
static void make_old(void)
{
    sql("DROP INDEX plans_wish; ALTER TABLE plans DROP COLUMN wish;"
        "ALTER TABLE plans DROP COLUMN gateway; ALTER TABLE plans DROP COLUMN line;"
        "ALTER TABLE plans DROP COLUMN decided; ALTER TABLE plans DROP COLUMN mac;"
        "ALTER TABLE decisions DROP COLUMN strength; ALTER TABLE decisions DROP COLUMN plan;"
        "ALTER TABLE decisions DROP COLUMN rendering; ALTER TABLE decisions DROP COLUMN line;"
        "ALTER TABLE decisions DROP COLUMN mac; ALTER TABLE audit DROP COLUMN mac;"
        "ALTER TABLE audit DROP COLUMN tomb; DROP TABLE settings; PRAGMA user_version = 0;"
        "DELETE FROM anchor; DELETE FROM audit");
}

static void test_upgrade(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    int lines = 0;
    char *pending = keep("x", STATE_PENDING, 60), *approved = keep("y", STATE_PENDING, 60);
    char *done = keep("z", STATE_PENDING, 60), *broken = keep("w", STATE_PENDING, 60);
    move(approved, STATE_PENDING, STATE_APPROVED);
    move(done, STATE_PENDING, STATE_REJECTED);
    move(broken, STATE_PENDING, STATE_CANCELLED);
    make_old();
    sql(arena_printf(a, "UPDATE plans SET summary = '{\"a', sealed = 'x' WHERE id = '%s'", broken));
    assert_null(store_open(a, dir, &e)); /* the head knows that there was more */
    assert_non_null(strstr(e.text, "state.head"));
    e = (struct err){ 0 };
    unlink(arena_printf(a, "%s/state.head", dir));
    store_close(s);
    s = store_open(a, dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    assert_true(store_find(s, a, pending, &row, &e));
    assert_int_equal(row.state, STATE_EXPIRED);
    assert_true(store_find(s, a, approved, &row, &e));
    assert_int_equal(row.state, STATE_EXPIRED);
    assert_true(store_find(s, a, done, &row, &e));
    assert_int_equal(row.state, STATE_REJECTED);
    assert_string_equal(row.gateway, "http://g");
    assert_true(store_find(s, a, broken, &row, &e));
    if (!store_verify(s, NULL, &lines, &e))
        fail_msg("%s", e.text);
    assert_int_equal(lines, 5);
    store_close(s);
    assert_non_null(s = store_open(a, dir, &e)); /* once */
    assert_true(store_verify(s, NULL, &lines, &e));
    assert_int_equal(lines, 5);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_states),   EACH(test_compare_and_set),
        EACH(test_expires),  EACH(test_finds),
        EACH(test_private),  EACH(test_tampered_plan),
        EACH(test_audit),    EACH(test_tampered_row),
        EACH(test_replayed), EACH(test_decision_tampered),
        EACH(test_head),     EACH(test_anchor),
        EACH(test_upgrade),  EACH(test_proposed_again),
        EACH(test_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
