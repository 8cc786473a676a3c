/* kind.c - the table of resource kinds and what follows from a row: paths, names, content, hashes.
 *
 * A new kind is a new row (and its name in `names`); a rule that needs code goes to check.c. The
 * facts are the console's, as recorded: where a member is carried, stripped or guarded here,
 * leaving it out has been seen to lose data there.
 */
#include "gateway/kind.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

static const char names[] = "route|domain|service-source|proxy-server|service|ai-provider|ai-route|"
                            "wasm-plugin|plugin-instance|consumer|tls-certificate";

const struct kind kinds[] = {
    {
        .name = "route",
        .about = "Which requests (host, path, method, header, query) go to which services.",
        .list = "/v1/routes",
        .object = "/v1/routes/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .carry = "authConfig",
        .made = "version|readonly",
        .guarded = ".internal",
        .loss = "Deleting a route also deletes every plugin rule that targets it.",
    },
    {
        .name = "domain",
        .about = "A host name and its HTTPS mode and certificate.",
        .list = "/v1/domains",
        .object = "/v1/domains/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .carry = "enableHttps|certIdentifier",
        .made = "version",
        .loss = "A change of a domain rewrites every route bound to it; deleting it deletes its "
                "plugin rules.",
    },
    {
        .name = "service-source",
        .about = "Where services come from: fixed addresses, DNS names, Nacos, Consul, ZooKeeper, "
                 "Eureka.",
        .list = "/v1/service-sources",
        .object = "/v1/service-sources/{name}",
        .key = "name",
        .version = VERSION_ECHOED,
        .flags = KIND_UPSERT,
        .secrets = "authN.properties.*",
        .carry = "authN",
        .made = "version",
        .guarded = ".internal",
        .loss = "Nothing checks whether routes still use the services of a deleted source.",
    },
    {
        .name = "proxy-server",
        .about = "A forward proxy through which service sources may be reached.",
        .list = "/v1/proxy-servers",
        .object = "/v1/proxy-servers/{name}",
        .key = "name",
        .version = VERSION_ECHOED,
        .flags = KIND_UPSERT,
        .made = "version",
        .guarded = ".internal",
    },
    {
        .name = "service",
        .about = "What the gateway has discovered: name, port, protocol, endpoints. Read-only.",
        .list = "/v1/services",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_READ_ONLY,
        .made = "version",
    },
    {
        .name = "ai-provider",
        .about = "An LLM provider: type, protocol, API keys, endpoint settings.",
        .list = "/v1/ai/providers",
        .object = "/v1/ai/providers/{name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_UPSERT,
        .secrets = "tokens[]|rawConfigs.apiTokens[]|rawConfigs.apiTokens",
        .carry = "tokens|rawConfigs|protocol",
        .made = "version",
        .loss = "Deleting a provider is not refused while AI routes use it; they break.",
    },
    {
        .name = "ai-route",
        .about = "Which requests go to which LLM providers, by model, path and header.",
        .list = "/v1/ai/routes",
        .object = "/v1/ai/routes/{name}",
        .key = "name",
        .version = VERSION_LATE,
        .carry = "authConfig",
        .made = "version",
        .loss = "An AI route is several objects; the console changes live ones before it notices a "
                "conflict.",
    },
    {
        .name = "wasm-plugin",
        .about = "A plugin the gateway can run: image, phase, priority.",
        .list = "/v1/wasm-plugins",
        .object = "/v1/wasm-plugins/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .carry = "builtIn",
        .made = "version|productCovered|readmeUrl|icon",
        .loss = "Deleting a plugin deletes all of its instances.",
    },
    {
        .name = "plugin-instance",
        .about = "One plugin's configuration for everything, a domain, a route or a service.",
        .list = "{scope}/plugin-instances",
        .object = "{scope}/plugin-instances/{name}",
        .key = "pluginName",
        .version = VERSION_ECHOED,
        .flags = KIND_SCOPED | KIND_UPSERT | KIND_PUT_CREATES,
        .carry = "enabled|configurations",
        .strip = "scope|target|targets|version|internal",
        .made = "version|scope|target|targets|internal|pluginVersion|rawConfigurations",
        .kept = "key-auth|ai-proxy|model-mapper|model-router|mcp-server",
        .loss = "Deleting an instance also deletes the console's own rules of that plugin there.",
    },
    {
        .name = "consumer",
        .about = "A caller with its key-auth credentials.",
        .list = "/v1/consumers",
        .object = "/v1/consumers/{name}",
        .key = "name",
        .version = VERSION_NONE,
        .flags = KIND_UPSERT,
        .secrets = "credentials[].values[]|credentials[].value",
        .carry = "credentials",
        .made = "version",
    },
    {
        .name = "tls-certificate",
        .about = "A certificate and its private key.",
        .list = "/v1/tls-certificates",
        .object = "/v1/tls-certificates/{name}",
        .key = "name",
        .version = VERSION_ENFORCED,
        .secrets = "key",
        .needs = "cert|key",
        .made = "version|domains|validityStart|validityEnd",
        .loss = "Nothing checks whether a domain still uses a deleted certificate.",
    },
    { 0 },
};

const char *kind_names(void)
{
    return names;
}

const struct kind *kind_find(const char *name)
{
    for (const struct kind *k = kinds; name && k->name; k++)
        if (!strcmp(k->name, name))
            return k;
    return NULL;
}

bool kind_next(const char **rest, char word[KIND_WORD])
{
    if (!*rest || !**rest)
        return false;
    size_t n = strcspn(*rest, "|");
    size_t take = n < KIND_WORD - 1 ? n : KIND_WORD - 1;
    memcpy(word, *rest, take);
    word[take] = '\0';
    *rest += n + ((*rest)[n] == '|');
    return true;
}

bool kind_has(const char *bar_list, const char *word)
{
    char w[KIND_WORD];
    for (const char *rest = bar_list; kind_next(&rest, w);)
        if (!strcmp(w, word))
            return true;
    return false;
}

/* A name becomes one path segment. '/' is refused because the console's server refuses %2F, the
 * dots because they would be resolved before sending. */
static char *segment(struct arena *a, const char *what, const char *name, struct err *e)
{
    if (!name || !*name || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > 253) {
        err_set(e, ERR_ARGS, "%s: the name is empty, '.', '..' or longer than 253 bytes", what);
        return NULL;
    }
    for (const char *s = name; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '/' || *s == '\\') {
            err_set(e, ERR_ARGS, "%s '%s': a name holds no '/', '\\' or control character", what,
                    text_clean(a, name, 80));
            return NULL;
        }
    return text_percent(a, name);
}

static const struct {
    const char *prefix, *path;
} scopes[] = {
    { "domain:", "/v1/domains/" },
    { "route:", "/v1/routes/" },
    { "service:", "/v1/services/" },
};

static char *scope_path(struct arena *a, const struct kind *k, const char *scope, struct err *e)
{
    if (!(k->flags & KIND_SCOPED)) {
        if (!scope || !*scope)
            return arena_strdup(a, "");
        err_set(e, ERR_ARGS, "a %s has no scope: leave scope out", k->name);
        return NULL;
    }
    if (scope && !strcmp(scope, "global"))
        return arena_strdup(a, "/v1/global");
    for (size_t i = 0; scope && i < sizeof scopes / sizeof *scopes; i++) {
        if (!text_starts(scope, scopes[i].prefix))
            continue;
        char *name = segment(a, "scope", scope + strlen(scopes[i].prefix), e);
        return name ? arena_printf(a, "%s%s", scopes[i].path, name) : NULL;
    }
    err_set(e, ERR_ARGS, "a %s needs a scope: global, domain:NAME, route:NAME or service:NAME",
            k->name);
    return NULL;
}

static char *path_of(struct arena *a, const struct kind *k, const char *pattern, const char *name,
                     const char *scope, struct err *e)
{
    char *prefix = scope_path(a, k, scope, e);
    if (!prefix)
        return NULL;
    if (k->flags & KIND_SCOPED)
        pattern += strlen("{scope}");
    const char *hole = strstr(pattern, "{name}");
    if (!hole)
        return arena_printf(a, "%s%s", prefix, pattern);
    char *one = segment(a, k->name, name, e);
    return one ? arena_printf(a, "%s%.*s%s", prefix, (int)(hole - pattern), pattern, one) : NULL;
}

char *kind_list_path(struct arena *a, const struct kind *k, const char *scope, struct err *e)
{
    return path_of(a, k, k->list, NULL, scope, e);
}

char *kind_object_path(struct arena *a, const struct kind *k, const char *name, const char *scope,
                       struct err *e)
{
    if (!k->object) {
        err_set(e, ERR_ARGS, "a %s has no path of its own", k->name);
        return NULL;
    }
    return path_of(a, k, k->object, name, scope, e);
}

const char *kind_name_of(const struct kind *k, const cJSON *o)
{
    return json_str(o, k->key);
}

/* The console answers a GET of an instance that is not there with a disabled, empty one. */
bool kind_exists(const struct kind *k, const cJSON *o)
{
    if (!o || cJSON_IsNull(o))
        return false;
    if (!(k->flags & KIND_PUT_CREATES))
        return true;
    return json_true(o, "enabled") || json_count(json_get(o, "configurations")) > 0;
}

static void strip_empty(cJSON *node)
{
    cJSON *next;
    for (cJSON *c = node->child; c; c = next) {
        next = c->next;
        if (cJSON_IsObject(c) || cJSON_IsArray(c))
            strip_empty(c);
        bool empty = cJSON_IsNull(c) || ((cJSON_IsObject(c) || cJSON_IsArray(c)) && !c->child);
        if (empty && cJSON_IsObject(node))
            json_detach(node, c);
    }
}

cJSON *kind_content(struct arena *a, const struct kind *k, const cJSON *o)
{
    if (!o)
        return NULL;
    cJSON *content = json_clone(a, o);
    char word[KIND_WORD];
    for (const char *rest = k->made; kind_next(&rest, word);)
        json_remove(content, word);
    strip_empty(content);
    return content;
}

const char *kind_version_of(const struct kind *k, const cJSON *o)
{
    bool counts = k->version == VERSION_ENFORCED || k->version == VERSION_LATE;
    return counts ? json_str(o, "version") : NULL;
}

char *kind_hash(struct arena *a, const struct kind *k, const cJSON *o)
{
    if (!kind_exists(k, o))
        return arena_strdup(a, "absent");
    const char *version = kind_version_of(k, o);
    char *text =
        arena_printf(a, "%s\n%s", json_canonical(a, kind_content(a, k, o)), version ? version : "");
    return crypto_sha256_hex(a, text, strlen(text));
}
