/* test_mask.c - secrets hidden in every place they were seen in, and put back where they stood. */
#include "base/secret.h"
#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"
#include "mask/mask.h"

/* HIDDEN must vanish, SHOWN must stay. */
static const struct {
    const char *kind, *object;
} rows[] = {
    { "ai-provider", "{\"name\":\"SHOWN\",\"tokens\":[\"HIDDEN-1\",\"HIDDEN-2\",\"HI\\\"DDEN\"],"
                     "\"rawConfigs\":{\"apiTokens\":[\"HIDDEN-1\"],\"awsSecretKey\":\"HIDDEN\","
                     "\"awsAccessKey\":\"SHOWN\",\"cloudflareAccountId\":\"SHOWN\","
                     "\"vertexAuthKey\":\"{\\\"private_key\\\":\\\"HIDDEN\\\",\\\"client_email\\\":"
                     "\\\"SHOWN\\\"}\",\"somethingNew\":\"HIDDEN\",\"somethingOn\":true,"
                     "\"azureServiceUrl\":\"https://SHOWN/SHOWN?api-version=SHOWN&api-key=HIDDEN\","
                     "\"customSettings\":[{\"name\":\"api_key\",\"value\":\"HIDDEN\"},"
                     "{\"name\":\"top_p\",\"value\":\"SHOWN\"}],"
                     "\"openaiCustomUrl\":\"http://u:HIDDEN@SHOWN\",\"failover\":"
                     "{\"healthCheckModel\":\"SHOWN\"}},\"tokenFailoverConfig\":"
                     "{\"healthCheckModel\":\"SHOWN\"}}" },
    { "consumer", "{\"name\":\"SHOWN\",\"credentials\":[{\"type\":\"key-auth\",\"key\":\"SHOWN\","
                  "\"source\":\"HEADER\",\"values\":[\"HIDDEN\"],\"other\":\"HIDDEN\"}]}" },
    { "service-source",
      "{\"name\":\"SHOWN\",\"domain\":\"SHOWN\",\"authN\":{\"enabled\":true,\"properties\":"
      "{\"nacosUsername\":\"SHOWN\",\"nacosPassword\":\"HIDDEN\",\"x\":\"HIDDEN\"}},"
      "\"properties\":{\"nacosNamespaceId\":\"3f2504e0-4f89-11d3-9a0c-0305e82c3301 SHOWN\"}}" },
    { "tls-certificate", "{\"name\":\"SHOWN\",\"key\":\"HIDDEN\",\"cert\":\"HIDDEN\"}" },
    { "plugin-instance",
      "{\"pluginName\":\"ai-cache\",\"configurations\":{\"redis\":{\"password\":\"HIDDEN\","
      "\"serviceName\":\"SHOWN\"},\"embedding\":{\"textinSecretCode\":\"HIDDEN\",\"textinAppId\":"
      "\"SHOWN\"},\"unheard\":\"HIDDEN\",\"_rules_\":[{\"_match_route_\":[\"SHOWN\"],\"cache\":"
      "{\"password\":\"HIDDEN\",\"type\":\"SHOWN\"}}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"oauth\",\"rawConfigurations\":"
      "\"consumers:\\n- client_secret: HIDDEN # HIDDEN\\n  client_id: SHOWN\\n\"}" },
    { "plugin-instance", "{\"pluginName\":\"oauth\",\"rawConfigurations\":\"a: [HIDDEN\"}" },
    { "plugin-instance", "{\"pluginName\":\"my-own\",\"configurations\":{\"endpoint\":\"HIDDEN\","
                         "\"deep\":{\"list\":[\"HIDDEN\",\"10s\",\"true\",\"8080\"]},\"pin\":4711,"
                         "\"n\":12345678901234,\"ref\":\"${secret.a.b}\",\"to\":\"shop-SHOWN\","
                         "\"host\":\"www.SHOWN.com\"}}" },
    { "plugin-instance",
      "{\"pluginName\":\"key-rate-limit\",\"configurations\":{\"limit_by_header\":\"x-api-key\","
      "\"limit_keys\":[{\"key\":\"HIDDEN\",\"query_per_second\":10}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"cluster-key-rate-limit\",\"configurations\":{\"rule_items\":["
      "{\"limit_by_param\":\"apikey\",\"limit_keys\":[{\"key\":\"HIDDEN\"}]},"
      "{\"limit_by_consumer\":\"\",\"limit_keys\":[{\"key\":\"SHOWN\"}]}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"transformer\",\"configurations\":{\"reqRules\":[{\"operate\":\"SHOWN\","
      "\"headers\":[{\"key\":\"authorization\",\"value\":\"HIDDEN\"},{\"key\":\"x-team\","
      "\"newValue\":\"SHOWN\"}],\"querys\":[{\"key\":\"token\",\"appendValue\":\"HIDDEN\"}],"
      "\"body\":[{\"key\":\"user.password\",\"value\":\"HIDDEN\"}]}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"custom-response\",\"configurations\":{\"headers\":[\"Set-Cookie=HIDDEN\","
      "\"x-team=SHOWN\"],\"body\":\"{\\\"password\\\":\\\"HIDDEN\\\",\\\"a\\\":\\\"SHOWN\\\"}\"}"
      "}" },
    { "plugin-instance",
      "{\"pluginName\":\"jwt-auth\",\"configurations\":{\"consumers\":[{\"name\":\"SHOWN\","
      "\"jwks\":\"{\\\"keys\\\":[{\\\"kty\\\":\\\"oct\\\",\\\"kid\\\":\\\"SHOWN\\\",\\\"k\\\":"
      "\\\"HIDDEN\\\"}]}\"}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"request-validation\",\"configurations\":{\"header_schema\":{\"type\":"
      "\"object\",\"properties\":{\"x-api-key\":{\"type\":\"SHOWN\",\"const\":\"HIDDEN\"},"
      "\"x-team\":{\"enum\":[\"SHOWN\"]}}}}}" },
    { "plugin-instance",
      "{\"pluginName\":\"ai-agent\",\"configurations\":{\"apis\":[{\"apiProvider\":{\"apiKey\":"
      "{\"in\":\"SHOWN\",\"name\":\"SHOWN\",\"value\":\"HIDDEN\"}},\"api\":\"openapi: SHOWN\\n"
      "servers:\\n- url: https://u:HIDDEN@SHOWN/v1\\npaths:\\n  /a:\\n    get:\\n      "
      "parameters:\\n"
      "      - {name: api_key, in: query, schema: {type: string, default: HIDDEN}}\\n\"}]}}" },
    { "mcp-server",
      "{\"name\":\"SHOWN\",\"rawConfigurations\":\"server:\\n  name: SHOWN\\n  config:\\n    "
      "appCode: "
      "HIDDEN\\n    baseUrl: https://SHOWN/\\n  securitySchemes:\\n  - {id: SHOWN, "
      "defaultCredential: "
      "HIDDEN}\\ntools:\\n- name: SHOWN\\n  security: {id: SHOWN, credential: HIDDEN}\\n  args:\\n "
      " - "
      "{name: token, default: HIDDEN}\\n  requestTemplate:\\n    url: "
      "https://SHOWN/x?key=HIDDEN\\n    "
      "headers:\\n    - {key: Authorization, value: Bearer HIDDEN}\\n    - {key: X-Key, value: "
      "'{{.config.SHOWN}}'}\\n\"}" },
    { "mcp-server",
      "{\"name\":\"SHOWN\",\"dbConfig\":{\"password\":\"HIDDEN\",\"username\":\"SHOWN\","
      "\"dbname\":\"file:SHOWN?_auth_pass=HIDDEN\",\"otherParams\":{\"sslmode\":\"SHOWN\","
      "\"sslpassword\":\"HIDDEN\",\"any\":\"HIDDEN\"}},\"dsn\":\"root:HID@DEN/x@tcp(SHOWN)"
      "/SHOWN\",\"directRouteConfig\":{\"path\":\"/mcp/HIDDEN012345\"}}" },
    { "higress-config",
      "{\"name\":\"SHOWN\",\"data\":{\"higress\":{\"mcpServer\":{\"redis\":{\"address\":\"SHOWN\","
      "\"password\":\"HIDDEN\",\"secret\":\"HIDDEN\"},\"servers\":[{\"name\":\"SHOWN\",\"type\":"
      "\"database\",\"config\":{\"dsn\":\"postgres://u:HIDDEN@SHOWN/x\",\"dbType\":\"SHOWN\"}},"
      "{\"type\":\"rag\",\"config\":{\"llm\":{\"api_key\":\"HIDDEN\",\"model\":\"SHOWN\"}}},"
      "{\"type\":\"unheard\",\"config\":{\"x\":\"HIDDEN\"}}]},\"tracing\":{\"skywalking\":"
      "{\"access_token\":\"HIDDEN\",\"service\":\"SHOWN\"}}},\"mesh\":{\"accessLogFile\":\"SHOWN\"}"
      ","
      "\"foreign\":\"HIDDEN\"}}" },
    { "route",
      "{\"name\":\"SHOWN\",\"headers\":[{\"key\":\"x-api-key\",\"matchValue\":\"HIDDEN\"},"
      "{\"key\":\"x-team\",\"matchValue\":\"SHOWN\"}],\"urlParams\":[{\"key\":\"sig\","
      "\"matchValue\":\"HIDDEN\"}],\"headerControl\":{\"request\":{\"add\":[{\"key\":"
      "\"Authorization\",\"value\":\"HIDDEN\"},{\"key\":\"x-team\",\"value\":\"SHOWN\"}]}},"
      "\"path\":{\"matchValue\":\"/ghp_HIDDENHIDDENHIDDENHIDDENHIDDENHIDDEN12\"},"
      "\"customConfigs\":{\"higress.io/auth-secret\":\"SHOWN\","
      "\"higress.io/exact-match-header-authorization\":\"HIDDEN\","
      "\"higress.io/request-header-control-add\":\"x-team SHOWN\\nx-api-key HIDDEN\","
      "\"higress.io/permanent-redirect\":\"https://SHOWN/?token=HIDDEN\","
      "\"example.com/anything\":\"HIDDEN\"}}" },
    { "dashboard", "{\"name\":\"SHOWN\",\"url\":\"https://u:HIDDEN@SHOWN/public-dashboards/"
                   "HIDDEN0123456789abcdef?auth_token=HIDDEN&orgId=1\"}" },
    { "wasm-plugin", "{\"name\":\"SHOWN\",\"imageRepository\":\"https://u:HIDDEN@SHOWN/x.wasm?"
                     "Signature=HIDDEN\",\"imagePullSecret\":\"SHOWN\"}" },
    { NULL, "{\"dsn\":\"HIDDEN\",\"url\":\"redis://u:HIDDEN@h:1\",\"h\":\"Bearer HIDDEN-token\","
            "\"password\":\"HIDDEN\",\"token_type\":\"SHOWN\",\"tls\":\"-----BEGIN PRIVATE "
            "KEY-----HIDDEN\",\"secretName\":\"SHOWN\",\"list\":[{\"key\":\"Cookie\",\"value\":"
            "\"HIDDEN\"}]}" },
};

static int count(const char *text, const char *word)
{
    int n = 0;
    for (const char *s = text; (s = strstr(s, word)); s++)
        n++;
    return n;
}

static void test_hides(void **state)
{
    (void)state;
    mask_words(kind_find("route"),
               json("{\"name\":\"shop-SHOWN\",\"domains\":[\"www.SHOWN.com\"]}"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kind *k = rows[i].kind ? kind_find(rows[i].kind) : NULL;
        cJSON *o = json(rows[i].object), *shown = mask_object(a, k, o);
        char *text = json_print(a, shown);
        if (strstr(text, "HID") || strstr(text, "DDEN"))
            fail_msg("row %zu shows a secret: %s", i, text);
        if (count(text, "SHOWN") != count(rows[i].object, "SHOWN"))
            fail_msg("row %zu hides too much: %s", i, text);
        assert_true(json_equal(o, json(rows[i].object))); /* a copy was masked */
        if (!mask_is_clean(k, shown))
            fail_msg("row %zu changes when it is masked again: %s", i, text);
        assert_false(mask_is_clean(k, o));
    }
}

/* What was read, sent back as it is, is what it was. */
static void test_restores(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct kind *k = rows[i].kind ? kind_find(rows[i].kind) : NULL;
        struct err e = { 0 };
        cJSON *before = json(rows[i].object), *after = mask_object(a, k, before);
        if (!mask_restore(a, k, before, after, &e))
            fail_msg("row %zu: %s", i, e.text);
        char *text = json_print(a, after);
        if (strstr(text, "secret:sha256:"))
            fail_msg("row %zu keeps a fingerprint: %s", i, text);
        assert_true(strstr(text, "HID"));
    }
}

static void test_restores_a_change(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct kind *k = kind_find("ai-provider");
    cJSON *before = json("{\"name\":\"p\",\"tokens\":[\"secret-one\",\"secret-two\"]}");
    cJSON *after = mask_object(a, k, before);
    json_detach(json_get(after, "tokens"), json_get(after, "tokens")->child);
    json_add_str(a, json_get(after, "tokens"), "secret-three");
    assert_true(mask_restore(a, k, before, after, &e));
    assert_true(
        json_equal(after, json("{\"name\":\"p\",\"tokens\":[\"secret-two\",\"secret-three\"]}")));
}

/* `before` is read; M in `after` is the fingerprint of SECRET. */
static const struct {
    const char *kind, *before, *after;
} refused[] = {
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"SECRET\"]}",
      "{\"name\":\"p\",\"tokens\":[\"M\"],\"protocol\":\"M\"}" },
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"SECRET\"]}",
      "{\"name\":\"p\",\"rawConfigs\":{\"apiTokens\":[\"M\"]}}" },
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"SECRET\"]}",
      "{\"name\":\"p\",\"tokens\":[\"key M\"]}" },
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"SECRET\"]}",
      "{\"name\":\"p\",\"rawConfigs\":{\"M\":1}}" },
    { "ai-provider", "{\"name\":\"p\",\"tokens\":[\"SECRET\"]}",
      "{\"name\":\"p\",\"rawConfigs\":{\"vertexAuthKey\":\"{\\\"client_email\\\":\\\"M\\\"}\"}}" },
    { "route",
      "{\"name\":\"r\",\"headerControl\":{\"request\":{\"add\":[{\"key\":\"Authorization\","
      "\"value\":"
      "\"SECRET\"}]}}}",
      "{\"name\":\"r\",\"headerControl\":{\"request\":{\"add\":[{\"key\":\"x-team\",\"value\":"
      "\"M\"}]}}}" },
    { "route",
      "{\"name\":\"r\",\"headerControl\":{\"request\":{\"add\":[{\"key\":\"Authorization\","
      "\"value\":"
      "\"SECRET\"}]}}}",
      "{\"name\":\"r\",\"headerControl\":{\"response\":{\"add\":[{\"key\":\"Authorization\","
      "\"value\":"
      "\"M\"}]}}}" },
    { "plugin-instance",
      "{\"pluginName\":\"oauth\",\"configurations\":{\"consumers\":[{\"name\":\"x\",\"client_"
      "secret\":"
      "\"SECRET\"}]}}",
      "{\"pluginName\":\"oauth\",\"configurations\":{\"consumers\":[{\"name\":\"y\",\"client_"
      "secret\":"
      "\"M\"}]}}" },
    { "plugin-instance",
      "{\"pluginName\":\"key-rate-limit\",\"configurations\":{\"limit_by_header\":\"x-api-key\","
      "\"limit_keys\":[{\"key\":\"SECRET\"}]}}",
      "{\"pluginName\":\"key-rate-limit\",\"configurations\":{\"limit_by_header\":\"x-team\","
      "\"limit_keys\":[{\"key\":\"M\"}]}}" },
    { "mcp-server",
      "{\"name\":\"m\",\"rawConfigurations\":\"server:\\n  name: m\\n  config: {key: SECRET}\\n\"}",
      "{\"name\":\"m\",\"rawConfigurations\":\"server:\\n  name: M\\n\"}" },
    { "mcp-server",
      "{\"name\":\"m\",\"rawConfigurations\":\"server:\\n  name: m\\n  config: {key: SECRET}\\n\"}",
      "{\"name\":\"m\",\"rawConfigurations\":\"server:\\n  name: m\\n  config: {url: M}\\n\"}" },
    { "higress-config",
      "{\"name\":\"c\",\"data\":{\"higress\":{\"mcpServer\":{\"servers\":[{\"name\":\"s\",\"type\":"
      "\"nacos-mcp-registry\",\"config\":{\"secretKey\":\"SECRET\"}}]}}}}",
      "{\"name\":\"c\",\"data\":{\"higress\":{\"mcpServer\":{\"servers\":[{\"name\":\"s\",\"type\":"
      "\"nacos-mcp-registry\",\"config\":{\"accessKey\":\"M\"}}]}}}}" },
};

static char *with_mask(const char *text)
{
    char *mask = secret_mask(a, "SECRET");
    cJSON *o = json(text);
    char *out = json_print(a, o), *at = strstr(out, "M\"");
    while (at && at[-1] >= 'A' && at[-1] <= 'Z')
        at = strstr(at + 1, "M\"");
    if (!at && (at = strstr(out, "M\\")))
        return arena_printf(a, "%.*s%s%s", (int)(at - out), out, mask, at + 1);
    if (!at && (at = strstr(out, "M}")))
        return arena_printf(a, "%.*s%s%s", (int)(at - out), out, mask, at + 1);
    return arena_printf(a, "%.*s%s%s", (int)(at - out), out, mask, at + 1);
}

static void test_refuses_elsewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e = { 0 };
        const struct kind *k = kind_find(refused[i].kind);
        cJSON *after = json(with_mask(refused[i].after));
        if (i == 0) /* the first one stays where it was */
            json_set_str(a, after, "protocol", secret_mask(a, "SECRET"));
        if (mask_restore(a, k, json(refused[i].before), after, &e))
            fail_msg("row %zu is put back: %s", i, json_print(a, after));
        assert_int_equal(e.kind, ERR_ARGS);
        assert_null(strstr(e.text, "SECRET"));
        assert_non_null(strstr(e.text, "fingerprint"));
    }
    struct err e = { 0 };
    cJSON *made =
        json(arena_printf(a, "{\"name\":\"p\",\"tokens\":[\"%s\"]}", secret_mask(a, "x")));
    assert_false(mask_restore(a, kind_find("ai-provider"), NULL, made, &e));
    assert_non_null(strstr(e.text, "tokens"));
}

static bool hides(const char *kind, const char *object, const char *path, const char **where)
{
    const cJSON *o = json(object);
    return mask_hides(a, kind_find(kind), o, json_path(o, path), where);
}

/* A file's or variable's value may stand only where it is hidden. */
static void test_references(void **state)
{
    (void)state;
    const char *where;
    const cJSON *o = json("{\"name\":\"VALUE\",\"tokens\":[\"VALUE\"],\"proxyName\":\"VALUE\"}");
    const struct kind *k = kind_find("ai-provider");
    assert_true(mask_hides(a, k, o, json_get(o, "tokens")->child, &where));
    assert_false(mask_hides(a, k, o, json_get(o, "proxyName"), &where));
    assert_string_equal(where, "proxyName");
    assert_false(hides("ai-provider", "{\"rawConfigs\":{\"openaiCustomUrl\":\"VALUE\"}}",
                       "rawConfigs.openaiCustomUrl", &where));
    assert_false(hides("plugin-instance",
                       "{\"pluginName\":\"ai-cache\",\"configurations\":{\"a\":1},"
                       "\"rawConfigurations\":{\"cache\":{\"type\":\"VALUE\"}}}",
                       "rawConfigurations.cache.type", &where));
}

/* Of lines that are shown beside a hidden one nothing is hidden whole; of an address the host may
 * be read. */
static void test_hidden_whole(void **state)
{
    (void)state;
    const char *where;
    static const struct {
        const char *value;
        bool partly, whole;
    } cases[] = {
        { "user=carol\\npassword=hunter2abcdef", true, false },
        { "{'a': 'inner', 'password': 'hunter2abcdef'}", true, false },
        { "https://carol:hunter2abcdef@db.example.com/x", true, true },
        { "https://carol:hunter2abcdef@db.example.com/x and more", true, false },
        { "ghp_0123456789abcdefghijklmnopqrstuvwxyz", true, true },
        { "inner-name", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cJSON *o = json(arena_printf(a, "{\"description\":\"%s\"}", cases[i].value));
        const cJSON *leaf = json_get(o, "description");
        const struct kind *k = kind_find("mcp-server");
        assert_int_equal(mask_hides(a, k, o, leaf, &where), cases[i].partly);
        assert_int_equal(mask_hides_whole(a, k, o, leaf, &where), cases[i].whole);
    }
}

/* Where a certificate belongs, certificates are shown and nothing else is. */
static void test_certificates(void **state)
{
    (void)state;
    const char *where;
    static const char cert[] = "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n";
    assert_true(
        hides("tls-certificate", arena_printf(a, "{\"cert\":\"%s\"}", cert), "cert", &where));
    static const char *const others[][2] = { { "hush-hush-hush", "" },
                                             { "", "hush" },
                                             { "hush", "hush" } };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *text = arena_printf(a, "%s%s%s", others[i][0], i ? cert : "", others[i][1]);
        const char *object = arena_printf(a, "{\"cert\":\"%s\"}", text);
        const struct kind *k = kind_find("tls-certificate");
        assert_true(hides(k->name, object, "cert", &where));
        assert_null(strstr(json_print(a, mask_object(a, k, json(object))), "hush"));
    }
}

/* An error of others may quote what they were sent. */
static void test_errors(void **state)
{
    (void)state;
    struct secret_set *set = secret_set_new(a);
    cJSON *o = json("{\"name\":\"p\",\"tokens\":[\"tok en/1234\",\"abc12\"],\"rawConfigs\":"
                    "{\"openaiCustomUrl\":\"https://u:pass-word-1@h/\"}}");
    mask_collect(a, kind_find("ai-provider"), o, set);
    assert_null(strstr(mask_quoting(a, set, "bad: tok en/1234"), "1234"));
    assert_null(strstr(mask_quoting(a, set, "bad: tok%20en%2F1234"), "1234"));
    assert_null(strstr(mask_quoting(a, set, "bad: dG9rIGVuLzEyMzQ="), "dG9r"));
    assert_null(strstr(mask_quoting(a, set, "user u with pass-word-1 at h"), "pass-word-1"));
    assert_non_null(strstr(mask_quoting(a, set, "user u at h"), "user u at h"));
    assert_non_null(strstr(mask_quoting(a, set, "bad key 'abc12'"), "shorter than 8"));
    assert_non_null(strstr(mask_quoting(a, set, "bad key abc123"), "abc123"));
    assert_non_null(strstr(secret_scrub(a, "bad: tok en/1234"), "tok en/1234")); /* nobody else's */
}

static void test_names(void **state)
{
    (void)state;
    static const char *const yes[] = { "apiKey",    "x-api-key",     "client_secret",
                                       "apiTokens", "Authorization", "redis_password",
                                       "privateKey" };
    static const char *const no[] = {
        "name",           "secretName",      "tokenType",       "allowedCredentialTypes",
        "token_endpoint", "imagePullSecret", "limit_by_header", "max_tokens_total_tokens"
    };
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
        cmocka_unit_test(test_restores),
        cmocka_unit_test(test_restores_a_change),
        cmocka_unit_test(test_refuses_elsewhere),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_hidden_whole),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
