/* higress.h - a Higress that its Helm chart installed on a cluster: its pods, found by their
 * labels, and their pages as transports of fetch.
 *
 * Its console is asked through its pod, so that it need not be exposed; Envoy's admin interface,
 * which listens on the pod's loopback alone, through the first gateway pod that is ready. Source:
 * the chart's templates; docs/kubernetes.md.
 */
#pragma once
#include "kube/kubeconfig.h"
#include "net/fetch.h"

struct cancel;
struct kube_api;

enum kube_workload { KUBE_CONSOLE, KUBE_GATEWAY, KUBE_CONTROLLER, KUBE_WORKLOADS };

/* Texts are the cluster's: not clean. */
struct kube_pod {
    const char *name;
    bool ready;
    const char *phase; /* "Running"; never NULL */
    bool runs;         /* some container of it does, so that a port may answer */
    int restarts;      /* of all its containers */
    const char *why;   /* it is not ready: "container x: CrashLoopBackOff (…)"; NULL: it is, or it
                        * does not say */
};

struct kube_higress;
/* Reads the kubeconfig; asks nothing of the cluster. selectors: of each workload, NULL: the
 * chart's. NULL: e says why. Lasts as long as a, which outlives every loop it is used on. */
struct kube_higress *kube_higress_new(struct arena *a, const struct kube_wish *wish,
                                      const char *const selectors[KUBE_WORKLOADS], struct err *e);
const struct kube_access *kube_higress_access(const struct kube_higress *h);
unsigned kube_higress_uses(const struct kube_higress *h); /* enum kube_use, or-ed */
struct kube_api *kube_higress_api(struct kube_higress *h, struct loop *l);

/* Base of URLs of that workload: the cluster's server, not the name of a context, because what is
 * planned for one cluster must not be written to another. "kubernetes://10.0.0.1:6443/NAMESPACE/
 * higress-console" */
const char *kube_higress_url(const struct kube_higress *h, enum kube_workload w);
/* Takes requests for URLs that begin with it. */
const struct fetch_via *kube_higress_via(struct kube_higress *h, enum kube_workload w);

/* Its pods, those that are ready first, then by name; in a, ended by one without a name. NULL: e;
 * that there is none is an error, too, which names labels and namespace. Parks. */
const struct kube_pod *kube_higress_pods(struct kube_higress *h, struct loop *l, struct arena *a,
                                         enum kube_workload w, struct cancel *c, struct err *e);

/* From now on pods that were asked for once are kept true by a watch (kube/watch.h), for processes
 * that stay; until kube_higress_keep_no_more, which comes before the loop ends. */
void kube_higress_keep(struct kube_higress *h);
void kube_higress_keep_no_more(struct kube_higress *h);

/* One port of one of its pods, whatever workload that is of: requests for URLs that begin with
 * `url` go there by `via`. In a; pod lasts as long. */
struct kube_pod_at {
    const char *url; /* "kubernetes://10.0.0.1:6443/NAMESPACE/pods/NAME:15000" */
    struct fetch_via via;
    const char *way; /* by which the last page came (kube/way.h); NULL: none yet */
};
const struct kube_pod_at *kube_higress_pod_at(struct kube_higress *h, struct arena *a,
                                              const char *pod, int port);
