/* kube.h - where a Higress on Kubernetes is found. */
#pragma once

struct kube_higress;

/* A Higress on Kubernetes (kube/higress.h); all NULL: it is not said to be on one. */
struct config_kube {
    const char *kubeconfig, *context; /* NULL: as kubectl finds them */
    const char *namespace;
    const char *console, *gateway; /* label selectors of its pods; NULL: the chart's */
    struct kube_higress *higress;  /* made of it by cmd/options.c; NULL: on no cluster */
};
