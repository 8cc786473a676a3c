/* manifest_wasm.c - a WasmPlugin: a plugin of one's own, the instances of a plugin, and what the
 * console keeps inside its own ones (consumers, allow lists, LLM providers, tools of MCP servers).
 *
 * `insides` says what stands in which of the console's plugins; those that it derives entirely are
 * left out.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

/* -- consumers and allow lists ---------------------------------------------------------------- */

static bool bearer(const cJSON *consumer)
{
    const cJSON *v;
    const cJSON *keys = json_get(consumer, "keys");
    const char *key = keys && cJSON_IsString(keys->child) ? keys->child->valuestring : "";
    if (!json_true(consumer, "in_header") || strcmp(key, "Authorization") != 0)
        return false;
    cJSON_ArrayForEach(v, json_get(consumer, "credentials"))
    {
        if (!cJSON_IsString(v) || !text_starts(v->valuestring, "Bearer "))
            return false;
    }
    return true;
}

static bool consumer(struct manifest *m, const cJSON *c, struct err *e)
{
    struct arena *a = m->arena;
    struct manifest_item *i = manifest_item(m, "consumer", json_str(c, "name"), NULL, e);
    if (!i)
        return false;
    bool is_bearer = bearer(c);
    cJSON *credential = json_add(a, json_set_array(a, i->object, "credentials"), json_object(a));
    json_set_str(a, credential, "type", "key-auth");
    json_set_str(a, credential, "source",
                 is_bearer                   ? "BEARER"
                 : json_true(c, "in_header") ? "HEADER"
                                             : "QUERY");
    const cJSON *keys = json_get(c, "keys"), *v;
    if (!is_bearer && keys && cJSON_IsString(keys->child))
        json_set_str(a, credential, "key", keys->child->valuestring);
    cJSON *values = json_set_array(a, credential, "values");
    const char *single = json_str(c, "credential");
    if (single)
        json_add_str(a, values, single);
    cJSON_ArrayForEach(v, json_get(c, "credentials"))
    {
        if (cJSON_IsString(v))
            json_add_str(a, values, v->valuestring + (is_bearer ? strlen("Bearer ") : 0));
    }
    return true;
}

/* The rule of one route: who may call it. An AI route says that itself. */
static bool take_allowed_consumers(struct manifest *m, const char *route, const cJSON *rule,
                                   struct err *e)
{
    struct arena *a = m->arena;
    bool on = !json_true(rule, "configDisable");
    const cJSON *allow = json_path(rule, "config.allow");
    const char *mcp = derived_from(a, DERIVED_MCP_ROUTE, route);
    if ((derived_is_internal(route) && !mcp) || (!on && json_count(allow) == 0))
        return true;
    struct manifest_item *i =
        manifest_item(m, mcp ? "mcp-server" : "route", mcp ? mcp : route, NULL, e);
    if (!i)
        return false;
    cJSON *auth = json_set_object(a, i->object, mcp ? "consumerAuthInfo" : "authConfig");
    json_set_bool(a, auth, mcp ? "enable" : "enabled", on);
    if (mcp)
        json_set_str(a, auth, "type", "key-auth");
    json_set(a, auth, "allowedConsumers", allow ? json_clone(a, allow) : json_array(a));
    return true;
}

static bool read_key_auth(struct manifest *m, const cJSON *spec, struct err *e)
{
    const cJSON *c, *rule, *route;
    cJSON_ArrayForEach(c, json_path(spec, "defaultConfig.consumers"))
    {
        if (!consumer(m, c, e))
            return false;
    }
    cJSON_ArrayForEach(rule, json_get(spec, "matchRules"))
    {
        cJSON_ArrayForEach(route, json_get(rule, "ingress"))
        {
            if (cJSON_IsString(route) && !take_allowed_consumers(m, route->valuestring, rule, e))
                return false;
        }
    }
    return true;
}

/* -- providers -------------------------------------------------------------------------------- */

static bool providers(struct manifest *m, const cJSON *spec, struct err *e)
{
    struct arena *a = m->arena;
    const cJSON *p, *member;
    cJSON_ArrayForEach(p, json_path(spec, "defaultConfig.providers"))
    {
        struct manifest_item *i = manifest_item(m, "ai-provider", json_str(p, "id"), NULL, e);
        if (!i)
            return false;
        cJSON *raw = json_object(a);
        cJSON_ArrayForEach(member, p)
        {
            bool tokens = !strcmp(member->string, "apiTokens");
            bool failover = !strcmp(member->string, "failover");
            if (!strcmp(member->string, "type"))
                json_set(a, i->object, "type", json_clone(a, member));
            else if (tokens || failover)
                json_set(a, i->object, tokens ? "tokens" : "tokenFailoverConfig",
                         json_clone(a, member));
            else if (!text_has_word("id|protocol|retryOnFailure", member->string))
                json_set(a, raw, member->string, json_clone(a, member));
        }
        const char *protocol = json_str(p, "protocol");
        bool original = protocol && !strcmp(protocol, "original");
        json_set_str(a, i->object, "protocol", original ? "original" : "openai/v1");
        json_set(a, i->object, "rawConfigs", raw);
    }
    return true;
}

/* -- tools of MCP servers --------------------------------------------------------------------- */

static bool mcp_tools(struct manifest *m, const cJSON *spec, struct err *e)
{
    const cJSON *rule, *route;
    cJSON_ArrayForEach(rule, json_get(spec, "matchRules"))
    {
        cJSON_ArrayForEach(route, json_get(rule, "ingress"))
        {
            const char *s = cJSON_IsString(route) ? route->valuestring : "";
            const char *name = derived_from(m->arena, DERIVED_MCP_ROUTE, s);
            if (!name)
                continue;
            struct manifest_item *i = manifest_item(m, "mcp-server", name, NULL, e);
            if (!i)
                return false;
            json_set_str(m->arena, i->object, "rawConfigurations",
                         yaml_print(m->arena, json_get(rule, "config")));
        }
    }
    return true;
}

static bool derived(struct manifest *m, const cJSON *spec, struct err *e)
{
    (void)m;
    (void)spec;
    (void)e;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct manifest *m, const cJSON *spec, struct err *e);
} insides[] = {
    { "key-auth.internal", read_key_auth }, { "ai-proxy.internal", providers },
    { "mcp-server.internal", mcp_tools },   { "model-router.internal", derived },
    { "model-mapper.internal", derived },
};

/* -- instances -------------------------------------------------------------------------------- */

static bool instance(struct manifest *m, const char *plugin, const char *scope, bool enabled,
                     const cJSON *config, struct err *e)
{
    struct manifest_item *i = manifest_item(m, "plugin-instance", plugin, scope, e);
    if (!i)
        return false;
    json_set_bool(m->arena, i->object, "enabled", enabled);
    json_set(m->arena, i->object, "configurations",
             config ? json_clone(m->arena, config) : json_object(m->arena));
    return true;
}

static bool rule_instances(struct manifest *m, const char *plugin, const cJSON *rule, struct err *e)
{
    static const char *const targets[][2] = { { "domain", "domain:" },
                                              { "ingress", "route:" },
                                              { "service", "service:" } };
    int kinds_given = 0;
    const cJSON *t;
    for (int i = 0; i < 3; i++)
        kinds_given += json_count(json_get(rule, targets[i][0])) > 0;
    if (kinds_given > 1)
        return err_set(e, ERR_ARGS,
                       "a rule for domains, routes and services at once cannot be set through the "
                       "console; make it several");
    for (int i = 0; i < 3; i++)
        cJSON_ArrayForEach(t, json_get(rule, targets[i][0]))
        {
            char *scope = arena_printf(m->arena, "%s%s", targets[i][1],
                                       cJSON_IsString(t) ? t->valuestring : "");
            if (!instance(m, plugin, scope, !json_true(rule, "configDisable"),
                          json_get(rule, "config"), e))
                return false;
        }
    return true;
}

static bool instances(struct manifest *m, const char *plugin, const cJSON *spec, struct err *e)
{
    const cJSON *rule, *config = json_get(spec, "defaultConfig");
    bool off = json_true(spec, "defaultConfigDisable");
    int i = 0;
    if ((json_count(config) > 0 || (config && !off)) &&
        !instance(m, plugin, "global", !off, config, e))
        return err_at(e, "spec.defaultConfig");
    cJSON_ArrayForEach(rule, json_get(spec, "matchRules"))
    {
        if (!rule_instances(m, plugin, rule, e))
            return err_at(e, "spec.matchRules[%d]", i);
        i++;
    }
    return true;
}

/* -- a plugin of one's own -------------------------------------------------------------------- */

static void set_image(struct arena *a, cJSON *to, const char *url)
{
    const char *slash = strrchr(url, '/'), *colon = strrchr(url, ':');
    bool tagged = slash && colon && colon > slash;
    json_set(a, to, "imageRepository",
             json_stringn(a, url, tagged ? (size_t)(colon - url) : strlen(url)));
    if (tagged)
        json_set_str(a, to, "imageVersion", colon + 1);
}

/* What the console takes of a plugin besides its image; the rest of `spec` is read elsewhere, or
 * lost.
 */
static const char taken[] = "phase|priority|imagePullPolicy|imagePullSecret";
static const char read_elsewhere[] = "url|defaultConfig|defaultConfigDisable|matchRules";

static void account_spec(struct manifest *m, const cJSON *spec)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, spec)
    {
        const char *text = cJSON_IsString(member) ? member->valuestring : "";
        const char *at = arena_printf(m->arena, "spec.%s", member->string);
        if (text_has_word(taken, member->string) || text_has_word(read_elsewhere, member->string))
            continue;
        if (strcmp(member->string, "failStrategy") != 0)
            manifest_account(m, at, MANIFEST_IGNORED, LOSES_ROUTE, "the console cannot set it");
        else if (strcmp(text, "FAIL_OPEN") != 0)
            manifest_account(
                m, at, MANIFEST_IGNORED, LOSES_ACCESS,
                "the console writes FAIL_OPEN with each plugin: where this one cannot be "
                "loaded, requests pass without it");
    }
}

/* A plugin of one's own, or one of the console's with another image: manifest_plan looks which of
 * them it is. */
static bool plugin(struct manifest *m, const char *name, const cJSON *o, struct err *e)
{
    struct arena *a = m->arena;
    static const char *const meta[][3] = {
        { "annotations", "higress.io/wasm-plugin-title", "title" },
        { "annotations", "higress.io/wasm-plugin-description", "description" },
        { "labels", "higress.io/wasm-plugin-version", "pluginVersion" },
    };
    const cJSON *spec = json_get(o, "spec"), *member;
    const char *url = json_str(spec, "url");
    struct manifest_item *i = manifest_item(m, "wasm-plugin", name, NULL, e);
    if (!i || !url)
        return i ? err_set(e, ERR_ARGS, "spec.url: is needed") : false;
    set_image(a, i->object, url);
    json_set_str(a, i->object, "category", "custom");
    json_set_str(a, i->object, "title", name);
    cJSON_ArrayForEach(member, spec)
    {
        if (text_has_word(taken, member->string))
            json_set(a, i->object, member->string, json_clone(a, member));
    }
    for (size_t k = 0; k < sizeof meta / sizeof *meta; k++)
        if (manifest_meta(o, meta[k][0], meta[k][1]))
            json_set_str(a, i->object, meta[k][2], manifest_meta(o, meta[k][0], meta[k][1]));
    account_spec(m, spec);
    return true;
}

/* "key-rate-limit-1.0.0" without its label is the plugin key-rate-limit. */
static const char *plugin_name(struct arena *a, const cJSON *o)
{
    const char *label = manifest_meta(o, "labels", "higress.io/wasm-plugin-name");
    const char *name = manifest_meta(o, NULL, "name"), *dash = strrchr(name, '-');
    if (label)
        return label;
    if (dash && dash[1] >= '0' && dash[1] <= '9' && strchr(dash, '.'))
        return arena_strndup(a, name, (size_t)(dash - name));
    return name;
}

bool manifest_wasm(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *name = manifest_meta(o, NULL, "name");
    const cJSON *spec = json_get(o, "spec");
    for (size_t i = 0; i < sizeof insides / sizeof *insides; i++)
        if (!strcmp(insides[i].name, name))
            return insides[i].read(m, spec, e);
    const char *of = plugin_name(m->arena, o);
    const char *built_in = manifest_meta(o, "labels", "higress.io/wasm-plugin-built-in");
    if (derived_is_internal(name)) {
        manifest_note(m, "is left out: the console makes it by itself");
        return true;
    }
    /* One that a console calls built in keeps the image of the gateway's own release. */
    bool has_image = built_in ? !strcmp(built_in, "false") : json_str(spec, "url") != NULL;
    if (has_image && !plugin(m, of, o, e))
        return false;
    return instances(m, of, spec, e);
}
