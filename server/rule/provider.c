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

static bool digits(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

static bool is_of(enum member_type type, const cJSON *m)
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
        return cJSON_IsNumber(m) || (cJSON_IsString(m) && digits(m->valuestring));
    }
    return true;
}

const char *provider_type_fault(struct arena *a, const cJSON *raw, const char **member)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, raw)
    {
        for (size_t i = 0; !cJSON_IsNull(m) && i < sizeof members / sizeof *members; i++)
            if (kind_has(members[i].names, m->string) && !is_of(members[i].type, m)) {
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
    { "azure", "azureServiceUrl" },
    { "ollama", "ollamaServerHost|ollamaServerPort" },
    { "deepl", "targetLang" },
    { "vllm", "vllmCustomUrl" },
};

static const char keyless[] = "openai|ollama|vertex|bedrock|hunyuan|deepl|vllm|generic|spark|kling";

bool provider_needs_key(const char *type)
{
    return type && !kind_has(keyless, type);
}

int provider_keys(const cJSON *provider)
{
    int n = json_count(json_get(provider, "tokens"));
    return n ? n : json_count(json_path(provider, "rawConfigs.apiTokens"));
}

static bool has(const cJSON *raw, const char *name)
{
    const cJSON *m = json_get(raw, name);
    return m && !cJSON_IsNull(m) && !(cJSON_IsString(m) && !*m->valuestring);
}

static const char *missing_of(struct arena *a, const cJSON *raw, const char *names)
{
    char word[KIND_WORD];
    while (kind_next(&names, word))
        if (!has(raw, word))
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

static const char *setting_fault(struct arena *a, const cJSON *o, const char *type,
                                 const char **path)
{
    const cJSON *raw = json_get(o, "rawConfigs");
    const char *missing = NULL, *instead = instead_of_keys(type);
    for (size_t i = 0; i < sizeof needs / sizeof *needs && !missing; i++)
        missing = strcmp(needs[i].type, type) ? NULL : missing_of(a, raw, needs[i].needs);
    if (!missing && !strcmp(type, "bedrock") && !has(raw, "awsRegion"))
        missing = "awsRegion";
    const char *api = json_str(raw, "minimaxApiType");
    if (!missing && !strcmp(type, "minimax") && api && !strcmp(api, "pro"))
        missing = missing_of(a, raw, "minimaxGroupId");
    if (!missing && instead && provider_keys(o) == 0)
        missing = missing_of(a, raw, instead);
    if (!missing)
        return NULL;
    *path = arena_printf(a, "rawConfigs.%s", missing);
    return arena_printf(a, "is absent, and the type %s needs it%s", text_clean(a, type, 40),
                        instead && provider_keys(o) == 0 ? " where there are no keys" : "");
}

static const char *context_fault(struct arena *a, const cJSON *raw, const char **path)
{
    const cJSON *context = json_get(raw, "context");
    if (!context)
        return NULL;
    *path = "rawConfigs.context";
    if (missing_of(a, context, "fileUrl|serviceName|servicePort"))
        return "needs fileUrl, serviceName and servicePort";
    return has(raw, "qwenFileIds") || has(raw, "moonshotFileId")
               ? "cannot stand beside qwenFileIds or moonshotFileId"
               : NULL;
}

static const char *failover_fault(const cJSON *o, const char **path)
{
    const cJSON *typed = json_get(o, "tokenFailoverConfig");
    const cJSON *raw = json_path(o, "rawConfigs.failover");
    const cJSON *own = typed && !cJSON_IsNull(typed) ? typed : raw;
    bool model = has(own, "healthCheckModel") || has(raw, "healthCheckModel");
    if (!json_true(own, "enabled") || model || json_num(raw, "cooldownDuration", 0) > 0)
        return NULL;
    *path = "tokenFailoverConfig.healthCheckModel";
    return "is absent while failover is on, and there is no cooldownDuration";
}

const char *provider_fault(struct arena *a, const cJSON *o, const char **path)
{
    const char *type = json_str(o, "type"), *why;
    if (!type)
        return NULL;
    if (provider_needs_key(type) && provider_keys(o) == 0) {
        *path = "tokens";
        return "is empty, and the type cannot do without a key";
    }
    why = setting_fault(a, o, type, path);
    why = why ? why : context_fault(a, json_get(o, "rawConfigs"), path);
    return why ? why : failover_fault(o, path);
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
