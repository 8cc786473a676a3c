/* explain_table.c - domains and routes of the console, read into rules and sorted. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include "kind/annotation.h"
#include "rule/route_read.h"
#include <stdlib.h>
#include <string.h>

/* Stands for the routes that have no domain. */
static const char default_domain[] = "higress-default-domain";

struct explain *explain_new(struct arena *a)
{
    struct explain *x = arena_make(a, struct explain);
    x->a = a;
    return x;
}

/* -- annotations ---------------------------------------------------------------------------------
 */
const char *explain_own_annotation(const cJSON *route, const char *key)
{
    char name[128];
    snprintf(name, sizeof name, "higress.io/%s", key);
    const char *value = json_str(json_get(route, "customConfigs"), name);
    return value && *value ? value : NULL;
}

const char *explain_annotation(const cJSON *route, const char *key)
{
    const cJSON *taken = annotation_among(json_get(route, "customConfigs"), key);
    return taken ? taken->valuestring : NULL;
}

bool explain_annotation_true(const cJSON *route, const char *key)
{
    return annotation_true(explain_annotation(route, key));
}

/* -- domains -------------------------------------------------------------------------------------
 */
void explain_add_domain(struct explain *x, const cJSON *domain)
{
    const char *name = json_str(domain, "name");
    const char *mode = json_str(domain, "enableHttps");
    const char *certificate = json_str(domain, "certIdentifier");
    bool https = mode && strcmp(mode, "off") != 0 && certificate && *certificate;
    if (!name)
        return;
    x->domains = arena_grow(x->a, x->domains, x->domain_count, &x->domain_room, sizeof *x->domains);
    x->domains[x->domain_count++] = (struct explain_domain){
        .name = strcmp(name, default_domain) == 0 ? "*" : arena_strdup(x->a, name),
        .https = https,
        .force = https && strcmp(mode, "force") == 0,
    };
}

const struct explain_domain *explain_domain_of(const struct explain *x, const char *virtual_host)
{
    for (int i = 0; i < x->domain_count; i++)
        if (text_equal_nocase(x->domains[i].name, virtual_host))
            return &x->domains[i];
    return NULL;
}

/* -- a route as rules ----------------------------------------------------------------------------
 */
static void add_rule_for_host(struct explain *x, const struct explain_rule *shape, const char *host)
{
    struct explain_rule *r = arena_make(x->a, struct explain_rule);
    *r = *shape;
    r->takes.host = text_lower(x->a, host, strlen(host));
    x->rules = arena_grow(x->a, x->rules, x->count, &x->room, sizeof *x->rules);
    x->rules[x->count++] = r;
}

/* -- canaries ------------------------------------------------------------------------------------
 */
static void set_canary_header(struct arena *a, struct route_rule *r, const char *name,
                              const char *how, const char *value)
{
    r->headers = arena_make(a, struct route_predicate);
    r->headers[0] = (struct route_predicate){ arena_strdup(a, name), how, value, NULL };
    r->header_count = 1;
}

/* What a canary asks of a request, instead of its base's headers. False: it goes by weight. */
static bool read_canary_header(struct arena *a, const cJSON *route, struct route_rule *r)
{
    const char *name = explain_annotation(route, "canary-by-header");
    const char *value = explain_annotation(route, "canary-by-header-value");
    const char *pattern = explain_annotation(route, "canary-by-header-pattern");
    const char *cookie = explain_annotation(route, "canary-by-cookie");

    if (name && value)
        set_canary_header(a, r, name, ROUTE_REGEX_VALUE, arena_printf(a, "always|%s", value));
    else if (name && pattern)
        set_canary_header(a, r, name, ROUTE_REGEX_VALUE, arena_printf(a, ".*%s.*", pattern));
    else if (name)
        set_canary_header(a, r, name, ROUTE_EXACT_VALUE, "always");
    else if (cookie && !value)
        set_canary_header(a, r, "cookie", ROUTE_REGEX_VALUE,
                          arena_printf(a, "^(.*?;\\s*)?(%s=always)(;.*)?$", cookie));
    return name || (cookie && !value);
}

static void read_canary(struct arena *a, const cJSON *route, struct explain_rule *r)
{
    struct route_rule ignored = { 0 };
    if (!explain_annotation_true(route, "canary"))
        return;
    r->canary = read_canary_header(a, route, &ignored) ? CANARY_BY_REQUEST : CANARY_BY_WEIGHT;
    r->asks = ignored.headers;
    r->weight_total = 100;
    r->services = json_clone(a, json_get(route, "services"));
    if (r->canary == CANARY_BY_WEIGHT && !explain_annotation(route, "canary-by-header-value") &&
        !annotation_int(explain_annotation(route, "canary-weight"), &r->weight))
        r->weight = 0;
    if (!annotation_int(explain_annotation(route, "canary-weight-total"), &r->weight_total) ||
        r->weight_total <= 0)
        r->weight_total = 100;
}

void explain_add_route(struct explain *x, const cJSON *route)
{
    struct explain_rule shape = { 0 };
    const cJSON *domains = json_get(route, "domains"), *d;

    route_read(x->a, route, &shape.takes);
    shape.app_root = arena_strdup(x->a, explain_annotation(route, "app-root"));
    x->has_app_root = x->has_app_root || shape.app_root;
    read_canary(x->a, route, &shape);
    cJSON_ArrayForEach(d, domains)
    {
        if (cJSON_IsString(d))
            add_rule_for_host(x, &shape, d->valuestring);
    }
    if (json_count(domains) == 0)
        add_rule_for_host(x, &shape, "*");
}

/* -- order ---------------------------------------------------------------------------------------
 */
static int compare_same_requests(const void *v, const void *w)
{
    const struct explain_rule *p = *(struct explain_rule *const *)v;
    const struct explain_rule *q = *(struct explain_rule *const *)w;
    int order = route_is_same(&p->takes, &q->takes) ? (p->canary > 0) - (q->canary > 0) : 0;
    return order ? order : route_order_same(&p->takes, &q->takes);
}

/* A canary that replaces headers stands right before its base. */
static int compare_envoy_order(const void *v, const void *w)
{
    const struct explain_rule *p = *(struct explain_rule *const *)v;
    const struct explain_rule *q = *(struct explain_rule *const *)w;
    const struct route_rule *of_p = p->base ? &p->base->takes : &p->takes;
    const struct route_rule *of_q = q->base ? &q->base->takes : &q->takes;
    int order = route_order(of_p, of_q);
    order = order ? order : !p->base - !q->base;
    return order ? order : route_order(&p->takes, &q->takes);
}

/* A canary joins the rule that takes the same requests. Does it stay a rule of its own? */
static bool attach_canary(struct explain *x, struct explain_rule *base, struct explain_rule *r)
{
    x->lost_canaries += !base;
    if (!base || r->canary == CANARY_BY_REQUEST) {
        r->base = base;
        return base != NULL;
    }
    r->next = base->weighted;
    base->weighted = r;
    return false;
}

/* Of rules that take the same requests the first is alive, unless all are canaries. */
static int keep_live_rules(struct explain *x)
{
    struct explain_rule *first = NULL;
    int kept = 0;
    for (int i = 0; i < x->count; i++) {
        struct explain_rule *r = x->rules[i];
        bool same = first && route_is_same(&first->takes, &r->takes);
        if (!same)
            first = r;
        bool alive = !same;
        if (r->canary)
            alive = attach_canary(x, first->canary ? NULL : first, r);
        else if (same && !first->same)
            first->same = r->takes.name;
        if (alive)
            x->rules[kept++] = r;
    }
    return kept;
}

void explain_sort(struct explain *x)
{
    if (x->count == 0)
        return;
    qsort(x->rules, (size_t)x->count, sizeof(void *), compare_same_requests);
    x->count = keep_live_rules(x);
    qsort(x->rules, (size_t)x->count, sizeof(void *), compare_envoy_order);
    /* From here on a canary asks for its own header instead of the base's. */
    for (int i = 0; i < x->count; i++) {
        struct explain_rule *r = x->rules[i];
        if (!r->base)
            continue;
        r->takes.headers = r->asks;
        r->takes.header_count = 1;
    }
    explain_index(x);
}
