/* test_segment.c - segments of the audit: closed, removed by retention, still verified; what
 * somebody with the files does to them; killed at each step of a rotation. */
#include "stores.h"

#include "store/store_private.h"
#include "store/store_search.h"
#include "store/store_segment.h"

enum { A_SEGMENT = 10, FAR = 1 << 30 };
static const double NOW = 1e-9;

static void say(int lines)
{
    struct err e = { 0 };
    assert_true(store_begin(s, &e));
    for (int i = 0; i < lines; i++)
        if (!store_chain(s, "looked", NULL, i % 2 ? "ann" : "ben", "test", "{\"text\":\"said\"}",
                         NULL, &e))
            fail_msg("%s", e.text);
    assert_true(store_end(s, true, &e));
}

static const struct store_retention closing = { .lines = A_SEGMENT, .until = FAR };
static const struct store_retention removing = { .lines = A_SEGMENT, .keep = NOW, .until = FAR };

/* Times are in milliseconds. */
static void wait_a_moment(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static struct store_rotated rotate(struct store_retention how)
{
    struct err e = { 0 };
    struct store_rotated did = { 0 };
    wait_a_moment();
    if (!store_rotate(s, &how, &did, &e))
        fail_msg("%s", e.text);
    return did;
}

static int verified(void)
{
    struct err e = { 0 };
    int lines = 0;
    if (!store_verify(s, NULL, &lines, &e))
        fail_msg("%s", e.text);
    return lines;
}

static bool is_refused(const char *word)
{
    struct err e = { 0 };
    int lines = 0;
    bool refused = !store_verify(s, NULL, &lines, &e);
    if (refused && !strstr(e.text, word))
        print_message("refused otherwise: %s\n", e.text);
    return refused && strstr(e.text, word);
}

static void test_closes(void **state)
{
    (void)state;
    struct err e = { 0 };
    say(35);
    struct store_rotated did = rotate(closing);
    assert_int_equal(did.closed, 3);
    assert_int_equal(did.removed, 0);
    assert_false(did.more);
    assert_int_equal(verified(), 38); /* each is a line */
    const cJSON *o = store_segments(s, a, 2, &e), *newest = json_get(o, "segments")->child;
    assert_int_equal(json_num(o, "closed", 0), 3);
    assert_int_equal(json_count(json_get(o, "segments")), 2);
    assert_int_equal(json_num(newest, "first", 0), 21);
    assert_int_equal(json_num(newest, "last", 0), 30);
    /* By age: what is open, if it is more than one line. */
    struct store_retention aged = { .lines = 1000, .age = 1e-9, .until = FAR };
    assert_int_equal(rotate(aged).closed, 1);
    assert_int_equal(rotate(aged).closed, 0);
    verified();
}

static void test_removes(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *done = keep("x", STATE_PENDING, 60);
    move(done, STATE_PENDING, STATE_CANCELLED);
    say(40);
    char *early = store_anchor_text(s, a, &e);
    rotate(closing);
    struct store_rotated did = rotate(removing);
    assert_int_equal(did.removed, 1);
    assert_int_equal(did.lines, 9);
    assert_true(did.more);
    rotate(removing);
    assert_int_equal(verified(), 28); /* 42 and 6 about segments, without 20 */
    /* The change is what it was, by its newest line. */
    struct stored row = { 0 };
    assert_true(store_find(s, a, done, &row, &e));
    assert_int_equal(row.state, STATE_CANCELLED);
    const cJSON *o = store_segments(s, a, 9, &e);
    assert_int_equal(json_num(o, "removed_to", 0), 20);
    assert_int_equal(json_num(o, "kept", 0), 1);
    /* Searched and read across. */
    struct store_search q = { .limit = 100 };
    o = store_search_audit(s, a, &q, &e);
    assert_int_equal(json_count(json_get(o, "lines")), 29);
    assert_int_equal(json_num(o, "removed_to", 0), 20);
    q.id = done;
    o = store_search_audit(s, a, &q, &e);
    assert_int_equal(json_count(json_get(o, "lines")), 1);
    assert_null(json_str(json_get(o, "lines")->child, "who"));
    q = (struct store_search){ .event = "segment removed", .limit = 10 };
    assert_int_equal(json_count(json_get(store_search_audit(s, a, &q, &e), "lines")), 2);
    assert_true(store_audit_lines(s, a, json_array(a), 1000, &e));
    assert_int_equal(json_count(store_lines_after(s, a, 0, 100, &e)), 29);
    /* An anchor from before holds, one of a line that is gone cannot be held against anything. */
    int lines = 0;
    assert_true(store_verify(s, early, &lines, &e));
    assert_false(store_verify(s, "15:00", &lines, &e));
    assert_non_null(strstr(e.text, "removed by retention"));
    /* After a start, too. */
    store_close(s);
    e = (struct err){ 0 };
    s = store_open(a, dir, &e);
    say(5);
    verified();
}

/* What was edited elsewhere is known by its line, and goes with it. */
static void test_outside_edits(void **state)
{
    (void)state;
    say(30);
    rotate(closing);
    sql("INSERT INTO outside (id, at, line) VALUES ('o-1', 1, 5)");
    assert_true(is_refused("o-1"));
    rotate(removing);
    verified();
}

static void test_waits(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    char *open = keep("x", STATE_PENDING, 60);
    say(40);
    rotate(closing);
    struct store_rotated did = rotate(removing);
    assert_int_equal(did.removed, 0);
    assert_non_null(strstr(did.waits, "open"));
    move(open, STATE_PENDING, STATE_APPROVED);
    move(open, STATE_APPROVED, STATE_CANCELLED);
    struct store_retention unshipped = removing;
    unshipped.until = 15;
    assert_int_equal(rotate(unshipped).removed, 1);
    did = rotate(unshipped);
    assert_int_equal(did.removed, 0);
    assert_non_null(strstr(did.waits, "shipped"));
    assert_true(store_find(s, a, open, &row, &e));
    verified();
}

/* One line was written while the clock stood in 1970: the others are as young as they are. */
static void test_clock_set_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    say(15);
    sql("UPDATE audit SET at = '1970-01-01T00:00:09.000Z' WHERE seq = 10");
    rotate(closing);
    const cJSON *newest = json_get(store_segments(s, a, 1, &e), "segments")->child;
    assert_int_equal(json_num(newest, "last", 0), 10);
    assert_true(strncmp(json_str(newest, "ended"), "1970", 4) > 0);
    struct store_retention days = removing;
    days.keep = 24 * 3600;
    assert_int_equal(rotate(days).removed, 0);
}

/* A state that nobody wrote to for longer than lines are kept: its last line is where the head says
 * that the audit had come to, and goes in the step that closes it. */
static void test_idle_for_long(void **state)
{
    (void)state;
    struct store_retention both = { .lines = 1000, .age = NOW, .keep = NOW, .until = FAR };
    say(5);
    struct store_rotated did = rotate(both);
    assert_int_equal(did.closed, 1);
    for (int i = 0; i < 3; i++)
        did = rotate(both);
    verified();
    struct err e = { 0 };
    assert_true(json_num(store_segments(s, a, 1, &e), "removed", 0) > 0);
}

/* 20 lines are gone, one of them kept; 10 closed, and some open. */
static void make_removed(void)
{
    char *done = keep("x", STATE_PENDING, 60);
    move(done, STATE_PENDING, STATE_CANCELLED);
    say(40);
    rotate(closing);
    rotate(removing);
    rotate(removing);
    verified();
}

static void test_tampered(void **state)
{
    (void)state;
    static const struct {
        const char *what, *word;
    } deeds[] = {
        { "DELETE FROM audit WHERE seq BETWEEN 21 AND 30", "line 21" },
        { "DELETE FROM audit WHERE seq = 25", "line 25" },
        { "DELETE FROM audit WHERE seq < 21", "has 0 lines" },
        { "UPDATE audit SET event = 'applied' WHERE seq < 21", "not as it was written" },
        { "UPDATE audit SET who = 'eve' WHERE seq < 21", "is there again" },
        { "INSERT INTO audit SELECT 3, at, event, id, who, channel, detail, hash, mac, tomb FROM "
          "audit WHERE seq = 30",
          "is there again" },
        { "DELETE FROM segments WHERE first = 1", "does not follow" },
        { "DELETE FROM segments WHERE first = 11", "line 21" },
        { "DELETE FROM segments WHERE first = 21", "does not follow" },
        { "DELETE FROM segments", "line 21" },
        { "UPDATE segments SET removed = NULL WHERE first = 1", "MAC" },
        { "UPDATE segments SET removed = closed, kept = 0 WHERE first = 21", "MAC" },
        { "UPDATE segments SET last = 31 WHERE first = 21", "MAC" },
        { "UPDATE segments SET hash = before WHERE first = 11", "MAC" },
        { "UPDATE settings SET value = '30' WHERE name = 'audit removed to'", "is there again" },
        { "DELETE FROM settings WHERE name = 'audit removed to'", "does not fit" },
        { "DELETE FROM plans", "not there" },
    };
    make_removed();
    sql("CREATE TABLE keep_audit AS SELECT * FROM audit; CREATE TABLE keep_plans AS SELECT * FROM "
        "plans; CREATE TABLE keep_segments AS SELECT * FROM segments; CREATE TABLE keep_settings "
        "AS SELECT * FROM settings");
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        sql(deeds[i].what);
        if (!is_refused(deeds[i].word))
            fail_msg("not noticed: %s", deeds[i].what);
        sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM keep_audit; DELETE FROM plans; "
            "INSERT INTO plans SELECT * FROM keep_plans; DELETE FROM segments; INSERT INTO "
            "segments SELECT * FROM keep_segments; DELETE FROM settings; INSERT INTO settings "
            "SELECT * FROM keep_settings");
        verified();
    }
}

/* What was removed put back, as it was: with the row of then, and without the setting. */
static void test_put_back(void **state)
{
    (void)state;
    say(30);
    rotate(closing);
    sql("CREATE TABLE was AS SELECT * FROM audit; CREATE TABLE were AS SELECT * FROM segments");
    rotate(removing);
    verified();
    sql("INSERT INTO audit SELECT * FROM was WHERE seq <= 10");
    assert_true(is_refused("is there again"));
    sql("DELETE FROM segments WHERE first = 1; INSERT INTO segments SELECT * FROM were WHERE "
        "first = 1");
    assert_true(is_refused("is there again"));
    sql("DELETE FROM settings WHERE name = 'audit removed to'");
    assert_true(is_refused("settings of the state changed"));
}

/* What was changed before it was old enough is evidence, and stays. */
static void test_tampered_stays(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_rotated did = { 0 };
    say(30);
    rotate(closing);
    sql("UPDATE audit SET who = 'eve' WHERE seq = 5");
    wait_a_moment();
    assert_false(store_rotate(s, &removing, &did, &e));
    assert_non_null(strstr(e.text, "is not removed"));
    assert_true(is_refused("line 5"));
}

/* Killed before its step-th statement that writes. False: it lived. */
static bool is_killed_while_rotating(long step)
{
    pid_t child = fork();
    if (child == 0) {
        struct err e = { 0 };
        struct store_rotated did;
        struct store *x = store_open(a, dir, &e);
        setenv("HIGRESS_OPS_STATE_STOP_AT", arena_printf(a, "%ld", step), 1);
        _exit(x && store_rotate(x, &removing, &did, &e) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void test_killed(void **state)
{
    (void)state;
    struct err e = { 0 };
    long kills = 0;
    int gone = 0;
    char *done = keep("x", STATE_PENDING, 60);
    move(done, STATE_PENDING, STATE_CANCELLED);
    for (bool killed = true; killed; kills += killed) {
        say(15);        /* so that each rotation closes one, and removes one */
        store_close(s); /* not shared with a child */
        killed = is_killed_while_rotating(kills);
        s = store_open(a, dir, &e);
        if (!s)
            fail_msg("%s", e.text);
        int whole = verified();
        const cJSON *o = store_segments(s, a, 1, &e);
        int removed = (int)json_num(o, "removed_to", 0);
        assert_true(removed >= gone);
        gone = removed;
        int newest = (int)strtol(store_anchor_text(s, a, &e), NULL, 10);
        assert_int_equal(whole, newest - removed);
    }
    print_message("killed %ld times, removed to line %d\n", kills, gone);
#ifdef CHECK_BUILD
    assert_true(kills > 12);
#endif
    rotate(removing);
    struct stored row = { 0 };
    assert_true(store_find(s, a, done, &row, &e));
    verified();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_closes),         EACH(test_removes),  EACH(test_waits),
        EACH(test_outside_edits),  EACH(test_tampered), EACH(test_put_back),
        EACH(test_tampered_stays), EACH(test_killed),   EACH(test_idle_for_long),
        EACH(test_clock_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
