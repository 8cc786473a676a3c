/* replica.h - all replicas of a gateway: each an Envoy with an admin interface of its own.
 *
 * They are the Envoys of envoy.admin_urls, the one of envoy.admin_url, or on a cluster all gateway
 * pods by the labels of Higress' chart. Each is asked for itself: one that cannot be read has its
 * error, which never stands for "nothing there", and the others their answers. Texts are clean.
 */
#pragma once
#include "signal/envoy.h"

enum { REPLICAS_AT_ONCE = 8 }; /* are asked side by side (net/beside.h) */

struct replica {
    struct envoy_at envoy;  /* its name is the replica's: a pod's, or "HOST:PORT" of the URL */
    const char *const *way; /* of a pod: by which its last page came, NULL: none yet; or NULL */
    bool pod;               /* what follows is known */
    bool ready, runs;       /* runs: some container of it, so that its pages may be asked for */
    const char *phase;      /* "Running", "Pending" */
    int restarts;
    const char *why; /* it is not ready: "container x: CrashLoopBackOff (…)"; NULL: not said */
};

struct replicas {
    const struct replica *list; /* pods that are ready first, then by name */
    int count;                  /* at least 1 */
};

/* Asks the cluster for its pods. NULL: ERR_ARGS: no Envoy is configured; else the cluster's words,
 * also where it has no such pod. In a. Parks. */
const struct replicas *replicas_find(struct loop *l, const struct config *c, struct arena *a,
                                     struct cancel *cancel, struct err *e);

/* A page of one, as envoy_page_of has it; of a pod that does not run nothing is asked. Parks. */
cJSON *replica_page(struct loop *l, const struct config *c, struct arena *a,
                    const struct replica *r, const char *path, struct cancel *cancel,
                    struct err *e);
/* Its elements, as envoy_each_of has them. Parks. */
bool replica_elements(struct loop *l, const struct config *c, const struct replica *r,
                      const char *path, const char *at, envoy_element_fn *fn, void *arg,
                      struct cancel *cancel, struct err *e);

struct replica_page {
    const cJSON *page; /* in a; NULL: it could not be read */
    const char *error; /* why, with the replica's name; NULL: it was */
};
/* A page of all, in the order of the list; in a. NULL: ERR_GONE, else each has page or error.
 * Parks. */
const struct replica_page *replica_pages(struct loop *l, const struct config *c, struct arena *a,
                                         const struct replicas *all, const char *path,
                                         struct cancel *cancel, struct err *e);
