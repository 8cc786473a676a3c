/* pod.c - what a pod says of itself: whether it runs, how often it began again, why it is not
 * ready. Source: PodStatus and ContainerStatus of Kubernetes' API (v1).
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/pod_private.h"
#include "mask/mask.h"
#include <limits.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

/* " (the message)"; "": there is none. It may be the end of a container's log. */
static const char *in_brackets(struct arena *a, const cJSON *o)
{
    const char *message = json_text(o, "message");
    if (!*message)
        return "";
    message = mask_shapes(a, arena_strndup(a, message, strnlen(message, MESSAGE_MAX)));
    return arena_printf(a, " (%s)", message);
}

static const char *how_it_ended(struct arena *a, const cJSON *terminated)
{
    const char *reason = json_str(terminated, "reason");
    return arena_printf(a, "with exit code %.0f%s%s%s", json_num(terminated, "exitCode", 0),
                        reason ? ", " : "", reason ? reason : "", in_brackets(a, terminated));
}

static const char *why_container_is_not_ready(struct arena *a, const cJSON *container)
{
    const char *name = json_text(container, "name");
    const cJSON *state = json_get(container, "state"), *waiting = json_get(state, "waiting");
    const cJSON *ended = json_get(state, "terminated");
    const cJSON *before = json_path(container, "lastState.terminated");
    const char *last =
        before ? arena_printf(a, "; it ended before %s", how_it_ended(a, before)) : "";
    if (waiting)
        return arena_printf(a, "container %s: %s%s%s", name, json_text(waiting, "reason"),
                            in_brackets(a, waiting), last);
    if (ended)
        return arena_printf(a, "container %s ended %s", name, how_it_ended(a, ended));
    return arena_printf(a, "container %s runs and is not ready%s", name, last);
}

static const char *why_not_ready(struct arena *a, const cJSON *status)
{
    const cJSON *container, *condition;
    cJSON_ArrayForEach(container, json_get(status, "containerStatuses"))
    {
        if (!json_true(container, "ready"))
            return why_container_is_not_ready(a, container);
    }
    if (json_str(status, "reason"))
        return arena_printf(a, "%s%s", json_text(status, "reason"), in_brackets(a, status));
    cJSON_ArrayForEach(condition, json_get(status, "conditions"))
    {
        if (text_same(json_str(condition, "status"), "False") && json_str(condition, "reason"))
            return arena_printf(a, "%s%s", json_text(condition, "reason"),
                                in_brackets(a, condition));
    }
    return NULL;
}

/* A list of pods need not say anything of containers. */
static bool some_container_runs(const cJSON *status)
{
    const cJSON *container, *all = json_get(status, "containerStatuses");
    cJSON_ArrayForEach(container, all)
    {
        if (json_path(container, "state.running"))
            return true;
    }
    return json_count(all) == 0 && text_same(json_str(status, "phase"), "Running");
}

cJSON *kube_pod_keep(void *arg, struct arena *a, const cJSON *pod)
{
    const cJSON *metadata = json_get(pod, "metadata"), *status = json_get(pod, "status");
    const cJSON *ready = json_find(json_get(status, "conditions"), "type", "Ready"), *container;
    double restarts = 0;
    (void)arg;
    if (json_get(metadata, "deletionTimestamp"))
        return NULL;
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", json_text(metadata, "name"));
    json_set_str(a, o, "phase", json_text(status, "phase"));
    json_set_bool(a, o, "ready", text_same(json_str(ready, "status"), "True"));
    json_set_bool(a, o, "runs", some_container_runs(status));
    cJSON_ArrayForEach(container, json_get(status, "containerStatuses")) restarts +=
        json_num(container, "restartCount", 0);
    json_set_num(a, o, "restarts", restarts);
    const char *why = json_true(o, "ready") ? NULL : why_not_ready(a, status);
    if (why)
        json_set_str(a, o, "why", why);
    return o;
}

struct kube_pod kube_pod_kept(const cJSON *kept)
{
    double restarts = json_num(kept, "restarts", 0);
    return (struct kube_pod){ .name = json_text(kept, "name"),
                              .ready = json_true(kept, "ready"),
                              .phase = json_text(kept, "phase"),
                              .runs = json_true(kept, "runs"),
                              .restarts = restarts < INT_MAX ? (int)restarts : INT_MAX,
                              .why = json_str(kept, "why") };
}
