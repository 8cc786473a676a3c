/* test_inspect_live.c - what requests meet, at the nodes of the map that it is about: names of
 * Envoy and of the log are those of the console's objects. */
#include "check.h"
#include "check_arena.h"
#include "inspect/inspect_live.h"
#include "signal/hour.h"
#include <string.h>

static cJSON *node(cJSON *map, const char *list, const char *kind, const char *name)
{
    cJSON *n = json_add(a, json_get(map, list), json_object(a));
    json_set_str(a, n, "kind", kind);
    json_set_str(a, n, "name", name);
    return n;
}

static cJSON *map_new(void)
{
    static const char *const lists[] = { "routes", "services", "hosts", "others", "unread" };
    cJSON *map = json_object(a);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_set_array(a, map, lists[i]);
    json_set_object(a, map, "counts");
    return map;
}

static cJSON *verdicts;

static cJSON *verdict(const char *code, const char *object, double requests)
{
    cJSON *v = json_add(a, verdicts, json_object(a));
    json_set_str(a, v, "code", code);
    json_set_str(a, v, "confidence", requests > 0 ? "high" : "low");
    json_set_str(a, v, "object", object);
    json_set_num(a, v, "requests", requests);
    cJSON *e = json_add(a, json_set_array(a, v, "evidence"), json_object(a));
    json_set_str(a, e, "fact", "as seen");
    json_set_str(a, v, "next", "Mend it.");
    return v;
}

static const char *first_said(const cJSON *n)
{
    const cJSON *says = json_get(n, "says");
    return says && says->child ? says->child->valuestring : "";
}

static void a_verdict_stands_at_the_object_it_is_about(void **state)
{
    (void)state;
    cJSON *map = map_new(), *diagnosis = json_object(a);
    cJSON *orders = node(map, "routes", "route", "orders");
    cJSON *chat = node(map, "routes", "ai-route", "chat");
    cJSON *shop = node(map, "services", "service", "shop.static");
    cJSON *qwen = node(map, "services", "ai-provider", "qwen");
    cJSON *host = node(map, "hosts", "domain", "shop.example");
    json_set_str(a, orders, "risk", "note");
    json_add_str(a, json_set_array(a, orders, "says"), "ROUTE_UNGUARDED: asks nobody");
    verdicts = json_set_array(a, diagnosis, "verdicts");
    verdict("UPSTREAM_TIMEOUT", "route shop/orders", 7);
    verdict("NO_ROUTE", "route ai-route-chat.internal", 1);
    verdict("UPSTREAM_REFUSED", "outbound|80||shop.static endpoint 10.0.0.1:80", 3);
    verdict("UPSTREAM_TLS", "outbound|443||llm-qwen.internal.dns", 0);
    verdict("NO_ROUTE", "host shop.example", 2);
    verdict("GATEWAY_NOT_READY", "gateway", 1);
    verdict("OK", "gateway", 0);
    json_add_str(a, json_set_array(a, diagnosis, "unavailable"), "stats");
    inspect_add_verdicts(a, map, diagnosis);
    assert_string_equal(first_said(orders), "UPSTREAM_TIMEOUT (7 requests): as seen. Mend it.");
    assert_string_equal(json_str(orders, "risk"), "broken");
    assert_int_equal(json_count(json_get(orders, "says")), 2);
    assert_string_equal(json_str(chat, "risk"), "broken");
    assert_string_equal(json_str(shop, "risk"), "broken");
    assert_string_equal(json_str(qwen, "risk"), "note");
    assert_string_equal(first_said(host), "NO_ROUTE (2 requests): as seen. Mend it.");
    const cJSON *others = json_get(map, "others");
    assert_int_equal(json_count(others), 1);
    assert_string_equal(json_str(others->child, "kind"), "gateway");
    assert_int_equal(json_num(json_get(map, "counts"), "broken", 0), 5);
    assert_int_equal(json_num(json_get(map, "counts"), "note", 0), 1);
    assert_string_equal(json_get(map, "unread")->child->valuestring,
                        "requests were judged without: stats");
}

static void what_is_worse_stays(void **state)
{
    (void)state;
    cJSON *map = map_new(), *diagnosis = json_object(a);
    cJSON *orders = node(map, "routes", "route", "orders");
    json_set_str(a, orders, "risk", "open");
    verdicts = json_set_array(a, diagnosis, "verdicts");
    verdict("UPSTREAM_TIMEOUT", "route orders", 7);
    inspect_add_verdicts(a, map, diagnosis);
    assert_string_equal(json_str(orders, "risk"), "open");
}

static void figures_stand_beside_their_nodes(void **state)
{
    (void)state;
    cJSON *map = map_new(), *hour = hour_new(a, HOUR_BY_LOG);
    const cJSON *chat = node(map, "routes", "ai-route", "chat");
    const cJSON *shop = node(map, "services", "service", "shop.static");
    const cJSON *idle = node(map, "routes", "route", "idle");
    struct hour_plot plot = { .p99 = 12 };
    plot.count[3] = 5;
    hour_add(a, hour, "route ai-route-chat.internal", &plot);
    hour_add(a, hour, "service shop.static", &plot);
    hour_add(a, hour, "route of-yesterday", &plot);
    inspect_add_hour(a, map, hour);
    assert_int_equal(json_num(json_get(chat, "hour"), "count", 0), 5);
    assert_int_equal(json_num(json_get(shop, "hour"), "p99", 0), 12);
    assert_null(json_get(idle, "hour"));
    assert_true(json_true(json_get(map, "traffic"), "by_log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_verdict_stands_at_the_object_it_is_about, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_worse_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(figures_stand_beside_their_nodes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
