/* xds_rule.c - Ingresses to rules: which requests, and in which order they are tried.
 *
 * The order itself is in rule/route_order.c. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include <ctype.h>

struct list {
    struct xds_rule **at;
    size_t n, room;
};

static const char *lower(struct arena *a, const char *s)
{
    char *copy = arena_strdup(a, s);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

static const char *route_name(struct xds *x, const cJSON *ingress)
{
    const char *name = xds_object_name(ingress);
    const char *space = json_str(json_get(ingress, "metadata"), "namespace");
    if (!space || strcmp(space, "higress-system") == 0)
        return name;
    return arena_printf(x->a, "%s/%s", space, name);
}

static bool is_regex(struct xds *x, const cJSON *ingress)
{
    return xds_annotation_true(x, ingress, "use-regex") ||
           xds_annotation_true(x, ingress, "full-path-regex");
}

static void read_path(struct xds *x, struct xds_rule *r, const cJSON *path)
{
    const char *type = json_str(path, "pathType");
    const char *written = json_str(path, "path");
    r->takes.written = r->takes.path = written && *written ? written : "/";
    r->takes.type = type && strcmp(type, "Exact") == 0 ? ROUTE_EQUAL : ROUTE_PREFIX;
    if (is_regex(x, r->ingress)) {
        bool whole = xds_annotation_true(x, r->ingress, "full-path-regex");
        r->takes.type = ROUTE_REGEX;
        r->takes.path = arena_printf(x->a, whole ? "%s" : "%s.*", r->takes.written);
        return;
    }
    size_t n = strlen(r->takes.written);
    if (r->takes.type == ROUTE_PREFIX && n > 1 && r->takes.written[n - 1] == '/')
        r->takes.path = arena_strndup(x->a, r->takes.written, n - 1);
}

/* Backends are services of the McpBridge (named by the destination annotation) or of Kubernetes. */
static const char *destination_of(struct xds *x, const struct xds_rule *r, const cJSON *backend)
{
    const cJSON *service = json_get(backend, "service");
    if (!service)
        return xds_annotation(x, r->ingress, "destination");

    const char *space = json_str(json_get(r->ingress, "metadata"), "namespace");
    double port = json_num(json_get(service, "port"), "number", 80);
    const char *name = json_str(service, "name");
    return arena_printf(x->a, "%s.%s.svc.cluster.local:%d", name ? name : "?",
                        space ? space : "higress-system", (int)port);
}

static void push(struct xds *x, struct list *l, struct xds_rule *r)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        struct xds_rule **wider = arena_array(x->a, struct xds_rule *, room);
        for (size_t i = 0; i < l->n; i++)
            wider[i] = l->at[i];
        l->at = wider;
        l->room = room;
    }
    l->at[l->n++] = r;
}

static void add_rule(struct xds *x, struct list *l, const cJSON *ingress, const char *host,
                     const cJSON *path)
{
    struct xds_rule *r = arena_make(x->a, struct xds_rule);
    const char *created = json_str(json_get(ingress, "metadata"), "creationTimestamp");
    r->ingress = ingress;
    r->takes.name = route_name(x, ingress);
    r->takes.host = lower(x->a, host && *host ? host : "*");
    r->takes.created = created ? created : "";
    read_path(x, r, path);
    r->destination = destination_of(x, r, json_get(path, "backend"));
    xds_predicates(x, r);
    push(x, l, r);
}

/* The default backend answers what no rule matches, under a name of its own. */
static void add_default(struct xds *x, struct list *l, const cJSON *ingress)
{
    const cJSON *backend = json_path(ingress, "spec.defaultBackend");
    if (!backend)
        return;
    cJSON *path = json_object(x->a);
    json_set_str(x->a, path, "path", "/");
    json_set(x->a, path, "backend", json_clone(x->a, backend));
    add_rule(x, l, ingress, "*", path);
    struct xds_rule *r = l->at[l->n - 1];
    r->takes.name = arena_printf(x->a, "%s-default", r->takes.name);
}

static bool is_ours(struct xds *x, const cJSON *ingress)
{
    const char *class = json_str(json_get(ingress, "spec"), "ingressClassName");
    if (!class || strcmp(class, "higress") == 0)
        return true;
    xds_note(x, "ingress", xds_object_name(ingress),
             "its ingressClassName is '%s', Higress serves the class 'higress'", class);
    return false;
}

static void read_ingress(struct xds *x, struct list *l, const cJSON *ingress)
{
    const cJSON *rule, *path;
    if (!is_ours(x, ingress))
        return;
    cJSON_ArrayForEach(rule, json_path(ingress, "spec.rules"))
    {
        const char *host = json_str(rule, "host");
        cJSON_ArrayForEach(path, json_path(rule, "http.paths")) add_rule(x, l, ingress, host, path);
    }
    add_default(x, l, ingress);
}

/* -- order ---------------------------------------------------------------------------------------
 */
static int compare_same(const void *v, const void *w)
{
    const struct xds_rule *p = *(struct xds_rule *const *)v, *q = *(struct xds_rule *const *)w;
    return route_order_same(&p->takes, &q->takes);
}

static int compare_order(const void *v, const void *w)
{
    const struct xds_rule *p = *(struct xds_rule *const *)v, *q = *(struct xds_rule *const *)w;
    return route_order(&p->takes, &q->takes);
}

static size_t drop_duplicates(struct xds *x, struct list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct xds_rule *r = l->at[i], *first = kept ? l->at[kept - 1] : NULL;
        if (first && route_is_same(&first->takes, &r->takes))
            xds_note(x, "ingress", xds_object_name(r->ingress),
                     "never matches: '%s' was created earlier with the same host, path and "
                     "predicates, and Higress serves only the first",
                     xds_object_name(first->ingress));
        else
            l->at[kept++] = r;
    }
    return kept;
}

struct xds_rule **xds_rules(struct xds *x, size_t *n)
{
    struct list l = { 0 };
    const cJSON *ingress;
    cJSON_ArrayForEach(ingress, x->in->ingresses) read_ingress(x, &l, ingress);
    *n = 0;
    if (!l.n)
        return NULL;
    qsort(l.at, l.n, sizeof(void *), compare_same);
    *n = drop_duplicates(x, &l);
    qsort(l.at, *n, sizeof(void *), compare_order);
    return l.at;
}
