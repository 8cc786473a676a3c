/* test_proxy.c - what Envoy runs by as items: each kind, what differs between replicas, and that
 * what may be a secret is digested and never said. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "signal/proxy.h"
#include <string.h>

#define SECRET "hush-1a2b3c4d5e6f"

static const char dump_format[] =
    "{\"configs\":["
    "{\"@type\":\"x.envoy.admin.v3.ClustersConfigDump\",\"dynamic_active_clusters\":["
    "{\"version_info\":\"%s\",\"last_updated\":\"%s\",\"cluster\":{\"name\":\"c\",\"type\":\"EDS\","
    "\"connect_timeout\":\"%s\",\"metadata\":{\"a\":\"%s\"}}}],"
    "\"dynamic_warming_clusters\":[{\"cluster\":{\"name\":\"w\",\"type\":\"EDS\"}}]},"
    "{\"@type\":\"x.envoy.admin.v3.RoutesConfigDump\",\"dynamic_route_configs\":[{\"route_config\":"
    "{"
    "\"name\":\"http.80\",\"virtual_hosts\":[{\"name\":\"h\",\"domains\":[\"h.example\"],"
    "\"routes\":[{\"name\":\"a\",\"match\":{\"prefix\":\"/a\",\"headers\":[{\"name\":\"x-key\","
    "\"string_match\":{\"exact\":\"" SECRET "\"}}]},\"route\":{\"cluster\":\"c\"},"
    "\"request_headers_to_add\":[{\"header\":{\"key\":\"k\",\"value\":\"" SECRET "\"}}]},"
    "{\"name\":\"a\",\"match\":{\"prefix\":\"/a\",\"headers\":[{\"name\":\"x-key\","
    "\"string_match\":{\"exact\":\"other\"}}]},\"route\":{\"cluster\":\"d\"}}]}]}}]},"
    "{\"@type\":\"x.envoy.admin.v3.ListenersConfigDump\",\"dynamic_listeners\":[{\"name\":\"l\","
    "\"active_state\":{\"version_info\":\"1\",\"listener\":{\"name\":\"l\",\"address\":{"
    "\"socket_address\":{\"address\":\"::1\",\"port_value\":80}}}},\"error_state\":{\"details\":"
    "\"a word is wrong\"}}]},"
    "{\"@type\":\"x.envoy.admin.v3.EcdsConfigDump\",\"ecds_filters\":[{\"ecds_filter\":{\"name\":"
    "\"p\","
    "\"typed_config\":{\"@type\":\"x/%s\",\"config\":{\"configuration\":{\"value\":\"" SECRET "\"},"
    "\"vm_config\":{\"code\":{\"remote\":{\"http_uri\":{\"uri\":\"oci://hub/p:1\"}}}}}}}}]}]}";

struct looked {
    struct arena *arena;
    struct buf *text;
    const struct replicas *all;
    const struct proxy_list *const *lists;
};

static void take_dump(struct arena *a, struct proxy_list *out, const char *version, const char *at,
                      const char *timeout, const char *metadata, const char *plugin)
{
    struct err e = { 0 };
    const char *text = arena_printf(a, dump_format, version, at, timeout, metadata, plugin);
    const cJSON *dump = json_parse(a, text, strlen(text), &e);
    assert_non_null(dump);
    proxy_take_dump(a, dump, out);
}

static void write_item(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct looked *l = arg;
    buf_printf(l->text, "%s: %s\n", key, of[0]->says);
}

static void write_difference(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct looked *l = arg;
    proxy_tell(l->arena, l->text, l->all, l->lists, of, key);
    buf_str(l->text, "\n");
}

static void items_say_what_is_chosen(void **state)
{
    struct arena *a = arena_new();
    struct looked l = { .arena = a, .text = buf_in(a, 100000) };
    struct proxy_list one;
    const struct proxy_list *lists[] = { &one };
    (void)state;
    take_dump(a, &one, "t/7", "2026-11-30T10:00:00Z", "10s", "m", "wasm.v3.Wasm");
    proxy_walk(lists, 1, write_item, &l);
    static const char *const lines[] = {
        "\nc: EDS, ROUND_ROBIN, connect 10s\n",
        "\nw: EDS, ROUND_ROBIN, warming\n",
        "http.80 host h: h.example; routes: 2\n",
        "http.80 host h route a, prefix /a header x-key: to c\n",
        "http.80 host h route a, prefix /a header x-key #2: to d\n",
        "\nl: [::1]:80; filter chains: 0, a newer one was refused: a word is wrong\n",
        "\np: Wasm, module oci://hub/p:1\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(arena_printf(a, "\n%s", l.text->data), lines[i]))
            fail_msg("not said: %s in %s", lines[i], l.text->data);
    assert_null(strstr(l.text->data, "hush"));
    assert_string_equal(one.version, "t/7");
    assert_int_equal(one.refused, 1);
    arena_free(a);
}

static void differences_are_told_and_no_values(void **state)
{
    struct arena *a = arena_new();
    struct looked l = { .arena = a, .text = buf_in(a, 100000) };
    const struct replica replicas[] = { { .envoy = { .name = "gw-1" } },
                                        { .envoy = { .name = "gw-2" } },
                                        { .envoy = { .name = "gw-3" } },
                                        { .envoy = { .name = "gw-4" } } };
    const struct replicas all = { replicas, 4 };
    struct proxy_list one, two, three, none = { .arena = a };
    const struct proxy_list *lists[] = { &one, &two, NULL, &three };
    (void)state;
    take_dump(a, &one, "t/7", "2026-11-30T10:00:00Z", "10s", "m", "wasm.v3.Wasm");
    take_dump(a, &two, "t/8", "2026-11-30T10:00:09Z", "10s", "m", "wasm.v3.Wasm");
    take_dump(a, &three, "t/6", "2026-11-30T09:00:00Z", "5s", SECRET, "rbac.v3.RBAC");
    l.all = &all;
    l.lists = lists;
    assert_int_equal(proxy_compare(lists, 2, write_difference, &l), one.count);
    assert_int_equal(l.text->len, 0);
    assert_int_equal(proxy_compare(lists, 4, write_difference, &l), one.count - 2);
    assert_string_equal(
        l.text->data,
        "c: differs in connect_timeout, metadata: [gw-1, gw-2] EDS, ROUND_ROBIN, connect 10s; "
        "[gw-4] EDS, ROUND_ROBIN, connect 5s\n"
        "p: differs in what it is: [gw-1, gw-2] Wasm, module oci://hub/p:1; [gw-4] not loaded: an "
        "empty filter stands in its place, requests pass without it, module oci://hub/p:1\n");
    buf_reset(l.text);
    lists[3] = &none;
    assert_int_equal(proxy_compare(lists, 4, write_difference, &l), 0);
    assert_non_null(strstr(l.text->data, "c: [gw-1, gw-2] EDS, ROUND_ROBIN, connect 10s; [gw-4] "
                                         "not there\n"));
    arena_free(a);
}

/* Whatever stands in the place of what was expected. */
static void odd_shapes_do_no_harm(void **state)
{
    static const char *const lists[] = { "ClustersConfigDump\",\"dynamic_active_clusters",
                                         "ClustersConfigDump\",\"static_clusters",
                                         "RoutesConfigDump\",\"dynamic_route_configs",
                                         "ListenersConfigDump\",\"dynamic_listeners",
                                         "EcdsConfigDump\",\"ecds_filters" };
    static const char *const odd[] = {
        "7",
        "\"text\"",
        "{}",
        "[[],{}]",
        "[null,1,\"\\u001b[31m\\n\",{},[{}]]",
        "[{\"cluster\":[],\"route_config\":\"x\",\"active_state\":1,\"ecds_filter\":[1]}]",
        "[{\"cluster\":{\"name\":7,\"type\":{},\"transport_socket\":\"x\"},\"error_state\":[],"
        "\"last_updated\":{},\"version_info\":[]}]",
        "[{\"route_config\":{\"name\":[],\"virtual_hosts\":[1,{\"domains\":{},\"routes\":[2,{"
        "\"match\":[],\"route\":\"x\"},{\"match\":{\"headers\":{\"a\":1}}}]}]}}]",
        "[{\"name\":[],\"active_state\":{\"listener\":{\"address\":[],\"filter_chains\":{\"a\":[]}}"
        "}}]",
        "[{\"ecds_filter\":{\"name\":1,\"typed_config\":{\"@type\":2,\"value\":3}}}]"
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            struct arena *a = arena_new();
            struct err e = { 0 };
            const char *text =
                arena_printf(a, "{\"configs\":[{\"@type\":\"x.%s\":%s}]}", lists[i], odd[k]);
            const cJSON *dump = json_parse(a, text, strlen(text), &e);
            struct proxy_list one, two = { .arena = a };
            const struct replica replicas[] = { { .envoy = { .name = "gw-1" } },
                                                { .envoy = { .name = "gw-2" } } };
            const struct replicas all = { replicas, 2 };
            const struct proxy_list *both[] = { &one, &two };
            struct looked l = { a, buf_in(a, 100000), &all, both };
            if (!dump)
                fail_msg("%s: %s", text, e.text);
            proxy_take_dump(a, dump, &one);
            proxy_compare(both, 2, write_difference, &l);
            for (const char *c = l.text->data; *c; c++)
                assert_true(*c == '\n' || (unsigned char)*c >= ' ');
            arena_free(a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_say_what_is_chosen),
        cmocka_unit_test(odd_shapes_do_no_harm),
        cmocka_unit_test(differences_are_told_and_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
