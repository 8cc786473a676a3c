/* test_kube_api.c - lists that end in the middle, answers that are no lists, and refusals in the
 * cluster's words, against a server in a child process that answers by path. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "kube/api.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITEM(n) "{\"metadata\":{\"name\":\"" n "\"}}"
#define PAGE(items, more)                                                                          \
    "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"7\"" more "},\"items\":[" items "]" \
    "}"
#define EXPIRED                                                                                    \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"The provided continue parameter "   \
    "is too old\",\"reason\":\"Expired\",\"code\":410,\"metadata\":{\"continue\":\"z\"}}"

static int port;
static pid_t server;

/* What is answered, by a word of the request; the first that fits, as often as it says. */
static struct {
    const char *word;
    int status, times;
    const char *body;
} answers[] = {
    { "/two?limit=500 ", 200, 99, PAGE(ITEM("a") "," ITEM("b"), ",\"continue\":\"n/1\"") },
    { "/two?limit=500&continue=n%2F1 ", 200, 99, PAGE(ITEM("c"), "") },
    { "/late?limit=500 ", 200, 99, PAGE(ITEM("a"), ",\"continue\":\"n\"") },
    { "/late?limit=500&continue=n ", 410, 1, EXPIRED },
    { "/late?limit=500&continue=n ", 200, 99, PAGE(ITEM("b"), "") },
    { "/never?limit=500 ", 200, 99, PAGE(ITEM("a"), ",\"continue\":\"n\"") },
    { "/never?limit=500&continue=n ", 410, 99, EXPIRED },
    { "/empty?", 200, 99, PAGE("", "") },
    { "/odd?", 200, 99, "{\"kind\":\"Pod\"}" },
    { "/cut?", 200, 99, "{\"items\":[{\"metadata\":" },
    { "/text?", 200, 99, "404 page not found" },
    { "/forbidden", 403, 99,
      "{\"kind\":\"Status\",\"message\":\"pods is forbidden: User \\\"ann\\\" cannot list\"}" },
    { "/busy", 429, 99, "Too many requests, please try again later." },
    { "/hostile", 500, 99,
      "{\"kind\":\"Status\",\"message\":\"\\u001b[31mred\\nsecond line\\u202e\"}" },
};

static void serve(int fd)
{
    char in[4000], head[200];
    ssize_t n = recv(fd, in, sizeof in - 1, 0);
    in[n > 0 ? n : 0] = '\0';
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (!strstr(in, answers[i].word) || !answers[i].times)
            continue;
        answers[i].times--;
        int size = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n",
                            answers[i].status, strlen(answers[i].body));
        send(fd, head, (size_t)size, MSG_NOSIGNAL);
        send(fd, answers[i].body, strlen(answers[i].body), MSG_NOSIGNAL);
        break;
    }
    close(fd);
}

static int start(void **state)
{
    (void)state;
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&at, &size))
        return -1;
    port = ntohs(at.sin_port);
    server = fork();
    if (server == 0)
        for (;;)
            serve(accept(listener, NULL, NULL));
    close(listener);
    return server > 0 ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}

static void (*body)(struct kube_api *k, struct arena *a);

static void on_loop(struct loop *l, void *arg)
{
    (void)arg;
    struct arena *a = arena_new();
    static const char *const nobody[] = { NULL };
    static const struct kube_variable nothing[] = { { 0 } };
    const struct kube_access access = { .from = "a test",
                                        .namespace = "shop",
                                        .server = arena_printf(a, "http://127.0.0.1:%d", port),
                                        .as_groups = nobody,
                                        .as_extra = nothing };
    body(kube_api_new(l, a, &access), a);
    fetch_stop(l);
    arena_free(a);
}

static void with_cluster(void (*fn)(struct kube_api *k, struct arena *a))
{
    body = fn;
    loop_main(on_loop, NULL);
}

static cJSON *keep_name(void *arg, struct arena *a, const cJSON *object)
{
    (void)arg;
    return json_string(a, json_text(json_get(object, "metadata"), "name"));
}

/* The names of a list, in one line; or what is wrong with it. */
static const char *listed(struct kube_api *k, struct arena *a, const char *path, int max)
{
    struct err e = { 0 };
    struct kube_listing list = { .path = path, .max = max, .keep = keep_name };
    const cJSON *all = kube_api_list(k, a, &list, &e);
    return all ? arena_printf(a, "%s%s", json_print(a, all), list.truncated ? " and more" : "")
               : arena_strdup(a, e.text);
}

static void lists(struct kube_api *k, struct arena *a)
{
    assert_string_equal(listed(k, a, "/two", 100), "[\"a\",\"b\",\"c\"]");
    assert_string_equal(listed(k, a, "/two", 2), "[\"a\",\"b\"] and more");
    assert_string_equal(listed(k, a, "/empty", 100), "[]");
    /* Pages of one list show one moment: one that is too old is begun again, whole. */
    assert_string_equal(listed(k, a, "/late", 100), "[\"a\",\"b\"]");
    assert_non_null(strstr(listed(k, a, "/never", 100), "410: The provided continue parameter"));
    assert_non_null(strstr(listed(k, a, "/odd", 100), "with no list"));
    assert_non_null(strstr(listed(k, a, "/cut", 100), "with no list"));
    assert_non_null(strstr(listed(k, a, "/text", 100), "with no list"));
}

static void refusal(struct kube_api *k, struct arena *a, const char *path, int status,
                    const char *words)
{
    struct err e = { 0 };
    assert_null(kube_api_get(k, a, path, NULL, &e));
    assert_int_equal(e.status, status);
    assert_int_equal(e.kind, ERR_GATEWAY);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static void refusals(struct kube_api *k, struct arena *a)
{
    refusal(k, a, "/forbidden", 403, "User \"ann\" cannot list; a Role of docs/kubernetes.md");
    refusal(k, a, "/busy", 429, "Too many requests, please try again later.; it is busy");
    struct err e = { 0 };
    assert_null(kube_api_get(k, a, "/hostile", NULL, &e));
    assert_null(strchr(e.text, '\n'));
    assert_null(strchr(e.text, '\033'));
    assert_null(strstr(e.text, "\u202e"));
    e = (struct err){ 0 };
    assert_null(kube_api_get(k, a, "/text?", NULL, &e));
    assert_non_null(strstr(e.text, "with no JSON"));
}

static void test_lists(void **state)
{
    (void)state;
    with_cluster(lists);
}

static void test_refusals(void **state)
{
    (void)state;
    with_cluster(refusals);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lists),
                                        cmocka_unit_test(test_refusals) };
    return cmocka_run_group_tests(tests, start, stop);
}
