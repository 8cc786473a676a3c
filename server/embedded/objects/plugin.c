/* plugin.c - /v1/wasm-plugins.
 *
 * Built-in plugins come from the catalogue, overlaid in the list (not in the single answer) with
 * what a stored object of that plugin says. Custom plugins are stored objects only.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/plugin_private.h"
#include "embedded/objects/plugin_schema_private.h"
#include "embedded/objects/selector_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"

static const struct model_field plugin_model[] = {
    { "name", M_STR },
    { "pluginVersion", M_STR },
    { "version", M_STR },
    { "category", M_STR },
    { "title", M_STR },
    { "description", M_STR },
    { "builtIn", M_BOOL },
    { "productCovered", M_BOOL },
    { "icon", M_STR },
    { "readmeUrl", M_STR },
    { "imageRepository", M_STR },
    { "imageVersion", M_STR },
    { "imagePullPolicy", M_STR },
    { "imagePullSecret", M_STR },
    { "phase", M_STR },
    { "priority", M_INT },
    { 0 },
};

/* Image, phase and priority as a stored object says. */
static void answer_overlay(struct arena *a, cJSON *out, const cJSON *object)
{
    const cJSON *spec = json_get(object, "spec");
    const char *url = json_str(spec, "url");
    char *repository, *tag;
    wasm_url_split(a, url ? url : "", &repository, &tag);
    json_set_str(a, out, "imageRepository", repository);
    json_set_str(a, out, "imageVersion", tag);
    const char *policy = json_str(spec, "imagePullPolicy");
    const char *phase = json_str(spec, "phase");
    json_set_str(a, out, "imagePullPolicy", policy ? policy : "UNSPECIFIED_POLICY");
    json_set_str(a, out, "imagePullSecret", json_str(spec, "imagePullSecret"));
    json_set_str(a, out, "phase", phase ? phase : "UNSPECIFIED_PHASE");
    const cJSON *priority = json_get(spec, "priority");
    json_set(a, out, "priority", cJSON_IsNumber(priority) ? json_clone(a, priority) : json_null(a));
}

static cJSON *stored_plugin_answer(struct arena *a, const cJSON *object)
{
    cJSON *out = model_new(a, plugin_model);
    json_set_str(a, out, "name", wasm_plugin_name(object));
    json_set_str(a, out, "pluginVersion", wasm_plugin_version(object));
    json_set_str(a, out, "version", kube_version(object));
    json_set_str(a, out, "category", kube_label(object, "higress.io/wasm-plugin-category"));
    json_set_str(a, out, "title", kube_annotation(object, "higress.io/wasm-plugin-title"));
    json_set_str(a, out, "description",
                 kube_annotation(object, "higress.io/wasm-plugin-description"));
    json_set_str(a, out, "icon", kube_annotation(object, "higress.io/wasm-plugin-icon"));
    json_set_bool(a, out, "builtIn", !wasm_is_custom(object));
    answer_overlay(a, out, object);
    return out;
}

static cJSON *answer_spec(struct arena *a, const struct plugin_spec *spec)
{
    cJSON *out = model_new(a, plugin_model);
    json_set_str(a, out, "name", spec->name);
    json_set_str(a, out, "pluginVersion", spec->version);
    json_set_str(a, out, "category", spec->category);
    json_set_str(a, out, "title", spec->title);
    json_set_str(a, out, "description", spec->description);
    json_set_bool(a, out, "builtIn", true);
    json_set_bool(a, out, "productCovered", spec->covered);
    json_set_str(a, out, "readmeUrl", spec->readme);
    json_set_str(a, out, "imageRepository", spec->image);
    json_set_str(a, out, "imageVersion", spec->image_version);
    json_set_str(a, out, "phase", spec->phase);
    json_set_num(a, out, "priority", spec->priority);
    return out;
}

static void plugin_list(struct rest_request *r)
{
    struct arena *a = r->arena;
    cJSON *out = json_array(a);
    for (size_t i = 0; i < plugin_catalog_count(); i++) {
        const struct plugin_spec *spec = plugin_catalog_at(i);
        cJSON *item = json_add(a, out, answer_spec(a, spec));
        for (size_t j = 0; j < kstore_count(r->store, wasm_kind); j++) {
            const cJSON *object = kstore_at(r->store, wasm_kind, j);
            if (strcmp(wasm_plugin_name(object), spec->name) == 0)
                answer_overlay(a, item, object);
        }
    }
    for (size_t j = 0; j < kstore_count(r->store, wasm_kind); j++) {
        const cJSON *object = kstore_at(r->store, wasm_kind, j);
        if (wasm_is_custom(object))
            json_add(a, out, stored_plugin_answer(a, object));
    }
    rest_page(r, out);
}

const cJSON *plugin_find_custom(struct rest_request *r, const char *name)
{
    const cJSON *best = NULL;
    double best_priority = 0;
    for (size_t j = 0; j < kstore_count(r->store, wasm_kind); j++) {
        const cJSON *object = kstore_at(r->store, wasm_kind, j);
        double priority = json_num(json_get(object, "spec"), "priority", 0);
        bool better = !best || priority > best_priority;
        if (better && wasm_is_custom(object) && strcmp(wasm_plugin_name(object), name) == 0) {
            best = object;
            best_priority = priority;
        }
    }
    return best;
}

static void plugin_get(struct rest_request *r)
{
    const struct plugin_spec *spec = plugin_catalog_find(rest_var(r, 0));
    if (spec) {
        rest_give(r, answer_spec(r->arena, spec));
        return;
    }
    if (!selector_check_plugin(r, rest_var(r, 0)))
        return;
    const cJSON *object = plugin_find_custom(r, rest_var(r, 0));
    rest_give(r, object ? stored_plugin_answer(r->arena, object) : NULL);
}

static void get_config(struct rest_request *r)
{
    const struct plugin_spec *spec = plugin_catalog_find(rest_var(r, 0));
    if (!spec && !selector_check_plugin(r, rest_var(r, 0)))
        return;
    if (!spec && !plugin_find_custom(r, rest_var(r, 0))) {
        rest_give(r, NULL);
        return;
    }
    cJSON *out = json_object(r->arena);
    json_set(r->arena, out, "schema",
             spec ? plugin_schema_print(r->arena, spec) : plugin_schema_custom(r->arena));
    rest_give(r, out);
}

static void get_readme(struct rest_request *r)
{
    struct arena *a = r->arena;
    const struct plugin_spec *spec = plugin_catalog_find(rest_var(r, 0));
    if (spec)
        rest_give(r, json_string(a, arena_printf(a, "# %s\n\n%s\n%s%s%s", spec->title,
                                                 spec->description, spec->readme ? "\nSee " : "",
                                                 spec->readme ? spec->readme : "",
                                                 spec->readme ? "\n" : "")));
    else if (selector_check_plugin(r, rest_var(r, 0)))
        rest_give(r, plugin_find_custom(r, rest_var(r, 0)) ? json_string(a, "") : NULL);
}

static bool is_null_or_empty(const char *s)
{
    return !s || !*s;
}

static bool validate_plugin(struct rest_request *r)
{
    static const char *const needed[] = { "name", "title", "category", "imageRepository", NULL };
    for (size_t i = 0; needed[i]; i++) {
        if (check_blank(json_str(r->body, needed[i])))
            return rest_fail(r, X_VALIDATION, "%s cannot be blank.", needed[i]);
        if (i == 0 && !check_service_name(json_str(r->body, "name")))
            return rest_fail(r, X_VALIDATION, "Invalid name format.");
    }
    return wasm_check_image(r, r->body);
}

static void copy_annotation(struct rest_request *r, cJSON *object, const char *member)
{
    const char *s = json_str(r->body, member);
    if (s && *s)
        kube_set_annotation(r->arena, object,
                            arena_printf(r->arena, "higress.io/wasm-plugin-%s", member), s);
}

/* A custom plugin's object as the body describes it; NULL: answered. */
static cJSON *custom_object(struct rest_request *r)
{
    struct arena *a = r->arena;
    const char *name = json_str(r->body, "name");
    const char *version = json_str(r->body, "pluginVersion");
    if (is_null_or_empty(version))
        version = "1.0.0";
    cJSON *object = kube_new(a, arena_printf(a, "%s-%s", name, version));
    kube_set_label(a, object, "higress.io/wasm-plugin-name", name);
    kube_set_label(a, object, "higress.io/wasm-plugin-version", version);
    kube_set_label(a, object, "higress.io/wasm-plugin-built-in", "false");
    kube_set_label(a, object, "higress.io/wasm-plugin-category", "custom");
    copy_annotation(r, object, "title");
    copy_annotation(r, object, "description");
    copy_annotation(r, object, "icon");
    cJSON *spec = json_set_object(a, object, "spec");
    json_set_str(a, spec, "failStrategy", "FAIL_OPEN");
    json_set_bool(a, spec, "defaultConfigDisable", true);
    return wasm_set_image(r, object, r->body) ? object : NULL;
}

static void plugin_create(struct rest_request *r)
{
    if (!validate_plugin(r))
        return;
    if (json_true(r->body, "builtIn")) {
        rest_fail(r, X_CONFLICT, "Adding a built-in plugin is not allowed.");
        return;
    }
    cJSON *object = custom_object(r);
    if (!object)
        return;
    if (plugin_catalog_find(json_str(r->body, "name"))) {
        rest_fail(r, X_CONFLICT, "Name conflicted with a built-in plugin.");
        return;
    }
    const cJSON *stored = kube_create(r, wasm_kind, object);
    if (stored)
        rest_give(r, stored_plugin_answer(r->arena, stored));
}

/* The objects of a built-in plugin in the catalogue's version; *own: is one not the console's? */
static cJSON *builtin_objects(struct rest_request *r, const struct plugin_spec *spec, bool *own)
{
    cJSON *out = json_array(r->arena);
    *own = false;
    for (size_t i = 0; i < kstore_count(r->store, wasm_kind); i++) {
        const cJSON *object = kstore_at(r->store, wasm_kind, i);
        if (strcmp(wasm_plugin_name(object), spec->name) != 0 || wasm_is_custom(object) ||
            strcmp(wasm_plugin_version(object), spec->version) != 0)
            continue;
        json_add_str(r->arena, out, kube_name(object));
        *own |= !wasm_is_internal(object);
    }
    return out;
}

/* Image and order of a built-in plugin: on every object of it, and on a new one where there are
 * only the console's own. */
static void update_builtin(struct rest_request *r, const char *name)
{
    const struct plugin_spec *spec = plugin_catalog_find(name);
    const cJSON *stored = NULL, *one;
    bool own;
    if (!spec) {
        rest_fail(r, X_CONFLICT, "No built-in plugin is found with the given name: %s", name);
        return;
    }
    const cJSON *there = builtin_objects(r, spec, &own);
    if (!own) {
        cJSON *object = wasm_new(r->arena, spec, false);
        if (!wasm_set_image(r, object, r->body) || !(stored = kube_create(r, wasm_kind, object)))
            return;
    }
    cJSON_ArrayForEach(one, there)
    {
        cJSON *object = kube_load(r, wasm_kind, one->valuestring);
        if (!wasm_set_image(r, object, r->body) || !(stored = kube_replace(r, wasm_kind, object)))
            return;
    }
    rest_give(r, stored_plugin_answer(r->arena, stored));
}

/* The stored object of this version keeps its rules; another version takes them over and the old
 * objects go. */
static void update_custom(struct rest_request *r, const char *name)
{
    struct arena *a = r->arena;
    const cJSON *old = plugin_find_custom(r, name);
    if (!old) {
        rest_fail(r, X_NOT_FOUND, "No Wasm plugin with name \"%s\" is found.", name);
        return;
    }
    cJSON *object = custom_object(r);
    if (!object)
        return;
    static const char *const kept[] = { "defaultConfig", "defaultConfigDisable", "matchRules",
                                        NULL };
    for (size_t i = 0; kept[i]; i++) {
        const cJSON *m = json_get(json_get(old, "spec"), kept[i]);
        if (m)
            json_set(a, wasm_spec(a, object), kept[i], json_clone(a, m));
    }
    const char *old_name = arena_strdup(a, kube_name(old));
    bool same = strcmp(old_name, kube_name(object)) == 0;
    const char *version = json_str(r->body, "version");
    kube_set_version(a, object,
                     !same                       ? NULL
                     : is_null_or_empty(version) ? kube_version(old)
                                                 : version);
    const cJSON *stored =
        same ? kube_replace(r, wasm_kind, object) : kube_create(r, wasm_kind, object);
    if (stored && (same || kube_delete(r, wasm_kind, old_name)))
        rest_give(r, stored_plugin_answer(a, stored));
}

static void plugin_update(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    const char *given = json_str(r->body, "name");
    if (is_null_or_empty(given))
        json_set_str(r->arena, r->body, "name", name);
    else if (strcmp(given, name) != 0) {
        rest_fail(r, X_VALIDATION, "Plugin name in the URL doesn't match the one in the body.");
        return;
    }
    if (!validate_plugin(r))
        return;
    if (json_true(r->body, "builtIn"))
        update_builtin(r, name);
    else if (plugin_catalog_find(name))
        rest_fail(r, X_CONFLICT, "Updating a built-in plugin is not allowed.");
    else
        update_custom(r, name);
}

static void plugin_erase(struct rest_request *r)
{
    const char *name = rest_var(r, 0);
    if (plugin_catalog_find(name)) {
        rest_fail(r, X_CONFLICT, "Deleting a built-in plugin is not allowed.");
        return;
    }
    if (!selector_check_plugin(r, name))
        return;
    for (const cJSON *object = plugin_find_custom(r, name); object;
         object = plugin_find_custom(r, name))
        if (!kube_delete(r, wasm_kind, kube_name(object)))
            return;
    rest_empty(r, 204);
}

const struct rest_route plugin_rest[] = {
    { "GET", "/v1/wasm-plugins", plugin_list, NULL, REST_PAGED },
    { "POST", "/v1/wasm-plugins", plugin_create, plugin_model },
    { "GET", "/v1/wasm-plugins/{name}", plugin_get, .not_blank = "query.name" },
    { "PUT", "/v1/wasm-plugins/{name}", plugin_update, plugin_model, .not_blank = "update.name" },
    { "DELETE", "/v1/wasm-plugins/{name}", plugin_erase, .not_blank = "delete.name" },
    { "GET", "/v1/wasm-plugins/{name}/config", get_config, .not_blank = "queryConfig.name" },
    { "GET", "/v1/wasm-plugins/{name}/readme", get_readme, .not_blank = "queryReadme.name" },
    { 0 },
};
