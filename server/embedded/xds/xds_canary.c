/* xds_canary.c - canaries: Ingresses that take a part of another one's requests.
 *
 * The first of header value, header pattern, cookie and weight that is there is all that is read.
 */
#include "base/arena.h"
#include "base/json.h"
#include "embedded/xds/xds_private.h"

/* The header by which a canary takes requests; its name is NULL: it has none. */
static struct route_predicate header_of(struct xds *x, const cJSON *ingress)
{
    const char *name = xds_annotation(x, ingress, "canary-by-header");
    const char *value = xds_annotation(x, ingress, "canary-by-header-value");
    const char *pattern = xds_annotation(x, ingress, "canary-by-header-pattern");
    const char *cookie = xds_annotation(x, ingress, "canary-by-cookie");
    if (name && value)
        return (struct route_predicate){ name, ROUTE_REGEX_VALUE,
                                         arena_printf(x->a, "always|%s", value) };
    if (name && pattern)
        return (struct route_predicate){ name, ROUTE_REGEX_VALUE,
                                         arena_printf(x->a, ".*%s.*", pattern) };
    if (name && !value)
        return (struct route_predicate){ name, ROUTE_EXACT_VALUE, "always" };
    if (cookie && !value)
        return (
            struct route_predicate){ "cookie", ROUTE_REGEX_VALUE,
                                     arena_printf(x->a, "^(.*?;\\s*)?(%s=always)(;.*)?$", cookie) };
    return (struct route_predicate){ 0 };
}

/* Services that the destination annotation names weigh 100 together; a plain one has a total. */
static long percent_of(struct xds *x, const struct xds_rule *base, const cJSON *ingress)
{
    long weight = 0, total = 100;
    if (xds_annotation(x, ingress, "canary-by-header-value") ||
        !annotation_int(xds_annotation(x, ingress, "canary-weight"), &weight))
        return 0;
    if (!xds_annotation(x, base->ingress, "destination"))
        annotation_int(xds_annotation(x, ingress, "canary-weight-total"), &total);
    total = total > 0 ? total : 100;
    if (weight >= 0 && weight <= total)
        return (long)((double)weight / (double)total * 100);
    xds_note(
        x, "ingress", xds_object_name(ingress),
        "its canary-weight %ld of %ld is no share of the requests: Envoy refuses every route of "
        "the gateway for it, and it is not rendered",
        weight, total);
    return 0;
}

void xds_canary(struct xds *x, struct xds_rule *r)
{
    if (!xds_annotation_true(x, r->ingress, "canary"))
        return;
    r->canary = header_of(x, r->ingress).name ? XDS_BY_HEADER : XDS_BY_WEIGHT;
}

/* By header it is a route of its own, with the path and the policies of the other, that header in
 * the place of the other's headers, and changes of headers of its own. */
static struct xds_rule *separate(struct xds *x, const struct xds_rule *base,
                                 const struct xds_rule *canary)
{
    struct xds_rule *r = arena_make(x->a, struct xds_rule);
    *r = *base;
    r->takes.name = canary->takes.name;
    r->ingress = r->headers_of = canary->ingress;
    r->destination = canary->destination;
    r->canaries = NULL;
    r->takes.headers = arena_make(x->a, struct route_predicate);
    *r->takes.headers = header_of(x, canary->ingress);
    r->takes.header_count = 1;
    return r;
}

void xds_canary_join(struct xds *x, struct xds_rule *base, struct xds_rule *canary)
{
    if (canary->canary == XDS_BY_HEADER) {
        base->before = separate(x, base, canary);
        return;
    }
    canary->weight = percent_of(x, base, canary->ingress);
    canary->next_canary = base->canaries;
    base->canaries = canary;
}
