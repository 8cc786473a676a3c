/* ask.c - asks a cluster by server/kube, for kube.py: prints the answer, or the error on stderr.
 *
 *     ask KUBECONFIG get PATH                  JSON of a GET
 *     ask KUBECONFIG list PATH MAX             names of a list, `truncated` behind them
 *     ask KUBECONFIG pod NAMESPACE POD PORT PATH   a page of a port of a pod
 *     ask KUBECONFIG way NAMESPACE POD PORT PATH EXEC   the same by any way; EXEC: 1: also that
 *     ask KUBECONFIG watch PATH MS             names of a watch whenever they change; ?: not known
 *     ask KUBECONFIG idle PATH N               bytes of memory that each of N watches takes
 *
 * A context may follow the kubeconfig behind a comma.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "kube/api.h"
#include "kube/forward.h"
#include "kube/watch.h"
#include "kube/way.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct question {
    struct arena *a;
    struct loop *loop;
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

/* -- watches ----------------------------------------------------------------------------------- */

static cJSON *small_of(void *arg, struct arena *a, const cJSON *object)
{
    cJSON *o = json_object(a);
    (void)arg;
    json_set_str(a, o, "name", json_text(json_get(object, "metadata"), "name"));
    return o;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* "a b c"; "?": not known. */
static const char *names_of(struct arena *a, const struct kube_watch *w)
{
    const cJSON *all = kube_watch_objects(w, a), *o;
    const char **names = arena_array(a, const char *, json_count(all) + 1), *out = all ? "" : "?";
    int n = 0;
    cJSON_ArrayForEach(o, all) names[n++] = json_text(o, "name");
    qsort(names, (size_t)n, sizeof *names, by_text);
    for (int i = 0; i < n; i++)
        out = arena_printf(a, "%s%s%s", out, i ? " " : "", names[i]);
    return out;
}

static struct kube_watch *start_watch(struct kube_api *k, const char *path)
{
    return kube_watch_start(k,
                            &(struct kube_watching){ .path = path, .max = 500, .keep = small_of });
}

static bool print_watch(struct kube_api *k, struct question *q, struct err *e)
{
    struct kube_watch *w = start_watch(k, q->argv[3]);
    const char *before = "";
    double until = loop_now(q->loop) + strtod(q->argv[4], NULL) / 1000;
    while (loop_now(q->loop) < until && nap(q->loop, 0.01, NULL, e)) {
        const char *now = names_of(q->a, w);
        if (strcmp(now, before))
            printf("%s (lists %d)\n", now, kube_watch_counted(w).lists);
        fflush(stdout);
        before = now;
    }
    kube_watch_stop(w);
    return nap(q->loop, 0.1, NULL, e);
}

static long resident_bytes(void)
{
    arena_trim(); /* as a server does that has nothing to do */
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = -1;
    if (f)
        fclose(f);
    return resident * sysconf(_SC_PAGESIZE);
}

static bool print_idle(struct kube_api *k, struct question *q, struct err *e)
{
    enum { MOST = 100 };
    struct kube_watch *all[MOST + 1];
    int n = (int)strtol(q->argv[4], NULL, 10);
    n = n > MOST ? MOST : n;
    all[n] = start_watch(k, q->argv[3]); /* what is loaded once is not counted */
    nap(q->loop, 1, NULL, e);
    long before = resident_bytes();
    for (int i = 0; i < n; i++)
        all[i] = start_watch(k, q->argv[3]);
    nap(q->loop, 2, NULL, e);
    printf("%ld\n", (resident_bytes() - before) / n);
    for (int i = 0; i <= n; i++)
        kube_watch_stop(all[i]);
    return nap(q->loop, 0.3, NULL, e);
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
    } ways[] = {
        { "get", 4, print_object }, { "list", 5, print_list },   { "pod", 7, print_page },
        { "way", 8, print_way },    { "watch", 5, print_watch }, { "idle", 5, print_idle }
    };
    struct question *q = arg;
    q->loop = l;
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
    struct question q = { arena_new(), NULL, argv, argc, 2 };
    if (argc > 3)
        loop_main(ask, &q);
    arena_free(q.a);
    return q.code;
}
