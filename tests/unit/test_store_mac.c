/* test_store_mac.c - whoever writes state.db behind the store's back is noticed: rows, decisions,
 * lines, older copies, the head; and what a database of the first release is worth. */
#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"
#include "stores.h"
#include <fcntl.h>
#include <sys/stat.h>

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

static void test_intent(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *x = keep("x", STATE_PENDING, 60);
    assert_int_equal(store_intent(s, x, 0), INTENT_NONE);
    assert_true(store_intend(s, x, 0, INTENT_STARTED, "note", &e));
    assert_true(store_intend(s, x, 0, INTENT_WRITTEN, NULL, &e));
    assert_int_equal(store_intent(s, x, 0), INTENT_WRITTEN);
    sql("UPDATE intents SET what = 7");
    assert_int_equal(store_intent(s, x, 0), INTENT_UNKNOWN);
    sql("UPDATE intents SET what = 99");
    assert_int_equal(store_intent(s, x, 0), INTENT_UNKNOWN);
}

/* How an older copy of a file can be put in its place. */
static void put_inside(const char *path, const char *text, size_t n)
{
    struct stat was;
    int fd = open(path, O_WRONLY);
    assert_int_equal(fstat(fd, &was), 0);
    assert_int_equal(pwrite(fd, text, n, 0), (ssize_t)n);
    assert_int_equal(futimens(fd, (struct timespec[]){ was.st_atim, was.st_mtim }), 0);
    close(fd);
}

static void put_over(const char *path, const char *text, size_t n)
{
    struct err e = { 0 };
    assert_true(file_replace(path, text, n, 0600, &e));
}

static void put_aside(const char *path, const char *text, size_t n)
{
    assert_int_equal(rename(path, arena_printf(a, "%s.aside", path)), 0);
    put_over(path, text, n);
}

/* A head that stands still is not read again; one that another copy took the place of is. */
static void test_head_in_use(void **state)
{
    (void)state;
    void (*const ways[])(const char *, const char *, size_t) = { put_inside, put_over, put_aside };
    struct err e = { 0 };
    size_t n = 0;
    const char *path = arena_printf(a, "%s/state.head", dir);
    keep("x", STATE_PENDING, 60);
    const char *behind = file_read(a, path, 400, &n, &e);
    keep("y", STATE_PENDING, 60);
    const char *newest = file_read(a, path, 400, &n, &e);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        nanosleep(&(struct timespec){ .tv_nsec = 80000000 }, NULL); /* its time is settled */
        for (int i = 0; i < 3; i++)
            assert_true(store_audit_lines(s, a, json_array(a), 9, &e));
        ways[way](path, behind, n);
        assert_false(store_audit_lines(s, a, json_array(a), 9, &e));
        assert_non_null(strstr(e.text, "went back"));
        e = (struct err){ 0 };
        put_over(path, newest, n);
    }
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
    char *now = file_read(a, path, 400, &n, &e);
    assert_true(!strncmp(now, "3 ", 2) || strstr(now, "\n3 "));
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

/* What version 4 did not have yet. */
static void make_version_4(void)
{
    sql("DROP TABLE alerts; DROP TABLE incidents; DROP TABLE facts; PRAGMA user_version = 4");
}

/* What version 3 did not have yet. */
static void make_version_3(void)
{
    make_version_4();
    sql("DROP TABLE segments; DROP TABLE places; DROP TABLE watched; DROP TABLE outside;"
        "DROP TABLE cards;"
        "PRAGMA user_version = 3");
}

/* As it was before guards. */
static void make_version_2(void)
{
    make_version_3();
    sql("DROP INDEX plans_guarded; DROP INDEX audit_who; DROP INDEX audit_event;"
        "DROP INDEX audit_at; DROP TABLE touches;"
        "ALTER TABLE plans DROP COLUMN holds;"
        "ALTER TABLE plans DROP COLUMN starts; ALTER TABLE plans DROP COLUMN guarded;"
        "ALTER TABLE plans DROP COLUMN guard; PRAGMA user_version = 2");
}

/* Rows of an earlier version keep their MACs, and what is undecided stays so. */
static void upgrades_from(void (*make_it)(void))
{
    struct err e = { 0 };
    struct stored row = { 0 };
    int lines = 0, more = 0;
    char *pending = keep("x", STATE_PENDING, 60), *done = keep("z", STATE_PENDING, 60);
    move(done, STATE_PENDING, STATE_REJECTED);
    assert_true(store_verify(s, NULL, &lines, &e));
    make_it();
    store_close(s);
    s = store_open(a, dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    assert_true(store_find(s, a, pending, &row, &e));
    assert_int_equal(row.state, STATE_PENDING);
    assert_true(store_find(s, a, done, &row, &e));
    assert_int_equal(row.state, STATE_REJECTED);
    assert_true(store_verify(s, NULL, &more, &e));
    assert_int_equal(more, lines + 1);
}

static void test_upgrade_2(void **state)
{
    (void)state;
    upgrades_from(make_version_2);
}

static void test_upgrade_3(void **state)
{
    (void)state;
    struct err e = { 0 };
    upgrades_from(make_version_3);
    store_close(s);
    make_version_3();
    sql("CREATE TABLE segments (first INTEGER)");
    s = store_open(a, dir, &e);
    assert_null(s);
    assert_non_null(strstr(e.text, "tampered"));
}

static void test_upgrade_4(void **state)
{
    (void)state;
    struct err e = { 0 };
    upgrades_from(make_version_4);
    store_close(s);
    make_version_4();
    sql("CREATE INDEX mine ON cards(id)");
    s = store_open(a, dir, &e);
    assert_null(s);
    assert_non_null(strstr(e.text, "tampered"));
}

/* A database of the first release: nothing in it proves that anybody agreed. */
static void make_old(void)
{
    make_version_2();
    sql("DROP INDEX plans_wish; ALTER TABLE plans DROP COLUMN wish;"
        "ALTER TABLE plans DROP COLUMN gateway; ALTER TABLE plans DROP COLUMN line;"
        "ALTER TABLE plans DROP COLUMN decided; ALTER TABLE plans DROP COLUMN mac;"
        "ALTER TABLE decisions DROP COLUMN strength; ALTER TABLE decisions DROP COLUMN plan;"
        "ALTER TABLE decisions DROP COLUMN rendering; ALTER TABLE decisions DROP COLUMN line;"
        "ALTER TABLE decisions DROP COLUMN mac; ALTER TABLE audit DROP COLUMN mac;"
        "ALTER TABLE intents DROP COLUMN mac;"
        "ALTER TABLE audit DROP COLUMN tomb; DROP TABLE settings; PRAGMA user_version = 0;"
        "DELETE FROM anchor; DELETE FROM audit");
    /* One line, and its end made sure with the key. */
    const char *line = "{\"at\":\"then\",\"before\":\"\",\"channel\":null,\"detail\":null,"
                       "\"event\":\"proposed\",\"id\":null,\"seq\":1,\"who\":null}";
    const char *hash = crypto_sha256_hex(a, line, strlen(line));
    const char *end = arena_printf(a, "1 %s", hash);
    struct err e = { 0 };
    size_t n = 0;
    const char *key = file_read(a, arena_printf(a, "%s/state.key", dir), 32, &n, &e);
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(key, n, end, strlen(end), mac);
    sql(arena_printf(a,
                     "INSERT INTO audit (seq, at, event, hash) VALUES (1, 'then', 'proposed', "
                     "'%s'); INSERT INTO anchor VALUES (1, 1, '%s')",
                     hash, base64url_encode(a, mac, sizeof mac)));
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
    assert_int_equal(lines, 7); /* one from before, four taken over, upgraded, scrubbed */
    store_close(s);
    assert_non_null(s = store_open(a, dir, &e)); /* once */
    assert_true(store_verify(s, NULL, &lines, &e));
    assert_int_equal(lines, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_tampered_row), EACH(test_replayed),    EACH(test_decision_tampered),
        EACH(test_head),         EACH(test_head_in_use), EACH(test_intent),
        EACH(test_anchor),       EACH(test_upgrade),     EACH(test_upgrade_2),
        EACH(test_upgrade_3),    EACH(test_upgrade_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
