/* test_trap.c - the traps of plugins, each by its number in the reference, and what holds for all:
 * what was not read is unknown, versions are looked at, no secret is said, everything is bounded.
 */
#include "trap_case.h"

#include "rule/trap_private.h"

static const struct trap_case cases[] = {
    { "plugin-config 13.2", "PLUGIN_EMPTY",
      "{\"plugin-instance\":[{\"scope\":\"route:orders\",\"object\":{\"pluginName\":\"opa\","
      "\"enabled\":true,\"configurations\":{}}}]}",
      "opa", "broken PLUGIN_EMPTY plugin-instance opa (route:orders), configurations: ",
      "{\"plugin-instance\":[{\"scope\":\"route:orders\",\"object\":{\"pluginName\":\"opa\","
      "\"enabled\":false,\"configurations\":{}}}]}" },
};

static void cases_by_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        case_try(&cases[i]);
}

static void every_row_has_a_case(void **state)
{
    (void)state;
    case_all_tried(trap_plugin_rows, cases, sizeof cases / sizeof *cases);
}

static void what_was_not_read_is_unknown(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct trap_findings *all = trap_find(a, case_world(a, "{}"), NULL);
    assert_int_equal(all->count, 0);
    assert_non_null(all->unjudged[0]);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_by_number),
        cmocka_unit_test(every_row_has_a_case),
        cmocka_unit_test(what_was_not_read_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
