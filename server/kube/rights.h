/* rights.h - what of a cluster's rights higress-ops uses, and which of them are missing. */
#pragma once
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct kube_api;

/* Who the cluster says we are; NULL: e, or a cluster older than 1.28, which cannot say (e is none).
 * Parks. */
const char *kube_who(struct kube_api *k, struct arena *a, struct cancel *c, struct err *e);

struct kube_right {
    const char *verb, *resource, *subresource; /* subresource NULL: none */
    const char *use;                           /* "to find the pods" */
};
/* All that is used in the namespace of Higress; ended by { 0 }. */
extern const struct kube_right kube_rights[];
/* Those that are missing, in a, ended by { 0 }; NULL: e. Parks. */
const struct kube_right *kube_rights_missing(struct kube_api *k, struct arena *a, struct cancel *c,
                                             struct err *e);
/* The smallest Role with all of kube_rights, as YAML. */
const char *kube_role(struct arena *a, const char *namespace);
