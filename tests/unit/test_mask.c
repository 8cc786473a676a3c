/* test_mask.c - secrets hidden in every place they were seen in, and put back. */
#include "check.h"
#include "check_arena.h"
#include "gateway/kind.h"
#include "gateway/mask.h"

/* HIDDEN must vanish, SHOWN must stay. */
static const struct {
    const char *kind, *object;
} rows[] = {
    { "ai-provider", "{\"name\":\"SHOWN\",\"tokens\":[\"HIDDEN-1\",\"HIDDEN-2\"],"
                     "\"rawConfigs\":{\"apiTokens\":[\"HIDDEN-1\"],\"awsSecretKey\":\"HIDDEN\","
                     "\"vertexAuthKey\":\"{\\\"private_key\\\":\\\"HIDDEN\\\"}\","
                     "\"openaiCustomUrl\":\"http://SHOWN\",\"failover\":{\"healthCheckModel\":"
                     "\"SHOWN\"}},\"tokenFailoverConfig\":{\"healthCheckModel\":\"SHOWN\"}}" },
    { "consumer", "{\"name\":\"SHOWN\",\"credentials\":[{\"type\":\"key-auth\",\"key\":\"SHOWN\","
                  "\"source\":\"HEADER\",\"values\":[\"HIDDEN\"]}]}" },
    { "service-source", "{\"name\":\"SHOWN\",\"authN\":{\"enabled\":true,\"properties\":"
                        "{\"nacosUsername\":\"HIDDEN\",\"nacosPassword\":\"HIDDEN\"}}}" },
    { "tls-certificate", "{\"name\":\"SHOWN\",\"key\":\"HIDDEN\",\"cert\":\"SHOWN\"}" },
    { "plugin-instance",
      "{\"pluginName\":\"SHOWN\",\"configurations\":{\"redis\":{\"password\":\"HIDDEN\","
      "\"service_name\":\"SHOWN\"},\"consumers\":[{\"credential\":\"HIDDEN\",\"name\":\"SHOWN\"}],"
      "\"max_tokens\":4711}}" },
    { "plugin-instance", "{\"pluginName\":\"SHOWN\",\"rawConfigurations\":"
                         "\"client_secret: HIDDEN\\nclient_id: SHOWN\\n\"}" },
    { "route",
      "{\"name\":\"SHOWN\",\"headerControl\":{\"request\":{\"add\":[{\"key\":"
      "\"Authorization\",\"value\":\"HIDDEN\"},{\"key\":\"x-team\",\"value\":\"SHOWN\"}]}},"
      "\"customConfigs\":{\"higress.io/auth-secret-name\":\"SHOWN\"}}" },
    { NULL, "{\"dsn\":\"HIDDEN\",\"url\":\"redis://u:HIDDEN@h:1\",\"h\":\"Bearer HIDDEN-token\","
            "\"password\":\"HIDDEN\",\"token_type\":\"SHOWN\",\"tls\":\"-----BEGIN PRIVATE "
            "KEY-----HIDDEN\",\"secretName\":\"SHOWN\"}" },
};

static void test_hides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kind *k = rows[i].kind ? kind_find(rows[i].kind) : NULL;
        cJSON *o = json(rows[i].object);
        char *text = json_print(a, mask_object(a, k, o));
        if (strstr(text, "HIDDEN"))
            fail_msg("row %zu shows a secret: %s", i, text);
        int shown = 0, wanted = 0;
        for (const char *s = text; (s = strstr(s, "SHOWN")); s++)
            shown++;
        for (const char *s = rows[i].object; (s = strstr(s, "SHOWN")); s++)
            wanted++;
        if (shown != wanted)
            fail_msg("row %zu hides too much: %s", i, text);
        assert_true(json_equal(o, json(rows[i].object))); /* a copy was masked */
    }
}

static void test_stable(void **state)
{
    (void)state;
    const struct kind *k = kind_find("ai-provider");
    cJSON *once = mask_object(a, k, json("{\"name\":\"p\",\"tokens\":[\"secret-value\"]}"));
    assert_string_equal(json_print(a, once), json_print(a, mask_object(a, k, once)));
}

static void test_restores(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct kind *k = kind_find("ai-provider");
    cJSON *before = json("{\"name\":\"p\",\"tokens\":[\"secret-one\",\"secret-two\"],"
                         "\"rawConfigs\":{\"password\":123456}}");
    cJSON *after = mask_object(a, k, before);
    json_detach(json_get(after, "tokens"), json_get(after, "tokens")->child);
    json_add_str(a, json_get(after, "tokens"), "secret-three");
    assert_true(mask_restore(a, k, before, after, &e));
    assert_true(json_equal(after, json("{\"name\":\"p\",\"tokens\":[\"secret-two\","
                                       "\"secret-three\"],\"rawConfigs\":{\"password\":123456}}")));
    cJSON *made_up = json("{\"name\":\"p\",\"tokens\":[\"secret:sha256:00000000\"]}");
    assert_false(mask_restore(a, k, before, made_up, &e));
    assert_int_equal(e.kind, ERR_ARGS);
    struct err f = { 0 };
    cJSON *inside = json("{\"name\":\"p\",\"h\":\"Bearer secret:sha256:00000000\"}");
    assert_false(mask_restore(a, k, NULL, inside, &f));
}

static void test_names(void **state)
{
    (void)state;
    static const char *const yes[] = { "apiKey",    "x-api-key",     "client_secret",
                                       "apiTokens", "Authorization", "redis_password",
                                       "privateKey" };
    static const char *const no[] = { "name",           "secretName",
                                      "tokenType",      "allowedCredentialTypes",
                                      "token_endpoint", "imagePullSecret",
                                      "limit_by_header" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!mask_name_is_secret(yes[i]))
            fail_msg("%s is not taken for a secret", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (mask_name_is_secret(no[i]))
            fail_msg("%s is taken for a secret", no[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hides),
        cmocka_unit_test(test_stable),
        cmocka_unit_test(test_restores),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
