/* test_picture.c - drawings of small and of large gateways: bounded, whole where they can be, and
 * text of the gateway stays text. */
#include "check.h"
#include "check_arena.h"
#include "picture/picture.h"
#include <string.h>

static int count_in(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static cJSON *route(cJSON *map, const char *name, const char *host, const char *to)
{
    cJSON *r = json_add(a, json_get(map, "routes"), json_object(a));
    json_set_str(a, r, "kind", "route");
    json_set_str(a, r, "name", name);
    json_add_str(a, json_set_array(a, r, "hosts"), host);
    json_set_str(a, r, "match", "/*");
    json_add_str(a, json_set_array(a, r, "to"), to);
    return r;
}

static cJSON *map_of(int routes, int hosts)
{
    cJSON *map = json_object(a);
    json_set_array(a, map, "routes");
    cJSON *services = json_set_array(a, map, "services");
    cJSON *s = json_add(a, services, json_object(a));
    json_set_str(a, s, "kind", "service");
    json_set_str(a, s, "name", "shop.static");
    json_add_str(a, json_set_array(a, s, "endpoints"), "10.0.0.1:80");
    json_set_num(a, s, "endpoint_count", 1);
    for (int i = 0; i < routes; i++)
        route(map, arena_printf(a, "r%d", i), arena_printf(a, "h%d.example", i % hosts),
              "shop.static");
    return map;
}

static const char *drawn(const cJSON *map)
{
    return picture_svg(a, &(struct picture){ .map = map, .links = true });
}

static void five_routes_are_all_drawn(void **state)
{
    (void)state;
    const char *svg = drawn(map_of(5, 2));
    for (int i = 0; i < 5; i++)
        assert_non_null(strstr(svg, arena_printf(a, ">r%d</text>", i)));
    assert_int_equal(count_in(svg, "<g class=\"node"), 2 + 5 + 1);
    assert_int_equal(count_in(svg, "<path"), 5 + 5);
    assert_null(strstr(svg, "folded"));
    assert_non_null(strstr(svg, "10.0.0.1:80"));
}

static void of_five_thousand_the_wrong_ones_are_drawn_and_the_rest_is_counted(void **state)
{
    (void)state;
    cJSON *map = map_of(5000, 7);
    cJSON *bad = route(map, "the-bad-one", "h3.example", "gone.static");
    json_set_str(a, bad, "risk", "broken");
    json_add_str(a, json_set_array(a, bad, "says"), "ROUTE_SERVICE_MISSING: is not there");
    const char *svg = drawn(map);
    assert_non_null(strstr(svg, ">the-bad-one</text>"));
    assert_non_null(strstr(svg, "Routes: "));
    assert_non_null(strstr(svg, " / 5001"));
    assert_int_equal(count_in(svg, " folded\""), 7);
    assert_true(count_in(svg, "<g class=\"node") < 60);
    assert_true(strlen(svg) < 40000);
}

static void of_very_many_hosts_a_last_one_counts_the_rest(void **state)
{
    (void)state;
    const char *svg = drawn(map_of(5000, 3000));
    assert_non_null(strstr(svg, "more routes</text>"));
    assert_true(count_in(svg, "<g class=\"node") < 250);
}

static void an_object_is_drawn_with_what_leads_to_it(void **state)
{
    (void)state;
    cJSON *map = map_of(50, 5);
    route(map, "other", "h1.example", "other.static");
    struct picture p = { .map = map, .kind = "service", .name = "other.static" };
    const char *svg = picture_svg(a, &p);
    assert_int_equal(count_in(svg, "<g class=\"node"), 3);
    assert_non_null(strstr(svg, "is not there"));
    p.kind = "domain";
    p.name = "h2.example";
    assert_int_equal(count_in(picture_svg(a, &p), "<g class=\"node"), 1 + 10 + 1);
}

static void text_of_the_gateway_is_text(void **state)
{
    (void)state;
    static const char evil[] =
        "</text></svg><script>alert(1)</script>\"><a href=\"javascript:x\" onload='y'>&lt;";
    cJSON *map = map_of(1, 1);
    cJSON *r = route(map, evil, evil, evil);
    json_set_str(a, r, "match", evil);
    json_set_str(a, r, "risk", "note");
    json_add_str(a, json_set_array(a, r, "says"), evil);
    struct picture p = { .map = map, .links = true };
    const char *all[] = { picture_svg(a, &p), picture_html(a, &p, evil) };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count_in(all[i], "<script"), 0);
        assert_int_equal(count_in(all[i], "</svg>"), 1);
        assert_int_equal(count_in(all[i], "href=\"javascript"), 0);
        assert_int_equal(count_in(all[i], "onload='"),
                         count_in(all[i], "href=&quot;javascript:x&quot; onload='"));
    }
}

static cJSON *slot(cJSON *slots, double count, double errors, double slow)
{
    cJSON *one = json_add(a, slots, json_array(a));
    json_add(a, one, json_number(a, count));
    json_add(a, one, json_number(a, errors));
    json_add(a, one, json_number(a, slow));
    return one;
}

static void traffic_and_waiting_changes_are_marked(void **state)
{
    (void)state;
    cJSON *map = map_of(3, 1), *waiting = json_array(a);
    cJSON *hour = json_set_object(a, json_get(map, "routes")->child->next, "hour");
    json_set_num(a, hour, "count", 1200);
    json_set_num(a, hour, "errors", 50);
    json_set_num(a, hour, "p99", 120);
    cJSON *slots = json_set_array(a, hour, "slots");
    slot(slots, 1000, 0, 20);
    json_add(a, slots, json_array(a));
    slot(slots, 200, 50, 120);
    json_set_bool(a, json_set_object(a, map, "traffic"), "by_log", true);
    json_add_str(a, waiting, "route r2");
    const char *svg = picture_svg(a, &(struct picture){ .map = map, .waiting = waiting });
    assert_int_equal(count_in(svg, "class=\"waits\""), 1);
    assert_int_equal(count_in(svg, ">a change waits"), 1);
    assert_int_equal(count_in(svg, "class=\"count\""), 2);
    assert_int_equal(count_in(svg, "class=\"errors\""), 1);
    assert_int_equal(count_in(svg, "class=\"slow\""), 1);
    assert_non_null(strstr(svg, ">1200 <tspan class=\"bad\">4 %</tspan>"));
    assert_non_null(strstr(svg, ">120 ms<"));
    assert_non_null(strstr(svg, "Last hour: access log"));
}

static void no_data_is_said(void **state)
{
    (void)state;
    cJSON *map = map_of(1, 1);
    assert_non_null(strstr(drawn(map), "Last hour: no data"));
    json_set_str(a, json_set_object(a, map, "traffic"), "from", "2026-11-30T12:34:56Z");
    assert_non_null(strstr(drawn(map), "Last hour: Envoy's counters, since 12:34 UTC"));
    const char *chinese = picture_svg(a, &(struct picture){ .map = map, .chinese = true });
    assert_non_null(strstr(chinese, "最近一小时"));
    assert_null(strstr(chinese, "Last hour"));
}

static void what_is_folded_keeps_its_colour(void **state)
{
    (void)state;
    cJSON *map = map_of(200, 1), *r;
    cJSON_ArrayForEach(r, json_get(map, "routes")) json_set_str(a, r, "risk", "broken");
    const char *svg = drawn(map);
    assert_non_null(strstr(svg, "something was found about "));
    assert_int_equal(count_in(svg, "class=\"node broken folded\""), 1);
    assert_true(count_in(svg, "<g class=\"node") < 80);
}

static void a_word_narrows_it_to_what_is_folded(void **state)
{
    (void)state;
    const struct picture p = { .map = map_of(5000, 7), .find = "R4321", .marks = true };
    const char *svg = picture_svg(a, &p);
    assert_int_equal(count_in(svg, "<g class=\"node"), 3);
    assert_non_null(strstr(svg, "data-kind=\"route\" data-name=\"r4321\""));
    assert_int_equal(count_in(svg, "<a "), 0);
    const struct picture none = { .map = map_of(5, 1), .find = "nothing like it" };
    assert_non_null(strstr(picture_svg(a, &none), "No route fits."));
}

static void for_a_phone_it_is_one_column(void **state)
{
    (void)state;
    const struct picture p = { .map = map_of(5, 2), .narrow = true };
    const char *svg = picture_svg(a, &p);
    assert_int_equal(count_in(svg, "<g class=\"node"), 2 + 5 + 1);
    assert_int_equal(count_in(svg, "class=\"edge"), 0);
    assert_int_equal(count_in(svg, ">/* → shop.static<"), 5);
    assert_non_null(strstr(svg, "viewBox=\"0 0 380 "));
}

static void a_finding_is_said_in_words_at_its_node(void **state)
{
    (void)state;
    cJSON *map = map_of(1, 1), *r = json_get(map, "routes")->child;
    json_set_str(a, r, "risk", "broken");
    cJSON *says = json_set_array(a, r, "says");
    json_add_str(a, says, "ROUTE_SERVICE_MISSING: is not there");
    json_add_str(a, says, "another");
    assert_non_null(strstr(drawn(map), "class=\"says\">ROUTE_SERVICE_MISSING: is not there +1<"));
}

static void what_was_not_read_is_not_nothing(void **state)
{
    (void)state;
    cJSON *map = map_of(0, 1);
    assert_non_null(strstr(drawn(map), "This gateway has no route."));
    json_set_bool(a, map, "routes_unread", true);
    const char *svg = drawn(map);
    assert_null(strstr(svg, "has no route"));
    assert_non_null(strstr(svg, "Routes: not read"));
    map = map_of(2, 1);
    json_set_bool(a, map, "routes_unread", true);
    json_remove(map, "services");
    svg = drawn(map);
    assert_non_null(strstr(svg, "Routes: 2; not all could be read"));
    assert_non_null(strstr(svg, "Services: not read"));
    assert_null(strstr(svg, "is not there"));
}

static void an_object_that_no_route_leads_to_is_drawn(void **state)
{
    (void)state;
    cJSON *map = map_of(0, 1);
    struct picture p = { .map = map, .kind = "service", .name = "shop.static" };
    const char *svg = picture_svg(a, &p);
    assert_non_null(strstr(svg, ">shop.static</text>"));
    assert_non_null(strstr(svg, "No route leads here."));
}

static void a_provider_is_drawn_with_its_routes(void **state)
{
    (void)state;
    cJSON *map = map_of(3, 1);
    cJSON *r = route(map, "chat", "ai.example", "shop.static");
    json_set_str(a, r, "kind", "ai-route");
    struct picture p = { .map = map, .kind = "ai-provider", .name = "shop.static" };
    const char *svg = picture_svg(a, &p);
    assert_int_equal(count_in(svg, "<g class=\"node"), 3);
    assert_non_null(strstr(svg, ">chat</text>"));
    p.kind = "service"; /* of the same name */
    svg = picture_svg(a, &p);
    assert_null(strstr(svg, ">chat</text>"));
    assert_int_equal(count_in(svg, "<g class=\"node"), 1 + 3 + 1);
}

static void a_host_with_something_wrong_comes_before_thousands(void **state)
{
    (void)state;
    cJSON *map = map_of(5000, 3000);
    cJSON *bad = route(map, "the-bad-one", "zzz.example", "gone.static");
    json_set_str(a, bad, "risk", "broken");
    assert_non_null(strstr(drawn(map), ">the-bad-one</text>"));
}

static void services_without_room_are_said(void **state)
{
    (void)state;
    cJSON *map = map_of(0, 1);
    for (int i = 0; i < 40; i++) {
        cJSON *r = route(map, arena_printf(a, "m%d", i), "h.example", arena_printf(a, "x%d", i));
        json_add_str(a, json_get(r, "to"), arena_printf(a, "y%d", i));
    }
    const char *svg = drawn(map);
    assert_int_equal(count_in(svg, ">more services</text>"), 1);
    assert_int_equal(count_in(svg, "<path"), 40 + 60 + 10); /* each route without room, once */
}

static void a_route_is_joined_with_all_its_hosts(void **state)
{
    (void)state;
    cJSON *map = map_of(0, 1), *r = route(map, "both", "a.example", "shop.static");
    json_add_str(a, json_get(r, "hosts"), "b.example");
    const char *svg = drawn(map);
    assert_non_null(strstr(svg, ">b.example</text>"));
    assert_int_equal(count_in(svg, "<path"), 2 + 1);
}

static void links_keep_their_gateway(void **state)
{
    (void)state;
    struct picture p = { .map = map_of(1, 1), .links = true, .gateway = "east & west" };
    const char *svg = picture_svg(a, &p);
    assert_int_equal(count_in(svg, "href=\"/?gateway=east%20%26%20west&amp;kind="), 3);
    assert_int_equal(count_in(svg, "href="), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(five_routes_are_all_drawn, setup, teardown),
        cmocka_unit_test_setup_teardown(
            of_five_thousand_the_wrong_ones_are_drawn_and_the_rest_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(of_very_many_hosts_a_last_one_counts_the_rest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_object_is_drawn_with_what_leads_to_it, setup, teardown),
        cmocka_unit_test_setup_teardown(text_of_the_gateway_is_text, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_read_is_not_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(an_object_that_no_route_leads_to_is_drawn, setup, teardown),
        cmocka_unit_test_setup_teardown(a_provider_is_drawn_with_its_routes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_host_with_something_wrong_comes_before_thousands, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(services_without_room_are_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_route_is_joined_with_all_its_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(links_keep_their_gateway, setup, teardown),
        cmocka_unit_test_setup_teardown(traffic_and_waiting_changes_are_marked, setup, teardown),
        cmocka_unit_test_setup_teardown(no_data_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_folded_keeps_its_colour, setup, teardown),
        cmocka_unit_test_setup_teardown(a_word_narrows_it_to_what_is_folded, setup, teardown),
        cmocka_unit_test_setup_teardown(for_a_phone_it_is_one_column, setup, teardown),
        cmocka_unit_test_setup_teardown(a_finding_is_said_in_words_at_its_node, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
