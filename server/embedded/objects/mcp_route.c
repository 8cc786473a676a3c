/* mcp_route.c - from an McpServer to its Ingress. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/bridge_private.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/objects/mcp_config_private.h"
#include "embedded/objects/mcp_route_private.h"
#include "embedded/objects/plugin_yaml_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/rest.h"
#include "kind/derived.h"

enum { MAX_DOMAINS_TEXT = 64 << 10 };

char *mcp_route_name(struct arena *a, const char *server)
{
    if (server && text_starts(server, "mcp-server-") && text_ends(server, ".internal"))
        return arena_strdup(a, server); /* a route's name already */
    return derived_name(a, DERIVED_MCP_ROUTE, server ? server : "");
}

char *mcp_route_path(struct arena *a, const char *server)
{
    return arena_printf(a, "/mcp-servers/%s", server ? server : "null");
}

char *mcp_route_server(struct arena *a, const char *ingress)
{
    static const char prefix[] = "mcp-server-", suffix[] = ".internal";
    if (!text_starts(ingress, prefix))
        return arena_strdup(a, ingress);
    char *server = arena_strdup(a, ingress + strlen(prefix)), *at;
    while ((at = strstr(server, suffix)) != NULL) /* every one of them */
        memmove(at, at + strlen(suffix), strlen(at + strlen(suffix)) + 1);
    return server;
}

bool mcp_route_is_one(const cJSON *ingress)
{
    const char *type = ingress ? kube_label(ingress, "higress.io/biz-type") : NULL;
    return type && strcmp(type, "mcp-server") == 0;
}

static bool is_streamable(const char *transport)
{
    return transport && text_equal_nocase(transport, "streamable");
}

cJSON *mcp_route_domains(struct arena *a, const cJSON *server)
{
    cJSON *out = json_array(a);
    const cJSON *d;
    cJSON_ArrayForEach(d, json_get(server, "domains"))
    {
        if (cJSON_IsString(d) && !check_blank(d->valuestring))
            json_add_str(a, out, d->valuestring);
    }
    return out;
}

/* The names that are not blank; "*" when none was given. */
static char *domains_text(struct arena *a, const cJSON *server, const cJSON *domains)
{
    struct buf *b = buf_in(a, MAX_DOMAINS_TEXT);
    const cJSON *d;
    cJSON_ArrayForEach(d, domains)
        buf_printf(b, "%s%s", d == domains->child ? "" : ",", d->valuestring);
    return json_count(json_get(server, "domains")) > 0 ? b->data : arena_strdup(a, "*");
}

/* What the upstream's path is rewritten to: the path, for sse without its suffix; NULL: none. */
static char *upstream_path_prefix(struct rest_request *r, const cJSON *direct)
{
    const char *path = json_str(direct, "path"), *transport = json_str(direct, "transportType");
    const char *sse = mcp_config_sse_suffix(r);
    if (!path || is_streamable(transport) || !text_ends(path, sse))
        return arena_strdup(r->arena, path);
    char *stem = arena_strndup(r->arena, path, strlen(path) - strlen(sse));
    return check_blank(stem) ? arena_strdup(r->arena, "/") : stem;
}

/* The domain of the first service's registry, when that is a name; its own is found in any case. */
static const char *upstream_host(struct rest_request *r, const cJSON *server)
{
    const char *service = json_str(json_path(server, "services[0]"), "name");
    const cJSON *registry;
    if (!service || !text_ends(service, ".dns"))
        return NULL;
    cJSON_ArrayForEach(registry, bridge_list(r, "registries"))
    {
        const char *name = bridge_service_name(r->arena, registry);
        if (name && text_equal_nocase(name, service))
            return json_str(registry, "domain");
    }
    return NULL;
}

static cJSON *mcp_server_route(struct rest_request *r, const cJSON *server, cJSON *domains)
{
    struct arena *a = r->arena;
    cJSON *route = model_new(a, ingress_route_model);
    const cJSON *direct = json_get(server, "directRouteConfig");
    const char *type = json_str(server, "type");
    json_set_str(a, route, "name", mcp_route_name(a, json_str(server, "name")));
    json_set(a, route, "domains", domains);
    cJSON *path = json_set(a, route, "path", model_new(a, ingress_predicate_model));
    json_set_str(a, path, "matchType", "PRE");
    json_set_str(a, path, "matchValue", mcp_route_path(a, json_str(server, "name")));
    json_set(a, route, "services", json_clone(a, json_get(server, "services")));
    if (strcmp(type, "DIRECT_ROUTE") != 0 || !cJSON_IsObject(direct))
        return route;
    cJSON *rewrite = json_set(a, route, "rewrite", model_new(a, ingress_rewrite_model));
    json_set_bool(a, rewrite, "enabled", true);
    json_set_str(a, rewrite, "path", upstream_path_prefix(r, direct));
    json_set_str(a, rewrite, "host", upstream_host(r, server));
    return route;
}

static void annotate(struct rest_request *r, cJSON *ingress, const cJSON *server,
                     const cJSON *domains)
{
    struct arena *a = r->arena;
    const char *description = json_str(server, "description"), *type = json_str(server, "type");
    kube_set_label(a, ingress, "higress.io/biz-type", "mcp-server");
    kube_set_label(a, ingress, "higress.io/mcp-server-type", type);
    kube_set_annotation(a, ingress, "higress.io/mcp-server", "true");
    kube_set_annotation(a, ingress, "higress.io/mcp-server-match-rule-domains",
                        domains_text(a, server, domains));
    kube_set_annotation(a, ingress, "higress.io/mcp-server-match-rule-type", "prefix");
    kube_set_annotation(a, ingress, "higress.io/mcp-server-match-rule-value",
                        mcp_route_path(a, json_str(server, "name")));
    if (description)
        kube_set_annotation(a, ingress, "higress.io/resource-description", description);
    const cJSON *direct = json_get(server, "directRouteConfig");
    if (strcmp(type, "DIRECT_ROUTE") != 0 || !cJSON_IsObject(direct))
        return;
    const char *transport = json_str(direct, "transportType");
    bool streamable = is_streamable(transport);
    kube_set_annotation(a, ingress, "higress.io/mcp-server-upstream-type",
                        streamable ? "streamable" : "sse");
    if (transport)
        kube_set_annotation(a, ingress, "higress.io/mcp-server-upstream-transport-type", transport);
    kube_set_annotation(a, ingress, "higress.io/mcp-server-enable-path-rewrite", "true");
    const char *to = upstream_path_prefix(r, direct);
    if (to)
        kube_set_annotation(a, ingress, "higress.io/mcp-server-path-rewrite-prefix", to);
}

const char *mcp_route_write(struct rest_request *r, const cJSON *server)
{
    cJSON *domains = mcp_route_domains(r->arena, server);
    cJSON *route = mcp_server_route(r, server, domains);
    if (!ingress_check_route(r, route))
        return NULL;
    cJSON *ingress = ingress_from_route(r, route);
    if (!ingress)
        return NULL;
    annotate(r, ingress, server, domains);
    kube_keep_unknown(r, "ingresses", ingress);
    return kube_save(r, "ingresses", ingress) ? json_str(route, "name") : NULL;
}

char *mcp_route_database_tools(struct arena *a, const char *server, const char *database)
{
    static const struct {
        const char *name, *does, *argument, *about;
    } tools[] = {
        { "query", "Run a read-only SQL query in database %s.", "sql", "The sql query to execute" },
        { "execute", "Execute an insert, update, or delete SQL in database %s.", "sql",
          "The sql to execute" },
        { "list tables", "List all tables in database %s.", NULL, NULL },
        { "describe table", "Get the structure of a specific table in database %s.", "table",
          "table name" },
    };
    cJSON *out = json_object(a);
    json_set_str(a, out, "server", server);
    cJSON *list = json_set_array(a, out, "tools");
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        cJSON *tool = json_add(a, list, json_object(a));
        const char *mark = strstr(tools[i].does, "%s");
        json_set_str(a, tool, "name", tools[i].name);
        json_set_str(a, tool, "description",
                     arena_printf(a, "%.*s%s%s", (int)(mark - tools[i].does), tools[i].does,
                                  database, mark + 2));
        cJSON *args = json_set_array(a, tool, "args");
        if (tools[i].argument) {
            cJSON *arg = json_add(a, args, json_object(a));
            json_set_str(a, arg, "name", tools[i].argument);
            json_set_str(a, arg, "type", "string");
            json_set_str(a, arg, "description", tools[i].about);
            json_set_bool(a, arg, "required", true);
            json_set_str(a, arg, "position", "body");
        }
    }
    return arena_printf(a, "%s\n", plugin_yaml_print(a, out));
}
