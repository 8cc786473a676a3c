/* xds_rule.c - Ingresses to rules: which requests, and in which order they are tried.
 *
 * The order itself is in rule/route_order.c. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/ingress.h"

struct list {
    struct xds_rule **at;
    size_t n, room;
};

static const char *ingress_route_name(struct xds *x, const cJSON *ingress)
{
    const char *name = xds_object_name(ingress);
    const char *space = json_str(json_get(ingress, "metadata"), "namespace");
    if (!space || strcmp(space, "higress-system") == 0)
        return name;
    return arena_printf(x->a, "%s/%s", space, name);
}

static void read_rule_path(struct xds *x, struct xds_rule *r, const cJSON *path)
{
    const char *type = json_str(path, "pathType");
    const char *written = json_str(path, "path");
    r->takes.written = r->takes.path = written && *written ? written : "/";
    r->takes.type = type && strcmp(type, "Exact") == 0 ? ROUTE_EQUAL : ROUTE_PREFIX;
    if (ingress_is_regex(x->a, r->policies, r->takes.written)) {
        bool whole = xds_annotation_true(x, r->policies, "full-path-regex");
        r->takes.type = ROUTE_REGEX;
        r->takes.path = arena_printf(x->a, whole ? "%s$" : "%s.*", r->takes.written);
        return;
    }
    if (!type)
        r->takes.written = r->takes.path = ingress_plain_path(x->a, r->takes.written);
    size_t n = strlen(r->takes.written);
    if (r->takes.type == ROUTE_PREFIX && n > 1 && r->takes.written[n - 1] == '/')
        r->takes.path = arena_strndup(x->a, r->takes.written, n - 1);
}

/* A port by its name, as the Service of the folder has it; 0: nothing says. */
static int named_port(struct xds *x, const char *space, const char *service, const char *port)
{
    const cJSON *one, *p;
    cJSON_ArrayForEach(one, x->in->services)
    {
        const char *in = json_str(json_get(one, "metadata"), "namespace");
        if (strcmp(xds_object_name(one), service) != 0 || !in || strcmp(in, space) != 0)
            continue;
        cJSON_ArrayForEach(p, json_path(one, "spec.ports"))
        {
            const char *name = json_str(p, "name");
            if (name && strcmp(name, port) == 0)
                return (int)json_num(p, "port", 0);
        }
    }
    return 0;
}

/* Backends are services of the McpBridge (named by the destination annotation) or of Kubernetes. */
static const char *destination_of(struct xds *x, const struct xds_rule *r, const cJSON *backend)
{
    const cJSON *service = json_get(backend, "service");
    if (!service)
        return xds_annotation(x, r->ingress, "destination");

    const char *space = json_str(json_get(r->ingress, "metadata"), "namespace");
    const char *name = json_str(service, "name"),
               *named = json_str(json_get(service, "port"), "name");
    int port = (int)json_num(json_get(service, "port"), "number", 80);
    space = space ? space : "higress-system";
    name = name ? name : "?";
    if (named)
        port = named_port(x, space, name, named);
    if (port)
        return arena_printf(x->a, "%s.%s.svc.cluster.local:%d", name, space, port);
    xds_note(x, "ingress", xds_object_name(r->ingress),
             "no Service of the folder tells the port '%s' of %s", named, name);
    return NULL;
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

static struct xds_rule *new_rule(struct xds *x, const cJSON *ingress, const char *host,
                                 const cJSON *policies)
{
    struct xds_rule *r = arena_make(x->a, struct xds_rule);
    const char *created = json_str(json_get(ingress, "metadata"), "creationTimestamp");
    r->ingress = ingress;
    r->policies = r->headers_of = policies;
    r->takes.name = ingress_route_name(x, ingress);
    host = host && *host ? host : "*";
    r->takes.host = text_lower(x->a, host, strlen(host));
    r->takes.created = created ? created : "";
    return r;
}

static void add_xds_rule(struct xds *x, struct list *l, const cJSON *ingress, const char *host,
                         const cJSON *path)
{
    struct xds_rule *r = new_rule(x, ingress, host, ingress);
    read_rule_path(x, r, path);
    r->destination = destination_of(x, r, json_get(path, "backend"));
    xds_predicates(x, r);
    xds_canary(x, r);
    push(x, l, r);
}

static bool catches_host(const cJSON *rule)
{
    const cJSON *path;
    cJSON_ArrayForEach(path, json_path(rule, "http.paths"))
    {
        const char *text = json_str(path, "path"), *type = json_str(path, "pathType");
        if ((!text || !*text || !strcmp(text, "/")) && !(type && !strcmp(type, "Exact")))
            return true;
    }
    return false;
}

/* It answers what no rule matches, under a name of its own; no annotation acts on it. */
static void add_default(struct xds *x, struct list *l, const cJSON *ingress, const char *host)
{
    struct xds_rule *r = new_rule(x, ingress, host, json_object(x->a));
    cJSON *path = json_object(x->a);
    json_set_str(x->a, path, "path", "/");
    read_rule_path(x, r, path);
    r->destination = destination_of(x, r, json_path(ingress, "spec.defaultBackend"));
    r->takes.name = arena_printf(x->a, "%s-default", r->takes.name);
    push(x, l, r);
}

static void add_app_root_rule(struct xds *x, struct list *l, const cJSON *ingress, const char *host)
{
    const char *root = xds_annotation(x, ingress, "app-root");
    if (!root || *root != '/')
        return;
    struct xds_rule *r = new_rule(x, ingress, host, json_object(x->a));
    r->takes.type = ROUTE_EQUAL;
    r->takes.written = r->takes.path = "/";
    r->app_root = arena_strndup(x->a, root, strcspn(root, "?#"));
    r->takes.name = arena_printf(x->a, "%s-app-root", r->takes.host);
    push(x, l, r);
}

static bool is_our_ingress(struct xds *x, const cJSON *ingress)
{
    const char *class =
        json_str(json_path(ingress, "metadata.annotations"), "kubernetes.io/ingress.class");
    class = class ? class : json_str(json_get(ingress, "spec"), "ingressClassName");
    if (!class || strcmp(class, "higress") == 0)
        return true;
    xds_note(x, "ingress", xds_object_name(ingress),
             "its ingressClassName is '%s', Higress serves the class 'higress'", class);
    return false;
}

static void read_ingress_rules(struct xds *x, struct list *l, const cJSON *ingress)
{
    const cJSON *rule, *path;
    const cJSON *fallback = json_path(ingress, "spec.defaultBackend");
    if (!is_our_ingress(x, ingress))
        return;
    cJSON_ArrayForEach(rule, json_path(ingress, "spec.rules"))
    {
        const char *host = json_str(rule, "host");
        add_app_root_rule(x, l, ingress, host);
        cJSON_ArrayForEach(path, json_path(rule, "http.paths"))
            add_xds_rule(x, l, ingress, host, path);
        if (fallback && host && *host && !catches_host(rule))
            add_default(x, l, ingress, host);
    }
    if (fallback)
        add_default(x, l, ingress, "*");
}

/* -- order ---------------------------------------------------------------------------------------
 */
static int compare_rules_by_match(const void *v, const void *w)
{
    const struct xds_rule *p = *(struct xds_rule *const *)v, *q = *(struct xds_rule *const *)w;
    return route_order_same(&p->takes, &q->takes);
}

static int compare_rules_by_order(const void *v, const void *w)
{
    const struct xds_rule *p = *(struct xds_rule *const *)v, *q = *(struct xds_rule *const *)w;
    return route_order(&p->takes, &q->takes);
}

static size_t drop_duplicates(struct xds *x, struct list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct xds_rule *r = l->at[i], *first = kept ? l->at[kept - 1] : NULL;
        bool same = first && route_is_same(&first->takes, &r->takes);
        if (same && strcmp(xds_object_name(first->ingress), xds_object_name(r->ingress)) != 0)
            xds_note(x, "ingress", xds_object_name(r->ingress),
                     "never matches: '%s' was created earlier with the same host, path and "
                     "predicates, and Higress serves only the first",
                     xds_object_name(first->ingress));
        else if (!same)
            l->at[kept++] = r;
    }
    return kept;
}

/* -- canaries and roots --------------------------------------------------------------------------
 */
/* Rules that other rules make room for: taken out of the list. */
static void split_off(struct xds *x, struct list *l, struct list *canaries, struct list *roots)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct xds_rule *r = l->at[i];
        if (r->app_root)
            push(x, roots, r);
        else if (r->canary != XDS_NO_CANARY)
            push(x, canaries, r);
        else
            l->at[kept++] = r;
    }
    l->n = kept;
}

/* The rule whose requests a canary takes a part of; rules: in the order of compare_same. */
static struct xds_rule *base_of(struct xds_rule **rules, size_t n, const struct xds_rule *canary)
{
    struct route_rule key = canary->takes;
    size_t low = 0, high = n;
    key.created = key.name = ""; /* before each that takes the same */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (route_order_same(&rules[middle]->takes, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && route_is_same(&rules[low]->takes, &canary->takes) ? rules[low] : NULL;
}

static void join_canaries(struct xds *x, struct xds_rule **rules, size_t n, struct list *canaries)
{
    for (size_t i = 0; i < canaries->n; i++) {
        struct xds_rule *base = base_of(rules, n, canaries->at[i]);
        if (base)
            xds_canary_join(x, base, canaries->at[i]);
        else
            xds_note(x, "ingress", xds_object_name(canaries->at[i]->ingress),
                     "it is a canary, and no other Ingress has its host, path and predicates: it "
                     "does nothing");
    }
}

/* The root of a host stands before all else; the youngest of several wins. Both lists go by host:
 * *at is where the next host's roots are. */
static struct xds_rule *newest_root_of(const struct list *roots, size_t *at, const char *host)
{
    struct xds_rule *root = NULL;
    while (*at < roots->n && strcmp(roots->at[*at]->takes.host, host) < 0)
        ++*at;
    while (*at < roots->n && strcmp(roots->at[*at]->takes.host, host) == 0)
        root = roots->at[(*at)++];
    return root;
}

/* Canaries by header stand right before the rule whose requests they take. */
static struct xds_rule **with_all(struct xds *x, struct xds_rule **rules, size_t *n,
                                  const struct list *roots)
{
    struct xds_rule **all = arena_array(x->a, struct xds_rule *, 3 * *n + 1);
    const char *host = "";
    size_t count = 0, at = 0;
    for (size_t i = 0; i < *n; i++) {
        bool next = strcmp(host, rules[i]->takes.host) != 0;
        struct xds_rule *root = next ? newest_root_of(roots, &at, rules[i]->takes.host) : NULL;
        host = rules[i]->takes.host;
        if (root)
            all[count++] = root;
        if (rules[i]->before)
            all[count++] = rules[i]->before;
        all[count++] = rules[i];
    }
    *n = count;
    return all;
}

struct xds_rule **xds_rules(struct xds *x, size_t *n)
{
    struct list l = { 0 }, canaries = { 0 }, roots = { 0 };
    const cJSON *ingress;
    cJSON_ArrayForEach(ingress, x->in->ingresses) read_ingress_rules(x, &l, ingress);
    split_off(x, &l, &canaries, &roots);
    *n = 0;
    if (!l.n)
        return NULL;
    qsort(l.at, l.n, sizeof(void *), compare_rules_by_match);
    if (roots.n)
        qsort(roots.at, roots.n, sizeof(void *), compare_rules_by_match);
    *n = drop_duplicates(x, &l);
    join_canaries(x, l.at, *n, &canaries);
    qsort(l.at, *n, sizeof(void *), compare_rules_by_order);
    return with_all(x, l.at, n, &roots);
}
