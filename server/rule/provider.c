/* provider.c - the tables of provider settings. A new member of rawConfigs is a row of `members`; a
 * type that needs something is a row of `needs`. Facts: ai-proxy's parser and the console's. */
#include "rule/provider.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include <string.h>

enum member_type { TEXT = 1, NUMBER, FLAG, LIST, OBJECT, NUMBER_OR_TEXT };

static const char *const type_words[] = {
    [TEXT] = "a text", [NUMBER] = "a number",  [FLAG] = "true or false",
    [LIST] = "a list", [OBJECT] = "an object", [NUMBER_OR_TEXT] = "a number",
};

static const struct {
    enum member_type type;
    const char *names;
} members[] = {
    { TEXT, "openaiCustomUrl|openaiCustomServiceName|vllmCustomUrl|vllmServerHost|azureServiceUrl|"
            "ollamaServerHost|qwenDomain|moonshotFileId|claudeVersion|claudeCustomUrl|apiVersion|"
            "vertexAuthKey|vertexRegion|vertexProjectId|vertexAuthServiceName|awsRegion|"
            "awsAccessKey|awsSecretKey|promptCacheRetention|hunyuanAuthId|hunyuanAuthKey|"
            "minimaxApiType|minimaxGroupId|cloudflareAccountId|targetLang|difyApiUrl|botType|"
            "inputVariable|outputVariable|tritonDomain|tritonModelVersion|genericHost|"
            "klingAccessKey|klingSecretKey|zhipuDomain|doubaoDomain|basePath|basePathHandling|"
            "providerDomain|providerBasePath|reasoningContentMode" },
    { NUMBER, "openaiCustomServicePort|timeout|firstByteTimeout|vertexTokenRefreshAhead|"
              "klingTokenRefreshAhead|geminiThinkingBudget" },
    { NUMBER_OR_TEXT, "ollamaServerPort" },
    { FLAG, "qwenEnableSearch|qwenEnableCompatible|claudeCodeMode|vertexOpenAICompatible|"
            "zhipuCodePlanMode|mergeConsecutiveMessages|promoteThinkingOnEmpty|hiclawMode|"
            "disableStreamUsageStats|logUpstreamErrorResponseBody" },
    { LIST, "openaiExtraCustomUrls|vllmExtraCustomUrls|qwenFileIds|customSettings|"
            "contextCleanupCommands|apiTokens" },
    { OBJECT, "modelMapping|context|capabilities|failover|retryOnFailure|geminiSafetySetting|"
              "bedrockAdditionalFields|bedrockPromptCachePointPositions|responseJsonSchema" },
};

static bool is_digits(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

static bool is_member_type(enum member_type type, const cJSON *m)
{
    switch (type) {
    case TEXT:
        return cJSON_IsString(m);
    case NUMBER:
        return cJSON_IsNumber(m);
    case FLAG:
        return cJSON_IsBool(m);
    case LIST:
        return cJSON_IsArray(m);
    case OBJECT:
        return cJSON_IsObject(m);
    case NUMBER_OR_TEXT:
        return cJSON_IsNumber(m) || (cJSON_IsString(m) && is_digits(m->valuestring));
    }
    return true;
}

const char *provider_type_fault(struct arena *a, const cJSON *raw, const char **member)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_members(raw))
    {
        for (size_t i = 0; !cJSON_IsNull(m) && i < sizeof members / sizeof *members; i++)
            if (text_has_word(members[i].names, m->string) && !is_member_type(members[i].type, m)) {
                *member = m->string;
                return arena_printf(a, "is not %s", type_words[members[i].type]);
            }
    }
    return NULL;
}

/* -- what a type cannot be without ------------------------------------------------------------ */

static const struct {
    const char *type, *needs;
} needs[] = {
    { "azure", "azureServiceUrl" }, { "ollama", "ollamaServerHost|ollamaServerPort" },
    { "bedrock", "awsRegion" },     { "deepl", "targetLang" },
    { "vllm", "vllmCustomUrl" },
};

static const char keyless[] = "openai|ollama|vertex|bedrock|hunyuan|deepl|vllm|generic|spark|kling";

static int keys_of(const cJSON *provider)
{
    int n = json_count(json_get(provider, "tokens"));
    return n ? n : json_count(json_path(provider, "rawConfigs.apiTokens"));
}

static bool has_setting(const cJSON *raw, const char *name)
{
    const cJSON *m = json_get(raw, name);
    return m && !cJSON_IsNull(m) && !(cJSON_IsString(m) && !*m->valuestring);
}

static const char *first_missing_setting(struct arena *a, const cJSON *raw, const char *names)
{
    char word[TEXT_WORD];
    while (text_word_next(&names, word))
        if (!has_setting(raw, word))
            return arena_strdup(a, word);
    return NULL;
}

/* Keys, or settings instead of keys. */
static const char *instead_of_keys(const char *type)
{
    static const struct {
        const char *type, *needs;
    } rows[] = {
        { "vertex", "vertexAuthKey|vertexRegion|vertexProjectId|vertexAuthServiceName" },
        { "bedrock", "awsAccessKey|awsSecretKey" },
        { "kling", "klingAccessKey|klingSecretKey" },
        { "hunyuan", "hunyuanAuthId|hunyuanAuthKey" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].type, type))
            return rows[i].needs;
    return NULL;
}

/* The first setting that is missing for a type. */
static const char *missing_setting(struct arena *a, const cJSON *o, const char *type)
{
    const cJSON *raw = json_get(o, "rawConfigs");
    const char *missing = NULL, *api = json_str(raw, "minimaxApiType");
    bool pro = !strcmp(type, "minimax") && api && !strcmp(api, "pro");
    for (size_t i = 0; i < sizeof needs / sizeof *needs && !missing; i++)
        missing =
            strcmp(needs[i].type, type) ? NULL : first_missing_setting(a, raw, needs[i].needs);
    return missing ? missing : pro ? first_missing_setting(a, raw, "minimaxGroupId") : NULL;
}

static const char *type_needs(struct arena *a, const cJSON *o, const char *type, const char **path)
{
    const char *missing = missing_setting(a, o, type), *instead = instead_of_keys(type);
    bool keyless_here = instead && keys_of(o) == 0;
    if (!missing && keyless_here)
        missing = first_missing_setting(a, json_get(o, "rawConfigs"), instead);
    if (!missing)
        return NULL;
    *path = arena_printf(a, "rawConfigs.%s", missing);
    return arena_printf(a, "is absent, and the type %s needs it%s", text_clean(a, type, 40),
                        keyless_here ? " where there are no keys" : "");
}

static const char *context_fault(struct arena *a, const cJSON *raw, const char **path)
{
    const cJSON *context = json_get(raw, "context");
    if (!context)
        return NULL;
    *path = "rawConfigs.context";
    if (first_missing_setting(a, context, "fileUrl|serviceName|servicePort"))
        return "needs fileUrl, serviceName and servicePort";
    return has_setting(raw, "qwenFileIds") || has_setting(raw, "moonshotFileId")
               ? "cannot stand beside qwenFileIds or moonshotFileId"
               : NULL;
}

const char *provider_key_fault(const cJSON *o, const char **path)
{
    const char *type = json_str(o, "type");
    if (!type || text_has_word(keyless, type) || keys_of(o) > 0)
        return NULL;
    *path = "tokens";
    return "is empty, and the type cannot do without a key";
}

const char *provider_setting_fault(struct arena *a, const cJSON *o, const char **path)
{
    const char *type = json_str(o, "type");
    const char *why = type ? type_needs(a, o, type, path) : NULL;
    return why ? why : context_fault(a, json_get(o, "rawConfigs"), path);
}

const char *provider_failover_fault(const cJSON *o, const char **path)
{
    const cJSON *typed = json_get(o, "tokenFailoverConfig");
    const cJSON *raw = json_path(o, "rawConfigs.failover");
    const cJSON *own = typed && !cJSON_IsNull(typed) ? typed : raw;
    bool model = has_setting(own, "healthCheckModel") || has_setting(raw, "healthCheckModel");
    if (!json_true(own, "enabled") || model || json_num(raw, "cooldownDuration", 0) > 0)
        return NULL;
    *path = "tokenFailoverConfig.healthCheckModel";
    return "is absent while failover is on, and there is no cooldownDuration";
}

const char *provider_fault(struct arena *a, const cJSON *o, const char **path)
{
    const char *why = provider_key_fault(o, path);
    why = why ? why : provider_setting_fault(a, o, path);
    return why ? why : provider_failover_fault(o, path);
}

const char *const provider_unread = "subPath|authHeaderKey";

bool provider_capability(const char *name)
{
    static const char *const words[] = { "chatcompletions", "embeddings", "image",
                                         "audio",           "realtime",   "responses",
                                         "rerank",          "video",      "kling" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_contains_nocase(name, words[i]))
            return true;
    return false;
}
