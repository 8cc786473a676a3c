/* api_private.h - for what reaches a cluster by other ways than requests and answers. */
#pragma once
#include "kube/api.h"

struct fetch_request;
struct ws;

struct loop *kube_api_loop(const struct kube_api *k);
/* Where it goes and who sends it; not what is asked for. In a. */
bool kube_api_head(struct kube_api *k, struct arena *a, const struct kube_request *r,
                   struct fetch_request *out, struct err *e);
/* A WebSocket of the cluster (stream.c); protocols: the dearest first, ended by NULL. NULL: e,
 * whose status is the cluster's where it refused to open one; what: "port 80 of pod …". Parks. */
struct ws *kube_stream_open(struct kube_api *k, struct arena *a, const char *path,
                            const char *const *protocols, const char *what, struct cancel *c,
                            struct err *e);
/* The error of an answer that is no 2xx; always false. */
bool kube_api_refused(struct kube_api *k, struct arena *a, const struct kube_request *r,
                      const struct fetch_answer *answer, struct err *e);
