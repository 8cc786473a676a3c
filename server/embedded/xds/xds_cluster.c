/* xds_cluster.c - service sources to Envoy clusters. Higress names a cluster by port and service:
 * "outbound|80||shop.static". Only static and dns sources can be rendered; registries (Nacos,
 * Consul, …) would need a client of their own and are noted. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/addresses.h"

struct source {
    const char *name, *type, *protocol, *sni;
    char **domain;
    long port;
    const char *cluster;
};

static void add_lb_endpoint(struct xds *x, cJSON *list, const char *host, long port)
{
    cJSON *item = json_add(x->a, list, json_object(x->a));
    cJSON *address = json_set_object(x->a, json_set_object(x->a, item, "endpoint"), "address");
    cJSON *socket = json_set_object(x->a, address, "socket_address");
    json_set_str(x->a, socket, "address", host);
    json_set_num(x->a, socket, "port_value", (double)port);
}

static void add_load_assignment(struct xds *x, const struct source *s, cJSON *cluster)
{
    cJSON *load = json_set_object(x->a, cluster, "load_assignment");
    json_set_str(x->a, load, "cluster_name", s->cluster);
    cJSON *group = json_add(x->a, json_set_array(x->a, load, "endpoints"), json_object(x->a));
    cJSON *list = json_set_array(x->a, group, "lb_endpoints");
    for (size_t i = 0; s->domain[i]; i++) {
        const char *one = s->domain[i], *colon = strchr(one, ':');
        long port = s->port;
        if (!colon)
            add_lb_endpoint(x, list, one, port);
        else if (annotation_int(colon + 1, &port) && port >= 1 && port <= 65535)
            add_lb_endpoint(x, list, arena_strndup(x->a, one, (size_t)(colon - one)), port);
        else
            xds_note(x, "service-source", s->name, "its address '%s' has no port of 1 to 65535",
                     one);
    }
}

/* Higress does not verify an upstream's certificate unless it is told to, so neither does this:
 * a stricter gateway would hide what the real one does. */
static void add_tls(struct xds *x, const struct source *s, cJSON *cluster)
{
    cJSON *socket = json_set_object(x->a, cluster, "transport_socket");
    json_set_str(x->a, socket, "name", "envoy.transport_sockets.tls");
    cJSON *config = json_set_object(x->a, socket, "typed_config");
    json_set_str(x->a, config, "@type",
                 XDS_TYPE "extensions.transport_sockets.tls.v3.UpstreamTlsContext");
    json_set_object(x->a, config, "common_tls_context");
    const char *name = s->sni && *s->sni ? s->sni : NULL;
    if (!name && strcmp(s->type, "dns") == 0 && !s->domain[1]) /* of several, none is meant */
        name = s->domain[0];
    if (name)
        json_set_str(x->a, config, "sni", name);
}

static void add_http_options(struct xds *x, const struct source *s, cJSON *cluster)
{
    static const char key[] = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    static const char *const two[] = { "http2", "grpc", "grpcs" };
    bool http2 = false;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        http2 |= text_equal_nocase(s->protocol, two[i]);

    cJSON *all = json_set_object(x->a, cluster, "typed_extension_protocol_options");
    cJSON *options = json_set_object(x->a, all, key);
    json_set_str(x->a, options, "@type",
                 XDS_TYPE "extensions.upstreams.http.v3.HttpProtocolOptions");
    cJSON *common = json_set_object(x->a, options, "common_http_protocol_options");
    json_set_str(x->a, common, "idle_timeout", "10s");
    cJSON *explicit = json_set_object(x->a, options, "explicit_http_config");
    json_set_object(x->a, explicit, http2 ? "http2_protocol_options" : "http_protocol_options");
}

static void add_breaker(struct xds *x, cJSON *cluster)
{
    static const char *const limits[] = { "max_connections", "max_pending_requests", "max_requests",
                                          "max_retries" };
    cJSON *breakers = json_set_object(x->a, cluster, "circuit_breakers");
    cJSON *t = json_add(x->a, json_set_array(x->a, breakers, "thresholds"), json_object(x->a));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        json_set_num(x->a, t, limits[i], 4294967295.0);
    json_set_bool(x->a, t, "track_remaining", true);
}

static cJSON *cluster_of(struct xds *x, const struct source *s)
{
    bool dns = strcmp(s->type, "dns") == 0;
    cJSON *c = json_object(x->a);
    json_set_str(x->a, c, "@type", XDS_TYPE "config.cluster.v3.Cluster");
    json_set_str(x->a, c, "name", s->cluster);
    json_set_str(x->a, c, "type", dns ? "STRICT_DNS" : "STATIC");
    json_set_str(x->a, c, "connect_timeout", "10s");
    json_set_num(x->a, c, "per_connection_buffer_limit_bytes", 10485760);
    json_set_str(x->a, c, "lb_policy", "LEAST_REQUEST");
    if (dns) {
        json_set_str(x->a, c, "dns_lookup_family", "V4_ONLY");
        json_set_str(x->a, c, "dns_refresh_rate", "200s");
        json_set_bool(x->a, c, "respect_dns_ttl", true);
    }
    add_breaker(x, c);
    add_http_options(x, s, c);
    add_load_assignment(x, s, c);
    if (text_equal_nocase(s->protocol, "https") || text_equal_nocase(s->protocol, "grpcs"))
        add_tls(x, s, c);
    return c;
}

static void add_source(struct xds *x, const cJSON *registry, cJSON *clusters)
{
    const char *text = json_str(registry, "domain");
    struct source s = {
        .name = json_str(registry, "name"),
        .type = json_str(registry, "type"),
        .protocol = json_str(registry, "protocol"),
        .sni = json_str(registry, "sni"),
        .port = (long)json_num(registry, "port", 80),
    };
    if (!s.name || !s.type)
        return;
    if (strcmp(s.type, "static") != 0 && strcmp(s.type, "dns") != 0) {
        xds_note(x, "service-source", s.name,
                 "sources of type %s are not rendered: their services do not exist here", s.type);
        return;
    }
    struct addresses_fault fault;
    if (!addresses_taken(x->a, s.type, text ? text : "", &fault)) {
        xds_note(x, "service-source", s.name,
                 "is not rendered, as the controller drops it whole: its address '%s' %s",
                 fault.member, fault.why);
        return;
    }
    s.protocol = s.protocol ? s.protocol : "http";
    s.domain = annotation_items(x->a, text ? text : "", ",");
    const char *host = arena_printf(x->a, "%s.%s", s.name, s.type);
    s.cluster = arena_printf(x->a, "outbound|%ld||%s", s.port, host);
    if (json_get(x->hosts, host)) {
        xds_note(x, "service-source", s.name, "a source of that name and type exists already");
        return;
    }
    if (json_str(registry, "proxyName"))
        xds_note(x, "service-source", s.name,
                 "its proxy server is not rendered: Envoy connects directly");
    json_set_num(x->a, x->hosts, host, (double)s.port);
    json_add(x->a, clusters, cluster_of(x, &s));
}

cJSON *xds_clusters(struct xds *x)
{
    cJSON *clusters = json_array(x->a);
    const cJSON *bridge, *registry;
    cJSON_ArrayForEach(bridge, x->in->mcpbridges)
    {
        if (strcmp(xds_object_name(bridge), "default") != 0)
            continue; /* Higress reads that one only */
        cJSON_ArrayForEach(registry, json_path(bridge, "spec.registries"))
            add_source(x, registry, clusters);
    }
    return clusters;
}
