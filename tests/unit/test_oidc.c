/* test_oidc.c - logins under way, what a provider says of itself, and whom a token names. Tokens
 * themselves: tests/attack/test_oidc_tokens.py. */
#include "auth/id_token_private.h"
#include "auth/oidc_metadata.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "config/oidc.h"
#include "web/attempt_private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *a;
static struct attempts *attempts;
static struct attempt one;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    attempts = attempts_new(a);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const char *begin(const char *cookie, const char *from, double now)
{
    return attempt_open(attempts, a, cookie, from, "/audit", now, &one);
}

/* -- logins under way ---------------------------------------------------------------------- */

static void an_answer_counts_once_and_in_its_browser(void **state)
{
    (void)state;
    struct attempt out = { 0 };
    const char *mine = begin(NULL, "here", 0);
    struct attempt asked = one;
    const char *other = begin(NULL, "there", 0);
    assert_string_not_equal(mine, other);
    assert_int_equal(strlen(asked.secrets.state), 43);
    assert_string_not_equal(asked.secrets.state, asked.secrets.nonce);
    assert_string_not_equal(asked.secrets.nonce, asked.secrets.verifier);
    assert_false(attempt_take(attempts, other, asked.secrets.state, 1, &out));
    assert_false(attempt_take(attempts, mine, one.secrets.state, 1, &out));
    assert_false(attempt_take(attempts, mine, "", 1, &out));
    assert_false(attempt_take(attempts, NULL, asked.secrets.state, 1, &out));
    assert_false(attempt_take(attempts, mine, NULL, 1, &out));
    assert_true(attempt_take(attempts, mine, asked.secrets.state, 1, &out));
    assert_string_equal(out.secrets.verifier, asked.secrets.verifier);
    assert_string_equal(out.to, "/audit");
    assert_false(attempt_take(attempts, mine, asked.secrets.state, 1, &out));
    assert_false(attempt_is_known(attempts, mine, 1));
    assert_true(attempt_is_known(attempts, other, 1));
}

static void an_answer_can_be_too_late(void **state)
{
    (void)state;
    struct attempt out;
    const char *cookie = begin(NULL, "here", 0);
    struct attempt asked = one;
    begin(cookie, "here", 100);
    assert_false(attempt_take(attempts, cookie, asked.secrets.state, ATTEMPT_LASTS, &out));
    assert_true(attempt_take(attempts, cookie, one.secrets.state, ATTEMPT_LASTS + 99, &out));
    begin(NULL, "here", 0);
    assert_false(attempt_take(attempts, cookie, one.secrets.state, 0, &out));
}

static void tabs_share_a_cookie_that_was_made_here(void **state)
{
    (void)state;
    struct attempt out;
    const char *cookie = begin("planted", "here", 0);
    struct attempt first = one;
    assert_string_not_equal(cookie, "planted");
    assert_string_equal(begin(cookie, "here", 1), cookie);
    assert_true(attempt_take(attempts, cookie, first.secrets.state, 2, &out));
    assert_true(attempt_is_known(attempts, cookie, 2));
    assert_true(attempt_take(attempts, cookie, one.secrets.state, 2, &out));
    assert_string_not_equal(begin(cookie, "here", 3), cookie); /* none under way: a new one */
}

static void of_many_the_oldest_of_that_source_ends(void **state)
{
    (void)state;
    struct attempt out;
    const char *other = begin(NULL, "there", 0);
    struct attempt others = one;
    const char *mine = begin(NULL, "here", 1);
    struct attempt first = one;
    for (int i = 1; i < ATTEMPTS_OF_ONE; i++)
        begin(NULL, "here", 2);
    assert_true(attempt_is_known(attempts, mine, 3));
    begin(NULL, "here", 3);
    assert_false(attempt_take(attempts, mine, first.secrets.state, 4, &out));
    assert_true(attempt_take(attempts, other, others.secrets.state, 4, &out));
}

static void a_long_way_back_is_forgotten(void **state)
{
    (void)state;
    char to[2 * ATTEMPT_TO] = "/";
    memset(to + 1, 'x', sizeof to - 2);
    attempt_open(attempts, a, NULL, "here", to, 0, &one);
    assert_string_equal(one.to, "/changes");
}

/* -- what a provider says of itself -------------------------------------------------------- */

static const char good[] =
    "{\"issuer\":\"https://id.example\",\"authorization_endpoint\":\"https://id.example/a?t=1\","
    "\"token_endpoint\":\"https://id.example/t\",\"jwks_uri\":\"https://keys.example/k\"}";

static const char *const rs256[] = { "RS256", NULL };

/* NULL: it is taken. */
static const char *judge_metadata(const char *issuer, const char *patch, struct oidc_metadata *out)
{
    struct err ignored = { 0 };
    struct err *e = arena_make(a, struct err);
    const struct config_oidc c = { .issuer = issuer, .algs = rs256 };
    const cJSON *document = json_parse(a, good, strlen(good), &ignored);
    document = json_merge_patch(a, document, json_parse(a, patch, strlen(patch), &ignored));
    assert_int_equal(ignored.kind, ERR_NONE);
    return oidc_read_metadata(a, document, &c, out, e) ? NULL : e->text;
}

static void what_a_provider_may_say(void **state)
{
    (void)state;
    struct oidc_metadata m = { 0 };
    assert_null(judge_metadata("https://id.example", "{}", &m));
    assert_string_equal(m.authorize, "https://id.example/a?t=1");
    assert_string_equal(m.jwks, "https://keys.example/k");
    assert_false(m.says_iss);
    assert_null(m.end_session);
    assert_null(judge_metadata(
        "https://id.example",
        "{\"authorization_response_iss_parameter_supported\":true,\"end_session_endpoint\":"
        "\"https://id.example/out\",\"code_challenge_methods_supported\":[\"plain\",\"S256\"],"
        "\"id_token_signing_alg_values_supported\":[\"HS256\",\"RS256\"]}",
        &m));
    assert_true(m.says_iss);
    assert_string_equal(m.end_session, "https://id.example/out");
    assert_null(judge_metadata("https://id.example",
                               "{\"end_session_endpoint\":\"javascript:alert(1)\"}", &m));
    assert_null(m.end_session);
    assert_null(judge_metadata("http://127.0.0.1:9",
                               "{\"issuer\":\"http://127.0.0.1:9\","
                               "\"token_endpoint\":\"http://127.0.0.1:9/t\"}",
                               &m));
}

static void what_a_provider_may_not_say(void **state)
{
    (void)state;
    static const struct {
        const char *patch, *words;
    } rows[] = {
        { "{\"issuer\":\"https://id.example/\"}", "issuer 'https://id.example/'" },
        { "{\"issuer\":\"https://ID.example\"}", "equal to the last character" },
        { "{\"issuer\":7}", "issuer ''" },
        { "{\"issuer\":null}", "issuer ''" },
        { "{\"token_endpoint\":\"http://id.example/t\"}", "no usable token_endpoint" },
        { "{\"token_endpoint\":\"http://127.0.0.1:9/t\"}", "no usable token_endpoint" },
        { "{\"token_endpoint\":[\"https://id.example/t\"]}", "token_endpoint (absent)" },
        { "{\"jwks_uri\":null}", "jwks_uri (absent)" },
        { "{\"jwks_uri\":\"file:///etc/passwd\"}", "no usable jwks_uri" },
        { "{\"jwks_uri\":\"https://\"}", "no usable jwks_uri" },
        { "{\"authorization_endpoint\":\"https://id.example/a b\"}", "authorization_endpoint" },
        { "{\"authorization_endpoint\":\"https://u@id.example/\"}", "authorization_endpoint" },
        { "{\"authorization_endpoint\":\"https://id.example/\\\"'\"}", "authorization_endpoint" },
        { "{\"authorization_endpoint\":\"https://id.example/#x\"}", "authorization_endpoint" },
        { "{\"authorization_endpoint\":\"https://id.example/\\r\\nA: b\"}", "endpoint" },
        { "{\"authorization_endpoint\":\"https://\\u00efd.example/\"}", "endpoint" },
        { "{\"code_challenge_methods_supported\":[\"plain\"]}", "PKCE" },
        { "{\"response_types_supported\":[\"token\"]}", "authorization code" },
        { "{\"id_token_signing_alg_values_supported\":[\"HS256\",\"ES256\"]}", "http.oidc.algs" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct oidc_metadata m = { 0 };
        const char *why = judge_metadata("https://id.example", rows[i].patch, &m);
        if (!why || !strstr(why, rows[i].words))
            fail_msg("%s gives: %s", rows[i].patch, why ? why : "taken");
    }
}

/* -- whom a token names -------------------------------------------------------------------- */

static void whom_claims_name(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        bool email;
        const char *person, *words;
    } rows[] = {
        { "{\"sub\":\"s\",\"email\":\"a@b\",\"email_verified\":true}", false, "s", NULL },
        { "{\"sub\":\"s\",\"email\":\"a@b\",\"email_verified\":true}", true, "a@b", NULL },
        { "{\"sub\":\"s\",\"email\":\"a@b\"}", true, NULL, "not verified" },
        { "{\"sub\":\"s\",\"email\":\"a@b\",\"email_verified\":1}", true, NULL, "not verified" },
        { "{\"sub\":\"s\",\"email\":\"a@b\",\"email_verified\":\"true\"}", true, NULL,
          "not verified" },
        { "{\"sub\":\"a@b\",\"email_verified\":true}", true, NULL, "no email" },
        { "{\"sub\":\"s\",\"email\":\"\",\"email_verified\":true}", true, NULL, "no email" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        const char *why = "";
        const cJSON *claims = json_parse(a, rows[i].claims, strlen(rows[i].claims), &e);
        const char *person = id_token_person(claims, rows[i].email, &why);
        if (!person != !rows[i].person || (person && strcmp(person, rows[i].person) != 0))
            fail_msg("%s: %s", rows[i].claims, person ? person : why);
        if (rows[i].words)
            assert_non_null(strstr(why, rows[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_counts_once_and_in_its_browser, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_can_be_too_late, setup, teardown),
        cmocka_unit_test_setup_teardown(tabs_share_a_cookie_that_was_made_here, setup, teardown),
        cmocka_unit_test_setup_teardown(of_many_the_oldest_of_that_source_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_way_back_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_provider_may_say, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_provider_may_not_say, setup, teardown),
        cmocka_unit_test_setup_teardown(whom_claims_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
