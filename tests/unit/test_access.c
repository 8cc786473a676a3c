/* test_access.c - which authentication a route meets, by the rules of the plugins. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "rule/access.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(struct arena *a, const char *text)
{
    struct err e = { 0 };
    cJSON *tree = json_parse(a, text, strlen(text), &e);

    if (!tree)
        fail_msg("%s: %s", text, e.text);
    return tree;
}

static void add(struct arena *a, struct access *x, const char *scope, const char *plugin,
                const char *settings)
{
    cJSON *o = json_object(a);

    json_set_str(a, o, "pluginName", plugin);
    json_set_bool(a, o, "enabled", true);
    json_set(a, o, "configurations", parse(a, settings));
    access_add(x, scope, o);
}

static void is(struct arena *a, const struct access *x, const char *route, enum access_kind wanted,
               const char *by)
{
    const char *said = NULL;
    enum access_kind k = access_of(x, a, parse(a, route), &said);

    if (k != wanted || strcmp(said ? said : "", by) != 0)
        fail_msg("%s: %d '%s'", route, (int)k, said ? said : "");
}

#define ROUTE "{\"name\":\"r\",\"domains\":[\"a.b\"],\"services\":[{\"name\":\"s.dns\"}]}"
#define OTHER "{\"name\":\"o\",\"services\":[{\"name\":\"s.dns\"},{\"name\":\"t.dns\",\"port\":8}]}"

/* Without rules the global part of a C++ plugin checks all; with any, only where it says so. */
static void test_global(void **state)
{
    struct arena *a = arena_new();
    struct access *x = access_new(a);

    (void)state;
    is(a, x, ROUTE, ACCESS_NONE, "");
    add(a, x, "global", "jwt-auth", "{}");
    is(a, x, ROUTE, ACCESS_GUARDED, "jwt-auth (global)");
    add(a, x, "route:o", "jwt-auth", "{\"allow\":[]}");
    is(a, x, ROUTE, ACCESS_NONE, "");
    is(a, x, OTHER, ACCESS_GUARDED, "jwt-auth (nobody)");
    add(a, x, "global", "jwt-auth", "{\"global_auth\":true}");
    is(a, x, ROUTE, ACCESS_GUARDED, "jwt-auth (global)");
    add(a, x, "route:r", "jwt-auth", "{\"_disable_\":true}");
    is(a, x, ROUTE, ACCESS_NONE, "");
    add(a, x, "global", "opa", "{}"); /* a Go plugin: its rules elsewhere say nothing of others */
    add(a, x, "route:o", "opa", "{}");
    is(a, x, ROUTE, ACCESS_GUARDED, "opa (global)");
    arena_free(a);
}

/* A rule of a service comes first; one that hits only some of it guards in part. */
static void test_rules(void **state)
{
    struct arena *a = arena_new();
    struct access *x = access_new(a);

    (void)state;
    add(a, x, "service:t.dns:8", "key-auth", "{\"allow\":[\"alice\",\"bob\",\"eve\",\"mia\"]}");
    is(a, x, OTHER, ACCESS_PARTLY, "key-auth (alice, bob, eve and 1 more)");
    add(a, x, "service:s.dns", "key-auth", "{\"allow\":[\"alice\"]}");
    is(a, x, OTHER, ACCESS_GUARDED, "key-auth (alice)");
    add(a, x, "route:r", "key-auth", "{\"_disable_\":true}");
    is(a, x, ROUTE, ACCESS_GUARDED, "key-auth (alice)");
    add(a, x, "domain:*.b", "oidc", "{}");
    is(a, x, "{\"name\":\"d\",\"domains\":[\"x.b\"]}", ACCESS_GUARDED, "oidc (domain:*.b)");
    is(a, x, "{\"name\":\"d\",\"domains\":[\"x.b\",\"c\"]}", ACCESS_PARTLY, "oidc (domain:*.b)");
    is(a, x, "{\"name\":\"d\",\"domains\":[]}", ACCESS_NONE, "");
    is(a, x, "{\"name\":\"d\",\"authConfig\":{\"enabled\":true,\"allowedConsumers\":[]}}",
       ACCESS_GUARDED, "key-auth (nobody)");
    arena_free(a);
}

static void test_gaps(void **state)
{
    struct arena *a = arena_new();
    struct access *x = access_new(a);

    (void)state;
    access_gap(x, "route:o");
    is(a, x, ROUTE, ACCESS_NONE, "");
    is(a, x, OTHER, ACCESS_UNKNOWN, "");
    access_gap(x, "domain:a.b");
    is(a, x, ROUTE, ACCESS_UNKNOWN, "");
    access_gap(x, "service:*");
    is(a, x, "{\"name\":\"z\"}", ACCESS_UNKNOWN, "");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_global),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
