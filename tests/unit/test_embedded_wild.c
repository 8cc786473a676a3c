/* test_embedded_wild.c - bodies and files with values of the wrong kind at random places: whatever
 * comes, the console answers with a status it knows and goes on. The seed is fixed, so a failure
 * repeats. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "check.h"
#include "embedded/embedded.h"
#include "tree.h"
#include <unistd.h>

enum { ROUNDS = 500, EDIT_EVERY = 9 };

static const struct {
    const char *method, *target, *body;
} calls[] = {
    { "POST", "/v1/consumers",
      "{\"name\":\"c\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"HEADER\",\"key\":\"k\","
      "\"values\":[\"v\"]}]}" },
    { "PUT", "/v1/consumers/c",
      "{\"name\":\"c\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"QUERY\",\"key\":\"k\","
      "\"values\":[]}]}" },
    { "POST", "/v1/ai/providers",
      "{\"name\":\"p\",\"type\":\"openai\",\"tokens\":[\"t\"],\"tokenFailoverConfig\":{\"enabled\":"
      "true},\"rawConfigs\":{\"openaiCustomUrl\":\"http://10.0.0.1:80/v1\","
      "\"openaiExtraCustomUrls\":[\"http://10.0.0.2:80/v1\"]}}" },
    { "PUT", "/v1/ai/providers/q",
      "{\"name\":\"q\",\"type\":\"claude\",\"rawConfigs\":{\"claudeCustomUrl\":\"https://a.b/"
      "c\"}}" },
    { "DELETE", "/v1/ai/providers/q", "" },
    { "POST", "/v1/ai/routes",
      "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100,\"modelMapping\":{\"*\":"
      "\"m\"}}],\"headerPredicates\":[{\"key\":\"k\",\"matchType\":\"PRE\",\"matchValue\":\"v\"}],"
      "\"modelPredicates\":[{\"matchType\":\"PRE\",\"matchValue\":\"g\"}],\"fallbackConfig\":{"
      "\"enabled\":true,\"upstreams\":[{\"provider\":\"p\"}],\"responseCodes\":[\"5xx\"]}}" },
    { "PUT", "/v1/ai/routes/r",
      "{\"name\":\"r\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}],\"authConfig\":{"
      "\"enabled\":true,\"allowedConsumers\":[\"c\"]}}" },
    { "DELETE", "/v1/ai/routes/r", "" },
    { "POST", "/v1/wasm-plugins",
      "{\"name\":\"w\",\"category\":\"c\",\"title\":\"t\",\"imageRepository\":\"r/i\",\"phase\":"
      "\"AUTHN\",\"priority\":1}" },
    { "PUT", "/v1/wasm-plugins/waf",
      "{\"name\":\"waf\",\"builtIn\":true,\"category\":\"c\",\"title\":\"t\",\"imageRepository\":"
      "\"r/i\"}" },
    { "PUT", "/v1/routes/default/plugin-instances/waf",
      "{\"enabled\":true,\"configurations\":{\"a\":[1,{\"b\":null}]}}" },
    { "PUT", "/v1/global/plugin-instances/w", "{\"rawConfigurations\":\"a: [1, {b: ~}]\"}" },
    { "DELETE", "/v1/routes/default/plugin-instances/waf", "" },
    { "PUT", "/v1/mcpServer",
      "{\"name\":\"m\",\"type\":\"DATABASE\",\"dbType\":\"MYSQL\",\"services\":[{\"name\":\"x\"}],"
      "\"dbConfig\":{\"host\":\"h\",\"port\":\"1\",\"username\":\"u\",\"dbname\":\"d\","
      "\"otherParams\":{\"k\":\"v\"}},\"consumerAuthInfo\":{\"type\":\"key-auth\","
      "\"allowedConsumers\":[\"c\"]}}" },
    { "PUT", "/v1/mcpServer",
      "{\"name\":\"d\",\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":\"x.dns\"}],"
      "\"directRouteConfig\":{\"path\":\"/sse\",\"transportType\":\"sse\"}}" },
    { "PUT", "/v1/mcpServer/consumers", "{\"mcpServerName\":\"d\",\"consumers\":[\"c\"]}" },
    { "DELETE", "/v1/mcpServer/d", "" },
    { "GET", "/v1/consumers", "" },
    { "GET", "/v1/ai/providers", "" },
    { "GET", "/v1/ai/routes", "" },
    { "GET", "/v1/wasm-plugins", "" },
    { "GET", "/v1/mcpServer/m", "" },
    { "GET", "/v1/routes", "" },
    { "GET", "/v1/routes/default/plugin-instances", "" },
};

/* Files that people edit, and the member whose inside is shaken. */
static const char *const files[][2] = {
    { "wasmplugins/key-auth.internal.yaml", "spec" },
    { "wasmplugins/ai-proxy.internal.yaml", "spec" },
    { "wasmplugins/model-mapper.internal.yaml", "spec" },
    { "wasmplugins/waf-2.0.1.yaml", "spec" },
    { "mcpbridges/default.yaml", "spec" },
    { "configmaps/higress-config.yaml", "data" },
};

static uint64_t seed = 20261124;

static unsigned roll(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static cJSON *odd_value(struct arena *a)
{
    static const char *const texts[] = { "null",    "0",    "-1",        "1.5",    "\"\"",
                                         "\"x\"",   "[]",   "{}",        "[null]", "{\"a\":null}",
                                         "\"a/b\"", "true", "[[\"x\"]]", "9e99" };
    const char *text = texts[roll(sizeof texts / sizeof *texts)];
    return json_parse(a, text, strlen(text), NULL);
}

/* A copy in which one value in `rarity` is another. */
static cJSON *shaken(struct arena *a, const cJSON *node, unsigned rarity)
{
    const cJSON *child;
    if (roll(rarity) == 0)
        return odd_value(a);
    if (!cJSON_IsObject(node) && !cJSON_IsArray(node))
        return json_clone(a, node);
    cJSON *out = cJSON_IsObject(node) ? json_object(a) : json_array(a);
    cJSON_ArrayForEach(child, node)
    {
        cJSON *copy = shaken(a, child, rarity);
        if (cJSON_IsObject(node))
            json_set(a, out, child->string, copy);
        else
            json_add(a, out, copy);
    }
    return out;
}

static int send(struct embedded *console, struct arena *a, const char *method, const char *target,
                const char *body)
{
    static const struct embedded_header headers[] = {
        { "authorization", "Basic YWRtaW46YWRtaW4=" },
        { "content-type", "application/json" },
        { 0 },
    };
    struct embedded_call c = { method, target, headers, body, strlen(body) };
    struct embedded_answer out;
    embedded_handle(console, a, &c, &out);
    return out.status;
}

static void edit_a_file(const char *folder, struct arena *a)
{
    struct err e = { 0 };
    const char *const *file = files[roll(sizeof files / sizeof *files)];
    const char *path = arena_printf(a, "%s/%s", folder, file[0]);
    size_t n;
    char *text = file_read(a, path, 1 << 20, &n, &e);
    cJSON *object = text ? yaml_parse(a, text, n, &e) : NULL;
    if (!object || !json_get(object, file[1]))
        return;
    json_set(a, object, file[1], shaken(a, json_get(object, file[1]), 25));
    text = yaml_print(a, object);
    assert_true(file_replace(path, text, strlen(text), 0600, &e));
}

static void odd_values_do_no_harm(void **state)
{
    (void)state;
    static const int known[] = { 200, 201, 204, 400, 404, 409, 500, 502 };
    char folder[] = "/tmp/test_embedded_wild.XXXXXX";
    struct err e = { 0 };
    assert_non_null(mkdtemp(folder));
    struct embedded *console = embedded_open(folder, &e);
    assert_non_null(console);
    int counts[600] = { 0 };
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        size_t c = roll(sizeof calls / sizeof *calls);
        const char *body = i ? calls[c].body
                             : "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"A\","
                               "\"password\":\"admin\"}}";
        if (i && *body && roll(2))
            body = json_print(a, shaken(a, json_parse(a, body, strlen(body), &e), 12));
        counts[send(console, a, i ? calls[c].method : "POST", i ? calls[c].target : "/system/init",
                    body)]++;
        if (i % EDIT_EVERY == 0)
            edit_a_file(folder, a);
        arena_free(a);
    }
    int sum = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        sum += counts[known[i]];
    assert_int_equal(sum, ROUNDS);
    assert_true(counts[200] > ROUNDS / 10 && counts[201] > 0 && counts[400] > 0);
    embedded_close(console);
    tree_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_values_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
