/* test_ingress.c - a route survives the way through an Ingress and back; random routes, fixed seed.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"
#include "tree.h"

static struct arena *a;
static struct kstore *store;
static char folder[] = "/tmp/test_ingress.XXXXXX";
static unsigned long long seed = 20261124;

static int pick(int n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((seed >> 33) % (unsigned long long)n);
}

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    a = arena_new();
    store = mkdtemp(folder) ? kstore_open(folder, &e) : NULL;
    return store ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    kstore_close(store);
    tree_remove(folder);
    arena_free(a);
    return 0;
}

static const char *word(void)
{
    static const char *const words[] = {
        "a", "b-c", "x.example.com", "v1", "~^[0-9]+$", "A B", "0"
    };
    return words[pick(7)];
}

static void maybe_list(cJSON *to, const char *name, const char *const *from, int n)
{
    if (!pick(2))
        return;
    cJSON *list = json_set_array(a, to, name);
    for (int i = 0; i < n; i++)
        if (i == 0 || pick(2))
            json_add_str(a, list, from[i]);
}

static void maybe_bool(cJSON *to, const char *name)
{
    if (pick(2))
        json_set_bool(a, to, name, pick(2));
}

static void predicates(cJSON *route, const char *field)
{
    static const char *const types[] = { "EQUAL", "PRE", "REGULAR" };
    cJSON *list = NULL;
    for (int i = 0, n = pick(4); i < n; i++) {
        if (!list)
            list = json_set_array(a, route, field);
        cJSON *p = json_add(a, list, model_new(a, ingress_keyed_model));
        json_set_str(a, p, "matchType", types[pick(3)]);
        json_set_str(a, p, "matchValue", word());
        json_set_str(a, p, "key", arena_printf(a, "%sk%d", pick(4) || *field != 'h' ? "" : ":", i));
    }
}

static void services(cJSON *route)
{
    cJSON *list = json_set_array(a, route, "services");
    int n = 1 + pick(3);
    for (int i = 0; i < n; i++) {
        cJSON *s = json_add(a, list, model_new(a, ingress_upstream_model));
        json_set_str(a, s, "name", pick(2) ? "shop.static" : "x.ns.svc.cluster.local");
        if (pick(2))
            json_set_num(a, s, "port", 1 + pick(65535));
        json_set_num(a, s, "weight", n == 1 ? 100 : pick(101));
        if (n > 1 && pick(2))
            json_set_str(a, s, "version", "v2");
    }
}

static void sections(cJSON *route)
{
    static const char *const conditions[] = { "error", "timeout", "http_502" };
    if (pick(2)) {
        cJSON *retry = json_set(a, route, "proxyNextUpstream", model_new(a, ingress_retry_model));
        json_set_bool(a, retry, "enabled", pick(2));
        json_set_num(a, retry, "attempts", pick(9));
        maybe_list(retry, "conditions", conditions, 3);
    }
    if (pick(2)) {
        cJSON *rewrite = json_set(a, route, "rewrite", model_new(a, ingress_rewrite_model));
        json_set_bool(a, rewrite, "enabled", pick(2));
        json_set_str(a, rewrite, "path", "/to");
        json_set_str(a, rewrite, "host", pick(2) ? "h.example.com" : NULL);
    }
    cJSON *cors = json_set(a, route, "cors", model_new(a, ingress_cors_model));
    maybe_bool(cors, "enabled");
    maybe_bool(cors, "allowCredentials");
    maybe_list(cors, "allowOrigins", (const char *const[]){ "*", "https://a.example.com" }, 2);
    if (pick(2))
        json_set_num(a, cors, "maxAge", pick(9999));
    if (pick(2)) {
        cJSON *control = json_set(a, route, "headerControl", model_new(a, ingress_headers_model));
        json_set_bool(a, control, "enabled", pick(2));
        cJSON *stage = json_set(a, control, "request", model_new(a, ingress_stage_model));
        json_add_str(a, json_set_array(a, stage, "remove"), "x-gone");
        cJSON *header =
            json_add(a, json_set_array(a, stage, "add"), model_new(a, ingress_header_model));
        json_set_str(a, header, "key", "x-a");
        json_set_str(a, header, "value", pick(2) ? "1 2  3" : "");
    }
}

static cJSON *random_route(int i)
{
    static const char *const types[] = { "EQUAL", "PRE", "REGULAR" };
    static const char *const methods[] = { "GET", "POST" };
    cJSON *route = model_new(a, ingress_route_model);
    json_set_str(a, route, "name", arena_printf(a, "r%d", i));
    cJSON *domains = json_set_array(a, route, "domains");
    for (int d = 0, n = pick(3); d < n; d++)
        json_add_str(a, domains, d ? "*.b.example.com" : "a.example.com");
    json_set_bool(a, route, "readonly", json_count(domains) > 1);
    cJSON *path = json_set(a, route, "path", model_new(a, ingress_predicate_model));
    json_set_str(a, path, "matchType", types[pick(3)]);
    json_set_str(a, path, "matchValue", pick(4) ? "/p/\xe8\xb7\xaf" : "/");
    maybe_bool(path, "caseSensitive");
    maybe_list(route, "methods", methods, 2);
    predicates(route, "headers");
    predicates(route, "urlParams");
    services(route);
    sections(route);
    json_set_object(a, route, "customLabels");
    json_set_str(a, json_set_object(a, route, "customConfigs"), "higress.io/timeout", "30");
    return route;
}

/* Predicates come back in the order of their annotations. */
static int by_annotation(const void *x, const void *y)
{
    cJSON *const *left = x, *const *right = y;
    const char *type[2] = { json_str(*left, "matchType"), json_str(*right, "matchType") };
    const char *key[2] = { json_str(*left, "key"), json_str(*right, "key") };
    int order = strcmp(type[0], type[1]);
    if (order == 0)
        order = (*key[0] == ':') - (*key[1] == ':');
    return order ? order : strcmp(key[0], key[1]);
}

static void sort_predicates(cJSON *route, const char *field)
{
    cJSON *list = json_get(route, field), *items[8];
    size_t n = 0;
    while (cJSON_IsArray(list) && list->child) {
        items[n] = list->child;
        json_detach(list, items[n++]);
    }
    qsort(items, n, sizeof *items, by_annotation);
    for (size_t i = 0; i < n; i++)
        json_add(a, list, items[i]);
}

static void a_route_comes_back_as_it_went(void **state)
{
    (void)state;
    struct embedded plane = { .store = store };
    for (int i = 0; i < 2000; i++) {
        struct embedded_call call = { .method = "PUT", .target = "/v1/routes/r" };
        struct rest_request r = { .arena = a, .embedded = &plane, .store = store, .call = &call };
        cJSON *route = random_route(i);
        assert_true(ingress_check_route(&r, route));
        cJSON *ingress = ingress_from_route(&r, route);
        assert_non_null(ingress);
        kube_set_label(a, ingress, "higress.io/resource-definer", "higress");
        cJSON *back = ingress_to_route(a, ingress);
        const char *fields[] = { "headers", "urlParams" };
        for (int f = 0; f < 2; f++) {
            sort_predicates(route, fields[f]);
            sort_predicates(back, fields[f]);
        }
        if (!json_equal(route, back))
            fail_msg("route %d\n%s\ncame back as\n%s", i, json_print(a, route),
                     json_print(a, back));
    }
}

static void destinations_are_read_as_higress_reads_them(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "web.static:80", "[{\"name\":\"web.static\",\"port\":80,\"version\":null,"
                           "\"weight\":100}]" },
        { "30% a.dns:443 v1", "[{\"name\":\"a.dns\",\"port\":443,\"version\":\"v1\","
                              "\"weight\":30}]" },
        { "x% a.dns", "[]" },
        { "a:b:70000", "[{\"name\":\"a:b:70000\",\"port\":70000,\"version\":null,"
                       "\"weight\":100}]" },
        { "a:b:x", "[{\"name\":\"a:b:x\",\"port\":null,\"version\":null,\"weight\":100}]" },
        { "1% a:-1 v 1", "[{\"name\":\"a:-1\",\"port\":-1,\"version\":\"v\",\"weight\":1}]" },
        { "", "[]" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(json_print(a, ingress_services(a, rows[i][0])), rows[i][1]);
}

static void annotations_of_the_form_are_not_custom(void **state)
{
    (void)state;
    static const char *const managed[] = {
        "higress.io/rewrite-path",        "disabled.higress.io/rewrite-path",
        "higress.io/destination",         "higress.io/exact-match-header-x",
        "higress.io/regex-match-query-q", NULL
    };
    static const char *const custom[] = { "higress.io/timeout", "example.com/rewrite-path",
                                          "nginx.ingress.kubernetes.io/proxy-body-size", NULL };
    for (int i = 0; managed[i]; i++)
        assert_true(!ingress_is_custom(managed[i]) && !ingress_may_set(managed[i]));
    for (int i = 0; custom[i]; i++)
        assert_true(ingress_is_custom(custom[i]) && ingress_may_set(custom[i]));
    /* Read as custom, as there; but no request may set it. */
    assert_true(ingress_is_custom("nginx.ingress.kubernetes.io/enable-cors"));
    assert_false(ingress_may_set("nginx.ingress.kubernetes.io/enable-cors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_comes_back_as_it_went),
        cmocka_unit_test(destinations_are_read_as_higress_reads_them),
        cmocka_unit_test(annotations_of_the_form_are_not_custom),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
