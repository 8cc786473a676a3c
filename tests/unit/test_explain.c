/* test_explain.c - one request against routes of the console: which takes it, why not another, and
 * what becomes of it. The order itself is held against recordings in tests/routing. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "explain/explain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *a;
static struct explain *x;
static struct explain_choice choice;

static int begin(void **state)
{
    (void)state;
    a = arena_new();
    x = explain_new(a);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* Quotes are written as ' here. */
static cJSON *parse(const char *text)
{
    struct err e = { 0 };
    char *copy = arena_strdup(a, text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    cJSON *tree = json_parse(a, copy, strlen(copy), &e);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    return tree;
}

static const char *target_type(const char *path)
{
    return path[0] == '~' ? "REGULAR" : path[0] == '=' ? "EQUAL" : "PRE";
}

/* path: "/a" a prefix, "=/a" exact, "~/a" an expression. */
static cJSON *route(const char *name, const char *host, const char *path, const char *more)
{
    cJSON *o = parse(more);
    cJSON *p = json_set_object(a, o, "path");
    json_set_str(a, o, "name", name);
    if (*host)
        json_add_str(a, json_set_array(a, o, "domains"), host);
    json_set_str(a, p, "matchType", target_type(path));
    json_set_str(a, p, "matchValue", path + (path[0] != '/'));
    if (!json_get(o, "services"))
        json_set(a, o, "services", parse("[{'name':'web.static','port':80}]"));
    return o;
}

static cJSON *add(const char *name, const char *host, const char *path, const char *more)
{
    cJSON *o = route(name, host, path, more);
    explain_add_route(x, o);
    return o;
}

static struct route_request *ask_with(const char *method, const char *host, const char *target,
                                      struct route_pair *headers, size_t n)
{
    struct route_request *r = route_request_new(a, method, host, target, headers, n);
    explain_choose(x, a, r, &choice);
    return r;
}

static struct route_request *ask(const char *method, const char *host, const char *target)
{
    return ask_with(method, host, target, NULL, 0);
}

static const char *order_of(const char *member)
{
    return json_print(a, json_path(explain_order(a, &choice), member));
}

static const char *effect_of(const struct route_request *r, const cJSON *o, const char *member)
{
    cJSON *answer = json_object(a);
    explain_effect(a, answer, &choice, r, o, NULL);
    const cJSON *m = json_path(answer, member);
    return cJSON_IsString(m) ? m->valuestring : m ? json_print(a, m) : "absent";
}

#define WINNER(name) assert_string_equal(choice.route ? choice.route : "none", name)

/* -- which route ---------------------------------------------------------------------------------
 */
static void why_others_lost_is_said(void **state)
{
    (void)state;
    add("post", "", "/shop/cart", "{'methods':['POST','PUT']}");
    add("vip", "", "/shop", "{'headers':[{'key':'x-vip','matchType':'EQUAL','matchValue':'1'}]}");
    add("shop", "", "/shop", "{}");
    add("other", "", "=/else", "{}");
    add("all", "", "/", "{}");
    explain_sort(x);
    ask("GET", "a.b", "/shop/cart?x=1");
    WINNER("shop");
    assert_int_equal(choice.place, 4);
    assert_string_equal(order_of("order.lost"),
                        "[{\"route\":\"post\",\"place\":2,\"takes\":\"method POST|PUT\"},"
                        "{\"route\":\"vip\",\"place\":3,\"takes\":\"header x-vip = 1\"}]");
    assert_string_equal(order_of("order.others_lost_by"), "{\"path\":1}");
    assert_string_equal(order_of("order.would_take_too"), "[\"all\"]");
}

static void values_of_secret_headers_are_masked(void **state)
{
    (void)state;
    add("a", "", "/",
        "{'headers':[{'key':'authorization','matchType':'EQUAL','matchValue':'hush-991-quiet'}]}");
    explain_sort(x);
    ask("GET", "a.b", "/");
    WINNER("none");
    assert_null(strstr(json_print(a, explain_order(a, &choice)), "hush-991"));
    assert_non_null(strstr(order_of("order.lost"), "header authorization = "));
}

static void a_more_specific_host_hides_wider_ones(void **state)
{
    (void)state;
    add("narrow", "a.example.com", "/x", "{}");
    add("wide", "*.example.com", "/", "{}");
    add("any", "", "/", "{}");
    explain_sort(x);
    ask("GET", "A.Example.com:8080", "/y");
    WINNER("none");
    assert_string_equal(choice.virtual_host, "a.example.com");
    assert_string_equal(order_of("order.hidden"), "[\"wide (*.example.com)\",\"any (*)\"]");
    ask("GET", "deep.b.example.com", "/y");
    WINNER("wide");
    ask("GET", "example.com", "/y");
    WINNER("any");
}

static void the_nearest_path_is_named(void **state)
{
    (void)state;
    add("orders", "", "/orders", "{}");
    add("users", "", "/users", "{}");
    explain_sort(x);
    ask("GET", "a.b", "/order/7");
    WINNER("none");
    assert_string_equal(order_of("order.lost"),
                        "[{\"route\":\"orders\",\"place\":1,\"takes\":\"path under /orders\"}]");
    assert_string_equal(order_of("order.others_lost_by"), "{\"path\":1}");
}

static void only_time_decides_between_equals(void **state)
{
    (void)state;
    add("p1", "", "/a", "{'headers':[{'key':'x','matchType':'PRE','matchValue':'v'}]}");
    add("p2", "", "/a", "{'headers':[{'key':'y','matchType':'PRE','matchValue':'v'}]}");
    explain_sort(x);
    struct route_pair both[] = { { "X", "v1" }, { "Y", "v1" } };
    ask_with("GET", "a.b", "/a", both, 2);
    assert_int_equal(choice.ties, 1);
    assert_non_null(strstr(order_of("unsure"), "created first"));
    struct route_pair one[] = { { "y", "v1" } };
    ask_with("GET", "a.b", "/a", one, 1);
    WINNER("p2");
    assert_int_equal(choice.ties, 0);
}

static void a_twin_is_dead(void **state)
{
    (void)state;
    add("late", "", "/a", "{'created':'2026-01-02T00:00:00Z'}");
    add("soon", "", "/a", "{'created':'2026-01-01T00:00:00Z'}");
    explain_sort(x);
    ask("GET", "a.b", "/a");
    WINNER("soon");
    assert_string_equal(order_of("dead_twin"), "\"late\"");
}

static void paths_are_normalized_first(void **state)
{
    (void)state;
    add("a", "", "=/a/b", "{}");
    explain_sort(x);
    static const char *const same[] = { "/a/./b", "/a/x/../b", "/a/%2e/b?q",
                                        "/a\\b",  "/a/b#f",    "/../a/b" };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        ask("GET", "h", same[i]);
        if (!choice.route || strcmp(choice.route, "a") != 0)
            fail_msg("%s takes %s", same[i], choice.route ? choice.route : "none");
    }
    static const char *const others[] = { "/a//b", "/a/b/", "/a/b/..", "/a/...b", "/A/b" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ask("GET", "h", others[i]);
        if (choice.route)
            fail_msg("%s takes %s", others[i], choice.route);
    }
}

static void parameters_are_raw_and_the_first_counts(void **state)
{
    (void)state;
    add("q", "", "/", "{'urlParams':[{'key':'v','matchType':'REGULAR','matchValue':'b[0-9]'}]}");
    explain_sort(x);
    ask("GET", "h", "/?v=b1&v=c");
    WINNER("q");
    ask("GET", "h", "/?v=c&v=b1");
    WINNER("none");
    ask("GET", "h", "/?v=%62%31");
    WINNER("none");
    ask("GET", "h", "/?V=b1");
    WINNER("none");
}

static void https_has_only_hosts_with_a_certificate(void **state)
{
    (void)state;
    explain_add_domain(x, parse("{'name':'a.example.com','enableHttps':'off'}"));
    explain_add_domain(
        x, parse("{'name':'*.example.com','enableHttps':'force','certIdentifier':'c'}"));
    add("plain", "a.example.com", "/", "{}");
    add("wide", "*.example.com", "/", "{}");
    explain_sort(x);
    struct route_request *r = route_request_new(a, "GET", "a.example.com", "/", NULL, 0);
    r->scheme = "https";
    explain_choose(x, a, r, &choice);
    WINNER("wide");
    assert_string_equal(choice.plain_host, "a.example.com");
    r = ask("GET", "b.example.com", "/p?q=1");
    assert_string_equal(effect_of(r, route("wide", "*.example.com", "/", "{}"), "redirect"),
                        "{\"code\":308,\"to\":\"https://b.example.com/p\",\"by\":\"the domain "
                        "forces HTTPS\"}");
}

static void an_expression_that_re2_refuses_is_said(void **state)
{
    (void)state;
    add("bad", "", "~/a(", "{}");
    explain_sort(x);
    ask("GET", "h", "/a");
    WINNER("none");
    assert_non_null(strstr(order_of("notes"), "Envoy then refuses all routes"));
    assert_non_null(strstr(order_of("order.lost"), "nothing: RE2 refuses its expression"));
}

/* -- canaries ------------------------------------------------------------------------------------
 */
static void a_canary_by_header_stands_before_its_base(void **state)
{
    (void)state;
    add("base", "", "/a", "{'headers':[{'key':'x-old','matchType':'EQUAL','matchValue':'1'}]}");
    add("new", "", "/a",
        "{'headers':[{'key':'x-old','matchType':'EQUAL','matchValue':'1'}],'customConfigs':{"
        "'higress.io/canary':'true','higress.io/canary-by-header':'x-beta'}}");
    add("lost", "", "/b",
        "{'customConfigs':{'higress.io/canary':'true','higress.io/canary-weight':'5'}}");
    explain_sort(x);
    struct route_pair beta[] = { { "x-beta", "always" } };
    ask_with("GET", "h", "/a", beta, 1);
    WINNER("new"); /* also without the header that its base asks for */
    assert_string_equal(choice.base, "base");
    struct route_pair old[] = { { "x-old", "1" } };
    ask_with("GET", "h", "/a", old, 1);
    WINNER("base");
    assert_int_equal(choice.baseless, 1);
}

static void a_canary_by_weight_shares(void **state)
{
    (void)state;
    cJSON *base = add("base", "", "/a", "{}");
    add("new", "", "/a",
        "{'services':[{'name':'next.static','port':80}],'customConfigs':{"
        "'nginx.ingress.kubernetes.io/canary':'true',"
        "'nginx.ingress.kubernetes.io/canary-weight':'20'}}");
    explain_sort(x);
    const struct route_request *r = ask("GET", "h", "/a");
    WINNER("base");
    assert_string_equal(effect_of(r, base, "services"),
                        "[{\"service\":\"web.static\",\"port\":80,\"share\":80},{\"service\":"
                        "\"next.static\",\"port\":80,\"share\":20,\"canary\":\"new\"}]");
}

/* -- what becomes of it --------------------------------------------------------------------------
 */
static const char *rewritten(const char *path, const char *to, const char *target)
{
    x = explain_new(a);
    cJSON *o = add("r", "", path, "{}");
    json_set_str(a, json_set_object(a, o, "rewrite"), "path", to);
    explain_sort(x);
    const struct route_request *r = ask("GET", "h", target);
    return choice.route ? effect_of(r, o, "upstream.path") : "none";
}

static void paths_are_rewritten(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        { "/app", "/new", "/app", "/new" },
        { "/app", "/new", "/app/x?q", "/new/x" },
        { "/app", "/new/", "/app/x", "/new/x" },
        { "/app", "/new/", "/app", "/new/" },
        { "/", "/new", "/x", "/new/x" },
        { "/", "/", "/x", "/x" },
        { "=/exact", "/rewritten", "/exact?q", "/rewritten" },
        { "~/app/(.*)", "/$1", "/app/x/y", "/x/y" },
        { "~/app/v([0-9]+)", "/new-\\1", "/app/v12", "/new-12" },
        { "~/app(/|$)(.*)", "/$2", "/app/x", "/x" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(rewritten(rows[i][0], rows[i][1], rows[i][2]), rows[i][3]);
}

static void redirects_are_told(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "{'higress.io/permanent-redirect':'https://n.example.com/x?a=1'}",
          "{\"code\":301,\"to\":\"https://n.example.com/x\",\"by\":\"permanent-redirect\"}" },
        { "{'nginx.ingress.kubernetes.io/permanent-redirect':'https://n.example.com',"
          "'nginx.ingress.kubernetes.io/permanent-redirect-code':'308'}",
          "{\"code\":308,\"to\":\"https://n.example.com/app\",\"by\":\"permanent-redirect\"}" },
        { "{'higress.io/temporal-redirect':'http://n.example.com/x','higress.io/ssl-redirect':"
          "'true'}",
          "{\"code\":302,\"to\":\"http://n.example.com/x\",\"by\":\"temporal-redirect\"}" },
        { "{'higress.io/force-ssl-redirect':'true'}",
          "{\"code\":308,\"to\":\"https://h/app\",\"by\":\"ssl-redirect\"}" },
        { "{'higress.io/force-ssl-redirect':'yes'}", "absent" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        x = explain_new(a);
        cJSON *o = add("r", "", "/app", arena_printf(a, "{'customConfigs':%s}", rows[i][0]));
        explain_sort(x);
        const struct route_request *r = ask("GET", "h", "/app");
        assert_string_equal(effect_of(r, o, "redirect"), rows[i][1]);
    }
}

static const char *policy(const char *more, const char *method, const char *member)
{
    x = explain_new(a);
    cJSON *o = add("r", "", "/", more);
    explain_sort(x);
    return effect_of(ask(method, "h", "/"), o, member);
}

static void time_limits_retries_and_limits_are_told(void **state)
{
    (void)state;
    assert_string_equal(policy("{}", "GET", "timeout"), "none");
    assert_string_equal(policy("{'customConfigs':{'higress.io/timeout':'5'}}", "GET", "timeout"),
                        "5 s");
    const char *bad = "{'customConfigs':{'higress.io/timeout':'30s'}}";
    assert_string_equal(policy(bad, "GET", "timeout"), "none");
    assert_non_null(strstr(policy(bad, "GET", "notes"), "'30s' is no number of seconds"));
    assert_string_equal(policy("{}", "GET", "retries"),
                        "2 on connect failures, refused streams, 503");
    assert_non_null(strstr(policy("{}", "POST", "retries"), "none for POST"));
    const char *next = "{'proxyNextUpstream':{'enabled':true,'attempts':3,'timeout':2,"
                       "'conditions':['error','non_idempotent']}}";
    assert_string_equal(policy(next, "POST", "retries"), "3 on error, non_idempotent, 2 s a try");
    assert_string_equal(
        policy("{'proxyNextUpstream':{'enabled':false,'attempts':9}}", "GET", "retries"),
        "2 on connect failures, refused streams, 503");
    assert_string_equal(policy("{'customConfigs':{'higress.io/route-limit-rps':'5',"
                               "'higress.io/route-limit-burst-multiplier':'2'}}",
                               "GET", "limits"),
                        "[\"5 a second on the whole route of each gateway, 10 at once\"]");
    assert_string_equal(
        policy("{'customConfigs':{'higress.io/route-limit-rps':'0'}}", "GET", "limits"), "absent");
    assert_string_equal(policy("{'customConfigs':{'higress.io/whitelist-source-range':"
                               "'10.0.0.0/8'}}",
                               "GET", "annotations"),
                        "[\"higress.io/whitelist-source-range: 10.0.0.0/8\"]");
}

static void weights_that_are_not_100_are_shared_as_higress_does(void **state)
{
    (void)state;
    assert_string_equal(policy("{'services':[{'name':'a.static','weight':60},{'name':'b.static',"
                               "'weight':60}]}",
                               "GET", "services"),
                        "[{\"service\":\"a.static\",\"share\":50},{\"service\":\"b.static\","
                        "\"share\":50}]");
}

static void endpoints_come_with_their_ports(void **state)
{
    (void)state;
    cJSON *answer = parse("{'services':[{'service':'web.static','port':80},{'service':"
                          "'api.dns','port':443},{'service':'k.ns.svc.cluster.local','port':8080},"
                          "{'service':'ghost.static'}]}");
    explain_add_service(a, answer,
                        parse("{'name':'web.static','port':80,'endpoints':['10.0.0.1']"
                              "}"));
    explain_add_service(a, answer,
                        parse("{'name':'k.ns.svc.cluster.local','port':8080,'endpoints':["
                              "'10.1.0.1']}"));
    explain_add_source(a, answer,
                       parse("{'name':'web','type':'static','port':80,'domain':"
                             "'10.0.0.1:8080,10.0.0.2:8080'}"));
    explain_add_source(a, answer,
                       parse("{'name':'api','type':'dns','port':443,'domain':'x.example.com'}"));
    explain_end_services(a, answer);
    assert_string_equal(
        json_print(a, json_get(answer, "services")),
        "[{\"service\":\"web.static\",\"port\":80,\"endpoints\":[\"10.0.0.1:8080\","
        "\"10.0.0.2:8080\"]},{\"service\":\"api.dns\",\"port\":443,\"endpoints\":["
        "\"x.example.com:443\"]},{\"service\":\"k.ns.svc.cluster.local\",\"port\":8080,"
        "\"endpoints\":[\"10.1.0.1\"]},{\"service\":\"ghost.static\",\"missing\":true}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
        CASE(why_others_lost_is_said),
        CASE(values_of_secret_headers_are_masked),
        CASE(a_more_specific_host_hides_wider_ones),
        CASE(the_nearest_path_is_named),
        CASE(only_time_decides_between_equals),
        CASE(a_twin_is_dead),
        CASE(paths_are_normalized_first),
        CASE(parameters_are_raw_and_the_first_counts),
        CASE(https_has_only_hosts_with_a_certificate),
        CASE(an_expression_that_re2_refuses_is_said),
        CASE(a_canary_by_header_stands_before_its_base),
        CASE(a_canary_by_weight_shares),
        CASE(paths_are_rewritten),
        CASE(redirects_are_told),
        CASE(time_limits_retries_and_limits_are_told),
        CASE(weights_that_are_not_100_are_shared_as_higress_does),
        CASE(endpoints_come_with_their_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
