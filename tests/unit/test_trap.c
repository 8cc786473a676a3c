/* test_trap.c - the traps of plugins and of objects together, each by its number in the reference
 * (tests/traps), and what holds for all: what was not read is unknown, versions are looked at, no
 * secret is said, everything is bounded.
 */
#include "trap_case.h"

#include "rule/trap_private.h"

enum { TESTS = 300 };

static struct CMUnitTest tests[TESTS];
static size_t count;

static void every_row_has_a_case(void **state)
{
    (void)state;
    static const struct trap *const own[] = {
        trap_auth_rows,  trap_login_rows,  trap_limit_rows,  trap_provider_rows, trap_ai_rows,
        trap_guard_rows, trap_change_rows, trap_plugin_rows, trap_object_rows,   trap_route_rows
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        for (const struct trap *row = own[i]; row->number; row++)
            if (!case_is(tests, count, row))
                fail_msg("%s %s has no case", row->number, row->verdict);
}

static void verdicts_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; trap_tables[i]; i++)
        for (const struct trap *row = trap_tables[i]; row->number; row++) {
            int same = 0;
            for (size_t k = 0; trap_tables[k]; k++)
                for (const struct trap *other = trap_tables[k]; other->number; other++)
                    same += !strcmp(row->verdict, other->verdict);
            if (same != 1)
                fail_msg("%s is the verdict of %d rows", row->verdict, same);
            if (!row->title || !row->rule || !row->about || !row->judge == !row->find)
                fail_msg("%s is not whole", row->verdict);
        }
}

static void what_was_not_read_is_unknown(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct trap_findings *all = trap_find(a, case_world(a, "{}"), NULL);
    assert_int_equal(all->count, 0);
    assert_non_null(all->unjudged[0].kind);
    arena_free(a);
}

/* A list that was read in part is no proof that something is absent. */
static void part_of_a_list_is_no_absence(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const char world[] = "{service: [], mcp-server: [], route: [{name: a, services: [{name: "
                                "x.dns, port: 80}]}], partial: [service]}";
    const struct trap_findings *all = trap_find(a, case_world(a, world), NULL);
    bool said = false;
    assert_null(case_finding(all, "ROUTE_SERVICE_MISSING", 0));
    for (const struct trap_unjudged *u = all->unjudged; u->kind; u++)
        said = said || (!strcmp(u->kind, "service") && u->part &&
                        strstr(u->verdicts, "ROUTE_SERVICE_MISSING"));
    assert_true(said);
    arena_free(a);
}

/* No sentence holds a credential, whatever is wrong with it. */
static void no_secret_is_said(void **state)
{
    (void)state;
    static const char secret[] = "s3cr3t-Zx81-Qp77-credential";
    static const char *const worlds[] = {
        "{instances: [[global, key-auth, {keys: [x], consumers: [{name: a, credential: %s}, {name: "
        "b, credential: %s}]}], ['route:a', key-auth, {allow: [a]}]]}",
        "{consumer: [{name: a, credentials: [{source: BEARER, values: [%s]}]}, {name: b, "
        "credentials: [{source: BEARER, values: [%s]}]}]}",
        "{instances: [['route:a', key-rate-limit, {limit_by_header: x-api-key, limit_keys: [{key: "
        "'regexp:%s', query_per_day: 1}, {key: %s}]}]]}",
        "{instances: [[global, basic-auth, {consumers: [{name: a, credential: %s}, {credential: "
        "'u:%s'}]}]]}",
        "{instances: [['route:a', custom-response, {headers: ['Authorization %s', 'X=a=%s']}]]}",
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        char text[1000];
        _Pragma("GCC diagnostic push");
        _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
        snprintf(text, sizeof text, worlds[i], secret, secret);
        _Pragma("GCC diagnostic pop");
        const struct trap_findings *all = trap_find(a, case_world(a, text), NULL);
        assert_true(all->count > 0);
        for (int f = 0; f < all->count; f++)
            assert_null(strstr(trap_line(a, &all->list[f]), secret));
    }
    arena_free(a);
}

static void findings_are_bounded(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct trap_world *w = trap_world_new(a);
    cJSON *routes = json_array(a);
    for (int i = 0; i < 3 * TRAP_EACH; i++) {
        cJSON *r = json_add(a, routes, json_object(a));
        json_set_str(a, r, "name", arena_printf(a, "r%d", i));
        cJSON *path = json_set_object(a, r, "path");
        json_set_str(a, path, "matchType", "PRE");
        json_set_str(a, path, "matchValue", "/same");
    }
    trap_world_set(w, "route", routes, true);
    const struct trap_findings *all = trap_find(a, w, "route");
    assert_int_equal(all->list[0].trap->risk, TRAP_BROKEN);
    assert_non_null(case_finding(all, "ROUTE_DUPLICATE", TRAP_EACH - 1));
    assert_null(case_finding(all, "ROUTE_DUPLICATE", TRAP_EACH));
    assert_true(all->left_out >= 2 * TRAP_EACH - 1);
    arena_free(a);
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(every_row_has_a_case),
        cmocka_unit_test(verdicts_are_unique),
        cmocka_unit_test(what_was_not_read_is_unknown),
        cmocka_unit_test(part_of_a_list_is_no_absence),
        cmocka_unit_test(no_secret_is_said),
        cmocka_unit_test(findings_are_bounded),
    };
    struct arena *a = arena_new();
    count = case_file(a, "tests/traps/plugin-config.yaml", tests, count, TESTS);
    count = case_file(a, "tests/traps/check.yaml", tests, count, TESTS);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        tests[count++] = own[i];
    int failed = _cmocka_run_group_tests("traps", tests, count, NULL, NULL);
    arena_free(a);
    return failed;
}
