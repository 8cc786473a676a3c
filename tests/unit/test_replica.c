/* test_replica.c - the pages of several Envoys read side by side: one that cannot be read stands
 * beside the others, and a call that is cancelled does not wait for any. And what a pod says of
 * itself. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "check.h"
#include "config/config.h"
#include "guard/watch.h"
#include "kube/pod_private.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "signal/replica.h"
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS(name) "{\"name\":\"" name "\"}"

#define HOST(all, failed)                                                                          \
    "{\"cluster_statuses\":[{\"name\":\"outbound|80||web.static\",\"host_statuses\":[{"            \
    "\"address\":"                                                                                 \
    "{\"socket_address\":{\"address\":\"10.0.0.1\",\"port_value\":80}},\"stats\":[{\"name\":"      \
    "\"rq_total\",\"value\":\"" all "\"},{\"name\":\"rq_error\",\"value\":\"" failed "\"}]}]}]}"

/* One server each; NULL: it takes connections and says nothing. */
static const char *const said[] = {
    "{\"cluster_statuses\":[" STATUS("a") "," STATUS("b") "]}",
    "{\"cluster_statuses\":[" STATUS("a") ",",
    NULL,
    HOST("10", "4"),
    HOST("7", "0"),
};
enum { WHOLE, CUT, SILENT, TEN, SEVEN, SERVERS };
static int ports[SERVERS + 1]; /* nobody listens at the last */
static pid_t servers[SERVERS];

static int listen_at(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 16) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

static void serve(int listener, const char *body)
{
    for (;;) {
        char in[4000];
        int fd = accept(listener, NULL, NULL);
        if (!body)
            continue;
        recv(fd, in, sizeof in, 0);
        dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
        close(fd);
    }
}

static int start(void **state)
{
    (void)state;
    close(listen_at(&ports[SERVERS]));
    for (int i = 0; i < SERVERS; i++) {
        int listener = listen_at(&ports[i]);
        servers[i] = fork();
        if (servers[i] == 0)
            serve(listener, said[i]);
        close(listener);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        kill(servers[i], SIGKILL);
        waitpid(servers[i], NULL, 0);
    }
    return 0;
}

static void (*body)(struct loop *l, struct arena *a, const struct config *c,
                    const struct replicas *all);
static int wanted[4]; /* servers; ended by -1 */

static void on_loop(struct loop *l, void *arg)
{
    (void)arg;
    struct arena *a = arena_new();
    struct err e = { 0 };
    const char *urls[4] = { NULL };
    for (int i = 0; wanted[i] >= 0; i++)
        urls[i] = arena_printf(a, "http://127.0.0.1:%d", ports[wanted[i]]);
    const struct config c = { .timeout = 20, .envoy_admin = urls[0], .envoy_admins = urls };
    const struct replicas *all = replicas_find(l, &c, a, NULL, &e);
    assert_non_null(all);
    body(l, a, &c, all);
    fetch_stop(l);
    arena_free(a);
}

static void look_at_pages(struct loop *l, struct arena *a, const struct config *c,
                          const struct replicas *all)
{
    struct err e = { 0 };
    const struct replica_page *pages =
        replica_pages(l, c, a, all, "/clusters?format=json", NULL, &e);
    assert_int_equal(all->count, 3);
    assert_non_null(pages);
    assert_int_equal(json_count(json_get(pages[0].page, "cluster_statuses")), 2);
    assert_null(pages[0].error);
    for (int i = 1; i < 3; i++) {
        assert_null(pages[i].page);
        assert_non_null(strstr(pages[i].error, all->list[i].envoy.name));
    }
    assert_non_null(strstr(pages[2].error, "refused"));
    assert_null(replica_pages(l, c, a, all, "/quitquitquit", NULL, &e)[0].page);
}

static bool count_element(void *arg, struct arena *one, const cJSON *element)
{
    (void)one;
    *(int *)arg += json_str(element, "name") != NULL;
    return true;
}

static bool stop_at_first(void *arg, struct arena *one, const cJSON *element)
{
    count_element(arg, one, element);
    return false;
}

static void look_at_elements(struct loop *l, struct arena *a, const struct config *c,
                             const struct replicas *all)
{
    static const struct {
        envoy_element_fn *fn;
        int server, elements;
        bool whole;
    } rows[] = { { count_element, 0, 2, true },
                 { stop_at_first, 0, 1, true },
                 { count_element, 1, 1, false },
                 { count_element, 2, 0, false } };
    (void)a;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        int n = 0;
        bool whole = replica_elements(l, c, &all->list[rows[i].server], "/clusters?format=json",
                                      "cluster_statuses", rows[i].fn, &n, NULL, &e);
        assert_int_equal(whole, rows[i].whole);
        assert_int_equal(n, rows[i].elements);
        assert_int_equal(e.kind == ERR_NONE, rows[i].whole);
    }
}

static void give_up(void *arg)
{
    cancel_fire(arg);
}

static void cancel_all(struct loop *l, struct arena *a, const struct config *c,
                       const struct replicas *all)
{
    struct err e = { 0 };
    struct cancel cancel = { 0 };
    double began = loop_now(l);
    struct loop_timer *t = loop_timer(l, 0.05, 0, give_up, &cancel);
    assert_null(replica_pages(l, c, a, all, "/clusters?format=json", &cancel, &e));
    assert_int_equal(e.kind, ERR_GONE);
    assert_true(loop_now(l) - began < 10); /* config.timeout is 20 */
    loop_untimer(t);
    struct err again = { 0 };
    assert_null(replica_pages(l, c, a, all, "/clusters?format=json", &cancel, &again));
    assert_int_equal(again.kind, ERR_GONE);
}

/* Each replica's own counters are kept, so that one that begins anew is no fall of all. */
static void count_for_guard(struct loop *l, struct arena *a, const struct config *c,
                            const struct replicas *all)
{
    static const char *const none[] = { NULL };
    struct err e = { 0 };
    struct guard_counts first, again;
    struct guard_watch w = { .loop = l, .arena = a, .config = c };
    (void)all;
    assert_true(guard_spec_read(a, guard_spec_parse(a, "5m: 5xx > 2 %"), &w.spec, &e));
    w.targets = (struct guard_targets){ .all = true, .routes = none, .hosts = none };
    w.targets.services = none;
    bool ok = guard_count(&w, 0, 1, NULL, &first, &e);
    if (c->envoy_admins[2]) {
        assert_false(ok);
        assert_non_null(strstr(e.text, "refused"));
        return;
    }
    assert_true(ok);
    assert_int_equal(first.all, 17);
    assert_int_equal(first.bad[0], 4);
    assert_int_equal(json_count(first.counters), 2);
    assert_true(guard_count(&w, 1, 2, first.counters, &again, &e));
    assert_int_equal(again.all, 0);
}

static void run(void (*fn)(struct loop *l, struct arena *a, const struct config *c,
                           const struct replicas *all),
                int one, int two, int three)
{
    body = fn;
    wanted[0] = one;
    wanted[1] = two;
    wanted[2] = three;
    wanted[3] = -1;
    loop_main(on_loop, NULL);
}

static void one_that_cannot_be_read_stands_beside_the_others(void **state)
{
    (void)state;
    run(look_at_pages, WHOLE, CUT, SERVERS);
}

static void elements_come_one_by_one(void **state)
{
    (void)state;
    run(look_at_elements, WHOLE, CUT, SERVERS);
}

static void a_cancelled_call_waits_for_none(void **state)
{
    (void)state;
    run(cancel_all, SILENT, WHOLE, SILENT);
}

static void a_guard_counts_all_or_says_so(void **state)
{
    (void)state;
    run(count_for_guard, TEN, SEVEN, -1);
    run(count_for_guard, TEN, SEVEN, SERVERS);
}

/* -- what a pod says ------------------------------------------------------------------------- */

#define POD(status) "{\"metadata\":{\"name\":\"p\"},\"status\":{" status "}}"
#define CONTAINER(members) "\"containerStatuses\":[{\"name\":\"gw\"," members "}]"
#define READY(is)                                                                                  \
    "\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"" is "\"}]"

static void a_pod_says_why_it_is_not_ready(void **state)
{
    static const struct {
        const char *pod, *why;
        bool ready, runs;
        int restarts;
    } rows[] = {
        { POD(READY("True") "," CONTAINER("\"ready\":true,\"restartCount\":2,"
                                          "\"state\":{\"running\":{}}")),
          NULL, true, true, 2 },
        { POD(READY("False") "," CONTAINER(
              "\"ready\":false,\"restartCount\":7,\"state\":{\"waiting\":{\"reason\":"
              "\"CrashLoopBackOff\",\"message\":\"back-off 5m0s\"}},\"lastState\":{"
              "\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\"}}")),
          "container gw: CrashLoopBackOff (back-off 5m0s); it ended before with exit code 137, "
          "OOMKilled",
          false, false, 7 },
        { POD(READY("False") "," CONTAINER("\"ready\":false,\"state\":{\"running\":{}}")),
          "container gw runs and is not ready", false, true, 0 },
        { POD(READY("False") "," CONTAINER("\"ready\":false,\"state\":{\"terminated\":{"
                                           "\"exitCode\":1}}")),
          "container gw ended with exit code 1", false, false, 0 },
        { POD("\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":"
              "\"False\",\"reason\":\"Unschedulable\",\"message\":\"0/3 nodes\"}]"),
          "Unschedulable (0/3 nodes)", false, false, 0 },
        { POD("\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"low on memory\""),
          "Evicted (low on memory)", false, false, 0 },
        { POD(READY("True")), NULL, true, true, 0 },
    };
    struct arena *a = arena_new();
    struct err e = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const cJSON *pod = json_parse(a, rows[i].pod, strlen(rows[i].pod), &e);
        assert_non_null(pod);
        struct kube_pod p = kube_pod_kept(kube_pod_keep(NULL, a, pod));
        assert_int_equal(p.ready, rows[i].ready);
        assert_int_equal(p.runs, rows[i].runs);
        assert_int_equal(p.restarts, rows[i].restarts);
        assert_string_equal(p.why ? p.why : "-", rows[i].why ? rows[i].why : "-");
    }
    const char *going = "{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":\"2026\"}}";
    assert_null(kube_pod_keep(NULL, a, json_parse(a, going, strlen(going), &e)));
    arena_free(a);
}

/* A container's last words are often the end of its log. */
static void last_words_of_a_container_are_masked(void **state)
{
    static const char text[] = POD(READY("False") "," CONTAINER(
        "\"ready\":false,\"restartCount\":1e300,\"state\":{\"terminated\":{\"exitCode\":1,"
        "\"message\":\"login with ghp_Zx81Qp77aVb20kLmN93rTyUiOpAsDfGh1234 failed\"}}"));
    struct arena *a = arena_new();
    struct err e = { 0 };
    (void)state;
    struct kube_pod p =
        kube_pod_kept(kube_pod_keep(NULL, a, json_parse(a, text, strlen(text), &e)));
    assert_non_null(strstr(p.why, "login with"));
    assert_null(strstr(p.why, "aVb20kLm"));
    assert_int_equal(p.restarts, INT_MAX);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_cannot_be_read_stands_beside_the_others),
        cmocka_unit_test(elements_come_one_by_one),
        cmocka_unit_test(a_cancelled_call_waits_for_none),
        cmocka_unit_test(a_guard_counts_all_or_says_so),
        cmocka_unit_test(a_pod_says_why_it_is_not_ready),
        cmocka_unit_test(last_words_of_a_container_are_masked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
