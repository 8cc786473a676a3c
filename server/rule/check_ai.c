/* check_ai.c - rules of AI routes, providers and MCP servers. */
#include "rule/check_private.h"
#include "rule/check_shared_private.h"
#include "rule/provider.h"
#include <math.h>

/* -- AI routes -------------------------------------------------------------------------------- */

static bool ai_path(const struct check *c)
{
    return check_path_begins(c, "pathPredicate");
}

static bool ai_predicates(const struct check *c)
{
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, json_get(c->after, "headerPredicates"))
    {
        const char *key = json_str(p, "key");
        if (key && text_equal_nocase(key, "x-higress-llm-model"))
            return check_no(c,
                            "headerPredicates[%d].key: the gateway sets this header itself; use "
                            "modelPredicates",
                            i);
        i++;
    }
    return check_predicates(c, "headerPredicates") && check_predicates(c, "urlParamPredicates");
}

static bool ai_models(const struct check *c)
{
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, json_get(c->after, "modelPredicates"))
    {
        if (!check_predicate(c, p, arena_printf(c->a, "modelPredicates[%d]", i++), ""))
            return false;
    }
    return true;
}

static bool ai_weights(const struct check *c)
{
    double sum = 0;
    const cJSON *u;
    int i = 0;
    cJSON_ArrayForEach(u, json_get(c->after, "upstreams"))
    {
        if (!cJSON_IsNumber(json_get(u, "weight")))
            return check_no(c, "upstreams[%d].weight: missing; the weights must sum to 100", i);
        sum += json_num(u, "weight", 0);
        i++;
    }
    if (fabs(sum - 100) > 0.001)
        return check_no(c, "upstreams: the weights sum to %g, must be 100", sum);
    return true;
}

static bool ai_fallback(const struct check *c)
{
    const cJSON *f = json_get(c->after, "fallbackConfig"), *codes = json_get(f, "responseCodes");
    const cJSON *code;
    int i = 0;
    if (!json_true(f, "enabled"))
        return true;
    if (json_count(json_get(f, "upstreams")) == 0)
        return check_no(c, "fallbackConfig.upstreams: at least one is needed");
    if (json_count(codes) == 0)
        return check_no(c, "fallbackConfig.responseCodes: at least one is needed, 4xx or 5xx");
    cJSON_ArrayForEach(code, codes)
    {
        if (!text_has_word("4xx|5xx", code->valuestring))
            return check_no(c, "fallbackConfig.responseCodes[%d]: '%s' is not 4xx or 5xx", i,
                            check_shown(c, code->valuestring));
        i++;
    }
    return true;
}

/* -- providers -------------------------------------------------------------------------------- */

static bool provider_name(const struct check *c)
{
    const char *name = json_str(c->after, "name");
    for (const char *s = c->before ? NULL : name; s && *s; s++)
        if ((unsigned char)*s <= ' ' || *s == '/' || *s == 0x7f)
            return check_no(c, "name: '%s' holds a '/' or a blank", check_shown(c, name));
    return true;
}

/* Settings a type cannot be without. */
static const struct {
    const char *type, *needs;
} needs[] = {
    { "azure", "azureServiceUrl" },
    { "vllm", "vllmCustomUrl" },
    { "ollama", "ollamaServerHost|ollamaServerPort" },
    { "bedrock", "awsRegion|awsAccessKey|awsSecretKey" },
    { "vertex", "vertexRegion|vertexProjectId|vertexAuthKey" },
};

static bool provider_settings(const struct check *c)
{
    const char *type = json_str(c->after, "type");
    const cJSON *raw = json_get(c->after, "rawConfigs");
    char word[TEXT_WORD];
    for (size_t i = 0; type && i < sizeof needs / sizeof *needs; i++) {
        const char *rest = strcmp(needs[i].type, type) ? NULL : needs[i].needs;
        while (text_word_next(&rest, word)) {
            const cJSON *m = json_get(raw, word);
            if (!m || cJSON_IsNull(m) || (cJSON_IsString(m) && !*m->valuestring))
                return check_no(c, "rawConfigs.%s: is required for type %s", word, type);
        }
    }
    return true;
}

static bool check_config_url(const struct check *c, const char *path, const cJSON *m)
{
    if (cJSON_IsString(m) && check_word_url(m->valuestring))
        return true;
    return check_no(c, "rawConfigs.%s: '%s' is no URL that begins with http:// or https://", path,
                    cJSON_IsString(m) ? check_shown(c, m->valuestring) : "?");
}

static bool provider_urls(const struct check *c)
{
    static const char one[] = "openaiCustomUrl|vllmCustomUrl|azureServiceUrl|claudeCustomUrl";
    static const char many[] = "openaiExtraCustomUrls|vllmExtraCustomUrls";
    const cJSON *raw = json_get(c->after, "rawConfigs"), *m, *u;
    cJSON_ArrayForEach(m, json_members(raw))
    {
        if (text_has_word(one, m->string) && !cJSON_IsNull(m) && !check_config_url(c, m->string, m))
            return false;
        for (u = text_has_word(many, m->string) ? m->child : NULL; u; u = u->next)
            if (!check_config_url(c, m->string, u))
                return false;
    }
    const char *azure = json_str(raw, "azureServiceUrl"), *type = json_str(c->after, "type");
    if (type && !strcmp(type, "azure") && azure && !strstr(azure, "api-version="))
        return check_no(c, "rawConfigs.azureServiceUrl: needs the query parameter api-version");
    return true;
}

static bool provider_vertex(const struct check *c)
{
    static const char members[] = "client_email|private_key_id|private_key|token_uri";
    const char *text = json_path(c->after, "rawConfigs.vertexAuthKey")
                           ? json_str(json_get(c->after, "rawConfigs"), "vertexAuthKey")
                           : NULL;
    const char *type = json_str(c->after, "type");
    struct err ignored = { 0 };
    char word[TEXT_WORD];
    if (!text || !type || strcmp(type, "vertex") != 0)
        return true;
    const cJSON *key = json_parse(c->a, text, strlen(text), &ignored);
    for (const char *rest = members; text_word_next(&rest, word);)
        if (!json_str(key, word))
            return check_no(c, "rawConfigs.vertexAuthKey: is no JSON object with the text %s",
                            word);
    return true;
}

static bool provider_types(const struct check *c)
{
    const char *member = "";
    const char *why = provider_type_fault(c->a, json_get(c->after, "rawConfigs"), &member);
    return !why || check_no(c, "rawConfigs.%s: %s", check_shown(c, member), why);
}

static bool provider_failover(const struct check *c)
{
    const char *path = "", *why = provider_failover_fault(c->after, &path);
    return !why || check_no(c, "%s: %s; ai-proxy would refuse all providers for it", path, why);
}

/* The key goes to whoever the type and the address name. */
static bool keeps_keys(const struct check *c)
{
    const cJSON *was = json_get(c->before, "tokens"), *is = json_get(c->after, "tokens");
    return json_count(was) > 0 && is && json_equal(was, is);
}

static bool provider_type(const struct check *c)
{
    const char *was = json_str(c->before, "type"), *is = json_str(c->after, "type");
    if (!keeps_keys(c) || !was || !is || !strcmp(was, is))
        return true;
    return check_no(c,
                    "tokens: the keys that are there belong to type %s and would be sent to %s; "
                    "give other tokens, [] for none",
                    check_shown(c, was), check_shown(c, is));
}

static bool provider_address(const struct check *c)
{
    static const char where[] = "openaiCustomUrl|openaiExtraCustomUrls|openaiCustomServiceName|"
                                "vllmCustomUrl|vllmExtraCustomUrls|azureServiceUrl|"
                                "claudeCustomUrl|providerDomain|ollamaServerHost|qwenDomain|"
                                "zhipuDomain";
    char word[TEXT_WORD];
    for (const char *rest = keeps_keys(c) ? where : NULL; text_word_next(&rest, word);) {
        const cJSON *x = json_get(json_get(c->before, "rawConfigs"), word);
        const cJSON *y = json_get(json_get(c->after, "rawConfigs"), word);
        if (y && !cJSON_IsNull(y) && !(x && json_equal(x, y)))
            return check_no(c,
                            "rawConfigs.%s is new, and the keys that are there are sent to it; "
                            "give tokens if they are not meant for it",
                            word);
    }
    return true;
}

/* Others have their credentials among the settings. */
static bool check_provider_key(const struct check *c)
{
    static const char elsewhere[] = "bedrock|vertex|hunyuan";
    const char *type = json_str(c->after, "type");
    return json_count(json_get(c->after, "tokens")) > 0 ||
           (type && text_has_word(elsewhere, type)) ||
           check_no(c, "no key is given: requests go out without one");
}

static bool provider_rotated(const struct check *c)
{
    const cJSON *was = json_get(c->before, "tokens"), *is = json_get(c->after, "tokens");
    return json_count(was) == 0 || json_count(is) == 0 || json_equal(was, is) ||
           check_no(c, "the key of the provider changes: requests go out with the new one at once, "
                       "and an undo puts the old one back");
}

/* -- MCP servers ------------------------------------------------------------------------------ */

static bool mcp_direct(const struct check *c)
{
    const cJSON *direct = json_get(c->after, "directRouteConfig");
    const char *path = json_str(direct, "path"), *transport = json_str(direct, "transportType");
    if (!cJSON_IsObject(direct))
        return check_no(c, "directRouteConfig: is required for DIRECT_ROUTE");
    if (path && *path != '/')
        return check_no(c, "directRouteConfig.path: '%s' does not begin with '/'",
                        check_shown(c, path));
    if (transport && !strcmp(transport, "sse") && path && !text_ends(path, "/sse"))
        return check_no(c, "directRouteConfig.path: '%s' must end with /sse for sse",
                        check_shown(c, path));
    return true;
}

static bool mcp_name(const struct check *c)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *name = json_str(c->after, "name");
    return c->before || !name || !name[strspn(name, letters)] ||
           check_no(c, "name: '%s' holds more than letters, digits, '-', '_' and '.'",
                    check_shown(c, name));
}

static bool mcp_type(const struct check *c)
{
    const char *type = json_str(c->after, "type");
    if (type && !strcmp(type, "DIRECT_ROUTE"))
        return mcp_direct(c);
    if (type && !strcmp(type, "DATABASE") && !json_str(c->after, "dbType"))
        return check_no(c, "dbType: is required for DATABASE");
    return true;
}

static const struct {
    const char *type, *needs;
} databases[] = {
    { "MYSQL", "host|port|username|dbname" },
    { "POSTGRESQL", "host|port|username|dbname" },
    { "CLICKHOUSE", "host|port" },
    { "SQLITE", "dbname" },
};

static bool mcp_database(const struct check *c)
{
    const char *type = json_str(c->after, "type"), *db = json_str(c->after, "dbType");
    const cJSON *config = json_get(c->after, "dbConfig");
    char word[TEXT_WORD];
    if (!type || !db || strcmp(type, "DATABASE") != 0)
        return true;
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        const char *rest = strcmp(databases[i].type, db) ? NULL : databases[i].needs;
        while (text_word_next(&rest, word)) {
            const char *value = json_str(config, word);
            if (!value || !*value)
                return check_no(c, "dbConfig.%s: is required for %s", word, db);
        }
    }
    const char *port = json_str(config, "port");
    if (port && *port && !check_word_port(port, strlen(port)))
        return check_no(c, "dbConfig.port: '%s' is not within 1..65535", check_shown(c, port));
    return true;
}

/* Seen on the console: the stored address is taken apart at the first '@'. */
static bool mcp_password(const struct check *c)
{
    const char *db = json_str(c->after, "dbType");
    const char *password = json_str(json_get(c->after, "dbConfig"), "password");
    if (!db || strcmp(db, "MYSQL") != 0 || !password || !strchr(password, '@'))
        return true;
    return check_no(c, "dbConfig.password: holds an '@', after which the console reads nothing of "
                       "it back for MYSQL: the next change would store a wrong password");
}

static bool mcp_password_anew(const struct check *c)
{
    const char *db = json_str(c->after, "dbType");
    const char *was = json_str(json_get(c->before, "dbConfig"), "password");
    const char *is = json_str(json_get(c->after, "dbConfig"), "password");
    if (!db || strcmp(db, "MYSQL") != 0 || !was || !is || strcmp(was, is) != 0)
        return true;
    return check_no(c, "dbConfig.password is sent as the console reads it, which is wrong where it "
                       "holds an '@'; give it anew then");
}

static bool check_dashboard(const struct check *c)
{
    const char *url = json_str(c->after, "url");
    if (json_true(c->before, "builtIn"))
        return check_no(c, "url: this dashboard is part of the installation; the console refuses "
                           "to change it");
    return !url || check_word_url(url) ||
           check_no(c, "url: '%s' does not begin with http:// or https://", check_shown(c, url));
}

const struct check_rule check_ai_rules[] = {
    { "ai-route", "domains", "Domains are host names or *.name, at most 56 bytes (*.: 49).",
      check_hosts },
    { "ai-route", "pathPredicate", "The path begins with '/'.", ai_path },
    { "ai-route", "headerPredicates|urlParamPredicates",
      "Predicates are ASCII; each type and key once; not x-higress-llm-model.", ai_predicates },
    { "ai-route", "modelPredicates", "REGULAR: an expression of RE2.", ai_models },
    { "ai-route", "upstreams", "Each upstream has a weight; they sum to 100.", ai_weights },
    { "ai-route", "fallbackConfig", "An enabled fallback has upstreams and codes 4xx, 5xx.",
      ai_fallback },
    { "ai-route", "authConfig", "Only the credential type key-auth works.", check_auth },
    { "ai-route", "customConfigs", "No annotation that another member makes.", check_annotations },
    { "ai-route", "proxyNextUpstream", "Conditions of retries are words the gateway knows.",
      check_retries },
    { "ai-route", "headerControl", "Header values are one line.", check_header_lines },
    { "ai-provider", "name", "The name holds no '/' and no blank.", provider_name },
    { "ai-provider", "type|rawConfigs",
      "azure, vllm, ollama, bedrock and vertex need settings of their own.", provider_settings },
    { "ai-provider", "type|rawConfigs", "URLs begin with http:// or https://.", provider_urls },
    { "ai-provider", "type|rawConfigs", "vertexAuthKey is the JSON of a service account.",
      provider_vertex },
    { "ai-provider", "rawConfigs", "Each setting is of the type that its provider takes.",
      provider_types },
    { "ai-provider", "tokenFailoverConfig",
      "Failover that is on has a healthCheckModel (or rawConfigs.failover.cooldownDuration).",
      provider_failover },
    { "ai-provider", "type", "A new type needs other tokens: keys are not sent to another vendor.",
      provider_type },
    { "ai-provider", "rawConfigs", "A new address gets the keys that are there.", provider_address,
      .doubt = true },
    { "ai-provider", "tokens", "A provider without tokens is asked without a key.",
      check_provider_key, .doubt = true },
    { "ai-provider", "tokens", "New tokens take the place of those that are there.",
      provider_rotated, .doubt = true },
    { "mcp-server", "name", "The name is letters, digits, '-', '_' and '.': part of a path.",
      mcp_name },
    { "mcp-server", "domains", "Domains are host names or *.name, at most 56 bytes (*.: 49).",
      check_hosts },
    { "mcp-server", "services", "Weights of several services sum to 100.", check_services },
    { "mcp-server", "type|directRouteConfig|dbType",
      "DIRECT_ROUTE needs directRouteConfig (sse: path ends with /sse), DATABASE dbType.",
      mcp_type },
    { "mcp-server", "type|dbType|dbConfig", "A database has what its type needs.", mcp_database },
    { "mcp-server", "dbConfig", "A MYSQL password holds no '@'.", mcp_password },
    { "mcp-server", "", "A MYSQL password is sent as it is read.", mcp_password_anew,
      .doubt = true },
    { "dashboard", "url", "The URL begins with http:// or https://.", check_dashboard },
    { 0 },
};
