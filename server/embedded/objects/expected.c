/* expected.c - routes of the console as Ingresses, and these as what Envoy gets. */
#include "embedded/objects/expected.h"
#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/rest/rest.h"

struct expected {
    struct arena *a;
    cJSON *ingresses;
};

struct expected *expected_new(struct arena *a)
{
    struct expected *x = arena_make(a, struct expected);
    x->a = a;
    x->ingresses = json_array(a);
    return x;
}

bool expected_add_route(struct expected *x, const cJSON *route, bool force_https)
{
    static const struct embedded_call no_call = { .method = "PUT", .target = "/v1/routes" };
    struct rest_request r = {
        .arena = arena_new(),
        .call = &no_call,
        .method = no_call.method,
        .path = no_call.target,
        .lookup = no_call.target,
    };
    cJSON *ingress =
        ingress_check_route(&r, route) ? ingress_without_domains(&r, route, force_https) : NULL;
    if (ingress)
        json_add(x->a, x->ingresses, json_clone(x->a, ingress));
    arena_free(r.arena);
    return ingress != NULL;
}

void expected_each(struct expected *x, void (*tell)(void *arg, const struct xds_told *told),
                   void *arg)
{
    xds_each_rule(x->a, x->ingresses, tell, arg);
}
