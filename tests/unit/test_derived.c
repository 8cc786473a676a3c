/* test_derived.c - names that the console derives: both ways, for every kind of them. */
#include "check.h"
#include "check_arena.h"
#include "kind/derived.h"
#include "kind/kind.h"

static const struct {
    enum derived form;
    const char *name, *made, *kind;
} names[] = {
    { DERIVED_AI_ROUTE, "chat", "ai-route-chat.internal", "route" },
    { DERIVED_AI_FALLBACK, "chat", "ai-route-chat.fallback.internal", "route" },
    { DERIVED_AI_MAP, "chat", "ai-route-chat", NULL },
    { DERIVED_MCP_ROUTE, "a.b", "mcp-server-a.b.internal", "route" },
    { DERIVED_LLM_SOURCE, "qw", "llm-qw.internal", "service-source" },
    { DERIVED_PLUGIN, "key-auth", "key-auth.internal", NULL },
    { DERIVED_STATIC, "web", "web.static", "service" },
    { DERIVED_DNS, "llm-qw.internal", "llm-qw.internal.dns", "service" },
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(derived_name(a, names[i].form, names[i].name), names[i].made);
        assert_string_equal(derived_from(a, names[i].form, names[i].made), names[i].name);
        assert_null(derived_from(a, names[i].form, "other"));
        assert_null(derived_from(a, names[i].form, derived_name(a, names[i].form, "")));
        const char *kind = derived_kind(names[i].form);
        assert_true(kind == names[i].kind || !strcmp(kind, names[i].kind));
    }
}

static void what_is_internal(void **state)
{
    (void)state;
    assert_true(derived_is_internal("key-auth.internal"));
    assert_false(derived_is_internal("key-auth.internal2"));
    assert_true(derived_is_service_of("llm-qw.internal.static", "llm-qw.internal"));
    assert_true(derived_is_service_of("web.dns", "web"));
    assert_false(derived_is_service_of("web2.dns", "web"));
    assert_false(derived_is_service_of("web.nacos", "web"));
}

/* Each part of a kind is an object that the console shows, or recovery could not look at it. */
static void parts_can_be_read(void **state)
{
    (void)state;
    int parts = 0;
    for (const struct kind *k = kinds; k->name; k++)
        for (const enum derived *d = k->parts; *d; d++, parts++)
            if (!derived_kind(*d) || !kind_find(derived_kind(*d)))
                fail_msg("a part of %s has no kind", k->name);
    assert_int_equal(parts, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(what_is_internal),
        cmocka_unit_test(parts_can_be_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
