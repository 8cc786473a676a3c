/* ingress.c - the shapes of a route, its validation, and which annotations are the console's. */
#include "embedded/objects/ingress_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/kstore/kube.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"
#include "kind/annotation.h"

const struct model_field ingress_predicate_model[] = {
    { "matchType", M_STR }, { "matchValue", M_STR }, { "caseSensitive", M_BOOL }, { 0 }
};
const struct model_field ingress_keyed_model[] = { { "matchType", M_STR },
                                                   { "matchValue", M_STR },
                                                   { "caseSensitive", M_BOOL },
                                                   { "key", M_STR },
                                                   { 0 } };
const struct model_field ingress_upstream_model[] = {
    { "name", M_STR }, { "port", M_INT }, { "version", M_STR }, { "weight", M_INT }, { 0 }
};
const struct model_field ingress_rewrite_model[] = {
    { "enabled", M_BOOL }, { "path", M_STR }, { "host", M_STR }, { 0 }
};
const struct model_field ingress_retry_model[] = { { "enabled", M_BOOL },
                                                   { "attempts", M_INT },
                                                   { "timeout", M_INT },
                                                   { "conditions", M_LIST, model_a_string },
                                                   { 0 } };
const struct model_field ingress_cors_model[] = { { "enabled", M_BOOL },
                                                  { "allowOrigins", M_LIST, model_a_string },
                                                  { "allowMethods", M_LIST, model_a_string },
                                                  { "allowHeaders", M_LIST, model_a_string },
                                                  { "exposeHeaders", M_LIST, model_a_string },
                                                  { "maxAge", M_INT },
                                                  { "allowCredentials", M_BOOL },
                                                  { 0 } };
const struct model_field ingress_header_model[] = { { "key", M_STR }, { "value", M_STR }, { 0 } };
static const struct model_field a_header[] = { { "", M_OBJ, ingress_header_model }, { 0 } };
const struct model_field ingress_stage_model[] = { { "add", M_LIST, a_header },
                                                   { "set", M_LIST, a_header },
                                                   { "remove", M_LIST, model_a_string },
                                                   { 0 } };
const struct model_field ingress_headers_model[] = { { "enabled", M_BOOL },
                                                     { "request", M_OBJ, ingress_stage_model },
                                                     { "response", M_OBJ, ingress_stage_model },
                                                     { 0 } };
const struct model_field ingress_auth_model[] = { { "enabled", M_BOOL },
                                                  { "allowedCredentialTypes", M_LIST,
                                                    model_a_string },
                                                  { "allowedConsumers", M_LIST, model_a_string },
                                                  { 0 } };
static const struct model_field a_keyed[] = { { "", M_OBJ, ingress_keyed_model }, { 0 } };
static const struct model_field an_upstream[] = { { "", M_OBJ, ingress_upstream_model }, { 0 } };
/* Accepted and forgotten: their inner shape is all that is checked. */
static const struct model_field mock_model[] = {
    { "enabled", M_BOOL }, { "status", M_INT }, { "content", M_STR }, { 0 }
};
static const struct model_field redirect_model[] = {
    { "enabled", M_BOOL }, { "status", M_INT }, { "url", M_STR }, { 0 }
};
static const struct model_field limit_model[] = { { "enabled", M_BOOL }, { "qps", M_INT }, { 0 } };
const struct model_field ingress_route_model[] = {
    { "name", M_STR },
    { "version", M_STR },
    { "domains", M_LIST, model_a_string },
    { "path", M_OBJ, ingress_predicate_model },
    { "methods", M_LIST, model_a_string },
    { "headers", M_LIST, a_keyed },
    { "urlParams", M_LIST, a_keyed },
    { "services", M_LIST, an_upstream },
    { "mock", M_OBJ, mock_model },
    { "redirect", M_OBJ, redirect_model },
    { "rateLimit", M_OBJ, limit_model },
    { "rewrite", M_OBJ, ingress_rewrite_model },
    { "timeout", M_STR },
    { "proxyNextUpstream", M_OBJ, ingress_retry_model },
    { "cors", M_OBJ, ingress_cors_model },
    { "headerControl", M_OBJ, ingress_headers_model },
    { "authConfig", M_OBJ, ingress_auth_model },
    { "customConfigs", M_MAP, model_a_string },
    { "customLabels", M_MAP, model_a_string },
    { "readonly", M_BOOL },
    { 0 },
};

bool ingress_check_predicate(struct rest_request *r, const cJSON *predicate)
{
    const char *type = json_str(predicate, "matchType");
    if (!type)
        return rest_fail(r, X_VALIDATION, "matchType is required");
    if (!text_equal_nocase(type, "EQUAL") && !text_equal_nocase(type, "PRE") &&
        !text_equal_nocase(type, "REGULAR"))
        return rest_fail(r, X_VALIDATION, "Unknown matchType: %s", type);
    if (!json_str(predicate, "matchValue"))
        return rest_fail(r, X_VALIDATION, "matchValue is required");
    return true;
}

static bool is_printable_or_null(const char *s)
{
    for (; s && *s; s++)
        if (*s < 32 || *s > 126)
            return false;
    return true;
}

bool ingress_check_keyed(struct rest_request *r, const cJSON *predicates, const char *what)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, predicates)
    {
        const char *key = json_str(p, "key"), *value = json_str(p, "matchValue");
        if (cJSON_IsNull(p) && !what)
            return rest_fail(r, X_NULL_POINTER, NULL);
        if (cJSON_IsNull(p))
            return rest_fail(r, X_NULL_POINTER,
                             "Cannot invoke \"com.alibaba.higress.sdk.model.route."
                             "KeyedRoutePredicate.validate(String)\" because \"%c\" is null",
                             *what);
        if (!ingress_check_predicate(r, p))
            return false;
        if (!is_printable_or_null(key) || !is_printable_or_null(value))
            return rest_fail(r, X_VALIDATION,
                             "Route %s%spredicate contains non-ASCII characters: key=%s, "
                             "matchValue=%s",
                             what ? what : "", what ? " " : "", key ? key : "null", value);
    }
    return true;
}

static bool has_null(const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (cJSON_IsNull(item)) return true;
    return false;
}

bool ingress_check_route(struct rest_request *r, const cJSON *route)
{
    const cJSON *path = json_get(route, "path");
    if (check_blank(json_str(route, "name")))
        return rest_fail(r, X_VALIDATION, "name cannot be blank.");
    if (json_count(json_get(route, "services")) == 0)
        return rest_fail(r, X_VALIDATION, "services cannot be empty.");
    if (has_null(json_get(route, "services")))
        return rest_fail(r, X_NULL_POINTER, NULL);
    if (cJSON_IsObject(path) && !ingress_check_predicate(r, path))
        return false;
    return ingress_check_keyed(r, json_get(route, "headers"), "header") &&
           ingress_check_keyed(r, json_get(route, "urlParams"), "query");
}

static const struct {
    const char *type, *word;
} match_words[] = { { "EQUAL", "exact" }, { "PRE", "prefix" }, { "REGULAR", "regex" } };

const char *ingress_match_word(const char *type)
{
    for (size_t i = 0; i < sizeof match_words / sizeof *match_words; i++)
        if (strcmp(type, match_words[i].type) == 0)
            return match_words[i].word;
    return NULL;
}

const char *ingress_match_type(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof match_words / sizeof *match_words; i++)
        if (strlen(match_words[i].word) == len && memcmp(word, match_words[i].word, len) == 0)
            return match_words[i].type;
    return NULL;
}

bool ingress_is_custom(const char *annotation)
{
    return annotation_split(annotation).under != READ_OWN || !annotation_is_made(annotation);
}

bool ingress_may_set(const char *annotation)
{
    bool of_nginx = text_starts(annotation, "nginx.ingress.kubernetes.io/");
    return ingress_is_custom(annotation) && !(of_nginx && annotation_is_made(annotation));
}

char *ingress_domain_label(struct arena *a, const char *domain)
{
    if (!domain)
        domain = "higress-default-domain";
    bool wild = *domain == '*';
    return arena_printf(a, "higress.io/domain_%s%s", wild ? "wildcard" : "", domain + wild);
}
