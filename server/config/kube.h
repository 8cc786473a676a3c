/* kube.h - where a Higress on Kubernetes is found. */
#pragma once
#include <stdbool.h>

struct kube_higress;

/* A Higress on Kubernetes (kube/higress.h); all NULL: it is not said to be on one. */
struct config_kube {
    const char *kubeconfig, *context; /* NULL: as kubectl finds them */
    const char *namespace;
    const char *console, *gateway, *controller; /* label selectors of its pods; NULL: the chart's */
    bool exec;                    /* pages of pods may be got by exec of pilot-agent */
    bool login_from_secret;       /* the console's, where no password is said */
    struct kube_higress *higress; /* made of it by cmd/options.c; NULL: on no cluster */
};
