/* test_diagnose.c - the recorded faults of a real Envoy, and what a diagnosis says first.
 *
 * Every folder of ../shared/recordings/envoy brings its signals and the true verdict, which must be
 * named first; of those in `needs_probe` what can be said without one. Without the recordings the
 * test is skipped.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "diagnose/diagnose.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char folder[] = "../shared/recordings/envoy";

/* What the recorded signals say of it by themselves, where a probe tells more: the judgement with
 * one is test_probe_tells_plaintext_to_tls. */
static const struct {
    const char *name, *says;
} needs_probe[] = {
    { "plain-to-tls", "UPSTREAM_RESET" },
};

static const char *verdict_without_probe(const char *name, const char *truth)
{
    for (size_t i = 0; i < sizeof needs_probe / sizeof *needs_probe; i++)
        if (!strcmp(needs_probe[i].name, name))
            return needs_probe[i].says;
    return truth;
}

static char *slurp(struct arena *a, const char *name, const char *file, size_t *n)
{
    char *path = arena_printf(a, "%s/%s/%s", folder, name, file);
    FILE *f = fopen(path, "rb");
    size_t size = 4 << 20;
    char *text = arena_alloc(a, size + 1);

    *n = f ? fread(text, 1, size, f) : 0;
    if (f)
        fclose(f);
    return *n ? text : NULL;
}

static cJSON *load(struct arena *a, const char *name, const char *file)
{
    struct err e = { 0 };
    size_t n;
    char *text = slurp(a, name, file, &n);
    cJSON *tree = text ? json_parse(a, text, n, &e) : NULL;

    if (text && !tree)
        fail_msg("%s/%s: %s", name, file, e.text);
    return tree;
}

/* The log's lines, newest first. */
static cJSON *load_rows(struct arena *a, const char *name)
{
    struct err e = { 0 };
    size_t n, count = 0;
    char *text = slurp(a, name, "access.log", &n);
    cJSON *rows = json_array(a);
    char **lines = arena_array(a, char *, 1000);

    for (char *p = text; p && *p && count < 1000;) {
        char *end = strchr(p, '\n');
        if (!end)
            break;
        *end = '\0';
        lines[count++] = p;
        p = end + 1;
    }
    while (count-- > 0)
        json_add(a, rows, json_parse(a, lines[count], strlen(lines[count]), &e));
    return rows;
}

static struct diagnose_signals signals_of(struct arena *a, const char *name)
{
    return (struct diagnose_signals){
        .clusters = load(a, name, "clusters.json"),
        .stats = load(a, name, "stats.json"),
        .config = load(a, name, "config_dump.json"),
        .certs = load(a, name, "certs.json"),
        .listeners = load(a, name, "listeners.json"),
        .server = load(a, name, "server_info.json"),
        .rows = load_rows(a, name),
        .now = 1795500000, /* 2026-11-24, the day they were recorded */
    };
}

static const char *first_code(struct arena *a, const char *name, const struct diagnose_signals *s,
                              bool show)
{
    const cJSON *out = diagnose_judge(a, NULL, s);
    const char *code = json_str(json_path(out, "verdicts[0]"), "code");

    if (show)
        printf("%s\n%s\n", name, json_print_pretty(a, out));
    return code ? code : "(none)";
}

static bool judge_folder(const char *name)
{
    struct arena *a = arena_new();
    const char *truth = json_str(load(a, name, "meta.json"), "verdict");
    struct diagnose_signals s = signals_of(a, name);
    const char *show = getenv("SHOW");
    const char *got = first_code(a, name, &s, show && !strcmp(show, name));
    bool right = !strcmp(verdict_without_probe(name, truth), got);

    if (!right)
        printf("  %s: %s, should be %s\n", name, got, truth);
    arena_free(a);
    return right;
}

static void test_recordings(void **state)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int right = 0, all = 0;

    (void)state;
    if (!d) {
        printf("skipped: 39 recordings of %s are not here\n", folder);
        skip();
    }
    while ((entry = readdir(d))) {
        if (entry->d_name[0] == '.' || strchr(entry->d_name, '.') ||
            !strcmp(entry->d_name, "README"))
            continue;
        all++;
        right += judge_folder(entry->d_name);
    }
    closedir(d);
    printf("diagnosis: %d of %d recorded faults named first, plain-to-tls by its probe\n", right,
           all);
    assert_true(all >= 39);
    assert_int_equal(right, all);
}

/* One cluster of one host, four streams broken off before the answer, told apart by the probe. */
static const char *judge_probe(struct arena *a, const char *probe)
{
    static const char clusters[] =
        "{\"cluster_statuses\":[{\"name\":\"outbound|80||a.static\",\"host_statuses\":[{"
        "\"address\":"
        "{\"socket_address\":{\"address\":\"10.0.0.1\",\"port_value\":443}},\"stats\":[]}]}]}";
    static const char config[] = "{\"configs\":[{\"@type\":\"x.ClustersConfigDump\",\"dynamic_"
                                 "active_clusters\":[{\"cluster\":"
                                 "{\"name\":\"outbound|80||a.static\",\"type\":\"STATIC\"}}]}]}";
    static const char rows[] =
        "[{\"response_code\":\"503\",\"response_flags\":\"UC\",\"upstream_cluster\":"
        "\"outbound|80||a.static\",\"upstream_host\":\"10.0.0.1:443\",\"response_code_details\":"
        "\"upstream_reset_before_response_started{connection_termination}\"}]";
    struct err e = { 0 };
    struct diagnose_signals s = {
        .clusters = json_parse(a, clusters, strlen(clusters), &e),
        .config = json_parse(a, config, strlen(config), &e),
        .rows = json_parse(a, rows, strlen(rows), &e),
        .probes = json_parse(a, probe, strlen(probe), &e),
    };
    assert_int_equal(e.kind, ERR_NONE);
    return first_code(a, "probe", &s, false);
}

static void test_probe_tells_plaintext_to_tls(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(
        judge_probe(a, "[{\"cluster\":\"outbound|80||a.static\",\"address\":"
                       "\"10.0.0.1:443\",\"tls\":true,\"result\":\"tls-unknown-ca\"}]"),
        "PLAINTEXT_TO_TLS");
    assert_string_equal(judge_probe(a, "[{\"cluster\":\"outbound|80||a.static\",\"address\":"
                                       "\"10.0.0.1:443\",\"tls\":true,\"result\":\"not-tls\"}]"),
                        "UPSTREAM_RESET");
    assert_string_equal(judge_probe(a, "[]"), "UPSTREAM_RESET");
    arena_free(a);
}

static void test_nothing_seen_is_unknown(void **state)
{
    struct arena *a = arena_new();
    struct diagnose_signals none = { 0 };
    const cJSON *out = diagnose_judge(a, NULL, &none);

    (void)state;
    assert_string_equal(json_str(json_path(out, "verdicts[0]"), "code"), "UNKNOWN");
    assert_int_equal(json_count(json_get(out, "unavailable")), 7);
    arena_free(a);
}

/* Good rows of another cluster do not say that this one is well again; its own do. */
static const char *judge_after(struct arena *a, const char *good_cluster)
{
    struct err e = { 0 };
    cJSON *rows = json_array(a);
    static const char bad[] =
        "{\"response_code\":\"503\",\"response_flags\":\"UF\",\"route_name\":\"r\","
        "\"upstream_cluster\":\"x\",\"response_code_details\":\"remote_connection_failure\"}";

    for (int i = 0; i < 30; i++) {
        char *good = arena_printf(a,
                                  "{\"response_code\":\"200\",\"response_flags\":\"-\","
                                  "\"route_name\":\"r\",\"upstream_cluster\":\"%s\"}",
                                  good_cluster);
        json_add(a, rows, json_parse(a, good, strlen(good), &e));
    }
    json_add(a, rows, json_parse(a, bad, strlen(bad), &e));
    assert_int_equal(e.kind, ERR_NONE);
    struct diagnose_signals s = { .rows = rows };
    return first_code(a, "after", &s, false);
}

static void test_what_is_over_comes_last(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(judge_after(a, "x"), "OK");
    assert_string_equal(judge_after(a, "y"), "UPSTREAM_CONNECT_FAILED");
    arena_free(a);
}

/* A request for /pay/checkout that `pay` took and answered 403; `longer` is the name of a second
 * route, /pay/, behind its /pay. */
static const char *judge_prefix(struct arena *a, const char *longer)
{
    struct err e = { 0 };
    const char *config = arena_printf(
        a,
        "{\"configs\":[{\"@type\":\"x.RoutesConfigDump\",\"dynamic_route_configs\":[{\"route_"
        "config\":"
        "{\"name\":\"rc\",\"virtual_hosts\":[{\"name\":\"vh\",\"domains\":[\"*\"],\"routes\":["
        "{\"name\":\"pay\",\"match\":{\"path\":\"/pay\"},\"route\":{\"cluster\":\"x\"}},"
        "{\"name\":\"%s\",\"match\":{\"prefix\":\"/pay/\"},\"route\":{\"cluster\":\"x\"}}]}]}}]}]}",
        longer);
    static const char rows[] =
        "[{\"response_code\":\"403\",\"response_flags\":\"-\",\"route_name\":\"pay\",\"authority\":"
        "\"h\","
        "\"path\":\"/pay/checkout\",\"upstream_cluster\":\"x\",\"upstream_host\":\"10.0.0.1:80\","
        "\"response_code_details\":\"via_upstream\"}]";
    struct diagnose_signals s = { .config = json_parse(a, config, strlen(config), &e),
                                  .rows = json_parse(a, rows, strlen(rows), &e) };
    assert_int_equal(e.kind, ERR_NONE);
    return first_code(a, "prefix", &s, false);
}

static void test_no_route_shadows_itself(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    assert_string_equal(judge_prefix(a, "pay-checkout"), "ROUTE_SHADOWED");
    assert_string_not_equal(judge_prefix(a, "pay"), "ROUTE_SHADOWED");
    arena_free(a);
}

/* The same signals, asked about something else: another's failures are not this one's. */
static void test_target_narrows(void **state)
{
    struct arena *a = arena_new();
    struct diagnose_target route = { "route", "orders" };
    struct diagnose_target other = { "service", "orders.shop.svc.cluster.local" };
    struct diagnose_signals s;
    DIR *d = opendir(folder);

    (void)state;
    if (!d)
        skip();
    closedir(d);
    s = signals_of(a, "weighted-dead-leg");
    assert_string_equal(json_str(json_path(diagnose_judge(a, &route, &s), "verdicts[0]"), "code"),
                        "ENDPOINT_DOWN");
    assert_string_equal(json_str(json_path(diagnose_judge(a, &other, &s), "verdicts[0]"), "code"),
                        "OK");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recordings),
        cmocka_unit_test(test_probe_tells_plaintext_to_tls),
        cmocka_unit_test(test_nothing_seen_is_unknown),
        cmocka_unit_test(test_what_is_over_comes_last),
        cmocka_unit_test(test_no_route_shadows_itself),
        cmocka_unit_test(test_target_narrows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
