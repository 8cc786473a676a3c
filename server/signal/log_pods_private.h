/* log_pods_private.h - which container of which workload has which log. */
#pragma once
#include "kube/higress.h"
#include "signal/log_source_private.h"

struct pod_log {
    enum kube_workload workload;
    const char *container;
};
const struct pod_log *log_pod_log(enum log_what what);
/* named: the container is asked for by its name. Where the error says that there is no such one,
 * without. */
char *log_pod_path(struct arena *a, const struct log_source *s, enum log_what what, const char *pod,
                   bool named);
bool log_no_such_container(const struct err *e);
