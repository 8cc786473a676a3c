/* test_diagnose_replica.c - several Envoys judged together: what only some of them say carries who
 * says it, what all say reads as it does of one, and counters are added up. */
#include "check.h"
#include "signals.h"

enum { ONE, TWO, THREE, REPLICAS };

#define HOST(flags, failed)                                                                        \
    "{\"cluster_statuses\":[{\"name\":\"outbound|80||web.static\",\"host_statuses\":[{"            \
    "\"address\":"                                                                                 \
    "{\"socket_address\":{\"address\":\"10.0.0.1\",\"port_value\":80}},\"stats\":[{\"name\":"      \
    "\"cx_connect_fail\",\"value\":\"" failed "\"},{\"name\":\"rq_total\",\"value\":\"9\"}],"      \
    "\"health_status\":{" flags "}}]}]}"
#define DEAD "\"failed_active_health_check\":true"
#define STATS(n)                                                                                   \
    "{\"stats\":[{\"name\":\"cluster.outbound|80||web.static.health_check.network_failure\","      \
    "\"value\":" n "},{\"name\":\"server.x\",\"value\":" n "}]}"
#define DUMP(version, timeout, plugin)                                                             \
    "{\"configs\":[{\"@type\":\"x.ClustersConfigDump\",\"dynamic_active_clusters\":[{"             \
    "\"version_info\":\"" version "\",\"last_updated\":\"2026-11-29T15:00:00.000Z\",\"cluster\":{" \
    "\"name\":\"outbound|80||web.static\",\"type\":\"STATIC\",\"connect_timeout\":\"" timeout      \
    "\"}}]},{\"@type\":\"x.EcdsConfigDump\",\"ecds_filters\":[{\"ecds_filter\":{\"name\":\"p\","   \
    "\"typed_config\":{\"@type\":\"x/" plugin "\"}}}]}]}"
#define NEW DUMP("2026-11-29T15:00:00Z/7", "10s", "wasm.v3.Wasm")

static const char *const names[REPLICAS] = { "gw-1", "gw-2", "gw-3" };

struct case_of_replicas {
    const char *clusters[REPLICAS], *stats[REPLICAS], *config[REPLICAS]; /* NULL: not read */
    const char *down[REPLICAS];
    const cJSON *before; /* of each that is down */
    const char *before_unread;
};

static const cJSON *judge_replicas(struct arena *a, const struct case_of_replicas *c, cJSON *rows)
{
    struct diagnose_replica *r = arena_array(a, struct diagnose_replica, REPLICAS);
    struct diagnose_signals s = { .rows = rows, .now = signals_now, .replicas = r };
    s.replica_count = REPLICAS;
    for (int i = 0; i < REPLICAS; i++) {
        r[i].name = names[i];
        r[i].down = c->down[i];
        r[i].before = c->down[i] ? c->before : NULL;
        r[i].before_unread = c->down[i] ? c->before_unread : NULL;
        if (!c->clusters[i]) {
            r[i].error = "it could not be read";
            continue;
        }
        r[i].clusters = signals_tree(a, c->clusters[i]);
        r[i].stats = signals_tree(a, c->stats[i] ? c->stats[i] : STATS("0"));
        r[i].config = signals_tree(a, c->config[i] ? c->config[i] : NEW);
        r[i].server = json_object(a);
    }
    diagnose_join(a, r, REPLICAS, &s);
    return diagnose_judge(a, NULL, &s);
}

static const cJSON *verdict_of(const cJSON *answer, const char *code)
{
    const cJSON *v = json_find(json_get(answer, "verdicts"), "code", code);
    if (!v)
        fail_msg("no %s but %s", code, signals_code(answer, 0));
    return v;
}

static void what_some_say_carries_who(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas c = { .clusters = { HOST("", "0"), HOST(DEAD, "3"),
                                                      HOST(DEAD, "4") } };
    (void)state;
    const cJSON *answer = judge_replicas(a, &c, NULL),
                *v = verdict_of(answer, "NO_HEALTHY_UPSTREAM");
    assert_string_equal(json_text(v, "replicas"), "2 of 3: gw-2, gw-3");
    assert_null(json_find(json_get(answer, "verdicts"), "code", "OK"));
    arena_free(a);
}

static void what_all_say_reads_as_of_one(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas c = {
        .clusters = { HOST(DEAD, "2"), HOST(DEAD, "3"), HOST(DEAD, "4") },
        .stats = { STATS("1"), STATS("2"), STATS("4") },
    };
    (void)state;
    const cJSON *answer = judge_replicas(a, &c, NULL),
                *v = verdict_of(answer, "NO_HEALTHY_UPSTREAM");
    assert_null(json_get(v, "replicas"));
    assert_null(json_get(answer, "replicas"));
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    assert_true(signals_says(answer, 0, "network_failure 7"));
    arena_free(a);
}

static void one_that_was_not_read_is_not_well(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas well = { .clusters = { HOST("", "0"), HOST("", "0"), NULL } };
    const struct case_of_replicas first = { .clusters = { NULL, HOST("", "0"), HOST(DEAD, "1") } };
    (void)state;
    const cJSON *answer = judge_replicas(a, &well, NULL);
    assert_string_equal(signals_code(answer, 0), "UNKNOWN");
    assert_true(signals_says(answer, 0, "1 of 3 could not be read"));
    assert_int_equal(json_count(json_get(answer, "replicas")), 1);
    answer = judge_replicas(a, &first, NULL);
    assert_string_equal(json_text(verdict_of(answer, "NO_HEALTHY_UPSTREAM"), "replicas"),
                        "1 of 2: gw-3");
    arena_free(a);
}

static void one_behind_is_named(void **state)
{
    struct arena *a = arena_new();
    struct case_of_replicas c = {
        .clusters = { HOST("", "0"), HOST("", "0"), HOST("", "0") },
        .config = { NEW, DUMP("2026-11-29T15:00:00Z/10", "10s", "wasm.v3.Wasm"),
                    DUMP("2026-11-29T15:00:00Z/9", "5s", "wasm.v3.Wasm") },
    };
    (void)state;
    const cJSON *answer = judge_replicas(a, &c, NULL), *v = verdict_of(answer, "REPLICA_BEHIND");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1); /* gw-1 has the same, if older */
    assert_string_equal(json_text(v, "object"), "replica gw-3");
    assert_true(signals_says(answer, 0, "differs in connect_timeout: [gw-2]"));
    c.config[THREE] = DUMP("2026-11-29T15:00:00Z/10", "5s", "wasm.v3.Wasm");
    answer = judge_replicas(a, &c, NULL); /* another one of the same age: pilot meant it so */
    assert_string_equal(signals_code(answer, 0), "OK");
    arena_free(a);
}

static void one_without_its_plugin_is_named(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas c = {
        .clusters = { HOST("", "0"), HOST("", "0"), HOST("", "0") },
        .config = { NEW, DUMP("2026-11-29T15:00:00Z/7", "10s", "rbac.v3.RBAC"), NEW },
    };
    (void)state;
    const cJSON *answer = judge_replicas(a, &c, NULL), *v = verdict_of(answer, "PLUGIN_NOT_LOADED");
    assert_string_equal(json_text(v, "replicas"), "1 of 3: gw-2");
    assert_int_equal(json_count(json_get(answer, "verdicts")), 1);
    arena_free(a);
}

static void one_that_is_down_is_named(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas c = { .clusters = { HOST("", "0"), HOST("", "0"), NULL },
                                        .down = { [THREE] = "container gw: CrashLoopBackOff" } };
    (void)state;
    const cJSON *answer = judge_replicas(a, &c, NULL);
    assert_string_equal(signals_code(answer, 0), "REPLICA_DOWN");
    assert_string_equal(signals_object(answer, 0), "replica gw-3");
    assert_true(signals_says(answer, 0, "CrashLoopBackOff"));
    arena_free(a);
}

static cJSON *words_before(struct arena *a, int count, const char *const (*rows)[3])
{
    cJSON *list = json_array(a);
    for (int i = 0; i < count; i++) {
        cJSON *row = json_object(a);
        json_set_str(a, row, "level", rows[i][0]);
        json_set_str(a, row, "component", rows[i][1]);
        json_set_str(a, row, "text", rows[i][2]);
        json_add(a, list, row);
    }
    return list;
}

/* Of a crash: the line before its trace, and the last one; else the last two, the oldest first. */
static void what_it_said_before_is_told(void **state)
{
    static const char *const rows[][3] = { { "info", "agent", "no epochs left" },
                                           { "error", "agent", "Envoy ended: segfault" },
                                           { "critical", "backtrace", "#1: main" },
                                           { "critical", "backtrace", "Caught Segmentation fault" },
                                           { "info", "main", "all is well" },
                                           { "error", "main", "an older one" } };
    static const char *const told[] = { "critical backtrace: Caught Segmentation fault",
                                        "info agent: no epochs left" };
    struct arena *a = arena_new();
    struct case_of_replicas c = { .clusters = { HOST("", "0"), HOST("", "0"), NULL },
                                  .down = { [THREE] = "container gw: CrashLoopBackOff" } };
    (void)state;
    c.before = words_before(a, 6, rows);
    const cJSON *answer = judge_replicas(a, &c, NULL), *v = verdict_of(answer, "REPLICA_DOWN");
    const cJSON *said = json_get(v, "evidence")->child->next;
    for (int i = 0; i < 2; i++, said = said->next) {
        assert_string_equal(json_text(said, "source"), "log before");
        assert_string_equal(json_text(said, "fact"), told[i]);
    }
    assert_null(said);
    c.before = words_before(a, 1, rows);
    v = verdict_of(judge_replicas(a, &c, NULL), "REPLICA_DOWN");
    assert_int_equal(json_count(json_get(v, "evidence")), 2);
    c.before = words_before(a, 2, rows + 3);
    answer = judge_replicas(a, &c, NULL);
    assert_true(signals_says(answer, 0, "Caught Segmentation fault"));
    assert_true(signals_says(answer, 0, "all is well"));
    c.before = json_array(a);
    assert_true(signals_says(judge_replicas(a, &c, NULL), 0, "nothing but requests"));
    c.before = NULL;
    c.before_unread = "403 from the cluster";
    assert_true(signals_says(judge_replicas(a, &c, NULL), 0, "not read: 403 from the cluster"));
    arena_free(a);
}

/* Rows that say who wrote them are that replica's alone. */
static void rows_belong_to_their_replica(void **state)
{
    struct arena *a = arena_new();
    const struct case_of_replicas c = { .clusters = { HOST("", "0"), HOST("", "0"),
                                                      HOST("", "0") } };
    cJSON *rows = json_array(a);
    (void)state;
    signals_rows(a, rows, 20, 60, "replica=gw-1");
    signals_rows(
        a, rows, 6, 30,
        "replica=gw-2 response_code=503 response_flags=UF upstream_host=- "
        "response_code_details=upstream_reset_before_response_started{connection_failure}");
    const cJSON *answer = judge_replicas(a, &c, rows);
    const cJSON *v = json_get(answer, "verdicts")->child;
    assert_string_equal(json_text(v, "replicas"), "1 of 3: gw-2");
    assert_int_equal((int)json_num(v, "requests", 0), 6);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_some_say_carries_who),
        cmocka_unit_test(what_all_say_reads_as_of_one),
        cmocka_unit_test(one_that_was_not_read_is_not_well),
        cmocka_unit_test(one_behind_is_named),
        cmocka_unit_test(one_without_its_plugin_is_named),
        cmocka_unit_test(one_that_is_down_is_named),
        cmocka_unit_test(what_it_said_before_is_told),
        cmocka_unit_test(rows_belong_to_their_replica),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
