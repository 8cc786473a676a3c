/* kind_field_ai.c - members of providers, AI routes, plugins, MCP servers and settings. See
 * kind_field.c. */
#include "kind/kind_field_private.h"

static const struct field failover[] = {
    { "enabled", BOOL, OPT, NULL },
    { "failureThreshold", INT, OPT, NULL, .min = 0, .max = 1000000 },
    { "successThreshold", INT, OPT, NULL, .min = 0, .max = 1000000 },
    { "healthCheckInterval", INT, OPT, "Milliseconds.", .min = 0, .max = 86400000 },
    { "healthCheckTimeout", INT, OPT, "Milliseconds.", .min = 0, .max = 86400000 },
    { "healthCheckModel", STR, OPT, NULL },
    { 0 },
};

const struct field kind_field_provider[] = {
    { "name", STR, REQ, "Becomes the service llm-NAME.internal.", .min = 1, .max = 200 },
    { "version", STR, OPT, NULL, .flags = FIELD_MADE },
    { "type", STR, REQ, NULL,
      .one_of = "openai|qwen|deepseek|claude|gemini|azure|ollama|vllm|moonshot|zhipuai|doubao|"
                "mistral|groq|grok|openrouter|github|cohere|minimax|stepfun|baichuan|yi|ai360|"
                "coze|baidu|bedrock|vertex" },
    { "protocol", STR, OPT, "original: pass requests on as they come.",
      .one_of = "openai/v1|original", .otherwise = "\"openai/v1\"" },
    { "proxyName", STR, OPT, "A proxy server to go through.", .max = 63 },
    { "tokens", LIST, OPT, "API keys.", .flags = FIELD_SECRET, .of = &a_string },
    { "tokenFailoverConfig", OBJ, OPT, "Takes failing keys out.", .of = failover },
    { "rawConfigs", OBJ, OPT, "Settings of the type: openaiCustomUrl, azureServiceUrl, …",
      .flags = FIELD_OPEN },
    { 0 },
};

static const struct field ai_upstream[] = {
    { "provider", STR, REQ, "Name of an AI provider.", .min = 1, .max = 200 },
    { "weight", INT, OPT, "Percent; upstreams need it and sum to 100.", .min = 0, .max = 100 },
    { "modelMapping", OBJ, OPT, "Model asked for to model sent; * and prefix*.",
      .flags = FIELD_OPEN },
    { 0 },
};
static const struct field an_ai_upstream = { .type = OBJ, .of = ai_upstream };

static const struct field fallback[] = {
    { "enabled", BOOL, OPT, NULL },
    { "upstreams", LIST, OPT, "Weights may be left out.", .of = &an_ai_upstream },
    { "fallbackStrategy", STR, OPT, "SEQ uses the first only.", .one_of = "RAND|SEQ",
      .otherwise = "\"RAND\"" },
    { "responseCodes", LIST, OPT, "4xx, 5xx.", .of = &a_string },
    { 0 },
};

static const struct field model[] = {
    { "matchType", STR, REQ, NULL, .one_of = "EQUAL|PRE" },
    { "matchValue", STR, REQ, "Model name or its beginning.", .min = 1, .max = 256 },
    { "caseSensitive", BOOL, OPT, NULL },
    { 0 },
};
static const struct field a_model = { .type = OBJ, .of = model };

static const struct field prefix[] = {
    { "matchType", STR, REQ, NULL, .one_of = "PRE" },
    { "matchValue", STR, REQ, "Begins with '/'.", .max = 4096 },
    { "caseSensitive", BOOL, OPT, NULL },
    { 0 },
};

const struct field kind_field_ai_route[] = {
    { "name", STR, REQ, "Lower-case letters, digits, '-' and '.'.", .min = 1, .max = 235 },
    { "version", STR, OPT, "Changes with every write.", .flags = FIELD_MADE },
    { "domains", LIST, OPT, "Host names; none: every host.", .of = &a_string },
    { "pathPredicate", OBJ, OPT, "Which paths.", .of = prefix,
      .otherwise = "{\"matchType\":\"PRE\",\"matchValue\":\"/\"}" },
    { "headerPredicates", LIST, OPT, "Not x-higress-llm-model.", .of = &kind_field_keyed },
    { "urlParamPredicates", LIST, OPT, NULL, .of = &kind_field_keyed },
    { "modelPredicates", LIST, OPT, "Which models; none: every model.", .of = &a_model },
    { "upstreams", LIST, REQ, "Providers.", .min = 1, .max = 100, .of = &an_ai_upstream },
    { "fallbackConfig", OBJ, OPT, "Where failed requests go.", .of = fallback },
    { "authConfig", OBJ, OPT, "Who may call.", .of = kind_field_auth },
    { "cors", OBJ, OPT, NULL, .of = kind_field_cors },
    { "headerControl", OBJ, OPT, NULL, .of = kind_field_headers },
    { "proxyNextUpstream", OBJ, OPT, "Retries.", .of = kind_field_retry },
    { "customConfigs", OBJ, OPT, "Further annotations, texts.", .flags = FIELD_OPEN },
    { "customLabels", OBJ, OPT, "Further labels, texts.", .flags = FIELD_OPEN },
    { 0 },
};

const struct field kind_field_plugin[] = {
    { "name", STR, REQ, "Letters, digits and '-'.", .min = 1, .max = 63 },
    { "version", STR, OPT, "Changes with every write.", .flags = FIELD_MADE },
    { "pluginVersion", STR, OPT, "Of a custom plugin; a new one is a new object.",
      .otherwise = "\"1.0.0\"" },
    { "category", STR, REQ, "custom for plugins of your own.", .min = 1, .max = 63 },
    { "title", STR, REQ, NULL, .min = 1, .max = 256 },
    { "description", STR, OPT, NULL, .max = 4096 },
    { "icon", STR, OPT, NULL, .flags = FIELD_MADE },
    { "readmeUrl", STR, OPT, NULL, .flags = FIELD_MADE },
    { "builtIn", BOOL, OPT, "True for the plugins of the console." },
    { "productCovered", BOOL, OPT, NULL, .flags = FIELD_MADE },
    { "imageRepository", STR, REQ, "oci://… or http(s)://….wasm.", .min = 1, .max = 1024 },
    { "imageVersion", STR, OPT, "Tag.", .max = 128 },
    { "imagePullPolicy", STR, OPT, NULL, .one_of = "UNSPECIFIED_POLICY|IfNotPresent|Always" },
    { "imagePullSecret", STR, OPT, "Name of a Secret.", .max = 253 },
    { "phase", STR, OPT, "AUTHN runs first, then AUTHZ, STATS, the rest.",
      .one_of = "UNSPECIFIED_PHASE|AUTHN|AUTHZ|STATS" },
    { "priority", INT, OPT, "Higher runs first in its phase.", .min = 0, .max = 1000 },
    { 0 },
};

const struct field kind_field_instance[] = {
    { "pluginName", STR, REQ, "Name of a wasm-plugin.", .min = 1, .max = 63 },
    { "enabled", BOOL, OPT, NULL, .otherwise = "true" },
    { "configurations", OBJ, OPT, "Settings, as the plugin's schema says.", .flags = FIELD_OPEN },
    { "rawConfigurations", STR, OPT, "The same as YAML text; give one of the two." },
    { "pluginVersion", STR, OPT, NULL, .flags = FIELD_MADE },
    { "version", STR, OPT, NULL, .flags = FIELD_MADE },
    { "scope", STR, OPT, NULL, .flags = FIELD_MADE },
    { "target", STR, OPT, NULL, .flags = FIELD_MADE },
    { "targets", OBJ, OPT, NULL, .flags = FIELD_MADE | FIELD_OPEN },
    { "internal", BOOL, OPT, NULL, .flags = FIELD_MADE },
    { 0 },
};

static const struct field mcp_service[] = {
    { "name", STR, REQ, "Full name, as the kind service lists it.", .min = 1, .max = 253 },
    { "port", INT, OPT, NULL, .min = 1, .max = 65535 },
    { "version", STR, OPT, NULL, .max = 253 },
    { "weight", INT, OPT, "Percent; those of several services sum to 100.", .min = 0, .max = 100 },
    { 0 },
};
static const struct field an_mcp_service = { .type = OBJ, .of = mcp_service };

static const struct field mcp_auth[] = {
    { "type", STR, OPT, NULL, .one_of = "key-auth" },
    { "enable", BOOL, OPT, NULL, .otherwise = "false" },
    { "allowedConsumers", LIST, OPT, "Replaces the list.", .of = &a_string },
    { 0 },
};

static const struct field mcp_database[] = {
    { "host", STR, OPT, "Not for SQLITE.", .max = 253 },
    { "port", STR, OPT, "A text; not for SQLITE.", .max = 5 },
    { "username", STR, OPT, NULL, .max = 256 },
    { "password", STR, OPT, NULL, .max = 256, .flags = FIELD_SECRET },
    { "dbname", STR, OPT, "SQLITE: path of the file.", .max = 1024 },
    { "otherParams", OBJ, OPT, "Texts.", .flags = FIELD_OPEN },
    { 0 },
};

static const struct field mcp_direct[] = {
    { "path", STR, REQ, "sse: ends with /sse.", .min = 1, .max = 1024 },
    { "transportType", STR, REQ, NULL, .one_of = "streamable|sse" },
    { 0 },
};

const struct field kind_field_mcp_server[] = {
    { "name", STR, REQ, "Reached at /mcp-servers/NAME.", .min = 1, .max = 200 },
    { "id", STR, OPT, NULL, .flags = FIELD_MADE },
    { "description", STR, OPT, NULL, .max = 4096 },
    { "domains", LIST, OPT, "Host names; none: every host.", .of = &a_string },
    { "services", LIST, REQ, "What it calls; also for DATABASE.", .min = 1, .max = 100,
      .of = &an_mcp_service },
    { "type", STR, REQ, NULL, .one_of = "OPEN_API|DATABASE|DIRECT_ROUTE" },
    { "consumerAuthInfo", OBJ, OPT, "Who may call.", .of = mcp_auth },
    { "rawConfigurations", STR, OPT, "OPEN_API: server and tools, YAML text." },
    { "dbType", STR, OPT, "DATABASE.", .one_of = "MYSQL|POSTGRESQL|SQLITE|CLICKHOUSE" },
    { "dbConfig", OBJ, OPT, "DATABASE.", .of = mcp_database },
    { "directRouteConfig", OBJ, OPT, "DIRECT_ROUTE.", .of = mcp_direct },
    { 0 },
};

const struct field kind_field_mcp_consumers[] = {
    { "mcpServerName", STR, REQ, "Name of an MCP server.", .min = 1, .max = 200 },
    { "consumers", LIST, OPT, "Who is on its allow list.", .of = &a_string },
    { 0 },
};

static const struct field config_data[] = {
    { "higress", OBJ, REQ, "mcpServer, downstream, upstream, tracing, gzip, …",
      .flags = FIELD_OPEN },
    { "mesh", OBJ, REQ, "Istio mesh settings: access log, timeouts.", .flags = FIELD_OPEN },
    { "meshNetworks", OBJ, OPT, NULL, .flags = FIELD_OPEN },
    { 0 },
};

const struct field kind_field_higress_config[] = {
    { "name", STR, REQ, "higress-config." },
    { "version", STR, OPT, "Changes with every write.", .flags = FIELD_MADE },
    { "data", OBJ, REQ, "Its sections, each a tree.", .of = config_data, .flags = FIELD_OPEN },
    { 0 },
};

const struct field kind_field_dashboard[] = {
    { "name", STR, REQ, NULL, .one_of = "MAIN|AI|LOG" },
    { "builtIn", BOOL, OPT, "True where Grafana is part of the installation.",
      .flags = FIELD_MADE },
    { "uid", STR, OPT, NULL, .flags = FIELD_MADE },
    { "url", STR, REQ, "Where the dashboard is.", .min = 1, .max = 4096 },
    { 0 },
};

const struct field kind_field_system[] = {
    { "name", STR, OPT, "system.", .flags = FIELD_MADE },
    { "consoleVersion", STR, OPT, NULL, .flags = FIELD_MADE },
    { "capabilities", LIST, OPT, NULL, .of = &a_string, .flags = FIELD_MADE },
    { "settings", OBJ, OPT, "The console's own settings.", .flags = FIELD_MADE | FIELD_OPEN },
    { 0 },
};
