/* api_private.h - for what reaches a cluster by other ways than requests and answers. */
#pragma once
#include "kube/api.h"

struct fetch_request;

struct loop *kube_api_loop(const struct kube_api *k);
/* Where it goes and who sends it; not what is asked for. In a. */
bool kube_api_head(struct kube_api *k, struct arena *a, const struct kube_request *r,
                   struct fetch_request *out, struct err *e);
/* The error of an answer that is no 2xx; always false. */
bool kube_api_refused(struct kube_api *k, struct arena *a, const struct kube_request *r,
                      const struct fetch_answer *answer, struct err *e);
