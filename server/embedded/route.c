/* route.c - the routes' endpoints: checks in the console's order, then ingress.h does the work. */
#include "embedded/route.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/ingress.h"
#include "embedded/kstore.h"
#include "embedded/kube.h"
#include "embedded/model.h"
#include "embedded/rules.h"

static const char kind[] = "ingresses";

bool route_exists(struct rest_request *r, const char *name)
{
    return kstore_get(r->store, kind, name) != NULL;
}

static cJSON *shown(struct rest_request *r, const cJSON *ingress)
{
    cJSON *route = ingress_to_route(r->arena, ingress);
    json_set(r->arena, route, "authConfig", rules_read_auth(r, kube_name(ingress)));
    return route;
}

/* all: also those that the console did not make. */
static cJSON *list(struct rest_request *r, const char *domain, bool all)
{
    cJSON *out = json_array(r->arena);
    const char *label = domain ? ingress_domain_label(r->arena, domain) : NULL;
    const struct rules_index *auth = rules_index_auth(r);
    size_t n = kstore_count(r->store, kind);
    for (size_t i = 0; i < n; i++) {
        const cJSON *ingress = kstore_at(r->store, kind, i);
        const char *class = json_str(json_get(ingress, "spec"), "ingressClassName");
        if (!all && !kube_is_defined_here(ingress))
            continue;
        if (!all && class && strcmp(class, "higress") != 0)
            continue;
        if (label && !kube_label(ingress, label))
            continue;
        cJSON *route = json_add(r->arena, out, ingress_to_route(r->arena, ingress));
        json_set(r->arena, route, "authConfig",
                 rules_indexed_auth(r->arena, auth, kube_name(ingress)));
    }
    return out;
}

cJSON *route_list(struct rest_request *r, const char *domain)
{
    return list(r, domain, false);
}

static void get_all(struct rest_request *r)
{
    const char *all = rest_query(r, "all"), *domain = rest_query(r, "domainName");
    bool everything = all && text_equal_nocase(all, "true");
    if (domain && !*domain)
        domain = NULL;
    if (domain && everything)
        rest_fail(r, X_VALIDATION,
                  "The query parameter 'all' is not supported when querying by domain.");
    else
        rest_page(r, list(r, domain, everything));
}

static void get(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (name[strspn(name, " \t")] == '\0') {
        rest_fail(r, X_CONSTRAINT, "query.routeName: must not be blank");
        return;
    }
    const cJSON *ingress = kstore_get(r->store, kind, name);
    rest_give(r, ingress ? shown(r, ingress) : NULL);
}

const cJSON *route_create(struct rest_request *r, const cJSON *route)
{
    cJSON *ingress = ingress_from_route(r, route);
    const cJSON *stored = ingress ? kube_create(r, kind, ingress) : NULL;
    if (!stored || !rules_write_auth(r, kube_name(stored), json_get(route, "authConfig")))
        return NULL;
    return stored;
}

const cJSON *route_replace(struct rest_request *r, const cJSON *route)
{
    cJSON *ingress = ingress_from_route(r, route);
    const cJSON *stored = ingress ? kube_replace(r, kind, ingress) : NULL;
    if (!stored || !rules_write_auth(r, kube_name(stored), json_get(route, "authConfig")))
        return NULL;
    return stored;
}

static void create(struct rest_request *r)
{
    const char *name = json_str(r->body, "name");
    if (!name || !*name) {
        rest_fail(r, X_VALIDATION, "Route name is required.");
        return;
    }
    if (kube_is_internal(name)) {
        rest_fail(r, X_VALIDATION, "Adding an internal route is not allowed.");
        return;
    }
    if (!ingress_check_route(r, r->body))
        return;
    const cJSON *stored = route_create(r, r->body);
    if (stored)
        rest_give(r, ingress_to_route(r->arena, stored));
}

static void update(struct rest_request *r)
{
    const char *name = json_str(r->body, "name"), *wanted = rest_var(r, 0);
    if (!name || !*name) {
        json_set_str(r->arena, r->body, "name", wanted);
    } else if (strcmp(name, wanted) != 0) {
        rest_fail(r, X_VALIDATION, "Route name in the URL doesn't match the one in the body.");
        return;
    }
    if (kube_is_internal(wanted)) {
        rest_fail(r, X_VALIDATION, "Updating an internal route is not allowed.");
        return;
    }
    if (!ingress_check_route(r, r->body))
        return;
    const cJSON *stored = route_replace(r, r->body);
    if (stored)
        rest_give(r, ingress_to_route(r->arena, stored));
}

bool route_delete(struct rest_request *r, const char *name)
{
    struct rules_target target = { .ingress = name };
    return kube_delete(r, kind, name) && rules_drop_everywhere(r, &target);
}

static void delete (struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (kube_is_internal(name)) {
        rest_fail(r, X_VALIDATION, "Deleting an internal route is not allowed.");
        return;
    }
    if (route_delete(r, name))
        rest_empty(r, 204);
}

bool route_follow_domain(struct rest_request *r, const char *domain)
{
    const cJSON *route;
    cJSON_ArrayForEach(route, route_list(r, domain))
    {
        cJSON *bound = model_bind(r->arena, ingress_route_model, route);
        if (!bound || !route_replace(r, bound))
            return false;
    }
    return true;
}

const struct rest_route route_rest[] = {
    { "GET", "/v1/routes", get_all, NULL, REST_PAGED },
    { "POST", "/v1/routes", create, ingress_route_model },
    { "GET", "/v1/routes/{name}", get },
    { "PUT", "/v1/routes/{name}", update, ingress_route_model },
    { "DELETE", "/v1/routes/{name}", delete },
    { 0 },
};
