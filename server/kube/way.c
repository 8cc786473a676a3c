/* way.c - which port is reached by which ways is a row of `doors`. */
#include "kube/way.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "kube/api.h"
#include "kube/exec.h"
#include "kube/forward.h"
#include "net/fetch.h"
#include <string.h>

static const struct door {
    int port;
    bool agent; /* `pilot-agent request` asks it, in the gateway's container */
    bool proxy; /* it listens beyond loopback, and wants no credential, which the cluster removes */
} doors[] = { { 15000, true, false }, { 15020, false, true }, { 15090, false, true } };

static const struct door *pod_door(int port)
{
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        if (doors[i].port == port)
            return &doors[i];
    return NULL;
}

/* Is a refusal about the way and not about what is behind it? A pod that is not there (404) is
 * found by none. */
static bool is_about_the_way(int status)
{
    return status == 400 || status == 403 || status == 405 || status == 426 || status >= 500 ||
           (status >= 200 && status < 400);
}

static bool is_plain_get(const struct fetch_request *r)
{
    return !strcmp(r->method, "GET") && !r->body;
}

/* No shell reads it; the alphabet is that of the pages we ask for. */
static bool is_page_path(const char *path)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "/?&=._-%,:~";
    return path[0] == '/' && !path[strspn(path, alphabet)];
}

/* -- by exec -------------------------------------------------------------------------------------
 */

static bool reach_by_agent(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                           const struct fetch_request *r, struct fetch_answer *out, struct err *e)
{
    const char *const argv[] = { "pilot-agent", "request", "GET", r->url, NULL };
    const struct kube_command command = {
        .namespace = to->namespace,
        .pod = to->pod,
        .container = "higress-gateway",
        .argv = argv,
        .timeout = r->timeout,
        .max = r->max_body,
        .sink = r->sink,
        .sink_arg = r->sink_arg,
        .cancel = r->cancel,
    };
    struct kube_output output = { 0 };
    if (!is_page_path(r->url))
        return err_set(e, ERR_ARGS, "a page with such a path is not asked for by exec");
    if (!kube_exec(k, a, &command, &output, e))
        return false;
    *out = (struct fetch_answer){ .status = 200,
                                  .headers = arena_make(a, struct fetch_header),
                                  .body = arena_strndup(a, output.text, output.len),
                                  .len = output.len };
    if (out->len && out->body[out->len - 1] == '\n')
        out->body[--out->len] = '\0'; /* the agent adds it */
    return true;
}

/* -- by pods/proxy -------------------------------------------------------------------------------
 */

static bool reach_by_proxy(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                           const struct fetch_request *r, struct fetch_answer *out, struct err *e)
{
    const struct kube_request request = {
        .path = arena_printf(a, "/api/v1/namespaces/%s/pods/%s:%d/proxy%s",
                             text_percent(a, to->namespace), text_percent(a, to->pod), to->port,
                             r->url),
        .accept = "*/*",
        .timeout = r->timeout,
        .max_body = r->max_body,
        .sink = r->sink,
        .sink_arg = r->sink_arg,
        .cancel = r->cancel,
    };
    return kube_api_ask(k, a, &request, out, e);
}

/* -- one after the other -------------------------------------------------------------------------
 */

struct attempt {
    const char *name;
    bool (*reach)(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                  const struct fetch_request *r, struct fetch_answer *out, struct err *e);
};

static const struct attempt by_forward = { "a port forward", kube_pod_fetch },
                            by_agent = { "exec of pilot-agent", reach_by_agent },
                            by_proxy = { "pods/proxy", reach_by_proxy };

/* True: it is decided, by an answer or by an error that no other way would mend. */
static bool try_way(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                    const struct attempt *way, const struct fetch_request *r,
                    struct fetch_answer *out, struct err *e)
{
    struct err why = { 0 };
    if (way->reach(k, a, to, r, out, &why)) {
        out->way = way->name;
        return true;
    }
    bool another = is_about_the_way(why.status) && why.kind != ERR_GONE;
    const char *before = e->kind ? arena_printf(a, "%s; ", e->text) : "";
    *e = (struct err){ 0 };
    if (another || *before)
        err_status(e, why.kind, why.status, "%sby %s: %s", before, way->name, why.text);
    else
        *e = why;
    return !another;
}

/* Those that may lead to the port, in order, ended by NULL. */
static void choose_ways(const struct door *door, bool may_exec, const struct attempt *ways[4])
{
    int n = 0;
    ways[n++] = &by_forward;
    if (door && door->agent && may_exec)
        ways[n++] = &by_agent;
    if (door && door->proxy)
        ways[n++] = &by_proxy;
    ways[n] = NULL;
}

bool kube_pod_reach(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                    bool may_exec, const struct fetch_request *r, struct fetch_answer *out,
                    struct err *e)
{
    const struct door *door = is_plain_get(r) ? pod_door(to->port) : NULL;
    const struct attempt *ways[4];
    struct err why = { 0 };
    choose_ways(door, may_exec, ways);
    for (int i = 0; ways[i] && !try_way(k, a, to, ways[i], r, out, &why); i++)
        ;
    if (out->way)
        return true;
    if (door && door->agent && !may_exec && is_about_the_way(why.status))
        err_at(&why, "kubernetes.exec would allow another way");
    *e = why;
    return false;
}
