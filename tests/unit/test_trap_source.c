/* test_trap_source.c - traps of sources, domains and canaries: what the real stack does and the
 * console does not say. */
#include "trap_case.h"

#include "rule/trap_private.h"

enum { TESTS = 30 };

static struct CMUnitTest tests[TESTS];
static size_t count;

static void every_row_has_a_case(void **state)
{
    (void)state;
    for (const struct trap *row = trap_source_rows; row->number; row++)
        if (!case_is(tests, count, row))
            fail_msg("%s %s has no case", row->number, row->verdict);
}

int main(void)
{
    static const struct CMUnitTest own = cmocka_unit_test(every_row_has_a_case);
    struct arena *a = arena_new();
    count = case_file(a, "tests/traps/source.yaml", tests, count, TESTS - 1);
    tests[count++] = own;
    int failed = _cmocka_run_group_tests("traps of sources", tests, count, NULL, NULL);
    arena_free(a);
    return failed;
}
