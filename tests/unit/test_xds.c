/* test_xds.c - the renderer, part by part: what it writes for an Ingress, a source, a note. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "embedded/xds/xds.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *a;

static int begin(void **state)
{
    (void)state;
    a = arena_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static cJSON *parse(const char *text)
{
    struct err e = { 0 };
    cJSON *tree = json_parse(a, text, strlen(text), &e);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    return tree;
}

/* One Ingress, as JSON: annotations are the members of `notes`, keys without prefix. */
static const char *ingress(const char *name, const char *host, const char *type, const char *path,
                           const char *notes)
{
    cJSON *all = parse(notes), *one, *full = json_object(a);
    json_set_str(a, full, "higress.io/destination", "shop.static:80");
    cJSON_ArrayForEach(one, all)
    {
        bool whole = strchr(one->string, '/') != NULL;
        json_set_str(a, full, arena_printf(a, "%s%s", whole ? "" : "higress.io/", one->string),
                     one->valuestring);
    }
    return arena_printf(
        a,
        "{\"metadata\":{\"name\":\"%s\",\"creationTimestamp\":\"2026-11-24T05:00:0%dZ\","
        "\"annotations\":%s},\"spec\":{\"ingressClassName\":\"higress\",\"rules\":[{\"host\":\"%s\""
        ",\"http\":{\"paths\":[{\"path\":\"%s\",\"pathType\":\"%s\",\"backend\":{\"resource\":{}}}]"
        "}}]}}",
        name, name[0] % 10, json_print(a, full), host, path, type);
}

static const char bridge[] =
    "[{\"metadata\":{\"name\":\"default\"},\"spec\":{\"registries\":["
    "{\"name\":\"shop\",\"type\":\"static\",\"domain\":\"127.0.0.1:9001,127.0.0.1:9002\","
    "\"port\":80,\"protocol\":\"http\"},"
    "{\"name\":\"llm\",\"type\":\"dns\",\"domain\":\"api.example.com\",\"port\":443,"
    "\"protocol\":\"https\"},"
    "{\"name\":\"blank\",\"type\":\"static\",\"domain\":\"127.0.0.1:1, 127.0.0.1:2\",\"port\":80},"
    "{\"name\":\"comma\",\"type\":\"static\",\"domain\":\"127.0.0.1:1,\",\"port\":80},"
    "{\"name\":\"two\",\"type\":\"dns\",\"domain\":\"a.example,b.example\",\"port\":443,"
    "\"protocol\":\"https\"},"
    "{\"name\":\"nac\",\"type\":\"nacos2\",\"domain\":\"10.0.0.9\",\"port\":8848}]}}]";

static struct xds_output render(const char *ingresses)
{
    struct xds_input in = { .address = "127.0.0.1",
                            .port = 8080,
                            .folder = "/x",
                            .access_log = "/x/access.log",
                            .mcpbridges = parse(bridge),
                            .ingresses = parse(ingresses) };
    struct xds_output out;
    xds_render(a, &in, &out);
    return out;
}

static struct xds_output render_one(const char *type, const char *path, const char *notes)
{
    return render(arena_printf(a, "[%s]", ingress("r", "a.example.com", type, path, notes)));
}

static const cJSON *at(const struct xds_output *out, const char *path)
{
    return json_path(out->routes, arena_printf(a, "resources[0].virtual_hosts[0].routes%s", path));
}

static const char *text_at(const struct xds_output *out, const char *path)
{
    const cJSON *node = at(out, path);
    return cJSON_IsString(node) ? node->valuestring : "(none)";
}

static bool noted(const struct xds_output *out, const char *object, const char *part)
{
    const cJSON *note;
    cJSON_ArrayForEach(note, out->notes) if (!strcmp(json_str(note, "object"), object) &&
                                             strstr(json_str(note, "reason"), part)) return true;
    return false;
}

static void a_prefix_ends_at_a_segment(void **state)
{
    (void)state;
    struct xds_output out = render_one("Prefix", "/shop/", "{}");
    assert_int_equal(json_count(at(&out, "")), 2);
    assert_string_equal(text_at(&out, "[0].match.path"), "/shop");
    assert_string_equal(text_at(&out, "[1].match.prefix"), "/shop/");
    assert_string_equal(text_at(&out, "[1].name"), "r");

    out = render_one("Prefix", "/", "{}");
    assert_int_equal(json_count(at(&out, "")), 1);
    assert_string_equal(text_at(&out, "[0].match.prefix"), "/");
}

static void a_regular_expression_is_anchored_at_the_start_only(void **state)
{
    (void)state;
    struct xds_output out = render_one("Prefix", "/re/[0-9]+", "{\"use-regex\":\"true\"}");
    assert_int_equal(json_count(at(&out, "")), 1);
    assert_string_equal(text_at(&out, "[0].match.safe_regex.regex"), "/re/[0-9]+.*");
}

static void routes_are_tried_in_the_order_of_higress(void **state)
{
    (void)state;
    const char *none = "{}", *get = "{\"match-method\":\"get head\"}";
    const char *head = "{\"exact-match-header-x-a\":\"1\"}";
    struct xds_output out =
        render(arena_printf(a, "[%s,%s,%s,%s,%s,%s]", ingress("a-all", "h.io", "Prefix", "/", none),
                            ingress("b-short", "h.io", "Prefix", "/s", none),
                            ingress("c-long", "h.io", "Prefix", "/shop", none),
                            ingress("d-get", "h.io", "Prefix", "/shop", get),
                            ingress("e-head", "h.io", "Prefix", "/shop", head),
                            ingress("f-equal", "h.io", "Exact", "/s", none)));
    const char *const wanted[] = { "f-equal", "d-get",  "d-get",   "e-head",  "e-head",
                                   "c-long",  "c-long", "b-short", "b-short", "a-all" };
    assert_int_equal(json_count(at(&out, "")), 10);
    for (int i = 0; i < 10; i++)
        assert_string_equal(text_at(&out, arena_printf(a, "[%d].name", i)), wanted[i]);
    assert_string_equal(text_at(&out, "[1].match.headers[0].string_match.safe_regex.regex"),
                        "GET|HEAD");
}

static void only_the_first_created_of_equals_is_served(void **state)
{
    (void)state;
    struct xds_output out = render(
        arena_printf(a, "[%s,%s]", ingress("b", "H.io", "Exact", "/x", "{}"),
                     ingress("a", "h.io", "Exact", "/x", "{\"ignore-path-case\":\"true\"}")));
    assert_int_equal(json_count(at(&out, "")), 1);
    assert_string_equal(text_at(&out, "[0].name"), "a"); /* created a second earlier */
    assert_true(noted(&out, "ingress/b", "never matches: 'a'"));
}

static void targets_are_weighted_by_their_shares(void **state)
{
    (void)state;
    struct xds_output out =
        render_one("Exact", "/", "{\"destination\":\"90% shop.static:80\\n10% ghost.static:81\"}");
    assert_string_equal(text_at(&out, "[0].route.weighted_clusters.clusters[1].name"),
                        "outbound|81||ghost.static");
    assert_true(noted(&out, "ingress/r", "no rendered source provides the service ghost.static"));

    out = render_one("Exact", "/", "{\"destination\":\"90% shop.static:80\"}");
    assert_string_equal(text_at(&out, "[0].route.cluster"), "outbound|80||shop.static");
    out = render_one("Exact", "/", "{\"destination\":\"5% a.x:1\\n0% b.x:1\\n10% c.x:1\"}");
    const char *legs = "[0].route.weighted_clusters.clusters";
    assert_int_equal(json_count(at(&out, legs)), 2);
    assert_int_equal((int)json_num(json_path(at(&out, legs), "[1]"), "weight", 0), 66);
    out = render_one("Exact", "/", "{\"destination\":\"x% shop.static:80\"}");
    assert_non_null(at(&out, "[0].direct_response"));
    assert_true(noted(&out, "ingress/r", "its destination is not usable"));
}

static void a_rate_limit_is_a_bucket(void **state)
{
    (void)state;
    const char *bucket = "[0].typed_per_filter_config";
    struct xds_output out = render_one("Exact", "/",
                                       "{\"route-limit-rps\":\"2\",\"route-limit-rpm\":\"6\","
                                       "\"route-limit-burst-multiplier\":\"3\"}");
    const cJSON *limit = json_get(at(&out, bucket), "envoy.filters.http.local_ratelimit");
    assert_int_equal((int)json_num(json_get(limit, "token_bucket"), "max_tokens", 0), 18);
    assert_int_equal((int)json_num(json_get(limit, "token_bucket"), "tokens_per_fill", 0), 6);
    assert_string_equal(json_str(json_get(limit, "token_bucket"), "fill_interval"), "60s");

    out = render_one("Exact", "/", "{\"route-limit-rps\":\"-2\"}");
    assert_null(at(&out, bucket));
    assert_true(noted(&out, "ingress/r", "out of range"));
}

static void a_path_is_rewritten(void **state)
{
    (void)state;
    struct xds_output out = render_one("Prefix", "/a", "{\"rewrite-path\":\"/b\"}");
    assert_string_equal(text_at(&out, "[0].route.regex_rewrite.pattern.regex"), "^/a(/.*)?");
    assert_string_equal(text_at(&out, "[1].route.regex_rewrite.substitution"), "/b\\1");
    out = render_one("Prefix", "/a", "{\"rewrite-path\":\"/b/\"}");
    assert_string_equal(text_at(&out, "[1].route.prefix_rewrite"), "/b/");
    out = render_one("Exact", "/a", "{\"rewrite-path\":\"/b\",\"upstream-vhost\":\"in.io\"}");
    assert_string_equal(text_at(&out, "[0].route.prefix_rewrite"), "/b");
    assert_string_equal(text_at(&out, "[0].route.host_rewrite_literal"), "in.io");
    out = render_one("Prefix", "/a/(.*)", "{\"use-regex\":\"true\",\"rewrite-target\":\"/b/$1\"}");
    assert_string_equal(text_at(&out, "[0].route.regex_rewrite.substitution"), "/b/\\1");
    out = render_one("Exact", "/v1.0", "{\"rewrite-target\":\"/\"}"); /* looks like an expression */
    assert_string_equal(text_at(&out, "[0].match.safe_regex.regex"), "/v1.0.*");
    out = render_one("Exact", "/a", "{\"full-path-regex\":\"true\"}");
    assert_string_equal(text_at(&out, "[0].match.safe_regex.regex"), "/a$");
}

static void retries_are_those_of_higress(void **state)
{
    (void)state;
    struct xds_output out = render_one("Exact", "/", "{}");
    assert_string_equal(text_at(&out, "[0].route.retry_policy.retry_on"),
                        "connect-failure,refused-stream,unavailable,cancelled,"
                        "retriable-status-codes");
    out = render_one("Exact", "/",
                     "{\"proxy-next-upstream\":\"error,http_502\","
                     "\"proxy-next-upstream-timeout\":\"1\"}");
    assert_string_equal(text_at(&out, "[0].route.retry_policy.retry_on"),
                        "5xx,retriable-status-codes");
    assert_string_equal(text_at(&out, "[0].route.retry_policy.per_try_timeout"), "1s");
    out = render_one("Exact", "/", "{\"proxy-next-upstream\":\"off\"}");
    assert_null(at(&out, "[0].route.retry_policy"));
}

static void a_redirect_forwards_nothing(void **state)
{
    (void)state;
    struct xds_output out =
        render_one("Exact", "/", "{\"permanent-redirect\":\"https://b.example.com:8443/new\"}");
    assert_string_equal(text_at(&out, "[0].redirect.host_redirect"), "b.example.com");
    assert_string_equal(text_at(&out, "[0].redirect.path_redirect"), "/new");
    assert_null(at(&out, "[0].route"));
}

static void headers_are_changed_on_both_ways(void **state)
{
    (void)state;
    struct xds_output out =
        render_one("Exact", "/",
                   "{\"request-header-control-add\":\"x-a 50%\\nx-b 2\\nx-c %REQ(:path)% 5%%\","
                   "\"response-header-control-remove\":\"server, via\"}");
    assert_string_equal(text_at(&out, "[0].request_headers_to_add[0].header.value"), "50%%");
    assert_string_equal(text_at(&out, "[0].request_headers_to_add[1].header.key"), "x-b");
    assert_string_equal(text_at(&out, "[0].request_headers_to_add[2].header.value"),
                        "%REQ(:path)% 5%%");
    assert_non_null(strstr(json_print(a, out.notes), "header x-a has a % that Envoy refuses"));
    assert_string_equal(text_at(&out, "[0].response_headers_to_remove[1]"), "via");
}

static void a_host_that_is_set_is_rewritten(void **state)
{
    (void)state;
    struct xds_output out = render_one(
        "Exact", "/",
        "{\"request-header-control-update\":\"Host in.io\\nx-a \\\"two words\\\"\\nx-a 3\"}");
    assert_string_equal(text_at(&out, "[0].route.host_rewrite_literal"), "in.io");
    assert_int_equal(json_count(at(&out, "[0].request_headers_to_add")), 1);
    assert_string_equal(text_at(&out, "[0].request_headers_to_add[0].header.value"), "3");
}

static void addresses_are_let_in(void **state)
{
    (void)state;
    struct xds_output out =
        render_one("Exact", "/", "{\"whitelist-source-range\":\"10.0.0.0/8, nonsense, ::1\"}");
    const cJSON *rules = json_path(
        json_get(at(&out, "[0].typed_per_filter_config"), "envoy.filters.http.rbac"), "rbac.rules");
    assert_string_equal(json_str(rules, "action"), "DENY");
    const cJSON *ids = json_path(json_get(json_get(rules, "policies"), "ip-access-control"),
                                 "principals[0].not_id.or_ids.ids");
    assert_int_equal(json_count(ids), 2);
    assert_int_equal((int)json_num(json_path(ids, "[1].remote_ip"), "prefix_len", 0), 128);
    out = render_one("Exact", "/", "{\"whitelist-source-range\":\"10.0.0.0/8 10.1.0.0/16\"}");
    assert_null(at(&out, "[0].typed_per_filter_config"));
    assert_true(noted(&out, "ingress/r", "everybody is let in"));
}

static void canaries_share_or_stand_before(void **state)
{
    (void)state;
    struct xds_output out = render(arena_printf(
        a, "[%s,%s,%s,%s]", ingress("d", "h.io", "Exact", "/x", "{\"destination\":\"a.x:1\"}"),
        ingress("c", "h.io", "Exact", "/x",
                "{\"canary\":\"true\",\"canary-weight\":\"25\","
                "\"destination\":\"b.x:1\"}"),
        ingress("b", "h.io", "Exact", "/x",
                "{\"canary\":\"true\",\"canary-by-header\":\"x-b\",\"canary-weight\":\"50\","
                "\"destination\":\"c.x:1\"}"),
        ingress("a", "h.io", "Exact", "/other",
                "{\"canary\":\"true\",\"destination\":\"c.x:1\"}")));
    assert_int_equal(json_count(at(&out, "")), 2);
    assert_string_equal(text_at(&out, "[0].name"), "b");
    assert_string_equal(text_at(&out, "[0].match.headers[0].string_match.exact"), "always");
    assert_string_equal(text_at(&out, "[0].route.cluster"), "outbound|1||c.x");
    const char *leg = "[1].route.weighted_clusters.clusters[1]";
    assert_int_equal((int)json_num(at(&out, leg), "weight", 0), 25);
    assert_true(noted(&out, "ingress/a", "it does nothing"));
}

static void sources_become_clusters(void **state)
{
    (void)state;
    struct xds_output out = render("[]");
    const cJSON *all = json_get(out.clusters, "resources");
    assert_int_equal(json_count(all), 3); /* shop, llm, two */
    assert_string_equal(json_str(json_path(all, "[0]"), "name"), "outbound|80||shop.static");
    assert_string_equal(json_str(json_path(all, "[1]"), "name"), "outbound|443||llm.dns");
    assert_string_equal(json_str(json_path(all, "[1].transport_socket.typed_config"), "sni"),
                        "api.example.com");
    assert_string_equal(json_str(json_path(all, "[2]"), "name"), "outbound|443||two.dns");
    assert_non_null(json_path(all, "[2].transport_socket"));
    assert_null(json_path(all, "[2].transport_socket.typed_config.sni")); /* none of two is meant */
    assert_true(noted(&out, "service-source/nac", "type nacos2"));
    assert_true(noted(&out, "service-source/blank", "' 127.0.0.1:2' holds a blank"));
    assert_true(noted(&out, "service-source/comma", "'' is empty"));
}

static void what_is_not_rendered_is_said(void **state)
{
    (void)state;
    struct xds_output out = render_one(
        "Exact", "/",
        "{\"mirror-target-service\":\"x\",\"nginx.ingress.kubernetes.io/auth-url\":\"y\","
        "\"disabled.higress.io/rewrite-path\":\"/z\",\"timeout\":\"3\"}");
    assert_true(noted(&out, "ingress/r", "higress.io/mirror-target-service"));
    assert_true(noted(&out, "ingress/r", "nginx.ingress.kubernetes.io/auth-url"));
    assert_int_equal(json_count(out.notes), 5); /* and three sources */

    struct xds_input in = {
        .address = "127.0.0.1",
        .port = 1,
        .folder = "/x",
        .access_log = "/x/l",
        .wasmplugins = parse("[{\"metadata\":{\"name\":\"on\"},\"spec\":{\"matchRules\":[{}],"
                             "\"defaultConfigDisable\":true}},{\"metadata\":{\"name\":\"off\"},"
                             "\"spec\":{\"defaultConfigDisable\":true}}]"),
    };
    xds_render(a, &in, &out);
    assert_int_equal(json_count(out.notes), 1);
    assert_true(noted(&out, "wasmplugin/on", "do not run"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_prefix_ends_at_a_segment, begin, end),
        cmocka_unit_test_setup_teardown(a_regular_expression_is_anchored_at_the_start_only, begin,
                                        end),
        cmocka_unit_test_setup_teardown(routes_are_tried_in_the_order_of_higress, begin, end),
        cmocka_unit_test_setup_teardown(only_the_first_created_of_equals_is_served, begin, end),
        cmocka_unit_test_setup_teardown(targets_are_weighted_by_their_shares, begin, end),
        cmocka_unit_test_setup_teardown(a_rate_limit_is_a_bucket, begin, end),
        cmocka_unit_test_setup_teardown(a_path_is_rewritten, begin, end),
        cmocka_unit_test_setup_teardown(retries_are_those_of_higress, begin, end),
        cmocka_unit_test_setup_teardown(a_redirect_forwards_nothing, begin, end),
        cmocka_unit_test_setup_teardown(headers_are_changed_on_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(a_host_that_is_set_is_rewritten, begin, end),
        cmocka_unit_test_setup_teardown(addresses_are_let_in, begin, end),
        cmocka_unit_test_setup_teardown(canaries_share_or_stand_before, begin, end),
        cmocka_unit_test_setup_teardown(sources_become_clusters, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_rendered_is_said, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
