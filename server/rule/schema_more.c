/* schema_more.c - members that plugins document and the schemas of the console lack. A row is a
 * plugin and the paths below its settings, "[]" for each element; a final '*' is everything that
 * begins so. */
#include "base/text.h"
#include "kind/kind.h"
#include "rule/schema.h"
#include <ctype.h>
#include <string.h>

#define LIMITS "global_threshold*|redis.database|rule_items*|show_limit_quota_header"
#define AUTH "global_auth|allow|_disable_|realm|credentials*|keys|in_query|in_header"

static const struct {
    const char *plugin, *paths;
} rows[] = {
    { "cluster-key-rate-limit", LIMITS },
    { "ai-token-ratelimit", LIMITS },
    { "ai-quota", "redis.database|enable_path_suffixes" },
    { "ai-history", "redis.database" },
    { "ai-cache", "redis*|cacheValueFrom*|cacheKeyFrom*|returnResponseTemplate|cache.database" },
    { "key-auth", AUTH "|consumers[].keys|consumers[].in_query|consumers[].in_header|"
                       "consumers[].credentials|consumers[].realm" },
    { "basic-auth", AUTH "|encrypted" },
    { "hmac-auth", AUTH "|date_offset" },
    { "jwt-auth", AUTH "|enable_headers|consumers[].claims" },
    { "oauth", AUTH "|auth_header" },
    { "oidc", "pass_access_token" },
    { "ext-auth", "match_type|match_list*|http_service.authorization_request.allowed_properties*" },
    { "opa", "domain" },
    { "request-block", "block_exact_urls|block_regexp_urls|block_bodys|blocked_message" },
    { "ai-statistics", "use_default_attributes|use_default_response_attributes|value_length_limit|"
                       "enable_path_suffixes|enable_content_types|session_id_header|"
                       "disable_openai_usage|attributes[].default_value|"
                       "attributes[].trace_span_key|attributes[].as_separate_log_field" },
    { "ai-security-guard",
      "securityToken|action|checkRequestImage|requestImageCheckService|responseImageCheckService|"
      "riskLevelBar|contentModeration*|promptAttack*|modelHallucination*|maliciousUrl*|"
      "customLabel*|sensitiveData*|riskAction|openAIDenyResponseFormat|response*|timeout|"
      "bufferLimit|consumer*|apiType|providerType" },
    { "ai-search", "defaultEnable|referenceLocation|searchRewrite.maxCount|searchFrom[]*" },
    { "ai-intent", "keyFrom*" },
    { "ai-json-resp", "apiKey" },
    { "ai-agent", "returnResponseTemplate|jsonResp*" },
    { "ai-prompt-decorator", "replace*" },
    { "ai-rag", "dashvector.collection" },
    { "model-router", "keepOriginalModelName|autoRouting*" },
    { "model-mapper", "modelToHeader" },
    { "ai-proxy", "provider*|providers*|activeProviderId" },
    { "transformer", "reroute|reqRules[]*|respRules[]*" },
    { "frontend-gray", "localStorageGrayKey|useManifestAsEntry|backendGrayTag|uniqueGrayTag|html|"
                       "skippedPaths|skippedPathPrefixes|indexPaths|includePathPrefixes|"
                       "skippedByHeaders*|injection*|grayDeployments[]*|baseDeployment*|rules[]*" },
    { "de-graphql", "gql|endpoint|timeout|domain" },
};

/* "configurations.rule_items[3].x" is "rule_items[].x". */
static bool path_matches_pattern(const char *pattern, const char *path)
{
    for (; *path; path++) {
        if (*pattern == '*')
            return true;
        if (*pattern != *path)
            return false;
        pattern++;
        if (*path == '[')
            while (isdigit((unsigned char)path[1]))
                path++;
    }
    return !*pattern || *pattern == '*';
}

bool schema_plugin_takes(const char *plugin, const char *path)
{
    static const char root[] = "configurations.";
    char word[TEXT_WORD];
    if (!strncmp(path, root, sizeof root - 1))
        path += sizeof root - 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (const char *rest = strcmp(rows[i].plugin, plugin) ? NULL : rows[i].paths;
             text_word_next(&rest, word);)
            if (path_matches_pattern(word, path))
                return true;
    return false;
}
