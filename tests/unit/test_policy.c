/* test_policy.c - who may do what: the whole table of modes and risks, what narrows it, what a
 * channel is enough for. */
#include "base/err.h"
#include "check.h"
#include "policy/policy.h"
#include <string.h>

static enum policy of(enum mode mode, enum risk risk, bool dry_run, bool rejected)
{
    const struct wish w = { .mode = mode, .risk = risk, .dry_run = dry_run, .rejected = rejected };
    return policy_of(&w);
}

static void the_table_is_what_the_manual_says(void **unused)
{
    (void)unused;
    static const enum policy want[][3] = {
        [MODE_READ_ONLY] = { POLICY_GO, POLICY_DENY, POLICY_DENY },
        [MODE_DRY_RUN] = { POLICY_GO, POLICY_DRAFT, POLICY_DRAFT },
        [MODE_APPROVE] = { POLICY_GO, POLICY_ASK, POLICY_ASK },
        [MODE_AUTO] = { POLICY_GO, POLICY_GO, POLICY_ASK },
    };
    for (enum mode m = MODE_READ_ONLY; m <= MODE_AUTO; m++)
        for (enum risk r = READ; r <= DESTROY; r++)
            assert_int_equal(of(m, r, false, false), want[m][r - READ]);
}

static void what_is_not_known_to_the_table_is_denied(void **unused)
{
    (void)unused;
    for (enum mode m = 0; m <= MODE_AUTO; m++)
        assert_int_equal(of(m, RISK_UNSET, false, false), POLICY_DENY);
    assert_int_equal(of(0, CHANGE, false, false), POLICY_DENY);
}

/* Nothing that a wish says makes more of it than its mode allows. */
static void a_wish_only_narrows(void **unused)
{
    (void)unused;
    for (enum mode m = MODE_READ_ONLY; m <= MODE_AUTO; m++) {
        for (enum risk r = CHANGE; r <= DESTROY; r++) {
            assert_true(of(m, r, true, false) <= POLICY_DRAFT);
            assert_true(of(m, r, true, false) <= of(m, r, false, false));
            assert_true(of(m, r, false, true) <= POLICY_ASK);
            assert_true(of(m, r, false, true) <= of(m, r, false, false));
        }
    }
    assert_int_equal(of(MODE_AUTO, CHANGE, false, true), POLICY_ASK);
    assert_int_equal(of(MODE_READ_ONLY, CHANGE, true, false), POLICY_DENY);
}

static void modes_plan_and_apply(void **unused)
{
    (void)unused;
    static const bool plans[] = { false, false, true, true, true };
    static const bool applies[] = { false, false, false, true, true };
    for (enum mode m = 0; m <= MODE_AUTO; m++) {
        assert_int_equal(policy_plans(m), plans[m]);
        assert_int_equal(policy_applies(m), applies[m]);
    }
    assert_int_equal(policy_mode_named("auto"), MODE_AUTO);
    assert_int_equal(policy_mode_named("of a later release"), MODE_READ_ONLY);
    assert_int_equal(policy_stricter(MODE_AUTO, MODE_DRY_RUN), MODE_DRY_RUN);
}

static void refusals_say_what_would_help(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    struct wish w = { .mode = MODE_READ_ONLY, .risk = CHANGE, .tool = "put_route" };
    assert_false(policy_admits(&w, &e));
    assert_non_null(strstr(e.text, "can start it with --mode approve"));
    err_clear(&e);
    w.gateway = "east";
    assert_false(policy_admits(&w, &e));
    assert_non_null(strstr(e.text, "'east' is operated in mode read-only"));
    err_clear(&e);
    w = (struct wish){ .mode = MODE_AUTO, .risk = READ, .tool = "list_routes", .off = true };
    assert_false(policy_admits(&w, &e));
    assert_non_null(strstr(e.text, "is switched off here"));
    assert_int_equal(e.kind, ERR_POLICY);
    err_clear(&e);
    w.off = false;
    assert_true(policy_admits(&w, &e));
}

/* The stronger of what is configured and what is pinned counts. */
static void a_channel_is_enough_or_not(void **unused)
{
    (void)unused;
    static const enum channel_kind kinds[] = { CHANNEL_POLICY, CHANNEL_FORM_HTTP,
                                               CHANNEL_FORM_STDIO, CHANNEL_PAGE, CHANNEL_TERMINAL };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (enum strength least = STRENGTH_HTTP_FORM; least <= STRENGTH_PERSON; least++)
            for (enum strength pinned = STRENGTH_NONE; pinned <= STRENGTH_PERSON; pinned++) {
                struct err e = { 0 };
                const enum strength has = channel_strength(kinds[i]);
                struct consent c = { "c-1", DESTROY, kinds[i], least, pinned, NULL };
                assert_int_equal(policy_takes(&c, &e), has >= least && has >= pinned);
                err_clear(&e);
                c.rejected = "bob rejected it";
                assert_int_equal(policy_takes(&c, &e), has == STRENGTH_PERSON);
            }
}

static void a_change_is_its_owners(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    assert_true(policy_owns("c-1", "ann", "ann", "apply", &e));
    assert_false(policy_owns("c-1", "ann", "bob", "apply", &e));
    assert_non_null(strstr(e.text, "only 'ann' can apply it"));
    err_clear(&e);
    assert_false(policy_owns("c-1", NULL, "bob", "apply", &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_what_the_manual_says),
        cmocka_unit_test(what_is_not_known_to_the_table_is_denied),
        cmocka_unit_test(a_wish_only_narrows),
        cmocka_unit_test(modes_plan_and_apply),
        cmocka_unit_test(refusals_say_what_would_help),
        cmocka_unit_test(a_channel_is_enough_or_not),
        cmocka_unit_test(a_change_is_its_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
