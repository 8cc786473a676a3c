/* plugin_instance.c - plugin configurations at four scopes.
 *
 * A scope is a row of scopes[]: its URL, the list of a match rule that holds its targets, and what
 * must exist for a target to be known. Another scope is another row plus its REST rows.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/domain_private.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/plugin_instance_private.h"
#include "embedded/objects/plugin_private.h"
#include "embedded/objects/plugin_yaml_private.h"
#include "embedded/objects/route_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/selector_private.h"
#include "embedded/objects/service_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/jackson_yaml.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"

static const struct model_field instance_model[] = {
    { "version", M_STR },
    { "scope", M_ENUM, .one_of = "GLOBAL|DOMAIN|ROUTE|SERVICE" },
    { "target", M_STR },
    { "targets", M_MAP, .of = model_a_string, .one_of = "GLOBAL|DOMAIN|ROUTE|SERVICE" },
    { "pluginName", M_STR },
    { "pluginVersion", M_STR },
    { "internal", M_BOOL },
    { "enabled", M_BOOL },
    { "rawConfigurations", M_STR },
    { "configurations", M_OPEN },
    { 0 },
};

struct scope {
    const char *name; /* as in the API */
    const char *word; /* as in error texts */
    bool (*exists)(struct rest_request *r, const char *target);
};

static const struct scope scopes[] = {
    { "GLOBAL", NULL, NULL },
    { "DOMAIN", "domain", domain_exists },
    { "ROUTE", "route", route_exists },
    { "SERVICE", "service", service_exists },
};

/* Where an instance lives: a scope and, but for GLOBAL, the target's name. */
struct place {
    const struct scope *scope;
    const char *target;
    struct rules_target rules;
};

static struct place instance_place(const char *scope, const char *target)
{
    struct place p = { &scopes[0], NULL, { 0 } };
    for (size_t i = 1; i < sizeof scopes / sizeof *scopes; i++) {
        if (strcmp(scopes[i].name, scope) != 0)
            continue;
        p.scope = &scopes[i];
        p.target = target ? target : "";
    }
    if (strcmp(scope, "DOMAIN") == 0)
        p.rules.domain = p.target;
    else if (strcmp(scope, "ROUTE") == 0)
        p.rules.ingress = p.target;
    else if (strcmp(scope, "SERVICE") == 0)
        p.rules.service = p.target;
    return p;
}

/* The place named by the URL, and the plugin (NULL for a list). */
static struct place url_place(struct rest_request *r, const char **plugin)
{
    static const char *const prefixes[][2] = {
        { "/v1/domains/", "DOMAIN" },
        { "/v1/routes/", "ROUTE" },
        { "/v1/services/", "SERVICE" },
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!text_starts(r->route->path, prefixes[i][0]))
            continue;
        *plugin = rest_var(r, 1);
        return instance_place(prefixes[i][1], rest_var(r, 0));
    }
    *plugin = rest_var(r, 0);
    return instance_place("GLOBAL", NULL);
}

static bool place_known(struct rest_request *r, const struct place *p)
{
    if (!p->scope->exists || p->scope->exists(r, p->target))
        return true;
    return rest_fail(r, X_VALIDATION, "Unknown %s: %s", p->scope->word, p->target);
}

static cJSON *answer_at(struct arena *a, const struct place *p, const char *plugin)
{
    cJSON *out = model_new(a, instance_model);
    json_set_str(a, out, "scope", p->scope->name);
    json_set_str(a, out, "target", p->target);
    json_set_str(a, json_set_object(a, out, "targets"), p->scope->name, p->target);
    json_set_str(a, out, "pluginName", plugin);
    json_set_bool(a, out, "internal", false);
    json_set_bool(a, out, "enabled", false);
    return out;
}

/* The instance that a stored object holds at this place; NULL: none, or off and empty. */
static cJSON *stored_instance(struct arena *a, const cJSON *object, const struct place *p)
{
    const cJSON *config = wasm_config(object);
    bool enabled = wasm_enabled(object);
    if (p->scope->exists) {
        const cJSON *rule = rules_find(object, &p->rules);
        config = json_get(rule, "config");
        enabled = rule && !json_true(rule, "configDisable");
    }
    if (!enabled && json_count(config) == 0)
        return NULL;
    cJSON *out = answer_at(a, p, wasm_plugin_name(object));
    cJSON *shown = plugin_yaml_read_back(a, config ? config : json_object(a));
    bool none = p->scope->exists && !config; /* a rule without settings; the global ones are {} */
    json_set_str(a, out, "version", kube_version(object));
    json_set_str(a, out, "pluginVersion", wasm_plugin_version(object));
    json_set_bool(a, out, "enabled", enabled);
    json_set_str(a, out, "rawConfigurations", plugin_yaml_print(a, shown));
    json_set(a, out, "configurations", none ? json_null(a) : shown);
    return out;
}

static void plugin_instance_list(struct rest_request *r)
{
    const char *plugin;
    struct place p = url_place(r, &plugin);
    if (!place_known(r, &p))
        return;
    cJSON *out = json_array(r->arena);
    for (size_t i = 0; i < kstore_count(r->store, wasm_kind); i++) {
        const cJSON *object = kstore_at(r->store, wasm_kind, i);
        cJSON *item = wasm_is_internal(object) ? NULL : stored_instance(r->arena, object, &p);
        if (item)
            json_add(r->arena, out, item);
    }
    rest_page(r, out);
}

static void plugin_instance_get(struct rest_request *r)
{
    const char *plugin;
    struct place p = url_place(r, &plugin);
    if (!place_known(r, &p) || !selector_check_plugin(r, plugin))
        return;
    cJSON *out = NULL;
    for (size_t i = 0; !out && i < kstore_count(r->store, wasm_kind); i++) {
        const cJSON *object = kstore_at(r->store, wasm_kind, i);
        if (!wasm_is_internal(object) && strcmp(wasm_plugin_name(object), plugin) == 0)
            out = stored_instance(r->arena, object, &p);
    }
    rest_give(r, out ? out : answer_at(r->arena, &p, plugin));
}

/* The object that the instance is written to; NULL: answered. */
static cJSON *object_for(struct rest_request *r, const char *plugin)
{
    const struct plugin_spec *spec = plugin_catalog_find(plugin);
    const char *current = spec ? spec->version : wasm_plugin_version(plugin_find_custom(r, plugin));
    const char *version = json_str(r->body, "pluginVersion");
    if (!version || !*version)
        version = current;
    if (!selector_check_version(r, version))
        return NULL;
    const char *name = arena_printf(r->arena, "%s-%s", plugin, version);
    cJSON *object = kube_load(r, wasm_kind, name);
    if (object || strcmp(version, current) == 0)
        return object ? object : wasm_new(r->arena, spec, false);
    rest_fail(r, X_ILLEGAL_ARGUMENT,
              "Add operation is only allowed for the current plugin version.");
    return NULL;
}

bool plugin_instance_read_text(struct rest_request *r, const char *text, cJSON **config)
{
    static const char *const nothing[] = { "~", "null", "Null", "NULL" };
    *config = NULL;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(text, nothing[i]) == 0)
            return true;
    *config = jackson_yaml_read(r->arena, text);
    return *config ||
           rest_fail(r, X_VALIDATION, "Error occurs when parsing raw configurations: %s", text);
}

/* The configuration of the body: the tree, else the YAML text; *config NULL: neither says one. */
static bool body_config(struct rest_request *r, cJSON **config)
{
    const cJSON *tree = json_get(r->body, "configurations");
    const char *text = json_str(r->body, "rawConfigurations");
    *config = cJSON_IsObject(tree) ? json_clone(r->arena, tree) : NULL;
    return *config || !text || !*text || plugin_instance_read_text(r, text, config);
}

static bool body_fits(struct rest_request *r, const char *plugin)
{
    const char *given = json_str(r->body, "pluginName");
    if (given && *given && strcmp(given, plugin) != 0)
        return rest_fail(r, X_VALIDATION,
                         "Plugin name in the URL doesn't match the one in the body.");
    if (json_true(r->body, "internal"))
        return rest_fail(r, X_VALIDATION,
                         "Updating an internal Wasm plugin instance is not allowed.");
    return true;
}

/* The body's place wins over the URL's. */
static bool body_place(struct rest_request *r, struct place *p)
{
    const char *scope = json_str(r->body, "scope"), *target = json_str(r->body, "target");
    if (!scope)
        return true;
    *p = instance_place(scope, target);
    if (!p->scope->exists && target)
        return rest_fail(r, X_ILLEGAL_ARGUMENT,
                         "instance.target must be empty when scope is GLOBAL.");
    if (p->scope->exists && (!target || !*target))
        return rest_fail(r, X_ILLEGAL_ARGUMENT,
                         "instance.target must not be null or empty when scope is not GLOBAL.");
    return true;
}

static bool is_plugin(struct rest_request *r, const char *plugin)
{
    if (plugin_catalog_find(plugin))
        return true;
    return selector_check_plugin(r, plugin) &&
           (plugin_find_custom(r, plugin) ||
            rest_fail(r, X_VALIDATION, "Unsupported plugin: %s", plugin));
}

static void put_instance(struct rest_request *r)
{
    const char *plugin;
    struct place p = url_place(r, &plugin);
    if (!place_known(r, &p) || !body_fits(r, plugin) || !is_plugin(r, plugin) || !body_place(r, &p))
        return;
    cJSON *object = object_for(r, plugin), *config;
    if (!object || !body_config(r, &config))
        return;
    const cJSON *enabled = json_get(r->body, "enabled");
    bool on = !cJSON_IsBool(enabled) || cJSON_IsTrue(enabled);
    if (p.scope->exists)
        rules_put(r->arena, object, &p.rules, config, on);
    else
        wasm_set_config(r->arena, object, config, on);
    const cJSON *stored = kube_save(r, wasm_kind, object);
    if (stored)
        rest_give(r, stored_instance(r->arena, stored, &p));
}

/* Takes the place out of every object of the plugin, the console's own included. */
static void plugin_instance_erase(struct rest_request *r)
{
    const char *plugin;
    struct place p = url_place(r, &plugin);
    if (!selector_check_plugin(r, plugin))
        return;
    for (size_t i = 0; i < kstore_count(r->store, wasm_kind); i++) {
        const cJSON *stored = kstore_at(r->store, wasm_kind, i);
        if (strcmp(wasm_plugin_name(stored), plugin) != 0)
            continue;
        cJSON *object = kube_load(r, wasm_kind, kube_name(stored));
        bool changed = !p.scope->exists || rules_drop(object, &p.rules);
        if (!p.scope->exists)
            wasm_set_config(r->arena, object, NULL, false);
        if (changed && !kube_replace(r, wasm_kind, object))
            return;
    }
    rest_empty(r, 204);
}

const struct rest_route plugin_instance_rest[] = {
    { "GET", "/v1/global/plugin-instances", plugin_instance_list },
    { "GET", "/v1/global/plugin-instances/{name}", plugin_instance_get,
      .not_blank = "queryGlobalInstance.pluginName" },
    { "PUT", "/v1/global/plugin-instances/{name}", put_instance, instance_model,
      .not_blank = "addOrUpdateGlobalInstance.pluginName" },
    { "DELETE", "/v1/global/plugin-instances/{name}", plugin_instance_erase, NULL, REST_VOID,
      .not_blank = "deleteGlobalInstance.pluginName" },
    { "GET", "/v1/domains/{domain}/plugin-instances", plugin_instance_list,
      .not_blank = "listDomainInstances.domainName" },
    { "GET", "/v1/domains/{domain}/plugin-instances/{name}", plugin_instance_get,
      .not_blank = "queryDomainInstance.domainName,pluginName" },
    { "PUT", "/v1/domains/{domain}/plugin-instances/{name}", put_instance, instance_model,
      .not_blank = "addOrUpdateDomainInstance.domainName,pluginName" },
    { "DELETE", "/v1/domains/{domain}/plugin-instances/{name}", plugin_instance_erase, NULL,
      REST_VOID, .not_blank = "deleteDomainInstance.domainName,pluginName" },
    { "GET", "/v1/routes/{route}/plugin-instances", plugin_instance_list,
      .not_blank = "listRouteInstances.routeName" },
    { "GET", "/v1/routes/{route}/plugin-instances/{name}", plugin_instance_get,
      .not_blank = "queryRouteInstance.routeName,pluginName" },
    { "PUT", "/v1/routes/{route}/plugin-instances/{name}", put_instance, instance_model,
      .not_blank = "addOrUpdateRouteInstance.routeName,pluginName" },
    { "DELETE", "/v1/routes/{route}/plugin-instances/{name}", plugin_instance_erase, NULL,
      REST_VOID, .not_blank = "deleteRouteInstance.routeName,pluginName" },
    { "GET", "/v1/services/{service}/plugin-instances", plugin_instance_list,
      .not_blank = "listServiceInstances.serviceName" },
    { "GET", "/v1/services/{service}/plugin-instances/{name}", plugin_instance_get,
      .not_blank = "queryServiceInstance.serviceName,pluginName" },
    { "PUT", "/v1/services/{service}/plugin-instances/{name}", put_instance, instance_model,
      .not_blank = "addOrUpdateServiceInstance.serviceName,pluginName" },
    { "DELETE", "/v1/services/{service}/plugin-instances/{name}", plugin_instance_erase, NULL,
      REST_VOID, .not_blank = "deleteServiceInstance.serviceName,pluginName" },
    { 0 },
};
