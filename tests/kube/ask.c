/* ask.c - asks a cluster by server/kube, for kube.py: prints the answer, or the error on stderr.
 *
 *     ask KUBECONFIG get PATH                  JSON of a GET
 *     ask KUBECONFIG list PATH MAX             names of a list, `truncated` behind them
 *     ask KUBECONFIG pod NAMESPACE POD PORT PATH   a page of a port of a pod
 *     ask KUBECONFIG way NAMESPACE POD PORT PATH EXEC   the same by whichever way there is; EXEC:
 * 1: is allowed A context may follow the kubeconfig behind a comma.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "kube/api.h"
#include "kube/forward.h"
#include "kube/way.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct arena *a;
    char **argv;
    int argc;
    int code;
};

static cJSON *name_of(void *arg, struct arena *a, const cJSON *object)
{
    (void)arg;
    return json_string(a, json_text(json_get(object, "metadata"), "name"));
}

static bool print_list(struct kube_api *k, struct question *q, struct err *e)
{
    struct kube_listing list = { .path = q->argv[3],
                                 .max = (int)strtol(q->argv[4], NULL, 10),
                                 .keep = name_of };
    const cJSON *all = kube_api_list(k, q->a, &list, e), *name;
    cJSON_ArrayForEach(name, all) puts(name->valuestring);
    if (list.truncated)
        puts("truncated");
    return all;
}

static bool print_page(struct kube_api *k, struct question *q, struct err *e)
{
    const struct kube_pod_port to = { q->argv[3], q->argv[4], (int)strtol(q->argv[5], NULL, 10) };
    const struct fetch_request r = { .method = "GET", .url = q->argv[6] };
    struct fetch_answer answer;
    if (!kube_pod_fetch(k, q->a, &to, &r, &answer, e))
        return false;
    printf("%d\n%s", answer.status, answer.body);
    return true;
}

static bool print_way(struct kube_api *k, struct question *q, struct err *e)
{
    const struct kube_pod_port to = { q->argv[3], q->argv[4], (int)strtol(q->argv[5], NULL, 10) };
    const struct fetch_request r = { .method = "GET", .url = q->argv[6] };
    struct fetch_answer answer = { 0 };
    if (!kube_pod_reach(k, q->a, &to, q->argv[7][0] == '1', &r, &answer, e))
        return false;
    printf("%s: %d\n%s", answer.way, answer.status, answer.body);
    return true;
}

static bool print_object(struct kube_api *k, struct question *q, struct err *e)
{
    const cJSON *o = kube_api_get(k, q->a, q->argv[3], NULL, e);
    if (o)
        puts(json_print(q->a, o));
    return o;
}

static void ask(struct loop *l, void *arg)
{
    static const struct {
        const char *name;
        int argc;
        bool (*run)(struct kube_api *k, struct question *q, struct err *e);
    } ways[] = { { "get", 4, print_object },
                 { "list", 5, print_list },
                 { "pod", 7, print_page },
                 { "way", 8, print_way } };
    struct question *q = arg;
    struct err e = { 0 };
    struct kube_access access;
    struct kube_wish wish = { .path = q->argv[1] };
    char *comma = strchr(q->argv[1], ',');
    if (comma) {
        *comma = '\0';
        wish.context = comma + 1;
    }
    bool ok = kubeconfig_read(q->a, &wish, &access, &e);
    struct kube_api *k = ok ? kube_api_new(l, q->a, &access) : NULL;
    for (size_t i = 0; ok && i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(ways[i].name, q->argv[2]) && q->argc == ways[i].argc)
            ok = ways[i].run(k, q, &e);
    if (!ok)
        fprintf(stderr, "%s\n", e.text);
    q->code = ok ? 0 : 1;
    fetch_stop(l);
}

int main(int argc, char **argv)
{
    struct question q = { arena_new(), argv, argc, 2 };
    if (argc > 3)
        loop_main(ask, &q);
    arena_free(q.a);
    return q.code;
}
