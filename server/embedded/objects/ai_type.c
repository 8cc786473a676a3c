/* ai_type.c - the provider types.
 *
 * A type is a row: its name, default host and, where it has settings of its own, a function that
 * checks them and fills in defaults. A new type without settings is one more row.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/objects/ai_type_private.h"
#include "embedded/objects/ai_url_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/rest.h"

#include <limits.h>
#include <math.h>

typedef bool type_fn(struct rest_request *r, cJSON *entry, struct ai_endpoint *to);

struct ai_type {
    const char *name, *host;
    type_fn *resolve;
    bool moves, token_service;
};

static const struct ai_url no_url = { .scheme = "", .host = "", .path = "" };

/* The endpoint is checked as it is made: Java calls these arguments illegal. */
static bool use_host(struct rest_request *r, struct ai_endpoint *to, const char *host, int port,
                     const char *protocol)
{
    if (!host || !*host)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "Address cannot be null or empty.");
    if (port < 1 || port > 65535)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "Port must be a positive integer.");
    bool ip = check_ipv4(host, strlen(host));
    to->type = ip ? "static" : "dns";
    to->domain = ip ? arena_printf(r->arena, "%s:%d", host, port) : host;
    to->port = ip ? 80 : port;
    to->protocol = protocol;
    return true;
}

/* MapUtils.getString: what is no text is told as one. NULL: absent. */
static const char *setting_text(struct rest_request *r, const cJSON *entry, const char *key)
{
    const cJSON *value = json_get(entry, key);
    if (!value || cJSON_IsNull(value))
        return NULL;
    return cJSON_IsString(value) ? value->valuestring : json_print(r->arena, value);
}

/* A text that must be there and not empty. */
static const char *need_text(struct rest_request *r, const cJSON *entry, const char *key)
{
    const char *text = setting_text(r, entry, key);
    if (text && *text)
        return text;
    rest_fail(r, X_VALIDATION, "%s cannot be empty.", key);
    return NULL;
}

/* MapUtils.getBoolean: the text "true" and numbers but 0 are true, other types are not there. */
static void set_lenient_bool(struct rest_request *r, cJSON *entry, const char *key,
                             const cJSON *otherwise)
{
    const cJSON *value = json_get(entry, key);
    if (cJSON_IsString(value))
        json_set_bool(r->arena, entry, key, text_equal_nocase(value->valuestring, "true"));
    else if (cJSON_IsNumber(value))
        json_set_bool(r->arena, entry, key, (int)value->valuedouble != 0);
    else if (!cJSON_IsBool(value) && otherwise)
        json_set_bool(r->arena, entry, key, cJSON_IsTrue(otherwise));
}

static void default_bool(struct rest_request *r, cJSON *entry, const char *key, bool otherwise)
{
    set_lenient_bool(r, entry, key, json_bool(r->arena, otherwise));
}

/* The console's own reading of a switch; false: the value says neither. */
static bool words_bool(struct arena *a, const cJSON *value, bool *out)
{
    static const char *const words[][2] = { { "false", "true" }, { "0", "1" }, { "no", "yes" } };
    if (cJSON_IsBool(value) || cJSON_IsNumber(value)) {
        *out = cJSON_IsNumber(value) ? (int)value->valuedouble != 0 : cJSON_IsTrue(value);
        return true;
    }
    if (!cJSON_IsString(value))
        return false;
    const char *text = java_trim(a, value->valuestring);
    for (size_t i = 0; i < 6; i++)
        if (text_equal_nocase(text, words[i / 2][i % 2])) {
            *out = i % 2;
            return true;
        }
    if (!*text)
        *out = false;
    return !*text;
}

static bool parse_url(struct rest_request *r, const char *key, const char *text, struct ai_url *out)
{
    if (!*text)
        return rest_fail(r, X_VALIDATION, "%s cannot be empty.", key);
    return ai_url_parse(r->arena, text, out) ||
           rest_fail(r, X_VALIDATION, "%s contains an invalid URL: %s", key, text);
}

static bool check_scheme(struct rest_request *r, const struct ai_url *u, const char *text)
{
    if (!u->scheme)
        return rest_fail(r, X_VALIDATION, "Custom service URL must have a scheme: %s", text);
    return ai_url_is_http(u) ||
           rest_fail(r, X_VALIDATION, "Custom service URL must have a valid scheme: %s", text);
}

/* The URLs of one service, and their texts. */
struct urls {
    size_t count;
    struct ai_url *all;
    const char **texts;
};

/* Every text, then every URL, then every scheme: the first that is wrong is what is said. */
static bool read_urls(struct rest_request *r, const cJSON *entry, const char *key,
                      const char *extra_key, struct urls *out)
{
    const cJSON *item, *extra = json_get(entry, extra_key);
    size_t most = (cJSON_IsArray(extra) ? (size_t)json_count(extra) : 0) + 1;
    out->all = arena_array(r->arena, struct ai_url, most);
    out->texts = arena_array(r->arena, const char *, most);
    out->texts[out->count++] = json_str(entry, key);
    if (!*out->texts[0])
        return rest_fail(r, X_VALIDATION, "%s cannot be empty.", key);
    for (item = cJSON_IsArray(extra) ? extra->child : NULL; item; item = item->next) {
        if (!cJSON_IsString(item) || !*item->valuestring)
            return rest_fail(r, X_VALIDATION, "%s must contain non-empty strings.", extra_key);
        out->texts[out->count++] = item->valuestring;
    }
    for (size_t i = 0; i < out->count; i++)
        if (!parse_url(r, key, out->texts[i], &out->all[i]))
            return false;
    for (size_t i = 0; i < out->count; i++)
        if (!check_scheme(r, &out->all[i], out->texts[i]))
            return false;
    return true;
}

/* Another URL of the same service. */
static bool add_url(struct rest_request *r, struct ai_endpoint *to, const struct ai_url *before,
                    const struct ai_url *next)
{
    const char *provider = json_str(r->body, "name");
    struct ai_endpoint one = { 0 };
    if (!use_host(r, &one, next->host, ai_url_port(next), next->scheme))
        return false;
    if (strcmp(before->scheme, next->scheme) != 0)
        return rest_fail(r, X_VALIDATION,
                         "Multiple protocols found in the endpoints of provider: %s", provider);
    if (strcmp(ai_url_path(before), ai_url_path(next)) != 0)
        return rest_fail(r, X_VALIDATION,
                         "Multiple context paths found in the endpoints of provider: %s", provider);
    if (strcmp(one.type, "static") != 0)
        return rest_fail(r, X_VALIDATION,
                         "Multiple endpoints only work with static IP addresses, provider: %s",
                         provider);
    to->domain = arena_printf(r->arena, "%s,%s", to->domain, one.domain);
    return true;
}

/* One or several URLs of the same service: several must be addresses that share scheme and path. */
static bool use_urls(struct rest_request *r, const struct urls *urls, struct ai_endpoint *to)
{
    const struct ai_url *first = urls->all;
    if (!use_host(r, to, first->host, ai_url_port(first), first->scheme))
        return false;
    if (urls->count > 1 && strcmp(to->type, "static") != 0)
        return rest_fail(r, X_VALIDATION,
                         "Multiple endpoints only work with static IP addresses, provider: %s",
                         json_str(r->body, "name"));
    for (size_t i = 1; i < urls->count; i++)
        if (!add_url(r, to, &urls->all[i - 1], &urls->all[i]))
            return false;
    return true;
}

static bool resolve_openai(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct urls urls = { 0 };
    const char *service = json_str(entry, "openaiCustomServiceName");
    const cJSON *port = json_get(entry, "openaiCustomServicePort");
    bool moved = json_str(entry, "openaiCustomUrl");
    if (moved && !read_urls(r, entry, "openaiCustomUrl", "openaiExtraCustomUrls", &urls))
        return false;
    if (service && cJSON_IsNumber(port) && port->valuedouble == (int)port->valuedouble) {
        to->service = service;
        to->port = (int)port->valuedouble;
        return true;
    }
    return !moved || use_urls(r, &urls, to);
}

static bool resolve_vllm(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct urls urls = { 0 };
    if (!json_str(entry, "vllmCustomUrl"))
        return rest_fail(r, X_VALIDATION, "No vLLM service URL is configured.");
    return read_urls(r, entry, "vllmCustomUrl", "vllmExtraCustomUrls", &urls) &&
           use_urls(r, &urls, to);
}

static bool resolve_azure(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct ai_url u = no_url;
    const char *text = json_str(entry, "azureServiceUrl");
    if (!json_count(entry))
        return rest_fail(r, X_VALIDATION, "Missing Azure specific configurations.");
    if (!text)
        return rest_fail(r, X_VALIDATION, "azureServiceUrl must be a string.");
    if (!need_text(r, entry, "azureServiceUrl"))
        return false;
    if (!ai_url_parse(r->arena, text, &u))
        return rest_fail(r, X_VALIDATION, "azureServiceUrl is not a valid URL.");
    if (!ai_url_is_http(&u) || !u.host)
        return rest_fail(r, X_VALIDATION, "Invalid Azure service URL.");
    if (check_blank(ai_url_parameter(r->arena, &u, "api-version")))
        return rest_fail(r, X_VALIDATION,
                         "Azure service URL must have a non-empty api-version query parameter.");
    return use_host(r, to, u.host, ai_url_port(&u), u.scheme);
}

/* A whole number, or a text that holds one. */
static bool read_lenient_port(const cJSON *value, int *out)
{
    if (cJSON_IsString(value))
        return java_parse_int(value->valuestring, out);
    *out =
        cJSON_IsNumber(value) && fabs(value->valuedouble) < INT_MAX ? (int)value->valuedouble : 0;
    return cJSON_IsNumber(value) && *out == value->valuedouble;
}

static bool resolve_ollama(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    int port;
    const char *host = json_str(entry, "ollamaServerHost");
    if (!json_count(entry)) /* the real console's words */
        return rest_fail(r, X_VALIDATION, "Missing Azure specific configurations.");
    if (!host)
        return rest_fail(r, X_VALIDATION, "ollamaServerHost must be a string.");
    if (!need_text(r, entry, "ollamaServerHost"))
        return false;
    if (!read_lenient_port(json_get(entry, "ollamaServerPort"), &port))
        return rest_fail(r, X_VALIDATION, "ollamaServerPort must be a number.");
    if (port < 1 || port > 65535)
        return rest_fail(r, X_VALIDATION, "ollamaServerPort must be a valid port number.");
    json_set_num(r->arena, entry, "ollamaServerPort", port);
    return use_host(r, to, host, port, "http");
}

/* A host of the user's own in the place of the type's. */
static bool use_domain(struct rest_request *r, const cJSON *entry, const char *key,
                       struct ai_endpoint *to)
{
    const char *domain = json_str(entry, key);
    struct ai_url u = no_url;
    if (check_blank(domain))
        return true;
    domain = java_trim(r->arena, domain);
    bool bare = strchr(domain, ':') && *domain != '[' && !text_ends(domain, "]");
    const char *text = arena_printf(r->arena, bare ? "https://[%s]/" : "https://%s/", domain);
    if (strpbrk(domain, "/?#@") || !ai_url_parse(r->arena, text, &u) || !u.host || u.port >= 0)
        return rest_fail(r, X_VALIDATION, "%s contains an invalid domain name: %s", key, domain);
    return use_host(r, to, u.host, 443, "https");
}

static bool resolve_qwen(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    const cJSON *files = json_get(entry, "qwenFileIds");
    default_bool(r, entry, "qwenEnableSearch", false);
    default_bool(r, entry, "qwenEnableCompatible", true);
    if (files && !cJSON_IsNull(files) && !cJSON_IsArray(files))
        return rest_fail(r, X_VALIDATION, "Invalid configuration: qwenFileIds");
    return use_domain(r, entry, "qwenDomain", to);
}

static bool resolve_zhipuai(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    bool plan = true;
    words_bool(r->arena, json_get(entry, "zhipuCodePlanMode"), &plan);
    json_set_bool(r->arena, entry, "zhipuCodePlanMode", plan);
    return use_domain(r, entry, "zhipuDomain", to);
}

/* A custom URL says domain and base path. */
static bool use_claude_url(struct rest_request *r, cJSON *entry, const char *text,
                           struct ai_endpoint *to)
{
    struct ai_url u = no_url;
    if (!*text)
        return rest_fail(r, X_VALIDATION, "claudeCustomUrl cannot be empty.");
    if (!ai_url_parse(r->arena, text, &u))
        return rest_fail(r, X_VALIDATION, "Claude custom URL is invalid: %s", text);
    if (!check_scheme(r, &u, text) || !use_host(r, to, u.host, ai_url_port(&u), u.scheme))
        return false;
    json_set_str(r->arena, entry, "providerDomain", u.host);
    json_set_str(r->arena, entry, "providerBasePath", check_blank(u.path) ? "/" : u.path);
    return true;
}

/* HOST[:PORT] of the settings, with a path: what the URL of both would say. */
static bool claude_settings(struct arena *a, const cJSON *entry, struct ai_url *out)
{
    const char *domain = json_str(entry, "providerDomain");
    const char *base = json_str(entry, "providerBasePath");
    domain = check_blank(domain) ? ai_type_find("claude")->host : java_trim(a, domain);
    base = check_blank(base) ? "/" : java_trim(a, base);
    return ai_url_parse(a, arena_printf(a, "https://%s%s%s", domain, *base == '/' ? "" : "/", base),
                        out);
}

static bool use_claude_settings(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    const char *base = json_str(entry, "providerBasePath");
    struct ai_url u = no_url;
    if (!claude_settings(r->arena, entry, &u))
        return rest_fail(r, X_VALIDATION, "Invalid providerDomain / providerBasePath");
    if (!check_blank(base)) {
        base = java_trim(r->arena, base);
        json_set_str(r->arena, entry, "providerBasePath",
                     *base == '/' ? base : arena_printf(r->arena, "/%s", base));
    }
    return use_host(r, to, u.host, ai_url_port(&u), "https");
}

static bool resolve_claude(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct arena *a = r->arena;
    bool code_mode;
    if (!json_count(entry))
        return true;
    if (words_bool(a, json_get(entry, "claudeCodeMode"), &code_mode))
        json_set_bool(a, entry, "claudeCodeMode", code_mode);
    if (check_blank(setting_text(r, entry, "claudeVersion")))
        json_set_str(a, entry, "claudeVersion", "2023-06-01");
    const char *custom = json_str(entry, "claudeCustomUrl");
    if (custom)
        return use_claude_url(r, entry, custom, to);
    if (check_blank(json_str(entry, "providerDomain")) &&
        check_blank(json_str(entry, "providerBasePath")))
        return true;
    return use_claude_settings(r, entry, to);
}

/* Every setting named must be there; what: the type as the message spells it. */
static bool need_texts(struct rest_request *r, const cJSON *entry, const char *what,
                       const char *const *keys)
{
    if (!json_count(entry))
        return rest_fail(r, X_VALIDATION, "Missing %s specific configurations.", what);
    for (size_t i = 0; keys[i]; i++)
        if (!need_text(r, entry, keys[i]))
            return false;
    return true;
}

static bool resolve_bedrock(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    static const char *const keys[] = { "awsRegion", "awsAccessKey", "awsSecretKey", NULL };
    if (!need_texts(r, entry, "Bedrock", keys))
        return false;
    to->domain = arena_printf(r->arena, "bedrock-runtime.%s.amazonaws.com",
                              setting_text(r, entry, "awsRegion"));
    return true;
}

static bool check_vertex_key(struct rest_request *r, const cJSON *entry)
{
    static const char *const keys[] = { "client_email", "private_key_id", "private_key",
                                        "token_uri", NULL };
    const char *text = json_str(entry, "vertexAuthKey");
    const cJSON *key = text ? json_parse(r->arena, text, strlen(text), NULL) : NULL;
    if (!cJSON_IsObject(key))
        return rest_fail(r, X_VALIDATION, "vertexAuthKey must contain a valid JSON object.");
    for (size_t i = 0; keys[i]; i++)
        if (!json_str(key, keys[i]))
            return rest_fail(r, X_VALIDATION,
                             "vertexAuthKey must contain a valid JSON object with a string "
                             "property: %s",
                             keys[i]);
    return true;
}

static bool check_vertex_options(struct rest_request *r, const cJSON *entry)
{
    const cJSON *ahead = json_get(entry, "vertexTokenRefreshAhead"), *item;
    const cJSON *safety = json_get(entry, "geminiSafetySetting");
    if (cJSON_IsNumber(ahead) && ahead->valuedouble < 0)
        return rest_fail(r, X_VALIDATION, "vertexTokenRefreshAhead must be a non-negative number.");
    if (safety && !cJSON_IsNull(safety) && !cJSON_IsObject(safety))
        return rest_fail(r, X_VALIDATION, "geminiSafetySetting must be an object.");
    bool texts = true;
    cJSON_ArrayForEach(item, safety) texts &= cJSON_IsString(item);
    return texts || rest_fail(r, X_VALIDATION,
                              "geminiSafetySetting must be an object with string key-value pairs.");
}

static bool resolve_vertex(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    static const char *const keys[] = { "vertexRegion", "vertexProjectId", "vertexAuthKey", NULL };
    if (!need_texts(r, entry, "Vertex", keys) || !check_vertex_key(r, entry) ||
        !check_vertex_options(r, entry))
        return false;
    char *region = arena_strdup(r->arena, setting_text(r, entry, "vertexRegion"));
    for (char *p = region; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    json_set_str(r->arena, entry, "vertexRegion", region);
    json_set_str(r->arena, entry, "vertexAuthServiceName", "vertex-auth.internal");
    to->domain = strcmp(region, "global") == 0
                     ? "aiplatform.googleapis.com"
                     : arena_printf(r->arena, "%s-aiplatform.googleapis.com", region);
    return true;
}

static const struct ai_type types[] = {
    { "openai", "api.openai.com", resolve_openai, .moves = true },
    { "moonshot", "api.moonshot.cn" },
    { "qwen", "dashscope.aliyuncs.com", resolve_qwen },
    { "azure", NULL, resolve_azure },
    { "ai360", "api.360.cn" },
    { "github", "models.inference.ai.azure.com" },
    { "groq", "api.groq.com" },
    { "baichuan", "api.baichuan-ai.com" },
    { "yi", "api.lingyiwanwu.com" },
    { "deepseek", "api.deepseek.com" },
    { "zhipuai", "open.bigmodel.cn", resolve_zhipuai },
    { "ollama", NULL, resolve_ollama, .moves = true },
    { "claude", "api.anthropic.com", resolve_claude, .moves = true },
    { "stepfun", "api.stepfun.com" },
    { "minimax", "api.minimax.chat" },
    { "gemini", "generativelanguage.googleapis.com" },
    { "mistral", "api.mistral.ai" },
    { "cohere", "api.cohere.com" },
    { "doubao", "ark.cn-beijing.volces.com" },
    { "coze", "api.coze.cn" },
    { "openrouter", "openrouter.ai" },
    { "grok", "api.x.ai" },
    { "bedrock", NULL, resolve_bedrock },
    { "vertex", NULL, resolve_vertex, .token_service = true },
    { "vllm", NULL, resolve_vllm, .moves = true },
    { "baidu", "qianfan.baidubce.com" },
};

const struct ai_type *ai_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

bool ai_type_resolve(struct rest_request *r, const struct ai_type *t, cJSON *entry,
                     struct ai_endpoint *to)
{
    *to = (struct ai_endpoint){ t->host, "dns", "https", 443, NULL };
    return !t->resolve || t->resolve(r, entry, to);
}

bool ai_type_moves(const struct ai_type *t)
{
    return t->moves;
}

bool ai_type_needs_token_service(const struct ai_type *t)
{
    return t->token_service;
}

/* Of claude the custom URL is what the settings say, unless they say the type's own. */
void ai_type_read(struct rest_request *r, cJSON *entry)
{
    const char *type = json_str(entry, "type"), *custom = json_str(entry, "claudeCustomUrl");
    struct ai_url u = no_url;
    if (!type || strcmp(type, "claude") != 0)
        return;
    if (!(custom ? ai_url_parse(r->arena, custom, &u) : claude_settings(r->arena, entry, &u)) ||
        !u.host || !u.scheme)
        return;
    const char *text = ai_url_print(r->arena, &u);
    if (strcmp(ai_url_path(&u), "/") == 0 && strcmp(text, "https://api.anthropic.com") == 0)
        json_remove(entry, "claudeCustomUrl");
    else
        json_set_str(r->arena, entry, "claudeCustomUrl", text);
}
