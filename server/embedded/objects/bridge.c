/* bridge.c - reads and writes the two lists of McpBridge `default`. */
#include "embedded/objects/bridge_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/rest.h"

static const char kind[] = "mcpbridges", bridge_name[] = "default";

cJSON *bridge_load(struct rest_request *r)
{
    cJSON *bridge = kube_load(r, kind, bridge_name);
    if (!bridge)
        bridge = kube_new(r->arena, bridge_name);
    if (!cJSON_IsObject(json_get(bridge, "spec")))
        json_set_object(r->arena, bridge, "spec");
    return bridge;
}

bool bridge_save(struct rest_request *r, cJSON *bridge)
{
    return kube_save(r, kind, bridge) != NULL;
}

const cJSON *bridge_list(struct rest_request *r, const char *list)
{
    return json_get(json_get(kstore_get(r->store, kind, bridge_name), "spec"), list);
}

const char *bridge_version(struct rest_request *r)
{
    return kube_version(kstore_get(r->store, kind, bridge_name));
}

cJSON *bridge_find(const cJSON *bridge, const char *list, const char *name)
{
    return json_find(json_get(json_get(bridge, "spec"), list), "name", name);
}

void bridge_put(struct arena *a, cJSON *bridge, const char *list, cJSON *entry)
{
    cJSON *spec = json_get(bridge, "spec"), *entries = json_get(spec, list);
    if (!cJSON_IsArray(entries))
        entries = json_set_array(a, spec, list);
    cJSON *old = bridge_find(bridge, list, json_str(entry, "name"));
    if (!old) {
        json_add(a, entries, entry);
        return;
    }
    cJSON *member, *next;
    for (member = old->child; member; member = next) {
        next = member->next;
        if (kstore_bridge_has(member->string))
            json_detach(old, member);
    }
    for (member = entry->child; member; member = next) {
        next = member->next;
        json_set(a, old, member->string, json_clone(a, member));
    }
}

bool bridge_drop(cJSON *bridge, const char *list, const char *name)
{
    cJSON *entry = bridge_find(bridge, list, name);
    if (entry)
        json_detach(json_get(json_get(bridge, "spec"), list), entry);
    return entry != NULL;
}

char *bridge_service_name(struct arena *a, const cJSON *registry)
{
    const char *name = json_str(registry, "name"), *type = json_str(registry, "type");
    return arena_printf(a, "%s.%s", name ? name : "", type ? type : "");
}
