/* kind_rows.c - the table of resource kinds.
 *
 * A new kind is a new row (and its name in names.h) and its fields in kind_field*.c; a rule that
 * needs code goes to check*.c. The facts are the console's, as recorded: where a member is carried,
 * stripped or guarded here, leaving it out has been seen to lose data there.
 */
#include "kind/kind.h"
#include "kind/kind_field_private.h"
#include "kind/names.h"

/* Of a provider's rawConfigs: the console writes them from its other members. */
#define RAW_MADE                                                                                   \
    "rawConfigs.id|rawConfigs.type|rawConfigs.protocol|rawConfigs.apiTokens|rawConfigs.failover|"  \
    "rawConfigs.retryOnFailure"

const struct kind kinds[] = {
    {
        .name = "route",
        .about = "Which requests (host, path, method, header, query) go to which services.",
        .list = "/v1/routes",
        .object = "/v1/routes/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .carry = "authConfig",
        .made = "version|readonly",
        .guarded = ".internal",
        .loss = "Deleting a route also deletes every plugin rule that targets it.",
        .refs = "domains[]>domain|services[].name>service|authConfig.allowedConsumers[]>consumer",
        .fields = kind_field_route,
        .example = "{\"name\":\"shop\",\"domains\":[\"shop.example.com\"],\"path\":{\"matchType\":"
                   "\"PRE\",\"matchValue\":\"/shop\"},\"services\":[{\"name\":\"web.static\","
                   "\"port\":80}]}",
    },
    {
        .name = "domain",
        .about = "A host name and its HTTPS mode and certificate.",
        .list = "/v1/domains",
        .object = "/v1/domains/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .carry = "enableHttps|certIdentifier",
        .made = "version",
        .loss = "A change of a domain rewrites every route bound to it; deleting it deletes its "
                "plugin rules.",
        .refs = "certIdentifier>tls-certificate",
        .fields = kind_field_domain,
        .example = "{\"name\":\"shop.example.com\",\"enableHttps\":\"on\",\"certIdentifier\":"
                   "\"shop\"}",
    },
    {
        .name = "service-source",
        .about = "Where services come from: fixed addresses, DNS names, Nacos, Consul, ZooKeeper, "
                 "Eureka.",
        .list = "/v1/service-sources",
        .object = "/v1/service-sources/{name}",
        .key = "name",
        .version = VERSION_ECHOED,
        .flags = KIND_UPSERT,
        .carry = "authN",
        .made = "version",
        .guarded = ".internal",
        .loss = "The console itself does not look whether routes still use a deleted source.",
        .refs = "proxyName>proxy-server",
        .fields = kind_field_source,
        .example = "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.11:8080,"
                   "10.0.0.12:8080\",\"port\":80,\"protocol\":\"http\"}",
    },
    {
        .name = "proxy-server",
        .about = "A forward proxy through which service sources may be reached.",
        .list = "/v1/proxy-servers",
        .object = "/v1/proxy-servers/{name}",
        .key = "name",
        .version = VERSION_ECHOED,
        .flags = KIND_UPSERT,
        .made = "version",
        .guarded = ".internal",
        .fields = kind_field_proxy,
        .example = "{\"name\":\"out\",\"type\":\"http\",\"serverAddress\":\"proxy.example.com\","
                   "\"serverPort\":3128}",
    },
    {
        .name = "service",
        .about = "What the gateway has discovered: name, port, protocol, endpoints. Read-only.",
        .list = "/v1/services",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_READ_ONLY,
        .made = "version",
        .fields = kind_field_service,
        .example = "{\"name\":\"web.static\",\"namespace\":\"mcp\",\"port\":80,\"protocol\":"
                   "\"HTTP\",\"endpoints\":[\"10.0.0.11\"]}",
    },
    {
        .name = "ai-provider",
        .about = "An LLM provider: type, protocol, API keys, endpoint settings.",
        .list = "/v1/ai/providers",
        .object = "/v1/ai/providers/{name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_UPSERT,
        .carry = "tokens|rawConfigs|protocol",
        .strip = RAW_MADE,
        .made = "version|" RAW_MADE,
        .loss = "The console itself does not look whether AI routes still use a provider.",
        .refs = "proxyName>proxy-server|rawConfigs.openaiCustomServiceName>service",
        .parts = { DERIVED_LLM_SOURCE },
        .fields = kind_field_provider,
        .example = "{\"name\":\"qwen\",\"type\":\"qwen\",\"protocol\":\"openai/v1\",\"tokens\":"
                   "[\"API-KEY\"],\"rawConfigs\":{\"qwenEnableSearch\":false}}",
    },
    {
        .name = "ai-route",
        .about = "Which requests go to which LLM providers, by model, path and header.",
        .list = "/v1/ai/routes",
        .object = "/v1/ai/routes/{name}",
        .key = "name",
        .version = VERSION_LATE,
        .carry = "authConfig",
        .made = "version",
        .loss = "An AI route is several objects; the console changes live ones before it notices a "
                "conflict.",
        .refs = "domains[]>domain|upstreams[].provider>ai-provider|"
                "fallbackConfig.upstreams[].provider>ai-provider|"
                "authConfig.allowedConsumers[]>consumer",
        .parts = { DERIVED_AI_ROUTE, DERIVED_AI_FALLBACK },
        .fields = kind_field_ai_route,
        .example = "{\"name\":\"chat\",\"upstreams\":[{\"provider\":\"qwen\",\"weight\":"
                   "100,\"modelMapping\":{\"*\":\"qwen-max\"}}],\"modelPredicates\":[{"
                   "\"matchType\":\"PRE\",\"matchValue\":\"qwen\"}]}",
    },
    {
        .name = "wasm-plugin",
        .about = "A plugin the gateway can run: image, phase, priority.",
        .list = "/v1/wasm-plugins",
        .object = "/v1/wasm-plugins/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .flags = KIND_LIST_KNOWS,
        .carry = "builtIn",
        .made = "version|productCovered|readmeUrl|icon",
        .lasts = "builtIn",
        .loss = "Deleting a plugin deletes all of its instances.",
        .fields = kind_field_plugin,
        .example = "{\"name\":\"my-filter\",\"category\":\"custom\",\"title\":\"My filter\","
                   "\"imageRepository\":\"oci://registry.example.com/my-filter\",\"imageVersion\":"
                   "\"1.0.0\",\"phase\":\"UNSPECIFIED_PHASE\",\"priority\":100}",
    },
    {
        .name = "plugin-instance",
        .about = "One plugin's configuration for everything, a domain, a route or a service.",
        .list = "{scope}/plugin-instances",
        .object = "{scope}/plugin-instances/{name}",
        .key = "pluginName",
        .version = VERSION_ECHOED,
        .flags = KIND_SCOPED | KIND_UPSERT | KIND_PUT_CREATES,
        .carry = "enabled|configurations",
        .strip = "scope|target|targets|version|internal",
        .made = "version|scope|target|targets|internal|pluginVersion|rawConfigurations",
        .kept = "key-auth|ai-proxy|model-mapper|model-router|mcp-server",
        .loss = "Deleting an instance also deletes the console's own rules of that plugin there.",
        .refs = "pluginName>wasm-plugin",
        .fields = kind_field_instance,
        .example = "{\"pluginName\":\"request-block\",\"enabled\":true,\"configurations\":"
                   "{\"block_urls\":[\"/admin\"]}}",
    },
    {
        .name = "consumer",
        .about = "A caller with its key-auth credentials.",
        .list = "/v1/consumers",
        .object = "/v1/consumers/{name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_UPSERT,
        .carry = "credentials",
        .made = "version",
        .fields = kind_field_consumer,
        .example = "{\"name\":\"alice\",\"credentials\":[{\"type\":\"key-auth\",\"source\":"
                   "\"HEADER\",\"key\":\"x-api-key\",\"values\":[\"KEY\"]}]}",
    },
    {
        .name = "tls-certificate",
        .about = "A certificate and its private key.",
        .list = "/v1/tls-certificates",
        .object = "/v1/tls-certificates/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .needs = "cert|key",
        .made = "version|domains|validityStart|validityEnd",
        .loss = "The console itself does not look whether a domain still uses a certificate.",
        .fields = kind_field_certificate,
        .example = "{\"name\":\"shop\",\"cert\":\"-----BEGIN CERTIFICATE-----…\",\"key\":"
                   "\"-----BEGIN PRIVATE KEY-----…\"}",
    },
    {
        .name = "mcp-server",
        .about = "An MCP server behind the gateway: an HTTP API as tools, a database, or a route.",
        .list = "/v1/mcpServer",
        .object = "/v1/mcpServer/{name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_UPSERT | KIND_PUT_CREATES | KIND_PUT_LIST | KIND_THIN_LIST,
        .carry = "dbConfig|directRouteConfig|rawConfigurations",
        .made = "id",
        .loss = "A write that the console refuses may leave the server's route behind.",
        .yaml = "rawConfigurations",
        .refs = "domains[]>domain|services[].name>service|"
                "consumerAuthInfo.allowedConsumers[]>consumer",
        .parts = { DERIVED_MCP_ROUTE },
        .fields = kind_field_mcp_server,
        .example = "{\"name\":\"orders\",\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":"
                   "\"orders.static\",\"port\":80}],\"directRouteConfig\":{\"path\":\"/mcp\","
                   "\"transportType\":\"streamable\"}}",
    },
    {
        .name = "mcp-consumers",
        .about = "Which consumers may call an MCP server; named as the server.",
        .list = "/v1/mcpServer/consumers",
        .object = "/v1/mcpServer/consumers?mcpServerName={name}",
        .key = "mcpServerName",
        .version = VERSION_NONE,
        .flags = KIND_FIXED | KIND_SPECIAL,
        .refs = "mcpServerName>mcp-server|consumers[]>consumer",
        .fields = kind_field_mcp_consumers,
        .example = "{\"mcpServerName\":\"orders\",\"consumers\":[\"alice\"]}",
    },
    {
        .name = "higress-config",
        .about = "The gateway's global settings: ConfigMap higress-config, its sections as trees.",
        .list = "/system/higress-config",
        .object = "/system/higress-config",
        .key = "name",
        .version = VERSION_ENFORCED,
        .flags = KIND_FIXED | KIND_SINGLE | KIND_SPECIAL,
        .made = "version",
        .fields = kind_field_higress_config,
        .example = "{\"name\":\"higress-config\",\"data\":{\"higress\":{\"downstream\":"
                   "{\"idleTimeout\":180}},\"mesh\":{\"accessLogFile\":\"/dev/stdout\"},"
                   "\"meshNetworks\":{\"networks\":{}}}}",
    },
    {
        .name = "dashboard",
        .about = "Address of a monitoring dashboard.",
        .list = "/dashboard/info",
        .object = "/dashboard/info?type={name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_FIXED | KIND_SPECIAL,
        .made = "builtIn|uid",
        .fields = kind_field_dashboard,
        .example = "{\"name\":\"MAIN\",\"url\":\"https://grafana.example.com/d/gateway\"}",
    },
    {
        .name = "system",
        .about = "The console itself: version, capabilities, settings. Read-only.",
        .list = "/system/info",
        .object = "/system/info",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_READ_ONLY | KIND_FIXED | KIND_SINGLE | KIND_SPECIAL,
        .fields = kind_field_system,
        .example = "{\"name\":\"system\",\"consoleVersion\":\"2.2.4\",\"capabilities\":"
                   "[\"config.ingress.v1\"],\"settings\":{\"system.initialized\":true}}",
    },
    { 0 },
};

const char *kind_names(void)
{
    return KIND_NAMES;
}
