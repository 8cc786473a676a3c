/* kstore_form.c - what an object looks like once the standalone API server has stored it.
 *
 * Kinds are rows of kstore_kinds[]. Keys are sorted, nulls dropped. Objects that the API server
 * keeps as protobuf lose their zero values; what that means for a kind is its prune function.
 */
#include "embedded/kstore/kstore_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"

static bool is_zero(const cJSON *v)
{
    if (cJSON_IsString(v))
        return *v->valuestring == '\0';
    if (cJSON_IsNumber(v))
        return v->valuedouble == 0;
    if (cJSON_IsArray(v))
        return v->child == NULL;
    return cJSON_IsFalse(v) || cJSON_IsNull(v);
}

/* The members that Higress has for a registry or a proxy; any other stays as it is. */
bool kstore_bridge_has(const char *member)
{
    static const char *const known[] = {
        "allowMcpServers",
        "authSecretName",
        "connectTimeout",
        "consulDatacenter",
        "consulNamespace",
        "consulRefreshInterval",
        "consulServiceTag",
        "domain",
        "enableMCPServer",
        "enableScopeMcpServers",
        "mcpServerBaseUrl",
        "mcpServerExportDomains",
        "metadata",
        "nacosAccessKey",
        "nacosAddressServer",
        "nacosGroups",
        "nacosNamespace",
        "nacosNamespaceId",
        "nacosRefreshInterval",
        "nacosSecretKey",
        "name",
        "port",
        "protocol",
        "proxyName",
        "serverAddress",
        "serverPort",
        "sni",
        "type",
        "vport",
        "zkServicesPath",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], member) == 0)
            return true;
    return false;
}

/* Service sources and proxies: every zero value of their own members vanishes. */
static void prune_zeros(cJSON *node, bool inside)
{
    cJSON *next, *v = node ? node->child : NULL;
    for (; v; v = next) {
        next = v->next;
        if (!inside && v->string && !kstore_bridge_has(v->string))
            continue;
        if (cJSON_IsObject(v) || cJSON_IsArray(v))
            prune_zeros(v, true);
        if (cJSON_IsObject(node) && is_zero(v))
            json_detach(node, v);
    }
}

static void prune_bridge(cJSON *spec)
{
    static const char *const lists[] = { "registries", "proxies" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cJSON *entry, *list = json_get(spec, lists[i]);
        cJSON_ArrayForEach(entry, list) prune_zeros(entry, false);
        if (list && is_zero(list))
            json_detach(spec, list);
    }
}

/* Zero enums and empty lists of a plugin and its rules; `config` stays as it is. */
static void prune_plugin(cJSON *node)
{
    static const char *const zero_enums[] = { "UNSPECIFIED_PHASE", "UNSPECIFIED_POLICY",
                                              "FAIL_CLOSE", "" };
    cJSON *next, *v = node ? node->child : NULL;
    for (; v; v = next) {
        next = v->next;
        if (v->string && strcmp(v->string, "matchRules") == 0) {
            cJSON *rule;
            cJSON_ArrayForEach(rule, v) prune_plugin(rule);
        }
        bool zero = cJSON_IsArray(v) && !v->child;
        for (size_t i = 0; cJSON_IsString(v) && i < sizeof zero_enums / sizeof *zero_enums; i++)
            zero = zero || strcmp(v->valuestring, zero_enums[i]) == 0;
        if (zero)
            json_detach(node, v);
    }
}

const struct kstore_kind kstore_kinds[] = {
    { "configmaps", "v1", "ConfigMap", 0644 },
    { "endpoints", "v1", "Endpoints", 0644 },
    { "endpointslices", "discovery.k8s.io/v1", "EndpointSlice", 0644 },
    { "envoyfilters", "networking.istio.io/v1alpha3", "EnvoyFilter", 0644, "{}" },
    { "gatewayclasses", "gateway.networking.k8s.io/v1beta1", "GatewayClass", 0644 },
    { "gateways", "gateway.networking.k8s.io/v1beta1", "Gateway", 0644 },
    { "http2rpcs", "networking.higress.io/v1", "Http2Rpc", 0644, "{}" },
    { "httproutes", "gateway.networking.k8s.io/v1beta1", "HTTPRoute", 0644 },
    { "ingressclasses", "networking.k8s.io/v1", "IngressClass", 0644 },
    { "ingresses", "networking.k8s.io/v1", "Ingress", 0644, "{\"loadBalancer\":{}}" },
    { "mcpbridges", "networking.higress.io/v1", "McpBridge", 0644, "{}", prune_bridge },
    { "namespaces", "v1", "Namespace", 0644 },
    { "nodes", "v1", "Node", 0644 },
    { "pods", "v1", "Pod", 0644 },
    { "referencegrants", "gateway.networking.k8s.io/v1beta1", "ReferenceGrant", 0644 },
    { "secrets", "v1", "Secret", 0600 },
    { "services", "v1", "Service", 0644, "{\"loadBalancer\":{}}" },
    { "wasmplugins", "extensions.higress.io/v1alpha1", "WasmPlugin", 0644, "{}", prune_plugin },
    { 0 },
};

static int compare_member_keys(const void *x, const void *y)
{
    const cJSON *const *left = x, *const *right = y;
    return strcmp((*left)->string, (*right)->string);
}

static cJSON *sorted(struct arena *a, const cJSON *node);

static cJSON *sorted_without_nulls(struct arena *a, const cJSON *node)
{
    size_t n = 0;
    const cJSON *item;
    const cJSON **members = arena_array(a, const cJSON *, json_count(node) + 1);
    cJSON_ArrayForEach(item, node)
    {
        if (!cJSON_IsNull(item))
            members[n++] = item;
    }
    qsort(members, n, sizeof *members, compare_member_keys);
    cJSON *out = json_object(a);
    for (size_t i = 0; i < n; i++)
        json_set(a, out, members[i]->string, sorted(a, members[i]));
    return out;
}

static cJSON *sorted(struct arena *a, const cJSON *node)
{
    if (cJSON_IsObject(node))
        return sorted_without_nulls(a, node);
    if (!cJSON_IsArray(node))
        return json_clone(a, node);
    cJSON *out = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, node) json_add(a, out, sorted(a, item));
    return out;
}

/* All but the order of members, and those that are null. */
static cJSON *complete(struct arena *a, size_t kind, const cJSON *object, const cJSON *current,
                       const char *version)
{
    const struct kstore_kind *row = &kstore_kinds[kind];
    cJSON *copy = json_clone(a, object);
    json_set_str(a, copy, "apiVersion", row->api_version);
    json_set_str(a, copy, "kind", row->kind);
    cJSON *metadata = json_get(copy, "metadata");
    const char *created = json_str(json_get(current, "metadata"), "creationTimestamp");
    json_set_str(a, metadata, "creationTimestamp",
                 created ? created : when_text(a, when_now(), false));
    json_set_str(a, metadata, "namespace", "higress-system");
    json_set_str(a, metadata, "resourceVersion", version);
    json_remove(metadata, "managedFields");
    const char *name = json_str(metadata, "name");
    if (name && !*name)
        json_remove(metadata, "name"); /* as the API server stores a nameless one */
    if (row->prune)
        row->prune(json_get(copy, "spec"));
    if (row->status && !json_get(copy, "status"))
        json_set(a, copy, "status", json_parse(a, row->status, strlen(row->status), NULL));
    return copy;
}

cJSON *kstore_stored(struct arena *a, size_t kind, const cJSON *object, const cJSON *current,
                     const char *version)
{
    return sorted(a, complete(a, kind, object, current, version));
}

static bool has_null_member(const cJSON *node)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        if ((cJSON_IsNull(item) && item->string) || has_null_member(item))
            return true;
    }
    return false;
}

bool kstore_is_stored_form(size_t kind, const cJSON *tree)
{
    struct arena *scratch = arena_new();
    const cJSON *metadata = json_get(tree, "metadata");
    cJSON *stored = complete(scratch, kind, tree, tree, json_text(metadata, "resourceVersion"));
    if (!json_get(metadata, "creationTimestamp"))
        json_remove(json_get(stored, "metadata"), "creationTimestamp");
    bool same = json_equal(stored, tree) && !has_null_member(tree);
    arena_free(scratch);
    return same;
}
