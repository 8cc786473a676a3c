/* domain.c - domains are ConfigMaps domain-<name>; a change is carried to the routes on it. */
#include "embedded/objects/domain_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/route_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/selector_private.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"

static const char kind[] = "configmaps";
static const char default_domain[] = "higress-default-domain";

static const struct model_field domain_model[] = { { "name", M_STR },
                                                   { "version", M_STR },
                                                   { "enableHttps", M_STR },
                                                   { "certIdentifier", M_STR },
                                                   { 0 } };

static char *map_name(struct arena *a, const char *domain)
{
    if (!domain)
        return arena_strdup(a, "domain-null");
    bool wild = *domain == '*';
    return arena_printf(a, "domain-%s%s", wild ? "wildcard" : "", domain + wild);
}

static cJSON *domain_shown(struct arena *a, const cJSON *map)
{
    static const char *const pairs[][2] = { { "name", "domain" },
                                            { "enableHttps", "enableHttps" },
                                            { "certIdentifier", "cert" } };
    cJSON *out = model_new(a, domain_model);
    const cJSON *data = json_get(map, "data");
    for (int i = 0; i < 3; i++)
        json_set_str(a, out, pairs[i][0], json_str(data, pairs[i][1]));
    json_set_str(a, out, "version", kube_version(map));
    return out;
}

static const cJSON *find_domain_map(struct rest_request *r, const char *domain)
{
    const cJSON *map = kstore_get(r->store, kind, map_name(r->arena, domain));
    return map && kube_is_defined_here(map) ? map : NULL;
}

bool domain_exists(struct rest_request *r, const char *name)
{
    return find_domain_map(r, name) != NULL;
}

struct https {
    const char *mode, *cert; /* cert NULL: plain HTTP */
};

static struct https https_from_map(struct rest_request *r, const char *domain)
{
    const cJSON *data = json_get(find_domain_map(r, domain), "data");
    struct https out = { json_str(data, "enableHttps"), json_str(data, "cert") };
    if ((out.mode && strcmp(out.mode, "off") == 0) || !out.cert || !*out.cert)
        out.cert = NULL;
    return out;
}

static void add_tls_entry(struct arena *a, cJSON *tls, const char *host, const char *cert)
{
    cJSON *entry = json_add(a, tls, json_object(a));
    if (host && strcmp(host, default_domain) != 0)
        json_add_str(a, json_set_array(a, entry, "hosts"), host);
    json_set_str(a, entry, "secretName", cert);
}

/* The names of a route's domains, each once; without any the one for all hosts. */
static size_t names_of(struct arena *a, const cJSON *domains, const char ***names)
{
    const cJSON *domain;
    size_t n = 0;
    *names = arena_array(a, const char *, (size_t)json_count(domains) + 1);
    cJSON_ArrayForEach(domain, domains)
    {
        const char *name = cJSON_IsString(domain) ? domain->valuestring : "";
        size_t i = 0;
        while (i < n && strcmp((*names)[i], name) != 0)
            i++;
        if (i == n && *name)
            (*names)[n++] = name;
    }
    if (json_count(domains) == 0)
        (*names)[n++] = default_domain;
    return n;
}

cJSON *domain_tls(struct rest_request *r, const cJSON *domains, bool *force)
{
    struct arena *a = r->arena;
    cJSON *tls = json_array(a);
    const char **names, *mode = NULL;
    size_t given = json_count(domains) ? (size_t)json_count(domains) : 1;
    size_t n = names_of(a, domains, &names), secure = 0;
    bool one_mode = true;
    const char **with = arena_array(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct https https = https_from_map(r, names[i]);
        if (!https.cert)
            continue;
        one_mode &= secure == 0 || text_same(mode, https.mode);
        mode = https.mode;
        with[secure++] = names[i];
    }
    *force = secure && text_same(mode, "force");
    if (secure && secure != given) {
        rest_fail(r, X_VALIDATION, "Currently only supports domains with the same protocol");
        return NULL;
    }
    if (!one_mode) {
        rest_fail(r, X_VALIDATION, "All domains must use consistent HTTPS configuration");
        return NULL;
    }
    java_hash_order(a, with, secure, given);
    for (size_t i = 0; i < secure; i++)
        add_tls_entry(a, tls, with[i], https_from_map(r, with[i]).cert);
    return tls;
}

static void domain_get_all(struct rest_request *r)
{
    cJSON *out = json_array(r->arena);
    size_t n = kstore_count(r->store, kind);
    for (size_t i = 0; i < n; i++) {
        const cJSON *map = kstore_at(r->store, kind, i);
        if (text_starts(kube_name(map), "domain-") && kube_is_defined_here(map))
            json_add(r->arena, out, domain_shown(r->arena, map));
    }
    rest_page(r, out);
}

static void domain_get(struct rest_request *r)
{
    const cJSON *map = find_domain_map(r, rest_var(r, 0));
    rest_give(r, map ? domain_shown(r->arena, map) : NULL);
}

static cJSON *map_of(struct rest_request *r)
{
    struct arena *a = r->arena;
    cJSON *map = kube_new(a, map_name(a, json_str(r->body, "name")));
    kube_set_version(a, map, json_str(r->body, "version"));
    kube_set_label(a, map, "higress.io/config-map-type", "domain");
    cJSON *data = json_set_object(a, map, "data");
    json_set_str(a, data, "domain", json_str(r->body, "name"));
    json_set_str(a, data, "cert", json_str(r->body, "certIdentifier"));
    json_set_str(a, data, "enableHttps", json_str(r->body, "enableHttps"));
    return map;
}

static void give_after_routes(struct rest_request *r, const cJSON *stored)
{
    if (!stored)
        return;
    const char *name = json_str(r->body, "name");
    cJSON *answer = domain_shown(r->arena, stored);
    if (name && *name && !selector_check_domain(r, name))
        return;
    if (route_follow_domain(r, name))
        rest_give(r, answer);
}

static void domain_create(struct rest_request *r)
{
    if (!rest_needs_name(r))
        return;
    give_after_routes(r, kube_create(r, kind, map_of(r)));
}

static void domain_update(struct rest_request *r)
{
    const char *name = json_str(r->body, "name"), *wanted = rest_var(r, 0);
    if (!name || !*name) {
        json_set_str(r->arena, r->body, "name", wanted);
    } else if (strcmp(name, wanted) != 0) {
        rest_fail(r, X_VALIDATION, "Domain name in the URL doesn't match the one in the body.");
        return;
    }
    cJSON *map = map_of(r);
    kube_keep_unknown(r, kind, map);
    give_after_routes(r, kube_replace(r, kind, map));
}

static void delete_domain(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    struct rules_target target = { .domain = name };
    if (!selector_check_domain(r, name))
        return;
    if (json_count(route_list(r, name)) > 0) {
        rest_fail(r, X_ILLEGAL_ARGUMENT, "The domain has routes. Please delete them first.");
        return;
    }
    if (kube_delete(r, kind, map_name(r->arena, name)) && rules_drop_everywhere(r, &target))
        rest_empty(r, 204);
}

static void get_routes(struct rest_request *r)
{
    route_give_list(r, rest_var(r, 0));
}

const struct rest_route domain_rest[] = {
    { "GET", "/v1/domains", domain_get_all, NULL, REST_PAGED },
    { "POST", "/v1/domains", domain_create, domain_model },
    { "GET", "/v1/domains/{name}", domain_get, .not_blank = "query.name" },
    { "PUT", "/v1/domains/{name}", domain_update, domain_model, .not_blank = "put.domainName" },
    { "DELETE", "/v1/domains/{name}", delete_domain, .not_blank = "delete.name" },
    { "GET", "/v1/domains/{name}/routes", get_routes, NULL, REST_PAGED,
      .not_blank = "queryRoutes.name" },
    { 0 },
};
