/* probe_target.c - which places an object of the gateway points to: the endpoints of its services,
 * of a source as it is written, of a registry as the gateway discovered them. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "console/gateway.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "probe/probe_private.h"
#include <stdlib.h>
#include <string.h>

enum { KNOCKS_MAX = 256, PORT_MAX = 65535, HTTPS_PORT = 443, HTTP_PORT = 80 };

static void party_add(struct party *p, const struct knock *like)
{
    if (p->count == KNOCKS_MAX) {
        p->left_out++;
        return;
    }
    struct knock *k = arena_make(p->a, struct knock);
    *k = *like;
    k->party = p;
    p->knocks = arena_grow(p->a, p->knocks, p->count, &p->room, sizeof *p->knocks);
    p->knocks[p->count++] = k;
}

/* May it be asked as clients ask it? */
static bool party_has_gateway(const struct party *p)
{
    return p->m->config->traffic_url || p->m->config->kube.higress;
}

static const cJSON *object_of(struct party *p, const char *kind, const char *name)
{
    bool missing = false;
    const cJSON *o = gateway_object(p->m->gateway, p->a, kind_find(kind), name, NULL, &missing,
                                    p->m->cancel, p->e);
    if (!o && p->e->kind == ERR_NONE)
        err_set(p->e, ERR_ARGS, "there is no %s '%s'; list_resources kind %s shows them", kind,
                text_clean(p->a, name, 200), kind);
    return o;
}

/* -- endpoints -----------------------------------------------------------------------------------
 */

/* The number behind a colon; 0: it is none of a port. */
static int read_port(const char *text)
{
    char *stop = NULL;
    long n = strtol(text, &stop, 10);
    return stop != text && !*stop && n > 0 && n <= PORT_MAX ? (int)n : 0;
}

/* Host and port of "10.0.0.1:80", "[::1]:80" or "a.example", which has the port given. */
static bool split_host(struct arena *a, const char *text, int port, struct knock *to)
{
    bool six = text[0] == '[';
    const char *end = six ? strchr(text, ']') : strrchr(text, ':');
    size_t n = end ? (size_t)(end - text) - six : strlen(text);
    const char *behind = end ? end + six : "";
    to->host = arena_strndup(a, text + six, n);
    to->port = *behind == ':' ? read_port(behind + 1) : port;
    return n && to->port && six == (end && *end == ']') && (*behind == ':' || !*behind);
}

/* This host's own loopback is somebody's service only where the gateway is on this host, too, and
 * only as an address that is written down, and not as one that carries another. */
static void set_reach_of(struct party *p, struct knock *k)
{
    const struct config *c = p->m->config;
    bool carries = strchr(k->host, ':') && strcmp(k->host, "::1") != 0;
    k->reach = (struct reach){
        .loopback = c->gateway_url && !c->gateway_via && reach_is_here(c->gateway_url) &&
                    !carries && reach_is_loopback(k->host),
        .allow = c->probe,
    };
}

typedef void endpoint_fn(struct party *p, struct knock *like, const cJSON *source);

/* like: what is asked of each; the source says port and TLS. */
static void each_of_source(struct party *p, const cJSON *source, const struct knock *like,
                           endpoint_fn *fn)
{
    int port = (int)json_num(source, "port", HTTP_PORT);
    const char *protocol = json_text(source, "protocol"), *sni = json_str(source, "sni");
    bool tls = text_equal_nocase(protocol, "https") || text_equal_nocase(protocol, "grpcs");
    for (const char *at = json_text(source, "domain"); *at;) {
        size_t n = strcspn(at, ", ");
        struct knock k = *like;
        if (n && split_host(p->a, arena_strndup(p->a, at, n), port, &k)) {
            k.tls_name = tls ? (sni && *sni ? sni : k.host) : NULL;
            set_reach_of(p, &k);
            fn(p, &k, source);
        }
        at += n + (at[n] != '\0');
    }
}

/* Endpoints that a registry gave: each a host, or host and port. */
static void each_of_service(struct party *p, const cJSON *service, const struct knock *like,
                            endpoint_fn *fn)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(service, "endpoints"))
    {
        struct knock k = *like;
        if (!cJSON_IsString(one) ||
            !split_host(p->a, one->valuestring, (int)json_num(service, "port", HTTP_PORT), &k))
            continue;
        const char *protocol = json_text(service, "protocol");
        k.tls_name = text_equal_nocase(protocol, "https") ? k.host : NULL;
        set_reach_of(p, &k);
        fn(p, &k, service);
    }
}

/* name may carry a port, "web.static:80". */
static bool each_endpoint(struct party *p, const char *name, const struct knock *like,
                          endpoint_fn *fn)
{
    const char *service = arena_strndup(p->a, name, strcspn(name, ":"));
    const char *source = derived_from(p->a, DERIVED_STATIC, service);
    if (!source)
        source = derived_from(p->a, DERIVED_DNS, service);
    const cJSON *o =
        source ? object_of(p, "service-source", source) : object_of(p, "service", service);
    if (!o)
        return false;
    int before = p->count + p->left_out;
    if (source)
        each_of_source(p, o, like, fn);
    else
        each_of_service(p, o, like, fn);
    if (p->count + p->left_out == before)
        json_add_str(p->a, p->notes,
                     arena_printf(p->a, "service %s has no endpoint that the console knows",
                                  text_clean(p->a, name, 200)));
    return true;
}

/* -- what is asked of them -----------------------------------------------------------------------
 */

static void add_by_protocol(struct party *p, struct knock *k, const cJSON *source)
{
    const char *by = p->ask->by;
    k->by = text_same(by, "tls") || (!by && k->tls_name) ? BY_TLS : BY_TCP;
    if (text_same(by, "http"))
        k->by = BY_HTTP;
    if (text_same(by, "grpc") || (!by && text_starts(json_text(source, "protocol"), "grpc")))
        k->by = BY_GRPC;
    if (k->by == BY_TLS && !k->tls_name)
        k->tls_name = k->host;
    if (k->by == BY_HTTP && !k->path)
        k->path = "/";
    party_add(p, k);
}

/* A route's: by HTTP, and the certificate beside it. */
static void add_of_route(struct party *p, struct knock *k, const cJSON *source)
{
    if (p->ask->by || text_starts(json_text(source, "protocol"), "grpc")) {
        add_by_protocol(p, k, source);
        return;
    }
    k->by = BY_HTTP;
    party_add(p, k);
    struct knock handshake = *k;
    handshake.by = BY_TLS;
    if (k->tls_name)
        party_add(p, &handshake);
}

static void add_as_it_is(struct party *p, struct knock *k, const cJSON *source)
{
    (void)source;
    party_add(p, k);
}

/* The first name that is no pattern; NULL: there is none. */
static const char *host_without_pattern(const cJSON *domains)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, domains) if (cJSON_IsString(one) && one->valuestring[0] &&
                                         !strchr(one->valuestring, '*')) return one->valuestring;
    return NULL;
}

static bool gather_service(struct party *p)
{
    return each_endpoint(p, p->ask->name, &(struct knock){ 0 }, add_by_protocol);
}

/* As Envoy would send it: the host and path of the rewrite, else the route's own. */
static struct knock request_of_route(struct party *p, const cJSON *route)
{
    const cJSON *path = json_get(route, "path"), *rewrite = json_get(route, "rewrite");
    rewrite = json_true(rewrite, "enabled") ? rewrite : NULL;
    const char *host = json_text(rewrite, "host"), *to = json_text(rewrite, "path");
    bool pattern = text_equal_nocase(json_text(path, "matchType"), "REGULAR");
    if (*to != '/')
        to = pattern ? "/" : json_text(path, "matchValue");
    if (pattern && !strcmp(to, "/"))
        json_add_str(p->a, p->notes, "the route's path is a pattern: / was asked for");
    return (struct knock){ .as = *host ? host : host_without_pattern(json_get(route, "domains")),
                           .path = *to == '/' ? to : "/" };
}

static bool gather_route(struct party *p)
{
    const cJSON *route = object_of(p, "route", p->ask->name), *one;
    if (!route)
        return false;
    const struct knock like = request_of_route(p, route);
    cJSON_ArrayForEach(one, json_get(route, "services"))
    {
        const char *service = json_str(one, "name");
        if (service && !each_endpoint(p, service, &like, add_of_route))
            return false;
    }
    return true;
}

/* The service that a provider is bound to in place of its own source, as the console has it: of
 * OpenAI's type, by name and port. NULL: none, whatever its settings hold besides. */
static const char *service_of_openai(const cJSON *provider)
{
    const cJSON *raw = json_get(provider, "rawConfigs");
    const char *service = json_text(raw, "openaiCustomServiceName");
    bool bound = !strcmp(json_text(provider, "type"), "openai") &&
                 json_num(raw, "openaiCustomServicePort", 0) > 0;
    return bound && *service ? service : NULL;
}

static bool gather_provider(struct party *p)
{
    const cJSON *provider = object_of(p, "ai-provider", p->ask->name);
    const char *custom = service_of_openai(provider);
    const struct knock like = { .by = BY_MODELS, .provider = provider };
    if (!provider)
        return false;
    if (custom)
        return each_endpoint(p, custom, &like, add_as_it_is);
    const char *source = derived_name(p->a, DERIVED_LLM_SOURCE, p->ask->name);
    const cJSON *o = object_of(p, "service-source", source);
    if (!o)
        return false;
    each_of_source(p, o, &like, add_as_it_is);
    return true;
}

static bool gather_mcp(struct party *p)
{
    const cJSON *server = object_of(p, "mcp-server", p->ask->name), *one;
    if (!server)
        return false;
    const char *host = host_without_pattern(json_get(server, "domains"));
    struct knock like = {
        .by = BY_MCP,
        .gateway = true,
        .host = "",
        .as = host,
        .path = arena_printf(p->a, "/mcp-servers/%s", text_percent(p->a, p->ask->name)),
    };
    if (party_has_gateway(p))
        party_add(p, &like);
    else
        json_add_str(p->a, p->notes,
                     "not asked through the gateway: envoy.traffic_url does not say where that is");
    const cJSON *direct = json_get(server, "directRouteConfig");
    const char *path = json_text(direct, "path");
    bool mcp = cJSON_IsObject(direct);
    like = (struct knock){ .by = BY_MCP,
                           .path = *path == '/' ? path : "/",
                           .stream = text_equal_nocase(json_text(direct, "transportType"), "sse") };
    cJSON_ArrayForEach(one, json_get(server, "services"))
    {
        const char *service = json_str(one, "name");
        if (service &&
            !each_endpoint(p, service, &like, mcp && !p->ask->by ? add_as_it_is : add_by_protocol))
            return false;
    }
    return true;
}

static bool gather_domain(struct party *p)
{
    const cJSON *domain = object_of(p, "domain", p->ask->name);
    if (!domain)
        return false;
    if (strchr(p->ask->name, '*'))
        return err_set(p->e, ERR_ARGS, "domain %s is a pattern and has no address; name a route",
                       text_clean(p->a, p->ask->name, 200));
    struct knock k = {
        .by = BY_HTTP, .host = p->ask->name, .port = HTTP_PORT, .as = p->ask->name, .path = "/"
    };
    set_reach_of(p, &k);
    party_add(p, &k);
    if (!text_equal_nocase(json_text(domain, "enableHttps"), "off")) {
        struct knock tls = k;
        tls.by = BY_TLS;
        tls.port = HTTPS_PORT;
        tls.tls_name = k.host;
        party_add(p, &tls);
    }
    k.gateway = true;
    if (party_has_gateway(p))
        party_add(p, &k);
    return true;
}

/* -- an address ----------------------------------------------------------------------------------
 */

struct search {
    struct party *p;
    struct knock *wanted;
    bool found;
};

static bool is_that_place(const struct knock *x, const struct knock *y)
{
    return x->port == y->port && text_equal_nocase(x->host, y->host);
}

/* What endpoints are collected into, to be compared: a party whose knocks are never sent. */
static bool look_at(void *arg, const cJSON *o, bool source)
{
    struct search *s = arg;
    struct party all = *s->p;
    all.knocks = NULL;
    all.count = all.room = all.left_out = 0;
    if (source)
        each_of_source(&all, o, &(struct knock){ .by = BY_TCP }, add_as_it_is);
    else
        each_of_service(&all, o, &(struct knock){ .by = BY_TCP }, add_as_it_is);
    for (int i = 0; i < all.count && !s->found; i++)
        if (is_that_place(all.knocks[i], s->wanted)) {
            s->wanted->reach = all.knocks[i]->reach;
            s->wanted->tls_name = arena_strdup(s->p->a, all.knocks[i]->tls_name);
            s->found = true;
        }
    return !s->found;
}

static bool look_at_source(void *arg, const cJSON *o)
{
    return look_at(arg, o, true);
}

static bool look_at_service(void *arg, const cJSON *o)
{
    return look_at(arg, o, false);
}

/* Only what some object of the gateway points to, or the configuration allows as an address. */
static bool gather_address(struct party *p)
{
    struct knock k = { 0 };
    struct search s = { p, &k, false };
    if (!split_host(p->a, p->ask->address, 0, &k))
        return err_set(p->e, ERR_ARGS, "address is HOST:PORT, not '%s'",
                       text_clean(p->a, p->ask->address, 200));
    if (reach_is_allowed(p->m->config->probe, k.host)) {
        k.reach.allow = p->m->config->probe;
    } else if (!gateway_each_kind(p->m->gateway, kind_find("service-source"), NULL, look_at_source,
                                  &s, p->m->cancel, p->e) ||
               (!s.found && !gateway_each_kind(p->m->gateway, kind_find("service"), NULL,
                                               look_at_service, &s, p->m->cancel, p->e))) {
        return false;
    } else if (!s.found) {
        return err_set(
            p->e, ERR_POLICY,
            "no object of the gateway points to %s: only their endpoints are probed, and "
            "addresses of `probe` in the configuration",
            text_clean(p->a, p->ask->address, 200));
    }
    add_by_protocol(p, &k, NULL);
    return true;
}

bool party_gather(struct party *p)
{
    static const struct {
        const char *kind;
        bool (*gather)(struct party *p);
    } gatherers[] = { { "service", gather_service },
                      { "route", gather_route },
                      { "ai-provider", gather_provider },
                      { "mcp-server", gather_mcp },
                      { "domain", gather_domain } };
    if (!p->ask->kind)
        return gather_address(p);
    for (size_t i = 0; i < sizeof gatherers / sizeof *gatherers; i++)
        if (!strcmp(gatherers[i].kind, p->ask->kind))
            return gatherers[i].gather(p);
    return err_set(p->e, ERR_ARGS, "a %s has nothing to probe", p->ask->kind);
}
