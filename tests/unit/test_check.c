/* test_check.c - the rules of kinds: what the console would take and should not, examples that
 * pass, and that a change keeps what it does not name, also members nobody knows. */
#include "base/cert.h"
#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"
#include "plan/describe.h"
#include "plan/plan.h"
#include "rule/check.h"
#include "rule/check_private.h"
#include "rule/schema.h"
#include <time.h>

/* A patch of the kind's example that must be refused with these words. */
static const struct {
    const char *kind, *patch, *words;
} wrong[] = {
    { "route", "{\"path\":{\"matchValue\":\"shop\"}}", "path.matchValue: 'shop' does not begin" },
    { "route", "{\"path\":{\"matchValue\":\"\"}}", "does not begin with '/'" },
    { "route", "{\"path\":{\"matchType\":\"REGULAR\",\"matchValue\":\"/(a\"}}",
      "path.matchValue: '/(a' is no regular expression of RE2: missing )" },
    { "route", "{\"headers\":[{\"key\":\"x\",\"matchType\":\"REGULAR\",\"matchValue\":\"[a\"}]}",
      "headers[0].matchValue: '[a' is no regular expression of RE2: missing ]" },
    { "route", "{\"rewrite\":{\"path\":\"x\"}}", "rewrite.path: 'x' does not begin with '/'" },
    { "route", "{\"proxyNextUpstream\":{\"conditions\":[\"error\",\"sometimes\"]}}",
      "proxyNextUpstream.conditions[1]: 'sometimes' is not one of" },
    { "ai-route", "{\"proxyNextUpstream\":{\"conditions\":[\"http_99\"]}}",
      "proxyNextUpstream.conditions[0]: 'http_99'" },
    { "route", "{\"domains\":[\"Shop.example\"]}", "domains[0]: 'Shop.example' is no lower-case" },
    { "route", "{\"domains\":[\"a.example\",\"b_.example\"]}", "domains[1]" },
    { "route", "{\"domains\":[\"*.a23456789.b23456789.c23456789.d23456789.e23456.io\"]}",
      "domains[0]: '*.a23456789.b23456789.c23456789.d23456789.e23456.io' is too long: the label by "
      "which its routes are found would have 65 bytes" },
    { "domain", "{\"name\":\"a23456789.b23456789.c23456789.d23456789.e23456789.f234.io\"}",
      "name: 'a23456789" },
    { "route", "{\"methods\":[\"get\"]}", "methods[0]: 'get' is no HTTP method" },
    { "route", "{\"services\":[{\"name\":\"a\",\"weight\":60},{\"name\":\"b\",\"weight\":30}]}",
      "services: the weights add up to 90" },
    { "route", "{\"services\":[{\"name\":\"a\",\"weight\":60}]}",
      "services[0].weight: the console" },
    { "route", "{\"services\":[{\"name\":\"a\",\"version\":\"v1\"}]}", "services[0].version" },
    { "route", "{\"services\":[{\"name\":\"a\",\"port\":70000}]}",
      "services[0].port: 70000 is more than 65535" },
    { "route", "{\"services\":[{\"name\":\"a\",\"prot\":80}]}", "unknown field 'prot'" },
    { "route", "{\"redirect\":{\"url\":\"/\"}}", "permanent-redirect" },
    { "route", "{\"mock\":{\"a\":1}}", "custom-response" },
    { "route", "{\"rateLimit\":{\"a\":1}}", "tune_rate_limit" },
    { "route", "{\"customConfigs\":{\"higress.io/timeout\":30}}", "must be a text" },
    { "route", "{\"customConfigs\":{\"higress.io/route-limit-rps\":\"-5\"}}", "whole number" },
    { "route", "{\"customConfigs\":{\"higress.io/exact-match-header-a\":\"b\"}}", "makes this" },
    { "route", "{\"headerControl\":{\"request\":{\"add\":[{\"key\":\"a\",\"value\":\"b\\nc\"}]}}}",
      "headerControl.request.add[0].value: holds a line break" },
    { "route",
      "{\"headers\":[{\"key\":\"x\",\"matchType\":\"PRE\",\"matchValue\":\"a\"},"
      "{\"key\":\"x\",\"matchType\":\"PRE\",\"matchValue\":\"b\"}]}",
      "headers[1]: has the key and type of headers[0]" },
    { "domain", "{\"enableHttps\":\"yes\"}", "'yes' is not one of off|on|force" },
    { "domain", "{\"certIdentifier\":null}", "needs the name of a tls-certificate" },
    { "service-source", "{\"vport\":{\"default\":80}}", "write vport.defaultValue" },
    { "service-source", "{\"vport\":{\"services\":[]}}", "write vport.servicesVport" },
    { "service-source", "{\"domain\":\"10.0.0.1:80,\"}", "domain: ''" },
    { "service-source", "{\"domain\":\"10.0.0.1:80, 10.0.0.2:80\"}",
      "domain: ' 10.0.0.2:80' holds a blank; the console takes it, and the controller then drops" },
    { "service-source", "{\"domain\":\"10.0.0.1:80 \"}", "domain: '10.0.0.1:80 ' holds a blank" },
    { "service-source", "{\"domain\":\"10.0.0.01:80\"}", "'10.0.0.01:80' is not IPv4:port" },
    { "service-source", "{\"type\":\"dns\",\"domain\":\"a.example, b.example\"}",
      "domain: ' b.example' holds a blank" },
    { "service-source", "{\"type\":\"nacos2\",\"domain\":\"10.0.0.1\"}", "properties.nacosGroups" },
    { "service-source", "{\"properties\":{\"nacosGroups\":[\"g\"]}}", "drops it for type static" },
    { "service-source", "{\"protocol\":\"ftp\"}", "'ftp' is not one of" },
    { "service-source",
      "{\"type\":\"consul\",\"domain\":\"c.example\",\"properties\":{\"consulDatacenter\":\"d\"},"
      "\"authN\":{\"enabled\":true}}",
      "authN.properties: is required" },
    { "ai-provider", "{\"type\":\"ollama\",\"rawConfigs\":{\"ollamaServerHost\":\"h\"}}",
      "rawConfigs.ollamaServerPort: is required" },
    { "ai-provider",
      "{\"type\":\"azure\",\"rawConfigs\":{\"azureServiceUrl\":\"https://a.example\"}}",
      "api-version" },
    { "ai-route", "{\"upstreams\":[{\"provider\":\"a\",\"weight\":50}]}", "sum to 50" },
    { "ai-route", "{\"pathPredicate\":{\"matchType\":\"PRE\",\"matchValue\":\"v1\"}}",
      "begin with" },
    { "wasm-plugin", "{\"name\":\"a.b\"}", "inner hyphens" },
    { "wasm-plugin", "{\"category\":\"ai\"}", "category" },
    { "wasm-plugin", "{\"builtIn\":true}", "builtIn" },
    { "wasm-plugin", "{\"priority\":5000}", "priority: 5000 is more than 1000" },
    { "plugin-instance", "{\"enabled\":false,\"configurations\":null}", "delete it instead" },
    { "consumer",
      "{\"credentials\":[{\"type\":\"key-auth\",\"source\":\"BEARER\",\"values\":[\"\"]}]}",
      "empty key" },
    { "consumer",
      "{\"credentials\":[{\"type\":\"key-auth\",\"source\":\"QUERY\",\"values\":[\"v\"]}]}",
      "credentials[0].key" },
    { "mcp-server", "{\"name\":\"a b\"}", "holds more than letters" },
    { "mcp-server", "{\"directRouteConfig\":{\"transportType\":\"sse\"}}", "must end with /sse" },
    { "mcp-server", "{\"type\":\"DATABASE\"}", "dbType: is required" },
    { "mcp-server",
      "{\"type\":\"DATABASE\",\"dbType\":\"MYSQL\",\"dbConfig\":{\"host\":\"h\",\"port\":\"3306\","
      "\"username\":\"u\",\"dbname\":\"d\",\"password\":\"p@ss\"}}",
      "holds an '@'" },
};

/* What a cluster refuses and a standalone takes; NULL: a cluster takes it, too. */
static const struct {
    const char *kind, *patch, *words;
} cluster[] = {
    { "route", "{\"name\":\"Shop\"}", "name: 'Shop' is refused by Kubernetes" },
    { "route", "{\"name\":\"-shop\"}", "refused by Kubernetes" },
    { "route", "{\"name\":\"a_b\"}", "refused by Kubernetes" },
    { "route", "{\"name\":\"a..b\"}", "refused by Kubernetes" },
    { "route", "{\"name\":\"a.b-c.9\"}", NULL },
    { "ai-route", "{\"name\":\"Chat\"}", "the Ingress 'ai-route-Chat.fallback.internal'" },
    { "ai-route", "{\"name\":\"-a\"}", NULL },
    { "mcp-server", "{\"name\":\"Orders\"}", "the Ingress 'mcp-server-Orders.internal'" },
    { "tls-certificate", "{\"name\":\"My_Cert\"}", "the Secret 'My_Cert'" },
    { "domain", "{\"name\":\"*.example.com\"}", NULL },
    { "wasm-plugin", "{\"name\":\"Mine\"}", "the WasmPlugin 'Mine'" },
    { "wasm-plugin", "{\"pluginVersion\":\"1.0 beta\"}",
      "pluginVersion: '1.0 beta' is refused by Kubernetes (the WasmPlugin 'my-filter-1.0 beta')" },
    { "service-source", "{\"name\":\"Web\"}", NULL },
    { "service-source", "{\"name\":\"Web\",\"authN\":{\"enabled\":true}}",
      "the Secret 'Web-auth-xxxxx'" },
    { "route", "{\"path\":{\"matchType\":\"REGULAR\",\"matchValue\":\"^/a$\"}}",
      "path.matchValue: '^/a$' does not begin with '/'" },
    { "route", "{\"path\":{\"matchValue\":\"/a//b\"}}", "holds '//'" },
    { "route", "{\"path\":{\"matchValue\":\"/a%2Fb\"}}", "holds '%2F'" },
    { "route", "{\"path\":{\"matchValue\":\"/a/..\"}}", "holds '/..'" },
    { "route", "{\"path\":{\"matchValue\":\"/a/...\"}}", NULL },
    { "ai-route", "{\"pathPredicate\":{\"matchType\":\"PRE\",\"matchValue\":\"/v1/./a\"}}",
      "pathPredicate.matchValue: '/v1/./a' holds '/./'" },
    { "route", "{\"domains\":[\"10.0.0.1\"]}", "domains[0]: '10.0.0.1' is an address" },
    { "route", "{\"customLabels\":{\"team\":\"a b\"}}", "customLabels.team: 'a b'" },
    { "route", "{\"customLabels\":{\"-team\":\"a\"}}", "customLabels: '-team'" },
    { "route", "{\"customLabels\":{\"example.com/Team\":\"\"}}", NULL },
    { "route", "{\"customConfigs\":{\"a b\":\"x\"}}", "customConfigs: 'a b'" },
    { "route", "{\"customConfigs\":{\"Example.com/X\":\"any text\"}}", NULL },
};

static const char limits[] = "{\"pluginName\":\"%s\",\"enabled\":true,\"configurations\":%s}";
static const struct {
    const char *plugin, *configurations, *words; /* NULL: fine */
} limiting[] = {
    { "key-rate-limit",
      "{\"limit_by_header\":\"x\",\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":10}]}",
      NULL },
    { "key-rate-limit", "{}", "needs exactly one limit_by_" },
    { "key-rate-limit", "{\"limit_by_header\":\"x\",\"limit_keys\":[]}", "limit_keys: at least" },
    { "key-rate-limit", "{\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":1}]}",
      "needs exactly one limit_by_" },
    { "key-rate-limit",
      "{\"limit_by_header\":\"x\",\"limit_by_param\":\"y\",\"limit_keys\":[{\"key\":\"a\","
      "\"query_per_second\":1}]}",
      "2 are given" },
    { "key-rate-limit",
      "{\"limit_by_header\":\"x\",\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":1,"
      "\"query_per_day\":9}]}",
      "limit_keys[0]: needs exactly one of query_per_second" },
    { "key-rate-limit",
      "{\"limit_by_header\":\"x\",\"limit_keys\":[{\"key\":\"*\",\"query_per_day\":9}]}",
      "counts exact values only" },
    { "cluster-key-rate-limit",
      "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"},\"rule_items\":[{\"limit_by_"
      "per_ip\":\"from-remote-addr\",\"limit_keys\":[{\"key\":\"0.0.0.0/"
      "0\",\"query_per_day\":9}]}]}",
      NULL },
    { "cluster-key-rate-limit",
      "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"},\"rule_items\":[{\"limit_by_"
      "per_header\":\"x\",\"limit_keys\":[{\"key\":\"alice\",\"query_per_day\":9}]}]}",
      "rule_items[0].limit_keys[0].key: 'alice' must be '*'" },
    { "cluster-key-rate-limit",
      "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"},\"global_threshold\":{"
      "\"query_per_second\":0}}",
      "at least 1" },
    { "cluster-key-rate-limit",
      "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"},\"global_threshold\":{"
      "\"query_per_second\":5}}",
      NULL },
    { "cluster-key-rate-limit", "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"}}",
      "needs rule_items or global_threshold" },
    { "cluster-key-rate-limit", "{\"rule_name\":\"r\",\"rule_items\":[{}]}", "redis.service_name" },
    { "ai-token-ratelimit",
      "{\"rule_name\":\"r\",\"redis\":{\"service_name\":\"redis.dns\"},\"rule_items\":[{\"limit_by_"
      "consumer\":\"\",\"limit_keys\":[{\"key\":\"a\",\"query_per_day\":9}]}]}",
      "exactly one of token_per_second" },
};

static const char *scope_of(const struct kind *k)
{
    return (k->flags & KIND_SCOPED) ? "global" : NULL;
}

static cJSON *example(const char *kind)
{
    return json(kind_find(kind)->example);
}

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err e = { 0 };
        struct plan *p = plan_new(a, "test", CHANGE, &e);
        const struct kind *k = kind_find(wrong[i].kind);
        cJSON *o = json_merge_patch(a, example(wrong[i].kind), json(wrong[i].patch));
        if (plan_create(p, wrong[i].kind, scope_of(k), o) || !strstr(e.text, wrong[i].words))
            fail_msg("%s %s: %s", wrong[i].kind, wrong[i].patch, e.text);
    }
    printf("%zu objects refused that the console would take, drop or break on\n",
           sizeof wrong / sizeof *wrong);
}

static void test_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cluster / sizeof *cluster; i++) {
        struct err e = { 0 };
        const struct kind *k = kind_find(cluster[i].kind);
        cJSON *o = json_merge_patch(a, example(cluster[i].kind), json(cluster[i].patch));
        bool ok = check_cluster(a, k, NULL, o, &e);
        if (ok != !cluster[i].words || (!ok && !strstr(e.text, cluster[i].words)))
            fail_msg("%s %s: %s", cluster[i].kind, cluster[i].patch, e.text);
        e = (struct err){ 0 }; /* what stands there already is no mistake of a change */
        if (!check_cluster(a, k, o, o, &e))
            fail_msg("unchanged %s %s: %s", cluster[i].kind, cluster[i].patch, e.text);
    }
}

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limiting / sizeof *limiting; i++) {
        struct err e = { 0 };
        struct plan *p = plan_new(a, "test", CHANGE, &e);
        cJSON *o = json(arena_printf(a, limits, limiting[i].plugin, limiting[i].configurations));
        bool ok = plan_create(p, "plugin-instance", "global", o);
        if (ok != !limiting[i].words || (!ok && !strstr(e.text, limiting[i].words)))
            fail_msg("%s: %s", limiting[i].configurations, e.text);
    }
}

static void test_examples(void **state)
{
    (void)state;
    for (const struct kind *k = kinds; k->name; k++) {
        struct err e = { 0 };
        cJSON *o = json(k->example), *said = describe_kind(a, k);
        assert_true(json_count(json_get(said, "fields")) > 0);
        if (k->needs) { /* a certificate's example holds no certificate */
            assert_false(check_object(a, k, NULL, o, &e));
            continue;
        }
        if (!check_object(a, k, NULL, o, &e))
            fail_msg("the example of %s: %s", k->name, e.text);
    }
}

static void test_certificates(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *cert, *key, *other, *other_key;
    assert_true(cert_make(a, "a.example", 30, &cert, &key, &e));
    assert_true(cert_make(a, "b.example", 30, &other, &other_key, &e));
    double now = (double)time(NULL);
    assert_true(cert_check_pair(a, cert, key, now, &e));
    static const char *const words[] = { "key: is no PEM private key", "expired",
                                         "not valid before", "cert: ", "key: is no PEM" };
    for (int i = 0; i < 5; i++) {
        e = (struct err){ 0 };
        double at = i == 1 ? now + 40 * 86400.0 : i == 2 ? now - 86400.0 : now;
        assert_false(cert_check_pair(a, i == 3 ? "garbage" : cert,
                                     i == 0   ? other_key
                                     : i == 4 ? "garbage"
                                              : key,
                                     at, &e));
        if (!strstr(e.text, words[i]))
            fail_msg("%d: %s", i, e.text);
        assert_null(strstr(e.text, "PRIVATE KEY-----"));
    }
}

/* -- what nobody knows stays --------------------------------------------------------------------
 */

static unsigned seed = 20261124;

static unsigned dice(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

/* Strews members that no table knows over a tree. */
static int strew(cJSON *node)
{
    int n = 0;
    for (cJSON *c = node->child; c; c = c->next)
        n += strew(c);
    if (!cJSON_IsObject(node) || dice(3) == 0)
        return n;
    char *name = arena_printf(a, "later%u", dice(1000));
    static const char *const values[] = { "null", "true", "[1,{\"x\":null}]",
                                          "{\"deep\":{\"y\":[2]}}" };
    json_set(a, node, name, json(values[dice(4)]));
    return n + 1;
}

static const struct {
    const char *kind, *patch;
} gentle[] = {
    { "route", "{\"methods\":[\"GET\"]}" },
    { "route", "{\"path\":{\"matchValue\":\"/other\"}}" },
    { "domain", "{\"enableHttps\":\"force\"}" },
    { "service-source", "{\"protocol\":\"https\"}" },
    { "proxy-server", "{\"serverPort\":3129}" },
    { "ai-provider", "{\"protocol\":\"original\"}" },
    { "ai-route", "{\"customLabels\":{\"a\":\"b\"}}" },
    { "wasm-plugin", "{\"priority\":7}" },
    { "plugin-instance", "{\"configurations\":{\"case_sensitive\":false}}" },
    { "consumer", "{\"name\":\"alice\",\"later\":null,\"credentials\":[{\"type\":\"key-auth\","
                  "\"source\":\"HEADER\",\"key\":\"x-other\",\"values\":[\"K\"]}]}" },
    { "mcp-server", "{\"description\":\"d\"}" },
    { "mcp-consumers", "{\"consumers\":[\"bob\"]}" },
    { "higress-config", "{\"data\":{\"higress\":{\"downstream\":{\"idleTimeout\":9}}}}" },
    { "dashboard", "{\"url\":\"https://g.example.com\"}" },
};

static void test_unknown_stays(void **state)
{
    (void)state;
    int members = 0, rounds = 0;
    for (size_t i = 0; i < sizeof gentle / sizeof *gentle; i++)
        for (int n = 0; n < 20; n++, rounds++) {
            struct err e = { 0 };
            const struct kind *k = kind_find(gentle[i].kind);
            struct plan *p = plan_new(a, "test", CHANGE, &e);
            cJSON *before = example(gentle[i].kind);
            members += strew(before);
            cJSON *wanted = json_merge_patch(a, before, json(gentle[i].patch));
            if (!plan_put(p, k->name, kind_name_of(k, before), scope_of(k), before, wanted))
                fail_msg("%s: %s in %s", k->name, e.text, json_print(a, before));
            if (!json_equal(p->ops[0].after, wanted))
                fail_msg("%s: sent %s\nwanted %s", k->name, json_print(a, p->ops[0].after),
                         json_print(a, wanted));
        }
    printf(
        "%d patches of generated objects with %d unknown members: sent as patched, all else kept\n",
        rounds, members);
}

/* -- schemas of plugins -------------------------------------------------------------------------
 */

static const char schema[] =
    "{\"schema\":{\"jsonSchema\":{\"type\":\"object\",\"required\":[\"rules\"],\"properties\":{"
    "\"rules\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\",\"required\":["
    "\"name\"],"
    "\"properties\":{\"name\":{\"type\":\"string\"},\"code\":{\"type\":\"integer\",\"minimum\":100,"
    "\"maximum\":599,\"default\":403},\"mode\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}}}}}}}}";

static const struct {
    const char *value, *words;
} settings[] = {
    { "{\"rules\":[{\"name\":\"x\",\"code\":404,\"mode\":\"a\"}]}", NULL },
    { "{}", "configurations.rules: is required" },
    { "{\"rules\":{}}", "configurations.rules: {} is no array" },
    { "{\"rules\":{\"a\":1}}", "configurations.rules: an object is no array" },
    { "{\"rules\":[]}", "at least 1" },
    { "{\"rules\":[{\"name\":5}]}", "rules[0].name: 5 is no string" },
    { "{\"rules\":[{\"name\":\"x\",\"code\":99}]}", "rules[0].code: 99 is less than 100" },
    { "{\"rules\":[{\"name\":\"x\",\"code\":1.5}]}", "rules[0].code: 1.5 is no integer" },
    { "{\"rules\":[{\"name\":\"x\",\"mode\":\"c\"}]}", "is not one of" },
    { "{\"rules\":[{}]}", "rules[0].name: is required" },
};

static void test_schema(void **state)
{
    (void)state;
    const cJSON *s = schema_of(json(schema));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct err e = { 0 };
        bool ok = schema_check(a, s, json(settings[i].value), "configurations", true, &e);
        if (ok != !settings[i].words || (!ok && !strstr(e.text, settings[i].words)))
            fail_msg("%s: %s", settings[i].value, e.text);
    }
    struct err e = { 0 };
    const char keys[] = "{\"properties\":{\"apiKey\":{\"type\":\"string\"}}}";
    assert_false(schema_check(a, json(keys), json("{\"apiKey\":74123}"), "c", true, &e));
    assert_string_equal(e.text, "c.apiKey: the value is no string");
    cJSON *odd = schema_unknown(a, s, json("{\"rules\":[{\"nam\":1}],\"x\":{\"y\":1}}"), "c");
    assert_string_equal(json_print(a, odd), "[\"c.rules[0].nam\",\"c.x\"]");
    cJSON *lines = json_array(a);
    schema_lines(a, s, lines);
    assert_string_equal(lines->child->next->next->valuestring,
                        "rules[].code: integer, minimum 100, maximum 599, default 403");
    assert_null(schema_of(json("{\"schema\":{\"type\":\"object\"}}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong),        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_examples),
        cmocka_unit_test(test_certificates), cmocka_unit_test(test_unknown_stays),
        cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
