/* watch.h - a list of the cluster that is kept true by its changes: listed once, then a stream of
 * events, which is taken up again where it ended by resourceVersion.
 *
 * A version that the cluster no longer has (410, as a status or as an event) is listed anew; other
 * failures are tried again after 1 s, 2 s, … 64 s. While it is not known to be true it has no
 * objects: whoever asks lists by himself. A stream that ends without a word is followed by a list:
 * something between may swallow events. A stream is asked to end after two minutes, so that a
 * connection that died unheard is noticed. Source: Kubernetes' API conventions, "efficient
 * detection of changes"; docs/kubernetes.md.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct kube_api;
struct kube_watch;

struct kube_watching {
    const char *path; /* of the list, as kube_listing has it; lasts as long as the watch */
    int max;          /* objects; with more there is no watch */
    /* What of an object is kept, in a; NULL: nothing. Must not park. */
    cJSON *(*keep)(void *arg, struct arena *a, const cJSON *object);
    void *arg;
};

/* Goes on on a fiber of its own until kube_watch_stop. Not on a loop that ends before. */
struct kube_watch *kube_watch_start(struct kube_api *k, const struct kube_watching *what);
/* What is kept of all objects as of now, in a; NULL: not known now. */
cJSON *kube_watch_objects(const struct kube_watch *w, struct arena *a);
/* How often it listed, and events it took: for tests and traces. */
struct kube_watch_counts {
    int lists, streams, events;
};
struct kube_watch_counts kube_watch_counted(const struct kube_watch *w);
/* Ends a little later; w must not be used any more. NULL is fine. */
void kube_watch_stop(struct kube_watch *w);
