/* route.c - the routes' endpoints: checks in the console's order, then ingress.h does the work. */
#include "embedded/objects/route_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/selector_private.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"

static const char kind[] = "ingresses";

bool route_exists(struct rest_request *r, const char *name)
{
    return kstore_get(r->store, kind, name) != NULL;
}

static cJSON *route_shown(struct rest_request *r, const cJSON *ingress)
{
    cJSON *route = ingress_to_route(r->arena, ingress);
    json_set(r->arena, route, "authConfig", rules_read_auth(r, kube_name(ingress)));
    return route;
}

static bool is_of_console(const cJSON *ingress)
{
    const char *class = json_str(json_get(ingress, "spec"), "ingressClassName");
    return kube_is_defined_here(ingress) && (!class || strcmp(class, "higress") == 0);
}

/* A route's JSON before and behind the value of authConfig, which comes from elsewhere. It is kept
 * with the Ingress that it was made of, so that a list does not make it again, nor looks at that.
 */
struct text {
    const char *before, *behind, *name;
    size_t before_size, behind_size;
    bool of_console; /* made by a console: a list shows it that does not ask for others */
};

static const char hole[] = "\001"; /* JSON has no such character */

static struct text *make_text(struct arena *a, const cJSON *ingress)
{
    struct arena *scratch = arena_new();
    cJSON *route = ingress_to_route(scratch, ingress);
    json_set(scratch, route, "authConfig", json_raw(scratch, hole));
    char *whole = json_print(scratch, route), *at = strchr(whole, *hole);
    struct text *text = arena_make(a, struct text);
    text->before_size = (size_t)(at - whole);
    text->before = arena_strndup(a, whole, text->before_size);
    text->behind_size = strlen(at + 1);
    text->behind = arena_strndup(a, at + 1, text->behind_size);
    text->name = kube_name(ingress);
    text->of_console = is_of_console(ingress);
    arena_free(scratch);
    return text;
}

static const struct text *text_of(struct rest_request *r, size_t i)
{
    struct arena *a;
    void **memo = kstore_memo_at(r->store, kind, i, &a);
    if (!*memo)
        *memo = make_text(a, kstore_at(r->store, kind, i));
    return *memo;
}

/* Which Ingresses a list shows. */
struct selection {
    const char *label; /* NULL: any domain */
    bool all;          /* also those that the console did not make */
};

static bool is_selected(struct rest_request *r, const struct selection *s, size_t i)
{
    return (s->all || text_of(r, i)->of_console) &&
           (!s->label || kube_label(kstore_at(r->store, kind, i), s->label));
}

/* Indexes into the store's list. */
static size_t *select_routes(struct rest_request *r, const struct selection *s, int *count)
{
    size_t n = kstore_count(r->store, kind);
    size_t *found = arena_array(r->arena, size_t, n + 1);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (is_selected(r, s, i))
            found[(*count)++] = i;
    return found;
}

cJSON *route_list(struct rest_request *r, const char *domain)
{
    struct selection s = { .label = domain ? ingress_domain_label(r->arena, domain) : NULL };
    cJSON *out = json_array(r->arena);
    int n;
    const size_t *found = select_routes(r, &s, &n);
    for (int i = 0; i < n; i++)
        json_add(r->arena, out, route_shown(r, kstore_at(r->store, kind, found[i])));
    return out;
}

static void add_route(struct rest_request *r, struct rest_list *list, size_t i,
                      struct rules_index *auth)
{
    const struct text *text = text_of(r, i);
    struct buf *out = rest_list_next(list);
    buf_add(out, text->before, text->before_size);
    rules_write_indexed_auth(out, auth, text->name);
    buf_add(out, text->behind, text->behind_size);
}

static void give_routes(struct rest_request *r, const struct selection *s)
{
    struct rest_list list;
    int n;
    const size_t *found = select_routes(r, s, &n);
    if (!rest_list_begin(r, n, &list))
        return;
    struct rules_index *auth = rules_index_auth(r);
    for (int i = list.from; i < list.to; i++)
        add_route(r, &list, found[i], auth);
    rest_list_end(r, &list);
}

void route_give_list(struct rest_request *r, const char *domain)
{
    struct selection s = { .label = domain ? ingress_domain_label(r->arena, domain) : NULL };
    if (selector_check_domain(r, domain))
        give_routes(r, &s);
}

static void route_get_all(struct rest_request *r)
{
    const char *all = rest_query_first(r, "all"), *domain = rest_query(r, "domainName");
    struct selection s = { 0 };
    if (all)
        java_boolean(all, &s.all);
    if (domain && *domain)
        s.label = ingress_domain_label(r->arena, domain);
    if (s.label && s.all)
        rest_fail(r, X_VALIDATION,
                  "The query parameter 'all' is not supported when querying by domain.");
    else if (!s.label || selector_check_domain(r, domain))
        give_routes(r, &s);
}

static void route_get(struct rest_request *r)
{
    const cJSON *ingress = kstore_get(r->store, kind, rest_var(r, 0));
    rest_give(r, ingress ? route_shown(r, ingress) : NULL);
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
    if (ingress)
        kube_keep_unknown(r, kind, ingress);
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

static void route_update(struct rest_request *r)
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

static void delete_route(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (kube_is_internal(name)) {
        rest_fail(r, X_VALIDATION, "Deleting an internal route is not allowed.");
        return;
    }
    if (route_delete(r, name))
        rest_empty(r, 204);
}

/* The routes that a domain's change is carried to: those on it; for the one of all hosts those that
 * name no domain; without a name the console asks for all of them. */
static cJSON *followers(struct rest_request *r, const char *domain)
{
    bool of_all_hosts = domain && strcmp(domain, "higress-default-domain") == 0;
    cJSON *routes = route_list(r, of_all_hosts || !domain || !*domain ? NULL : domain);
    cJSON *route = routes->child, *next;
    for (; of_all_hosts && route; route = next) {
        next = route->next;
        if (json_count(json_get(route, "domains")) > 0)
            json_detach(routes, route);
    }
    return routes;
}

/* Their authentication does not change, so that is one write for all of them. */
bool route_follow_domain(struct rest_request *r, const char *domain)
{
    cJSON *routes = followers(r, domain);
    const cJSON *route;
    const char **written = arena_array(r->arena, const char *, json_count(routes) + 1);
    size_t n = 0;
    bool followed = true;
    cJSON_ArrayForEach(route, routes)
    {
        cJSON *bound = model_bind(r->arena, ingress_route_model, route);
        cJSON *ingress = bound ? ingress_from_route(r, bound) : NULL;
        if (ingress)
            kube_keep_unknown(r, kind, ingress);
        followed = ingress && kube_replace(r, kind, ingress);
        if (!followed)
            break;
        written[n++] = json_str(bound, "name");
    }
    return rules_keep_auth(r, written) && followed;
}

const struct rest_route route_rest[] = {
    { "GET", "/v1/routes", route_get_all, NULL, REST_PAGED, "all" },
    { "POST", "/v1/routes", create, ingress_route_model },
    { "GET", "/v1/routes/{name}", route_get, .not_blank = "query.routeName" },
    { "PUT", "/v1/routes/{name}", route_update, ingress_route_model,
      .not_blank = "update.routeName" },
    { "DELETE", "/v1/routes/{name}", delete_route, .not_blank = "delete.name" },
    { 0 },
};
