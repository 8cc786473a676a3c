/* test_store_card.c - cards are kept, found by their button alone, and refused once edited. */
#include "store/store_card.h"
#include "stores.h"

static const struct store_card first = {
    .button = "b1",
    .id = "c-1",
    .plan = "p",
    .rendering = "r",
    .word = "kubo",
    .platform = "slack",
    .account = "ops",
    .channel = "C1",
    .thread = "1.2",
    .shown = "pending",
    .expires = 100,
};

static void put_card(const struct store_card *c)
{
    struct err e = { 0 };
    if (!store_keep_card(s, c, &e))
        fail_msg("%s", e.text);
}

static void it_is_kept(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_card c = { 0 };
    put_card(&first);
    assert_true(store_find_card(s, a, "b1", &c, &e));
    assert_string_equal(c.id, "c-1");
    assert_string_equal(c.word, "kubo");
    assert_null(c.message);
    assert_true(c.expires == 100);
    assert_true(store_update_card(s, "b1", "m7", NULL, &e));
    assert_true(store_update_card(s, "b1", NULL, "applied", &e));
    store_close(s);
    assert_non_null(s = store_open(a, dir, &e));
    assert_true(store_find_card(s, a, "b1", &c, &e));
    assert_string_equal(c.message, "m7");
    assert_string_equal(c.shown, "applied");
    assert_false(store_find_card(s, a, "b2", &c, &e));
    assert_int_equal(e.kind, ERR_NONE);
    struct store_card second = first, *all = NULL;
    second.button = "b0";
    second.expires = 50;
    put_card(&second);
    assert_int_equal(store_cards(s, a, &all, &e), 2);
    assert_string_equal(all[0].button, "b0");
    assert_true(store_drop_card(s, "b0", &e));
    assert_int_equal(store_cards(s, a, &all, &e), 1);
}

/* Who writes state.db cannot bind a button to something else. */
static void one_that_was_edited(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE cards SET id = 'c-2'",           "UPDATE cards SET plan = 'q'",
        "UPDATE cards SET rendering = NULL",     "UPDATE cards SET word = NULL",
        "UPDATE cards SET channel = 'C2'",       "UPDATE cards SET message = 'm8'",
        "UPDATE cards SET expires = 1e9",        "UPDATE cards SET button = 'b9'",
        "UPDATE cards SET mac = NULL",           "UPDATE cards SET account = 'other'",
        "UPDATE cards SET platform = 'webhook'",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct err e = { 0 };
        struct store_card c = { 0 }, *all = NULL;
        put_card(&first);
        sql(edits[i]);
        const char *button = strstr(edits[i], "b9") ? "b9" : "b1";
        if (store_find_card(s, a, button, &c, &e) || e.kind != ERR_SYSTEM)
            fail_msg("%s was believed", edits[i]);
        assert_int_equal(store_cards(s, a, &all, &(struct err){ 0 }), 0);
        e = (struct err){ 0 };
        assert_false(store_update_card(s, button, "m", NULL, &e));
        assert_true(store_drop_card(s, button, &(struct err){ 0 }));
    }
}

/* Who asks for a change's card again and again pushes out none but their own. */
static void many_of_one_change(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_card c = first, *all = NULL;
    put_card(&first);
    c.id = "c-2";
    for (int i = 0; i < 3 * CARDS_OF_CHANGE; i++) {
        c.button = arena_printf(a, "n%d", i);
        c.expires = 200 + i;
        put_card(&c);
    }
    assert_int_equal(store_cards(s, a, &all, &e), 1 + CARDS_OF_CHANGE);
    assert_string_equal(all[0].button, "b1");
    assert_string_equal(all[CARDS_OF_CHANGE].button, c.button);
    c.button = "elsewhere";
    c.channel = "C2";
    put_card(&c);
    assert_int_equal(store_cards(s, a, &all, &e), 2 + CARDS_OF_CHANGE);
}

static void version_3_gets_the_table(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stored row = { 0 };
    int lines = 0, more = 0;
    char *pending = keep("x", STATE_PENDING, 60);
    assert_true(store_verify(s, NULL, &lines, &e));
    sql("DROP TABLE cards; DROP TABLE segments; DROP TABLE places; DROP TABLE watched;"
        "DROP TABLE outside; DROP TABLE alerts; DROP TABLE incidents; DROP TABLE facts;"
        "PRAGMA user_version = 3");
    store_close(s);
    s = store_open(a, dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    assert_true(store_find(s, a, pending, &row, &e));
    assert_int_equal(row.state, STATE_PENDING);
    put_card(&first);
    assert_true(store_verify(s, NULL, &more, &e));
    assert_int_equal(more, lines + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(it_is_kept),
        EACH(one_that_was_edited),
        EACH(many_of_one_change),
        EACH(version_3_gets_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
