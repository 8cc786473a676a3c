/* proxy.c - proxies of the McpBridge; the shape is the same on both sides. */
#include "embedded/objects/proxy_private.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"

static const struct model_field proxy_model[] = { { "type", M_STR },
                                                  { "name", M_STR },
                                                  { "version", M_STR },
                                                  { "serverAddress", M_STR },
                                                  { "serverPort", M_INT },
                                                  { "connectTimeout", M_INT },
                                                  { 0 } };

static cJSON *proxy_shown(struct rest_request *r, const cJSON *entry)
{
    cJSON *out = model_new(r->arena, proxy_model);
    for (const struct model_field *f = proxy_model; f->name; f++) {
        const cJSON *value = json_get(entry, f->name);
        if (value)
            json_set(r->arena, out, f->name, json_clone(r->arena, value));
    }
    json_set_str(r->arena, out, "version", bridge_version(r));
    return out;
}

static void proxy_get_all(struct rest_request *r)
{
    cJSON *out = json_array(r->arena);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, bridge_list(r, "proxies"))
    {
        json_add(r->arena, out, proxy_shown(r, entry));
    }
    rest_page(r, out);
}

static void proxy_get(struct rest_request *r)
{
    const cJSON *entry = bridge_find(bridge_load(r), "proxies", rest_var(r, 0));
    rest_give(r, entry ? proxy_shown(r, entry) : NULL);
}

/* ^[a-z][a-z0-9-_.]{0,62}$ */
static bool is_proxy_name(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    if (n < 1 || n > 63 || *s < 'a' || *s > 'z')
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

static bool is_valid(const cJSON *proxy)
{
    const char *address = json_str(proxy, "serverAddress");
    const cJSON *timeout = json_get(proxy, "connectTimeout");
    if (check_blank(json_str(proxy, "type")) || !is_proxy_name(json_str(proxy, "name")) || !address)
        return false;
    if (!check_ipv4(address, strlen(address)) && !check_domain(address, strlen(address)))
        return false;
    return check_port(json_get(proxy, "serverPort")) &&
           (!cJSON_IsNumber(timeout) || timeout->valuedouble >= 0);
}

static bool check_proxy(struct rest_request *r, const char *doing)
{
    if (!is_valid(r->body))
        return rest_fail(r, X_VALIDATION, "proxyServer body is not valid.");
    if (kube_is_internal(json_str(r->body, "name")))
        return rest_fail(r, X_VALIDATION, "%s an internal proxy server is not allowed.", doing);
    return true;
}

static void save_proxy(struct rest_request *r)
{
    cJSON *bridge = bridge_load(r), *entry = model_without_nulls(r->arena, r->body);
    json_remove(entry, "version");
    bridge_put(r->arena, bridge, "proxies", entry);
    if (bridge_save(r, bridge))
        rest_give(r, r->body);
}

static void proxy_create(struct rest_request *r)
{
    if (!check_proxy(r, "Adding"))
        return;
    if (bridge_find(bridge_load(r), "proxies", json_str(r->body, "name")))
        rest_fail(r, X_CONFLICT, NULL);
    else
        save_proxy(r);
}

static void proxy_update(struct rest_request *r)
{
    json_set_str(r->arena, r->body, "name", rest_var(r, 0));
    if (check_proxy(r, "Updating"))
        save_proxy(r);
}

static void delete_proxy(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    cJSON *bridge = bridge_load(r);
    if (kube_is_internal(name)) {
        rest_fail(r, X_VALIDATION, "Deleting an internal proxy server is not allowed.");
        return;
    }
    if (json_find(bridge_list(r, "registries"), "proxyName", name)) {
        rest_fail(r, X_BUSINESS,
                  "Cannot delete the ProxyServer with name: %s, because it is used by a service "
                  "registry.",
                  name);
        return;
    }
    if (bridge_drop(bridge, "proxies", name) && !bridge_save(r, bridge))
        return;
    rest_empty(r, 204);
}

const struct rest_route proxy_rest[] = {
    { "GET", "/v1/proxy-servers", proxy_get_all, NULL, REST_PAGED },
    { "POST", "/v1/proxy-servers", proxy_create, proxy_model },
    { "GET", "/v1/proxy-servers/{name}", proxy_get },
    { "PUT", "/v1/proxy-servers/{name}", proxy_update, proxy_model },
    { "DELETE", "/v1/proxy-servers/{name}", delete_proxy },
    { 0 },
};
