/* ai_type.c - the provider types.
 *
 * A type is a row: its name, default host and, where it has settings of its own, a function that
 * checks them and fills in defaults. A new type without settings is one more row.
 */
#include "embedded/ai_type.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/ai_url.h"
#include "embedded/check.h"
#include "embedded/rest.h"

typedef bool type_fn(struct rest_request *r, cJSON *entry, struct ai_endpoint *to);

struct ai_type {
    const char *name, *host;
    type_fn *resolve;
    bool moves, token_service;
};

static void use_host(struct rest_request *r, struct ai_endpoint *to, const char *host, int port,
                     const char *protocol)
{
    bool ip = check_ipv4(host, strlen(host));
    to->type = ip ? "static" : "dns";
    to->domain = ip ? arena_printf(r->arena, "%s:%d", host, port) : host;
    to->port = ip ? 80 : port;
    to->protocol = protocol;
}

static bool parse_url(struct rest_request *r, const char *key, const char *text, struct ai_url *out)
{
    if (ai_url_parse(r->arena, text, out))
        return true;
    return rest_fail(r, X_VALIDATION, "%s contains an invalid URL: %s", key, text);
}

/* One or several URLs of the same service: several must be addresses that share scheme and path. */
static bool use_urls(struct rest_request *r, cJSON *entry, struct ai_endpoint *to, const char *key,
                     const char *extra_key)
{
    struct ai_url first, next;
    const cJSON *item, *extra = json_get(entry, extra_key);
    if (!parse_url(r, key, json_str(entry, key), &first))
        return false;
    use_host(r, to, first.host, first.port, first.scheme);
    if (json_count(extra) == 0)
        return true;
    cJSON_ArrayForEach(item, extra)
    {
        if (!parse_url(r, extra_key, cJSON_IsString(item) ? item->valuestring : "", &next))
            return false;
        if (!check_ipv4(first.host, strlen(first.host)) ||
            !check_ipv4(next.host, strlen(next.host)))
            return rest_fail(r, X_VALIDATION,
                             "All URLs must use an IP address when there are several.");
        if (strcmp(first.scheme, next.scheme) != 0 || strcmp(first.path, next.path) != 0)
            return rest_fail(r, X_VALIDATION,
                             "All URLs must have the same protocol and context path.");
        to->domain = arena_printf(r->arena, "%s,%s:%d", to->domain, next.host, next.port);
    }
    return true;
}

static bool resolve_openai(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    const char *service = json_str(entry, "openaiCustomServiceName");
    const cJSON *port = json_get(entry, "openaiCustomServicePort");
    if (!check_blank(service) && cJSON_IsNumber(port)) {
        to->service = service;
        to->port = (int)port->valuedouble;
        return true;
    }
    const cJSON *url = json_get(entry, "openaiCustomUrl");
    if (!url || cJSON_IsNull(url))
        return true;
    if (check_blank(json_str(entry, "openaiCustomUrl")))
        return rest_fail(r, X_VALIDATION, "openaiCustomUrl cannot be empty.");
    return use_urls(r, entry, to, "openaiCustomUrl", "openaiExtraCustomUrls");
}

static bool resolve_vllm(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    if (check_blank(json_str(entry, "vllmCustomUrl")))
        return rest_fail(r, X_VALIDATION, "No vLLM service URL is configured.");
    return use_urls(r, entry, to, "vllmCustomUrl", "vllmExtraCustomUrls");
}

static bool resolve_azure(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct ai_url u;
    const char *text = json_str(entry, "azureServiceUrl");
    if (!json_count(entry))
        return rest_fail(r, X_VALIDATION, "Missing Azure specific configurations.");
    if (check_blank(text))
        return rest_fail(r, X_VALIDATION, "azureServiceUrl cannot be empty.");
    if (!parse_url(r, "azureServiceUrl", text, &u))
        return false;
    if (check_blank(ai_url_parameter(r->arena, &u, "api-version")))
        return rest_fail(r, X_VALIDATION, "azureServiceUrl must contain an api-version parameter.");
    use_host(r, to, u.host, u.port, u.scheme);
    return true;
}

static bool port_of(const cJSON *entry, const char *key, int *port)
{
    const cJSON *p = json_get(entry, key);
    char *stop = NULL;
    double n = cJSON_IsNumber(p) ? p->valuedouble : 0;
    if (cJSON_IsString(p))
        n = (double)strtol(p->valuestring, &stop, 10);
    if ((stop && *stop) || n < 1 || n > 65535 || n != (int)n)
        return false;
    *port = (int)n;
    return true;
}

static bool resolve_ollama(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    int port;
    const char *host = json_str(entry, "ollamaServerHost");
    if (!json_count(entry)) /* the real console's words */
        return rest_fail(r, X_VALIDATION, "Missing Azure specific configurations.");
    if (check_blank(host))
        return rest_fail(r, X_VALIDATION, "ollamaServerHost cannot be empty.");
    if (!port_of(entry, "ollamaServerPort", &port))
        return rest_fail(r, X_VALIDATION, "ollamaServerPort must be a valid port number.");
    json_set_num(r->arena, entry, "ollamaServerPort", port);
    use_host(r, to, host, port, "http");
    return true;
}

static void set_default_bool(struct rest_request *r, cJSON *entry, const char *key, bool value)
{
    if (!cJSON_IsBool(json_get(entry, key)))
        json_set_bool(r->arena, entry, key, value);
}

static bool resolve_qwen(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    const cJSON *files = json_get(entry, "qwenFileIds");
    const char *domain = json_str(entry, "qwenDomain");
    if (files && !cJSON_IsNull(files) && !cJSON_IsArray(files))
        return rest_fail(r, X_VALIDATION, "qwenFileIds must be an array.");
    set_default_bool(r, entry, "qwenEnableSearch", false);
    set_default_bool(r, entry, "qwenEnableCompatible", true);
    if (!check_blank(domain))
        use_host(r, to, domain, 443, "https");
    return true;
}

static bool resolve_zhipuai(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    const char *domain = json_str(entry, "zhipuDomain");
    set_default_bool(r, entry, "zhipuCodePlanMode", true);
    if (!check_blank(domain))
        use_host(r, to, domain, 443, "https");
    return true;
}

static bool resolve_claude(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    struct ai_url u;
    struct arena *a = r->arena;
    if (!json_count(entry))
        return true;
    if (check_blank(json_str(entry, "claudeVersion")))
        json_set_str(a, entry, "claudeVersion", "2023-06-01");
    const char *custom = json_str(entry, "claudeCustomUrl");
    if (!check_blank(custom)) {
        if (!parse_url(r, "claudeCustomUrl", custom, &u))
            return false;
        json_set_str(a, entry, "providerDomain", u.host);
        json_set_str(a, entry, "providerBasePath", *u.path ? u.path : "/");
        use_host(r, to, u.host, u.port, u.scheme);
    }
    const char *base = json_str(entry, "providerBasePath");
    const char *domain = json_str(entry, "providerDomain");
    if (!check_blank(base) && *base != '/')
        json_set_str(a, entry, "providerBasePath", arena_printf(a, "/%s", base));
    if (check_blank(custom) && !check_blank(domain))
        use_host(r, to, domain, 443, "https");
    return true;
}

/* Every setting named must be a text; what: the type as the message spells it. */
static bool need_texts(struct rest_request *r, const cJSON *entry, const char *what,
                       const char *const *keys)
{
    if (!json_count(entry))
        return rest_fail(r, X_VALIDATION, "Missing %s specific configurations.", what);
    for (size_t i = 0; keys[i]; i++)
        if (check_blank(json_str(entry, keys[i])))
            return rest_fail(r, X_VALIDATION, "%s cannot be empty.", keys[i]);
    return true;
}

static bool resolve_bedrock(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    static const char *const keys[] = { "awsRegion", "awsAccessKey", "awsSecretKey", NULL };
    if (!need_texts(r, entry, "Bedrock", keys))
        return false;
    to->domain =
        arena_printf(r->arena, "bedrock-runtime.%s.amazonaws.com", json_str(entry, "awsRegion"));
    return true;
}

static bool check_vertex_key(struct rest_request *r, const char *text)
{
    static const char *const keys[] = { "client_email", "private_key_id", "private_key",
                                        "token_uri", NULL };
    struct err e = { 0 };
    const cJSON *key = json_parse(r->arena, text, strlen(text), &e);
    for (size_t i = 0; keys[i]; i++)
        if (!json_str(key, keys[i]))
            return rest_fail(r, X_VALIDATION,
                             "vertexAuthKey must contain a valid JSON object with a string "
                             "property: %s",
                             keys[i]);
    return true;
}

static bool resolve_vertex(struct rest_request *r, cJSON *entry, struct ai_endpoint *to)
{
    static const char *const keys[] = { "vertexRegion", "vertexProjectId", "vertexAuthKey", NULL };
    if (!need_texts(r, entry, "Vertex", keys) ||
        !check_vertex_key(r, json_str(entry, "vertexAuthKey")))
        return false;
    char *region = arena_strdup(r->arena, json_str(entry, "vertexRegion"));
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

/* scheme://host[:port][path] of a registry: the port only if it is not the scheme's. */
static char *registry_url(struct arena *a, const cJSON *registry, const char *path)
{
    const char *domain = json_str(registry, "domain"), *protocol = json_str(registry, "protocol");
    const char *type = json_str(registry, "type");
    bool fixed = type && strcmp(type, "static") == 0; /* the domain holds the port */
    bool tls = !protocol || strcmp(protocol, "https") == 0;
    int usual = tls ? 443 : 80, port = (int)json_num(registry, "port", usual);
    const char *host = domain;
    if (fixed && text_ends(domain, tls ? ":443" : ":80"))
        host = arena_strndup(a, domain, strlen(domain) - strlen(tls ? ":443" : ":80"));
    const char *scheme = tls ? "https" : "http";
    if (fixed || port == usual)
        return arena_printf(a, "%s://%s%s", scheme, host, path);
    return arena_printf(a, "%s://%s:%d%s", scheme, host, port, path);
}

void ai_type_read(struct rest_request *r, cJSON *entry, const cJSON *registry)
{
    const char *type = json_str(entry, "type"), *path = json_str(entry, "providerBasePath");
    const char *domain = json_str(registry, "domain");
    if (!type || strcmp(type, "claude") != 0)
        return;
    if (!domain || strcmp(domain, ai_type_find("claude")->host) == 0) {
        json_remove(entry, "claudeCustomUrl");
        return;
    }
    if (!path || strcmp(path, "/") == 0)
        path = "";
    json_set_str(r->arena, entry, "claudeCustomUrl", registry_url(r->arena, registry, path));
}
