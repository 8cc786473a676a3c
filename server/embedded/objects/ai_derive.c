/* ai_derive.c - from an AI route to ingresses, plugin rules and an EnvoyFilter.
 *
 * Each derived object has one function below; ai_derive_write calls them in the order of the real
 * console, which is visible from outside because a failure leaves the earlier ones in place.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ai_derive_private.h"
#include "embedded/objects/ai_fallback_private.h"
#include "embedded/objects/ai_provider_private.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/rest.h"
#include "kind/derived.h"

#include <strings.h>

#define MODEL_HEADER "x-higress-llm-model"
#define FALLBACK_HEADER "x-higress-fallback-from"
enum { MAX_PATTERN = 64 << 10 };

static char *main_name(struct arena *a, const char *route)
{
    return derived_name(a, DERIVED_AI_ROUTE, route);
}

static char *fallback_name(struct arena *a, const char *route)
{
    return derived_name(a, DERIVED_AI_FALLBACK, route);
}

static void add_header_predicate(struct arena *a, cJSON *list, const char *key, const char *type,
                                 const char *value)
{
    cJSON *p = json_add(a, list, json_object(a));
    json_set_str(a, p, "key", key);
    json_set_str(a, p, "matchType", type);
    json_set_str(a, p, "matchValue", value);
}

/* ^(a|b.*): several models as one regular expression. */
static char *model_pattern(struct arena *a, const cJSON *models)
{
    struct buf *b = buf_in(a, MAX_PATTERN);
    const cJSON *m;
    buf_str(b, "^(");
    cJSON_ArrayForEach(m, models)
    {
        const char *type = json_str(m, "matchType");
        if (m != models->child)
            buf_char(b, '|');
        for (const char *p = json_str(m, "matchValue"); p && *p; p++) {
            if (strchr("[]{}()^$|*+?.\\", *p))
                buf_char(b, '\\');
            buf_char(b, *p);
        }
        if (type && strcasecmp(type, "PRE") == 0)
            buf_str(b, ".*");
    }
    buf_char(b, ')');
    return b->data;
}

/* Header predicates of the route, the model predicate and, for a fallback, where it comes from. */
static cJSON *headers(struct arena *a, const cJSON *route, const char *fallback_from)
{
    const cJSON *own = json_get(route, "headerPredicates"), *m = json_get(route, "modelPredicates");
    cJSON *out = cJSON_IsArray(own) ? json_clone(a, own) : json_array(a);
    if (json_count(m) == 1)
        add_header_predicate(a, out, MODEL_HEADER, json_str(m->child, "matchType"),
                             json_str(m->child, "matchValue"));
    else if (json_count(m) > 1)
        add_header_predicate(a, out, MODEL_HEADER, "REGULAR", model_pattern(a, m));
    if (fallback_from)
        add_header_predicate(a, out, FALLBACK_HEADER, "EQUAL", fallback_from);
    return out;
}

/* The services of upstreams; NULL: one names an unknown provider (answered). */
static cJSON *services(struct rest_request *r, const cJSON *upstreams)
{
    struct arena *a = r->arena;
    cJSON *out = json_array(a);
    const cJSON *u;
    cJSON_ArrayForEach(u, upstreams)
    {
        const char *provider = json_str(u, "provider");
        char *destination = ai_provider_destination(r, provider);
        if (!destination) {
            rest_fail(r, X_VALIDATION, "Unknown provider: %s", provider ? provider : "null");
            return NULL;
        }
        char *colon = strrchr(destination, ':');
        cJSON *s = json_add(a, out, json_object(a));
        json_set_num(a, s, "port", (double)strtol(colon + 1, NULL, 10));
        *colon = 0;
        json_set_str(a, s, "name", destination);
        json_set_num(a, s, "weight", json_num(u, "weight", 100));
    }
    return out;
}

static bool write_ingress(struct rest_request *r, const cJSON *route, const char *name,
                          const cJSON *upstreams, const char *fallback_from)
{
    static const char *const carried[] = {
        "domains",      "cors", "headerControl", "proxyNextUpstream", "customConfigs",
        "customLabels", NULL
    };
    struct arena *a = r->arena;
    cJSON *out = json_object(a), *to = services(r, upstreams);
    if (!to)
        return false;
    json_set_str(a, out, "name", name);
    for (size_t i = 0; carried[i]; i++)
        if (json_get(route, carried[i]))
            json_set(a, out, carried[i], json_clone(a, json_get(route, carried[i])));
    json_set(a, out, "path", json_clone(a, json_get(route, "pathPredicate")));
    json_set(a, out, "headers", headers(a, route, fallback_from));
    if (json_get(route, "urlParamPredicates"))
        json_set(a, out, "urlParams", json_clone(a, json_get(route, "urlParamPredicates")));
    json_set(a, out, "services", to);
    const cJSON *auth = json_get(route, "authConfig");
    cJSON *ingress = ingress_from_route(r, model_bind(a, ingress_route_model, out));
    if (ingress)
        kube_keep_unknown(r, "ingresses", ingress);
    return ingress && kube_save(r, "ingresses", ingress) &&
           rules_write_auth(r, name, cJSON_IsObject(auth) ? auth : NULL);
}

static bool write_model_router(struct rest_request *r, const cJSON *route)
{
    if (json_count(json_get(route, "modelPredicates")) == 0)
        return true;
    cJSON *object = wasm_internal(r, "model-router");
    if (!object)
        return false;
    cJSON *config = wasm_edit_config(r->arena, object);
    json_set_str(r->arena, config, "modelToHeader", MODEL_HEADER);
    wasm_set_config(r->arena, object, config, true);
    return kube_save(r, wasm_kind, object);
}

static bool write_model_mapper(struct rest_request *r, const char *name, const cJSON *upstream)
{
    struct arena *a = r->arena;
    const cJSON *mapping = json_get(upstream, "modelMapping");
    struct rules_target t = { .ingress = name,
                              .service = ai_provider_service(r, json_str(upstream, "provider")) };
    cJSON *object = wasm_internal(r, "model-mapper");
    if (!object)
        return false;
    if (json_count(mapping) == 0) {
        cJSON *rule = rules_find(object, &t);
        if (!rule)
            return true;
        json_detach(json_path(object, "spec.matchRules"), rule);
        return kube_save(r, wasm_kind, object);
    }
    cJSON *config = json_object(a);
    json_set(a, config, "modelMapping", json_clone(a, mapping));
    rules_put(a, object, &t, config, true);
    return kube_save(r, wasm_kind, object);
}

/* Token statistics, unless somebody has configured them for this route already. */
static bool write_statistics(struct rest_request *r, const char *name)
{
    struct arena *a = r->arena;
    const struct plugin_spec *spec = plugin_catalog_find("ai-statistics");
    struct rules_target t = { .ingress = name };
    const char *file = arena_printf(a, "%s-%s", spec->name, spec->version);
    cJSON *object = kube_load(r, wasm_kind, file);
    if (!object)
        object = wasm_new(a, spec, false);
    if (rules_find(object, &t))
        return true;
    cJSON *config = json_object(a);
    json_set_bool(a, config, "use_default_response_attributes", true);
    rules_put(a, object, &t, config, true);
    return kube_save(r, wasm_kind, object);
}

static bool write_traffic(struct rest_request *r, const char *name, const cJSON *upstreams)
{
    const cJSON *u;
    cJSON_ArrayForEach(u, upstreams) if (!write_model_mapper(r, name, u)) return false;
    return write_statistics(r, name);
}

/* With strategy SEQ only the first upstream takes part. */
static cJSON *fallback_upstreams(struct arena *a, const cJSON *fallback)
{
    const char *strategy = json_str(fallback, "fallbackStrategy");
    cJSON *out = json_clone(a, json_get(fallback, "upstreams"));
    while (strategy && strcmp(strategy, "SEQ") == 0 && out->child && out->child->next)
        json_detach(out, out->child->next);
    return out;
}

static bool remove_ingress(struct rest_request *r, const char *name)
{
    if (!kstore_get(r->store, "ingresses", name))
        return true;
    return kube_delete(r, "ingresses", name) &&
           rules_drop_everywhere(r, &(struct rules_target){ .ingress = name });
}

static bool remove_fallback(struct rest_request *r, const char *name)
{
    return remove_ingress(r, fallback_name(r->arena, name)) &&
           kube_delete(r, "envoyfilters", main_name(r->arena, name));
}

static bool write_fallback(struct rest_request *r, const cJSON *route)
{
    struct arena *a = r->arena;
    const cJSON *fallback = json_get(route, "fallbackConfig");
    const char *from = main_name(a, json_str(route, "name"));
    const char *name = fallback_name(a, json_str(route, "name"));
    if (!json_true(fallback, "enabled"))
        return remove_fallback(r, json_str(route, "name"));
    cJSON *upstreams = fallback_upstreams(a, fallback);
    cJSON *filter = ai_fallback_filter(a, from, json_get(fallback, "responseCodes"));
    kube_keep_unknown(r, "envoyfilters", filter);
    return write_ingress(r, route, name, upstreams, from) && kube_save(r, "envoyfilters", filter) &&
           write_traffic(r, name, upstreams);
}

bool ai_derive_write(struct rest_request *r, const cJSON *route)
{
    const char *name = main_name(r->arena, json_str(route, "name"));
    const cJSON *upstreams = json_get(route, "upstreams");
    return write_ingress(r, route, name, upstreams, NULL) && write_model_router(r, route) &&
           write_traffic(r, name, upstreams) && write_fallback(r, route);
}

bool ai_derive_remove(struct rest_request *r, const char *name)
{
    return remove_ingress(r, main_name(r->arena, name)) && remove_fallback(r, name);
}
