/* test_manifest.c - manifests: what the two forms become, one plan out of them, what is taken back
 * when a part fails, and what a write that failed halfway leaves.
 * Slow: it waits for deadlines.
 */
#include "base/buf.h"
#include "manifest/manifest.h"
#include "world.h"

#define SOURCE                                                                                     \
    "{kind: service-source, name: shop, type: static, domain: '127.0.0.1:80', port: 80}\n---\n"
#define CONSUMER                                                                                   \
    "kind: consumer\nname: alice\ncredentials:\n"                                                  \
    "- {type: key-auth, source: HEADER, key: x-key, values: [alice-key-1]}\n---\n"
#define ROUTE                                                                                      \
    "kind: route\nname: orders\npath: {matchType: PRE, matchValue: /}\n"                           \
    "services:\n- {name: shop.static, port: 80}\n"
#define AI_ROUTE "kind: ai-route\nname: chat\nupstreams:\n- {provider: qw, weight: 100}\n"
#define HALF                                                                                       \
    "{\"path\":\"/v1/ai/routes\",\"method\":\"%s\",\"do\":\"half\",\"times\":1,"                   \
    "\"part\":\"/v1/routes/ai-route-chat.internal\"}"

/* -- reading ---------------------------------------------------------------------------------- */

static const struct {
    const char *text, *words; /* what the error says; NULL: it is read */
    int items;
} texts[] = {
    { SOURCE CONSUMER ROUTE, NULL, 3 },
    { "[{\"kind\":\"domain\",\"name\":\"a.b\"},{\"kind\":\"domain\",\"name\":\"c.d\"}]", NULL, 2 },
    { "# nothing\n---\n", "holds no object", 0 },
    { "kind: domain\nname: a.b\n---\nkind: nothing\nname: x\n", "document 2 (line 3)", 0 },
    { "kind: domain\nname: a.b\n--- # next\nkind: domain\nname: a.b\n", "twice", 0 },
    { "- {kind: domain, name: a.b}\n- 7\n", "object 2: must be an object", 0 },
    { "kind: domain\n", "name: is needed", 0 },
    { "a: [\n", "document 1 (line 1)", 0 },
    { "kind: plugin-instance\nname: waf\nscope: global\n", NULL, 1 },
    { "kind: higress-config\ndata: {}\n", NULL, 1 },
    { "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", "'Pod' is not taken", 0 },
    { "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n", "holds no object", 0 },
    { "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "metadata.name: is needed", 0 },
    { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ai-route-x}\ndata: {data: '{'}\n",
      "ConfigMap ai-route-x: data.data", 0 },
    { "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\nspec: {rules: []}\n",
      "spec.rules: at least one", 0 },
    { "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: x}\n"
      "data: {tls.crt: '*'}\n",
      "data.tls.crt", 0 },
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena *a = arena_new();
        struct err e = { 0 };
        struct manifest *m = manifest_new(a);
        bool ok = manifest_read(m, texts[i].text, strlen(texts[i].text), &e);
        if (ok != !texts[i].words || (ok && m->count != texts[i].items) ||
            (!ok && !strstr(e.text, texts[i].words)))
            fail_msg("%s: %s, %d items", texts[i].text, e.text, m->count);
        arena_free(a);
    }
}

static const cJSON *object_of(struct manifest *m, const char *kind, const char *name,
                              const char *scope)
{
    struct err e = { 0 };
    int before = m->count;
    struct manifest_item *i = manifest_item(m, kind, name, scope, &e);
    if (!i || m->count != before)
        fail_msg("there is no %s %s", kind, name);
    return i ? i->object : NULL;
}

static const char wasm[] =
    "apiVersion: v1\nkind: List\nitems:\n"
    "- apiVersion: extensions.higress.io/v1alpha1\n  kind: WasmPlugin\n"
    "  metadata: {name: key-auth.internal}\n  spec:\n    defaultConfig:\n      consumers:\n"
    "      - {name: alice, in_header: true, keys: [Authorization], credentials: [Bearer k1]}\n"
    "      - {name: bob, in_query: true, keys: [apikey], credentials: [k2]}\n    matchRules:\n"
    "    - {ingress: [orders], configDisable: false, config: {allow: [alice]}}\n"
    "    - {ingress: [mcp-server-w.internal], configDisable: true, config: {allow: [bob]}}\n"
    "    - {ingress: [other], configDisable: true, config: {}}\n"
    "- apiVersion: extensions.higress.io/v1alpha1\n  kind: WasmPlugin\n"
    "  metadata: {name: ai-proxy.internal}\n  spec:\n    defaultConfig:\n      providers:\n"
    "      - {id: qw, type: qwen, protocol: openai, apiTokens: [t1], qwenEnableSearch: true}\n"
    "- apiVersion: extensions.higress.io/v1alpha1\n  kind: WasmPlugin\n"
    "  metadata: {name: mine-1.2.0, labels: {higress.io/wasm-plugin-built-in: 'false'}}\n"
    "  spec:\n    url: oci://r.example.com/mine:1.2\n    phase: AUTHN\n"
    "    defaultConfig: {a: 1}\n    matchRules:\n    - {domain: [a.b, c.d], config: {a: 2}}\n";

static void expect(const cJSON *o, const char *path, const char *value)
{
    const cJSON *v = json_path(o, path);
    if (!cJSON_IsString(v) || strcmp(v->valuestring, value) != 0)
        fail_msg("%s is not %s", path, value);
}

static void test_wasm(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct manifest *m = manifest_new(a);
    if (!manifest_read(m, wasm, strlen(wasm), &e))
        fail_msg("%s", e.text);
    expect(object_of(m, "consumer", "alice", NULL), "credentials[0].source", "BEARER");
    expect(object_of(m, "consumer", "alice", NULL), "credentials[0].values[0]", "k1");
    expect(object_of(m, "consumer", "bob", NULL), "credentials[0].key", "apikey");
    expect(object_of(m, "route", "orders", NULL), "authConfig.allowedConsumers[0]", "alice");
    expect(object_of(m, "mcp-server", "w", NULL), "consumerAuthInfo.allowedConsumers[0]", "bob");
    const cJSON *qw = object_of(m, "ai-provider", "qw", NULL);
    expect(qw, "protocol", "openai/v1");
    expect(qw, "tokens[0]", "t1");
    assert_true(json_true(json_get(qw, "rawConfigs"), "qwenEnableSearch"));
    expect(object_of(m, "wasm-plugin", "mine", NULL), "imageRepository",
           "oci://r.example.com/mine");
    assert_true(json_true(object_of(m, "plugin-instance", "mine", "domain:c.d"), "enabled"));
    assert_true(json_true(object_of(m, "plugin-instance", "mine", "global"), "enabled"));
    assert_int_equal(m->count, 9);
    arena_free(a);
}

/* The members that a route and an MCP server share are copied: an Ingress may hold both, or none.
 */
static void test_ingress_of_mcp(void **state)
{
    (void)state;
    static const char text[] =
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n"
        "  name: mcp-server-w.internal\n  labels: {higress.io/mcp-server-type: DIRECT_ROUTE}\n"
        "  annotations: {higress.io/destination: 'shop.static:80'}\n"
        "spec: {rules: [{host: w.example.com, http: {paths: [{path: /mcp, pathType: Prefix,\n"
        "  backend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: "
        "default}}}]}}]}\n";
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct manifest *m = manifest_new(a);
    if (!manifest_read(m, text, strlen(text), &e))
        fail_msg("%s", e.text);
    expect(object_of(m, "mcp-server", "w", NULL), "domains[0]", "w.example.com");
    expect(object_of(m, "mcp-server", "w", NULL), "services[0].name", "shop.static");
    arena_free(a);
}

/* -- Ingresses as people have them ------------------------------------------------------------ */

#define KUBE_INGRESS(space, name, annotations, spec)                                               \
    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " name                 \
    ", namespace: " space ", annotations: {" annotations "}}\nspec: {" spec "}\n"
#define WEB "backend: {service: {name: web, port: {number: 80}}}"
#define AT(host, path)                                                                             \
    "{host: " host ", http: {paths: [{path: " path ", pathType: Prefix, " WEB "}]}}"
#define NGINX "nginx.ingress.kubernetes.io/"

static struct manifest *read_text(struct arena *a, const char *text)
{
    struct err e = { 0 };
    struct manifest *m = manifest_new(a);
    if (!manifest_read(m, text, strlen(text), &e))
        fail_msg("%s", e.text);
    return m;
}

static const struct manifest_finding *finding(const struct manifest *m, const char *member)
{
    for (int i = 0; i < m->finding_count; i++)
        if (m->findings[i].member && strstr(m->findings[i].member, member))
            return &m->findings[i];
    fail_msg("nothing is said of %s", member);
    return NULL;
}

/* Hosts with one path are one route, unless only some have HTTPS; names come from two namespaces.
 */
static void test_hosts_and_namespaces(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct manifest *m = read_text(
        a,
        KUBE_INGRESS("x", "web", "",
                     "tls: [{hosts: [c.io], secretName: s}], rules: [" AT("a.io", "/") "," AT(
                         "B.io", "/") "," AT("c.io", "/") "]")
            KUBE_INGRESS(
                "y", "web", "",
                "rules: [" AT(
                    "d.io",
                    "/") "]") "---\napiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\n"
                              "metadata: {name: waf}\nspec: {matchRules: [{ingress: [x/web], "
                              "config: {a: 1}}]}\n");
    expect(object_of(m, "route", "web-root", NULL), "domains[1]", "b.io");
    expect(object_of(m, "route", "web-root-2", NULL), "domains[0]", "c.io");
    expect(object_of(m, "route", "y-web", NULL), "services[0].name", "web.y.svc.cluster.local");
    expect(object_of(m, "domain", "c.io", NULL), "certIdentifier", "s");
    object_of(m, "plugin-instance", "waf", "route:web-root");
    object_of(m, "plugin-instance", "waf", "route:web-root-2");
    arena_free(a);
}

/* A domain redirects where all its routes do; one route alone by a name of its own. */
static void test_redirects_to_https(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    static const char tls[] = "tls: [{hosts: [a.io, b.io], secretName: s}], rules: [";
    struct manifest *m = read_text(
        a,
        arena_printf(
            a, "%s%s%s",
            arena_printf(
                a, KUBE_INGRESS("x", "one", NGINX "ssl-redirect: 'true'", "%s" AT("a.io", "/") "]"),
                tls),
            arena_printf(
                a, KUBE_INGRESS("x", "two", NGINX "ssl-redirect: 'true'", "%s" AT("b.io", "/") "]"),
                tls),
            KUBE_INGRESS("x", "three", "", "rules: [" AT("b.io", "/x") "]")));
    expect(object_of(m, "domain", "a.io", NULL), "enableHttps", "force");
    expect(object_of(m, "domain", "b.io", NULL), "enableHttps", "on");
    const cJSON *two = object_of(m, "route", "two", NULL);
    assert_string_equal(json_str(json_get(two, "customConfigs"), "higress.io/force-ssl-redirect"),
                        "true");
    assert_null(json_get(object_of(m, "route", "one", NULL), "customConfigs"));
    arena_free(a);
}

/* What must not be lost is a mistake that names all of it; a survey leaves its Ingress out. */
static void test_refusals(void **state)
{
    (void)state;
    static const char text[] =
        KUBE_INGRESS("x", "a",
                     NGINX "auth-url: 'http://u:secret@h/'," NGINX "satisfy: any," NGINX
                           "enable-modsecurity: 'false'",
                     "rules: [" AT("a.io", "/") "]")
            KUBE_INGRESS("x", "b", "higress.io/timeout: '-1'", "rules: [" AT("b.io", "/") "]")
                KUBE_INGRESS("x", "c", "x.io/match-header-a: b", "rules: [" AT("c.io", "/") "]")
                    KUBE_INGRESS("x", "d", "", "rules: [" AT("d.io", "/") "]");
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct manifest *m = manifest_new(a);
    assert_false(manifest_read(m, text, strlen(text), &e));
    assert_non_null(strstr(e.text, "4 of its members"));
    assert_non_null(strstr(e.text, NGINX "auth-url"));
    assert_null(strstr(e.text, "secret"));
    m = manifest_new(a);
    m->survey = true;
    struct err none = { 0 };
    assert_true(manifest_read(m, text, strlen(text), &none));
    object_of(m, "route", "d", NULL);
    assert_int_equal(m->count, 2); /* and its domain */
    assert_int_equal(finding(m, "enable-modsecurity")->status, MANIFEST_IGNORED);
    assert_int_equal(finding(m, "match-header-a")->status, MANIFEST_REFUSED);
    arena_free(a);
}

static void test_canary_share(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct manifest *m =
        read_text(a, KUBE_INGRESS("x", "c",
                                  NGINX "canary: 'true'," NGINX "canary-weight: '50'," NGINX
                                        "canary-weight-total: '1000'",
                                  "rules: [" AT("a.io", "/") "]"));
    const cJSON *customs = json_get(object_of(m, "route", "c", NULL), "customConfigs");
    assert_string_equal(json_str(customs, NGINX "canary-weight"), "5");
    assert_null(json_get(customs, NGINX "canary-weight-total"));
    assert_int_equal(finding(m, "canary-weight")->status, MANIFEST_TRANSLATED);
    arena_free(a);
}

/* -- applying --------------------------------------------------------------------------------- */

static __attribute__((noinline)) const cJSON *apply(struct world *w, const char *text,
                                                    struct err *e)
{
    struct manifest *m = manifest_new(w->arena);
    struct plan *p = plan_new(w->arena, "test", CHANGE, e);
    const char *id = NULL;
    if (!manifest_read(m, text, strlen(text), e) || !manifest_plan(w->gateway, p, m, false, NULL) ||
        !engine_propose(w->engine, p, false, "tester", &id, e) ||
        !decide_as(w->engine, id, p->digest, true, "tester", e))
        fail_msg("%s", e->text);
    if (engine_apply(w->engine, w->arena, id, NULL, e))
        return NULL;
    struct err ignored = { 0 };
    return engine_show(w->engine, w->arena, id, false, &ignored);
}

static __attribute__((noinline)) bool there(struct world *w, const char *kind, const char *name)
{
    struct err e = { 0 };
    bool missing = false;
    return gateway_object(w->gateway, w->arena, kind_find(kind), name, NULL, &missing, NULL, &e);
}

static void third_fails(struct world *w)
{
    struct err e = { 0 };
    double_tell(w, "/_fault",
                "{\"path\":\"/v1/routes\",\"method\":\"POST\",\"do\":\"status:500\",\"times\":1}");
    const cJSON *o = apply(w, SOURCE CONSUMER ROUTE, &e);
    assert_string_equal(json_str(o, "state"), "failed");
    assert_non_null(strstr(e.text, "2 were taken back and 0 stay"));
    assert_false(there(w, "service-source", "shop"));
    assert_false(there(w, "consumer", "alice"));
    assert_null(json_str(json_get(o, "result"), "clean_up"));
    assert_null(strstr(json_print(w->arena, o), "alice-key-1"));
}

static void test_third_fails(void **state)
{
    (void)state;
    with_world("approve", third_fails);
}

/* The third write fails, and one of the first two cannot be taken back either. */
static void undo_fails(struct world *w)
{
    struct err e = { 0 };
    double_tell(w, "/_fault",
                "{\"path\":\"/v1/routes\",\"method\":\"POST\",\"do\":\"status:500\",\"times\":1}");
    double_tell(w, "/_fault",
                "{\"path\":\"/v1/service-sources\",\"method\":\"DELETE\",\"do\":\"status:500\","
                "\"times\":1}");
    const cJSON *o = apply(w, SOURCE CONSUMER ROUTE, &e);
    assert_non_null(strstr(e.text, "1 were taken back and 1 stay"));
    assert_true(there(w, "service-source", "shop"));
    const char *id = json_str(json_get(o, "result"), "clean_up");
    assert_non_null(id);
    assert_non_null(strstr(e.text, id));
    struct err why = { 0 };
    cJSON *clean = engine_show(w->engine, w->arena, id, false, &why);
    assert_string_equal(json_str(clean, "state"), "draft");
    if (!decide_as(w->engine, id, NULL, true, "tester", &why) ||
        !engine_apply(w->engine, w->arena, id, NULL, &why))
        fail_msg("%s", why.text);
    assert_false(there(w, "service-source", "shop"));
}

static void test_undo_fails(void **state)
{
    (void)state;
    with_world("approve", undo_fails);
}

static __attribute__((noinline)) void clean_up(struct world *w, const cJSON *o)
{
    struct err e = { 0 };
    const char *id = json_str(json_get(o, "result"), "clean_up");
    assert_string_equal(json_str(o, "state"), "unknown");
    if (!id || !decide_as(w->engine, id, NULL, true, "tester", &e) ||
        !engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", id ? e.text : "no plan to clean up");
}

/* An AI route of which the console made only the first part. */
static void half(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/ai/providers/qw", "{\"name\":\"qw\",\"type\":\"qwen\"}");
    double_tell(w, "/_fault", arena_printf(w->arena, HALF, "POST"));
    const cJSON *o = apply(w, AI_ROUTE, &e);
    assert_non_null(strstr(e.text, "written in part (route ai-route-chat.internal is there)"));
    assert_false(there(w, "ai-route", "chat"));
    assert_true(there(w, "route", "ai-route-chat.internal"));
    clean_up(w, o);
    assert_false(there(w, "route", "ai-route-chat.internal"));
}

static void test_half(void **state)
{
    (void)state;
    with_world("approve", half);
}

/* An AI route whose first part was changed while it itself was not: written again as it is. */
static void half_put(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/ai/providers/qw", "{\"name\":\"qw\",\"type\":\"qwen\"}");
    double_object(w, "/v1/ai/providers/oa", "{\"name\":\"oa\",\"type\":\"openai\"}");
    double_object(w, "/v1/ai/routes/chat",
                  "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"oa\",\"weight\":100}]}");
    double_object(w, "/v1/routes/ai-route-chat.internal",
                  "{\"name\":\"ai-route-chat.internal\",\"services\":[]}");
    double_tell(w, "/_fault", arena_printf(w->arena, HALF, "PUT"));
    const cJSON *o = apply(w, AI_ROUTE, &e);
    assert_non_null(strstr(e.text, "route ai-route-chat.internal is changed"));
    int puts = double_count(w, "PUT");
    clean_up(w, o);
    assert_int_equal(double_count(w, "PUT"), puts + 1);
}

static void test_half_put(void **state)
{
    (void)state;
    with_world("approve", half_put);
}

/* The console would overwrite: what appears between plan and write is left alone. */
static void appears(struct world *w)
{
    struct err e = { 0 };
    struct manifest *m = manifest_new(w->arena);
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    const char *id = NULL;
    if (!manifest_read(m, CONSUMER, strlen(CONSUMER), &e) ||
        !manifest_plan(w->gateway, p, m, false, NULL) ||
        !engine_propose(w->engine, p, false, "tester", &id, &e) ||
        !decide_as(w->engine, id, p->digest, true, "tester", &e))
        fail_msg("%s", e.text);
    double_object(w, "/v1/consumers/alice", "{\"name\":\"alice\",\"credentials\":[]}");
    int writes = double_writes(w);
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    struct err ignored = { 0 };
    cJSON *o = engine_show(w->engine, w->arena, id, false, &ignored);
    assert_string_equal(json_str(o, "state"), "void");
    assert_int_equal(double_writes(w), writes);
}

static void test_appears(void **state)
{
    (void)state;
    with_world("approve", appears);
}

/* Of very many objects the answer stays bounded, and counts. */
static void many(struct world *w)
{
    struct err e = { 0 };
    struct buf *b = buf_in(w->arena, 1 << 20);
    for (int i = 0; i < 210; i++)
        buf_printf(b, "---\nkind: domain\nname: d%d.example.com\nenableHttps: 'off'\n", i);
    struct manifest *m = manifest_new(w->arena);
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    const char *id = NULL;
    if (!manifest_read(m, b->data, b->len, &e) || !manifest_plan(w->gateway, p, m, false, NULL) ||
        !engine_propose(w->engine, p, false, "tester", &id, &e) ||
        !decide_as(w->engine, id, p->digest, true, "tester", &e))
        fail_msg("%s", e.text);
    cJSON *o = engine_apply(w->engine, w->arena, id, NULL, &e);
    if (!o)
        fail_msg("%s", e.text);
    assert_int_equal(json_count(json_get(o, "operations")), 200);
    assert_int_equal((int)json_num(o, "more_operations", 0), 10);
    assert_int_equal(json_count(json_path(o, "result.operations")), 0);
    assert_int_equal((int)json_num(json_path(o, "result.counts"), "written", 0), 210);
    assert_true(strlen(json_print(w->arena, o)) < 64 << 10);
}

static void test_many(void **state)
{
    (void)state;
    with_world("approve", many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_wasm),
        cmocka_unit_test(test_third_fails),
        cmocka_unit_test(test_undo_fails),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_half_put),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_appears),
        cmocka_unit_test(test_ingress_of_mcp),
        cmocka_unit_test(test_hosts_and_namespaces),
        cmocka_unit_test(test_redirects_to_https),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_canary_share),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
