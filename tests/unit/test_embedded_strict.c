/* test_embedded_strict.c - the deviations of --strict-console=off, one row each: what the real
 * console does (the default) and what is answered with the switch. docs/embedded.md has the
 * reasons. */
#include "check.h"
#include "embedded/kstore/kstore.h"
#include "plane.h"

static int setup(void **state)
{
    if (plane_setup(state) != 0)
        return -1;
    expect(201, "POST", "/v1/ai/providers", "{\"name\":\"p\",\"type\":\"openai\"}");
    expect(201, "POST", "/v1/ai/routes",
           "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}");
    return 0;
}

#define ROUTE                                                                                      \
    "{\"name\":\"r\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/\"},"                       \
    "\"services\":[{\"name\":\"s.dns\"}]}"
#define CHAT(extra)                                                                                \
    "{\"name\":\"chat\"," extra "\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}"

static const struct row {
    const char *method, *target, *body;
    int strict, lenient;
} rows[] = {
    { "GET", "/v1/mcpServer/nobody", "", 502, 404 },
    { "PUT", "/v1/wasm-plugins/nobody",
      "{\"name\":\"nobody\",\"imageRepository\":\"oci://x/"
      "y\",\"imageVersion\":\"1\",\"category\":\"auth\",\"title\":\"T\",\"phase\":\"AUTHN\","
      "\"priority\":1,\"pluginVersion\":\"1.0.0\"}",
      502, 404 },
    { "PUT", "/v1/routes/r", ROUTE, 500, 404 },
    { "PUT", "/v1/domains/d.example.com", "{\"name\":\"d.example.com\"}", 500, 404 },
    { "PUT", "/v1/tls-certificates/c", "{\"name\":\"c\"}", 500, 404 },
    { "PUT", "/v1/ai/routes/nobody",
      "{\"name\":\"nobody\",\"upstreams\":[{\"provider\":\"p\","
      "\"weight\":100}]}",
      500, 404 },
    { "POST", "/v1/mcpServer/swaggerToMcpConfig", "{\"content\":\"hello\"}", 200, 400 },
    { "POST", "/v1/ai/routes", CHAT(""), 409, 409 },
    { "PUT", "/v1/ai/routes/chat", CHAT("\"version\":\"99\","), 409, 409 },
    { "POST", "/v1/domains", "{\"enableHttps\":\"off\"}", 201, 400 },
    { "POST", "/v1/tls-certificates", "{\"cert\":\"x\",\"key\":\"y\"}", 201, 400 },
    { "GET", "/v1/tls-certificates", "", 500, 200 },
};

static void ask(bool lenient)
{
    console->lenient = lenient;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        int expected = lenient ? r->lenient : r->strict;
        call(r->method, r->target, r->body);
        if (answer.status != expected)
            fail_msg("%s %s: %d, not %d: %s", r->method, r->target, answer.status, expected,
                     answer.body);
    }
}

static const char *version_of(const char *kind, const char *name)
{
    const cJSON *object = kstore_get(console->store, kind, name);
    const char *version = json_str(json_get(object, "metadata"), "resourceVersion");
    return arena_strdup(a, version ? version : "none");
}

static void strict_is_the_real_console(void **state)
{
    (void)state;
    assert_false(console->lenient);
    const char *before = version_of("ingresses", "ai-route-chat.internal");
    ask(false);
    assert_string_not_equal(version_of("ingresses", "ai-route-chat.internal"), before);
    assert_string_not_equal(version_of("ingresses", "ai-route-nobody.internal"), "none");
}

static void lenient_refuses_before_it_writes(void **state)
{
    (void)state;
    const char *before = version_of("ingresses", "ai-route-chat.internal");
    ask(true);
    assert_string_equal(version_of("ingresses", "ai-route-chat.internal"), before);
    assert_string_equal(version_of("ingresses", "ai-route-nobody.internal"), "none");
    call("POST", "/v1/mcpServer/swaggerToMcpConfig", "{\"content\":\"openapi: 3.0.0\"}");
    assert_non_null(strstr(answer.body, "the document has no 'paths'"));
    call("PUT", "/v1/ai/routes/chat", CHAT("\"version\":\"1\","));
    assert_int_equal(answer.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(strict_is_the_real_console, setup, plane_teardown),
        cmocka_unit_test_setup_teardown(lenient_refuses_before_it_writes, setup, plane_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
