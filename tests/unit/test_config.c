/* test_config.c - three sources, one check; every mistake is named with its place. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "check.h"
#include "config/config.h"
#include "config/setting.h"
#include <unistd.h>

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    for (const struct setting *o = settings; o->path; o++)
        if (o->env)
            unsetenv(o->env);
    unsetenv("HIGRESS_OPS_PASSWORD");
    unsetenv("HIGRESS_OPS_CONFIG");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static struct config *parse(const char *yaml, struct err *e)
{
    return config_parse(a, "ops.yaml", yaml, strlen(yaml), e);
}

static void test_defaults(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct config *c = parse("", &e);
    assert_non_null(c);
    assert_int_equal(c->mode, MODE_APPROVE);
    assert_string_equal(c->listen, "127.0.0.1:8470");
    assert_string_equal(c->secret_envs[0], "HIGRESS_OPS_SECRET_");
    assert_null(c->secret_envs[1]);
    assert_null(c->gateway_url);
    assert_null(c->tokens[0].name);
    assert_null(c->secret_dirs[0]);
}

static void test_several(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct config *c =
        parse("gateway:\n  timeout: 7\ngateways:\n"
              "  - name: one\n    url: http://a\n    username: u\n    mode: read-only\n"
              "  - name: two\n    url: http://b/\n    timeout: 9\n    mode: auto\n"
              "    platform: kubernetes\n"
              "    envoy:\n      access_log: /log\nmode: approve\n",
              &e);
    if (!c)
        fail_msg("%s", e.text);
    const struct config *one = config_gateway(c, NULL, &e), *two = config_gateway(c, "two", &e);
    assert_true(config_several(c));
    assert_string_equal(c->name, "one");
    assert_string_equal(c->gateway_url, "http://a");
    assert_int_equal(c->mode, MODE_APPROVE); /* the loosest of them */
    assert_string_equal(one->username, "u");
    assert_int_equal(one->mode, MODE_READ_ONLY);
    assert_true(one->timeout == 7 && two->timeout == 9);
    assert_true(one->platform == PLATFORM_UNKNOWN && two->platform == PLATFORM_KUBERNETES);
    assert_string_equal(two->gateway_url, "http://b");
    assert_string_equal(two->username, "admin");
    assert_int_equal(two->mode, MODE_APPROVE); /* the process is stricter */
    assert_string_equal(two->access_log, "/log");
    assert_null(one->access_log);
    assert_null(config_gateway(c, "three", &e));
    assert_non_null(strstr(e.text, "one, two"));
    struct err other = { 0 };
    c = parse("gateways:\n  - {name: one, url: http://a}\n  - {name: two, url: http://b}\n"
              "default_gateway: two\n",
              &other);
    assert_string_equal(c->gateway_url, "http://b");
    assert_string_equal(config_gateway(c, NULL, &other)->name, "two");
    struct config *stricter = parse("gateways:\n  - {name: two, url: http://b, mode: read-only}\n"
                                    "  - {name: new, url: http://c}\n",
                                    &other);
    config_reload(c, stricter);
    assert_int_equal(config_gateway(c, "two", &other)->mode, MODE_READ_ONLY);
    assert_int_equal(config_gateway(c, "one", &other)->mode, MODE_APPROVE);
    assert_null(config_gateway(c, "new", &other)); /* which there are is fixed at start */
    err_clear(&other);
    c = parse("gateway:\n  url: http://a\n", &other);
    assert_false(config_several(c));
    assert_ptr_equal(config_gateway(c, NULL, &other), c);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OIDC(members) "http:\n  page: https://ops\n  oidc: {client_id: x, " members "}\n"
#define OAUTH                                                                                      \
    "http:\n  oauth:\n    issuer: https://as.example\n    resource: https://gw.example/mcp\n"
#define ASKING(endpoint, secret)                                                                   \
    "    introspection:\n      endpoint: " endpoint                                                \
    "\n      client_id: ops\n      client_secret: " secret "\n"

static const struct {
    const char *yaml, *words;
} mistakes[] = {
    { "mode: fast\n", "ops.yaml, line 1: mode" },
    { "gateway:\n  url: http://h\n  timeout: soon\n", "ops.yaml, line 3: gateway.timeout" },
    { "# c\n\ngateway:\n  # d\n  url: ftp://h\n", "ops.yaml, line 5: gateway.url" },
    { "gateway:\n  url: http://admin:pw@h\n", "line 2: gateway.url" },
    { "mode: auto\n\"gateway\": {\n  'url': ftp://h }\n", "ops.yaml, line 3: gateway.url" },
    { "x: &it\n  timeout: 900\ngateway: *it\n", "line 1: unknown field 'x'" },
    { "gateways:\n- name: a\n  url: http://h\n  envoy: {\n    admin_url: h }\n",
      "line 5: gateways[0].envoy.admin_url" },
    { "gateway:\n  pasword: x\n", "line 2: gateway: unknown field 'pasword'" },
    { "gateway:\n  password: in-clear\n", "line 2: gateway.password" },
    { "envoy:\n  url: x\nlimits:\n  calls: 0\n", "ops.yaml, line" },
    { "gateway:\n  password:\n    env: NO_SUCH_VARIABLE\n", "NO_SUCH_VARIABLE" },
    { "http:\n  tokens:\n    - name: x\n      sha256: abc\n", "http.tokens" },
    { "http:\n  approvers:\n    - name: x\n      sha256: abc\n", "http.approvers" },
    { "http:\n  tokens: [{name: bot, sha256: " HASH "}]\n  approvers: [{name: ann, sha256: " HASH
      "}]\n",
      "'ann' is that of the client 'bot'" },
    { "http:\n  page: //gw.example\n", "http.page" },
    { "- a\n", "mapping" },
    { "gateways: []\n", "line 1: gateways" },
    { "gateways:\n- url: http://h\n", "line 2: gateways[0].name" },
    { "gateways:\n  - name: a\n    url: http://h\n  - name: b\n    url: ftp://h\n",
      "line 5: gateways[1].url" },
    { "gateways:\n  - name: a\n    url: http://h\n  -\n    # c\n    name: a\n    url: http://i\n",
      "line 6: gateways[1].name: 'a' is the name of two" },
    { "gateways:\n  - name: a\n    url: http://h\n  - url: http://h/\n    name: b\n",
      "line 4: gateways[1].url: the same console as gateways[0]" },
    { "gateways:\n  - name: a b\n    url: http://h\n", "line 2: gateways[0].name" },
    { "gateways:\n  - name: a\n    url: http://h\n    mode: fast\n", "line 4: gateways[0].mode" },
    { "gateways:\n  - name: a\n    url: http://h\n    password: {env: NO_SUCH_VARIABLE}\n",
      "line 4: gateways[0].password" },
    { "gateways:\n  - name: a\n    url: http://h\n    envoy:\n      admin_url: x\n",
      "line 5: gateways[0].envoy.admin_url" },
    { "envoy:\n  admin_urls: [http://a, http://b/, 'http://b']\n",
      "line 2: envoy.admin_urls: 'http://b' is there twice" },
    { "envoy:\n  admin_urls: [http://a, b]\n", "line 2: envoy.admin_urls" },
    { "envoy:\n  admin_url: http://a\n  admin_urls: [http://b]\n", "line 3: envoy.admin_urls" },
    { "gateway:\n  url: http://g\ngateways:\n  - name: a\n    url: http://h\n",
      "line 2: gateway.url: belongs to each" },
    { "gateway:\n  password: {env: HOME}\ngateways:\n  - name: a\n    url: http://h\n",
      "line 2: gateway.password: belongs to each" },
    { "gateways:\n  - name: a\n    url: http://h\ndefault_gateway: c\n",
      "line 4: default_gateway: there is no gateway 'c'; there are a" },
    { "default_gateway: c\n", "line 1: default_gateway" },
    { "http:\n  page: https://ops\n  oidc: {issuer: https://id}\npeople: []\n", "client_id" },
    { "http:\n  oidc: {issuer: https://id, client_id: x}\npeople: []\n",
      "line 2: http.oidc: needs http.page" },
    { "http:\n  page: http://ops.example\n  oidc: {issuer: https://id, client_id: x}\npeople: []\n",
      "line 3: http.oidc: needs http.page" },
    { OIDC("issuer: https://id") "", "http.oidc: needs people" },
    { OIDC("issuer: http://id.example") "people: []\n", "http.oidc.issuer: must be https://" },
    { OIDC("issuer: 'https://id?x=1'") "people: []\n", "http.oidc.issuer: must be https://" },
    { OIDC("issuer: 'http://localhost:1@id'") "people: []\n", "http.oidc.issuer: must be" },
    { OIDC("issuer: https://id, scopes: ['a b']") "people: []\n", "http.oidc.scopes" },
    { OIDC("issuer: https://id, algs: [HS256]") "people: []\n", "RS256|ES256|EdDSA" },
    { OIDC("issuer: https://id, algs: []") "people: []\n", "http.oidc.algs" },
    { OIDC("issuer: https://id, person: name") "people: []\n", "sub|email" },
    { OIDC("issuer: https://id, client_auth: none") "people: []\n", "basic|post" },
    { OIDC("issuer: https://id, client_secret: {env: NOT_SET_HERE}") "people: []\n",
      "http.oidc.client_secret: this variable is not set" },
    { OAUTH, "line 2: http.oauth: give jwks, or introspection, or both" },
    { OAUTH "    jwks: http://as.example/keys\n", "line 5: http.oauth.jwks: must be https" },
    { OAUTH "    jwks: http://localhost:1@as.example/keys\n", "line 5: http.oauth.jwks" },
    { OAUTH "    introspection: {endpoint: https://a/i, client_id: x}\n", "client_secret" },
    { OAUTH "    introspection: {endpoint: https://a/i, client_secret: {env: HOME}}\n",
      "client_id" },
    { OAUTH ASKING("https://a/i", "in-clear"), "client_secret" },
    { OAUTH ASKING("https://a/i", "{env: NO_SUCH_VARIABLE}"), "NO_SUCH_VARIABLE" },
    { OAUTH ASKING("https://a/i", "{file: /no/such/file}"), "client_secret" },
    { OAUTH ASKING("http://as.example/i", "{env: HOME}"),
      "line 6: http.oauth.introspection.endpoint: must be https://" },
    { OAUTH ASKING("https://me:in-clear@a/i", "{env: HOME}"), "introspection.endpoint" },
    { OAUTH ASKING("http://127.0.0.1:80@a/i", "{env: HOME}"), "introspection.endpoint" },
    { OAUTH ASKING("https://a/i", "{env: HOME}") "      cache: 301\n", "line 9" },
    { OAUTH ASKING("https://a/i", "{env: HOME}") "      secret: x\n", "line 9" },
    { "mode: [\n", "ops.yaml" },
    { "mode: auto\nmode: approve\n", "ops.yaml" },
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err e = { 0 };
        if (parse(mistakes[i].yaml, &e))
            fail_msg("accepted: %s", mistakes[i].yaml);
        assert_int_equal(e.kind, ERR_ARGS);
        if (!strstr(e.text, mistakes[i].words))
            fail_msg("'%s' is not in: %s", mistakes[i].words, e.text);
        assert_null(strstr(e.text, "in-clear"));
    }
}

static void test_introspection(void **state)
{
    (void)state;
    struct err e = { 0 };
    setenv("CLIENT_SECRET", "s:e c+r%et", 1);
    const char *in_env = OAUTH ASKING("http://[::1]:8/i?x=1", "{env: CLIENT_SECRET}");
    struct config *c = parse(in_env, &e);
    if (!c)
        fail_msg("%s", e.text);
    assert_null(c->oauth_jwks);
    assert_string_equal(c->oauth_introspection, "http://[::1]:8/i?x=1");
    assert_string_equal(c->oauth_client, "ops");
    assert_string_equal(c->oauth_secret, "s:e c+r%et");
    assert_true(c->oauth_cache == 30);
    assert_null(strstr(secret_scrub(a, "sent s:e c+r%et there"), "c+r"));
    c = parse(OAUTH "    jwks: /keys.json\n", &e);
    assert_non_null(c);
    assert_null(c->oauth_introspection);
}

static void test_order(void **state)
{
    (void)state;
    struct err e = { 0 };
    char dir[] = "/tmp/higress-ops-config-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *path = arena_printf(a, "%s/ops.yaml", dir);
    const char *yaml = "mode: dry-run\nlisten: 127.0.0.1:1\ngateway:\n  url: http://file/\n";
    assert_true(file_replace(path, yaml, strlen(yaml), 0600, &e));
    setenv("HIGRESS_OPS_LISTEN", "127.0.0.1:2", 1);
    setenv("HIGRESS_OPS_MODE", "auto", 1);
    struct config_flag flags[] = { { "config", path },
                                   { "mode", "approve" },
                                   { "json", "true" },
                                   { "tokens", "ann:" HASH },
                                   { 0 } };
    struct config *c = config_read(a, flags, &e);
    if (!c)
        fail_msg("%s", e.text);
    assert_string_equal(c->gateway_url, "http://file");
    assert_string_equal(c->listen, "127.0.0.1:2");
    assert_int_equal(c->mode, MODE_APPROVE);
    assert_string_equal(c->tokens[0].name, "ann");
    assert_null(c->approvers[0].name);

    flags[1].value = "fast";
    assert_null(config_read(a, flags, &e));
    assert_non_null(strstr(e.text, "--mode"));
    struct err f = { 0 };
    flags[1].value = "approve";
    setenv("HIGRESS_OPS_TIMEOUT", "soon", 1);
    assert_null(config_read(a, flags, &f));
    assert_non_null(strstr(f.text, "HIGRESS_OPS_TIMEOUT"));
    assert_true(file_remove(path, &e));
    rmdir(dir);
}

static cJSON *json(const char *text)
{
    struct err e = { 0 };
    return json_parse(a, text, strlen(text), &e);
}

static void test_secrets(void **state)
{
    (void)state;
    char dir[] = "/tmp/higress-ops-secret-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct err e = { 0 };
    const char *path = arena_printf(a, "%s/key", dir);
    assert_true(file_replace(path, "the-key\n", 8, 0600, &e));
    char *yaml = arena_printf(a, "secrets:\n  envs: [OK_]\n  dirs: [%s]\n", dir);
    struct config *c = parse(yaml, &e);
    setenv("OK_KEY", "from-env", 1);
    assert_string_equal(config_secret(c, a, json("{\"env\":\"OK_KEY\"}"), &e), "from-env");
    char *ref = arena_printf(a, "{\"file\":\"%s\"}", path);
    assert_string_equal(config_secret(c, a, json(ref), &e), "the-key");

    static const char *const refused[] = { "{\"env\":\"PATH\"}", "{\"file\":\"/etc/passwd\"}", "{}",
                                           "{\"env\":\"OK_KEY\",\"file\":\"/x\"}" };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err f = { 0 };
        assert_null(config_secret(c, a, json(refused[i]), &f));
        assert_int_not_equal(f.kind, ERR_NONE);
    }
    struct err f = { 0 };
    ref = arena_printf(a, "{\"file\":\"%s/../../etc/passwd\"}", dir);
    assert_null(config_secret(c, a, json(ref), &f));
    struct err g = { 0 };
    const char *link = arena_printf(a, "%s/link", dir);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_null(config_secret(c, a, json(arena_printf(a, "{\"file\":\"%s\"}", link)), &g));
    assert_int_equal(g.kind, ERR_POLICY);
    file_remove(link, &e);
    file_remove(path, &e);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_introspection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
