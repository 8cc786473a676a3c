/* test_gateway.c - the client and the change engine against the embedded control plane, kind by
 * kind: create, change, what the console stores of it, undo, delete, undo. */
#include "base/cert.h"
#include "base/file.h"
#include "console/write.h"
#include "embedded/embedded.h"
#include "net/http.h"
#include "world.h"

static struct embedded *plane;
static int plane_port;
static const char *password = "admin";
static bool break_session; /* the next request that is not a login is answered with 401 */
static int logins;
static int requests;

/* -- the embedded control plane on the test's loop ----------------------------------- */

static void serve(void *arg, struct http_exchange *x)
{
    (void)arg;
    struct embedded_answer out = { 0 };
    const struct http_header *all = http_headers_like(x, "");
    size_t n = 0;
    while (all[n].name)
        n++;
    struct embedded_header *headers = arena_array(x->arena, struct embedded_header, n + 1);
    for (size_t i = 0; i < n; i++)
        headers[i] = (struct embedded_header){ all[i].name, all[i].value };
    struct embedded_call call = { x->method, x->target, headers, x->body, x->body_len };
    bool login = !strcmp(x->path, "/session/login");
    logins += login;
    requests++;
    if (break_session && !login) {
        break_session = false;
        http_reply(x, 401, NULL, "", 0);
        return;
    }
    embedded_handle(plane, x->arena, &call, &out);
    struct http_header answer[14] = { 0 };
    for (n = 0; out.headers[n].name && n < 12; n++)
        answer[n] = (struct http_header){ out.headers[n].name, out.headers[n].value };
    http_reply(x, out.status, answer, out.body, out.len);
}

static void init_admin(struct arena *a)
{
    char *body = arena_printf(a,
                              "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"Admin\","
                              "\"password\":\"%s\"}}",
                              password);
    struct embedded_header headers[] = { { "content-type", "application/json" }, { 0 } };
    struct embedded_call call = { "POST", "/system/init", headers, body, strlen(body) };
    struct embedded_answer out = { 0 };
    embedded_handle(plane, a, &call, &out);
    assert_int_equal(out.status, 200);
}

struct body {
    void (*fn)(struct world *w);
    const char *login;
};

static struct world plane_world(struct loop *l, const char *login)
{
    struct world w = { .loop = l, .arena = arena_new() };
    struct err e = { 0 };
    setenv("HIGRESS_OPS_PASSWORD", password, 1);
    char *yaml = arena_printf(w.arena,
                              "gateway:\n  url: http://127.0.0.1:%d\n  login: %s\n  password:\n"
                              "    env: HIGRESS_OPS_PASSWORD\nstate: %s/state\n",
                              plane_port, login, double_state);
    w.config = config_parse(w.arena, "test.yaml", yaml, strlen(yaml), &e);
    if (!w.config)
        fail_msg("%s", e.text);
    w.gateway = gateway_new(l, w.arena, w.config);
    w.engine = engine_new(l, w.arena, w.gateway, w.config);
    return w;
}

static void run_body(struct loop *l, void *arg)
{
    struct body *b = arg;
    struct err e = { 0 };
    struct arena *a = arena_new();
    plane = embedded_open(arena_printf(a, "%s/data", double_state), &e);
    if (!plane)
        fail_msg("%s", e.text);
    init_admin(a);
    struct http_options o = { .address = "127.0.0.1", .handler = serve };
    struct http_server *server = http_listen(l, &o, &e);
    if (!server)
        fail_msg("%s", e.text);
    plane_port = http_port(server);
    struct world w = plane_world(l, b->login);
    b->fn(&w);
    double_end(&w);
    http_close(server);
    http_release(l);
    embedded_close(plane);
    arena_free(a);
}

static void with_plane(const char *login, void (*fn)(struct world *w))
{
    struct body b = { fn, login };
    snprintf(double_state, sizeof double_state, "%s/higress-ops-plane-XXXXXX", scratch_base());
    if (!mkdtemp(double_state))
        fail_msg("no folder for the test");
    loop_main(run_body, &b);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", double_state, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* -- the client ---------------------------------------------------------------------- */

static bool count(void *arg, const cJSON *o)
{
    assert_true(cJSON_IsObject(o));
    ++*(int *)arg;
    return true;
}

static void body_reads(struct world *w)
{
    struct err e = { 0 };
    bool missing = false;
    cJSON *info = gateway_get(w->gateway, w->arena, "/system/info", NULL, NULL, &e);
    if (!info)
        fail_msg("%s", e.text);
    assert_non_null(json_str(info, "version"));
    for (const struct kind *k = kinds; k->name; k++) {
        int n = 0;
        const char *scope = (k->flags & KIND_SCOPED) ? "global" : NULL;
        if (!gateway_each_kind(w->gateway, k, scope, count, &n, NULL, &e))
            fail_msg("%s: %s", k->name, e.text);
        if (k->object && !(k->flags & KIND_READ_ONLY)) {
            assert_null(
                gateway_object(w->gateway, w->arena, k, "no-such", scope, &missing, NULL, &e));
            if (!missing)
                fail_msg("%s: %s", k->name, e.text);
        }
    }
    assert_null(gateway_get(w->gateway, w->arena, "/v1/nothing-like-this", &missing, NULL, &e));
    assert_false(missing); /* no such endpoint is not "no such object" */
    assert_int_equal(e.status, 404);
}

static void body_session(struct world *w)
{
    logins = 0;
    body_reads(w);
    assert_int_equal(logins, 1);
    struct err e = { 0 };
    break_session = true;
    if (!gateway_get(w->gateway, w->arena, "/v1/routes", NULL, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(logins, 2);
}

static void body_wrong_password(struct world *w)
{
    struct err e = { 0 };
    struct config c = *w->config;
    c.password = "wrong-password-123";
    struct gateway *g = gateway_new(w->loop, w->arena, &c);
    assert_null(gateway_get(g, w->arena, "/v1/routes", NULL, NULL, &e));
    assert_int_equal(e.status, 401);
    assert_null(strstr(e.text, "AuthException"));
    assert_null(strstr(e.text, "wrong-password"));
}

static int list_size(struct gateway *g)
{
    struct err e = { 0 };
    int n = 0;
    if (!gateway_each_kind(g, kind_find("domain"), NULL, count, &n, NULL, &e))
        fail_msg("%s", e.text);
    return n;
}

static bool stop_at_once(void *arg, const cJSON *o)
{
    (void)arg;
    (void)o;
    return false;
}

/* A view reads a list once, until something was written; the gateway itself reads it each time. */
static void body_remembers(struct world *w)
{
    struct err e = { 0 };
    const struct kind *k = kind_find("domain");
    enum write_doubt doubt;
    struct gateway *view = gateway_remembering(w->gateway, w->arena);
    assert_ptr_equal(gateway_through(view, w->gateway), view);
    assert_ptr_equal(gateway_through(NULL, w->gateway), w->gateway);
    struct gateway *other = gateway_new(w->loop, w->arena, w->config);
    assert_ptr_equal(gateway_through(view, other), other);
    requests = 0;
    assert_true(gateway_each_kind(view, k, NULL, stop_at_once, NULL, NULL, &e)); /* not whole */
    int n = list_size(view);
    assert_int_equal(requests, 2);
    assert_int_equal(list_size(view), n);
    assert_int_equal(requests, 2);
    assert_int_equal(list_size(w->gateway), n);
    assert_int_equal(requests, 3);
    cJSON *o = json_object(w->arena);
    json_set_str(w->arena, o, "name", "new.example");
    json_set_str(w->arena, o, "enableHttps", "off");
    if (!write_create(w->gateway, w->arena, k, NULL, o, &doubt, &e))
        fail_msg("%s", e.text);
    assert_int_equal(list_size(view), n + 1);
    assert_int_equal(requests, 5);
}

/* -- one life of an object of each kind ---------------------------------------------- */

static const struct life {
    const char *kind, *scope, *create, *patch;
} lives[] = {
    { "service-source", NULL,
      "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:8080\",\"port\":80}",
      "{\"domain\":\"10.0.0.2:8080\"}" },
    { "proxy-server", NULL,
      "{\"name\":\"px\",\"type\":\"http\",\"serverAddress\":\"10.0.0.9\",\"serverPort\":3128}",
      "{\"serverPort\":3129}" },
    { "domain", NULL, "{\"name\":\"shop.example\",\"enableHttps\":\"off\"}",
      "{\"enableHttps\":\"on\",\"certIdentifier\":\"default\"}" },
    { "consumer", NULL,
      "{\"name\":\"alice\",\"credentials\":[{\"type\":\"key-auth\",\"source\":\"HEADER\","
      "\"key\":\"x-api-key\",\"values\":[\"alice-key-123456\"]}]}",
      "{\"credentials\":[{\"type\":\"key-auth\",\"source\":\"HEADER\",\"key\":\"x-key\","
      "\"values\":[\"alice-key-654321\"]}]}" },
    { "route", NULL,
      "{\"name\":\"pay\",\"domains\":[\"a.example\"],\"path\":{\"matchType\":\"PRE\","
      "\"matchValue\":\"/\"},\"services\":[{\"name\":\"web.static\",\"port\":80,\"weight\":100}]}",
      "{\"path\":{\"matchValue\":\"/v2\"},\"customConfigs\":{\"higress.io/timeout\":\"5\"}}" },
    { "plugin-instance", "route:default",
      "{\"pluginName\":\"key-rate-limit\",\"enabled\":true,\"configurations\":"
      "{\"limit_by_header\":\"x-key\",\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":10}]}}",
      "{\"configurations\":{\"limit_keys\":[{\"key\":\"a\",\"query_per_second\":20}]}}" },
    { "plugin-instance", "global",
      "{\"pluginName\":\"request-block\",\"enabled\":true,\"configurations\":"
      "{\"block_urls\":[\"x.php\"]}}",
      "{\"configurations\":{\"block_urls\":[\"y.php\"]}}" },
    { "ai-provider", NULL,
      "{\"name\":\"qw\",\"type\":\"qwen\",\"tokens\":[\"sk-first-token-0001\"]}",
      "{\"tokens\":[\"sk-second-token-002\"]}" },
    { "ai-route", NULL,
      "{\"name\":\"chat\",\"domains\":[],\"pathPredicate\":{\"matchType\":\"PRE\",\"matchValue\":"
      "\"/\",\"caseSensitive\":true},\"upstreams\":[{\"provider\":\"qw\",\"weight\":100}]}",
      "{\"domains\":[\"ai.example\"]}" },
    { "wasm-plugin", NULL,
      "{\"name\":\"mine\",\"title\":\"Mine\",\"category\":\"custom\",\"imageRepository\":"
      "\"oci://r.example/mine\",\"imageVersion\":\"1.0.0\"}",
      "{\"imageVersion\":\"1.0.1\"}" },
    { "tls-certificate", NULL, "{\"name\":\"own\",\"cert\":\"a.example\",\"key\":\"\"}",
      "{\"cert\":\"b.example\",\"key\":\"\"}" },
};

static __attribute__((noinline)) const char *carry_out(struct world *w, struct plan *p)
{
    struct err e = { 0 };
    const char *id = NULL;
    if (p->err->kind || !engine_propose(w->engine, p, false, "tester", &id, &e) ||
        !decide_as(w->engine, id, p->digest, true, "tester", &e))
        fail_msg("%s %s", p->err->text, e.text);
    if (!engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
    return id;
}

static __attribute__((noinline)) cJSON *see(struct world *w, const struct life *x, const char *name)
{
    struct err e = { 0 };
    bool missing = false;
    cJSON *o = gateway_object(w->gateway, w->arena, kind_find(x->kind), name, x->scope, &missing,
                              NULL, &e);
    if (!o && !missing)
        fail_msg("%s", e.text);
    return o;
}

static __attribute__((noinline)) struct plan *undoing(struct world *w, const char *id)
{
    struct err *e = arena_make(w->arena, struct err);
    struct plan *p = plan_new(w->arena, "undo", CHANGE, e);
    if (!engine_undo(w->engine, p, id, NULL, e))
        fail_msg("%s", e->text);
    return p;
}

static __attribute__((noinline)) cJSON *parsed(struct world *w, const char *text)
{
    struct err e = { 0 };
    char *cert, *key;
    cJSON *o = json_parse(w->arena, text, strlen(text), &e);
    if (json_str(o, "cert")) { /* the name to make one for */
        assert_true(cert_make(w->arena, json_str(o, "cert"), 2, &cert, &key, &e));
        json_set_str(w->arena, o, "cert", cert);
        json_set_str(w->arena, o, "key", key);
    }
    return o;
}

static char *hash(struct world *w, const struct kind *k, const cJSON *o)
{
    return json_canonical(w->arena, kind_content(w->arena, k, o));
}

static void live(struct world *w, const struct life *x)
{
    struct err *e = arena_make(w->arena, struct err);
    const struct kind *k = kind_find(x->kind);
    struct plan *p = plan_new(w->arena, "test", CHANGE, e);
    cJSON *o = parsed(w, x->create);
    const char *name = kind_name_of(k, o);
    if (!plan_create(p, x->kind, x->scope, o))
        fail_msg("%s: %s", x->kind, e->text);
    carry_out(w, p);
    cJSON *first = see(w, x, name);
    assert_non_null(first);

    /* A create of what is there writes nothing. */
    struct plan *again = plan_new(w->arena, "again", CHANGE, e);
    const char *id = NULL;
    plan_create(again, x->kind, x->scope, o);
    assert_true(engine_propose(w->engine, again, false, "tester", &id, e));
    assert_true(decide_as(w->engine, id, again->digest, true, "tester", e));
    assert_null(engine_apply(w->engine, w->arena, id, NULL, e));
    assert_int_equal(e->kind, ERR_POLICY);
    err_clear(e);

    p = plan_new(w->arena, "test", CHANGE, e);
    if (!plan_put(p, x->kind, name, x->scope, first,
                  json_merge_patch(w->arena, first, parsed(w, x->patch))))
        fail_msg("%s: %s", x->kind, e->text);
    id = carry_out(w, p);
    cJSON *second = see(w, x, name);
    if (k->needs)
        return; /* reading does not show what was written, so there is no way back */
    assert_string_not_equal(hash(w, k, first), hash(w, k, second));
    carry_out(w, undoing(w, id));
    assert_string_equal(hash(w, k, see(w, x, name)), hash(w, k, first));

    p = plan_new(w->arena, "test", CHANGE, e);
    assert_true(plan_remove(p, x->kind, name, x->scope, see(w, x, name)));
    id = carry_out(w, p);
    assert_null(see(w, x, name));
    carry_out(w, undoing(w, id));
    assert_string_equal(hash(w, k, see(w, x, name)), hash(w, k, first));
}

static void body_lives(struct world *w)
{
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        live(w, &lives[i]);
    int lines = 0;
    struct err e = { 0 };
    assert_true(store_verify(engine_store(w->engine, &e), NULL, &lines, &e));
}

/* The console would answer 400 after it had written the route's live half. */
static void body_foresees(struct world *w)
{
    struct err *e = arena_make(w->arena, struct err);
    struct life ingress = { "route", NULL, NULL, NULL };
    const char *id = NULL;
    struct plan *p = plan_new(w->arena, "test", CHANGE, e);
    plan_create(p, "ai-route", NULL,
                parsed(w, "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"nobody\","
                          "\"weight\":100}]}"));
    assert_int_equal(engine_propose(w->engine, p, false, "tester", &id, e), ENGINE_ASK);
    assert_true(decide_as(w->engine, id, p->digest, true, "tester", e));
    assert_null(engine_apply(w->engine, w->arena, id, NULL, e));
    assert_non_null(strstr(e->text, "'nobody' does not exist"));
    assert_null(see(w, &ingress, "ai-route-chat.internal"));
}

/* authConfig survives a change that does not name it: the console alone would switch it off. */
static void body_keeps_auth(struct world *w)
{
    struct err *e = arena_make(w->arena, struct err);
    struct life x = { "route", NULL, NULL, NULL };
    struct plan *p = plan_new(w->arena, "test", CHANGE, e);
    plan_create(p, "route", NULL,
                parsed(w, "{\"name\":\"pay\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"/\"},"
                          "\"services\":[{\"name\":\"web.static\",\"port\":80}],\"authConfig\":"
                          "{\"enabled\":true,\"allowedConsumers\":[\"alice\"]}}"));
    carry_out(w, p);
    cJSON *before = see(w, &x, "pay");
    cJSON *after = json_clone(w->arena, before);
    json_remove(after, "authConfig");
    json_add_str(w->arena, json_set_array(w->arena, after, "domains"), "b.example");
    p = plan_new(w->arena, "test", CHANGE, e);
    assert_true(plan_put(p, "route", "pay", NULL, before, after));
    carry_out(w, p);
    const cJSON *auth = json_get(see(w, &x, "pay"), "authConfig");
    assert_true(json_true(auth, "enabled"));
    assert_string_equal(json_get(auth, "allowedConsumers")->child->valuestring, "alice");
}

static void test_basic(void **state)
{
    (void)state;
    with_plane("basic", body_reads);
}

static void test_session(void **state)
{
    (void)state;
    with_plane("session", body_session);
}

static void test_colon(void **state)
{
    (void)state;
    password = "pass:with:colons";
    with_plane("auto", body_session);
    password = "admin";
}

static void test_wrong_password(void **state)
{
    (void)state;
    with_plane("auto", body_wrong_password);
}

static void test_remembers(void **state)
{
    (void)state;
    with_plane("basic", body_remembers);
}

static void test_lives(void **state)
{
    (void)state;
    with_plane("basic", body_lives);
}

static void test_keeps_auth(void **state)
{
    (void)state;
    with_plane("basic", body_keeps_auth);
}

static void test_foresees(void **state)
{
    (void)state;
    with_plane("basic", body_foresees);
}

int main(void)
{
    (void)double_start;
    (void)double_stop;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic),    cmocka_unit_test(test_session),
        cmocka_unit_test(test_colon),    cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_lives),    cmocka_unit_test(test_keeps_auth),
        cmocka_unit_test(test_foresees), cmocka_unit_test(test_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
