/* test_plan.c - what tools describe, made safe: the console's traps, the digest, packing. */
#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/plan.h"

#define ROUTE                                                                                      \
    "\"name\":\"r\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/\"},"                        \
    "\"services\":[{\"name\":\"web.static\"}]"

/* A wrong object is refused with these words, before anything is written. */
static const struct {
    const char *kind, *scope, *before, *after, *words;
} refusals[] = {
    { "nothing", NULL, NULL, "{}", "unknown" },
    { "service", NULL, NULL, "{\"name\":\"x\"}", "only be read" },
    { "route", NULL, NULL, "{\"name\":\"x.internal\"}", "console itself" },
    { "route", NULL, NULL, "{\"name\":\"r\"}", "path" },
    { "route", NULL, NULL, "{" ROUTE ",\"timeout\":5}", "drops it" },
    { "route", NULL, NULL, "{\"name\":\"r\",\"path\":{\"matchType\":\"pre\"}}", "path.matchType" },
    { "route", NULL, NULL, "{" ROUTE ",\"headers\":[{\"matchType\":\"EXACT\"}]}", "headers[0]" },
    { "route", NULL, NULL, "{" ROUTE ",\"authConfig\":{\"allowedCredentialTypes\":[\"jwt\"]}}",
      "key-auth" },
    { "route", NULL, "{" ROUTE "}", "{" ROUTE "}", "nothing to change" },
    { "consumer", NULL, "{\"name\":\"c\"}", "{\"name\":\"other\"}", "cannot be renamed" },
    { "ai-route", NULL, NULL, "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\"}]}",
      "upstreams[0].weight" },
    { "ai-route", NULL, NULL, "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":90}]}",
      "sum to 90" },
    { "consumer", NULL, NULL, "{\"name\":\"c\",\"credentials\":[{\"type\":\"jwt\"}]}", "key-auth" },
    { "consumer", NULL, NULL, "{\"name\":\"c\"}", "credentials: is required" },
    { "domain", NULL, NULL, "{\"name\":\"A b\"}", "lower-case" },
    { "tls-certificate", NULL, "{\"name\":\"c\",\"cert\":null}",
      "{\"name\":\"c\",\"domains\":[\"x\"]}", "erase" },
    { "plugin-instance", "route:r", NULL,
      "{\"pluginName\":\"cors\",\"internal\":true,"
      "\"configurations\":5}",
      "configurations" },
    { "plugin-instance", NULL, NULL, "{\"pluginName\":\"cors\"}", "needs a scope" },
    { "ai-provider", NULL, NULL, "{\"name\":\"p\",\"tokens\":[\"secret:sha256:00000000\"]}",
      "fingerprint" },
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct err e = { 0 };
        struct plan *p = plan_new(a, "test", CHANGE, &e);
        cJSON *after = json(refusals[i].after);
        bool ok = refusals[i].before
                      ? plan_put(p, refusals[i].kind, json_str(json(refusals[i].before), "name"),
                                 refusals[i].scope, json(refusals[i].before), after)
                      : plan_create(p, refusals[i].kind, refusals[i].scope, after);
        if (ok || e.kind != ERR_ARGS || !strstr(e.text, refusals[i].words))
            fail_msg("row %zu: %s", i, e.text);
        assert_false(plan_close(p));
    }
}

static void test_carries_auth(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *before = json("{" ROUTE ",\"version\":\"7\",\"authConfig\":{\"enabled\":true}}");
    assert_true(plan_put(p, "route", "r", NULL, before, json("{" ROUTE ",\"domains\":[\"d\"]}")));
    assert_true(json_true(json_get(p->ops[0].after, "authConfig"), "enabled"));
    assert_string_equal(json_str(p->ops[0].after, "version"), "7");
    assert_int_equal(p->warning_count, 1);
    assert_int_equal(p->risk, CHANGE);
}

/* What a GET of an instance says about scope would be obeyed against the URL. */
static void test_strips_scope(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *before = json("{\"pluginName\":\"cors\",\"enabled\":true,\"scope\":\"ROUTE\",\"target\":"
                         "\"a\",\"targets\":{\"ROUTE\":\"a\"},\"rawConfigurations\":\"x: 1\\n\","
                         "\"configurations\":{\"x\":1}}");
    cJSON *after = json_clone(a, before);
    json_set_str(a, after, "rawConfigurations", "x: 2\ny: [429]\n");
    assert_true(plan_put(p, "plugin-instance", "cors", "route:b", before, after));
    const cJSON *sent = p->ops[0].after;
    assert_null(json_get(sent, "scope"));
    assert_null(json_get(sent, "target"));
    assert_null(json_get(sent, "targets"));
    assert_null(json_get(sent, "rawConfigurations"));
    assert_int_equal((int)json_num(json_get(sent, "configurations"), "x", 0), 2);
}

static void test_masked_comes_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *before =
        json("{\"name\":\"p\",\"type\":\"qwen\",\"tokens\":[\"sk-the-secret-itself\"]}");
    cJSON *after = mask_object(a, kind_find("ai-provider"), before);
    json_set_str(a, after, "protocol", "original");
    assert_true(plan_put(p, "ai-provider", "p", NULL, before, after));
    assert_string_equal(json_get(p->ops[0].after, "tokens")->child->valuestring,
                        "sk-the-secret-itself");
    assert_true(plan_close(p));
    assert_null(strstr(json_print(a, plan_show(a, p, true)), "sk-the-secret"));
}

/* YAML text of an MCP server: a masked value inside it comes back, the allow list nobody set is not
 * sent. */
static void test_masked_yaml(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *before =
        json("{\"name\":\"m\",\"type\":\"OPEN_API\",\"services\":[{\"name\":\"w.static\"}],"
             "\"consumerAuthInfo\":{\"type\":null,\"enable\":false,\"allowedConsumers\":null},"
             "\"rawConfigurations\":\"server:\\n  name: m\\n  config:\\n    apiKey: "
             "key-of-the-api\\n\"}");
    cJSON *after = mask_object(a, kind_find("mcp-server"), before);
    const char *shown = json_str(after, "rawConfigurations");
    assert_null(strstr(shown, "key-of-the-api"));
    json_set_str(a, after, "rawConfigurations", arena_printf(a, "%stools: []\n", shown));
    if (!plan_put(p, "mcp-server", "m", NULL, before, after))
        fail_msg("%s", e.text);
    const char *sent = json_str(p->ops[0].after, "rawConfigurations");
    assert_non_null(strstr(sent, "apiKey: key-of-the-api"));
    assert_non_null(strstr(sent, "tools: []"));
    assert_null(json_get(p->ops[0].after, "consumerAuthInfo"));
    assert_true(plan_close(p));
    assert_null(strstr(json_print(a, plan_show(a, p, true)), "key-of-the-api"));
}

static struct plan *example(const char *domain, const char *warning)
{
    static struct err e;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *after = json("{" ROUTE "}");
    json_add_str(a, json_set_array(a, after, "domains"), domain);
    assert_true(plan_put(p, "route", "r", NULL, json("{" ROUTE ",\"version\":\"1\"}"), after));
    if (warning)
        plan_warn(p, "%s", warning);
    assert_true(plan_close(p));
    return p;
}

static void test_digest(void **state)
{
    (void)state;
    const char *one = example("a.example", NULL)->digest;
    assert_int_equal(strlen(one), 64);
    assert_string_equal(one, example("a.example", NULL)->digest);
    assert_string_not_equal(one, example("b.example", NULL)->digest);
    assert_string_not_equal(one, example("a.example", "mind the gap")->digest);
}

static void test_packs(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = example("a.example", "w");
    cJSON *packed = json(json_print(a, plan_pack(a, p)));
    struct plan *q = plan_unpack(a, packed, &e);
    assert_non_null(q);
    assert_string_equal(p->digest, q->digest);
    assert_string_equal(json_print(a, plan_show(a, p, true)), json_print(a, plan_show(a, q, true)));
    cJSON *op = cJSON_GetArrayItem(json_get(packed, "operations"), 0);
    json_set_str(a, json_get(op, "after"), "name", "another");
    assert_null(plan_unpack(a, packed, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

static void test_twice_and_guarded(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *route = json("{" ROUTE "}");
    assert_true(plan_remove(p, "route", "r", NULL, route));
    assert_int_equal(p->risk, DESTROY);
    assert_int_equal(p->warning_count, 1);
    assert_false(plan_remove(p, "route", "r", NULL, route));
    assert_non_null(strstr(e.text, "twice"));
    struct err f = { 0 };
    struct plan *q = plan_new(a, "test", CHANGE, &f);
    cJSON *rule = json("{\"pluginName\":\"key-auth\",\"enabled\":true}");
    assert_false(plan_remove(q, "plugin-instance", "key-auth", "route:r", rule));
    assert_int_equal(f.kind, ERR_ARGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_carries_auth),
        cmocka_unit_test(test_strips_scope), cmocka_unit_test(test_masked_comes_back),
        cmocka_unit_test(test_masked_yaml),  cmocka_unit_test(test_digest),
        cmocka_unit_test(test_packs),        cmocka_unit_test(test_twice_and_guarded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
