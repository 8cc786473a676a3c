/* diagnose_source.c - where Envoy's admin interface cannot be asked: the endpoints that the console
 * knows, in the shape of /clusters, so that they can at least be probed. Fixed addresses and DNS
 * names only; registries know theirs elsewhere. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "diagnose/diagnose.h"
#include "diagnose/diagnose_source_private.h"
#include "kind/kind.h"

struct survey {
    struct arena *a;
    const struct diagnose_means *m;
    cJSON *clusters;
};

/* "10.0.0.1:8080", or a name that takes the source's port. */
static void add_source_host(struct survey *y, cJSON *hosts, const char *text, int port)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    long own = colon ? strtol(colon + 1, &end, 10) : 0;
    bool has = colon && end != colon + 1 && !*end && own > 0 && own < 65536;
    size_t n = has ? (size_t)(colon - text) : strlen(text);
    if (!n)
        return;
    cJSON *host = json_add(y->a, hosts, json_object(y->a));
    cJSON *address = json_set_object(y->a, host, "address");
    cJSON *socket = json_set_object(y->a, address, "socket_address");
    json_set_str(y->a, socket, "address", arena_strndup(y->a, text, n));
    json_set_num(y->a, socket, "port_value", has ? (double)own : port);
}

static void add_service_hosts(struct survey *y, const char *service)
{
    bool missing = false;
    struct err e = { 0 };
    const char *name = derived_from(y->a, DERIVED_STATIC, service);
    if (!name && !(name = derived_from(y->a, DERIVED_DNS, service)))
        return;
    const cJSON *source = gateway_object(y->m->gateway, y->a, kind_find("service-source"), name,
                                         NULL, &missing, y->m->cancel, &e);
    if (!source)
        return;
    int port = (int)json_num(source, "port", 80);
    cJSON *cluster = json_add(y->a, y->clusters, json_object(y->a));
    json_set_str(y->a, cluster, "name", arena_printf(y->a, "outbound|%d||%s", port, service));
    cJSON *hosts = json_set_array(y->a, cluster, "host_statuses");
    for (const char *domains = json_str(source, "domain"); domains && *domains;) {
        size_t n = strcspn(domains, ", ");
        if (n)
            add_source_host(y, hosts, arena_strndup(y->a, domains, n), port);
        domains += n + (domains[n] != '\0');
    }
}

cJSON *diagnose_sources(struct arena *a, const struct diagnose_means *m,
                        const struct diagnose_target *t, const cJSON *object)
{
    struct survey y = { a, m, json_array(a) };
    const cJSON *s;
    if (!m->gateway || !gateway_url(m->gateway) || !t->kind)
        return NULL;
    if (!strcmp(t->kind, "service"))
        add_service_hosts(&y, t->name);
    else
        cJSON_ArrayForEach(s, json_get(object, "services")) if (json_str(s, "name"))
            add_service_hosts(&y, json_str(s, "name"));
    if (json_count(y.clusters) == 0)
        return NULL;
    cJSON *page = json_object(a);
    json_set(a, page, "cluster_statuses", y.clusters);
    return page;
}
