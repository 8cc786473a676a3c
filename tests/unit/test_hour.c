/* test_hour.c - the requests of the last hour in slots, by the access log and by Envoy's counters
 * as a real Envoy prints them. */
#include "base/when.h"
#include "check.h"
#include "check_arena.h"
#include "signal/counters.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double now = 1795500000;

static double number_at(const cJSON *list, int i, int k)
{
    const cJSON *n = cJSON_GetArrayItem(cJSON_GetArrayItem(list, i), k);
    return n ? n->valuedouble : -1;
}

static const cJSON *object_of(const cJSON *hour, const char *object)
{
    return json_get(json_get(hour, "of"), object);
}

/* -- the access log ----------------------------------------------------------------------- */

static void write_request(FILE *f, double ago, const char *route, const char *code, int ms)
{
    fprintf(f,
            "{\"ai_log\":\"-\",\"authority\":\"shop.example\",\"bytes_received\":\"0\","
            "\"bytes_sent\":\"11\",\"downstream_local_address\":\"127.0.0.1:80\","
            "\"downstream_remote_address\":\"10.0.0.9:4\",\"duration\":\"%d\","
            "\"istio_policy_status\":\"-\",\"method\":\"GET\",\"path\":\"/\",\"protocol\":"
            "\"HTTP/1.1\",\"request_id\":\"r\",\"requested_server_name\":\"-\",\"response_code\":"
            "\"%s\",\"response_flags\":\"-\",\"route_name\":\"%s\",\"start_time\":\"%s\","
            "\"trace_id\":\"-\",\"upstream_cluster\":\"outbound|80||shop.static\","
            "\"upstream_host\":\"10.0.0.1:80\",\"upstream_local_address\":\"-\","
            "\"upstream_service_time\":\"0\",\"upstream_transport_failure_reason\":\"-\","
            "\"user_agent\":\"curl\",\"x_forwarded_for\":\"-\"}\n",
            ms, code, route, when_text(a, now - ago, true));
}

static void the_log_is_counted_by_route_and_service_in_slots(void **state)
{
    (void)state;
    char path[] = "/tmp/test_hour_XXXXXX";
    struct err e = { 0 };
    FILE *f = fdopen(mkstemp(path), "w");
    write_request(f, 3900, "orders", "200", 9); /* too old */
    write_request(f, 3500, "orders", "200", 20);
    write_request(f, 200, "shop/orders", "503", 900);
    write_request(f, 100, "orders", "200", 30);
    write_request(f, 50, "-", "404", 1); /* took no route */
    fclose(f);
    const cJSON *hour = hour_read(a, path, now, &e);
    unlink(path);
    assert_non_null(hour);
    assert_string_equal(json_str(hour, "source"), HOUR_BY_LOG);
    const cJSON *orders = object_of(hour, "route orders"), *slots = json_get(orders, "slots");
    assert_int_equal(json_num(orders, "count", 0), 3);
    assert_int_equal(json_num(orders, "errors", 0), 1);
    assert_int_equal(json_num(orders, "p99", 0), 900);
    assert_int_equal(json_count(slots), HOUR_SLOTS);
    assert_int_equal(number_at(slots, 0, 0), 1);
    assert_int_equal(json_count(cJSON_GetArrayItem(slots, 5)), 0);
    assert_int_equal(number_at(slots, HOUR_SLOTS - 1, 0), 2);
    assert_int_equal(number_at(slots, HOUR_SLOTS - 1, 1), 1);
    assert_int_equal(number_at(slots, HOUR_SLOTS - 1, 2), 900);
    assert_int_equal(json_num(object_of(hour, "service shop.static"), "count", 0), 4);
    assert_int_equal(json_count(json_get(hour, "of")), 2);
}

static void a_log_that_cannot_be_read_is_no_empty_one(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_null(hour_read(a, "/nowhere/access.log", now, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

/* -- counters ----------------------------------------------------------------------------- */

/* As Envoy 1.36 prints COUNTERS_PAGE; each figure stands once more under its origin. */
static cJSON *page_of(int completed, int failed, int fast, int slow)
{
    static const char format[] =
        "{\"stats\":[{\"name\":\"cluster.outbound|80||shop.static.external.upstream_rq_completed\","
        "\"value\":%d},{\"name\":\"cluster.outbound|80||shop.static.upstream_rq_5xx\",\"value\":%d}"
        ","
        "{\"name\":\"cluster.outbound|80||shop.static.upstream_rq_completed\",\"value\":%d},"
        "{\"name\":\"cluster.xds-grpc.upstream_rq_completed\",\"value\":7},"
        "{\"name\":\"cluster.upstream_rq_completed\",\"value\":7},"
        "{\"name\":\"cluster.outbound|8080||api.internal;.upstream_rq_completed\",\"value\":%d},"
        "{\"histograms\":[{\"name\":\"cluster.outbound|80||shop.static.upstream_rq_time\","
        "\"buckets\":[{\"upper_bound\":10,\"interval\":0,\"cumulative\":%d},"
        "{\"upper_bound\":100,\"interval\":0,\"cumulative\":%d},"
        "{\"upper_bound\":1000,\"interval\":0,\"cumulative\":%d}]}]}]}";
    struct err e = { 0 };
    const char *text =
        arena_printf(a, format, completed, failed, completed, completed, fast, fast, fast + slow);
    return json_parse(a, text, strlen(text), &e);
}

static void add_page(struct counters *c, const cJSON *page, double at)
{
    counters_add(c, &page, 1, at);
}

static void counters_say_what_came_on_top(void **state)
{
    (void)state;
    struct counters *c = counters_new();
    add_page(c, page_of(1000, 500, 1000, 0), now - 600);
    assert_null(counters_hour(a, c, now - 600));
    add_page(c, page_of(1100, 500, 1100, 0), now - 300);
    add_page(c, page_of(1200, 510, 1100, 100), now);
    const cJSON *hour = counters_hour(a, c, now), *shop = object_of(hour, "service shop.static");
    assert_string_equal(json_str(hour, "source"), HOUR_BY_COUNTERS);
    assert_string_equal(json_str(hour, "from"), when_text(a, now - 600, false));
    assert_int_equal(json_num(shop, "count", 0), 200);
    assert_int_equal(json_num(shop, "errors", 0), 10);
    const cJSON *slots = json_get(shop, "slots");
    assert_int_equal(number_at(slots, HOUR_SLOTS - 2, 0), 100);
    assert_int_equal(number_at(slots, HOUR_SLOTS - 1, 0), 100);
    assert_int_equal(number_at(slots, HOUR_SLOTS - 1, 1), 10);
    assert_true(number_at(slots, HOUR_SLOTS - 2, 2) <= 10);
    assert_true(number_at(slots, HOUR_SLOTS - 1, 2) > 900);
    assert_int_equal(json_num(object_of(hour, "service api.internal"), "count", 0), 200);
    assert_int_equal(json_count(json_get(hour, "of")), 2);
    counters_free(c);
}

static void an_envoy_that_began_anew_takes_nothing_away(void **state)
{
    (void)state;
    struct counters *c = counters_new();
    add_page(c, page_of(1000, 0, 1000, 0), now - 300);
    add_page(c, page_of(40, 0, 40, 0), now);
    const cJSON *shop = object_of(counters_hour(a, c, now), "service shop.static");
    assert_int_equal(json_num(shop, "count", 0), 40);
    counters_free(c);
}

/* However often it is looked at: an hour in readings that are a slot apart. */
static void readings_are_bounded(void **state)
{
    (void)state;
    struct counters *c = counters_new();
    for (int i = 0; i <= 7200; i += 10)
        add_page(c, page_of(i, 0, i, 0), now - 7200 + i);
    const cJSON *hour = counters_hour(a, c, now), *shop = object_of(hour, "service shop.static");
    assert_null(json_get(hour, "from"));
    assert_in_range((uintmax_t)json_num(shop, "count", 0), 3590, 3610);
    for (int i = 0; i < HOUR_SLOTS; i++)
        assert_in_range((uintmax_t)number_at(json_get(shop, "slots"), i, 0), 290, 310);
    counters_free(c);
}

/* Two replicas are one gateway. */
static void counters_of_replicas_are_added_up(void **state)
{
    (void)state;
    struct counters *c = counters_new();
    const cJSON *then[] = { page_of(1000, 500, 1000, 0), page_of(10, 0, 10, 0) };
    const cJSON *later[] = { page_of(1100, 510, 1100, 0), page_of(40, 5, 20, 20) };
    counters_add(c, then, 2, now - 300);
    counters_add(c, later, 2, now);
    const cJSON *shop = object_of(counters_hour(a, c, now), "service shop.static");
    assert_int_equal((int)json_num(shop, "count", 0), 130);
    assert_int_equal((int)json_num(shop, "errors", 0), 15);
    counters_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_is_counted_by_route_and_service_in_slots),
        cmocka_unit_test(a_log_that_cannot_be_read_is_no_empty_one),
        cmocka_unit_test(counters_say_what_came_on_top),
        cmocka_unit_test(counters_of_replicas_are_added_up),
        cmocka_unit_test(an_envoy_that_began_anew_takes_nothing_away),
        cmocka_unit_test(readings_are_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
