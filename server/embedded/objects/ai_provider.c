/* ai_provider.c - /v1/ai/providers.
 *
 * Order of writes, as the real console's: registries, then ai-proxy.internal, then the AI routes of
 * types whose endpoint may have moved, then the rules of services the provider no longer uses.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ai_provider_private.h"
#include "embedded/objects/ai_route_private.h"
#include "embedded/objects/ai_type_private.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"
#include "kind/derived.h"

static const struct model_field failover_model[] = {
    { "enabled", M_BOOL },
    { "failureThreshold", M_INT },
    { "successThreshold", M_INT },
    { "healthCheckInterval", M_INT },
    { "healthCheckTimeout", M_INT },
    { "healthCheckModel", M_STR },
    { 0 },
};

static const struct model_field provider_model[] = {
    { "name", M_STR },
    { "type", M_STR },
    { "protocol", M_STR },
    { "proxyName", M_STR },
    { "tokens", M_LIST, .of = model_a_string },
    { "tokenFailoverConfig", M_OBJ, .of = failover_model },
    { "rawConfigs", M_OPEN },
    { 0 },
};

static const char object_name[] = "ai-proxy.internal";
static const char token_service[] = "vertex-auth.internal";

/* Names of the protocol in the API and in the plugin's configuration. */
static const char *const protocols[][2] = {
    { "openai/v1", "openai" },
    { "original", "original" },
};

static const char *translate_protocol(const char *from, size_t column)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (from && strcmp(protocols[i][column], from) == 0)
            return protocols[i][1 - column];
    return NULL;
}

static char *registry_name(struct arena *a, const char *provider)
{
    return derived_name(a, DERIVED_LLM_SOURCE, provider);
}

static const cJSON *stored_registry(struct rest_request *r, const char *provider)
{
    return json_find(bridge_list(r, "registries"), "name", registry_name(r->arena, provider));
}

static const cJSON *stored_providers(struct rest_request *r)
{
    return json_path(kstore_get(r->store, wasm_kind, object_name), "spec.defaultConfig.providers");
}

static cJSON *texts_of(struct arena *a, const cJSON *list)
{
    cJSON *out = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item)) json_add(a, out, json_clone(a, item));
    return out;
}

static cJSON *provider_answer(struct rest_request *r, const cJSON *stored)
{
    struct arena *a = r->arena;
    cJSON *raw = json_clone(a, stored);
    const char *name = json_str(stored, "id");
    const cJSON *tokens = json_get(stored, "apiTokens");
    const cJSON *registry = stored_registry(r, name ? name : "");
    ai_type_read(r, raw);
    cJSON *out = model_new(a, provider_model);
    json_set_str(a, out, "name", name);
    json_set_str(a, out, "type", json_str(stored, "type"));
    const char *protocol = translate_protocol(json_str(stored, "protocol"), 1);
    json_set_str(a, out, "protocol", protocol ? protocol : protocols[0][0]);
    json_set_str(a, out, "proxyName", json_str(registry, "proxyName"));
    const cJSON *kept = json_get(stored, "failover");
    cJSON *failover = json_count(kept) > 0 ? model_bind(a, failover_model, kept) : NULL;
    if (cJSON_IsArray(tokens))
        json_set(a, out, "tokens", texts_of(a, tokens));
    json_set(a, out, "tokenFailoverConfig", failover ? failover : json_null(a));
    json_set(a, out, "rawConfigs", raw);
    return out;
}

static int compare_provider_ids(const void *x, const void *y)
{
    const char *n = json_str(*(cJSON *const *)x, "id"), *m = json_str(*(cJSON *const *)y, "id");
    return strcmp(n ? n : "", m ? m : "");
}

static void ai_provider_list(struct rest_request *r)
{
    const cJSON *entry, *providers = stored_providers(r);
    size_t n = (size_t)json_count(providers), i = 0;
    const cJSON **sorted = arena_array(r->arena, const cJSON *, n + 1);
    cJSON_ArrayForEach(entry, providers) sorted[i++] = entry;
    qsort(sorted, n, sizeof *sorted, compare_provider_ids);
    cJSON *out = json_array(r->arena);
    for (i = 0; i < n; i++)
        json_add(r->arena, out, provider_answer(r, sorted[i]));
    r->query = json_object(r->arena); /* paging has no effect here */
    rest_page(r, out);
}

static void ai_provider_get(struct rest_request *r)
{
    const cJSON *entry = json_find(stored_providers(r), "id", rest_var(r, 0));
    rest_give(r, entry ? provider_answer(r, entry) : NULL);
}

/* The service bound to the provider by a rule of ai-proxy.internal. */
static const char *bound_service(const cJSON *object, const char *provider)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, json_path(object, "spec.matchRules"))
    {
        const char *id = json_str(json_get(rule, "config"), "activeProviderId");
        const cJSON *service = json_path(rule, "service[0]");
        if (id && strcmp(id, provider) == 0 && cJSON_IsString(service))
            return service->valuestring;
    }
    return NULL;
}

/* Where the provider is reached now: an existing service, or its own registry. False: unknown. */
static bool locate_provider(struct rest_request *r, const char *name, const char **service,
                            int *port)
{
    const cJSON *entry = name ? json_find(stored_providers(r), "id", name) : NULL;
    const cJSON *registry = entry ? stored_registry(r, name) : NULL;
    const char *given = json_str(entry, "openaiCustomServiceName");
    double given_port = json_num(entry, "openaiCustomServicePort", 0);
    bool bound = !check_blank(given) && given_port > 0;
    if (!bound && !registry)
        return false;
    *service = bound ? given : bridge_service_name(r->arena, registry);
    *port = (int)(bound ? given_port : json_num(registry, "port", 80));
    return true;
}

char *ai_provider_service(struct rest_request *r, const char *name)
{
    const char *service;
    int port;
    return locate_provider(r, name, &service, &port) ? arena_strdup(r->arena, service) : NULL;
}

char *ai_provider_destination(struct rest_request *r, const char *name)
{
    const char *service;
    int port;
    if (!locate_provider(r, name, &service, &port))
        return NULL;
    return arena_printf(r->arena, "%s:%d", service, port);
}

static bool validate_provider(struct rest_request *r)
{
    const char *name = json_str(r->body, "name"), *protocol = json_str(r->body, "protocol");
    if (check_blank(name))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "name cannot be blank.");
    if (strchr(name, '/'))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "slashes (/) are not allowed in name.");
    if (check_blank(json_str(r->body, "type")))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "type cannot be blank.");
    if (!check_blank(protocol) && !translate_protocol(protocol, 0))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "Unknown protocol: %s", protocol);
    return true;
}

/* The typed members win over what the raw settings say. */
static void fill_entry(struct rest_request *r, cJSON *entry)
{
    struct arena *a = r->arena;
    const char *protocol = json_str(r->body, "protocol");
    const cJSON *tokens = json_get(r->body, "tokens");
    const cJSON *failover = json_get(r->body, "tokenFailoverConfig");
    json_set_str(a, entry, "id", json_str(r->body, "name"));
    json_set_str(a, entry, "type", json_str(r->body, "type"));
    json_set_str(a, entry, "protocol",
                 translate_protocol(check_blank(protocol) ? "openai/v1" : protocol, 0));
    if (json_count(tokens) > 0)
        json_set(a, entry, "apiTokens", json_clone(a, tokens));
    else
        json_remove(entry, "apiTokens");
    if (!cJSON_IsObject(failover)) {
        json_remove(entry, "failover");
        json_remove(entry, "retryOnFailure");
        return;
    }
    json_set(a, entry, "failover", model_without_nulls(a, failover));
    cJSON *retry = json_set_object(a, entry, "retryOnFailure");
    if (cJSON_IsBool(json_get(failover, "enabled")))
        json_set_bool(a, retry, "enabled", json_true(failover, "enabled"));
}

/* Gives old the members of item, so that it keeps its place in its list. */
static void put_over(struct arena *a, cJSON *old, const cJSON *item)
{
    const cJSON *m;
    while (old->child)
        json_detach(old, old->child);
    cJSON_ArrayForEach(m, item) json_set(a, old, m->string, json_clone(a, m));
}

static void put_registry(struct arena *a, cJSON *bridge, const char *name,
                         const struct ai_endpoint *to, const char *proxy)
{
    cJSON *registry = json_object(a);
    json_set_str(a, registry, "name", name);
    json_set_str(a, registry, "type", to->type);
    json_set_str(a, registry, "domain", to->domain);
    json_set_num(a, registry, "port", to->port);
    json_set_str(a, registry, "protocol", to->protocol);
    if (!check_blank(proxy))
        json_set_str(a, registry, "proxyName", proxy);
    bridge_put(a, bridge, "registries", registry);
}

static bool write_registries(struct rest_request *r, const struct ai_type *type,
                             const struct ai_endpoint *to)
{
    static const struct ai_endpoint token = { "oauth2.googleapis.com", "dns", "https", 443, NULL };
    struct arena *a = r->arena;
    const char *proxy = json_str(r->body, "proxyName");
    if (to->service)
        return true;
    cJSON *bridge = bridge_load(r);
    put_registry(a, bridge, registry_name(a, json_str(r->body, "name")), to, proxy);
    if (!bridge_save(r, bridge))
        return false;
    if (!ai_type_needs_token_service(type))
        return true;
    bridge = bridge_load(r);
    put_registry(a, bridge, token_service, &token, proxy);
    return bridge_save(r, bridge);
}

/* Another provider that the service is already bound to. */
static const char *other_owner(const cJSON *object, const char *service, const char *provider)
{
    const cJSON *rule = rules_find(object, &(struct rules_target){ .service = service });
    const char *id = json_str(json_get(rule, "config"), "activeProviderId");
    return id && strcmp(id, provider) != 0 ? id : NULL;
}

/* The entry, in place or at the end, and the rule of its service. */
static bool write_proxy(struct rest_request *r, cJSON *object, cJSON *entry, const char *service)
{
    struct arena *a = r->arena;
    const char *name = json_str(entry, "id");
    cJSON *config = wasm_edit_config(a, object);
    if (!cJSON_IsArray(json_get(config, "providers")))
        json_set_array(a, config, "providers");
    cJSON *providers = json_get(config, "providers"), *old = json_find(providers, "id", name);
    if (old)
        put_over(a, old, entry);
    else
        json_add(a, providers, entry);
    wasm_set_config(a, object, config, true);
    cJSON *bind = json_object(a);
    json_set_str(a, bind, "activeProviderId", name);
    rules_put(a, object, &(struct rules_target){ .service = service }, bind, true);
    return kube_save(r, wasm_kind, object);
}

static bool drop_rule(struct rest_request *r, const char *service)
{
    cJSON *object = kube_load(r, wasm_kind, object_name);
    if (!object || !rules_drop(object, &(struct rules_target){ .service = service }))
        return true;
    return kube_replace(r, wasm_kind, object);
}

/* A provider on its way into the store. */
struct saving {
    const struct ai_type *type;
    struct ai_endpoint to;
    cJSON *entry, *object; /* of ai-proxy.internal; the object itself */
    const char *service, *service_before;
};

static bool prepare_provider(struct rest_request *r, struct saving *s)
{
    struct arena *a = r->arena;
    const char *name = json_str(r->body, "name"), *type = json_str(r->body, "type");
    s->type = ai_type_find(type);
    if (!s->type)
        return rest_fail(r, X_VALIDATION, "Provider type %s is not supported", type);
    const cJSON *raw = json_get(r->body, "rawConfigs");
    s->entry = cJSON_IsObject(raw) ? json_clone(a, raw) : json_object(a);
    s->object = wasm_internal(r, "ai-proxy");
    if (!s->object || !ai_type_resolve(r, s->type, s->entry, &s->to))
        return false;
    fill_entry(r, s->entry);
    s->service = s->to.service;
    if (!s->service)
        s->service = arena_printf(a, "%s.%s", registry_name(a, name), s->to.type);
    s->service_before = arena_strdup(a, bound_service(s->object, name));
    const char *owner = other_owner(s->object, s->service, name);
    if (owner)
        return rest_fail(r, X_VALIDATION,
                         "The service instance for provider %s is already existed. Cannot bind it "
                         "to provider %s",
                         owner, name);
    return true;
}

static void save_provider(struct rest_request *r)
{
    struct saving s = { 0 };
    const char *name = json_str(r->body, "name");
    if (!validate_provider(r) || !prepare_provider(r, &s) || !write_registries(r, s.type, &s.to) ||
        !write_proxy(r, s.object, s.entry, s.service))
        return;
    if (ai_type_moves(s.type) && !ai_route_rewrite_users(r, name))
        return;
    bool moved = s.service_before && strcmp(s.service_before, s.service) != 0;
    if (!moved || drop_rule(r, s.service_before))
        rest_give(r, provider_answer(r, json_find(stored_providers(r), "id", name)));
}

static void ai_provider_update(struct rest_request *r)
{
    const char *given = json_str(r->body, "name");
    if (!given || !*given) {
        rest_fail(r, X_JAVAX, "Provider name in the URL doesn't match the one in the body.");
        return;
    }
    json_set_str(r->arena, r->body, "name", rest_var(r, 0));
    save_provider(r);
}

static bool remove_registry(struct rest_request *r, const char *name)
{
    cJSON *bridge = bridge_load(r);
    if (!bridge_drop(bridge, "registries", registry_name(r->arena, name)))
        return true;
    return bridge_save(r, bridge);
}

static void ai_provider_erase(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    cJSON *object = kube_load(r, wasm_kind, object_name);
    cJSON *config = json_path(object, "spec.defaultConfig");
    cJSON *providers = json_get(config, "providers"), *entry = json_find(providers, "id", name);
    if (!entry) {
        rest_empty(r, 204);
        return;
    }
    const char *service = arena_strdup(r->arena, bound_service(object, name));
    json_detach(providers, entry);
    wasm_set_config(r->arena, object, config, json_count(providers) > 0);
    if (kube_replace(r, wasm_kind, object) && (!service || drop_rule(r, service)) &&
        remove_registry(r, name))
        rest_empty(r, 204);
}

const struct rest_route ai_provider_rest[] = {
    { "GET", "/v1/ai/providers", ai_provider_list },
    { "POST", "/v1/ai/providers", save_provider, provider_model },
    { "GET", "/v1/ai/providers/{name}", ai_provider_get, .not_blank = "query.name" },
    { "PUT", "/v1/ai/providers/{name}", ai_provider_update, provider_model,
      .not_blank = "put.name" },
    { "DELETE", "/v1/ai/providers/{name}", ai_provider_erase, .not_blank = "delete.name" },
    { 0 },
};
