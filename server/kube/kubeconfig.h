/* kubeconfig.h - how a cluster is reached and as whom: kubeconfig files as kubectl reads them, or
 * what a pod is given.
 *
 * Named file: only that one. Else the files of $KUBECONFIG, of which the first that has a name
 * supplies the whole entry, else ~/.kube/config; where there is none and the process runs in a pod,
 * the service account. Source: client-go's clientcmd, as shared facts give it (docs/kubernetes.md
 * says the same to people). Nothing is fetched and no plugin is run here: see credential.h.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct err;

/* What the configuration says; each may be NULL. */
struct kube_wish {
    const char *path, *context, *namespace;
    unsigned uses; /* enum kube_use of rights.h, or-ed: what may be done there beyond the usual */
};

struct kube_variable {
    const char *name, *value;
};

/* A program that gives the credential. */
struct kube_plugin {
    const char *api_version;               /* "client.authentication.k8s.io/v1" or "…/v1beta1" */
    const char *command;                   /* a path, or a word to be found in PATH */
    const char *const *args;               /* ended by NULL */
    const struct kube_variable *variables; /* ended by { 0 } */
    const char *install_hint;              /* NULL: none */
    const char *cluster; /* JSON that it is told of the cluster; NULL: it does not want it */
    bool wants_terminal; /* interactiveMode Always */
};

/* A file, or the same thing in the kubeconfig itself; both NULL: neither. */
struct kube_pem {
    const char *file, *text;
};

struct kube_access {
    const char *from;      /* where this was read: a file, or "the service account of this pod" */
    const char *context;   /* NULL in a pod */
    const char *namespace; /* never NULL */
    const char *server;    /* "https://10.0.0.1:6443/path", without a slash at its end */
    struct kube_pem ca;    /* neither: the system's */
    const char *tls_name;  /* in SNI and certificate; NULL: the server's */
    const char *proxy;     /* NULL: none */

    struct kube_pem certificate, key;
    const char *token, *token_file; /* the file counts where it can be read */
    const char *user, *password;    /* Basic */
    const struct kube_plugin *plugin;

    const char *as, *as_uid;              /* impersonated; NULL: nobody */
    const char *const *as_groups;         /* ended by NULL */
    const struct kube_variable *as_extra; /* ended by { 0 }; a name may come again */
};

/* False: ERR_ARGS names the file, the entry and what to do. Learns what is secret in it. */
bool kubeconfig_read(struct arena *a, const struct kube_wish *wish, struct kube_access *out,
                     struct err *e);
