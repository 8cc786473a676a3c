/* credential.h - what is sent to a cluster to say who one is, now.
 *
 * A token file is read again every 50 s, and what it held last counts while it cannot be read; a
 * plugin is run when it is first needed, when what it gave ends, and after a 401. Nothing of it is
 * ever in an error. Source: client-go's rest and exec transports.
 */
#pragma once
#include "kube/kubeconfig.h"

struct cancel;
struct loop;

struct kube_credential {
    const char *token; /* Bearer; NULL: none */
    struct kube_pem certificate, key;
    const char *user, *password; /* Basic; NULL: none */
};

struct kube_credentials;
/* access lasts as long. */
struct kube_credentials *kube_credentials_new(struct loop *l, struct arena *a,
                                              const struct kube_access *access);
/* In arena a. Parks while a plugin runs. */
bool kube_credentials_now(struct kube_credentials *k, struct arena *a, struct cancel *c,
                          struct kube_credential *out, struct err *e);
/* The cluster answered 401 to it: true when another one may be had by asking again. */
bool kube_credentials_refused(struct kube_credentials *k);
