/* mask_rows_object.c - what is secret in the objects of the console and in the trees inside of
 * them, member by member.
 *
 * Each member of a kind's field table has a row (a test walks them). What no row knows is hidden,
 * unless it is a word of the gateway.
 */
#include "mask/mask_table_private.h"

/* Of routes and AI routes. */
#define HEADER_CONTROL                                                                             \
    { "headerControl.request.add.value|headerControl.request.set.value|"                           \
      "headerControl.response.add.value|headerControl.response.set.value",                         \
      MASK_NAMED, "key" },                                                                         \
        { "headerControl.enabled|headerControl.request.add.key|headerControl.request.set.key|"     \
          "headerControl.request.remove|headerControl.response.add.key|"                           \
          "headerControl.response.set.key|headerControl.response.remove",                          \
          MASK_SHOW },                                                                             \
        { "customConfigs.*", MASK_ANNOTATION }, { "customLabels.*", MASK_KEY },                    \
    {                                                                                              \
        "cors.*|authConfig.*|proxyNextUpstream.*", MASK_SHOW                                       \
    }

static const struct mask_row any[] = { { "*", MASK_KEY }, { 0 } };

static const struct mask_row route[] = {
    { "headers.matchValue", MASK_NAMED, "key" },
    { "urlParams.matchValue", MASK_NAMED, "?key" },
    HEADER_CONTROL,
    { "redirect|rewrite.path", MASK_URL },
    { "name|version|domains|path.matchType|path.matchValue|path.caseSensitive|methods|headers.key|"
      "headers.matchType|headers.caseSensitive|urlParams.key|urlParams.matchType|"
      "urlParams.caseSensitive|services.name|services.port|services.version|services.weight|"
      "rewrite.enabled|rewrite.host|readonly",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row domain[] = {
    { "name|version|enableHttps|certIdentifier", MASK_SHOW },
    { 0 },
};

static const struct mask_row tls_certificate[] = {
    { "key", MASK_HIDE },
    { "cert", MASK_PEM },
    { "name|version|domains|validityStart|validityEnd", MASK_SHOW },
    { 0 },
};

static const struct mask_row service_source[] = {
    { "authN.properties|authN.properties.*", MASK_HIDE },
    { "authN.properties.nacosUsername", MASK_SHOW },
    { "properties.mcpServerBaseUrl", MASK_URL },
    { "name|version|type|domain|port|protocol|sni|proxyName|vport.defaultValue|"
      "vport.servicesVport.name|vport.servicesVport.value|vport.services.*|authN.enabled|"
      "properties.nacosNamespaceId|properties.nacosGroups|properties.enableMCPServer|"
      "properties.mcpServerExportDomains|properties.consulDatacenter|"
      "properties.consulServiceTag|properties.consulRefreshInterval|properties.zkServicesPath",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row proxy_server[] = {
    { "name|version|type|serverAddress|serverPort|connectTimeout", MASK_SHOW },
    { 0 },
};

static const struct mask_row service[] = {
    { "name|namespace|port|protocol|endpoints|version", MASK_SHOW },
    { 0 },
};

static const struct mask_row consumer[] = {
    { "credentials.values|credentials.value|credentials.*", MASK_HIDE },
    { "name|version|credentials.type|credentials.source|credentials.key", MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_provider[] = {
    { "tokens", MASK_HIDE },
    { "rawConfigs", MASK_TREE, "provider" },
    { "name|version|type|protocol|proxyName|tokenFailoverConfig.enabled|"
      "tokenFailoverConfig.failureThreshold|tokenFailoverConfig.successThreshold|"
      "tokenFailoverConfig.healthCheckInterval|tokenFailoverConfig.healthCheckTimeout|"
      "tokenFailoverConfig.healthCheckModel",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_route[] = {
    { "headerPredicates.matchValue", MASK_NAMED, "key" },
    { "urlParamPredicates.matchValue", MASK_NAMED, "?key" },
    HEADER_CONTROL,
    { "name|version|domains|pathPredicate.matchType|pathPredicate.matchValue|"
      "pathPredicate.caseSensitive|headerPredicates.key|headerPredicates.matchType|"
      "headerPredicates.caseSensitive|urlParamPredicates.key|urlParamPredicates.matchType|"
      "urlParamPredicates.caseSensitive|modelPredicates.*|upstreams.provider|upstreams.weight|"
      "upstreams.modelMapping.*|fallbackConfig.enabled|fallbackConfig.upstreams.provider|"
      "fallbackConfig.upstreams.weight|fallbackConfig.upstreams.modelMapping.*|"
      "fallbackConfig.fallbackStrategy|fallbackConfig.responseCodes",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row wasm_plugin[] = {
    { "imageRepository|readmeUrl|icon", MASK_URL },
    { "description|title", MASK_TEXT },
    { "name|version|pluginVersion|category|builtIn|productCovered|imageVersion|imagePullPolicy|"
      "imagePullSecret|phase|priority",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row plugin_instance[] = {
    { "configurations|rawConfigurations", MASK_PLUGIN, "pluginName" },
    { "pluginName|enabled|pluginVersion|version|scope|target|targets.*|internal", MASK_SHOW },
    { 0 },
};

static const struct mask_row mcp_server[] = {
    { "dbConfig.password", MASK_HIDE },
    { "dbConfig.dbname|dsn", MASK_DSN },
    { "rawConfigurations", MASK_TREE, "mcp-server" },
    { "directRouteConfig.path|upstreamPathPrefix", MASK_URL },
    { "description", MASK_TEXT },
    { "name|id|domains|services.name|services.port|services.version|services.weight|type|"
      "consumerAuthInfo.*|dbType|dbConfig.host|dbConfig.port|dbConfig.username|"
      "dbConfig.otherParams.charset|dbConfig.otherParams.tls|dbConfig.otherParams.sslmode|"
      "dbConfig.otherParams.timeout|dbConfig.otherParams.parseTime|dbConfig.otherParams.loc|"
      "dbConfig.otherParams.collation|dbConfig.otherParams.connect_timeout|"
      "directRouteConfig.transportType",
      MASK_SHOW },
    { "dbConfig.otherParams.*", MASK_UNKNOWN },
    { 0 },
};

static const struct mask_row mcp_consumers[] = {
    { "mcpServerName|consumers|consumers.*|type", MASK_SHOW },
    { 0 },
};

static const struct mask_row higress_config[] = {
    { "data.higress", MASK_TREE, "higress" },
    { "data.mesh", MASK_TREE, "mesh" },
    { "name|version|data.meshNetworks.*", MASK_SHOW },
    { "data.*", MASK_UNKNOWN },
    { 0 },
};

static const struct mask_row dashboard[] = {
    { "url", MASK_URL },
    { "name|builtIn|uid", MASK_SHOW },
    { 0 },
};

static const struct mask_row system_info[] = {
    { "settings.*", MASK_KEY },
    { "name|version|consoleVersion|capabilities|displayName", MASK_SHOW },
    { 0 },
};

const struct mask_table mask_kinds[] = {
    { "ai-provider", ai_provider },
    { "ai-route", ai_route },
    { "any", any },
    { "consumer", consumer },
    { "dashboard", dashboard },
    { "domain", domain },
    { "higress-config", higress_config },
    { "mcp-consumers", mcp_consumers },
    { "mcp-server", mcp_server },
    { "plugin-instance", plugin_instance },
    { "proxy-server", proxy_server },
    { "route", route },
    { "service", service },
    { "service-source", service_source },
    { "system", system_info },
    { "tls-certificate", tls_certificate },
    { "wasm-plugin", wasm_plugin },
    { 0 },
};

/* -- trees inside of them --------------------------------------------------------------------- */

/* rawConfigs of a provider, and an entry of the plugin ai-proxy. */
static const struct mask_row provider[] = {
    { "apiTokens|awsSecretKey|hunyuanAuthKey|klingSecretKey", MASK_HIDE },
    { "bedrockAdditionalFields.*", MASK_KEY },
    { "customSettings.value", MASK_NAMED, "name" },
    { "responseJsonSchema", MASK_SCHEMA },
    { "contextCleanupCommands", MASK_TEXT },
    { "vertexAuthKey", MASK_TREE, "gcp-service-account" },
    { "azureServiceUrl|basePath|claudeCustomUrl|context.fileUrl|context.url|"
      "difyApiUrl|openaiCustomUrl|openaiExtraCustomUrls|providerBasePath|"
      "subPath|vllmCustomUrl|vllmExtraCustomUrls",
      MASK_URL },
    { "apiVersion|authHeaderKey|awsAccessKey|awsRegion|basePathHandling|"
      "bedrockPromptCachePointPositions.*|botType|capabilities.*|"
      "claudeCodeMode|claudeVersion|cloudflareAccountId|context.serviceName|"
      "context.servicePort|customSettings.mode|customSettings.name|"
      "customSettings.overwrite|disableStreamUsageStats|doubaoDomain|"
      "failover.*|firstByteTimeout|geminiSafetySetting.*|"
      "geminiThinkingBudget|genericHost|hiclawMode|hunyuanAuthId|id|"
      "inputVariable|klingAccessKey|klingTokenRefreshAhead|"
      "logUpstreamErrorResponseBody|mergeConsecutiveMessages|minimaxApiType|"
      "minimaxGroupId|modelMapping.*|moonshotFileId|name|ollamaServerHost|"
      "ollamaServerPort|openaiCustomServiceName|openaiCustomServicePort|"
      "outputVariable|promoteThinkingOnEmpty|promptCacheRetention|protocol|"
      "providerDomain|proxyName|qwenDomain|qwenEnableCompatible|"
      "qwenEnableSearch|qwenFileIds|reasoningContentMode|retryOnFailure.*|"
      "targetLang|timeout|tritonDomain|tritonModelVersion|type|version|"
      "vertexAuthServiceName|vertexOpenAICompatible|vertexProjectId|"
      "vertexRegion|vertexTokenRefreshAhead|vllmServerHost|zhipuCodePlanMode|"
      "zhipuDomain",
      MASK_SHOW },
    { 0 },
};

/* A key file of Google: everything in it is public but the key. */
static const struct mask_row service_account[] = {
    { "private_key", MASK_HIDE },
    { "auth_uri|token_uri|auth_provider_x509_cert_url|client_x509_cert_url", MASK_URL },
    { "type|project_id|private_key_id|client_email|client_id|universe_domain", MASK_SHOW },
    { 0 },
};

/* The section higress of the ConfigMap. */
static const struct mask_row higress[] = {
    { "mcpServer.redis.password|mcpServer.redis.secret|tracing.skywalking.access_token",
      MASK_HIDE },
    { "mcpServer.servers.config", MASK_PLUGIN, "type" },
    { "mcpServer.enable|mcpServer.redis.address|mcpServer.redis.username|mcpServer.redis.db|"
      "mcpServer.redis.passwordSecret.*|mcpServer.sse_path_suffix|mcpServer.match_list.*|"
      "mcpServer.servers.name|mcpServer.servers.path|mcpServer.servers.type|"
      "mcpServer.servers.domain_list|mcpServer.enable_user_level_server|mcpServer.rate_limit.*|"
      "tracing.enable|tracing.sampling|tracing.timeout|tracing.skywalking.service|"
      "tracing.skywalking.port|tracing.zipkin.*|tracing.opentelemetry.*|gzip.*|downstream.*|"
      "upstream.*|addXRealIpHeader|disableXEnvoyHeaders",
      MASK_SHOW },
    { 0 },
};

/* Istio's mesh settings. */
static const struct mask_row mesh[] = {
    { "defaultConfig.tracing.lightstep.accessToken", MASK_HIDE },
    { "*|extensionProviders.*", MASK_KEY },
    { "accessLogFormat", MASK_TEXT },
    { 0 },
};

/* An API document in a plugin's settings. */
static const struct mask_row openapi[] = {
    { "servers.url|externalDocs.url|basePath", MASK_URL },
    { "paths.*|components.*|definitions.*|parameters.*|responses.*", MASK_SCHEMA },
    { "info.*|tags.*|servers.description|externalDocs.description", MASK_TEXT },
    { "openapi|swagger|host|schemes|consumes|produces", MASK_SHOW },
    { 0 },
};

/* Built-in MCP servers, by type. */
static const struct mask_row database[] = {
    { "dsn", MASK_DSN },
    { "dbType|description", MASK_SHOW },
    { 0 },
};
static const struct mask_row nacos_mcp_registry[] = {
    { "secretKey", MASK_HIDE },
    { "accessKey|serverAddr|namespace|regionId|serviceMatcher.*", MASK_SHOW },
    { 0 },
};
static const struct mask_row rag[] = {
    { "embedding.api_key|llm.api_key|vectordb.password", MASK_HIDE },
    { "embedding.base_url|llm.base_url", MASK_URL },
    { "rag.*|llm.provider|llm.model|llm.temperature|llm.max_tokens|embedding.provider|"
      "embedding.model|embedding.dimensions|vectordb.provider|vectordb.host|vectordb.port|"
      "vectordb.database|vectordb.collection|vectordb.username|vectordb.mapping.*",
      MASK_SHOW },
    { 0 },
};
static const struct mask_row tool_search[] = {
    { "embedding.apiKey|vector.password", MASK_HIDE },
    { "embedding.baseURL", MASK_URL },
    { "embedding.provider|embedding.model|embedding.dimensions|vector.type|vector.host|"
      "vector.port|vector.database|vector.tableName|vector.username|vector.vectorWeight|"
      "vector.textWeight|vector.maxTools|description|gatewayId",
      MASK_SHOW },
    { 0 },
};
static const struct mask_row higress_ops[] = {
    { "password|istiodToken", MASK_HIDE },
    { "istiodURL|envoyAdminURL|higressURL", MASK_URL },
    { "namespace|description|username", MASK_SHOW },
    { 0 },
};

const struct mask_table mask_trees[] = {
    { "any", any },
    { "database", database },
    { "gcp-service-account", service_account },
    { "higress", higress },
    { "higress-api", higress_ops },
    { "higress-ops", higress_ops },
    { "mesh", mesh },
    { "nacos-mcp-registry", nacos_mcp_registry },
    { "openapi", openapi },
    { "provider", provider },
    { "rag", rag },
    { "tool-search", tool_search },
    { 0 },
};
