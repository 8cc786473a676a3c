/* mcp_server.c - /v1/mcpServer.
 *
 * A server is a route mcp-server-NAME.internal with the label biz-type, plus what its type needs:
 * types[] has a row for each, with how it is checked, stored and read back. The route is written
 * first; a failure after that leaves it, as in the real console.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/objects/mcp_config_private.h"
#include "embedded/objects/mcp_dsn_private.h"
#include "embedded/objects/mcp_route_private.h"
#include "embedded/objects/mcp_server_private.h"
#include "embedded/objects/plugin_instance_private.h"
#include "embedded/objects/plugin_yaml_private.h"
#include "embedded/objects/route_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/openapi/openapi.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"

static const struct model_field auth_model[] = {
    { "type", M_STR },
    { "enable", M_BOOL, .otherwise = "false" },
    { "allowedConsumers", M_LIST, .of = model_a_string },
    { 0 },
};
static const struct model_field direct_model[] = {
    { "path", M_STR },
    { "transportType", M_STR },
    { 0 },
};
static const struct model_field a_service[] = { { "", M_OBJ, .of = ingress_upstream_model },
                                                { 0 } };
static const struct model_field server_model[] = {
    { "id", M_STR },
    { "name", M_STR },
    { "description", M_STR },
    { "domains", M_LIST, .of = model_a_string },
    { "services", M_LIST, .of = a_service },
    { "type", M_ENUM, .one_of = "OPEN_API|DATABASE|DIRECT_ROUTE" },
    { "consumerAuthInfo", M_OBJ, .of = auth_model },
    { "rawConfigurations", M_STR },
    { "dbConfig", M_OBJ, .of = mcp_dsn_model },
    { "dbType", M_ENUM, .one_of = "MYSQL|POSTGRESQL|SQLITE|CLICKHOUSE" },
    { "directRouteConfig", M_OBJ, .of = direct_model },
    { 0 },
};

static cJSON *answer_short(struct arena *a, const cJSON *ingress)
{
    cJSON *out = model_new(a, server_model), *route = ingress_to_route(a, ingress);
    json_set_str(a, out, "name", mcp_route_server(a, kube_name(ingress)));
    json_set_str(a, out, "description",
                 kube_annotation(ingress, "higress.io/resource-description"));
    json_set(a, out, "domains", json_clone(a, json_get(route, "domains")));
    json_set(a, out, "services", json_clone(a, json_get(route, "services")));
    json_set_str(a, out, "type", kube_label(ingress, "higress.io/mcp-server-type"));
    return out;
}

static cJSON *answer_auth(struct rest_request *r, const char *ingress)
{
    struct arena *a = r->arena;
    const cJSON *auth = rules_read_auth(r, ingress);
    cJSON *out = model_new(a, auth_model);
    const cJSON *types = json_get(auth, "allowedCredentialTypes");
    if (json_count(types) > 0)
        json_set_str(a, out, "type", types->child->valuestring);
    json_set_bool(a, out, "enable", json_true(auth, "enabled"));
    if (json_get(auth, "allowedConsumers"))
        json_set(a, out, "allowedConsumers", json_clone(a, json_get(auth, "allowedConsumers")));
    return out;
}

/* OPEN_API: a rule of mcp-server.internal. */
static bool store_open_api(struct rest_request *r, const char *ingress)
{
    struct arena *a = r->arena;
    const char *text = json_str(r->body, "rawConfigurations");
    if (!mcp_config_has_redis(r))
        return false;
    cJSON *config = NULL;
    if (check_blank(text)) {
        const char *description = json_str(r->body, "description");
        config = json_object(a);
        cJSON *server = json_set_object(a, config, "server");
        json_set_str(a, server, "name", json_str(r->body, "name"));
        json_set_str(a, server, "description", description ? description : "Nothing");
    } else if (!plugin_instance_read_text(r, text, &config)) {
        return false;
    }
    cJSON *object = wasm_internal(r, "mcp-server");
    if (!object)
        return false;
    rules_put(a, object, &(struct rules_target){ .ingress = ingress }, config,
              text && strstr(text, "tools:"));
    return kube_save(r, wasm_kind, object);
}

static bool read_open_api(struct rest_request *r, const cJSON *ingress, cJSON *out)
{
    struct rules_target t = { .ingress = kube_name(ingress) };
    const cJSON *rule = rules_find(kstore_get(r->store, wasm_kind, "mcp-server.internal"), &t);
    const cJSON *config = json_get(rule, "config");
    if (config)
        json_set_str(r->arena, out, "rawConfigurations",
                     plugin_yaml_print(r->arena, plugin_yaml_read_back(r->arena, config)));
    return true;
}

/* DATABASE: an entry of mcpServer.servers in higress-config. */
static bool store_database(struct rest_request *r, const char *ingress)
{
    struct arena *a = r->arena;
    const char *type = json_str(r->body, "dbType"), *name = json_str(r->body, "name");
    const cJSON *db = json_get(r->body, "dbConfig");
    if (!mcp_dsn_check(r, type, db))
        return false;
    cJSON *entry = json_object(a);
    json_set_str(a, entry, "path", mcp_route_path(a, name));
    json_set_str(a, entry, "name", name);
    json_set_str(a, entry, "type", "database");
    cJSON *config = json_set_object(a, entry, "config");
    json_set_str(a, config, "dbType", mcp_dsn_stored_type(type));
    json_set_str(a, config, "dsn", mcp_dsn_print(a, type, db));
    return mcp_config_put_server(r, entry) && ingress;
}

static bool read_database(struct rest_request *r, const cJSON *ingress, cJSON *out)
{
    struct arena *a = r->arena;
    const char *name = json_str(out, "name");
    const cJSON *config = json_get(mcp_config_server(r, name), "config");
    const char *stored = json_str(config, "dbType");
    const char *type = mcp_dsn_api_type(stored);
    if (!type || !ingress)
        return true;
    json_set_str(a, out, "dbType", type);
    json_set(a, out, "dbConfig", mcp_dsn_parse(a, type, json_str(config, "dsn")));
    json_set_str(a, out, "rawConfigurations", mcp_route_database_tools(a, name, stored));
    return true;
}

static bool check_direct(struct rest_request *r)
{
    const cJSON *direct = json_get(r->body, "directRouteConfig");
    const char *path = json_str(direct, "path"), *transport = json_str(direct, "transportType");
    const char *suffix = mcp_config_sse_suffix(r);
    const cJSON *services = json_get(r->body, "services");
    if (!cJSON_IsArray(services))
        return rest_fail(r, X_NULL_POINTER,
                         "Cannot invoke \"java.util.List.get(int)\" because the return value of "
                         "\"com.alibaba.higress.sdk.model.Route.getServices()\" is null");
    if (json_count(services) == 0)
        return rest_fail(r, X_INDEX, "Index 0 out of bounds for length 0");
    if (!cJSON_IsObject(direct))
        return true;
    bool streamable = transport && text_equal_nocase(transport, "streamable");
    if (!streamable && !text_ends(path ? path : "", suffix))
        return rest_fail(r, X_BUSINESS, "The path of direct route config must end with %s", suffix);
    return cJSON_IsObject(services->child) ||
           rest_fail(
               r, X_NULL_POINTER,
               "Cannot invoke \"com.alibaba.higress.sdk.model.route.UpstreamService.getName()\""
               " because \"upstreamService\" is null");
}

/* The rewritten path; of sse with the suffix that was taken off, and no more slashes than needed.
 */
static const char *direct_path(struct rest_request *r, const char *path, const char *transport)
{
    const char *suffix = mcp_config_sse_suffix(r);
    if (!transport || strcmp(transport, "sse") != 0)
        return path;
    if (check_blank(path))
        return suffix;
    size_t n = strlen(path);
    while (n && path[n - 1] == '/')
        n--;
    return arena_printf(r->arena, "%.*s%s%s", (int)n, path, *suffix == '/' ? "" : "/", suffix);
}

static bool read_direct(struct rest_request *r, const cJSON *ingress, cJSON *out)
{
    struct arena *a = r->arena;
    const cJSON *rewrite = json_get(ingress_to_route(a, ingress), "rewrite");
    const char *transport =
        kube_annotation(ingress, "higress.io/mcp-server-upstream-transport-type");
    if (!cJSON_IsObject(rewrite))
        return rest_fail(
            r, X_NULL_POINTER,
            "Cannot invoke \"com.alibaba.higress.sdk.model.route.RewriteConfig.getPath()"
            "\" because the return value of \"com.alibaba.higress.sdk.model.Route."
            "getRewrite()\" is null");
    cJSON *direct = json_set(a, out, "directRouteConfig", model_new(a, direct_model));
    json_set_str(a, direct, "path", direct_path(r, json_str(rewrite, "path"), transport));
    json_set_str(a, direct, "transportType", transport);
    return true;
}

struct type {
    const char *name;
    bool (*check)(struct rest_request *r);                      /* before anything is written */
    bool (*store)(struct rest_request *r, const char *ingress); /* beside the route */
    bool (*read)(struct rest_request *r, const cJSON *ingress, cJSON *out); /* false: answered */
};

static const struct type types[] = {
    { "OPEN_API", NULL, store_open_api, read_open_api },
    { "DATABASE", NULL, store_database, read_database },
    { "DIRECT_ROUTE", check_direct, NULL, read_direct },
};

static const struct type *find_server_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (text_equal_nocase(types[i].name, name))
            return &types[i];
    return NULL;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(json_str(*(cJSON *const *)x, "name"), json_str(*(cJSON *const *)y, "name"));
}

/* Every server, in the order of names; how many. */
static size_t all_servers(struct rest_request *r, cJSON ***out)
{
    size_t n = 0, most = kstore_count(r->store, "ingresses");
    *out = arena_array(r->arena, cJSON *, most + 1);
    for (size_t i = 0; i < most; i++) {
        const cJSON *ingress = kstore_at(r->store, "ingresses", i);
        if (mcp_route_is_one(ingress) && kube_is_defined_here(ingress))
            (*out)[n++] = answer_short(r->arena, ingress);
    }
    qsort(*out, n, sizeof **out, by_name);
    return n;
}

static void mcp_server_list(struct rest_request *r)
{
    const char *name = rest_query(r, "mcpServerName"), *type = rest_query(r, "type");
    cJSON **all, *out = json_array(r->arena);
    size_t n = all_servers(r, &all);
    if (n && !check_blank(type) && !find_server_type(type)) {
        rest_fail(r, X_ILLEGAL_ARGUMENT, "Invalid value: %s", type);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *t = json_str(all[i], "type");
        if ((check_blank(name) || strstr(json_str(all[i], "name"), name)) &&
            (check_blank(type) || text_equal_nocase(type, t ? t : "")))
            json_add(r->arena, out, all[i]);
    }
    rest_page(r, out);
}

static void mcp_server_get(struct rest_request *r)
{
    const char *ingress_name = mcp_route_name(r->arena, rest_var(r, 0));
    const cJSON *ingress = kstore_get(r->store, "ingresses", ingress_name);
    if (!mcp_route_is_one(ingress)) {
        rest_fail(r, X_NOT_FOUND, "can't found the bound route by name: %s", ingress_name);
        return;
    }
    cJSON *out = answer_short(r->arena, ingress);
    json_set(r->arena, out, "consumerAuthInfo", answer_auth(r, ingress_name));
    const struct type *type = find_server_type(json_str(out, "type"));
    if (!type || type->read(r, ingress, out))
        rest_give(r, out);
}

static bool write_consumer_auth(struct rest_request *r, const char *ingress)
{
    struct arena *a = r->arena;
    const cJSON *info = json_get(r->body, "consumerAuthInfo");
    const char *type = json_str(info, "type");
    if (!cJSON_IsObject(info))
        return true;
    if (!type || strcmp(type, "key-auth") != 0)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "Unsupported credential type: %s",
                         type ? type : "null");
    cJSON *auth = json_object(a);
    const cJSON *consumers = json_get(info, "allowedConsumers");
    if (cJSON_IsBool(json_get(info, "enable")))
        json_set_bool(a, auth, "enabled", json_true(info, "enable"));
    if (cJSON_IsArray(consumers))
        json_set(a, auth, "allowedConsumers", json_clone(a, consumers));
    return rules_write_auth(r, ingress, auth);
}

static void put_mcp_server(struct rest_request *r)
{
    const struct type *type = find_server_type(json_str(r->body, "type"));
    if (!type) {
        rest_fail(r, X_BUSINESS,
                  "No McpServerService implementation found to support mcp type: null");
        return;
    }
    if (type->check && !type->check(r))
        return;
    const char *ingress = mcp_route_write(r, r->body);
    if (cJSON_IsArray(json_get(r->body, "domains")))
        json_set(r->arena, r->body, "domains", mcp_route_domains(r->arena, r->body));
    if (ingress && mcp_config_ensure(r) && (!type->store || type->store(r, ingress)) &&
        write_consumer_auth(r, ingress))
        rest_give(r, r->body);
}

static void mcp_server_erase(struct rest_request *r)
{
    struct arena *a = r->arena;
    const char *name = rest_var(r, 0), *ingress = mcp_route_name(a, name);
    if (route_delete(r, ingress) && mcp_config_drop(r, name, mcp_route_path(a, name)))
        rest_empty(r, 204);
}

static const struct model_field swagger_model[] = { { "content", M_STR }, { 0 } };

/* The real console runs a converter program here, and shows an empty text when that fails. */
static void convert_swagger(struct rest_request *r)
{
    const char *content = json_str(r->body, "content");
    struct err e = { 0 };
    if (check_blank(content)) {
        rest_spring(r, 400);
        return;
    }
    const char *tools = openapi_convert(r->arena, content, strlen(content), &e);
    if (!tools && rest_is_lenient(r))
        rest_fail(r, X_VALIDATION, "%s", e.text);
    else
        rest_envelope(r, json_string(r->arena, tools ? tools : ""));
}

const struct rest_route mcp_server_rest[] = {
    { "GET", "/v1/mcpServer", mcp_server_list, NULL, REST_PAGED },
    { "PUT", "/v1/mcpServer", put_mcp_server, server_model },
    { "GET", "/v1/mcpServer/{name}", mcp_server_get, .not_blank = "query.name" },
    { "DELETE", "/v1/mcpServer/{name}", mcp_server_erase, .not_blank = "delete.name" },
    { "POST", "/v1/mcpServer/swaggerToMcpConfig", convert_swagger, swagger_model },
    { 0 },
};
