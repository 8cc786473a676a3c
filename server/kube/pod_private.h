/* pod_private.h - what a pod says of itself. For higress.c. */
#pragma once
#include "kube/higress.h"
#include <cjson/cJSON.h>

struct arena;

/* What is kept of an object of the list, as kube_listing has it; NULL: it is being deleted. */
cJSON *kube_pod_keep(void *arg, struct arena *a, const cJSON *pod);
/* The same as a struct; lasts as long as it. */
struct kube_pod kube_pod_kept(const cJSON *kept);
