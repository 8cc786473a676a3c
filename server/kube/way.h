/* way.h - a page of a pod by whichever way there is: its port forwarded, `pilot-agent request`
 * where the configuration allows exec, pods/proxy for ports that listen beyond loopback. In this
 * order; the next one is tried only where the one before is not allowed or not possible, never
 * because the page itself answered badly. Parks.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct err;
struct fetch_answer;
struct fetch_request;
struct kube_api;
struct kube_pod_port;

/* As kube_pod_fetch; out->way says which it came by. False: e names all that were tried. */
bool kube_pod_reach(struct kube_api *k, struct arena *a, const struct kube_pod_port *to,
                    bool may_exec, const struct fetch_request *r, struct fetch_answer *out,
                    struct err *e);
