/* test_store_result.c - what became known of an applied change after it was: kept under its MAC,
 * told by the audit, and of no change that is not applied. */
#include "store/store_result.h"
#include "stores.h"

static cJSON *served(const char *says)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "says", says);
    return o;
}

static bool add(const char *id, const char *says)
{
    struct err e = { 0 };
    bool moved = false;
    if (!store_add_result(s, id, "served", served(says), "me", "engine", &moved, &e))
        fail_msg("%s", e.text);
    return moved;
}

static char *applied(const char *name)
{
    struct err e = { 0 };
    bool moved = false;
    char *id = keep(name, STATE_PENDING, 60);
    move(id, STATE_PENDING, STATE_APPROVED);
    move(id, STATE_APPROVED, STATE_APPLYING);
    cJSON *result = json_object(a);
    json_set_str(a, result, "text", "applied: it");
    json_set(a, result, "served", served("not looked at"));
    if (!store_move(s, id, STATE_APPLYING, STATE_APPLIED, "me", "engine", result, &moved, &e))
        fail_msg("%s", e.text);
    return id;
}

static void test_it_joins_the_result(void **state)
{
    struct err e = { 0 };
    struct stored before = { 0 }, row = { 0 };
    int lines = 0;
    (void)state;
    char *id = applied("x");
    assert_true(store_find(s, a, id, &before, &e));
    assert_true(add(id, "served by 3 of 3"));
    assert_true(store_find(s, a, id, &row, &e));
    assert_null(row.tampered);
    assert_int_equal(row.state, STATE_APPLIED);
    assert_true(row.updated == before.updated);
    assert_string_equal(json_text(row.result, "text"), "applied: it");
    assert_string_equal(json_text(json_get(row.result, "served"), "says"), "served by 3 of 3");
    if (!store_verify(s, NULL, &lines, &e))
        fail_msg("%s", e.text);
    cJSON *newest = json_array(a);
    assert_true(store_audit_lines(s, a, newest, 1, &e));
    assert_string_equal(json_text(newest->child, "event"), "served");
    assert_string_equal(json_text(newest->child, "id"), id);
    assert_string_equal(json_text(json_get(newest->child, "detail"), "says"), "served by 3 of 3");
}

static void test_of_no_other_change(void **state)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    (void)state;
    char *id = keep("y", STATE_PENDING, 60);
    assert_false(add(id, "served"));
    move(id, STATE_PENDING, STATE_REJECTED);
    assert_false(add(id, "served"));
    assert_true(store_find(s, a, id, &row, &e));
    assert_null(row.result);
    assert_false(add("c-000000000000", "served"));
}

static void test_a_forged_one_is_noticed(void **state)
{
    struct err e = { 0 };
    int lines = 0;
    bool moved = false;
    (void)state;
    char *id = applied("z");
    add(id, "served by 1 of 3");
    sql("UPDATE plans SET result = replace(result, '1 of 3', '3 of 3')");
    assert_false(store_verify(s, NULL, &lines, &e));
    assert_non_null(strstr(e.text, "tampered"));
    struct err again = { 0 };
    assert_false(store_add_result(s, id, "served", served("x"), "me", "engine", &moved, &again));
    assert_false(moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_it_joins_the_result),
        EACH(test_of_no_other_change),
        EACH(test_a_forged_one_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
