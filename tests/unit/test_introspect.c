/* test_introspect.c - what an issuer may say of a token, and what is made of it. Asking is
 * tests/e2e/introspection.py's. */
#include "auth/introspect_private.h"
#include "auth/jwt_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "config/config.h"

#define FOR_US "\"aud\":\"https://gw.example/mcp\""
#define GOOD "\"active\":true," FOR_US ",\"exp\":1100"

static const struct jwt_rules rules = { "https://as.example", "https://gw.example/mcp", 1000, 60 };

static const struct {
    const char *answer;
    enum oauth_verdict verdict;
    const char *says; /* GOOD: whose it is; else a part of why */
} rows[] = {
    { "{" GOOD ",\"sub\":\"ann\"}", OAUTH_GOOD, "ann" },
    { "{" GOOD ",\"sub\":\"ann\",\"username\":\"u\",\"client_id\":\"c\"}", OAUTH_GOOD, "ann" },
    { "{" GOOD ",\"username\":\"ann\",\"client_id\":\"c\"}", OAUTH_GOOD, "username=ann" },
    { "{" GOOD ",\"client_id\":\"c\"}", OAUTH_GOOD, "client_id=c" },
    { "{" GOOD ",\"sub\":\"a\",\"iss\":\"https://as.example\"}", OAUTH_GOOD, "a" },
    { "{" GOOD ",\"sub\":\"a\",\"token_type\":\"bearer\"}", OAUTH_GOOD, "a" },
    { "{\"active\":true,\"sub\":\"a\",\"exp\":1100,\"aud\":[\"x\",\"https://gw.example/mcp\"]}",
      OAUTH_GOOD, "a" },
    { "{\"active\":true,\"sub\":\"a\",\"exp\":941," FOR_US ",\"nbf\":1059}", OAUTH_GOOD, "a" },

    { "{\"active\":false}", OAUTH_BAD, "not active" },
    { "{\"active\":false," FOR_US ",\"exp\":1100,\"sub\":\"a\"}", OAUTH_BAD, "not active" },
    { "{" GOOD "}", OAUTH_BAD, "neither sub" },
    { "{" GOOD ",\"sub\":7}", OAUTH_BAD, "neither sub" },
    { "{" GOOD ",\"sub\":\"a\",\"iss\":\"https://as.example/\"}", OAUTH_BAD, "another issuer" },
    { "{" GOOD ",\"sub\":\"a\",\"iss\":null}", OAUTH_BAD, "another issuer" },
    { "{" GOOD ",\"sub\":\"a\",\"token_type\":\"DPoP\"}", OAUTH_BAD, "not a bearer" },
    { "{" GOOD ",\"sub\":\"a\",\"token_type\":1}", OAUTH_BAD, "not a bearer" },
    { "{\"active\":true,\"sub\":\"a\",\"exp\":1100}", OAUTH_BAD, "no aud" },
    { "{\"active\":true,\"sub\":\"a\",\"exp\":1100,\"aud\":\"https://gw.example\"}", OAUTH_BAD,
      "another audience" },
    { "{\"active\":true,\"sub\":\"a\",\"exp\":1100,\"aud\":[]}", OAUTH_BAD, "another audience" },
    { "{\"active\":true,\"sub\":\"a\"," FOR_US "}", OAUTH_BAD, "no exp" },
    { "{\"active\":true,\"sub\":\"a\"," FOR_US ",\"exp\":\"1100\"}", OAUTH_BAD, "no exp" },
    { "{\"active\":true,\"sub\":\"a\"," FOR_US ",\"exp\":940}", OAUTH_BAD, "expired" },
    { "{" GOOD ",\"sub\":\"a\",\"nbf\":1061}", OAUTH_BAD, "not valid yet" },
    { "{" GOOD ",\"sub\":\"a\",\"nbf\":\"0\"}", OAUTH_BAD, "not valid yet" },

    { "{}", OAUTH_LATER, "could not be asked" },
    { "{\"active\":\"true\"," FOR_US ",\"exp\":1100,\"sub\":\"a\"}", OAUTH_LATER, "could not" },
    { "{\"active\":1}", OAUTH_LATER, "could not be asked" },
    { "{\"error\":\"invalid_client\"}", OAUTH_LATER, "could not be asked" },
    { "[true]", OAUTH_LATER, "could not be asked" },
    { "\"active\"", OAUTH_LATER, "could not be asked" },
    { "", OAUTH_LATER, "could not be asked" },
};

static const cJSON *parse(struct arena *a, const char *text)
{
    struct err e = { 0 };
    return *text ? json_parse(a, text, strlen(text), &e) : NULL;
}

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        const char *who = NULL, *why = NULL;
        enum oauth_verdict v = introspect_judge(a, parse(a, rows[i].answer), &rules, &who, &why);
        const char *said = v == OAUTH_GOOD ? who : why;
        if (v != rows[i].verdict || !said || !strstr(said, rows[i].says))
            fail_msg("%s: %d, '%s'", rows[i].answer, (int)v, said ? said : "");
        if (v == OAUTH_GOOD)
            assert_string_equal(who, rows[i].says);
        arena_free(a);
    }
}

static void grants_follow_the_scopes(void **state)
{
    (void)state;
    static const struct {
        const char *scope;
        bool read, change;
    } scopes[] = {
        { "read", true, false },
        { "change", true, true },
        { "x read change", true, true },
        { "reading", false, false },
        { "", false, false },
        { "READ", false, false },
        { "xread change2", false, false },
    };
    const struct config c = { .oauth_issuer = "https://as.example",
                              .oauth_read = "read",
                              .oauth_change = "change",
                              .oauth_skew = 60 };
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        struct arena *a = arena_new();
        const char *text = arena_printf(a, "{\"exp\":1100,\"scope\":\"%s\"}", scopes[i].scope);
        struct oauth_grant g = oauth_grant_of(a, &c, parse(a, text), "ann");
        assert_string_equal(g.principal, "https://as.example|ann");
        assert_true(g.until == 1160);
        assert_int_equal(g.read, scopes[i].read);
        assert_int_equal(g.change, scopes[i].change);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(grants_follow_the_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
