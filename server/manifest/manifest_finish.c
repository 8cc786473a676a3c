/* manifest_finish.c - what can be said only when everything was read: names over namespaces, the
 * domains of routes, redirects to HTTPS, rules of plugins for Ingresses that became several routes,
 * ports that are names. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

/* -- names ------------------------------------------------------------------------------------ */

struct named *manifest_named_there(const struct manifest *m, const char *kind, const char *space,
                                   const char *name)
{
    for (struct named *n = m->named; n; n = n->next)
        if (!strcmp(n->kind, kind) && !strcmp(n->space, space) && !strcmp(n->name, name))
            return n;
    return NULL;
}

static bool is_name_taken(const struct manifest *m, const char *kind, const char *item)
{
    for (int i = 0; i < m->count; i++)
        if (!strcmp(m->list[i].kind->name, kind) && !strcmp(m->list[i].name, item))
            return true;
    for (const struct named *n = m->named; n; n = n->next)
        if (!strcmp(n->kind, kind) && n->item && !strcmp(n->item, item))
            return true;
    return false;
}

const char *manifest_unique(struct manifest *m, const char *kind, const char *base)
{
    const char *name = base;
    for (int n = 2; is_name_taken(m, kind, name); n++)
        name = arena_printf(m->arena, "%s-%d", base, n);
    return name;
}

void manifest_forget(struct manifest *m, int count)
{
    m->count = count;
    while (m->ports && m->ports->item >= count)
        m->ports = m->ports->next;
    for (struct named *n = m->named; n; n = n->next)
        for (struct made **x = &n->made; *x;)
            if ((*x)->index >= count)
                *x = (*x)->next;
            else
                x = &(*x)->next;
}

/* A name that only rules of plugins or allow lists gave an item is free for its Ingress. */
struct named *manifest_named(struct manifest *m, const char *kind, const char *space,
                             const char *name)
{
    struct named *n = manifest_named_there(m, kind, space, name);
    bool other = false;
    if (n)
        return n;
    for (const struct named *x = m->named; x; x = x->next)
        other = other || (!strcmp(x->kind, kind) && x->item && !strcmp(x->item, name));
    n = arena_make(m->arena, struct named);
    n->kind = kind;
    n->space = arena_strdup(m->arena, space);
    n->name = arena_strdup(m->arena, name);
    n->item =
        other ? manifest_unique(m, kind, arena_printf(m->arena, "%s-%s", space, name)) : n->name;
    n->next = m->named;
    m->named = n;
    return n;
}

/* -- domains and HTTPS ------------------------------------------------------------------------ */

static struct manifest_item *find_item(struct manifest *m, const char *kind, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (!strcmp(m->list[i].kind->name, kind) && !strcmp(m->list[i].name, name))
            return &m->list[i];
    return NULL;
}

/* A route of the console names its hosts as domains: those that neither the manifest nor the
 * gateway has are made, without HTTPS. */
static bool make_domains(struct manifest *m, const struct made *made, struct err *e)
{
    const cJSON *host;
    cJSON_ArrayForEach(host, json_get(m->list[made->index].object, "domains"))
    {
        if (find_item(m, "domain", host->valuestring))
            continue;
        struct manifest_item *d = manifest_item(m, "domain", host->valuestring, NULL, e);
        if (!d)
            return false;
        d->if_absent = true;
        d->where = made->label;
        json_set_str(m->arena, d->object, "enableHttps", "off");
    }
    return true;
}

static bool has_domain(const cJSON *route, const char *domain)
{
    const cJSON *hosts = json_get(route, "domains");
    return json_count(hosts) == 0 ? !strcmp(domain, "higress-default-domain")
                                  : json_find_text(hosts, domain) != NULL;
}

static bool redirects(struct manifest *m, const cJSON *ingress)
{
    return annotation_true(annotation_value(m->arena, ingress, "ssl-redirect"));
}

/* Does each route of the manifest that has the domain come from an Ingress that redirects? */
static bool all_redirect(struct manifest *m, const char *domain)
{
    for (const struct named *n = m->named; n; n = n->next)
        for (const struct made *x = n->made; x; x = x->next)
            if (has_domain(m->list[x->index].object, domain) &&
                (x->is_default || !redirects(m, x->ingress)))
                return false;
    return true;
}

static const char *https_of_domain(struct manifest *m, const char *domain)
{
    struct manifest_item *d = find_item(m, "domain", domain);
    const char *https = d ? json_str(d->object, "enableHttps") : NULL;
    return https && !d->if_absent ? https : "off";
}

/* The console knows the redirect of a whole domain; of one route Higress reads another name. */
static void redirect_route(struct manifest *m, const struct made *made)
{
    struct manifest_item *route = &m->list[made->index];
    const cJSON *hosts = json_get(route->object, "domains"), *host;
    const cJSON *asked = annotation_chosen(made->ingress, "ssl-redirect");
    bool force = json_count(hosts) > 0, https = force;
    m->object = made->label;
    cJSON_ArrayForEach(host, hosts)
    {
        const char *mode = https_of_domain(m, host->valuestring);
        force = force && !strcmp(mode, "force");
        https = https && strcmp(mode, "off") != 0;
    }
    if (!https)
        manifest_account(m, asked->string, MANIFEST_TRANSLATED, LOSES_ROUTE,
                         "nothing in this manifest serves HTTPS for its hosts: clients are sent to "
                         "https all the same");
    if (force) {
        manifest_account(m, asked->string, MANIFEST_TRANSLATED, LOSES_NOTHING,
                         "its domains redirect, as all their routes here do (enableHttps force)");
        return;
    }
    cJSON *customs = json_get(route->object, "customConfigs");
    customs = customs ? customs : json_set_object(m->arena, route->object, "customConfigs");
    json_set_str(m->arena, customs, "higress.io/force-ssl-redirect", "true");
    manifest_account(m, asked->string, MANIFEST_TRANSLATED, LOSES_TUNING,
                     "of one route it is written as higress.io/force-ssl-redirect, which does the "
                     "same");
}

/* A domain whose routes all redirect does so itself, as the console has it. */
static void force_domains(struct manifest *m)
{
    for (int i = 0; i < m->count; i++) {
        struct manifest_item *d = &m->list[i];
        const char *https = json_str(d->object, "enableHttps");
        bool of_tls = !strcmp(d->kind->name, "domain") && d->of_tls;
        if (of_tls && !strcmp(https, "on") && all_redirect(m, d->name))
            json_set_str(m->arena, d->object, "enableHttps", "force");
    }
}

static bool settle_https(struct manifest *m, struct err *e)
{
    force_domains(m);
    for (const struct named *n = m->named; n; n = n->next)
        for (const struct made *x = n->made; x; x = x->next) {
            if (!make_domains(m, x, e))
                return false;
            if (redirects(m, x->ingress) && !x->is_default)
                redirect_route(m, x);
        }
    m->object = NULL;
    return true;
}

/* -- rules of plugins ------------------------------------------------------------------------- */

/* "route:shop/web" and "route:web" name an Ingress: the routes that it became. */
static const struct made *routes_of(struct manifest *m, const char *scope)
{
    const char *name = scope + strlen("route:"), *slash = strchr(name, '/');
    const char *space =
        slash ? arena_strndup(m->arena, name, (size_t)(slash - name)) : MANIFEST_SPACE;
    const struct named *n = manifest_named_there(m, "route", space, slash ? slash + 1 : name);
    return n ? n->made : NULL;
}

static bool spread(struct manifest *m, int at, const struct made *routes, struct err *e)
{
    m->list[at].scope = arena_printf(m->arena, "route:%s", m->list[routes->index].name);
    for (const struct made *r = routes->next; r; r = r->next) {
        if (r->is_default)
            continue;
        struct manifest_item *i =
            manifest_item(m, "plugin-instance", m->list[at].name,
                          arena_printf(m->arena, "route:%s", m->list[r->index].name), e);
        if (!i)
            return false;
        i->object = json_clone(m->arena, m->list[at].object);
        i->where = m->list[at].where;
    }
    return true;
}

static bool spread_rules(struct manifest *m, struct err *e)
{
    int count = m->count;
    for (int i = 0; i < count; i++) {
        const char *scope = m->list[i].scope;
        const struct made *routes =
            scope && text_starts(scope, "route:") ? routes_of(m, scope) : NULL;
        if (routes && !routes->is_default && !spread(m, i, routes, e))
            return false;
    }
    return true;
}

bool manifest_finish(struct manifest *m, struct err *e)
{
    m->where = "the manifest";
    m->object = NULL;
    if (!settle_https(m, e) || !spread_rules(m, e))
        return false;
    return m->survey || manifest_refusals(m, e);
}

/* -- ports that are names --------------------------------------------------------------------- */

struct lookup {
    const char *service;
    int port, count;
};

static bool take_port(void *arg, const cJSON *o)
{
    struct lookup *l = arg;
    const char *name = json_str(o, "name");
    const cJSON *port = json_get(o, "port");
    if (name && !strcmp(name, l->service) && cJSON_IsNumber(port)) {
        l->port = port->valueint;
        l->count++;
    }
    return true;
}

/* A Service of the manifest knows the names of its ports. */
static int port_in_manifest(const struct manifest *m, const char *service, const char *port)
{
    const cJSON *p;
    for (const struct named *n = m->named; n; n = n->next) {
        if (!n->service || !text_starts(service, n->name) ||
            strcmp(service, arena_printf(m->arena, "%s.%s.svc.cluster.local", n->name, n->space)))
            continue;
        cJSON_ArrayForEach(p, json_get(n->service, "ports"))
        {
            const char *name = json_str(p, "name");
            if (name && !strcmp(name, port))
                return (int)json_num(p, "port", 0);
        }
    }
    return 0;
}

static bool port_at_gateway(struct gateway *g, const char *service, const char *port, int *found,
                            struct cancel *c, struct err *e)
{
    struct lookup l = { .service = service };
    if (!gateway_each_kind(g, kind_find("service"), NULL, take_port, &l, c, e))
        return false;
    *found = l.port;
    if (l.count == 1)
        return true;
    return err_set(e, ERR_ARGS,
                   l.count
                       ? "services[0].port: the list of services tells no names of ports, and %s "
                         "has several: give the number of '%s', or the Service in the manifest"
                       : "services[0].port: there is no service %s in the list of services that "
                         "could tell its port '%s': give the number, or the Service in the "
                         "manifest",
                   service, port);
}

void manifest_port(struct manifest *m, int item, int service, const char *port)
{
    struct port_name *p = arena_make(m->arena, struct port_name);
    *p = (struct port_name){ m->ports, item, service, port };
    m->ports = p;
}

bool manifest_ports(struct gateway *g, struct manifest *m, struct cancel *c, struct err *e)
{
    for (const struct port_name *p = m->ports; p; p = p->next) {
        const struct manifest_item *i = &m->list[p->item];
        cJSON *services = json_get(i->object, "services");
        cJSON *service = cJSON_GetArrayItem(services, p->service);
        const char *name = json_str(service, "name");
        int number = name ? port_in_manifest(m, name, p->port) : 0;
        if (name && !number &&
            !port_at_gateway(g, name, text_clean(m->arena, p->port, 60), &number, c, e))
            return err_at(e, "%s: %s '%s'", i->where, i->kind->name, i->name);
        if (name)
            json_set_num(m->arena, service, "port", number);
    }
    return true;
}
