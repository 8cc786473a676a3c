/* json_patch.c - RFC 7396 merge patch: null removes, objects merge, anything else replaces. */
#include "base/arena.h"
#include "base/json.h"
#include "base/json_node_private.h"

static void merge_member(struct arena *a, cJSON *result, const cJSON *patch)
{
    if (cJSON_IsNull(patch)) {
        json_remove(result, patch->string);
        return;
    }
    json_set(a, result, patch->string, json_merge_patch(a, json_get(result, patch->string), patch));
}

cJSON *json_merge_patch(struct arena *a, const cJSON *target, const cJSON *patch)
{
    if (!cJSON_IsObject(patch))
        return json_clone(a, patch);
    cJSON *result = cJSON_IsObject(target) ? json_clone(a, target) : json_object(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, patch) merge_member(a, result, m);
    return result;
}
