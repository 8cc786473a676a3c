/* test_embedded.c - the embedded console end to end, in one process, from an empty folder. */
#include "base/crypto.h"
#include "base/file.h"
#include "base/text.h"
#include "check.h"
#include "plane.h"

static void log_in(const char *password)
{
    const char *pair = arena_printf(a, "admin:%s", password);
    authorization = arena_printf(a, "Basic %s", base64_encode(a, pair, strlen(pair)));
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
    expect(500, "POST", "/system/init",
           "{\"adminUser\":{\"name\":\"x\",\"displayName\":\"x\",\"password\":\"x\"}}");
}

static void only_the_right_password_gets_in(void **state)
{
    (void)state;
    authorization = NULL;
    expect(401, "GET", "/v1/routes", NULL);
    log_in("wrong");
    expect(401, "GET", "/v1/routes", NULL);
    log_in("admin:x");
    expect(401, "GET", "/v1/routes", NULL);
    authorization = "Basic !";
    expect(500, "GET", "/v1/routes", NULL);
    log_in("admin");
    expect(200, "GET", "/v1/routes", NULL);
    assert_null(strstr(answer.body, "pw"));
}

static void a_new_password_ends_all_tokens(void **state)
{
    (void)state;
    call("POST", "/session/login", "{\"username\":\"admin\",\"password\":\"admin\"}");
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
    expect(200, "POST", "/user/changePassword",
           "{\"oldPassword\":\"admin\",\"newPassword\":\"p2\"}");
    embedded_handle(console, a, &c, &answer);
    assert_int_equal(answer.status, 401);
    expect(401, "GET", "/user/info", NULL);
    log_in("p2");
    expect(200, "GET", "/user/info", NULL);
}

static const char route[] =
    "{\"name\":\"r\",\"domains\":[\"a.example.com\"],\"path\":{\"matchType\":"
    "\"PRE\",\"matchValue\":\"/a\"},\"services\":[{\"name\":\"w.static\"}]}";

static void versions_guard_a_route(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/routes", route);
    expect(409, "POST", "/v1/routes", route);
    cJSON *stored = json_get(call("GET", "/v1/routes/r", NULL), "data");
    assert_string_equal(json_str(stored, "version"), "1");
    const char *body = json_print(a, stored);
    expect(200, "PUT", "/v1/routes/r", body);
    expect(409, "PUT", "/v1/routes/r", body);
    expect(400, "PUT", "/v1/routes/other", body);
    expect(204, "DELETE", "/v1/routes/r", NULL);
    expect(404, "GET", "/v1/routes/r", NULL);
    assert_int_equal(answer.len, 0);
}

static void tls_of_a_domain_reaches_its_routes(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/domains", "{\"name\":\"a.example.com\",\"enableHttps\":\"off\"}");
    expect(201, "POST", "/v1/routes", route);
    expect(200, "PUT", "/v1/domains/a.example.com",
           "{\"name\":\"a.example.com\",\"enableHttps\":\"force\",\"certIdentifier\":\"default\"}");
    size_t n;
    char *text = file_read(a, arena_printf(a, "%s/ingresses/r.yaml", folder), 1 << 20, &n, NULL);
    assert_non_null(strstr(text, "secretName: default"));
    assert_non_null(strstr(text, "higress.io/ssl-redirect: \"true\""));
    expect(500, "DELETE", "/v1/domains/a.example.com", NULL);
}

static void saving_without_auth_switches_it_off(void **state)
{
    (void)state;
    cJSON *body = json_parse(a, route, strlen(route), NULL);
    cJSON *auth = json_set_object(a, body, "authConfig");
    json_set_bool(a, auth, "enabled", true);
    json_add_str(a, json_set_array(a, auth, "allowedConsumers"), "alice");
    expect(201, "POST", "/v1/routes", json_print(a, body));
    cJSON *got = call("GET", "/v1/routes/r", NULL);
    assert_string_equal(text_at(got, "data.authConfig.allowedConsumers[0]"), "alice");
    expect(200, "PUT", "/v1/routes/r", route);
    got = call("GET", "/v1/routes/r", NULL);
    assert_true(cJSON_IsFalse(json_path(got, "data.authConfig.enabled")));
    assert_true(cJSON_IsNull(json_path(got, "data.authConfig.allowedConsumers")));
}

static void a_source_makes_a_service_and_hides_its_credentials(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:80\",\"port\":80}");
    assert_string_equal(text_at(call("GET", "/v1/services", NULL), "data[1].name"), "web.static");
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"n\",\"type\":\"nacos2\",\"domain\":\"10.0.0.2\",\"port\":8848,"
           "\"properties\":{\"nacosGroups\":[\"g\"]},\"authN\":{\"enabled\":true,\"properties\":"
           "{\"nacosUsername\":\"user-x\",\"nacosPassword\":\"word-x\"}}}");
    assert_null(strstr(answer.body, "word-x"));
    call("GET", "/v1/service-sources/n", NULL);
    assert_non_null(strstr(answer.body, "\"enabled\":true"));
    assert_null(strstr(answer.body, "word-x"));
    expect(204, "DELETE", "/v1/service-sources/n", NULL);
    expect(404, "GET", "/v1/service-sources/n", NULL);
}

/* As the controller has it: such a source is stored, and its traffic is 503. */
static void a_source_that_is_dropped_whole_is_no_service(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"blank\",\"type\":\"static\",\"domain\":\"10.0.0.1:80, 10.0.0.2:80\","
           "\"port\":80}");
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"comma\",\"type\":\"static\",\"domain\":\"10.0.0.1:80,\",\"port\":80}");
    call("GET", "/v1/services", NULL);
    assert_null(strstr(answer.body, "blank.static"));
    assert_non_null(strstr(answer.body, "comma.static")); /* recorded */
    console->lenient = true;
    call("GET", "/v1/services", NULL);
    assert_null(strstr(answer.body, "blank.static"));
    assert_null(strstr(answer.body, "comma.static"));
}

static void a_static_service_has_the_port_its_source_says(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/service-sources",
           "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:9001\",\"port\":8080}");
    const cJSON *services = json_get(call("GET", "/v1/services", NULL), "data");
    assert_string_equal(text_at(services, "[1].name"), "web.static");
    assert_int_equal(json_num(cJSON_GetArrayItem(services, 1), "port", 0), 8080);
}

static void a_hand_edit_shows_in_the_next_answer(void **state)
{
    (void)state;
    expect(201, "POST", "/v1/routes", route);
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
    expect(404, "GET", "/v1/routes/r", NULL);
    expect(200, "GET", "/v1/routes", NULL);
    expect(500, "PUT", "/v1/routes/r", route);
    assert_non_null(strstr(answer.body, "r.yaml"));
}

static void odd_requests_are_answered_as_spring_does(void **state)
{
    (void)state;
    expect(404, "GET", "/v1/nothing", NULL);
    expect(405, "PATCH", "/v1/routes", "{}");
    expect(400, "POST", "/v1/routes", "{");
    expect(400, "POST", "/v1/routes", "[]");
    expect(400, "POST", "/v1/routes", "");
    expect(400, "GET", "/v1/routes/a%2Fb", NULL);
    expect(400, "GET", "/v1/routes?pageNum=x", NULL);
    expect(500, "GET", "/v1/routes?pageNum=9", NULL);
    expect(200, "HEAD", "/v1/routes/none", NULL);
    expect(200, "OPTIONS", "/v1/routes", NULL);
    authorization = NULL;
    expect(200, "DELETE", "/v1/routes/x/plugin-instances/y", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fresh_folder_has_the_default_route, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(only_the_right_password_gets_in, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(a_new_password_ends_all_tokens, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(versions_guard_a_route, plane_setup, plane_teardown),
        cmocka_unit_test_setup_teardown(tls_of_a_domain_reaches_its_routes, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(saving_without_auth_switches_it_off, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(a_source_makes_a_service_and_hides_its_credentials,
                                        plane_setup, plane_teardown),
        cmocka_unit_test_setup_teardown(a_source_that_is_dropped_whole_is_no_service, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(a_static_service_has_the_port_its_source_says, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(a_hand_edit_shows_in_the_next_answer, plane_setup,
                                        plane_teardown),
        cmocka_unit_test_setup_teardown(odd_requests_are_answered_as_spring_does, plane_setup,
                                        plane_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
