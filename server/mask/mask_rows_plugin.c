/* mask_rows_plugin.c - what is secret in the settings of the plugins that are not about AI. See
 * mask_rows_ai.c.
 */
#include "mask/mask_table_private.h"

static const struct mask_row none[] = { { 0 } };

static const struct mask_row api_workflow[] = {
    { "workflow.nodes.service_headers.*", MASK_KEY },
    { "workflow.nodes.service_headers.value", MASK_NAMED, "key" },
    { "workflow.nodes.service_body_tmpl", MASK_TEXT },
    { "workflow.nodes.service_path", MASK_URL },
    { "env.*|workflow.edges.*|workflow.nodes.name|"
      "workflow.nodes.service_body_replace_keys.*|"
      "workflow.nodes.service_domain|workflow.nodes.service_headers.key|"
      "workflow.nodes.service_method|workflow.nodes.service_name|"
      "workflow.nodes.service_port",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row basic_auth[] = {
    { "consumers.credential|credentials", MASK_HIDE },
    { "consumers.name|encrypted|global_auth|realm", MASK_SHOW },
    { 0 },
};

static const struct mask_row bot_detect[] = {
    { "blocked_message", MASK_TEXT },
    { "allow|blocked_code|deny", MASK_SHOW },
    { 0 },
};

static const struct mask_row cache_control[] = {
    { "expires|suffix", MASK_SHOW },
    { 0 },
};

static const struct mask_row chatgpt_proxy[] = {
    { "apiKey", MASK_HIDE },
    { "chatgptUri", MASK_URL },
    { "AIId|HumainId|chatgptHost|model|promptParam|serviceName|servicePort", MASK_SHOW },
    { 0 },
};

static const struct mask_row cluster_key_rate_limit[] = {
    { "redis.password", MASK_HIDE },
    { "rule_items.limit_keys.key", MASK_LIMIT },
    { "rejected_msg", MASK_TEXT },
    { "global_threshold.*|redis.database|redis.service_name|"
      "redis.service_port|redis.timeout|redis.username|rejected_code|"
      "rule_items.limit_by_consumer|rule_items.limit_by_cookie|"
      "rule_items.limit_by_header|rule_items.limit_by_param|"
      "rule_items.limit_by_per_consumer|rule_items.limit_by_per_cookie|"
      "rule_items.limit_by_per_header|rule_items.limit_by_per_ip|"
      "rule_items.limit_by_per_param|rule_items.limit_keys.query_per_day|"
      "rule_items.limit_keys.query_per_hour|"
      "rule_items.limit_keys.query_per_minute|"
      "rule_items.limit_keys.query_per_second|rule_name|"
      "show_limit_quota_header",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row cors[] = {
    { "allow_credentials|allow_headers|allow_methods|allow_origin_patterns|"
      "allow_origins|expose_headers|max_age",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row custom_response[] = {
    { "headers", MASK_LINE },
    { "body", MASK_TEXT },
    { "enable_on_status|status_code", MASK_SHOW },
    { 0 },
};

static const struct mask_row de_graphql[] = {
    { "gql", MASK_TEXT },
    { "endpoint", MASK_URL },
    { "domain|namespace|serviceName|servicePort|serviceSource|service_name|"
      "service_port|timeout",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ext_auth[] = {
    { "http_service.authorization_request.headers_to_add.*", MASK_KEY },
    { "http_service.endpoint.path|http_service.endpoint.path_prefix", MASK_URL },
    { "failure_mode_allow|failure_mode_allow_header_add|"
      "http_service.authorization_request.allowed_headers|"
      "http_service.authorization_request.allowed_properties.*|"
      "http_service.authorization_request.max_request_body_bytes|"
      "http_service.authorization_request.with_request_body|"
      "http_service.authorization_response.allowed_client_headers|"
      "http_service.authorization_response.allowed_upstream_headers|"
      "http_service.endpoint.request_method|"
      "http_service.endpoint.service_host|http_service.endpoint.service_name|"
      "http_service.endpoint.service_port|http_service.endpoint_mode|"
      "http_service.timeout|match_list.*|match_type|status_on_error",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row frontend_gray[] = {
    { "skippedByHeaders.*", MASK_KEY },
    { "html|injection.body.first|injection.body.last|"
      "injection.globalConfig.value|injection.head",
      MASK_TEXT },
    { "backendGrayTag|baseDeployment.backendVersion|baseDeployment.name|"
      "baseDeployment.version|baseDeployment.versionPredicates.*|enabled|"
      "grayDeployments.backendVersion|grayDeployments.enabled|"
      "grayDeployments.name|grayDeployments.version|"
      "grayDeployments.versionPredicates.*|grayDeployments.weight|grayKey|"
      "graySubKey|includePathPrefixes|indexPaths|"
      "injection.globalConfig.enabled|injection.globalConfig.featureKey|"
      "injection.globalConfig.key|localStorageGrayKey|rewrite.fileRouting.*|"
      "rewrite.host|rewrite.indexRouting.*|rewrite.notFoundUri|"
      "rules.grayKeyValue|rules.grayTagKey|rules.grayTagValue|rules.name|"
      "skippedPathPrefixes|skippedPaths|storeMaxAge|uniqueGrayTag|"
      "useManifestAsEntry",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row geo_ip[] = {
    { "ip_header_name|ip_protocol|ip_source_type", MASK_SHOW },
    { 0 },
};

static const struct mask_row gw_error_format[] = {
    { "set_header.*", MASK_KEY },
    { "rules.match.responsebody|rules.replace.responsebody", MASK_TEXT },
    { "rules.match.statuscode|rules.replace.statuscode", MASK_SHOW },
    { 0 },
};

static const struct mask_row hmac_auth[] = {
    { "consumers.secret|credentials.secret", MASK_HIDE },
    { "allow|consumers.key|consumers.name|credentials.key|date_offset|"
      "global_auth",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row hmac_auth_apisix[] = {
    { "consumers.secret_key", MASK_HIDE },
    { "allowed_algorithms|anonymous_consumer|clock_skew|consumers.access_key|"
      "consumers.name|global_auth|hide_credentials|signed_headers|"
      "validate_request_body",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ip_restriction[] = {
    { "message", MASK_TEXT },
    { "allow|deny|ip_header_name|ip_source_type|status", MASK_SHOW },
    { 0 },
};

static const struct mask_row jwt_auth[] = {
    { "consumers.jwks", MASK_JWKS },
    { "consumers.claims.*", MASK_KEY },
    { "allow|consumers.claims_to_headers.claim|"
      "consumers.claims_to_headers.header|"
      "consumers.claims_to_headers.override|consumers.clock_skew_seconds|"
      "consumers.enable_headers|consumers.from_cookies|"
      "consumers.from_headers.name|consumers.from_headers.value_prefix|"
      "consumers.from_params|consumers.issuer|consumers.keep_token|"
      "consumers.name|enable_headers|global_auth|realm",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row key_auth[] = {
    { "consumers.credential|consumers.credentials|credentials", MASK_HIDE },
    { "consumers.in_header|consumers.in_query|consumers.keys|consumers.name|"
      "consumers.realm|global_auth|in_header|in_query|keys|realm",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row key_rate_limit[] = {
    { "limit_keys.key", MASK_LIMIT },
    { "limit_by_header|limit_by_param|limit_keys.query_per_day|"
      "limit_keys.query_per_hour|limit_keys.query_per_minute|"
      "limit_keys.query_per_second",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row log_request_response[] = {
    { "request.body.contentTypes|request.body.enabled|request.body.maxSize|"
      "request.headers.enabled|response.body.contentTypes|"
      "response.body.enabled|response.body.maxSize|response.headers.enabled",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row mcp_router[] = {
    { "servers.path", MASK_URL },
    { "servers.domain|servers.name", MASK_SHOW },
    { 0 },
};

static const struct mask_row mcp_server[] = {
    { "server.defaultDownstreamSecurity.credential|"
      "server.defaultUpstreamSecurity.credential|"
      "server.securitySchemes.defaultCredential|"
      "tools.requestTemplate.security.credential|tools.security.credential",
      MASK_HIDE },
    { "server.config", MASK_CONFIG },
    { "tools.requestTemplate.headers.value", MASK_NAMED, "key" },
    { "tools.args.default|tools.args.enum", MASK_NAMED, "name" },
    { "tools.args.items|tools.args.properties|tools.outputSchema", MASK_SCHEMA },
    { "server.description|tools.args.description|tools.description|"
      "tools.errorResponseTemplate|tools.requestTemplate.body|"
      "tools.responseTemplate.*",
      MASK_TEXT },
    { "server.mcpServerURL|tools.requestTemplate.url", MASK_URL },
    { "allowTools|server.defaultDownstreamSecurity.id|"
      "server.defaultDownstreamSecurity.passthrough|"
      "server.defaultUpstreamSecurity.id|"
      "server.defaultUpstreamSecurity.passthrough|server.name|"
      "server.passthroughAuthHeader|server.protocolStrategy|"
      "server.securitySchemes.id|server.securitySchemes.in|"
      "server.securitySchemes.name|server.securitySchemes.scheme|"
      "server.securitySchemes.type|server.timeout|server.transport|"
      "server.type|server.version|toolSet.name|toolSet.serverTools.*|"
      "toolSet.version|tools.args.name|tools.args.position|"
      "tools.args.required|tools.args.type|tools.legacyOnly|tools.name|"
      "tools.requestTemplate.argsToFormBody|"
      "tools.requestTemplate.argsToJsonBody|"
      "tools.requestTemplate.argsToUrlParam|"
      "tools.requestTemplate.headers.key|tools.requestTemplate.method|"
      "tools.requestTemplate.security.id|"
      "tools.requestTemplate.security.passthrough|"
      "tools.responseTemplate.appendBody|tools.responseTemplate.body|"
      "tools.responseTemplate.prependBody|tools.security.id|"
      "tools.security.passthrough|tools.title",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row model_mapper[] = {
    { "enableOnPathSuffix|modelKey|modelMapping.*", MASK_SHOW },
    { 0 },
};

static const struct mask_row model_router[] = {
    { "addProviderHeader|enable|enableOnPathSuffix|modelKey|modelToHeader", MASK_SHOW },
    { 0 },
};

static const struct mask_row nginx_rewrite_compatible[] = {
    { "rules.query_append|rules.query_template|rules.replacement", MASK_URL },
    { "rules.mode|rules.pass_to_upstream|rules.regex|"
      "rules.set_vars.capture_group|rules.set_vars.name",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row oauth[] = {
    { "consumers.client_secret", MASK_HIDE },
    { "auth_path", MASK_URL },
    { "allow|auth_header|auth_header_name|clock_skew_seconds|"
      "consumers.client_id|consumers.name|global_auth|global_credentials|"
      "issuer|keep_token|realm|token_ttl",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row oidc[] = {
    { "client_secret|cookie_secret", MASK_HIDE },
    { "cookie_path|oidc_issuer_url|redirect_url", MASK_URL },
    { "allowed_groups|allowed_roles|client_id|cookie_csrf_expire|"
      "cookie_csrf_per_request|cookie_domains|cookie_expire|cookie_httponly|"
      "cookie_name|cookie_refresh|cookie_samesite|cookie_secure|"
      "match_list.match_rule_domain|match_list.match_rule_method|"
      "match_list.match_rule_path|match_list.match_rule_type|match_type|"
      "oidc_verifier_request_timeout|pass_access_token|"
      "pass_authorization_header|provider|scope|service_host|service_name|"
      "service_port",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row opa[] = {
    { "host", MASK_URL },
    { "domain|namespace|policy|serviceName|servicePort|serviceSource|timeout", MASK_SHOW },
    { 0 },
};

static const struct mask_row qwen3guard[] = {
    { "apiKey|api_key", MASK_HIDE },
    { "deny_message", MASK_TEXT },
    { "checkRequest|checkResponse|check_request|check_response|denyCode|"
      "deny_code|domain|max_body_bytes|model|namespace|requestPath|"
      "request_content_json_path|request_path|response_content_json_path|"
      "response_stream_content_json_path|riskLevelBar|risk_level_bar|"
      "serviceName|servicePort|serviceSource|service_name|service_port|"
      "service_source|stream_buffer_chars|timeoutMs|timeout_ms",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row replay_protection[] = {
    { "redis.password", MASK_HIDE },
    { "reject_msg", MASK_TEXT },
    { "force_nonce|nonce_header|nonce_max_length|nonce_min_length|nonce_ttl|"
      "redis.database|redis.key_prefix|redis.service_name|redis.service_port|"
      "redis.timeout|redis.username|reject_code|validate_base64",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row request_block[] = {
    { "block_bodies|block_bodys|block_headers|block_regexp_urls|"
      "blocked_message",
      MASK_TEXT },
    { "block_exact_urls|block_urls", MASK_URL },
    { "blocked_code|case_sensitive", MASK_SHOW },
    { 0 },
};

static const struct mask_row request_validation[] = {
    { "body_schema|header_schema", MASK_SCHEMA },
    { "rejected_msg", MASK_TEXT },
    { "enable_oas3|enable_swagger|rejected_code", MASK_SHOW },
    { 0 },
};

static const struct mask_row response_cache[] = {
    { "cache.password", MASK_HIDE },
    { "cache.cacheKeyPrefix|cache.cacheTTL|cache.database|cache.serviceHost|"
      "cache.serviceName|cache.servicePort|cache.timeout|cache.type|"
      "cache.username|cacheKeyFromBody|cacheKeyFromHeader|cacheResponseCode|"
      "cacheValueFromBody|cacheValueFromBodyType",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row simple_jwt_auth[] = {
    { "token_secret_key", MASK_HIDE },
    { "token_headers", MASK_SHOW },
    { 0 },
};

static const struct mask_row traffic_editor[] = {
    { "conditionalConfigs.commands.value|conditionalConfigs.commands.values|"
      "defaultConfig.commands.value|defaultConfig.commands.values",
      MASK_NAMED, "target.name" },
    { "conditionalConfigs.commands.source.name|"
      "conditionalConfigs.commands.source.type|"
      "conditionalConfigs.commands.target.name|"
      "conditionalConfigs.commands.target.type|"
      "conditionalConfigs.commands.type|conditionalConfigs.conditions.type|"
      "conditionalConfigs.conditions.value1.name|"
      "conditionalConfigs.conditions.value1.type|"
      "conditionalConfigs.conditions.value2.type|"
      "defaultConfig.commands.source.name|defaultConfig.commands.source.type|"
      "defaultConfig.commands.target.name|defaultConfig.commands.target.type|"
      "defaultConfig.commands.type",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row traffic_tag[] = {
    { "defaultTagVal", MASK_NAMED, "defaultTagKey" },
    { "conditionGroups.headerValue|weightGroups.headerValue", MASK_NAMED, "headerName" },
    { "conditionGroups.conditions.value", MASK_NAMED, "key" },
    { "conditionGroups.conditions.conditionType|"
      "conditionGroups.conditions.key|conditionGroups.conditions.operator|"
      "conditionGroups.headerName|conditionGroups.logic|defaultTagKey|"
      "weightGroups.headerName|weightGroups.weight",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row transformer[] = {
    { "reqRules.querys.appendValue|reqRules.querys.newValue|"
      "reqRules.querys.value",
      MASK_NAMED, "?key" },
    { "reqRules.body.appendValue|reqRules.body.newValue|reqRules.body.value|"
      "reqRules.headers.appendValue|reqRules.headers.newValue|"
      "reqRules.headers.value|respRules.body.appendValue|"
      "respRules.body.newValue|respRules.body.value|"
      "respRules.headers.appendValue|respRules.headers.newValue|"
      "respRules.headers.value",
      MASK_NAMED, "key" },
    { "reqRules.body.fromKey|reqRules.body.host_pattern|reqRules.body.key|"
      "reqRules.body.newKey|reqRules.body.oldKey|reqRules.body.path_pattern|"
      "reqRules.body.strategy|reqRules.body.toKey|reqRules.body.value_type|"
      "reqRules.headers.fromKey|reqRules.headers.host_pattern|"
      "reqRules.headers.key|reqRules.headers.newKey|reqRules.headers.oldKey|"
      "reqRules.headers.path_pattern|reqRules.headers.strategy|"
      "reqRules.headers.toKey|reqRules.headers.value_type|reqRules.mapSource|"
      "reqRules.operate|reqRules.querys.fromKey|reqRules.querys.host_pattern|"
      "reqRules.querys.key|reqRules.querys.newKey|reqRules.querys.oldKey|"
      "reqRules.querys.path_pattern|reqRules.querys.strategy|"
      "reqRules.querys.toKey|reqRules.querys.value_type|reroute|"
      "respRules.body.fromKey|respRules.body.host_pattern|respRules.body.key|"
      "respRules.body.newKey|respRules.body.oldKey|"
      "respRules.body.path_pattern|respRules.body.strategy|"
      "respRules.body.toKey|respRules.body.value_type|"
      "respRules.headers.fromKey|respRules.headers.host_pattern|"
      "respRules.headers.key|respRules.headers.newKey|"
      "respRules.headers.oldKey|respRules.headers.path_pattern|"
      "respRules.headers.strategy|respRules.headers.toKey|"
      "respRules.headers.value_type|respRules.mapSource|respRules.operate",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row waf[] = {
    { "secRules", MASK_TEXT },
    { "useCRS", MASK_SHOW },
    { 0 },
};

const struct mask_table mask_plugins[] = {
    { "api-workflow", api_workflow },
    { "basic-auth", basic_auth },
    { "bot-detect", bot_detect },
    { "cache-control", cache_control },
    { "chatgpt-proxy", chatgpt_proxy },
    { "cluster-key-rate-limit", cluster_key_rate_limit },
    { "cors", cors },
    { "custom-response", custom_response },
    { "de-graphql", de_graphql },
    { "ext-auth", ext_auth },
    { "frontend-gray", frontend_gray },
    { "geo-ip", geo_ip },
    { "gw-error-format", gw_error_format },
    { "hmac-auth", hmac_auth },
    { "hmac-auth-apisix", hmac_auth_apisix },
    { "ip-restriction", ip_restriction },
    { "json-converter", none },
    { "jwt-auth", jwt_auth },
    { "key-auth", key_auth },
    { "key-rate-limit", key_rate_limit },
    { "log-request-response", log_request_response },
    { "mcp-router", mcp_router },
    { "mcp-server", mcp_server },
    { "model-mapper", model_mapper },
    { "model-router", model_router },
    { "nginx-rewrite-compatible", nginx_rewrite_compatible },
    { "oauth", oauth },
    { "oidc", oidc },
    { "opa", opa },
    { "qwen3guard", qwen3guard },
    { "replay-protection", replay_protection },
    { "request-block", request_block },
    { "request-validation", request_validation },
    { "response-cache", response_cache },
    { "simple-jwt-auth", simple_jwt_auth },
    { "sni-misdirect", none },
    { "traffic-editor", traffic_editor },
    { "traffic-tag", traffic_tag },
    { "transformer", transformer },
    { "waf", waf },
    { 0 },
};
