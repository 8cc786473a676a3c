/* trap_ai.c - traps of the plugins for models: members that their parsers ask for and the console
 * does not, checks that are off, caches and templates that users share. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <math.h>
#include <string.h>

/* -- members without which a plugin refuses its settings -------------------------------------- */

static const struct {
    const char *plugin, *when; /* path that must be there for the row to count; NULL: always */
    const char *needs;         /* paths */
} needs[] = {
    { "ai-security-guard", NULL, "serviceName|servicePort|serviceHost|accessKey|secretKey" },
    { "ai-intent", NULL, "scene.category|llm.proxyServiceName|llm.proxyUrl" },
    { "ai-cache", "cache", "cache.type|cache.serviceName" },
    { "ai-cache", "vector", "vector.type|vector.serviceName" },
    { "ai-cache", "embedding", "embedding.type|embedding.serviceName" },
    { "ai-search", "searchRewrite",
      "searchRewrite.llmServiceName|searchRewrite.llmServicePort|searchRewrite.llmUrl|"
      "searchRewrite.llmModelName" },
    { "ai-agent", NULL, "apis[0].api" },
    { "json-converter", NULL, "stage" },
    { "nginx-rewrite-compatible", NULL, "rules[0].regex" },
    { "de-graphql", NULL, "gql" },
    { "ai-load-balancer", NULL, "lb_policy" },
    { "response-cache", NULL, "cache.type|cache.serviceName" },
};

static const char *missing_path(const struct trap_walk *t, const cJSON *s, const char *paths)
{
    char path[TEXT_WORD];
    while (text_word_next(&paths, path))
        if (!trap_has(s, path))
            return arena_strdup(trap_arena(t), path);
    return NULL;
}

static void member_missing(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    bool rule_of_cache = !strcmp(o->name, "response-cache") && !trap_is_global(o);
    for (size_t i = 0; json_count(s) > 0 && i < sizeof needs / sizeof *needs; i++) {
        if (strcmp(needs[i].plugin, o->name) != 0 || rule_of_cache ||
            (needs[i].when && !json_path(s, needs[i].when)))
            continue;
        const char *missing = missing_path(t, s, needs[i].needs);
        if (missing)
            trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s", missing),
                         "is absent");
    }
}

static void rag_collection(struct trap_walk *t, const struct trap_object *o)
{
    static const char wanted[] =
        "dashvector.collection|dashscope.apiKey|dashscope.serviceFQDN|dashscope.servicePort|"
        "dashscope.serviceHost|dashvector.apiKey|dashvector.serviceFQDN|dashvector.servicePort|"
        "dashvector.serviceHost|dashvector.topk|dashvector.threshold|dashvector.field";
    const char *missing = missing_path(t, trap_settings(o), wanted);
    if (missing && json_count(trap_settings(o)) > 0)
        trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s", missing), "is absent");
}

/* -- ai-security-guard ------------------------------------------------------------------------ */

static void guard_off(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_count(s) > 0 && !trap_true(s, "checkRequest") && !trap_true(s, "checkResponse") &&
        !trap_true(s, "checkRequestImage"))
        trap_add(t, o, "configurations.checkRequest",
                 "and checkResponse are not true: nothing is checked");
}

static void guard_level(struct trap_walk *t, const struct trap_object *o)
{
    static const char levels[] = "max|high|medium|low", data[] = "S4|S3|S2|S1";
    const cJSON *m;
    cJSON_ArrayForEach(m, json_members(trap_settings(o)))
    {
        bool bar = text_ends(m->string, "LevelBar") && cJSON_IsString(m);
        bool sensitive = !strcmp(m->string, "sensitiveDataLevelBar"), good = false;
        char word[TEXT_WORD];
        for (const char *rest = sensitive ? data : levels; bar && text_word_next(&rest, word);)
            good = good || text_equal_nocase(word, m->valuestring);
        if (bar && !good)
            trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s", m->string),
                         "is no level (%s)", sensitive ? "S4 … S1" : "max, high, medium, low");
    }
}

static void guard_consumers(struct trap_walk *t, const struct trap_object *o)
{
    static const char lists[] = "consumerRequestCheckService|consumerResponseCheckService|"
                                "consumerRiskLevel";
    char word[TEXT_WORD];
    const cJSON *m;
    for (const char *rest = lists; text_word_next(&rest, word);) {
        int i = 0;
        cJSON_ArrayForEach(m, json_get(trap_settings(o), word))
        {
            const char *path = arena_printf(trap_arena(t), "configurations.%s[%d]", word, i++);
            if (!trap_has(m, "name") ||
                !text_has_word("exact|prefix|regexp", trap_text(m, "matchType")))
                trap_add(t, o, path,
                         "has no name, or no matchType of exact, prefix, regexp: it is "
                         "skipped, nobody is checked by it");
        }
    }
}

/* -- the others ------------------------------------------------------------------------------- */

static void semantic_off(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_get(s, "vector") && json_get(s, "cache") && !trap_true(s, "enableSemanticCache"))
        trap_add(t, o, "configurations.enableSemanticCache",
                 "is not true: the vector store is configured and never asked");
}

static void cache_empty(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_count(s) > 0 && !json_get(s, "cache") && !json_get(s, "vector") &&
        !json_get(s, "embedding") && !json_get(s, "redis"))
        trap_refused(t, o, "configurations", "has none of cache, vector, embedding");
}

static void trap_ai_cache_shared(struct trap_walk *t, const struct trap_object *o)
{
    if (json_count(trap_settings(o)) > 0 && !trap_has(trap_settings(o), "cacheKeyFrom"))
        trap_add(t, o, "configurations.cacheKeyFrom",
                 "is not set: the key is the question alone, so that users get each other's "
                 "answers");
}

static void embedding_keys(struct trap_walk *t)
{
    struct trap_object first = { 0 };
    const char *key = NULL;
    for (struct trap_object o = { 0 }; trap_next(trap_of(t), "plugin-instance", &o);) {
        const char *own = trap_text(trap_settings(&o), "embedding.apiKey");
        if (strcmp(o.name, "ai-cache") != 0 || !trap_enabled(&o) || !*own)
            continue;
        if (key && strcmp(key, own) != 0)
            trap_add(t, &o, "configurations.embedding.apiKey",
                     "is another key than that of %s: one of them is used for all", first.scope);
        first = key ? first : o;
        key = key ? key : own;
    }
}

static void balancer(struct trap_walk *t, const struct trap_object *o)
{
    static const char policies[] = "global_least_request|prefix_cache|endpoint_metrics|"
                                   "metrics_based|cluster_metrics|cluster_hash";
    const cJSON *s = trap_settings(o), *c;
    const char *policy = trap_text(s, "lb_policy");
    double sum = 0;
    if (*policy && !text_has_word(policies, policy))
        trap_refused(t, o, "configurations.lb_policy", "is no policy that the plugin knows");
    cJSON_ArrayForEach(c, json_path(s, "lb_config.clusters")) sum += json_num(c, "weight", 0);
    if (!strcmp(policy, "cluster_hash") && fabs(sum - 100) > 0.001)
        trap_refused(t, o, "configurations.lb_config.clusters",
                     "have weights that sum to %g, not "
                     "100",
                     sum);
}

static void quota_paths(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *paths = json_get(trap_settings(o), "enable_path_suffixes");
    if (paths && (!cJSON_IsArray(paths) || json_count(paths) == 0))
        trap_refused(t, o, "configurations.enable_path_suffixes", "is no list, or empty");
}

static void search_refused(struct trap_walk *t, const struct trap_object *o)
{
    static const char engines[] = "bing|google|arxiv|elasticsearch|quark";
    const cJSON *s = trap_settings(o), *from = json_get(s, "searchFrom"), *m;
    const char *prompt = trap_text(s, "promptTemplate");
    const char *reference = trap_text(s, "referenceFormat");
    if (json_count(s) > 0 && json_count(from) == 0)
        trap_refused(t, o, "configurations.searchFrom", "names no engine");
    cJSON_ArrayForEach(m, from)
    {
        const char *type = trap_text(m, "type");
        if (!text_has_word(engines, type))
            trap_refused(t, o, "configurations.searchFrom", "has an engine of an unknown type");
        else if (!strcmp(type, "elasticsearch") && !trap_has(m, "semanticTextField"))
            trap_refused(t, o, "configurations.searchFrom",
                         "has an elasticsearch without "
                         "semanticTextField");
    }
    if (*prompt && (!strstr(prompt, "{search_results}") || !strstr(prompt, "{question}")))
        trap_refused(t, o, "configurations.promptTemplate", "lacks {search_results} or {question}");
    if (*reference && !strstr(reference, "%s"))
        trap_refused(t, o, "configurations.referenceFormat", "lacks %%s");
}

static void context_limit_off(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_count(s) > 0 && json_num(s, "max_context_tokens", 0) <= 0)
        trap_add(t, o, "configurations.max_context_tokens", "is 0 or absent: nothing is limited");
}

static void decorator_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *m;
    cJSON_ArrayForEach(m, json_get(s, "replace"))
    {
        const char *pattern = trap_text(m, "pattern");
        const char *why = trap_true(m, "regex") ? trap_bad_regex(t, pattern) : NULL;
        if (!*pattern || why)
            trap_refused(t, o, "configurations.replace",
                         "has an empty pattern, or one that is no "
                         "expression");
    }
    static const char lists[] = "prepend|append";
    char word[TEXT_WORD];
    for (const char *rest = lists; text_word_next(&rest, word);)
        cJSON_ArrayForEach(m, json_get(s, word))
        {
            if (!cJSON_IsString(json_get(m, "content")))
                trap_refused(t, o, arena_printf(trap_arena(t), "configurations.%s", word),
                             "has a message whose content is no text");
        }
}

static void decorator_geo(struct trap_walk *t, const struct trap_object *o)
{
    const char *text = json_print(trap_arena(t), trap_settings(o));
    if (strstr(text, "${geo-") && !trap_runs_on(t, "geo-ip", o->scope))
        trap_add(t, o, "configurations",
                 "names ${geo-…}, and geo-ip does not run there: nothing is "
                 "decorated");
}

static void template_switch(struct trap_walk *t, const struct trap_object *o)
{
    if (json_count(trap_settings(o)) > 0)
        trap_add(t, o, "",
                 "can be switched off by a client with the header template-enable: false, and a "
                 "quote in the client's properties adds messages of its own");
}

static void json_schema_text(struct trap_walk *t, const struct trap_object *o)
{
    if (cJSON_IsString(json_get(trap_settings(o), "jsonSchema")))
        trap_add(t, o, "configurations.jsonSchema",
                 "is a text, not an object: each request is answered with an error");
}

static void router_enable(struct trap_walk *t, const struct trap_object *o)
{
    if (json_get(trap_settings(o), "enable"))
        trap_add(t, o, "configurations.enable", "is not read: the plugin acts, whatever it says");
}

static void mapper_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *map = json_get(trap_settings(o), "modelMapping");
    const cJSON *paths = json_get(trap_settings(o), "enableOnPathSuffix"), *m;
    if (map && !cJSON_IsObject(map))
        trap_refused(t, o, "configurations.modelMapping", "is no object");
    if (paths && !cJSON_IsArray(paths))
        trap_refused(t, o, "configurations.enableOnPathSuffix", "is no list");
    cJSON_ArrayForEach(m, paths)
    {
        if (cJSON_IsString(m) && !strcmp(m->valuestring, "*"))
            trap_add(t, o, "configurations.enableOnPathSuffix",
                     "holds '*', which is no wildcard there: no path ends with it");
    }
}

static void masking_refused(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "replace_roles"))
    {
        if (!trap_has(m, "regex") || !trap_has(m, "type")) {
            trap_refused(t, o, "configurations.replace_roles", "has an item without regex or type");
            return;
        }
    }
}

static void statistics(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *m;
    bool replaced =
        trap_true(s, "use_default_attributes") || trap_true(s, "use_default_response_attributes");
    if (replaced && json_count(json_get(s, "attributes")) > 0)
        trap_add(t, o, "configurations.attributes", "are replaced by the default ones");
    cJSON_ArrayForEach(m, json_get(s, "attributes"))
    {
        if (trap_has(m, "rule") && !text_has_word("first|replace|append", trap_text(m, "rule")))
            trap_refused(t, o, "configurations.attributes",
                         "has a rule that is none of first, "
                         "replace, append");
    }
}

static void router_off(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object global;
    bool known = trap_lookup(trap_of(t), "plugin-instance", o->name, "global", &global) &&
                 json_count(json_get(trap_settings(&global), "servers")) > 0;
    if (trap_is_global(o))
        return;
    if (!known)
        trap_add(t, o, "", "has no global part with servers: it does not work");
    else if (!trap_true(trap_settings(o), "enable"))
        trap_add(t, o, "configurations.enable", "is not true: the router does nothing there");
}

static void keys_in_log(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_has(trap_settings(o), "llm.proxyApiKey"))
        trap_add(t, o, "configurations.llm.proxyApiKey",
                 "is printed with the whole configuration into the gateway's log");
}

#define OF(names) .about = "plugin-instance", .plugins = names
#define REFUSES "The plugin's parser asks for it, and refuses the whole configuration without."
#define BESIDE .beside = "plugin-instance"

const struct trap trap_ai_rows[] = {
    { "plugin-config 13.6", "GUARD_CHECKS_NOTHING", "A content guard that checks nothing",
      "checkRequest and checkResponse are false by default.", TRAP_OPEN, OF("ai-security-guard"),
      .judge = guard_off },
    { "plugin-config 5", "GUARD_LEVEL_REFUSED", "A level that the content guard refuses", REFUSES,
      TRAP_OPEN, OF("ai-security-guard"), BESIDE, .judge = guard_level },
    { "plugin-config 5", "GUARD_CONSUMER_SKIPPED", "A consumer rule that is skipped",
      "Items without name and a known matchType are skipped silently.", TRAP_OPEN,
      OF("ai-security-guard"), .judge = guard_consumers },
    { "plugin-config 5", "MASKING_REFUSED", "Data masking that the plugin refuses",
      "replace_roles[].regex and .type are required.", TRAP_OPEN, OF("ai-data-masking"), BESIDE,
      .judge = masking_refused },
    { "plugin-config 5", "QUOTA_PATHS_REFUSED", "A quota that the plugin refuses",
      "enable_path_suffixes must be a list that is not empty.", TRAP_OPEN, .from = "2.2.2",
      OF("ai-quota"), BESIDE, .judge = quota_paths },
    { "plugin-config 5", "CONTEXT_LIMIT_OFF", "A context limit that limits nothing",
      "max_context_tokens 0 or missing is off.", TRAP_DEAD, OF("ai-context-limit"),
      .judge = context_limit_off },
    { "plugin-config 5", "AI_CACHE_SHARED", "Answers that users share",
      "The cache key is not per consumer unless its path includes one.", TRAP_OPEN, OF("ai-cache"),
      .judge = trap_ai_cache_shared },
    { "plugin-config 5", "AI_CACHE_REFUSED", "A cache that the plugin refuses",
      "One of cache, vector and embedding is needed.", TRAP_BROKEN, OF("ai-cache"), BESIDE,
      .judge = cache_empty },
    { "plugin-config 5", "AI_CACHE_SEMANTIC_OFF", "A vector store that is not asked",
      "enableSemanticCache is false unless written true, even with vector configured.", TRAP_DEAD,
      OF("ai-cache"), .judge = semantic_off },
    { "plugin-config 5", "AI_CACHE_ONE_KEY", "Embedding keys that overwrite each other",
      "The last rule parsed sets the embedding key for all routes.", TRAP_BROKEN,
      .about = "plugin-instance", BESIDE, .find = embedding_keys },
    { "plugin-config 13.6", "RAG_COLLECTION_MISSING", "ai-rag without a collection",
      "dashvector.collection is required by the plugin and missing in the console's form.",
      TRAP_BROKEN, OF("ai-rag"), BESIDE, .judge = rag_collection },
    { "plugin-config 5", "PLUGIN_MEMBER_MISSING", "A plugin without a member that it needs",
      REFUSES, TRAP_BROKEN,
      OF("ai-security-guard|ai-intent|ai-cache|ai-search|ai-agent|json-converter|"
         "nginx-rewrite-compatible|de-graphql|ai-load-balancer|response-cache"),
      BESIDE, .judge = member_missing },
    { "plugin-config 5", "AI_SEARCH_REFUSED", "A search that the plugin refuses",
      "An engine of a known type and the placeholders of the templates are required.", TRAP_BROKEN,
      OF("ai-search"), BESIDE, .judge = search_refused },
    { "plugin-config 5", "AI_BALANCER_REFUSED", "A balancer that the plugin refuses",
      "lb_policy must be known; weights of cluster_hash sum to exactly 100.", TRAP_BROKEN,
      OF("ai-load-balancer"), BESIDE, .judge = balancer },
    { "plugin-config 5", "DECORATOR_REFUSED", "A decorator that the plugin refuses",
      "Contents are texts; an empty pattern or a bad expression is refused.", TRAP_BROKEN,
      OF("ai-prompt-decorator"), BESIDE, .judge = decorator_refused },
    { "plugin-config 5", "DECORATOR_WITHOUT_GEO", "A decorator that asks where the client is",
      "A missing ${geo-…} property makes the plugin skip the whole decoration.", TRAP_DEAD,
      OF("ai-prompt-decorator"), .beside = "plugin-instance|route", .judge = decorator_geo },
    { "plugin-config 5", "TEMPLATE_CLIENT_CONTROLLED", "A prompt template that clients control",
      "The header template-enable switches it off; properties are pasted unescaped.", TRAP_NOTE,
      OF("ai-prompt-template"), .judge = template_switch },
    { "plugin-config 5", "JSON_RESP_SCHEMA_TEXT", "A JSON schema given as text",
      "jsonSchema must be an object; a text makes all requests fail.", TRAP_BROKEN,
      OF("ai-json-resp"), .judge = json_schema_text },
    { "plugin-config 5", "MODEL_ROUTER_ENABLE", "A switch that is not read",
      "enable in the console's schema is not read by model-router.", TRAP_DEAD, OF("model-router"),
      .judge = router_enable },
    { "plugin-config 5", "MODEL_MAPPER_REFUSED", "A mapping that the plugin refuses",
      "modelMapping is an object, enableOnPathSuffix a list without wildcard.", TRAP_BROKEN,
      OF("model-mapper"), BESIDE, .judge = mapper_refused },
    { "plugin-config 5", "STATISTICS_REPLACED", "Attributes that are replaced or refused",
      "A default mode replaces attributes; a bad rule is refused.", TRAP_DEAD, OF("ai-statistics"),
      BESIDE, .judge = statistics },
    { "plugin-config 5", "KEYS_IN_LOG", "A key that the plugin prints",
      "ai-intent prints its configuration with proxyApiKey.", TRAP_NOTE, OF("ai-intent"),
      .judge = keys_in_log },
    { "plugin-config 3", "MCP_ROUTER_OFF", "An MCP router that does nothing",
      "Rules are off unless enable is true; without a global part the router does not work.",
      TRAP_DEAD, OF("mcp-router"), BESIDE, .judge = router_off },
    { 0 },
};
