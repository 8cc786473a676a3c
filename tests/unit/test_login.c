/* test_login.c - sessions of the pages: idle and absolute ends, and whoever is configured no more.
 */
#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "web/login_private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "scrypt$1024$8$1$c2FsdCBvZiB0aGUgYXR0YWNr$aaaa"

static struct arena *a;
static struct config config;
static struct logins *logins;
static struct config_person people[2];
static const char *identities[3];
static struct config_token approvers[2];

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    people[0] = (struct config_person){ .name = "ann", .passphrase = SECRET, .oidc = identities };
    identities[0] = "17";
    identities[1] = "https://id.example|18";
    approvers[0] = (struct config_token){ .name = "ada", .sha256 = "aa" };
    config = (struct config){ .people = people, .approvers = approvers };
    logins = logins_new(&config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    logins_free(logins);
    arena_free(a);
    return 0;
}

static const char *open_ann(double now)
{
    return login_open(logins, a, "ann", LOGIN_BY_PASSPHRASE, SECRET, now);
}

static void ends_when_idle_and_work_puts_that_off(void **state)
{
    (void)state;
    const char *cookie = open_ann(0);
    assert_non_null(login_find(logins, cookie, LOGIN_IDLE - 1, true));
    assert_non_null(login_find(logins, cookie, 2 * LOGIN_IDLE - 2, false));
    assert_null(login_find(logins, cookie, 2 * LOGIN_IDLE, false));
    assert_null(login_find(logins, cookie, LOGIN_IDLE, true)); /* ended is ended */
}

static void news_keep_no_session_alive(void **state)
{
    (void)state;
    const char *cookie = open_ann(0);
    for (int t = 0; t <= LOGIN_IDLE; t += 60)
        assert_non_null(login_find(logins, cookie, t, false));
    assert_null(login_find(logins, cookie, LOGIN_IDLE + 1, false));
}

static void ends_after_its_time_however_busy_its_person_is(void **state)
{
    (void)state;
    const char *cookie = open_ann(0);
    for (int t = 0; t <= LOGIN_MOST; t += 600)
        assert_non_null(login_find(logins, cookie, t, true));
    assert_null(login_find(logins, cookie, LOGIN_MOST + 1, true));
}

static void ends_with_its_person_passphrase_or_token(void **state)
{
    (void)state;
    const char *first = open_ann(0), *token = login_open(logins, a, "ada", LOGIN_BY_TOKEN, "aa", 0);
    people[0].passphrase = "another";
    assert_null(login_find(logins, first, 1, true));
    people[0].passphrase = SECRET;
    assert_null(login_find(logins, first, 1, true)); /* does not come back */
    const char *second = open_ann(2);
    people[0].name = "bob";
    assert_null(login_find(logins, second, 3, true));
    assert_non_null(login_find(logins, token, 3, true));
    approvers[0].sha256 = "bb";
    assert_null(login_find(logins, token, 3, true));
}

static void of_a_person_who_has_many_the_one_used_least_lately_ends(void **state)
{
    (void)state;
    const char *token = login_open(logins, a, "ada", LOGIN_BY_TOKEN, "aa", 0);
    const char *first = open_ann(1), *second = open_ann(2);
    for (int i = 2; i < LOGINS_OF_ONE; i++)
        open_ann(3);
    assert_non_null(login_find(logins, first, 4, true));
    assert_non_null(open_ann(5));
    assert_non_null(login_find(logins, first, 6, true));
    assert_null(login_find(logins, second, 6, true));
    assert_non_null(login_find(logins, token, 6, true));
}

static void by_oidc_ends_with_its_identity_and_no_other(void **state)
{
    (void)state;
    const char *first = login_open(logins, a, "ann", LOGIN_BY_OIDC, "17", 0);
    const char *second = login_open(logins, a, "ann", LOGIN_BY_OIDC, "https://id.example|18", 0);
    assert_int_equal(login_find(logins, first, 1, true)->by, LOGIN_BY_OIDC);
    people[0].passphrase = NULL;
    assert_non_null(login_find(logins, first, 2, true));
    identities[0] = "19";
    assert_null(login_find(logins, first, 3, true));
    assert_non_null(login_find(logins, second, 3, true));
    identities[1] = NULL;
    assert_null(login_find(logins, second, 4, true));
}

static void an_identity_is_no_passphrase_and_a_passphrase_no_identity(void **state)
{
    (void)state;
    const char *forged = login_open(logins, a, "ann", LOGIN_BY_OIDC, SECRET, 0);
    assert_null(login_find(logins, forged, 1, true));
    forged = login_open(logins, a, "ann", LOGIN_BY_PASSPHRASE, "17", 0);
    assert_null(login_find(logins, forged, 1, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_when_idle_and_work_puts_that_off, setup, teardown),
        cmocka_unit_test_setup_teardown(news_keep_no_session_alive, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_after_its_time_however_busy_its_person_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ends_with_its_person_passphrase_or_token, setup, teardown),
        cmocka_unit_test_setup_teardown(of_a_person_who_has_many_the_one_used_least_lately_ends,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(by_oidc_ends_with_its_identity_and_no_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_identity_is_no_passphrase_and_a_passphrase_no_identity,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
