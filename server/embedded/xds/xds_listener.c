/* xds_listener.c - the listener with Higress' filters and access log, and Envoy's start file. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "embedded/xds/xds_private.h"

/* Higress' access log: a text format that spells JSON. Keys in their order. */
static const char *const log_keys[][2] = {
    { "ai_log", "FILTER_STATE(wasm.ai_log:PLAIN)" },
    { "authority", "REQ(X-ENVOY-ORIGINAL-HOST?:AUTHORITY)" },
    { "bytes_received", "BYTES_RECEIVED" },
    { "bytes_sent", "BYTES_SENT" },
    { "downstream_local_address", "DOWNSTREAM_LOCAL_ADDRESS" },
    { "downstream_remote_address", "DOWNSTREAM_REMOTE_ADDRESS" },
    { "duration", "DURATION" },
    { "istio_policy_status", "DYNAMIC_METADATA(istio.mixer:status)" },
    { "method", "REQ(:METHOD)" },
    { "path", "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)" },
    { "protocol", "PROTOCOL" },
    { "request_id", "REQ(X-REQUEST-ID)" },
    { "requested_server_name", "REQUESTED_SERVER_NAME" },
    { "response_code", "RESPONSE_CODE" },
    { "response_flags", "RESPONSE_FLAGS" },
    { "route_name", "ROUTE_NAME" },
    { "start_time", "START_TIME" },
    { "trace_id", "REQ(X-B3-TRACEID)" },
    { "upstream_cluster", "UPSTREAM_CLUSTER" },
    { "upstream_host", "UPSTREAM_HOST" },
    { "upstream_local_address", "UPSTREAM_LOCAL_ADDRESS" },
    { "upstream_service_time", "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)" },
    { "upstream_transport_failure_reason", "UPSTREAM_TRANSPORT_FAILURE_REASON" },
    { "user_agent", "REQ(USER-AGENT)" },
    { "x_forwarded_for", "REQ(X-FORWARDED-FOR)" },
    { "response_code_details", "RESPONSE_CODE_DETAILS" },
};

static const char *log_format(struct arena *a)
{
    struct buf *b = buf_in(a, 8192);
    for (size_t i = 0; i < sizeof log_keys / sizeof *log_keys; i++)
        buf_printf(b, "%s\"%s\":\"%%%s%%\"", i ? "," : "{", log_keys[i][0], log_keys[i][1]);
    buf_str(b, "}\n");
    return arena_strdup(a, b->data);
}

static cJSON *extension(struct arena *a, const char *name, const char *type)
{
    cJSON *e = json_object(a);
    json_set_str(a, e, "name", name);
    json_set_str(a, json_set_object(a, e, "typed_config"), "@type", type);
    return e;
}

static cJSON *socket_address(struct arena *a, const char *address, int port)
{
    cJSON *outer = json_object(a);
    cJSON *inner = json_set_object(a, outer, "socket_address");
    json_set_str(a, inner, "address", address);
    json_set_num(a, inner, "port_value", port);
    return outer;
}

/* A file that is replaced by rename: Envoy must watch its folder, not the file. */
static cJSON *watched(struct arena *a, const char *folder, const char *file)
{
    cJSON *source = json_object(a);
    json_set_str(a, source, "resource_api_version", "V3");
    cJSON *path = json_set_object(a, source, "path_config_source");
    json_set_str(a, path, "path", arena_printf(a, "%s/%s", folder, file));
    json_set_str(a, json_set_object(a, path, "watched_directory"), "path", folder);
    return source;
}

static cJSON *access_log(struct xds *x)
{
    cJSON *log = extension(x->a, "envoy.access_loggers.file",
                           XDS_TYPE "extensions.access_loggers.file.v3.FileAccessLog");
    cJSON *config = json_get(log, "typed_config");
    json_set_str(x->a, config, "path", x->in->access_log);
    cJSON *format = json_set_object(x->a, config, "log_format");
    json_set_str(x->a, json_set_object(x->a, format, "text_format_source"), "inline_string",
                 log_format(x->a));
    return log;
}

static cJSON *http_filters(struct arena *a)
{
    cJSON *filters = json_array(a);
    json_add(
        a, filters,
        extension(a, "envoy.filters.http.cors", XDS_TYPE "extensions.filters.http.cors.v3.Cors"));
    cJSON *limit = extension(a, "envoy.filters.http.local_ratelimit",
                             XDS_TYPE "extensions.filters.http.local_ratelimit.v3.LocalRateLimit");
    json_set_str(a, json_get(limit, "typed_config"), "stat_prefix", "http_local_rate_limiter");
    json_add(a, filters,
             extension(a, "envoy.filters.http.rbac",
                       XDS_TYPE "extensions.filters.http.rbac.v3.RBAC")); /* without rules, too */
    json_add(a, filters, limit); /* without a bucket: limits only routes that bring one */
    json_add(a, filters,
             extension(a, "envoy.filters.http.router",
                       XDS_TYPE "extensions.filters.http.router.v3.Router"));
    return filters;
}

static cJSON *connection_manager(struct xds *x)
{
    struct arena *a = x->a;
    cJSON *m = extension(a, "envoy.filters.network.http_connection_manager",
                         XDS_TYPE "extensions.filters.network.http_connection_manager.v3."
                                  "HttpConnectionManager");
    cJSON *c = json_get(m, "typed_config");
    json_set_str(a, c, "stat_prefix", arena_printf(a, "outbound_0.0.0.0_%d", x->in->port));
    cJSON *rds = json_set_object(a, c, "rds");
    json_set_str(a, rds, "route_config_name", arena_printf(a, "http.%d", x->in->port));
    json_set(a, rds, "config_source", watched(a, x->in->folder, "rds.json"));
    json_set(a, c, "http_filters", http_filters(a));
    json_add(a, json_set_array(a, c, "access_log"), access_log(x));
    json_set_bool(a, c, "use_remote_address", true);
    json_set_bool(a, c, "normalize_path", true);
    json_set_str(a, c, "path_with_escaped_slashes_action", "KEEP_UNCHANGED");
    json_set_str(a, c, "server_name", "istio-envoy");
    json_set_str(a, c, "stream_idle_timeout", "180s");
    json_set_num(a, c, "max_request_headers_kb", 60);
    json_set_bool(a, json_set_object(a, c, "http_protocol_options"), "accept_http_10", true);
    cJSON *upgrades = json_set_array(a, c, "upgrade_configs");
    json_set_str(a, json_add(a, upgrades, json_object(a)), "upgrade_type", "websocket");
    return m;
}

cJSON *xds_listener(struct xds *x)
{
    struct arena *a = x->a;
    cJSON *l = json_object(a);
    json_set_str(a, l, "@type", XDS_TYPE "config.listener.v3.Listener");
    json_set_str(a, l, "name", arena_printf(a, "0.0.0.0_%d", x->in->port));
    json_set(a, l, "address", socket_address(a, x->in->address, x->in->port));
    json_set_num(a, l, "per_connection_buffer_limit_bytes", 32768);
    cJSON *chain = json_add(a, json_set_array(a, l, "filter_chains"), json_object(a));
    json_add(a, json_set_array(a, chain, "filters"), connection_manager(x));
    return l;
}

cJSON *xds_bootstrap(struct arena *a, const char *folder, int admin_port)
{
    static const char tag[] = "^cluster\\.((.*?)\\.)(http1\\.|http2\\.|health_check\\.|"
                              "outlier_detection\\.|circuit_breakers\\.|ssl\\.|[^\\.]+$)";
    cJSON *b = json_object(a);
    cJSON *node = json_set_object(a, b, "node");
    json_set_str(a, node, "id", "higress-ops");
    json_set_str(a, node, "cluster", "higress-gateway");
    json_set(a, json_set_object(a, b, "admin"), "address",
             socket_address(a, "127.0.0.1", admin_port));
    cJSON *tags = json_set_array(a, json_set_object(a, b, "stats_config"), "stats_tags");
    cJSON *name = json_add(a, tags, json_object(a));
    json_set_str(a, name, "tag_name", "cluster_name");
    json_set_str(a, name, "regex", tag);
    cJSON *sources = json_set_object(a, b, "dynamic_resources");
    json_set(a, sources, "lds_config", watched(a, folder, "lds.json"));
    json_set(a, sources, "cds_config", watched(a, folder, "cds.json"));
    return b;
}
