/* xds_predicate.c - annotations: reading them, and those that say which requests a rule takes. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include <ctype.h>

const char *xds_annotation(struct xds *x, const cJSON *ingress, const char *name)
{
    return annotation_value(x->a, ingress, name);
}

bool xds_annotation_true(struct xds *x, const cJSON *ingress, const char *name)
{
    return annotation_true(xds_annotation(x, ingress, name));
}

static bool has_name(const struct route_predicate *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

/* One name counts once: exact before prefix before regular expression. */
static size_t read_predicate_annotations(struct xds *x, const cJSON *ingress, const char *field,
                                         struct route_predicate **out)
{
    static const char *const ways[] = { "exact", "prefix", "safe_regex" };
    const cJSON *all = json_path(ingress, "metadata.annotations"), *one;
    struct route_predicate *list = arena_array(x->a, struct route_predicate, json_count(all) + 1);
    struct annotation_predicate is;
    size_t n = 0;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        cJSON_ArrayForEach(one, all)
        {
            struct annotation_name named = annotation_split(one->string);
            if (!cJSON_IsString(one) || named.under != READ_OWN || named.disabled ||
                !annotation_predicate(named.name, &is) || strcmp(is.field, field) != 0 ||
                strcmp(is.envoy, ways[w]) != 0 || !*is.key)
                continue;
            const char *name = arena_printf(x->a, "%s%s", is.pseudo ? ":" : "", is.key);
            if (!has_name(list, n, name))
                list[n++] = (struct route_predicate){ name, is.envoy, one->valuestring, NULL };
        }
    }
    route_sort_predicates(list, n);
    *out = list;
    return n;
}

void xds_predicates(struct xds *x, struct xds_rule *r)
{
    r->takes.methods = route_methods(x->a, xds_annotation(x, r->ingress, "match-method"));
    r->takes.header_count = read_predicate_annotations(x, r->ingress, "headers", &r->takes.headers);
    r->takes.query_count =
        read_predicate_annotations(x, r->ingress, "urlParams", &r->takes.queries);
}
