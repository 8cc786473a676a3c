/* proxy_item.c - what is said of each item, and what it is known by. A member that may be shown is
 * named here; what is not named is digested.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "signal/proxy_private.h"
#include <math.h>
#include <string.h>

enum { SAYS_MAX = 4000, DOMAINS_SAID = 6, MEMBERS_MOST = 200 };

/* -- digests -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x, uint64_t y)
{
    x = (x ^ y) * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 29);
}

uint64_t proxy_digest(const cJSON *tree)
{
    const cJSON *child;
    uint64_t sum = 0, kind = (uint64_t)(tree ? tree->type & 0xff : 0);
    if (cJSON_IsString(tree))
        return mix(kind, text_hash(tree->valuestring, strlen(tree->valuestring)));
    if (cJSON_IsNumber(tree)) {
        memcpy(&sum, &tree->valuedouble, sizeof sum);
        return mix(kind, sum);
    }
    cJSON_ArrayForEach(child, tree)
    {
        uint64_t one = proxy_digest(child);
        if (cJSON_IsObject(tree)) /* in whatever order */
            sum += mix(text_hash(child->string, strlen(child->string)), one);
        else
            sum = mix(sum, one);
    }
    return mix(kind, sum);
}

/* Its members but those of `known` ("name|@type"); what is behind MEMBERS_MOST of them is one. */
static void digest_members(struct proxy_list *l, struct proxy_item *to, const cJSON *object,
                           const char *known)
{
    const cJSON *m;
    int count = json_count(object), n = 0;
    if (!to)
        return;
    struct proxy_member more = { "more members", 0 };
    struct proxy_member *list = arena_array(l->arena, struct proxy_member,
                                            (count < MEMBERS_MOST ? count : MEMBERS_MOST) + 3);
    cJSON_ArrayForEach(m, json_members(object))
    {
        if (text_has_word(known, m->string))
            continue;
        if (n < MEMBERS_MOST)
            list[n++] = (struct proxy_member){ arena_strdup(l->arena, m->string), proxy_digest(m) };
        else
            more.digest += mix(text_hash(m->string, strlen(m->string)), proxy_digest(m));
    }
    if (more.digest)
        list[n++] = more;
    to->member_count = n;
    to->members = list;
}

/* Behind digest_members, which leaves room for two. */
static void add_digest(struct proxy_item *to, const char *name, uint64_t digest)
{
    struct proxy_member *list = to ? (struct proxy_member *)to->members : NULL;
    if (list)
        list[to->member_count++] = (struct proxy_member){ name, digest };
}

/* -- sentences ------------------------------------------------------------------------------ */

static struct buf *begin_saying(struct proxy_list *l)
{
    return buf_in(l->scratch, SAYS_MAX);
}

static void say(struct buf *b, const char *before, const char *text)
{
    if (text && *text)
        buf_printf(b, "%s%s%s", b->len ? ", " : "", before, text);
}

/* What Envoy refused in its place. */
static void say_refused(struct proxy_list *l, struct buf *b, const cJSON *element)
{
    const cJSON *error = json_get(element, "error_state");
    if (!error)
        return;
    l->refused++;
    say(b, "a newer one was refused: ", json_text(error, "details"));
}

static const char *endpoint_address(struct arena *a, const cJSON *o)
{
    const cJSON *socket = json_path(o, "address.socket_address");
    const char *ip = json_str(socket, "address"),
               *pipe = json_str(json_path(o, "address.pipe"), "path");
    if (!ip)
        return pipe ? arena_strdup(a, pipe) : "?";
    return arena_printf(a, strchr(ip, ':') ? "[%s]:%.0f" : "%s:%.0f", ip,
                        json_num(socket, "port_value", 0));
}

/* -- clusters and endpoints ------------------------------------------------------------------ */

void proxy_take_cluster(struct proxy_list *l, const cJSON *element, const char *state)
{
    const cJSON *cluster = json_get(element, "cluster");
    const cJSON *tls = json_get(cluster, "transport_socket");
    const char *lb = json_str(cluster, "lb_policy"), *name = json_str(cluster, "name");
    struct buf *b = begin_saying(l);
    say(b, "", json_str(cluster, "type"));
    say(b, "", lb ? lb : "ROUND_ROBIN");
    say(b, "connect ", json_str(cluster, "connect_timeout"));
    if (tls)
        say(b, "TLS ",
            json_str(json_get(tls, "typed_config"), "sni")
                ? json_str(json_get(tls, "typed_config"), "sni")
                : "without a name");
    say(b, "", state);
    say_refused(l, b, element);
    if (!name) /* refused when it was new */
        name = json_text(json_path(element, "error_state.failed_configuration"), "name");
    struct proxy_item *one = proxy_add(l, name, b->data);
    digest_members(l, one, cluster, "@type|name");
}

/* "failed_active_health_check|eds UNHEALTHY", "healthy" */
static const char *health_words(struct arena *a, const cJSON *health)
{
    const cJSON *flag;
    const char *eds = json_str(health, "eds_health_status"), *words = NULL;
    cJSON_ArrayForEach(flag, health)
    {
        if (cJSON_IsTrue(flag))
            words = arena_printf(a, "%s%s%s", words ? words : "", words ? " " : "", flag->string);
    }
    if (eds && strcmp(eds, "HEALTHY") != 0)
        words = arena_printf(a, "%s%seds %s", words ? words : "", words ? " " : "", eds);
    return words ? words : "healthy";
}

static void take_endpoint(struct proxy_list *l, const char *cluster, const cJSON *host)
{
    struct arena *a = l->scratch;
    const char *health = health_words(a, json_get(host, "health_status"));
    struct buf *b = begin_saying(l);
    say(b, "", health);
    buf_printf(b, ", requests %.0f", envoy_host_stat(host, "rq_total"));
    if (envoy_host_stat(host, "rq_error") > 0)
        buf_printf(b, ", errors %.0f", envoy_host_stat(host, "rq_error"));
    if (envoy_host_stat(host, "cx_connect_fail") > 0)
        buf_printf(b, ", connections failed %.0f", envoy_host_stat(host, "cx_connect_fail"));
    struct proxy_item *one =
        proxy_add(l, arena_printf(a, "%s %s", cluster, endpoint_address(a, host)), b->data);
    digest_members(l, one, NULL, NULL);
    add_digest(one, "health", text_hash(health, strlen(health)));
    add_digest(one, "weight", proxy_digest(json_get(host, "weight")));
}

void proxy_take_endpoints(struct proxy_list *l, const cJSON *element, const char *state)
{
    const char *cluster = json_text(element, "name");
    const cJSON *host, *hosts = json_get(element, "host_statuses");
    (void)state;
    cJSON_ArrayForEach(host, hosts) take_endpoint(l, cluster, host);
    if (json_count(hosts) == 0)
        proxy_add(l, cluster, "no endpoints");
}

/* -- routes ---------------------------------------------------------------------------------- */

/* Names of conditions only: a value may be a secret. */
static const char *match_words(struct arena *a, const cJSON *match)
{
    static const struct {
        const char *path, *words;
    } ways[] = { { "path", "exactly" },
                 { "prefix", "prefix" },
                 { "path_separated_prefix", "prefix" },
                 { "safe_regex.regex", "expression" } };
    struct buf *b = buf_in(a, SAYS_MAX);
    const cJSON *condition;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const cJSON *value = json_path(match, ways[i].path);
        if (cJSON_IsString(value))
            buf_printf(b, "%s %s", ways[i].words, value->valuestring);
    }
    cJSON_ArrayForEach(condition, json_get(match, "headers"))
        buf_printf(b, " header %s", json_text(condition, "name"));
    cJSON_ArrayForEach(condition, json_get(match, "query_parameters"))
        buf_printf(b, " parameter %s", json_text(condition, "name"));
    return b->data;
}

static void say_action_of(struct buf *b, const cJSON *route)
{
    const cJSON *to = json_get(route, "route"), *leg;
    const cJSON *direct = json_get(route, "direct_response");
    say(b, "to ", json_str(to, "cluster"));
    cJSON_ArrayForEach(leg, json_path(to, "weighted_clusters.clusters"))
        buf_printf(b, "%sto %s by %.0f", b->len ? ", " : "", json_text(leg, "name"),
                   json_num(leg, "weight", 0));
    if (json_get(route, "redirect"))
        say(b, "", "redirects");
    if (direct)
        buf_printf(b, "%sanswers %.0f", b->len ? ", " : "", json_num(direct, "status", 0));
    say(b, "timeout ", json_str(to, "timeout"));
}

static void take_proxy_route(struct proxy_list *l, const char *host, const cJSON *route,
                             uint64_t *order)
{
    const char *match = match_words(l->scratch, json_get(route, "match"));
    const char *key =
        arena_printf(l->scratch, "%s route %s, %s", host, json_text(route, "name"), match);
    struct buf *b = begin_saying(l);
    say_action_of(b, route);
    *order = mix(*order, text_hash(key, strlen(key)));
    struct proxy_item *one = proxy_add(l, key, b->data);
    digest_members(l, one, route, "name|metadata");
}

static void take_virtual_host(struct proxy_list *l, const char *config, const cJSON *host)
{
    const cJSON *route, *routes = json_get(host, "routes"), *domain;
    const char *name = arena_printf(l->scratch, "%s host %s", config, json_text(host, "name"));
    struct buf *b = begin_saying(l);
    uint64_t order = 0;
    int shown = 0;
    cJSON_ArrayForEach(route, routes) take_proxy_route(l, name, route, &order);
    cJSON_ArrayForEach(domain, json_get(host, "domains"))
    {
        if (cJSON_IsString(domain) && shown++ < DOMAINS_SAID)
            say(b, "", domain->valuestring);
    }
    buf_printf(b, "%sroutes: %d", b->len ? "; " : "", json_count(routes));
    struct proxy_item *one = proxy_add(l, name, b->data);
    digest_members(l, one, host, "name|routes");
    add_digest(one, "its routes or their order", order);
}

void proxy_take_routes(struct proxy_list *l, const cJSON *element, const char *state)
{
    const cJSON *config = json_get(element, "route_config"), *host;
    const char *name = json_text(config, "name");
    struct buf *b = begin_saying(l);
    cJSON_ArrayForEach(host, json_get(config, "virtual_hosts")) take_virtual_host(l, name, host);
    if (!config)
        name = json_text(json_path(element, "error_state.failed_configuration"), "name");
    buf_printf(b, "virtual hosts: %d", json_count(json_get(config, "virtual_hosts")));
    say(b, "", state);
    say_refused(l, b, element);
    struct proxy_item *one = proxy_add(l, name, b->data);
    digest_members(l, one, config, "@type|name|virtual_hosts");
}

/* -- listeners ------------------------------------------------------------------------------- */

static void say_filters(struct buf *b, const cJSON *listener)
{
    const cJSON *chain, *filter, *http;
    int chains = 0;
    cJSON_ArrayForEach(chain, json_get(listener, "filter_chains"))
    {
        cJSON_ArrayForEach(filter, json_get(chain, "filters"))
        {
            if (chains++ == 0)
                cJSON_ArrayForEach(http, json_path(filter, "typed_config.http_filters"))
                    say(b, "", json_text(http, "name"));
        }
    }
    buf_printf(b, "; filter chains: %d", json_count(json_get(listener, "filter_chains")));
}

void proxy_take_listener(struct proxy_list *l, const cJSON *element, const char *state)
{
    static const char *const states[] = { "active_state", "warming_state", "draining_state" };
    const char *name = json_str(element, "name");
    const cJSON *listener = json_get(element, "listener");
    struct buf *b = begin_saying(l);
    say(b, "", state);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const cJSON *in = json_path(element, arena_printf(l->scratch, "%s.listener", states[i]));
        if (in && i > 0)
            say(b, "", states[i]);
        listener = listener ? listener : in;
    }
    if (listener) {
        say(b, "", endpoint_address(l->scratch, listener));
        say_filters(b, listener);
    }
    say_refused(l, b, element);
    struct proxy_item *one = proxy_add(l, name ? name : json_text(listener, "name"), b->data);
    digest_members(l, one, listener, "@type|name");
}

/* -- certificates ---------------------------------------------------------------------------- */

static void take_certificate(struct proxy_list *l, const char *kind, const cJSON *cert)
{
    const cJSON *san, *name;
    struct buf *names = buf_in(l->scratch, SAYS_MAX), *b = begin_saying(l);
    cJSON_ArrayForEach(san, json_get(cert, "subject_alt_names"))
    {
        cJSON_ArrayForEach(name, san)
        {
            if (cJSON_IsString(name))
                say(names, "", name->valuestring);
        }
    }
    say(names, "", names->len ? NULL : json_str(cert, "path"));
    say(b, "serial ", json_str(cert, "serial_number"));
    say(b, "from ", json_str(cert, "valid_from"));
    say(b, "until ", json_str(cert, "expiration_time"));
    struct proxy_item *one =
        proxy_add(l, arena_printf(l->scratch, "%s %s", kind, names->data), b->data);
    digest_members(l, one, cert, "path|days_until_expiration");
}

void proxy_take_certificates(struct proxy_list *l, const cJSON *element, const char *state)
{
    const cJSON *cert;
    (void)state;
    cJSON_ArrayForEach(cert, json_get(element, "cert_chain"))
        take_certificate(l, "certificate", cert);
    cJSON_ArrayForEach(cert, json_get(element, "ca_cert")) take_certificate(l, "CA", cert);
}

/* -- plugins --------------------------------------------------------------------------------- */

/* Of "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm": "Wasm". */
static const char *last_word(const char *type)
{
    const char *dot = strrchr(type, '.');
    return dot ? dot + 1 : type;
}

void proxy_take_plugin(struct proxy_list *l, const cJSON *element, const char *state)
{
    const cJSON *filter = json_get(element, "ecds_filter");
    const cJSON *typed = json_get(filter, "typed_config"), *config = json_get(typed, "config");
    const char *type = json_text(typed, "@type"), *name = json_str(filter, "name");
    const cJSON *code;
    struct buf *b = begin_saying(l);
    (void)state;
    if (json_get(typed, "value")) { /* a TypedStruct */
        type = json_text(typed, "type_url");
        config = json_path(typed, "value.config");
    }
    code = json_path(config, "vm_config.code");
    if (text_ends(type, "rbac.v3.RBAC"))
        say(b, "", PROXY_NOT_LOADED);
    else
        say(b, "", last_word(type));
    say(b, "module ", json_str(json_get(code, "local"), "filename"));
    say(b, "module ", json_str(json_path(code, "remote.http_uri"), "uri"));
    say_refused(l, b, element);
    if (!name)
        name = json_text(json_path(element, "error_state.failed_configuration"), "name");
    struct proxy_item *one = proxy_add(l, name, b->data);
    digest_members(l, one, config, "name");
    add_digest(one, "what it is", text_hash(type, strlen(type)));
}

/* -- figures --------------------------------------------------------------------------------- */

/* "p50/95/99 1.05/3.1/8": since the start. */
static const char *quantile_words(struct arena *a, const cJSON *values, const cJSON *quantiles)
{
    struct buf *b = buf_in(a, SAYS_MAX);
    const cJSON *value = values ? values->child : NULL, *q;
    cJSON_ArrayForEach(q, quantiles)
    {
        bool shown = q->valuedouble == 50 || q->valuedouble == 95 || q->valuedouble == 99;
        if (shown)
            buf_printf(b, "%s%g", b->len ? "/" : "p50/95/99 ", json_num(value, "cumulative", 0));
        value = value ? value->next : NULL;
    }
    return b->data;
}

void proxy_take_stat(struct proxy_list *l, const cJSON *element, const char *state)
{
    const char *name = json_str(element, "name");
    const cJSON *one;
    (void)state;
    if (name) {
        struct proxy_item *item = proxy_add(l, name, "");
        if (item)
            item->value = json_num(element, "value", 0);
    }
    cJSON_ArrayForEach(one, json_path(element, "histograms.computed_quantiles"))
        proxy_add(l, json_text(one, "name"),
                  quantile_words(l->scratch, json_get(one, "values"),
                                 json_path(element, "histograms.supported_quantiles")));
}
