/* test_store_fact.c - facts are kept, claimed by one, bounded, and refused once edited. */
#include "store/store_fact.h"
#include "stores.h"

static cJSON *value_of(const char *text)
{
    struct err e = { 0 };
    return json_parse(a, text, strlen(text), &e);
}

static void assert_fact(const char *name, const char *wanted)
{
    struct err e = { 0 };
    const cJSON *o = store_fact(s, a, name, &e);
    assert_int_equal(e.kind, ERR_NONE);
    if (!wanted)
        assert_null(o);
    else
        assert_string_equal(json_canonical(a, o), wanted);
}

static void it_outlives_the_process(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_fact("schedule daily", NULL);
    assert_true(store_put_fact(s, "schedule daily", value_of("{\"at\":17}"), &e));
    assert_true(store_put_fact(s, "schedule daily", value_of("{\"at\":18}"), &e));
    store_close(s);
    assert_non_null(s = store_open(a, dir, &e));
    assert_fact("schedule daily", "{\"at\":18}");
    assert_true(store_put_fact(s, "schedule daily", NULL, &e));
    assert_fact("schedule daily", NULL);
}

static void one_of_two_claims_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool done = false;
    assert_true(store_claim_fact(s, "f", NULL, value_of("1"), &done, &e));
    assert_true(done);
    assert_true(store_claim_fact(s, "f", NULL, value_of("2"), &done, &e));
    assert_false(done);
    assert_true(store_claim_fact(s, "f", value_of("1"), value_of("3"), &done, &e));
    assert_true(done);
    assert_fact("f", "3");
    assert_true(store_claim_fact(s, "f", value_of("3"), NULL, &done, &e));
    assert_true(done);
    assert_fact("f", NULL);
}

static void one_that_was_edited_is_refused(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE facts SET value = '2'",
        "UPDATE facts SET at = 1",
        "UPDATE facts SET name = 'g'",
        "UPDATE facts SET mac = NULL",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct err e = { 0 };
        bool done = true;
        const char *name = strstr(edits[i], "'g'") ? "g" : "f";
        assert_true(store_put_fact(s, "f", value_of("1"), &e));
        sql(edits[i]);
        if (store_fact(s, a, name, &e) || e.kind != ERR_SYSTEM)
            fail_msg("%s was believed", edits[i]);
        e = (struct err){ 0 };
        assert_false(store_claim_fact(s, name, value_of("1"), value_of("2"), &done, &e));
        assert_false(done);
        assert_int_equal(e.kind, ERR_SYSTEM);
        assert_true(store_put_fact(s, name, NULL, &(struct err){ 0 }));
    }
}

static void there_are_so_many(void **state)
{
    (void)state;
    struct err e = { 0 };
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT "
        "INTO facts SELECT 'n' || i, i, '1', NULL FROM n");
    assert_true(store_put_fact(s, "new", value_of("1"), &e));
    assert_fact("new", "1");
    assert_fact("n1", NULL);
    char *longer = arena_alloc(a, FACT_MAX + 2);
    memset(longer, 'x', FACT_MAX + 1);
    longer[FACT_MAX + 1] = '\0';
    assert_false(store_put_fact(s, "long", json_string(a, longer), &e));
    assert_int_equal(e.kind, ERR_ARGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(it_outlives_the_process),
        EACH(one_of_two_claims_it),
        EACH(one_that_was_edited_is_refused),
        EACH(there_are_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
