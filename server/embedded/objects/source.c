/* source.c - service sources: between the console's shape and a registry of the McpBridge.
 *
 * Members that are spelt the same on both sides are rows of same[]; the properties of a type are
 * rows of properties[].
 */
#include "embedded/objects/source_private.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"

#include <limits.h>
#include <math.h>

static const struct model_field vport_service_model[] = { { "name", M_STR },
                                                          { "value", M_INT },
                                                          { 0 } };
static const struct model_field a_vport_service[] = { { "", M_OBJ, vport_service_model }, { 0 } };
static const struct model_field vport_model[] = { { "defaultValue", M_INT },
                                                  { "servicesVport", M_LIST, a_vport_service },
                                                  { 0 } };
static const struct model_field auth_model[] = { { "enabled", M_BOOL },
                                                 { "properties", M_MAP, model_a_string },
                                                 { 0 } };
const struct model_field source_model[] = {
    { "name", M_STR },
    { "vport", M_OBJ, vport_model },
    { "version", M_STR },
    { "type", M_STR },
    { "domain", M_STR },
    { "port", M_INT },
    { "protocol", M_STR },
    { "sni", M_STR },
    { "proxyName", M_STR },
    { "properties", M_OPEN },
    { "authN", M_OBJ, auth_model },
    { 0 },
};

static const char *const same[] = {
    "name", "type", "domain", "port", "protocol", "sni", "proxyName"
};

/* Which properties a type has, and the Java class that each is cast to; number: the file keeps it
 * as text. */
static const struct {
    const char *type_prefix, *name;
    const char *java;
    bool number;
} properties[] = {
    { "nacos", "nacosNamespaceId", "lang.String" },
    { "nacos", "nacosGroups", "util.List" },
    { "nacos3", "enableMCPServer", "lang.Boolean" },
    { "nacos3", "mcpServerBaseUrl", "lang.String" },
    { "nacos3", "mcpServerExportDomains", "util.List" },
    { "consul", "consulDatacenter", "lang.String" },
    { "consul", "consulServiceTag", "lang.String" },
    { "consul", "consulRefreshInterval", "lang.Integer", true },
    { "zookeeper", "zkServicesPath", "util.List" },
};
enum { PROPERTIES = sizeof properties / sizeof *properties };

static cJSON *registry_vport(struct arena *a, const cJSON *vport)
{
    cJSON *out = json_object(a);
    json_set(a, out, "default", json_clone(a, json_get(vport, "defaultValue")));
    const cJSON *services = json_get(vport, "servicesVport");
    if (cJSON_IsArray(services))
        json_set(a, out, "services", json_clone(a, services));
    return model_without_nulls(a, out);
}

/* What Jackson makes of a JSON value that is bound to nothing. */
static const char *java_class(const cJSON *value)
{
    if (cJSON_IsString(value))
        return "lang.String";
    if (cJSON_IsBool(value))
        return "lang.Boolean";
    if (cJSON_IsNumber(value)) {
        double n = value->valuedouble;
        return n != trunc(n) ? "lang.Double" : fabs(n) <= INT_MAX ? "lang.Integer" : "lang.Long";
    }
    return cJSON_IsArray(value) ? "util.ArrayList" : "util.LinkedHashMap";
}

/* The console casts a property to the class that it expects. */
static bool check_classes(struct rest_request *r, const cJSON *source)
{
    const char *type = json_str(source, "type");
    for (int i = 0; i < PROPERTIES; i++) {
        const cJSON *value = json_get(json_get(source, "properties"), properties[i].name);
        const char *want = properties[i].java;
        if (!value || cJSON_IsNull(value) || !text_starts(type, properties[i].type_prefix))
            continue;
        const char *has = java_class(value);
        if (strcmp(has, want) == 0 || (cJSON_IsArray(value) && strcmp(want, "util.List") == 0))
            continue;
        return rest_fail(
            r, X_CLASS_CAST,
            "class java.%s cannot be cast to class java.%s (java.%s and java.%s are in "
            "module java.base of loader 'bootstrap')",
            has, want, has, want);
    }
    return true;
}

static cJSON *to_registry(struct arena *a, const cJSON *source)
{
    cJSON *out = json_object(a);
    const char *type = json_str(source, "type");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        json_set(a, out, same[i], json_clone(a, json_get(source, same[i])));
    if (check_blank(json_str(source, "protocol")))
        json_remove(out, "protocol");
    if (cJSON_IsObject(json_get(source, "vport")))
        json_set(a, out, "vport", registry_vport(a, json_get(source, "vport")));
    for (int i = 0; i < PROPERTIES; i++) {
        const cJSON *value = json_get(json_get(source, "properties"), properties[i].name);
        if (!text_starts(type, properties[i].type_prefix) || !value || cJSON_IsNull(value))
            continue;
        if (properties[i].number && cJSON_IsNumber(value))
            json_set_str(a, out, properties[i].name, json_print(a, value));
        else
            json_set(a, out, properties[i].name, json_clone(a, value));
    }
    return model_without_nulls(a, out);
}

static cJSON *shown_properties(struct arena *a, const cJSON *registry)
{
    cJSON *out = json_object(a);
    const char *type = json_str(registry, "type");
    for (int i = 0; type && i < PROPERTIES; i++) {
        const cJSON *value = json_get(registry, properties[i].name);
        if (!text_starts(type, properties[i].type_prefix))
            continue;
        if (properties[i].number && cJSON_IsString(value))
            json_set_num(a, out, properties[i].name, strtod(value->valuestring, NULL));
        else if (value)
            json_set(a, out, properties[i].name, json_clone(a, value));
        else if (strcmp(properties[i].name, "enableMCPServer") == 0)
            json_set_bool(a, out, properties[i].name, false);
        else
            json_set(a, out, properties[i].name, json_null(a));
    }
    return out;
}

static cJSON *shown_vport(struct arena *a, const cJSON *vport)
{
    cJSON *out = model_new(a, vport_model);
    const cJSON *port = json_get(vport, "default"), *services = json_get(vport, "services");
    if (cJSON_IsNumber(port))
        json_set_num(a, out, "defaultValue", port->valuedouble);
    if (cJSON_IsArray(services))
        json_set(a, out, "servicesVport", json_clone(a, services));
    return out;
}

static bool has_secret(struct rest_request *r, const cJSON *registry)
{
    const char *name = json_str(registry, "authSecretName");
    return name && json_count(json_get(kstore_get(r->store, "secrets", name), "data")) > 0;
}

static cJSON *source_shown(struct rest_request *r, const cJSON *registry)
{
    struct arena *a = r->arena;
    cJSON *out = model_new(a, source_model);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        const cJSON *value = json_get(registry, same[i]);
        if (value)
            json_set(a, out, same[i], json_clone(a, value));
    }
    json_set_str(a, out, "version", bridge_version(r));
    if (cJSON_IsObject(json_get(registry, "vport")))
        json_set(a, out, "vport", shown_vport(a, json_get(registry, "vport")));
    json_set(a, out, "properties", shown_properties(a, registry));
    cJSON *auth = json_set(a, out, "authN", model_new(a, auth_model));
    json_set_bool(a, auth, "enabled", has_secret(r, registry));
    return out;
}

static void source_get_all(struct rest_request *r)
{
    cJSON *out = json_array(r->arena);
    const cJSON *registry;
    cJSON_ArrayForEach(registry, bridge_list(r, "registries"))
    {
        json_add(r->arena, out, source_shown(r, registry));
    }
    rest_page(r, out);
}

static void source_get(struct rest_request *r)
{
    const cJSON *registry = bridge_find(bridge_load(r), "registries", rest_var(r, 0));
    rest_give(r, registry ? source_shown(r, registry) : NULL);
}

static bool auth_is_valid(const char *type, const cJSON *given)
{
    if (text_starts(type, "nacos"))
        return !check_blank(json_str(given, "nacosUsername")) &&
               !check_blank(json_str(given, "nacosPassword"));
    if (strcmp(type, "consul") == 0)
        return !check_blank(json_str(given, "consulToken"));
    return json_count(given) > 0;
}

static char *new_secret_name(struct arena *a, const char *source)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char random[5];
    crypto_random(random, sizeof random);
    char suffix[6] = "";
    for (int i = 0; i < 5; i++)
        suffix[i] = alphabet[random[i] % 36];
    return arena_printf(a, "%s-auth-%s", source, suffix);
}

static bool write_secret(struct rest_request *r, const char *name, const cJSON *given)
{
    cJSON *secret = kube_new(r->arena, name);
    cJSON *data = json_set_object(r->arena, secret, "data");
    const cJSON *item;
    cJSON_ArrayForEach(item, given)
    {
        if (!cJSON_IsString(item))
            return rest_fail(r, X_NULL_POINTER,
                             "Cannot invoke \"String.getBytes(java.nio.charset.Charset)\" because "
                             "the return value of \"java.util.Map$Entry.getValue()\" is null");
        const char *coded = base64_encode(r->arena, item->valuestring, strlen(item->valuestring));
        json_set_str(r->arena, data, item->string, coded);
    }
    return kube_save(r, "secrets", secret) != NULL;
}

/* Keeps, makes, replaces or removes the secret, and names it in the new registry. */
static bool write_source_secret(struct rest_request *r, const cJSON *source, const cJSON *old,
                                cJSON *registry)
{
    const cJSON *given = json_path(source, "authN.properties");
    const char *secret = has_secret(r, old) ? json_str(old, "authSecretName") : NULL;
    if (!json_true(json_get(source, "authN"), "enabled"))
        return !secret || kube_delete(r, "secrets", secret);
    if (secret && json_count(given) == 0) {
        json_set_str(r->arena, registry, "authSecretName", secret);
        return true;
    }
    if (!auth_is_valid(json_str(source, "type"), given))
        return rest_fail(r, X_VALIDATION, "The authN properties are not valid.");
    if (!secret)
        secret = new_secret_name(r->arena, json_str(source, "name"));
    json_set_str(r->arena, registry, "authSecretName", secret);
    return write_secret(r, secret, given);
}

/* What the console does not set for the new type stays as it was in the registry. */
static void keep_others(struct arena *a, const cJSON *old, cJSON *registry)
{
    static const char *const unseen[] = { "allowMcpServers", "enableScopeMcpServers", "metadata" };
    const char *type = json_str(registry, "type");
    for (int i = 0; old && i < PROPERTIES; i++) {
        const cJSON *value = json_get(old, properties[i].name);
        if (value && !text_starts(type, properties[i].type_prefix))
            json_set(a, registry, properties[i].name, json_clone(a, value));
    }
    for (size_t i = 0; old && i < sizeof unseen / sizeof *unseen; i++)
        if (json_get(old, unseen[i]))
            json_set(a, registry, unseen[i], json_clone(a, json_get(old, unseen[i])));
}

static void save_source(struct rest_request *r)
{
    cJSON *bridge = bridge_load(r), *registry = to_registry(r->arena, r->body);
    const cJSON *old = bridge_find(bridge, "registries", json_str(r->body, "name"));
    if (!check_classes(r, r->body) || !write_source_secret(r, r->body, old, registry))
        return;
    keep_others(r->arena, old, registry);
    bridge_put(r->arena, bridge, "registries", registry);
    if (!bridge_save(r, bridge))
        return;
    cJSON *auth = json_get(r->body, "authN");
    if (cJSON_IsObject(auth))
        json_set(r->arena, auth, "properties", json_null(r->arena));
    rest_give(r, r->body);
}

static void source_create(struct rest_request *r)
{
    if (!source_check(r, r->body))
        return;
    if (bridge_find(bridge_load(r), "registries", json_str(r->body, "name")))
        rest_fail(r, X_CONFLICT, NULL);
    else
        save_source(r);
}

static void source_update(struct rest_request *r)
{
    json_set_str(r->arena, r->body, "name", rest_var(r, 0));
    if (source_check(r, r->body))
        save_source(r);
}

static void delete_source(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (kube_is_internal(name)) {
        rest_fail(r, X_VALIDATION, "Deleting an internal service source is not allowed.");
        return;
    }
    cJSON *bridge = bridge_load(r);
    const cJSON *old = bridge_find(bridge, "registries", name);
    const char *secret = json_str(old, "authSecretName");
    if (secret && !kube_delete(r, "secrets", secret))
        return;
    if (bridge_drop(bridge, "registries", name) && !bridge_save(r, bridge))
        return;
    rest_empty(r, 204);
}

const struct rest_route source_rest[] = {
    { "GET", "/v1/service-sources", source_get_all, NULL, REST_PAGED },
    { "POST", "/v1/service-sources", source_create, source_model },
    { "GET", "/v1/service-sources/{name}", source_get },
    { "PUT", "/v1/service-sources/{name}", source_update, source_model },
    { "DELETE", "/v1/service-sources/{name}", delete_source },
    { 0 },
};
