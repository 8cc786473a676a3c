/* test_explain_plugin.c - which instance of each plugin acts on a request, and what limits it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "explain/explain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *a;

static int begin(void **state)
{
    (void)state;
    a = arena_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* Quotes are written as ' here. */
static cJSON *parse(const char *text)
{
    struct err e = { 0 };
    char *copy = arena_strdup(a, text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    cJSON *tree = json_parse(a, copy, strlen(copy), &e);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    return tree;
}

static void of_each_plugin_one_instance_acts(void **state)
{
    (void)state;
    struct explain_plugins *p = explain_plugins_new(a);
    const cJSON *limit = parse("{'pluginName':'key-rate-limit','enabled':true}");
    const cJSON *off = parse("{'pluginName':'ip-restriction','enabled':false}");
    const cJSON *ip = parse("{'pluginName':'ip-restriction','enabled':true}");
    explain_add_instance(p, "global", limit);
    explain_add_instance(p, "route:a", limit);
    explain_add_instance(p, "domain:x", limit);
    explain_add_instance(p, "route:a", off);
    explain_add_instance(p, "global", ip);
    explain_add_consumers(p, "route:a", parse("['alice','bob']"));
    explain_add_plugin(p, parse("{'name':'key-rate-limit','phase':'UNSPECIFIED_PHASE',"
                                "'priority':10}"));
    explain_add_plugin(p, parse("{'name':'ip-restriction','phase':'AUTHN','priority':210}"));
    explain_add_plugin(p, parse("{'name':'key-auth','phase':'AUTHN','priority':310}"));
    assert_string_equal(
        json_print(a, explain_plugins_answer(p)),
        "[{\"plugin\":\"key-auth\",\"from\":\"route:a\",\"does\":\"lets in alice, bob\"},"
        "{\"plugin\":\"ip-restriction\",\"from\":\"global\"},"
        "{\"plugin\":\"key-rate-limit\",\"from\":\"route:a\",\"not\":[\"global\",\"domain:x\"]}]");
}

static void limits_of_plugins_are_told(void **state)
{
    (void)state;
    struct explain_plugins *p = explain_plugins_new(a);
    explain_add_instance(
        p, "route:a",
        parse("{'pluginName':'key-rate-limit','enabled':true,'configurations':{'limit_by_header':"
              "'x-team','limit_keys':[{'key':'red','query_per_second':10},{'key':'blue',"
              "'query_per_hour':7}]}}"));
    explain_add_instance(
        p, "global",
        parse("{'pluginName':'ai-token-ratelimit','enabled':true,'configurations':{'rule_items':[{"
              "'limit_by_per_consumer':'','limit_keys':[{'key':'*','token_per_minute':500}]}]}}"));
    const char *said = json_print(a, explain_plugins_answer(p));
    assert_non_null(strstr(said, "per_consumer *: 500 tokens a minute"));
    assert_non_null(strstr(said, "header x-team red: 10 a second; header x-team blue: 7 a hour"));
    explain_add_instance(
        p, "route:b",
        parse("{'pluginName':'cluster-key-rate-limit','enabled':true,'configurations':{"
              "'rule_items':[{'limit_by_header':'x-api-key','limit_keys':[{'key':"
              "'hush-5512-quiet','query_per_second':1}]}]}}"));
    assert_null(strstr(json_print(a, explain_plugins_answer(p)), "hush-5512"));
}

static void domains_act_on_their_hosts(void **state)
{
    (void)state;
    assert_true(explain_domain_acts("a.example.com", "a.example.com"));
    assert_true(explain_domain_acts("*.example.com", "a.example.com"));
    assert_false(explain_domain_acts("*.example.com", "example.org"));
    assert_false(explain_domain_acts("a.example.com", "b.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
        CASE(of_each_plugin_one_instance_acts),
        CASE(limits_of_plugins_are_told),
        CASE(domains_act_on_their_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
