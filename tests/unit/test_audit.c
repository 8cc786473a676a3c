/* test_audit.c - the audit searched, and each byte of it that somebody changes is noticed.
 * Slow: each byte of 1,000 lines. */
#include "stores.h"

#include "store/store_private.h"
#include "store/store_search.h"

enum { LINES = 1000, SAMPLED = 60 };

static void fill(int from, int to)
{
    static const char *const events[] = { "looked", "applied", "noted" };
    struct err e = { 0 };
    assert_true(store_begin(s, &e));
    for (int i = from; i < to; i++)
        if (!store_chain(s, events[i % 3], i % 5 ? "c-0123456789ab" : NULL, i % 7 ? "ann" : "ben",
                         "test", i % 2 ? "{\"text\":\"said\"}" : NULL, NULL, &e))
            fail_msg("%s", e.text);
    assert_true(store_end(s, true, &e));
}

static bool row_holds(struct arena *in, int seq)
{
    struct err e = { 0 };
    struct db_rows r =
        db_query(s->db, &e, "SELECT " STORE_LINE_COLUMNS " FROM audit WHERE seq = ?", "i", seq);
    bool ok = db_next(&r, &e) && store_line_holds(s, in, &r, &e);
    db_done(&r);
    return ok;
}

/* Another byte in that place, of text that stays text. */
static char *other(struct arena *in, const char *text, size_t at)
{
    char *changed = arena_strdup(in, text);
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    return changed;
}

static const char *const columns[] = { "at", "event", "id", "who", "channel", "detail", "hash" };
enum { COLUMNS = sizeof columns / sizeof *columns };

/* How many bytes of that column of that line can be changed unnoticed. */
static int unnoticed(int seq, const char *column, int *tried)
{
    struct arena *in = arena_new();
    struct err e = { 0 };
    int missed = 0;
    struct db_rows r = db_query(
        s->db, &e, arena_printf(in, "SELECT %s FROM audit WHERE seq = ?", column), "i", seq);
    const char *text = db_next(&r, &e) ? arena_strdup(in, db_text(&r, 0)) : NULL;
    db_done(&r);
    const char *update = arena_printf(in, "UPDATE audit SET %s = ? WHERE seq = ?", column);
    for (size_t i = 0; text && text[i]; i++, ++*tried) {
        struct arena *one = arena_new();
        assert_true(db_run(s->db, &e, update, "ti", other(one, text, i), seq));
        missed += row_holds(one, seq);
        arena_free(one);
    }
    if (text)
        assert_true(db_run(s->db, &e, update, "ti", text, seq));
    arena_free(in);
    return missed;
}

static void test_each_byte(void **state)
{
    (void)state;
    struct err e = { 0 };
    int tried = 0, missed = 0;
    fill(0, LINES);
    assert_true(db_begin(s->db, &e));
    for (int seq = 1; seq <= LINES; seq++)
        for (int c = 0; c < COLUMNS; c++)
            missed += unnoticed(seq, columns[c], &tried);
    db_end(s->db, false, &e);
    assert_int_equal(missed, 0);
    assert_true(tried > 60 * LINES);
}

static void test_whole_verifies(void **state)
{
    (void)state;
    struct err e = { 0 };
    int lines = 0;
    fill(0, LINES);
    assert_true(store_verify(s, NULL, &lines, &e));
    for (int i = 0; i < SAMPLED; i++) {
        struct arena *one = arena_new();
        struct err why = { 0 };
        int seq = 1 + (i * 7919) % LINES;
        const char *column = columns[i % COLUMNS];
        struct db_rows r = db_query(
            s->db, &e, arena_printf(one, "SELECT %s FROM audit WHERE seq = ?", column), "i", seq);
        const char *text = db_next(&r, &e) ? arena_strdup(one, db_text(&r, 0)) : NULL;
        db_done(&r);
        if (text) {
            const char *update = arena_printf(one, "UPDATE audit SET %s = ? WHERE seq = ?", column);
            db_run(s->db, &e, update, "ti", other(one, text, (size_t)i % strlen(text)), seq);
            assert_false(store_verify(s, NULL, &lines, &why));
            db_run(s->db, &e, update, "ti", text, seq);
        }
        arena_free(one);
    }
    assert_true(store_verify(s, NULL, &lines, &e));
}

/* All pages of a search; how many lines, each once and newest first. */
static int paged(struct store_search q)
{
    struct arena *in = arena_new();
    struct err e = { 0 };
    int n = 0, last = 1 << 30;
    q.limit = 7;
    do {
        const cJSON *page = store_search_audit(s, in, &q, &e), *line;
        if (!page)
            fail_msg("%s", e.text);
        cJSON_ArrayForEach(line, json_get(page, "lines"))
        {
            assert_true(json_num(line, "seq", 0) < last);
            last = (int)json_num(line, "seq", 0);
            n++;
        }
        q.cursor = json_str(page, "next");
    } while (q.cursor);
    arena_free(in);
    return n;
}

/* A line about a change that never was would look as if the state had lost it. */
static void test_unknown_change(void **state)
{
    (void)state;
    struct err e = { 0 };
    int lines = 0;
    assert_true(store_audit(s, "passkey refused", "c-0123456789ab", "ann", "passkey", NULL, &e));
    assert_true(store_verify(s, NULL, &lines, &e));
    cJSON *newest = json_array(a);
    assert_true(store_audit_lines(s, a, newest, 1, &e));
    const cJSON *line = cJSON_GetArrayItem(newest, 0);
    assert_null(json_get(line, "id"));
    assert_string_equal(json_str(json_get(line, "detail"), "unknown_change"), "c-0123456789ab");
}

static void test_search(void **state)
{
    (void)state;
    struct err e = { 0 };
    fill(0, 210);
    assert_int_equal(paged((struct store_search){ 0 }), 210);
    assert_int_equal(paged((struct store_search){ .who = "ben" }), 30);
    assert_int_equal(paged((struct store_search){ .event = "applied" }), 70);
    assert_int_equal(paged((struct store_search){ .who = "ben", .event = "applied" }), 10);
    assert_int_equal(paged((struct store_search){ .id = "c-0123456789ab" }), 168);
    assert_int_equal(paged((struct store_search){ .who = "nobody" }), 0);
    assert_int_equal(paged((struct store_search){ .since = 4e9 }), 0);
    assert_int_equal(paged((struct store_search){ .until = 4e9 }), 210);
    assert_int_equal(paged((struct store_search){ .object = "route *" }), 0);
    db_run(s->db, &e, "UPDATE audit SET who = 'eve' WHERE seq = 200", "");
    struct store_search q = { .limit = 20 };
    assert_null(store_search_audit(s, a, &q, &e));
    assert_non_null(strstr(e.text, "line 200"));
}

/* The lines of an edit that was made elsewhere touch no object of a change, and say nothing false
 * of one; a line that a change signed does. */
static void test_lines_of_no_change(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_true(store_begin(s, &e) &&
                store_chain(s, "outside edit", "o-1", NULL, "watch", NULL, NULL, &e));
    assert_true(store_end(s, true, &e));
    const struct store_search q = { .id = "o-1", .object = "route x", .limit = 10 };
    const cJSON *o = store_search_audit(s, a, &q, &e);
    if (!o)
        fail_msg("%s", e.text);
    assert_int_equal(json_count(json_get(o, "lines")), 0);
    assert_true(store_begin(s, &e) &&
                store_chain(s, "applied", "o-1", NULL, "watch", NULL, "a-mac", &e));
    assert_true(store_end(s, true, &e));
    assert_null(store_search_audit(s, a, &q, &e));
    assert_non_null(strstr(e.text, "not there"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_of_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whole_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_byte, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
