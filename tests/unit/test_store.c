/* test_store.c - the table of states, compare and set, sealing, permissions, the audit's chain. */
#include "stores.h"
#include <sys/stat.h>

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
    struct stored row = { 0 };
    assert_true(store_find(s, a, id, &row, &e));
    assert_true(store_decision(s, a, &row, &seen, &there, &e));
    assert_false(there);
    assert_true(store_decide(s, id, STATE_PENDING, STATE_REJECTED, &d, &moved, &e));
    assert_true(moved);
    assert_true(store_find(s, a, id, &row, &e));
    assert_true(store_decision(s, a, &row, &seen, &there, &e) && there);
    assert_string_equal(seen.who, "bob");
    assert_string_equal(seen.strength, "token");
    assert_string_equal(seen.rendering, "abc");
    assert_string_equal(seen.verdict, "rejected");
    row = (struct stored){ 0 };
    assert_true(store_find(s, a, id, &row, &e));
    assert_string_equal(seen.plan, row.digest);
    assert_true(store_rejected(s, a, "http://g", row.wish, &before, &e));
    assert_string_equal(before.who, "bob");
    assert_false(store_rejected(s, a, "http://h", row.wish, &before, &e));
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

static const char *const tampering[] = {
    "UPDATE audit SET who = 'bob' WHERE seq = 2",
    "UPDATE audit SET detail = NULL WHERE seq = 1",
    "DELETE FROM audit WHERE seq = 2",
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "DELETE FROM audit",
};

/* A state in which nothing has happened yet. */
static void test_empty_audit(void **state)
{
    (void)state;
    struct err e = { 0 };
    cJSON *lines = json_array(a);
    store_close(s);
    s = store_open(a, dir, &e); /* this process has not looked at the chain yet */
    assert_true(store_audit_lines(s, a, lines, 10, &e));
    assert_int_equal(json_count(lines), 0);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_states),      EACH(test_compare_and_set), EACH(test_expires),
        EACH(test_finds),       EACH(test_private),         EACH(test_tampered_plan),
        EACH(test_audit),       EACH(test_proposed_again),  EACH(test_decision),
        EACH(test_empty_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
