/* ai_route.c - /v1/ai/routes: validation, storage, answers. What follows from a route is derived in
 * ai_derive.c.
 *
 * The ConfigMap is written last and is the only step that looks at versions: a conflict is reported
 * after the traffic has changed. Clients rely on the order of the files, so it is kept.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ai_derive_private.h"
#include "embedded/objects/ai_route_private.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"
#include "kind/derived.h"

static const struct model_field upstream_model[] = {
    { "provider", M_STR },
    { "weight", M_INT },
    { "modelMapping", M_MAP, .of = model_a_string },
    { 0 },
};
static const struct model_field an_upstream[] = { { "", M_OBJ, .of = upstream_model } };

static const struct model_field fallback_model[] = {
    { "enabled", M_BOOL },
    { "upstreams", M_LIST, .of = an_upstream },
    { "fallbackStrategy", M_STR },
    { "responseCodes", M_LIST, .of = model_a_string },
    { 0 },
};

static const struct model_field a_predicate[] = { { "", M_OBJ, .of = ingress_predicate_model } };
static const struct model_field a_keyed_predicate[] = { { "", M_OBJ, .of = ingress_keyed_model } };

static const struct model_field ai_route_model[] = {
    { "name", M_STR },
    { "version", M_STR },
    { "domains", M_LIST, .of = model_a_string },
    { "pathPredicate", M_OBJ, .of = ingress_predicate_model },
    { "headerPredicates", M_LIST, .of = a_keyed_predicate },
    { "urlParamPredicates", M_LIST, .of = a_keyed_predicate },
    { "upstreams", M_LIST, .of = an_upstream },
    { "modelPredicates", M_LIST, .of = a_predicate },
    { "authConfig", M_OBJ, .of = ingress_auth_model },
    { "fallbackConfig", M_OBJ, .of = fallback_model },
    { "cors", M_OBJ, .of = ingress_cors_model },
    { "headerControl", M_OBJ, .of = ingress_headers_model },
    { "proxyNextUpstream", M_OBJ, .of = ingress_retry_model },
    { "customConfigs", M_MAP, .of = model_a_string },
    { "customLabels", M_MAP, .of = model_a_string },
    { 0 },
};

static char *ai_route_map_name(struct arena *a, const char *route)
{
    return derived_name(a, DERIVED_AI_MAP, route);
}

/* The stored route in API form; NULL: the object is not one of ours or cannot be read. */
static cJSON *read_route(struct arena *a, const cJSON *object)
{
    struct err e = { 0 };
    const char *text = json_str(json_get(object, "data"), "data");
    const cJSON *stored = text ? json_parse(a, text, strlen(text), &e) : NULL;
    cJSON *out = cJSON_IsObject(stored) ? model_bind(a, ai_route_model, stored) : NULL;
    if (!out)
        return NULL;
    json_set_str(a, out, "version", kube_version(object));
    const cJSON *fallback = json_get(out, "fallbackConfig");
    const cJSON *upstreams = json_get(fallback, "upstreams");
    bool alone = json_count(upstreams) == 1 && cJSON_IsObject(upstreams->child);
    if (alone && json_true(fallback, "enabled")) /* takes everything */
        json_set_num(a, upstreams->child, "weight", 100);
    return out;
}

static void ai_route_list(struct rest_request *r)
{
    cJSON *out = json_array(r->arena);
    for (size_t i = 0; i < kstore_count(r->store, "configmaps"); i++) {
        const cJSON *object = kstore_at(r->store, "configmaps", i);
        if (!derived_from(r->arena, DERIVED_AI_MAP, kube_name(object)) ||
            !kube_is_defined_here(object))
            continue;
        cJSON *route = read_route(r->arena, object);
        if (route)
            json_add(r->arena, out, route);
    }
    rest_page(r, out);
}

static void ai_route_get(struct rest_request *r)
{
    const cJSON *object =
        kstore_get(r->store, "configmaps", ai_route_map_name(r->arena, rest_var(r, 0)));
    rest_give(r, object ? read_route(r->arena, object) : NULL);
}

static bool check_upstreams(struct rest_request *r, const cJSON *upstreams)
{
    const cJSON *u;
    cJSON_ArrayForEach(u, upstreams)
    {
        const char *provider = json_str(u, "provider");
        if (!cJSON_IsObject(u))
            return rest_fail(r, X_NULL_POINTER, NULL);
        if (!provider || !*provider)
            return rest_fail(r, X_VALIDATION, "provider cannot be null or empty.");
    }
    return true;
}

static bool check_weights(struct rest_request *r, const cJSON *upstreams)
{
    double sum = 0;
    const cJSON *u;
    cJSON_ArrayForEach(u, upstreams)
    {
        if (!cJSON_IsNumber(json_get(u, "weight")))
            return rest_fail(r, X_NULL_POINTER, NULL);
        sum += json_num(u, "weight", 0);
    }
    return sum == 100 || rest_fail(r, X_VALIDATION, "The sum of upstream weights must be 100.");
}

static bool check_ai_path(struct rest_request *r)
{
    const cJSON *path = json_get(r->body, "pathPredicate");
    if (!cJSON_IsObject(path))
        return true;
    if (!ingress_check_predicate(r, path))
        return false;
    if (!text_equal_nocase(json_str(path, "matchType"), "PRE"))
        return rest_fail(r, X_VALIDATION, "pathPredicate must be of type PRE.");
    return true;
}

static bool check_headers(struct rest_request *r)
{
    const cJSON *p;
    if (!ingress_check_keyed(r, json_get(r->body, "headerPredicates"), NULL))
        return false;
    cJSON_ArrayForEach(p, json_get(r->body, "headerPredicates"))
    {
        const char *key = json_str(p, "key");
        if (key && text_equal_nocase(key, "x-higress-llm-model"))
            return rest_fail(r, X_VALIDATION,
                             "headerPredicates cannot contain the model routing header.");
    }
    return true;
}

static bool check_models(struct rest_request *r)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, json_get(r->body, "modelPredicates"))
    {
        if (cJSON_IsNull(p))
            return rest_fail(r, X_NULL_POINTER, NULL);
        if (!ingress_check_predicate(r, p))
            return false;
        if (text_equal_nocase(json_str(p, "matchType"), "REGULAR"))
            return rest_fail(r, X_VALIDATION,
                             "AiModelPredicate does not support regular expression matchType");
    }
    return true;
}

static bool is_either(const char *s, const char *x, const char *y)
{
    return s && (strcmp(s, x) == 0 || strcmp(s, y) == 0);
}

static bool check_fallback(struct rest_request *r)
{
    const cJSON *code, *f = json_get(r->body, "fallbackConfig");
    const char *strategy = json_str(f, "fallbackStrategy");
    if (!json_true(f, "enabled"))
        return true;
    if (strategy && *strategy && !is_either(strategy, "RAND", "SEQ"))
        return rest_fail(r, X_VALIDATION, "unknown fallback strategy: %s", strategy);
    if (json_count(json_get(f, "upstreams")) == 0)
        return rest_fail(r, X_VALIDATION, "upstreams cannot be empty when fallback is enabled.");
    if (json_count(json_get(f, "responseCodes")) == 0)
        return rest_fail(r, X_VALIDATION,
                         "response codes cannot be empty when fallback is enabled.");
    cJSON_ArrayForEach(code, json_get(f, "responseCodes"))
    {
        const char *s = cJSON_IsString(code) ? code->valuestring : NULL;
        if (!is_either(s, "4xx", "5xx"))
            return rest_fail(r, X_VALIDATION, "invalid response code:%s", s ? s : "null");
    }
    return check_upstreams(r, json_get(f, "upstreams"));
}

/* In the console's order. */
static bool validate_ai_route(struct rest_request *r)
{
    const cJSON *upstreams = json_get(r->body, "upstreams");
    if (check_blank(json_str(r->body, "name")))
        return rest_fail(r, X_VALIDATION, "name cannot be blank.");
    if (json_count(upstreams) == 0)
        return rest_fail(r, X_VALIDATION, "upstreams cannot be empty.");
    return check_ai_path(r) && check_headers(r) &&
           ingress_check_keyed(r, json_get(r->body, "urlParamPredicates"), NULL) &&
           check_upstreams(r, upstreams) && check_weights(r, upstreams) && check_fallback(r) &&
           check_models(r);
}

/* RAND gives every upstream the same weight; repeated codes count once. */
static void normalise_fallback(struct arena *a, cJSON *f)
{
    const char *strategy = json_str(f, "fallbackStrategy");
    if (!json_true(f, "enabled"))
        return;
    if (!strategy || !*strategy)
        strategy = "RAND";
    json_set_str(a, f, "fallbackStrategy", strategy);
    const cJSON *item, *given = json_get(f, "responseCodes");
    cJSON *codes = json_array(a);
    bool seen[2] = { false, false };
    cJSON_ArrayForEach(item, given)
    {
        if (!cJSON_IsString(item)) /* only in files edited by hand */
            continue;
        bool *once = &seen[item->valuestring[0] == '5'];
        if (!*once)
            json_add_str(a, codes, item->valuestring);
        *once = true;
    }
    json_set(a, f, "responseCodes", codes);
    if (strcmp(strategy, "RAND") != 0)
        return;
    cJSON *u;
    cJSON_ArrayForEach(u, json_get(f, "upstreams"))
    {
        if (cJSON_IsObject(u))
            json_set_num(a, u, "weight", 1);
    }
}

static void normalise(struct arena *a, cJSON *route)
{
    if (!cJSON_IsObject(json_get(route, "pathPredicate"))) {
        cJSON *path = json_set(a, route, "pathPredicate", model_new(a, ingress_predicate_model));
        json_set_str(a, path, "matchType", "PRE");
        json_set_str(a, path, "matchValue", "/");
        json_set_bool(a, path, "caseSensitive", true);
    }
    if (!cJSON_IsObject(json_get(route, "proxyNextUpstream"))) {
        cJSON *retry = json_set(a, route, "proxyNextUpstream", model_new(a, ingress_retry_model));
        json_set_bool(a, retry, "enabled", true);
        json_set_num(a, retry, "attempts", 3);
        json_set_num(a, retry, "timeout", 120);
        cJSON *conditions = json_set_array(a, retry, "conditions");
        json_add_str(a, conditions, "error");
        json_add_str(a, conditions, "timeout");
        json_add_str(a, conditions, "non_idempotent");
    }
    normalise_fallback(a, json_get(route, "fallbackConfig"));
}

/* In the stored text the key of a predicate comes first. */
static void move_keys_first(struct arena *a, cJSON *predicates)
{
    cJSON *p, *m;
    cJSON_ArrayForEach(p, predicates)
    {
        cJSON *copy = json_clone(a, p);
        if (!json_get(copy, "key"))
            continue;
        while (p->child)
            json_detach(p, p->child);
        json_set_str(a, p, "key", json_str(copy, "key"));
        cJSON_ArrayForEach(m, copy) json_set(a, p, m->string, json_clone(a, m));
    }
}

static cJSON *ai_route_map(struct arena *a, const cJSON *route)
{
    cJSON *data = model_without_nulls(a, route);
    json_remove(data, "version");
    move_keys_first(a, json_get(data, "headerPredicates"));
    move_keys_first(a, json_get(data, "urlParamPredicates"));
    cJSON *object = kube_new(a, ai_route_map_name(a, json_str(route, "name")));
    kube_set_label(a, object, "higress.io/config-map-type", "ai-route");
    json_set_str(a, json_set_object(a, object, "data"), "data", json_print(a, data));
    return object;
}

static void ai_route_create(struct rest_request *r)
{
    if (!validate_ai_route(r))
        return;
    normalise(r->arena, r->body);
    const char *object = ai_route_map_name(r->arena, json_str(r->body, "name"));
    if (!kube_would_create(r, "configmaps", object) || !ai_derive_write(r, r->body))
        return;
    const cJSON *stored = kube_create(r, "configmaps", ai_route_map(r->arena, r->body));
    if (stored)
        rest_give(r, read_route(r->arena, stored));
}

static const cJSON *replace(struct rest_request *r, cJSON *route)
{
    const char *name = ai_route_map_name(r->arena, json_str(route, "name"));
    normalise(r->arena, route);
    if (!kube_would_replace(r, "configmaps", name, json_str(route, "version")) ||
        !ai_derive_write(r, route))
        return NULL;
    cJSON *object = ai_route_map(r->arena, route);
    kube_keep_unknown(r, "configmaps", object);
    kube_set_version(r->arena, object, json_str(route, "version"));
    return kube_replace(r, "configmaps", object);
}

static void ai_route_update(struct rest_request *r)
{
    const char *given = json_str(r->body, "name");
    if (!given || !*given) {
        rest_fail(r, X_JAVAX, "Route name in the URL doesn't match the one in the body.");
        return;
    }
    json_set_str(r->arena, r->body, "name", rest_var(r, 0));
    const cJSON *stored = validate_ai_route(r) ? replace(r, r->body) : NULL;
    if (stored)
        rest_give(r, read_route(r->arena, stored));
}

static void ai_route_erase(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (ai_derive_remove(r, name) &&
        kube_delete(r, "configmaps", ai_route_map_name(r->arena, name)))
        rest_empty(r, 204);
}

bool ai_route_rewrite_users(struct rest_request *r, const char *provider)
{
    for (size_t i = 0; i < kstore_count(r->store, "configmaps"); i++) {
        const cJSON *object = kstore_at(r->store, "configmaps", i);
        if (!derived_from(r->arena, DERIVED_AI_MAP, kube_name(object)) ||
            !kube_is_defined_here(object))
            continue;
        cJSON *route = read_route(r->arena, object);
        if (!json_find(json_get(route, "upstreams"), "provider", provider) &&
            !json_find(json_path(route, "fallbackConfig.upstreams"), "provider", provider))
            continue;
        if (!replace(r, route))
            return false;
    }
    return true;
}

const struct rest_route ai_route_rest[] = {
    { "GET", "/v1/ai/routes", ai_route_list, NULL, REST_PAGED },
    { "POST", "/v1/ai/routes", ai_route_create, ai_route_model },
    { "GET", "/v1/ai/routes/{name}", ai_route_get, .not_blank = "query.name" },
    { "PUT", "/v1/ai/routes/{name}", ai_route_update, ai_route_model, .not_blank = "put.name" },
    { "DELETE", "/v1/ai/routes/{name}", ai_route_erase, .not_blank = "delete.name" },
    { 0 },
};
