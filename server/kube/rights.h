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

/* What is used only where the configuration says so; or-ed. */
enum kube_use { KUBE_USE_EXEC = 1, KUBE_USE_LOGIN = 2 };

struct kube_right {
    const char *verb, *resource, *subresource; /* subresource NULL: none */
    const char *use;                           /* "to find the pods" */
    const char *name;                          /* of the only object; NULL: all */
    enum kube_use of;                          /* 0: always */
};
/* All that is used in the namespace of Higress; ended by { 0 }. */
extern const struct kube_right kube_rights[];
/* Those of `uses` that are missing, in a, ended by { 0 }; NULL: e. Parks. */
const struct kube_right *kube_rights_missing(struct kube_api *k, struct arena *a, unsigned uses,
                                             struct cancel *c, struct err *e);
/* The smallest Role with all that `uses` need, as YAML. */
const char *kube_role(struct arena *a, const char *namespace, unsigned uses);
