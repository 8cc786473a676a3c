/* mask_rows_ai.c - what is secret in the settings of the AI plugins, member by member.
 *
 * Each member of a plugin's schema has a row (a test walks them); lists are transparent in paths.
 * What no row knows is hidden, unless it is a word of the gateway.
 */
#include "mask/mask_table_private.h"

static const struct mask_row ai_agent[] = {
    { "apis.apiProvider.apiKey.value|llm.apiKey", MASK_HIDE },
    { "promptTemplate.*|promptTemplate.chTemplate.observation|"
      "promptTemplate.chTemplate.question|promptTemplate.chTemplate.thought1|"
      "promptTemplate.chTemplate.thought2|"
      "promptTemplate.enTemplate.observation|"
      "promptTemplate.enTemplate.question|promptTemplate.enTemplate.thought1|"
      "promptTemplate.enTemplate.thought2",
      MASK_TEXT },
    { "apis.api", MASK_TREE, "openapi" },
    { "apis.apiProvider.apiKey.in|apis.apiProvider.apiKey.name|"
      "apis.apiProvider.domain|apis.apiProvider.maxExecutionTime|"
      "apis.apiProvider.serviceName|apis.apiProvider.servicePort|llm.domain|"
      "llm.maxExecutionTime|llm.maxIterations|llm.maxTokens|llm.model|"
      "llm.path|llm.serviceName|llm.servicePort|promptTemplate.language",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_cache[] = {
    { "cache.password|embedding.apiKey|embedding.apiSecret|"
      "embedding.textinSecretCode|redis.password|vector.apiKey|"
      "vector.esPassword",
      MASK_HIDE },
    { "responseTemplate|streamResponseTemplate", MASK_TEXT },
    { "cache.cacheKeyPrefix|cache.cacheTTL|cache.database|cache.serviceHost|"
      "cache.serviceName|cache.servicePort|cache.timeout|cache.type|"
      "cache.username|cacheKeyFrom|cacheKeyStrategy|cacheStreamValueFrom|"
      "cacheToolCallsFrom|cacheValueFrom|embedding.apiVersion|"
      "embedding.appId|embedding.model|embedding.serviceHost|"
      "embedding.serviceName|embedding.servicePort|embedding.textinAppId|"
      "embedding.textinMatryoshkaDim|embedding.timeout|embedding.type|"
      "enableSemanticCache|redis.cacheKeyPrefix|redis.database|"
      "redis.serviceName|redis.servicePort|redis.timeout|redis.username|"
      "vector.collectionID|vector.esUsername|vector.serviceHost|"
      "vector.serviceName|vector.servicePort|vector.threshold|"
      "vector.thresholdRelation|vector.timeout|vector.topK|vector.type",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_context_limit[] = {
    { "buffer_ratio|error_status_code|max_context_tokens", MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_data_masking[] = {
    { "deny_message|deny_raw_message|deny_words|replace_roles.value", MASK_TEXT },
    { "deny_code|deny_content_type|deny_jsonpath|deny_openai|deny_raw|"
      "replace_roles.regex|replace_roles.restore|replace_roles.type|"
      "system_deny",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_history[] = {
    { "redis.password", MASK_HIDE },
    { "cacheKeyPrefix|cacheTTL|fillHistoryCnt|identityHeader|redis.database|"
      "redis.serviceName|redis.servicePort|redis.timeout|redis.username",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_image_reader[] = {
    { "apiKey", MASK_HIDE },
    { "model|serviceHost|serviceName|servicePort|timeout|type", MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_intent[] = {
    { "llm.proxyApiKey", MASK_HIDE },
    { "scene.prompt", MASK_TEXT },
    { "llm.proxyUrl", MASK_URL },
    { "llm.proxyDomain|llm.proxyModel|llm.proxyPort|llm.proxyServiceName|"
      "llm.proxyTimeout|scene.category",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_json_resp[] = {
    { "apiKey", MASK_HIDE },
    { "jsonSchema", MASK_TEXT },
    { "servicePath|serviceUrl", MASK_URL },
    { "contentPath|enableContentDisposition|enableOas3|enableSwagger|"
      "maxRetry|serviceDomain|serviceName|servicePort|serviceTimeout",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_load_balancer[] = {
    { "lb_config.password", MASK_HIDE },
    { "lb_config.algorithm|lb_config.criticalModels|lb_config.database|"
      "lb_config.hostMetric|lb_config.metric_policy|"
      "lb_config.queue_threshold|lb_config.rate_limit|lb_config.serviceFQDN|"
      "lb_config.servicePort|lb_config.service_name|lb_config.service_port|"
      "lb_config.target_metric|lb_config.timeout|lb_config.username|"
      "lb_config.window_seconds|lb_policy|lb_type",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_prompt_decorator[] = {
    { "append.content|prepend.content|replace.replacement", MASK_TEXT },
    { "append.role|prepend.role|replace.on|replace.pattern", MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_prompt_template[] = {
    { "templates.template.messages.content", MASK_TEXT },
    { "templates.name|templates.template.messages.role|"
      "templates.template.model",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_proxy[] = {
    { "provider|providers", MASK_TREE, "provider" },
    { "activeProviderId", MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_quota[] = {
    { "redis.password", MASK_HIDE },
    { "admin_path", MASK_URL },
    { "admin_consumer|redis.database|redis.service_name|redis.service_port|"
      "redis.timeout|redis.username|redis_key_prefix",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_rag[] = {
    { "dashscope.apiKey|dashvector.apiKey", MASK_HIDE },
    { "dashscope.serviceFQDN|dashscope.serviceHost|dashscope.servicePort|"
      "dashvector.field|dashvector.serviceFQDN|dashvector.serviceHost|"
      "dashvector.servicePort|dashvector.threshold|dashvector.topk",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_search[] = {
    { "searchFrom.apiKey|searchFrom.password|searchRewrite.llmApiKey", MASK_HIDE },
    { "searchFrom.optionArgs.*", MASK_KEY },
    { "promptTemplate", MASK_TEXT },
    { "searchRewrite.llmUrl", MASK_URL },
    { "defaultEnable|defaultLang|needReference|referenceFormat|"
      "searchFrom.arxivCategory|searchFrom.contentField|"
      "searchFrom.contentMode|searchFrom.count|searchFrom.cx|"
      "searchFrom.exactMatch|searchFrom.index|searchFrom.linkField|"
      "searchFrom.semantic_configuration|searchFrom.serviceHost|"
      "searchFrom.serviceName|searchFrom.servicePort|searchFrom.start|"
      "searchFrom.timeoutMillisecond|searchFrom.titleField|searchFrom.type|"
      "searchFrom.username|searchRewrite.llmModelName|"
      "searchRewrite.llmServiceHost|searchRewrite.llmServiceName|"
      "searchRewrite.llmServicePort|searchRewrite.maxCount|"
      "searchRewrite.timeoutMillisecond",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_security_guard[] = {
    { "secretKey|securityToken", MASK_HIDE },
    { "denyMessage", MASK_TEXT },
    { "accessKey|action|bufferLimit|checkRequest|checkResponse|"
      "consumerRequestCheckService.*|contentModerationLevelBar|denyCode|"
      "promptAttackLevelBar|protocol|requestCheckService|"
      "requestContentJsonPath|requestImageCheckService|responseCheckService|"
      "responseContentJsonPath|responseStreamContentJsonPath|riskLevelBar|"
      "sensitiveDataLevelBar|serviceHost|serviceName|servicePort|"
      "serviceSource|timeout",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_statistics[] = {
    { "attributes.default_value|attributes.value", MASK_NAMED, "key" },
    { "attributes.apply_to_log|attributes.apply_to_span|"
      "attributes.as_separate_log_field|attributes.key|attributes.rule|"
      "attributes.trace_span_key|attributes.value_source|"
      "disable_openai_usage|enable|enable_content_types|enable_path_suffixes|"
      "session_id_header|use_default_attributes|"
      "use_default_response_attributes|value_length_limit",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_token_ratelimit[] = {
    { "redis.password", MASK_HIDE },
    { "rule_items.limit_keys.key", MASK_LIMIT },
    { "rejected_msg", MASK_TEXT },
    { "global_threshold.*|redis.database|redis.service_name|"
      "redis.service_port|redis.timeout|redis.username|rejected_code|"
      "rule_items.limit_by_consumer|rule_items.limit_by_cookie|"
      "rule_items.limit_by_header|rule_items.limit_by_param|"
      "rule_items.limit_by_per_consumer|rule_items.limit_by_per_cookie|"
      "rule_items.limit_by_per_header|rule_items.limit_by_per_ip|"
      "rule_items.limit_by_per_param|rule_items.limit_keys.token_per_day|"
      "rule_items.limit_keys.token_per_hour|"
      "rule_items.limit_keys.token_per_minute|"
      "rule_items.limit_keys.token_per_second|rule_name",
      MASK_SHOW },
    { 0 },
};

static const struct mask_row ai_transformer[] = {
    { "provider.apiKey", MASK_HIDE },
    { "request.prompt|response.prompt", MASK_TEXT },
    { "provider.domain|provider.serviceName|request.enable|response.enable", MASK_SHOW },
    { 0 },
};

const struct mask_table mask_ai_plugins[] = {
    { "ai-agent", ai_agent },
    { "ai-cache", ai_cache },
    { "ai-context-limit", ai_context_limit },
    { "ai-data-masking", ai_data_masking },
    { "ai-history", ai_history },
    { "ai-image-reader", ai_image_reader },
    { "ai-intent", ai_intent },
    { "ai-json-resp", ai_json_resp },
    { "ai-load-balancer", ai_load_balancer },
    { "ai-prompt-decorator", ai_prompt_decorator },
    { "ai-prompt-template", ai_prompt_template },
    { "ai-proxy", ai_proxy },
    { "ai-quota", ai_quota },
    { "ai-rag", ai_rag },
    { "ai-search", ai_search },
    { "ai-security-guard", ai_security_guard },
    { "ai-statistics", ai_statistics },
    { "ai-token-ratelimit", ai_token_ratelimit },
    { "ai-transformer", ai_transformer },
    { 0 },
};
