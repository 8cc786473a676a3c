/* forward.h - a port of a pod, also one that listens on its loopback alone, as a transport of
 * fetch: pods/portforward over a WebSocket (v4.channel.k8s.io). kube_pod_fetch() parks.
 *
 * One request is one connection of the pod: there is no half-close, and nothing is kept. Source:
 * docs/kubernetes.md; Kubernetes' streaming protocols.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct err;
struct fetch_answer;
struct fetch_request;
struct kube_api;

struct kube_pod_port {
    const char *namespace, *pod;
    int port;
};

/* r: url is a path that begins with a slash; all else as fetch has it, but for where it goes.
 * False: e names the pod and port and says in the cluster's words why nothing came. */
bool kube_pod_fetch(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                    const struct fetch_request *r, struct fetch_answer *out, struct err *e);
