/* api.h - the Kubernetes API of one cluster as one identity, over net/fetch. Everything parks.
 *
 * Errors carry the cluster's own words (the message of its Status), what was asked for, and the
 * next step: for a refusal the right that is missing. A 401 is answered by asking once more with a
 * credential that was got anew. Source: docs/kubernetes.md; Kubernetes' API conventions.
 */
#pragma once
#include "kube/kubeconfig.h"
#include <cjson/cJSON.h>
#include <stddef.h>

struct cancel;
struct fetch_answer;
struct loop;

struct kube_api;
/* access lasts as long as a. */
struct kube_api *kube_api_new(struct loop *l, struct arena *a, const struct kube_access *access);
const struct kube_access *kube_api_access(const struct kube_api *k);

struct kube_request {
    const char *method; /* NULL: GET */
    const char *path;   /* "/api/v1/namespaces/shop/pods?limit=1": escaped already */
    const char *accept; /* NULL: JSON */
    const cJSON *body;  /* NULL: none */
    const char *type;   /* of the body; NULL: JSON */
    double timeout;     /* seconds; 0: 30 */
    size_t max_body;    /* bytes; 0: 16 MiB */
    bool (*sink)(void *arg, const char *bytes, size_t n); /* as fetch_request has it */
    void *sink_arg;
    bool trickles; /* as fetch_request has it */
    bool lasts;    /* for long: keeps nobody else waiting */
    struct cancel *cancel;
};

/* True: the cluster answered 2xx. False: e; e->status is the cluster's status (ERR_GATEWAY), or 0.
 */
bool kube_api_ask(struct kube_api *k, struct arena *a, const struct kube_request *r,
                  struct fetch_answer *out, struct err *e);
/* The JSON of a GET, in a. NULL: e says why; e->status 404: there is none. */
cJSON *kube_api_get(struct kube_api *k, struct arena *a, const char *path, struct cancel *c,
                    struct err *e);

struct kube_listing {
    const char *path; /* without limit and continue; may have a query */
    int max;          /* objects that are kept at most */
    /* What of an object is kept, in a; NULL: nothing. NULL function: all of it. */
    cJSON *(*keep)(void *arg, struct arena *a, const cJSON *object);
    void *arg;
    struct cancel *cancel;
    const char *version; /* out: resourceVersion of the list, for a watch */
    bool truncated;      /* out: there are more than max */
};
/* All pages of a list, as an array in a; objects are read one by one and nothing but what is kept
 * stays. A list that ends in the middle (410) is begun again. */
cJSON *kube_api_list(struct kube_api *k, struct arena *a, struct kube_listing *list, struct err *e);
