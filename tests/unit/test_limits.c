/* test_limits.c - rate limits become configurations that the plugins take. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "rule/limits.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(struct arena *a, const char *text)
{
    struct err e = { 0 };
    cJSON *tree = text ? json_parse(a, text, strlen(text), &e) : NULL;

    if (text && !tree)
        fail_msg("%s: %s", text, e.text);
    return tree;
}

static void same(const char *ask, const char *config, const char *wanted)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    cJSON *next = limits_config(a, parse(a, ask), parse(a, config), &e);

    if (!next)
        fail_msg("%s: %s", ask, e.text);
    if (!json_equal(next, parse(a, wanted)))
        fail_msg("%s\nwanted %s", json_print(a, next), wanted);
    arena_free(a);
}

static void refused(const char *ask, const char *config, const char *why)
{
    struct arena *a = arena_new();
    struct err e = { 0 };

    assert_null(limits_config(a, parse(a, ask), parse(a, config), &e));
    if (!strstr(e.text, why))
        fail_msg("'%s' does not say '%s'", e.text, why);
    arena_free(a);
}

static void test_tokens(void **state)
{
    (void)state;
    same("{\"unit\":\"tokens\",\"requests\":9,\"per\":\"hour\",\"redis\":{\"service_name\":\"r."
         "dns\"}}",
         NULL,
         "{\"redis\":{\"service_name\":\"r.dns\"},\"rule_name\":\"higress-ops\","
         "\"global_threshold\":{\"token_per_hour\":9}}");
    same("{\"unit\":\"tokens\",\"requests\":0}",
         "{\"redis\":{\"service_name\":\"r.dns\"},\"rule_name\":\"x\",\"global_threshold\":{"
         "\"token_per_hour\":9}}",
         "{}");
    same("{\"unit\":\"tokens\",\"by\":\"consumer\",\"key\":\"a\",\"requests\":2,\"per\":\"day\"}",
         "{\"redis\":{\"service_name\":\"r.dns\"},\"rule_name\":\"x\",\"rule_items\":[{"
         "\"limit_by_consumer\":\"\",\"limit_keys\":[{\"key\":\"a\",\"token_per_hour\":9}]}]}",
         "{\"redis\":{\"service_name\":\"r.dns\"},\"rule_name\":\"x\",\"rule_items\":[{"
         "\"limit_by_consumer\":\"\",\"limit_keys\":[{\"key\":\"a\",\"token_per_day\":2}]}]}");
    refused("{\"unit\":\"tokens\",\"requests\":9}", NULL, "redis.service_name: is required");
}

static void test_per_pod(void **state)
{
    (void)state;
    same("{\"by\":\"header:x-api-key\",\"key\":\"alice\",\"requests\":10}", NULL,
         "{\"limit_by_header\":\"x-api-key\",\"limit_keys\":[{\"key\":\"alice\","
         "\"query_per_second\":10}]}");
    same("{\"by\":\"param:k\",\"key\":\"b\",\"requests\":5,\"per\":\"day\"}",
         "{\"limit_by_param\":\"k\",\"limit_keys\":[{\"key\":\"a\",\"query_per_hour\":1},"
         "{\"key\":\"b\",\"query_per_second\":9}]}",
         "{\"limit_by_param\":\"k\",\"limit_keys\":[{\"key\":\"a\",\"query_per_hour\":1},"
         "{\"key\":\"b\",\"query_per_day\":5}]}");
}

/* An empty list of keys would make the plugin refuse everything it is told. */
static void test_last_limit_leaves_nothing(void **state)
{
    (void)state;
    same("{\"by\":\"header:h\",\"key\":\"a\",\"requests\":0}",
         "{\"limit_by_header\":\"h\",\"limit_keys\":[{\"key\":\"a\",\"query_per_hour\":1}]}", "{}");
    same("{\"by\":\"ip\",\"requests\":0}",
         "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"r.dns\"},\"rule_items\":[{"
         "\"limit_by_per_ip\":\"from-remote-addr\",\"limit_keys\":[{\"key\":\"0.0.0.0/0\","
         "\"query_per_hour\":1}]}]}",
         "{}");
}

static void test_for_all_pods(void **state)
{
    (void)state;
    same(
        "{\"by\":\"consumer\",\"key\":\"*\",\"requests\":60,\"per\":\"minute\",\"redis\":{"
        "\"service_name\":\"redis.dns\"}}",
        NULL,
        "{\"rule_name\":\"higress-ops\",\"redis\":{\"service_name\":\"redis.dns\"},\"rule_items\":["
        "{\"limit_by_per_consumer\":\"\",\"limit_keys\":[{\"key\":\"*\","
        "\"query_per_minute\":60}]}]}");
    same("{\"by\":\"consumer\",\"key\":\"vip\",\"requests\":600,\"per\":\"minute\"}",
         "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\",\"password\":\"p\"},"
         "\"rule_items\":[{\"limit_by_per_consumer\":\"\",\"limit_keys\":[{\"key\":\"*\","
         "\"query_per_minute\":60}]}]}",
         "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\",\"password\":\"p\"},"
         "\"rule_items\":[{\"limit_by_consumer\":\"\",\"limit_keys\":[{\"key\":\"vip\","
         "\"query_per_minute\":600}]},{\"limit_by_per_consumer\":\"\",\"limit_keys\":[{\"key\":"
         "\"*\",\"query_per_minute\":60}]}]}");
    same(
        "{\"by\":\"cookie:s\",\"key\":\"a\",\"requests\":1,\"redis\":{\"service_name\":\"n.dns\"}}",
        "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"o.dns\",\"password\":\"p\"}}",
        "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"n.dns\",\"password\":\"p\"},"
        "\"rule_items\":[{\"limit_by_cookie\":\"s\",\"limit_keys\":[{\"key\":\"a\","
        "\"query_per_second\":1}]}]}");
}

/* Since 2.2.4 the plugin takes both; each goes by itself, and the instance with the last. */
static void test_sum_beside_items(void **state)
{
    static const char both[] =
        "{\"redis\":{\"service_name\":\"r\"},\"rule_name\":\"x\",\"global_threshold\":{"
        "\"query_per_day\":1},\"rule_items\":[{\"limit_by_consumer\":\"\",\"limit_keys\":[{"
        "\"key\":\"a\",\"query_per_second\":2}]}]}";
    static const char sum[] = "{\"redis\":{\"service_name\":\"r\"},\"rule_name\":\"x\","
                              "\"global_threshold\":{\"query_per_day\":1}}";

    (void)state;
    same("{\"by\":\"consumer\",\"key\":\"a\",\"requests\":2}", sum, both);
    same("{\"by\":\"consumer\",\"key\":\"a\",\"requests\":0}", both, sum);
    same("{\"by\":\"consumer\",\"key\":\"a\",\"requests\":0}", sum, sum);
    same("{\"unit\":\"tokens\",\"requests\":3,\"per\":\"day\"}", both,
         "{\"redis\":{\"service_name\":\"r\"},\"rule_name\":\"x\",\"global_threshold\":{"
         "\"query_per_day\":1,\"token_per_day\":3},\"rule_items\":[{\"limit_by_consumer\":\"\","
         "\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":2}]}]}");
    same("{\"unit\":\"tokens\",\"requests\":0}", both,
         "{\"redis\":{\"service_name\":\"r\"},\"rule_name\":\"x\",\"rule_items\":[{\"limit_by_"
         "consumer\":\"\",\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":2}]}]}");
}

static void test_refused(void **state)
{
    (void)state;
    refused("{\"by\":\"moon\",\"key\":\"a\",\"requests\":1}", NULL, "header:NAME");
    refused("{\"by\":\"header:\",\"key\":\"a\",\"requests\":1}", NULL, "header:NAME");
    refused("{\"by\":\"header:h\",\"requests\":1}", NULL, "key: is required");
    refused("{\"by\":\"consumer\",\"key\":\"a\",\"requests\":1}", NULL, "give redis");
    refused("{\"by\":\"header:h\",\"key\":\"*\",\"requests\":1}", NULL, "each value");
    refused("{\"by\":\"header:h\",\"key\":\"a\",\"requests\":1}",
            "{\"limit_by_header\":\"other\",\"limit_keys\":[]}", "by 'other' already");
    refused("{\"by\":\"header:h\",\"key\":\"a\",\"requests\":1}",
            "{\"limit_by_param\":\"p\",\"limit_keys\":[]}", "by 'p' already");
    refused("{\"by\":\"header:h\",\"key\":\"a\",\"requests\":3e9}", NULL, "2147483647");
    refused("{\"by\":\"header:h\",\"key\":\"a\",\"requests\":1,\"redis\":{}}", NULL,
            "service_name");
    refused("{\"by\":\"ip\",\"requests\":1,\"redis\":{\"service_name\":\"r\","
            "\"service_port\":0}}",
            NULL, "1..65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_per_pod),
        cmocka_unit_test(test_last_limit_leaves_nothing),
        cmocka_unit_test(test_for_all_pods),
        cmocka_unit_test(test_sum_beside_items),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
