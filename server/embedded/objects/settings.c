/* settings.c - reads and writes ConfigMap higress-console. */
#include "embedded/objects/settings.h"

#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/rest.h"

static const char map_name[] = "higress-console";

const char *settings_get(struct rest_request *r, const char *key)
{
    return json_str(json_get(kstore_get(r->store, "configmaps", map_name), "data"), key);
}

bool settings_set(struct rest_request *r, const cJSON *values)
{
    cJSON *map = kube_load(r, "configmaps", map_name);
    if (!map)
        map = kube_new(r->arena, map_name);
    cJSON *data = json_get(map, "data");
    if (!cJSON_IsObject(data))
        data = json_set_object(r->arena, map, "data");
    const cJSON *value;
    cJSON_ArrayForEach(value, values)
    {
        if (cJSON_IsNull(value))
            json_remove(data, value->string);
        else if (cJSON_IsString(value))
            json_set_str(r->arena, data, value->string, value->valuestring);
        else
            json_set_str(r->arena, data, value->string, json_print(r->arena, value));
    }
    return kube_save(r, "configmaps", map) != NULL;
}
