/* json_patch.c - RFC 7396 merge patch: null removes, objects merge, anything else replaces. */
#include "base/arena.h"
#include "base/json.h"
#include "base/json_node_private.h"

cJSON *json_merge_patch(struct arena *a, const cJSON *target, const cJSON *patch)
{
    if (!cJSON_IsObject(patch))
        return json_clone(a, patch);
    cJSON *result = cJSON_IsObject(target) ? json_clone(a, target) : json_object(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, patch)
    {
        if (cJSON_IsNull(m))
            json_remove(result, m->string);
        else
            json_set(a, result, m->string, json_merge_patch(a, json_get(result, m->string), m));
    }
    return result;
}
