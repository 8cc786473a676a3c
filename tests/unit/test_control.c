/* test_control.c - pages of the control plane as facts, and what is said to be wrong with it: made
 * up cases, and what a real pilot said (../shared/recordings/stack, skipped where it is not). */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "check.h"
#include "rule/control.h"
#include "signal/pilot.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char folder[] = "../shared/recordings/stack";

static const cJSON *tree(struct arena *a, const char *text)
{
    struct err e = { 0 };
    const cJSON *t = json_parse(a, text, strlen(text), &e);
    if (!t)
        fail_msg("%s: %s", text, e.text);
    return t;
}

/* A control plane of one controller; which is *entry. */
static cJSON *one_controller(struct arena *a, cJSON **entry)
{
    cJSON *control = json_object(a);
    *entry = json_add(a, json_set_array(a, control, "controllers"), json_object(a));
    json_set_str(a, *entry, "name", "controller-0");
    return control;
}

static cJSON *faults_of(struct arena *a, const cJSON *control, const char *sources)
{
    const struct control_facts f = { control, sources ? tree(a, sources) : NULL };
    return control_faults(a, &f);
}

static const char *fact_of(const cJSON *faults, const char *code)
{
    return json_text(json_find(faults, "code", code), "fact");
}

#define SYNCED "\"cluster_sent\":\"n1\",\"cluster_acked\":\"n1\""
#define PROXY(name, more)                                                                          \
    "{\"proxy\":\"" name ".higress-system\",\"istio_version\":\"1.19.5\"," SYNCED more "}"

static void acknowledged_is_in_sync(void **state)
{
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_syncz(a, c, tree(a, "[" PROXY("gw-0", "") "]"));
    assert_string_equal(json_text(json_path(c, "proxies[0].kinds"), "clusters"), "synced");
    assert_null(json_path(c, "proxies[0].kinds.listeners")); /* never sent */
    assert_int_equal(json_count(faults_of(a, control, NULL)), 0);
    assert_string_equal(control_replica_words(a, control, "gw-0"), "");
    assert_null(control_replica_words(a, control, "gw"));
    json_add(a, json_get(control, "controllers"), json_object(a)); /* one that was not read */
    assert_string_equal(control_replica_words(a, control, "gw"), "");
    arena_free(a);
}

static void a_refusal_needs_an_error_or_a_counter(void **state)
{
    static const char sent[] = "[" PROXY(
        "gw-0", ",\"route_sent\":\"n2\",\"route_acked\":\"n1\"") "," PROXY("gw-1", "") "]";
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_syncz(a, c, tree(a, sent));
    cJSON *faults = faults_of(a, control, NULL);
    assert_non_null(strstr(fact_of(faults, CONTROL_UNANSWERED), "routes"));
    assert_null(json_find(faults, "code", CONTROL_REFUSED));
    pilot_take_metrics(a, c,
                       "# TYPE pilot_xds_rds_reject gauge\n"
                       "pilot_xds_rds_reject{err=\"Internal\",node=\"gw-1.higress-system\"} 1\n");
    assert_null(json_find(faults_of(a, control, NULL), "code", CONTROL_REFUSED));
    pilot_take_metrics(a, c, "pilot_xds_rds_reject{node=\"gw-0.higress-system\"} 0\n");
    assert_null(json_find(faults_of(a, control, NULL), "code", CONTROL_REFUSED));
    pilot_take_metrics(a, c,
                       "pilot_xds_rds_reject{err=\"Internal\",node=\"gw-0.higress-system\"} 1");
    faults = faults_of(a, control, NULL);
    assert_non_null(strstr(fact_of(faults, CONTROL_REFUSED), "1 of 2 gateways"));
    assert_string_equal(json_text(json_find(faults, "code", CONTROL_REFUSED), "name"),
                        "gw-0.higress-system");
    assert_string_equal(control_replica_words(a, control, "gw-0"), "refused routes");
    arena_free(a);
}

static void a_newer_pilot_says_why(void **state)
{
    static const char sent[] =
        "[{\"proxy\":\"gw-0.ns\",\"resources\":{\"type.googleapis.com/envoy.config.route.v3."
        "RouteConfiguration\":{\"sent\":\"b\",\"acked\":\"a\",\"sentTime\":\"2026-11-30T10:00:"
        "00Z\","
        "\"lastError\":\"no such field \\u001b[31m ghp_Zx81Qp77aVb20kLmN93rTyUiOpAsDfGh1234\"}}}]";
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_syncz(a, c, tree(a, sent));
    const char *fact = fact_of(faults_of(a, control, NULL), CONTROL_REFUSED);
    assert_non_null(strstr(fact, "no such field"));
    assert_non_null(strstr(fact, "sent at 2026-11-30T10:00:00Z"));
    assert_null(strstr(fact, "aVb20kLm"));
    assert_null(strchr(fact, '\033'));
    arena_free(a);
}

static void endpoints_under_way_are_no_fault(void **state)
{
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_syncz(
        a, c,
        tree(a, "[" PROXY("gw-0", ",\"endpoint_sent\":\"n2\",\"endpoint_acked\":\"n1\"") "]"));
    assert_int_equal(json_count(faults_of(a, control, NULL)), 0);
    arena_free(a);
}

#define SERVICE(host, registry)                                                                    \
    "{\"hostname\":\"" host "\",\"Attributes\":{\"ServiceRegistry\":\"" registry "\"}}"
static const char three_sources[] =
    "[{\"name\":\"shop\",\"type\":\"static\"},{\"name\":\"api\",\"type\":\"dns\"},"
    "{\"name\":\"naming\",\"type\":\"nacos2\"}]";

static void a_lost_registry_is_named(void **state)
{
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_registryz(a, c, tree(a, "[" SERVICE("gw.ns.svc.cluster.local", "Kubernetes") "]"));
    cJSON *faults = faults_of(a, control, three_sources);
    assert_non_null(
        strstr(fact_of(faults, CONTROL_REGISTRY_LOST), "has 1 services, of 2 service sources"));
    assert_null(json_find(faults, "code", CONTROL_SOURCE_UNKNOWN));
    /* Without the console's sources that alone says nothing; an empty one does. */
    assert_int_equal(json_count(faults_of(a, control, NULL)), 0);
    pilot_take_registryz(a, c, tree(a, "[]"));
    assert_non_null(json_find(faults_of(a, control, NULL), "code", CONTROL_REGISTRY_LOST));
    pilot_take_registryz(
        a, c,
        tree(a, "[" SERVICE("shop.static", "External") "," SERVICE("x.nacos", "External") "]"));
    faults = faults_of(a, control, three_sources);
    assert_null(json_find(faults, "code", CONTROL_REGISTRY_LOST));
    assert_string_equal(json_text(json_find(faults, "code", CONTROL_SOURCE_UNKNOWN), "name"),
                        "api");
    arena_free(a);
}

static void what_was_not_read_is_no_fault(void **state)
{
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    json_add_str(a, json_set_array(a, c, "unread"), "/debug/registryz (port 15014): 401");
    json_add_str(a, json_set_array(a, control, "replicas"), "gw-0");
    assert_int_equal(json_count(faults_of(a, control, three_sources)), 0);
    pilot_take_syncz(a, c, tree(a, "null"));
    cJSON *faults = faults_of(a, control, NULL);
    assert_string_equal(json_text(json_find(faults, "code", CONTROL_NOT_CONNECTED), "name"),
                        "gw-0");
    arena_free(a);
}

static void the_rest_is_named_too(void **state)
{
    struct arena *a = arena_new();
    cJSON *c, *control = one_controller(a, &c);
    (void)state;
    pilot_take_version(a, c, "1.27.1-3f2a-Clean\n");
    pilot_take_syncz(a, c, tree(a, "[" PROXY("gw-0", "") "]"));
    pilot_take_watchers(a, c,
                        tree(a, "[{\"name\":\"naming\",\"type\":\"nacos2\",\"healthy\":false},"
                                "{\"name\":\"other\",\"type\":\"zookeeper\",\"healthy\":true}]"));
    pilot_take_push_status(a, c, tree(a, "{\"pilot_eds_no_instances\":{\"outbound|80||x\":{}}}"));
    pilot_take_metrics(a, c,
                       "pilot_xds_pushes{type=\"lds_builderr\"} 3\n"
                       "pilot_xds_pushes{type=\"lds\"} 300\n");
    pilot_take_configz(a, c,
                       tree(a, "[{\"kind\":\"WasmPlugin\",\"metadata\":{\"namespace\":\"ns\","
                               "\"name\":\"a\"}},{\"kind\":\"WasmPlugin\",\"metadata\":{"
                               "\"namespace\":\"ns\",\"name\":\"b\"}}]"),
                       tree(a, "[{\"kind\":\"WasmPlugin\",\"metadata\":{\"namespace\":\"ns\","
                               "\"name\":\"a\"}},{\"kind\":\"EnvoyFilter\",\"metadata\":{"
                               "\"namespace\":\"ns\",\"name\":\"c\"}}]"));
    cJSON *faults = faults_of(a, control, NULL);
    assert_string_equal(json_text(json_find(faults, "code", CONTROL_REGISTRY_UNHEALTHY), "name"),
                        "naming");
    assert_non_null(strstr(fact_of(faults, CONTROL_VERSIONS), "1.19.5 of gw-0.higress-system"));
    assert_non_null(strstr(fact_of(faults, CONTROL_VERSIONS), "1.27.1-3f2a-Clean of controller-0"));
    assert_non_null(strstr(fact_of(faults, CONTROL_PUSH_ERRORS), "outbound|80||x"));
    assert_non_null(strstr(fact_of(faults, CONTROL_PUSH_ERRORS), "3 pushes of lds"));
    assert_non_null(strstr(fact_of(faults, CONTROL_CONFIG_LOST), "1 objects"));
    assert_non_null(strstr(fact_of(faults, CONTROL_CONFIG_LOST), "WasmPlugin ns/b"));
    assert_int_equal(json_count(faults), 4);
    arena_free(a);
}

/* -- what a real pilot said -------------------------------------------------------------------- */

static const char *page_text(struct arena *a, const char *state, const char *name, size_t *n)
{
    struct err e = { 0 };
    return file_read(a, arena_printf(a, "%s/%s/%s", folder, state, name), 1 << 24, n, &e);
}

static const cJSON *page_tree(struct arena *a, const char *state, const char *name)
{
    struct err e = { 0 };
    size_t n = 0;
    const char *text = page_text(a, state, name, &n);
    return text ? json_parse(a, text, n, &e) : NULL;
}

static cJSON *recorded(struct arena *a, const char *state)
{
    cJSON *c, *control = one_controller(a, &c);
    size_t n = 0;
    pilot_take_syncz(a, c, page_tree(a, state, "pilot-syncz.json"));
    pilot_take_connections(a, c, page_tree(a, state, "pilot-connections.json"));
    pilot_take_metrics(a, c, page_text(a, state, "pilot-metrics.txt", &n));
    pilot_take_push_status(a, c, page_tree(a, state, "pilot-push_status.json"));
    pilot_take_registryz(a, c, page_tree(a, state, "pilot-registryz.json"));
    pilot_take_configz(a, c, page_tree(a, state, "controller-configz.json"),
                       page_tree(a, state, "pilot-configz.json"));
    return control;
}

static void recorded_states_are_told(void **state)
{
    static const struct {
        const char *state, *words;
    } cases[] = {
        { "mixed", "configuration of plugins" },
        { "nack", "configuration of listeners, plugins" },
        { "nack-routes", "configuration of routes" },
        { "plugins-not-loaded", "configuration of plugins" },
    };
    (void)state;
    if (access(folder, R_OK) != 0) {
        printf("skipped: the recordings of %s are not here\n", folder);
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new();
        cJSON *control = recorded(a, cases[i].state);
        cJSON *faults = faults_of(
            a, control,
            "[{\"name\":\"shop\",\"type\":\"static\"},{\"name\":\"gone\",\"type\":\"static\"}]");
        assert_non_null(strstr(fact_of(faults, CONTROL_REFUSED), cases[i].words));
        assert_string_equal(json_text(json_find(faults, "code", CONTROL_SOURCE_UNKNOWN), "name"),
                            "gone");
        assert_int_equal(json_count(faults), 2);
        assert_true(text_starts(json_text(json_path(control, "controllers[0].proxies[0]"), "since"),
                                "2026-11-24T"));
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_is_in_sync),
        cmocka_unit_test(a_refusal_needs_an_error_or_a_counter),
        cmocka_unit_test(a_newer_pilot_says_why),
        cmocka_unit_test(endpoints_under_way_are_no_fault),
        cmocka_unit_test(a_lost_registry_is_named),
        cmocka_unit_test(what_was_not_read_is_no_fault),
        cmocka_unit_test(the_rest_is_named_too),
        cmocka_unit_test(recorded_states_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
