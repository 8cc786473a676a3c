/* test_embedded.c - the embedded console end to end, in one process, from an empty folder. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "check.h"
#include "embedded/embedded.h"
#include "tree.h"

static struct arena *a;
static struct embedded *console;
static char folder[64];
static const char *authorization;
static struct embedded_answer answer;

/* Sends and parses; "body" NULL: none. */
static cJSON *call(const char *method, const char *target, const char *body)
{
    struct embedded_header headers[3] = { { "content-type", "application/json" } };
    if (authorization)
        headers[1] = (struct embedded_header){ "authorization", authorization };
    struct embedded_call c = { method, target, headers, body ? body : "", body ? strlen(body) : 0 };
    embedded_handle(console, a, &c, &answer);
    return answer.len ? json_parse(a, answer.body, answer.len, NULL) : NULL;
}

static void expect(const char *method, const char *target, const char *body, int status)
{
    call(method, target, body);
    if (answer.status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, target, answer.status, status, answer.body);
}

static const char *text_at(const cJSON *tree, const char *path)
{
    const cJSON *node = json_path(tree, path);
    return cJSON_IsString(node) ? node->valuestring : NULL;
}

static void log_in(const char *password)
{
    const char *pair = arena_printf(a, "admin:%s", password);
    authorization = arena_printf(a, "Basic %s", base64_encode(a, pair, strlen(pair)));
}

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    a = arena_new();
    snprintf(folder, sizeof folder, "/tmp/test_embedded.XXXXXX");
    console = mkdtemp(folder) ? embedded_open(folder, &e) : NULL;
    authorization = NULL;
    if (!console)
        return -1;
    call("POST", "/system/init",
         "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"A\",\"password\":\"pw\"}}");
    log_in("pw");
    return answer.status == 200 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    embedded_close(console);
    tree_remove(folder);
    arena_free(a);
    return 0;
}

static void a_fresh_folder_has_the_default_route(void **state)
{
    (void)state;
    cJSON *routes = call("GET", "/v1/routes", NULL);
    assert_int_equal(json_num(routes, "total", 0), 1);
    assert_string_equal(text_at(routes, "data[0].name"), "default");
    cJSON *certificates = call("GET", "/v1/tls-certificates", NULL);
    assert_string_equal(text_at(certificates, "data[0].domains[0]"), "higress-gateway");
    assert_null(strstr(answer.body, "PRIVATE"));
    expect("POST", "/system/init",
           "{\"adminUser\":{\"name\":\"x\",\"displayName\":\"x\",\"password\":\"x\"}}", 500);
}

static void only_the_right_password_gets_in(void **state)
{
    (void)state;
    authorization = NULL;
    expect("GET", "/v1/routes", NULL, 401);
    log_in("wrong");
    expect("GET", "/v1/routes", NULL, 401);
    log_in("pw:x");
    expect("GET", "/v1/routes", NULL, 401);
    authorization = "Basic !";
    expect("GET", "/v1/routes", NULL, 500);
    log_in("pw");
    expect("GET", "/v1/routes", NULL, 200);
    assert_null(strstr(answer.body, "pw"));
}

static void a_new_password_ends_all_tokens(void **state)
{
    (void)state;
    call("POST", "/session/login", "{\"username\":\"admin\",\"password\":\"pw\"}");
    assert_int_equal(answer.status, 201);
    const char *cookie = NULL;
    for (struct embedded_header *h = answer.headers; h->name; h++)
        if (strcmp(h->name, "set-cookie") == 0)
            cookie = arena_strndup(a, h->value, strcspn(h->value, ";"));
    assert_non_null(cookie);
    struct embedded_header headers[] = { { "cookie", cookie }, { 0 } };
    struct embedded_call c = { "GET", "/user/info", headers, "", 0 };
    embedded_handle(console, a, &c, &answer);
    assert_int_equal(answer.status, 200);
    expect("POST", "/user/changePassword", "{\"oldPassword\":\"pw\",\"newPassword\":\"p2\"}", 200);
    embedded_handle(console, a, &c, &answer);
    assert_int_equal(answer.status, 401);
    expect("GET", "/user/info", NULL, 401);
    log_in("p2");
    expect("GET", "/user/info", NULL, 200);
}

static const char route[] =
    "{\"name\":\"r\",\"domains\":[\"a.example.com\"],\"path\":{\"matchType\":"
    "\"PRE\",\"matchValue\":\"/a\"},\"services\":[{\"name\":\"w.static\"}]}";

static void versions_guard_a_route(void **state)
{
    (void)state;
    expect("POST", "/v1/routes", route, 201);
    expect("POST", "/v1/routes", route, 409);
    cJSON *stored = json_get(call("GET", "/v1/routes/r", NULL), "data");
    assert_string_equal(json_str(stored, "version"), "1");
    const char *body = json_print(a, stored);
    expect("PUT", "/v1/routes/r", body, 200);
    expect("PUT", "/v1/routes/r", body, 409);
    expect("PUT", "/v1/routes/other", body, 400);
    expect("DELETE", "/v1/routes/r", NULL, 204);
    expect("GET", "/v1/routes/r", NULL, 404);
    assert_int_equal(answer.len, 0);
}

static void tls_of_a_domain_reaches_its_routes(void **state)
{
    (void)state;
    expect("POST", "/v1/domains", "{\"name\":\"a.example.com\",\"enableHttps\":\"off\"}", 201);
    expect("POST", "/v1/routes", route, 201);
    expect("PUT", "/v1/domains/a.example.com",
           "{\"name\":\"a.example.com\",\"enableHttps\":\"force\",\"certIdentifier\":\"default\"}",
           200);
    size_t n;
    char *text = file_read(a, arena_printf(a, "%s/ingresses/r.yaml", folder), 1 << 20, &n, NULL);
    assert_non_null(strstr(text, "secretName: default"));
    assert_non_null(strstr(text, "higress.io/ssl-redirect: \"true\""));
    expect("DELETE", "/v1/domains/a.example.com", NULL, 500);
}

static void saving_without_auth_switches_it_off(void **state)
{
    (void)state;
    cJSON *body = json_parse(a, route, strlen(route), NULL);
    cJSON *auth = json_set_object(a, body, "authConfig");
    json_set_bool(a, auth, "enabled", true);
    json_add_str(a, json_set_array(a, auth, "allowedConsumers"), "alice");
    expect("POST", "/v1/routes", json_print(a, body), 201);
    cJSON *got = call("GET", "/v1/routes/r", NULL);
    assert_string_equal(text_at(got, "data.authConfig.allowedConsumers[0]"), "alice");
    expect("PUT", "/v1/routes/r", route, 200);
    got = call("GET", "/v1/routes/r", NULL);
    assert_true(cJSON_IsFalse(json_path(got, "data.authConfig.enabled")));
    assert_true(cJSON_IsNull(json_path(got, "data.authConfig.allowedConsumers")));
}

static void a_source_makes_a_service_and_hides_its_credentials(void **state)
{
    (void)state;
    expect("POST", "/v1/service-sources",
           "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:80\",\"port\":80}", 201);
    assert_string_equal(text_at(call("GET", "/v1/services", NULL), "data[1].name"), "web.static");
    expect("POST", "/v1/service-sources",
           "{\"name\":\"n\",\"type\":\"nacos2\",\"domain\":\"10.0.0.2\",\"port\":8848,"
           "\"properties\":{\"nacosGroups\":[\"g\"]},\"authN\":{\"enabled\":true,\"properties\":"
           "{\"nacosUsername\":\"user-x\",\"nacosPassword\":\"word-x\"}}}",
           201);
    assert_null(strstr(answer.body, "word-x"));
    call("GET", "/v1/service-sources/n", NULL);
    assert_non_null(strstr(answer.body, "\"enabled\":true"));
    assert_null(strstr(answer.body, "word-x"));
    expect("DELETE", "/v1/service-sources/n", NULL, 204);
    expect("GET", "/v1/service-sources/n", NULL, 404);
}

static void a_hand_edit_shows_in_the_next_answer(void **state)
{
    (void)state;
    expect("POST", "/v1/routes", route, 201);
    const char *path = arena_printf(a, "%s/ingresses/r.yaml", folder);
    size_t n;
    char *text = file_read(a, path, 1 << 20, &n, NULL), *at = strstr(text, "/a\n");
    at[1] = 'z';
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    assert_string_equal(text_at(call("GET", "/v1/routes/r", NULL), "data.path.matchValue"), "/z");
    f = fopen(path, "w");
    fputs("a: [", f);
    fclose(f);
    expect("GET", "/v1/routes/r", NULL, 404);
    expect("GET", "/v1/routes", NULL, 200);
    expect("PUT", "/v1/routes/r", route, 500);
    assert_non_null(strstr(answer.body, "r.yaml"));
}

static void odd_requests_are_answered_as_spring_does(void **state)
{
    (void)state;
    expect("GET", "/v1/nothing", NULL, 404);
    expect("PATCH", "/v1/routes", "{}", 405);
    expect("POST", "/v1/routes", "{", 400);
    expect("POST", "/v1/routes", "[]", 400);
    expect("POST", "/v1/routes", "", 400);
    expect("GET", "/v1/routes/a%2Fb", NULL, 400);
    expect("GET", "/v1/routes?pageNum=x", NULL, 400);
    expect("GET", "/v1/routes?pageNum=9", NULL, 500);
    expect("HEAD", "/v1/routes/none", NULL, 200);
    expect("OPTIONS", "/v1/routes", NULL, 200);
    authorization = NULL;
    expect("DELETE", "/v1/routes/x/plugin-instances/y", NULL, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fresh_folder_has_the_default_route, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_right_password_gets_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_password_ends_all_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_guard_a_route, setup, teardown),
        cmocka_unit_test_setup_teardown(tls_of_a_domain_reaches_its_routes, setup, teardown),
        cmocka_unit_test_setup_teardown(saving_without_auth_switches_it_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_source_makes_a_service_and_hides_its_credentials, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_hand_edit_shows_in_the_next_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_requests_are_answered_as_spring_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
