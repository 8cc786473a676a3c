/* system.c - version, settings, first initialisation and the gateway's own configuration map. */
#include "embedded/objects/system_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/kstore/snakeyaml.h"
#include "embedded/objects/settings.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/model.h"
#include "embedded/rest/session.h"

#include <strings.h>

/* The version of the real console whose behaviour this is. */
static const char console_version[] = "2.2.4";
static const char gateway_map[] = "higress-config";
enum { MAX_MAP = 8 << 20 };

static const struct model_field admin_model[] = { { "name", M_STR },
                                                  { "displayName", M_STR },
                                                  { "password", M_STR },
                                                  { "avatarUrl", M_STR },
                                                  { 0 } };
static const struct model_field init_model[] = { { "adminUser", M_OBJ, admin_model },
                                                 { "configs", M_MAP, model_anything },
                                                 { 0 } };
static const struct model_field config_model[] = { { "config", M_STR }, { 0 } };

static void info(struct rest_request *r)
{
    cJSON *out = json_object(r->arena);
    json_set_str(r->arena, out, "version", console_version);
    json_add_str(r->arena, json_set_array(r->arena, out, "capabilities"), "config.ingress.v1");
    rest_bare(r, 200, out);
}

static bool is_boolean_key(const char *key)
{
    static const char *const keys[] = { "system.initialized", "dashboard.builtin",
                                        "route.default.initialized", "chat.enabled",
                                        "admin.password-change.disabled" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void get_console_config(struct rest_request *r)
{
    struct arena *a = r->arena;
    const cJSON *data = json_get(kstore_get(r->store, "configmaps", "higress-console"), "data");
    cJSON *out = json_object(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, data)
    {
        if (!cJSON_IsString(item))
            continue;
        char *text = java_trim(a, item->valuestring);
        if (!is_boolean_key(item->string))
            json_set_str(a, out, item->string, text);
        else if (*text)
            json_set_bool(a, out, item->string, strcasecmp(text, "true") == 0);
        else
            json_set(a, out, item->string, json_null(a));
    }
    rest_envelope(r, out);
}

static bool has_no_text(const cJSON *object, const char *key)
{
    const char *s = json_str(object, key);
    return !s || !*s;
}

static bool check_init(struct rest_request *r, const cJSON *user)
{
    const char *done = settings_get(r, "system.initialized");
    if (!cJSON_IsObject(user))
        return rest_fail(r, X_VALIDATION, "Missing adminUser.");
    if (has_no_text(user, "name") || has_no_text(user, "displayName") ||
        has_no_text(user, "password"))
        return rest_fail(r, X_VALIDATION, "Incomplete adminUser object.");
    if (done && strcasecmp(done, "true") == 0)
        return rest_fail(r, X_ILLEGAL_STATE, "System already initialized.");
    return true;
}

static void init_console(struct rest_request *r)
{
    const cJSON *user = json_get(r->body, "adminUser");
    if (!check_init(r, user))
        return;
    if (!session_has_admin(r) && !session_set_admin(r, user))
        return;
    cJSON *configs = json_get(r->body, "configs");
    if (!cJSON_IsObject(configs))
        configs = json_object(r->arena);
    json_set_str(r->arena, configs, "system.initialized", "true");
    if (settings_set(r, configs))
        rest_envelope(r, NULL);
}

/* One member of the map as SnakeYAML writes it: '1' where our own printer writes "1". */
static const char *entry_text(struct arena *a, const cJSON *entry)
{
    cJSON *one = json_object(a);
    json_set(a, one, entry->string, json_clone(a, entry));
    char *line = yaml_print(a, one);
    if (!cJSON_IsString(entry))
        return line;
    const char *quoted = arena_printf(a, "\"%s\"\n", entry->valuestring);
    size_t n = strlen(line), size = strlen(quoted);
    if (n > size && strcmp(line + n - size, quoted) == 0)
        line[n - size] = line[n - 2] = '\'';
    return line;
}

static const char *shifted(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, MAX_MAP);
    for (size_t n; *text; text += n) {
        n = strcspn(text, "\n") + 1;
        buf_str(b, *text == '\n' ? "" : "  ");
        buf_add(b, text, n);
    }
    return b->data;
}

/* The map as the console shows it: four members, three of metadata. */
static const char *gateway_text(struct rest_request *r, const cJSON *map)
{
    struct arena *a = r->arena;
    struct buf *b = buf_in(a, MAX_MAP);
    const cJSON *data = json_get(map, "data"), *entry;
    buf_printf(b,
               "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n"
               "  namespace: higress-system\n  resourceVersion: '%s'\ndata:%s\n",
               kube_name(map), kube_version(map), json_count(data) ? "" : " {}");
    cJSON_ArrayForEach(entry, data) buf_str(b, shifted(a, entry_text(a, entry)));
    return b->data;
}

static void get_gateway(struct rest_request *r)
{
    const cJSON *map = kstore_get(r->store, "configmaps", gateway_map);
    if (map)
        rest_envelope(r, json_string(r->arena, gateway_text(r, map)));
    else
        rest_fail(r, X_NULL_POINTER, "Cannot invoke \"getMetadata()\" because the map is null");
}

/* Nothing but comments: no document, where "null" is one. */
static bool has_no_document(const char *text)
{
    for (; *text; text += strcspn(text, "\n")) {
        text += strspn(text, " \t\r\n");
        if (*text && *text != '#')
            return false;
    }
    return true;
}

static bool check_section(struct rest_request *r, const cJSON *data, const char *key)
{
    const char *text = json_str(data, key);
    if (check_blank(text))
        return rest_fail(r, X_VALIDATION, "ConfigMap data key %s has an empty value.", key);
    const cJSON *tree = yaml_parse_last(r->arena, text, strlen(text), NULL);
    return cJSON_IsObject(tree) || (cJSON_IsNull(tree) && !has_no_document(text)) ||
           rest_fail(r, X_VALIDATION, "Invalid YAML data for key %s: %s", key, text);
}

/* The members of a Map<String, String> are texts, whatever YAML would make of them. */
static void texts_only(struct arena *a, cJSON *map)
{
    cJSON *item, *next;
    for (item = map ? map->child : NULL; item; item = next) {
        next = item->next;
        if (cJSON_IsNumber(item) || cJSON_IsBool(item))
            json_set_str(a, map, item->string, json_print(a, item));
    }
}

static bool check_gateway_config(struct rest_request *r, const cJSON *map)
{
    static const char *const sections[] = { "higress", "mesh", "meshNetworks" };
    const cJSON *data = json_get(map, "data");
    if (!cJSON_IsObject(map))
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "The configuration is not a ConfigMap in YAML.");
    if (!cJSON_IsObject(json_get(map, "metadata")))
        return rest_fail(r, X_BUSINESS, "ConfigMap metadata is missing.");
    if (!kube_version(map) || !*kube_version(map))
        return rest_fail(r, X_BUSINESS, "ConfigMap resourceVersion is missing.");
    if (json_count(data) == 0)
        return rest_fail(r, X_VALIDATION, "ConfigMap data is empty.");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!json_get(data, sections[i]))
            return rest_fail(r, X_VALIDATION,
                             "ConfigMap data must contain all required keys: higress, mesh, "
                             "meshNetworks");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!check_section(r, data, sections[i]))
            return false;
    return true;
}

static void put_gateway(struct rest_request *r)
{
    const char *text = json_str(r->body, "config");
    if (!text || !*text) {
        rest_fail(r, X_VALIDATION, "Missing required parameter: config");
        return;
    }
    if (!snakeyaml_accepts(r, text))
        return;
    cJSON *sent = yaml_parse_last(r->arena, text, strlen(text), NULL);
    texts_only(r->arena, json_get(sent, "data"));
    texts_only(r->arena, json_get(sent, "metadata"));
    if (!check_gateway_config(r, sent))
        return;
    cJSON *map = kube_load(r, "configmaps", gateway_map);
    if (!map)
        map = kube_new(r->arena, gateway_map);
    kube_set_version(r->arena, map, kube_version(sent));
    json_set(r->arena, map, "data", json_clone(r->arena, json_get(sent, "data")));
    const cJSON *stored = kube_replace(r, "configmaps", map);
    if (stored)
        rest_envelope(r, json_string(r->arena, gateway_text(r, stored)));
}

static void healthz(struct rest_request *r)
{
    rest_plain(r, "ok");
}

static void landing(struct rest_request *r)
{
    if (strcmp(r->method, "DELETE") == 0) {
        rest_empty(r, 204);
        return;
    }
    rest_text(r, 200, "text/html;charset=ISO-8859-1",
              "<!doctype html><title>Gateway</title><h1>The gateway works</h1>\n<p>No route is set "
              "up for this address yet.</p>\n");
}

/* Needs a Grafana or a chat service behind it, and none can be configured here. */
static void no_grafana(struct rest_request *r)
{
    rest_empty(r, 200);
}

static void no_chat(struct rest_request *r)
{
    rest_fail(r, X_ILLEGAL_STATE, "No valid service info is available for proxying.");
}

const struct rest_route system_rest[] = {
    { "GET", "/system/info", info, NULL, REST_ANONYMOUS },
    { "GET", "/system/config", get_console_config, NULL, REST_ANONYMOUS },
    { "POST", "/system/init", init_console, init_model, REST_ANONYMOUS | REST_NO_PAGE },
    { "GET", "/system/higress-config", get_gateway },
    { "PUT", "/system/higress-config", put_gateway, config_model },
    { "GET", "/healthz/ready", healthz, NULL, REST_ANONYMOUS },
    { "*", "/landing", landing, NULL, REST_ANONYMOUS },
    { "*", "/grafana/", no_grafana, NULL, REST_PREFIX | REST_VOID },
    { "*", "/aiproxy/", no_chat, NULL, REST_PREFIX },
    { 0 },
};
