/* higress.c - the workloads of the chart: one row each, and the pod that answers for each. */
#include "kube/higress.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/api.h"
#include "kube/forward.h"
#include "kube/login.h"
#include "kube/pod_private.h"
#include "kube/rights.h"
#include "kube/watch.h"
#include "kube/way.h"
#include "net/loop.h"
#include <stdlib.h>
#include <string.h>

enum { PODS_MAX = 500, POD_NAME_MAX = 254 };
static const double POD_SECONDS = 15; /* how long a pod that was found counts */

static const struct workload {
    const char *name;     /* of the Deployment */
    const char *selector; /* of its pods */
    const char *setting;  /* that names others */
    int port;             /* of its pages */
} workloads[KUBE_WORKLOADS] = {
    [KUBE_CONSOLE] = { "higress-console", "app.kubernetes.io/name=higress-console",
                       "kubernetes.console", 8080 },
    [KUBE_GATEWAY] = { "higress-gateway", "app=higress-gateway", "kubernetes.gateway", 15000 },
    [KUBE_CONTROLLER] = { "higress-controller", "app=higress-controller", "kubernetes.controller",
                          15014 },
};

/* One workload of one Higress. */
struct kube_target {
    struct kube_higress *higress;
    enum kube_workload workload;
    const char *selector, *url;
    struct fetch_via via;
    char pod[POD_NAME_MAX]; /* that answered last; "": none is known */
    double since;
    struct kube_watch *watch; /* of its pods; NULL: none */
};

struct kube_higress {
    struct kube_access access;
    struct arena *arena;
    unsigned uses; /* enum kube_use */
    struct kube_login login;
    bool has_login;
    bool keeps; /* watches may go on */
    struct kube_target targets[KUBE_WORKLOADS];
    struct kube_api *api; /* on that loop; NULL: none yet */
    struct loop *loop;
};

const struct kube_access *kube_higress_access(const struct kube_higress *h)
{
    return &h->access;
}

const char *kube_higress_url(const struct kube_higress *h, enum kube_workload w)
{
    return h->targets[w].url;
}

const struct fetch_via *kube_higress_via(struct kube_higress *h, enum kube_workload w)
{
    return &h->targets[w].via;
}

unsigned kube_higress_uses(const struct kube_higress *h)
{
    return h->uses;
}

struct kube_api *kube_higress_api(struct kube_higress *h, struct loop *l)
{
    if (!h->api || h->loop != l) {
        h->api = kube_api_new(l, h->arena, &h->access);
        h->loop = l;
    }
    return h->api;
}

/* -- its pods ------------------------------------------------------------------------------------
 */

static int by_ready_and_name(const void *x, const void *y)
{
    const struct kube_pod *l = x, *r = y;
    return l->ready != r->ready ? r->ready - l->ready : strcmp(l->name, r->name);
}

static bool no_pod(const struct kube_target *t, struct err *e)
{
    return err_set(e, ERR_NET,
                   "there is no pod %s in namespace %s of %s: is Higress installed there, with "
                   "other labels (%s)?",
                   t->selector, t->higress->access.namespace, t->higress->access.server,
                   workloads[t->workload].setting);
}

static const char *pods_path(const struct kube_target *t, struct arena *a)
{
    return arena_printf(a, "/api/v1/namespaces/%s/pods?labelSelector=%s",
                        text_percent(a, t->higress->access.namespace),
                        text_percent(a, t->selector));
}

/* What the watch knows; NULL: there is none, or not yet, or it does not know now. */
static const cJSON *watched_pods(struct kube_target *t, struct loop *l, struct arena *a)
{
    struct kube_higress *h = t->higress;
    if (t->watch)
        return kube_watch_objects(t->watch, a);
    if (!h->keeps)
        return NULL;
    const struct kube_watching what = { pods_path(t, h->arena), PODS_MAX, kube_pod_keep, NULL };
    t->watch = kube_watch_start(kube_higress_api(h, l), &what);
    return NULL;
}

const struct kube_pod *kube_higress_pods(struct kube_higress *h, struct loop *l, struct arena *a,
                                         enum kube_workload w, struct cancel *c, struct err *e)
{
    struct kube_target *t = &h->targets[w];
    struct kube_listing list = {
        .path = pods_path(t, a), .max = PODS_MAX, .keep = kube_pod_keep, .cancel = c
    };
    const cJSON *all = watched_pods(t, l, a), *pod;
    if (!all)
        all = kube_api_list(kube_higress_api(h, l), a, &list, e);
    if (!all)
        return NULL;
    int n = 0;
    struct kube_pod *out = arena_array(a, struct kube_pod, json_count(all) + 1);
    cJSON_ArrayForEach(pod, all) out[n++] = kube_pod_kept(pod);
    qsort(out, (size_t)n, sizeof *out, by_ready_and_name);
    if (!n)
        no_pod(t, e);
    return n ? out : NULL;
}

void kube_higress_keep(struct kube_higress *h)
{
    h->keeps = true;
}

void kube_higress_keep_no_more(struct kube_higress *h)
{
    h->keeps = false;
    for (int i = 0; i < KUBE_WORKLOADS; i++) {
        kube_watch_stop(h->targets[i].watch);
        h->targets[i].watch = NULL;
    }
}

/* -- their pages ---------------------------------------------------------------------------------
 */

static bool find_answering_pod(struct kube_target *t, struct loop *l, struct arena *a,
                               struct cancel *c, struct err *e)
{
    if (t->pod[0] && loop_now(l) - t->since < POD_SECONDS)
        return true;
    const struct kube_pod *pods = kube_higress_pods(t->higress, l, a, t->workload, c, e);
    t->pod[0] = '\0';
    if (!pods)
        return false;
    if (!pods->ready)
        return err_set(e, ERR_NET, "no pod of %s is ready: %s is %s", workloads[t->workload].name,
                       text_clean(a, pods->name, 253), text_clean(a, pods->phase, 40));
    if (strlen(pods->name) >= POD_NAME_MAX)
        return err_set(e, ERR_NET, "a pod has a name of more than %d bytes", POD_NAME_MAX - 1);
    memcpy(t->pod, pods->name, strlen(pods->name) + 1);
    t->since = loop_now(l);
    return true;
}

/* A request of the console that brings no login gets that of its Secret. */
static bool add_login(struct kube_target *t, struct loop *l, struct fetch_request *r, struct err *e)
{
    struct kube_higress *h = t->higress;
    if (t->workload != KUBE_CONSOLE || !(h->uses & KUBE_USE_LOGIN) || r->user_pwd_user)
        return true;
    if (!h->has_login && !kube_login_read(kube_higress_api(h, l), r->cancel, &h->login, e))
        return false;
    h->has_login = true;
    r->user_pwd_user = h->login.user;
    r->user_pwd_password = h->login.password;
    return true;
}

static bool fetch_from_pod_once(struct kube_target *t, struct loop *l, struct arena *a,
                                const struct fetch_request *r, struct fetch_answer *out,
                                struct err *e)
{
    struct fetch_request own = *r;
    if (!find_answering_pod(t, l, a, r->cancel, e) || !add_login(t, l, &own, e))
        return false;
    const struct kube_pod_at *to =
        kube_higress_pod_at(t->higress, a, arena_strdup(a, t->pod), workloads[t->workload].port);
    own.url = arena_printf(a, "%s%s", to->url, r->url + strlen(t->url));
    if (to->via.fetch(to->via.arg, l, a, &own, out, e))
        return true;
    t->pod[0] = '\0'; /* it may be gone: the next request looks again */
    return false;
}

/* A password that was changed since is read again, once: what a 401 answers was not done. */
static bool fetch_from_pod(void *arg, struct loop *l, struct arena *a,
                           const struct fetch_request *r, struct fetch_answer *out, struct err *e)
{
    struct kube_target *t = arg;
    bool had = t->higress->has_login;
    if (!fetch_from_pod_once(t, l, a, r, out, e))
        return false;
    if (out->status != 401 || !had || t->workload != KUBE_CONSOLE)
        return true;
    t->higress->has_login = false;
    return fetch_from_pod_once(t, l, a, r, out, e);
}

struct one_pod {
    struct kube_pod_at at;
    struct kube_higress *higress;
    struct kube_pod_port port;
};

static bool fetch_from_one_pod(void *arg, struct loop *l, struct arena *a,
                               const struct fetch_request *r, struct fetch_answer *out,
                               struct err *e)
{
    struct one_pod *p = arg;
    struct fetch_request own = *r;
    own.url = r->url + strlen(p->at.url);
    own.via = NULL;
    own.ca_file = NULL;
    bool came = kube_pod_reach(kube_higress_api(p->higress, l), a, &p->port,
                               p->higress->uses & KUBE_USE_EXEC, &own, out, e);
    p->at.way = came ? out->way : p->at.way;
    return came;
}

const struct kube_pod_at *kube_higress_pod_at(struct kube_higress *h, struct arena *a,
                                              const char *pod, int port)
{
    struct one_pod *p = arena_make(a, struct one_pod);
    p->higress = h;
    p->port = (struct kube_pod_port){ h->access.namespace, pod, port };
    p->at.url = arena_printf(a, "kubernetes://%s/%s/pods/%s:%d",
                             strstr(h->access.server, "://") + 3, h->access.namespace, pod, port);
    p->at.via = (struct fetch_via){ fetch_from_one_pod, p };
    return &p->at;
}

/* -- all of it -----------------------------------------------------------------------------------
 */

struct kube_higress *kube_higress_new(struct arena *a, const struct kube_wish *wish,
                                      const char *const selectors[KUBE_WORKLOADS], struct err *e)
{
    struct kube_higress *h = arena_make(a, struct kube_higress);
    h->arena = a;
    h->uses = wish->uses;
    if (!kubeconfig_read(a, wish, &h->access, e))
        return NULL;
    for (int i = 0; i < KUBE_WORKLOADS; i++) {
        struct kube_target *t = &h->targets[i];
        t->higress = h;
        t->workload = (enum kube_workload)i;
        t->selector = selectors[i] ? selectors[i] : workloads[i].selector;
        t->url = arena_printf(a, "kubernetes://%s/%s/%s", strstr(h->access.server, "://") + 3,
                              h->access.namespace, workloads[i].name);
        t->via = (struct fetch_via){ fetch_from_pod, t };
    }
    return h;
}
