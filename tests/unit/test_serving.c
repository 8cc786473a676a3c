/* test_serving.c - what an Envoy that Higress' pilot drives has of a source and of a plugin's
 * settings, against what was written; the shapes are those of ../shared/recordings/stack. What real
 * Envoys have of routes is tests/served. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "check.h"
#include "inspect/serving_private.h"
#include "kind/kind.h"
#include <string.h>

static const cJSON *tree(struct arena *a, const char *text)
{
    struct err e = { 0 };
    const cJSON *t = text ? json_parse(a, text, strlen(text), &e) : NULL;
    if (text && !t)
        fail_msg("%s: %s", text, e.text);
    return t;
}

static struct plan_op operation(struct arena *a, const char *kind, const char *name,
                                const char *scope, const char *before, const char *after)
{
    return (struct plan_op){ .verb = !before ? PLAN_CREATE
                                     : after ? PLAN_PUT
                                             : PLAN_DELETE,
                             .kind = kind_find(kind),
                             .name = name,
                             .scope = scope,
                             .before = tree(a, before) };
}

/* -- sources ----------------------------------------------------------------------------------- */

#define EDS                                                                                        \
    "[{\"cluster\":{\"name\":\"outbound|80||shop.static\",\"type\":\"EDS\"}},{\"cluster\":{"       \
    "\"name\":\"outbound|80||other-shop.static\"}}]"
#define ASSIGNED(...)                                                                              \
    "[{\"endpoint_config\":{\"cluster_name\":\"outbound|80||shop.static\",\"endpoints\":[{\"lb_"   \
    "endpoints\":[" __VA_ARGS__ "]}]}}]"
#define AT(host, port)                                                                             \
    "{\"endpoint\":{\"address\":{\"socket_address\":{\"address\":\"" host                          \
    "\",\"port_value\":" port "}}}}"
#define SOURCE(domain)                                                                             \
    "{\"name\":\"shop\",\"type\":\"static\",\"domain\":\"" domain "\",\"port\":80}"

static const char *source_says(struct arena *a, const char *after, const char *clusters,
                               const char *endpoints)
{
    const struct plan_op op =
        operation(a, "service-source", "shop", NULL, SOURCE("9.9.9.9:1"), after);
    const struct serving_op x = { .op = &op, .now = tree(a, after) };
    const struct serving_pages pages = { .clusters = tree(a, clusters),
                                         .endpoints = tree(a, endpoints) };
    return serving_source_missing(a, &x, &pages);
}

static void a_source_is_its_cluster_and_endpoints(void **state)
{
    struct arena *a = arena_new();
    static const char two[] = SOURCE("10.0.0.2:81,10.0.0.1:80");
    (void)state;
    assert_null(source_says(a, two, EDS, ASSIGNED(AT("10.0.0.1", "80") "," AT("10.0.0.2", "81"))));
    assert_string_equal(source_says(a, two, EDS, ASSIGNED(AT("10.0.0.1", "80"))),
                        "Envoy has it at 10.0.0.1:80, the console says 10.0.0.1:80, 10.0.0.2:81");
    assert_non_null(strstr(source_says(a, two, EDS, "[]"), "at no address"));
    assert_non_null(strstr(source_says(a, two, "[]", "[]"), "no cluster of it"));
    assert_string_equal(source_says(a, NULL, EDS, "[]"), "its cluster is still there");
    assert_null(source_says(a, NULL, "[{\"cluster\":{\"name\":\"outbound|80||x.static\"}}]", "[]"));
    arena_free(a);
}

static void a_dns_source_has_its_port_and_tls(void **state)
{
    static const char after[] =
        "{\"name\":\"shop\",\"type\":\"dns\",\"domain\":\"api.example.com\","
        "\"port\":443,\"protocol\":\"https\"}";
    static const char cluster[] =
        "[{\"cluster\":{\"name\":\"outbound|443||shop.dns\",\"load_assignment\":{\"endpoints\":[{"
        "\"lb_endpoints\":[" AT("api.example.com", "443") "]}]}%s}}]";
    struct arena *a = arena_new();
    (void)state;
    assert_string_equal(source_says(a, after, arena_printf(a, cluster, ""), "[]"),
                        "it does not speak TLS as the console says");
    assert_null(source_says(
        a, after, arena_printf(a, cluster, ",\"transport_socket\":{\"name\":\"tls\"}"), "[]"));
    arena_free(a);
}

static void what_of_a_source_is_hidden(void **state)
{
    struct arena *a = arena_new();
    static const char before[] = SOURCE("1.1.1.1:80");
    struct plan_op op = operation(a, "service-source", "shop", NULL, before, before);
    (void)state;
    assert_non_null(strstr(serving_source_hidden(a, &op, tree(a, before)), "only addresses"));
    assert_null(serving_source_hidden(a, &op, tree(a, SOURCE("1.1.1.2:80"))));
    assert_non_null(
        strstr(serving_source_hidden(a, &op, tree(a, "{\"name\":\"shop\",\"type\":\"nacos2\"}")),
               "for its registry"));
    arena_free(a);
}

/* -- AI routes -----------------------------------------------------------------------------------
 */

#define ROUTES(when)                                                                               \
    "{\"configs\":[{\"dynamic_route_configs\":[{\"last_updated\":\"" when                          \
    "\",\"route_config\":{\"virtual_hosts\":[{\"routes\":[{\"name\":\"ai-route-chat.internal\"}]}" \
    "]}}]}]}"

static const char *chat_says(struct arena *a, bool deleted, const char *routes)
{
    static const char chat[] = "{\"name\":\"chat\"}";
    const struct plan_op op =
        operation(a, "ai-route", "chat", NULL, deleted ? chat : NULL, deleted ? NULL : chat);
    struct serving_op x = { .op = &op, .now = deleted ? NULL : tree(a, chat), .name = "chat" };
    struct serving_change c = { .arena = a,
                                .ops = &x,
                                .count = 1,
                                .visible = 1,
                                .pages = SERVING_ROUTES,
                                .since = when_parse("2026-11-30T10:00:00Z") };
    const struct serving_pages pages = { .routes = tree(a, routes) };
    return serving_missing(a, &c, &pages);
}

/* Made again, the route of that name may still be the one that was deleted before. */
static void an_ai_route_of_before_is_not_the_new_one(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    assert_null(chat_says(a, false, ROUTES("2026-11-30T09:59:58.120Z")));
    assert_non_null(
        strstr(chat_says(a, false, ROUTES("2026-11-30T09:40:00.120Z")), "made before the change"));
    assert_non_null(strstr(chat_says(a, true, ROUTES("2026-11-30T09:40:00.120Z")), "still there"));
    arena_free(a);
}

/* -- plugins ----------------------------------------------------------------------------------- */

#define FILTER(name, type, value)                                                                  \
    "[{\"ecds_filter\":{\"name\":\"higress-system." name "\",\"typed_config\":{\"@type\":"         \
    "\"type.googleapis.com/envoy.extensions.filters.http." type                                    \
    "\",\"config\":{\"configuration\":{\"@type\":\"x.StringValue\",\"value\":\"" value "\"}}}}}]"
#define RULES                                                                                      \
    "{\\\"_rules_\\\":[{\\\"_match_route_\\\":[\\\"pay\\\"],\\\"deny\\\":[\\\"bad.*\\\"]}],"       \
    "\\\"allow\\\":[\\\"good\\\"]}"
#define WASM "wasm.v3.Wasm"

static const char *plugin_says(struct arena *a, const char *scope, const char *after,
                               const char *filters)
{
    static const char before[] = "{\"enabled\":true,\"configurations\":{\"deny\":[\"bad.*\"]}}";
    const struct plan_op op = operation(a, "plugin-instance", "bot-detect", scope, before, after);
    const struct serving_op x = { .op = &op, .now = tree(a, after) };
    const struct serving_pages pages = { .plugins = tree(a, filters) };
    return serving_plugin_missing(a, &x, &pages);
}

static void settings_of_a_plugin_are_its_filter(void **state)
{
    static const char deny[] = "{\"enabled\":true,\"configurations\":{\"deny\":[\"bad.*\"]}}";
    static const char other[] = "{\"enabled\":true,\"configurations\":{\"deny\":[\"worse\"]}}";
    static const char off[] = "{\"enabled\":false,\"configurations\":{\"deny\":[\"bad.*\"]}}";
    static const char allow[] = "{\"enabled\":true,\"configurations\":{\"allow\":[\"good\"]}}";
    struct arena *a = arena_new();
    (void)state;
    assert_null(plugin_says(a, "route:pay", deny, FILTER("bot-detect-1.0.0", WASM, RULES)));
    assert_null(plugin_says(a, "route:pay", deny, FILTER("bot-detect.internal", WASM, RULES)));
    assert_string_equal(plugin_says(a, "route:pay", other, FILTER("bot-detect-1.0.0", WASM, RULES)),
                        "its settings there are others");
    assert_string_equal(
        plugin_says(a, "route:other", deny, FILTER("bot-detect-1.0.0", WASM, RULES)),
        "its settings there are others");
    assert_null(plugin_says(a, "global", allow, FILTER("bot-detect-1.0.0", WASM, RULES)));
    assert_non_null(plugin_says(a, "global", deny, FILTER("bot-detect-1.0.0", WASM, RULES)));
    assert_string_equal(plugin_says(a, "route:pay", off, FILTER("bot-detect-1.0.0", WASM, RULES)),
                        "its settings are still there");
    assert_string_equal(plugin_says(a, "route:pay", NULL, FILTER("bot-detect-1.0.0", WASM, RULES)),
                        "its settings are still there");
    assert_null(plugin_says(a, "route:other", NULL, FILTER("bot-detect-1.0.0", WASM, RULES)));
    assert_null(plugin_says(a, "global", off, "[]"));
    assert_string_equal(
        plugin_says(a, "route:pay", deny, FILTER("bot-detect-two-1.0.0", WASM, RULES)),
        "the plugin is not among those that it runs");
    arena_free(a);
}

/* What was taken away from them makes them no part of what an older Envoy has. */
static void settings_that_were_taken_away_must_be_gone(void **state)
{
    static const char both[] =
        "{\"enabled\":true,\"configurations\":{\"deny\":[\"bad.*\"],\"allow\":[\"good\"]}}";
    static const char deny[] = "{\"enabled\":true,\"configurations\":{\"deny\":[\"bad.*\"]}}";
    static const char none[] = "{\"enabled\":true,\"configurations\":{}}";
    static const char *const older[] = {
        FILTER("bot-detect-1.0.0", WASM,
               "{\\\"deny\\\":[\\\"bad.*\\\"],\\\"allow\\\":[\\\"good\\\"]}"),
        FILTER("bot-detect-1.0.0", WASM, "{\\\"_rules_\\\":[],\\\"allow\\\":[\\\"good\\\"]}")
    };
    static const char newer[] = FILTER("bot-detect-1.0.0", WASM, "{\\\"deny\\\":[\\\"bad.*\\\"]}");
    struct arena *a = arena_new();
    (void)state;
    const struct plan_op op = operation(a, "plugin-instance", "bot-detect", "global", both, deny);
    const struct serving_op x = { .op = &op, .now = tree(a, deny) },
                            y = { .op = &op, .now = tree(a, none) };
    struct serving_pages pages = { .plugins = tree(a, older[0]) };
    assert_string_equal(serving_plugin_missing(a, &x, &pages),
                        "it still has settings that were taken away");
    pages.plugins = tree(a, older[1]);
    assert_string_equal(serving_plugin_missing(a, &y, &pages),
                        "it still has settings that were taken away");
    pages.plugins = tree(a, newer);
    assert_null(serving_plugin_missing(a, &x, &pages));
    assert_string_equal(
        plugin_says(a, "route:pay", NULL, FILTER("bot-detect-1.0.0", WASM, "deny: [bad.*]")),
        "its settings there could not be read");
    arena_free(a);
}

/* The module could not be fetched: an empty filter stands in its place. */
static void a_plugin_that_is_not_loaded_is_not_served(void **state)
{
    static const char deny[] = "{\"enabled\":true,\"configurations\":{\"deny\":[\"bad.*\"]}}";
    struct arena *a = arena_new();
    (void)state;
    assert_non_null(
        strstr(plugin_says(a, "route:pay", deny, FILTER("bot-detect-1.0.0", "rbac.v3.RBAC", "")),
               "module is not loaded"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_its_cluster_and_endpoints),
        cmocka_unit_test(a_dns_source_has_its_port_and_tls),
        cmocka_unit_test(what_of_a_source_is_hidden),
        cmocka_unit_test(an_ai_route_of_before_is_not_the_new_one),
        cmocka_unit_test(settings_of_a_plugin_are_its_filter),
        cmocka_unit_test(settings_that_were_taken_away_must_be_gone),
        cmocka_unit_test(a_plugin_that_is_not_loaded_is_not_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
