/* exec.h - a command in a container of a pod: pods/exec over a WebSocket (v5.channel.k8s.io, v4).
 *
 * Exec is a shell's door: it is used where the configuration allows it, and its words are the
 * program's own, never a text of others. Source: docs/kubernetes.md; Kubernetes' remote command.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct err;
struct kube_api;

struct kube_command {
    const char *namespace, *pod, *container;
    const char *const *argv; /* ended by NULL; no shell sees it */
    double timeout;          /* seconds for all of it; 0: 30 */
    size_t max;              /* bytes of its output; 0: 16 MiB */
    /* When set, the output goes here; false: enough, which is a success. Must not park. */
    bool (*sink)(void *arg, const char *bytes, size_t n);
    void *sink_arg;
    struct cancel *cancel;
};

struct kube_output {
    const char *text; /* what it wrote, in a; "" with a sink */
    size_t len;
};

/* True: it ended with 0 (or the sink had enough). False: e says how it ended and what it wrote to
 * stderr; e->status: of the cluster, where it did not let the command begin, else 0. Parks. */
bool kube_exec(struct kube_api *k, struct arena *a, const struct kube_command *command,
               struct kube_output *out, struct err *e);
