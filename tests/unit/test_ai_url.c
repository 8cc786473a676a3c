/* test_ai_url.c - which addresses of LLM endpoints are taken, and how they fall apart. */
#include "base/arena.h"
#include "check.h"
#include "embedded/objects/ai_url_private.h"

static void addresses_fall_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *scheme, *host;
        int port;
        const char *path, *query;
    } rows[] = {
        { "https://llm.example.com/v1", "https", "llm.example.com", -1, "/v1", NULL },
        { "http://10.0.0.1:8080", "http", "10.0.0.1", 8080, "", NULL },
        { "http://u:p@h.example.com:81/a?b=1&c=2#d", "http", "h.example.com", 81, "/a", "b=1&c=2" },
        { "https://h.example.com?x", "https", "h.example.com", -1, "", "x" },
        { "HTTPS://H.Example.org/V1", "HTTPS", "H.Example.org", -1, "/V1", NULL },
        { "https://[::1]:8443/v1", "https", "[::1]", 8443, "/v1", NULL },
        { "http://h:70000/", "http", "h", 70000, "/", NULL },
        { "ftp://h.example.com", "ftp", "h.example.com", -1, "", NULL },
        { "bad", NULL, NULL, -1, "bad", NULL },
        { "mailto:a@b", "mailto", NULL, -1, "a@b", NULL },
        { "http:///v", "http", NULL, -1, "/v", NULL },
        { "http://a_b.example.org/", "http", NULL, -1, "/", NULL },
        { "http://例子.example.org/", "http", NULL, -1, "/", NULL },
        { "http://1.2.3/", "http", NULL, -1, "/", NULL },
        { "http://h:8x/", "http", NULL, -1, "/", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        struct ai_url u;
        assert_true(ai_url_parse(a, rows[i].text, &u));
        assert_string_equal(u.scheme ? u.scheme : "", rows[i].scheme ? rows[i].scheme : "");
        assert_string_equal(u.host ? u.host : "", rows[i].host ? rows[i].host : "");
        assert_int_equal(u.port, rows[i].port);
        assert_string_equal(u.path, rows[i].path);
        if (rows[i].query)
            assert_string_equal(u.query, rows[i].query);
        else
            assert_null(u.query);
        arena_free(a);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "not a url", "http://", "https://h/a b", "http://h/%zz", "http://h/{x}", "a:",
    };
    struct arena *a = arena_new();
    struct ai_url u;
    assert_false(ai_url_parse(a, NULL, &u));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (ai_url_parse(a, texts[i], &u))
            fail_msg("'%s' was taken", texts[i]);
    arena_free(a);
}

static void the_default_port_is_of_the_exact_scheme(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct ai_url u;
    assert_true(ai_url_parse(a, "https://h", &u));
    assert_int_equal(ai_url_port(&u), 443);
    assert_true(ai_url_parse(a, "HTTPS://h", &u));
    assert_int_equal(ai_url_port(&u), 80);
    assert_true(ai_url_is_http(&u));
    arena_free(a);
}

static void parameters_are_found_whole(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct ai_url u;
    assert_true(ai_url_parse(a, "https://h.example.com/x?my-api-version=1&api-version=2", &u));
    assert_string_equal(ai_url_parameter(a, &u, "api-version"), "2");
    assert_null(ai_url_parameter(a, &u, "version"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_fall_apart),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(the_default_port_is_of_the_exact_scheme),
        cmocka_unit_test(parameters_are_found_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
