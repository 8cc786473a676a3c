/* mcp_config.c - see mcp_config.h. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/mcp_config_private.h"
#include "embedded/objects/plugin_yaml_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/rest.h"

static const char kind[] = "configmaps";
static const char object_name[] = "higress-config";
static const char placeholder[] = "your.redis.host:6379";

/* data.higress as a tree; NULL: absent or unreadable. */
static cJSON *read_mcp_config(struct rest_request *r)
{
    struct err e = { 0 };
    const char *text =
        json_str(json_get(kstore_get(r->store, kind, object_name), "data"), "higress");
    cJSON *all = text ? yaml_parse_last(r->arena, text, strlen(text), &e) : NULL;
    return cJSON_IsObject(all) ? all : NULL;
}

static bool write_mcp_config(struct rest_request *r, const cJSON *all)
{
    cJSON *object = kube_load(r, kind, object_name);
    if (!object)
        return rest_fail(r, X_NULL_POINTER, NULL);
    const char *text = arena_printf(r->arena, "%s\n", plugin_yaml_print(r->arena, all));
    json_set_str(r->arena, json_get(object, "data"), "higress", text);
    return kube_replace(r, kind, object);
}

cJSON *mcp_config_section(struct rest_request *r)
{
    return json_get(read_mcp_config(r), "mcpServer");
}

/* Is there a text that read_mcp_config makes nothing of? It must not be written over. */
static bool is_unreadable(struct rest_request *r)
{
    const cJSON *data = json_get(kstore_get(r->store, kind, object_name), "data");
    const char *text = json_str(data, "higress");
    return text && text[strspn(text, " \t\r\n")] && !read_mcp_config(r);
}

bool mcp_config_ensure(struct rest_request *r)
{
    struct arena *a = r->arena;
    cJSON *all = read_mcp_config(r), *section = json_get(all, "mcpServer");
    bool changed = false;
    if (!all && is_unreadable(r))
        return rest_fail(r, X_BUSINESS, "data.higress of ConfigMap higress-config is no YAML map.");
    if (!all)
        all = json_object(a);
    if (!cJSON_IsObject(section)) {
        section = json_set_object(a, all, "mcpServer");
        changed = true;
    }
    if (!cJSON_IsBool(json_get(section, "enable"))) {
        json_set_bool(a, section, "enable", true);
        changed = true;
    }
    if (check_blank(json_str(section, "sse_path_suffix"))) {
        json_set_str(a, section, "sse_path_suffix", "/sse");
        changed = true;
    }
    if (!cJSON_IsObject(json_get(section, "redis"))) {
        cJSON *redis = json_set_object(a, section, "redis");
        json_set_str(a, redis, "address", placeholder);
        json_set_str(a, redis, "username", "your_username");
        json_set_str(a, redis, "password", "your_password");
        json_set_num(a, redis, "db", 0);
        changed = true;
    }
    if (changed && !cJSON_IsArray(json_get(section, "servers")))
        json_set_array(a, section, "servers");
    return !changed || write_mcp_config(r, all);
}

const char *mcp_config_sse_suffix(struct rest_request *r)
{
    const char *s = json_str(mcp_config_section(r), "sse_path_suffix");
    return s && *s ? s : "/sse";
}

bool mcp_config_has_redis(struct rest_request *r)
{
    static const char needs[] =
        "OpenAI to MCP functionality requires Redis configuration, but Redis";
    static const char without[] = "OpenAI to MCP functionality will be unavailable.";
    const cJSON *redis = json_get(mcp_config_section(r), "redis");
    const char *address = json_str(redis, "address");
    if (!cJSON_IsObject(redis))
        return rest_fail(r, X_VALIDATION,
                         "%s configuration is missing in higress-config. Please configure correct "
                         "Redis address first, otherwise %s",
                         needs, without);
    if (!check_blank(address) && strcmp(address, placeholder) != 0)
        return true;
    return rest_fail(r, X_VALIDATION,
                     "%s address is %s. Please modify Redis configuration in higress-config, "
                     "otherwise %s",
                     needs, check_blank(address) ? "not configured" : "still a placeholder",
                     without);
}

const cJSON *mcp_config_server(struct rest_request *r, const char *name)
{
    return json_find(json_get(mcp_config_section(r), "servers"), "name", name);
}

bool mcp_config_put_server(struct rest_request *r, cJSON *entry)
{
    cJSON *all = read_mcp_config(r), *servers = json_get(json_get(all, "mcpServer"), "servers");
    if (!cJSON_IsArray(servers)) /* the real console's list is read-only then */
        return rest_fail(r, X_BUSINESS, "mcpServer in ConfigMap higress-config has no servers.");
    cJSON *old = json_find(servers, "name", json_str(entry, "name"));
    if (old)
        json_detach(servers, old);
    json_add(r->arena, servers, entry);
    return write_mcp_config(r, all);
}

static bool drop_from(struct rest_request *r, const char *list, const char *key, const char *value)
{
    cJSON *all = read_mcp_config(r), *items = json_get(json_get(all, "mcpServer"), list);
    cJSON *item = json_find(items, key, value);
    if (item)
        json_detach(items, item);
    return !all || write_mcp_config(r, all);
}

bool mcp_config_drop(struct rest_request *r, const char *name, const char *path)
{
    return drop_from(r, "match_list", "match_rule_path", path) &&
           drop_from(r, "servers", "name", name);
}
