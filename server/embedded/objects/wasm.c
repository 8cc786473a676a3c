/* wasm.c - builds and reads WasmPlugin objects.
 *
 * Values equal to the protobuf default (phase UNSPECIFIED_PHASE, imagePullPolicy
 * UNSPECIFIED_POLICY) are not stored, because the standalone API server drops them on every write.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/rest.h"
#include "kind/derived.h"

const char wasm_kind[] = "wasmplugins";
const char wasm_key_auth[] = "key-auth.internal";

#define LABEL "higress.io/wasm-plugin-"

cJSON *wasm_new(struct arena *a, const struct plugin_spec *spec, bool internal)
{
    const char *name = internal ? derived_name(a, DERIVED_PLUGIN, spec->name)
                                : arena_printf(a, "%s-%s", spec->name, spec->version);
    cJSON *object = kube_new(a, name);
    kube_set_label(a, object, LABEL "name", spec->name);
    kube_set_label(a, object, LABEL "version", spec->version);
    kube_set_label(a, object, LABEL "built-in", "true");
    kube_set_label(a, object, LABEL "category", spec->category);
    kube_set_annotation(a, object, LABEL "title", spec->title);
    kube_set_annotation(a, object, LABEL "description", spec->description);
    cJSON *s = json_set_object(a, object, "spec");
    json_set_str(a, s, "url", wasm_url(a, spec->image, spec->image_version));
    if (strcmp(spec->phase, "UNSPECIFIED_PHASE") != 0)
        json_set_str(a, s, "phase", spec->phase);
    json_set_num(a, s, "priority", spec->priority);
    json_set_str(a, s, "failStrategy", "FAIL_OPEN");
    json_set_bool(a, s, "defaultConfigDisable", true);
    return object;
}

cJSON *wasm_internal(struct rest_request *r, const char *plugin)
{
    const struct plugin_spec *spec = plugin_catalog_find(plugin);
    if (!spec) {
        rest_fail(r, X_VALIDATION, "Unsupported plugin: %s", plugin);
        return NULL;
    }
    cJSON *object = kube_load(r, wasm_kind, derived_name(r->arena, DERIVED_PLUGIN, plugin));
    return object ? object : wasm_new(r->arena, spec, true);
}

static const char *label_or_empty(const cJSON *object, const char *key)
{
    const char *s = kube_label(object, key);
    return s ? s : "";
}

const char *wasm_plugin_name(const cJSON *object)
{
    return label_or_empty(object, LABEL "name");
}

const char *wasm_plugin_version(const cJSON *object)
{
    return label_or_empty(object, LABEL "version");
}

bool wasm_is_internal(const cJSON *object)
{
    return kube_is_internal(kube_name(object)) ||
           strcmp(label_or_empty(object, "higress.io/internal"), "true") == 0;
}

bool wasm_is_custom(const cJSON *object)
{
    return strcmp(label_or_empty(object, LABEL "built-in"), "false") == 0;
}

cJSON *wasm_spec(struct arena *a, cJSON *object)
{
    cJSON *spec = json_get(object, "spec");
    return cJSON_IsObject(spec) ? spec : json_set_object(a, object, "spec");
}

cJSON *wasm_edit_config(struct arena *a, cJSON *object)
{
    cJSON *config = json_get(wasm_spec(a, object), "defaultConfig");
    return cJSON_IsObject(config) ? config : json_object(a);
}

void wasm_set_config(struct arena *a, cJSON *object, cJSON *config, bool enabled)
{
    cJSON *spec = wasm_spec(a, object);
    if (!config)
        json_remove(spec, "defaultConfig");
    else if (json_get(spec, "defaultConfig") != config)
        json_set(a, spec, "defaultConfig", config);
    json_set_bool(a, spec, "defaultConfigDisable", !enabled);
    json_set_str(a, spec, "failStrategy", "FAIL_OPEN");
}

const cJSON *wasm_config(const cJSON *object)
{
    return json_path(object, "spec.defaultConfig");
}

bool wasm_enabled(const cJSON *object)
{
    return !json_true(json_get(object, "spec"), "defaultConfigDisable");
}

char *wasm_url(struct arena *a, const char *repository, const char *tag)
{
    const char *scheme = strstr(repository, "://") ? "" : "oci://";
    if (check_blank(tag))
        return arena_printf(a, "%s%s", scheme, repository);
    return arena_printf(a, "%s%s:%s", scheme, repository, tag);
}

void wasm_url_split(struct arena *a, const char *url, char **repository, char **tag)
{
    const char *colon = strrchr(url, ':'), *scheme = strstr(url, "://");
    bool tagged = colon && (!scheme || (text_starts(url, "oci://") && colon > scheme));
    *repository = tagged ? arena_strndup(a, url, (size_t)(colon - url)) : arena_strdup(a, url);
    *tag = tagged ? arena_strdup(a, colon + 1) : NULL;
}

struct choice {
    const char *given, *stored; /* stored NULL: the default, not stored */
};

static const struct choice phases[] = {
    { "UNSPECIFIED_PHASE", NULL }, { "unspecified", NULL }, { "default", NULL },  { "", NULL },
    { "AUTHN", "AUTHN" },          { "AUTHZ", "AUTHZ" },    { "STATS", "STATS" }, { 0 },
};

static const struct choice policies[] = {
    { "UNSPECIFIED_POLICY", NULL },
    { "unspecified", NULL },
    { "default", NULL },
    { "", NULL },
    { "IfNotPresent", "IfNotPresent" },
    { "Always", "Always" },
    { 0 },
};

static const struct choice *choice_of(const char *given, const struct choice *choices)
{
    const struct choice *c = choices;
    while (given && c->given && !text_equal_nocase(c->given, given))
        c++;
    return c;
}

static bool check_choice(struct rest_request *r, const cJSON *plugin, const char *key,
                         const struct choice *choices)
{
    const char *given = json_str(plugin, key);
    return choice_of(given, choices)->given ||
           rest_fail(r, X_VALIDATION, "Invalid %s: %s", key, given);
}

bool wasm_check_image(struct rest_request *r, const cJSON *plugin)
{
    return check_choice(r, plugin, "imagePullPolicy", policies) &&
           check_choice(r, plugin, "phase", phases);
}

static void set_choice(struct arena *a, cJSON *spec, const char *key, const char *given,
                       const struct choice *choices)
{
    const char *stored = given ? choice_of(given, choices)->stored : NULL;
    if (stored)
        json_set_str(a, spec, key, stored);
    else
        json_remove(spec, key);
}

bool wasm_set_image(struct rest_request *r, cJSON *object, const cJSON *plugin)
{
    struct arena *a = r->arena;
    cJSON *spec = wasm_spec(a, object);
    const char *repository = json_str(plugin, "imageRepository");
    if (!wasm_check_image(r, plugin))
        return false;
    set_choice(a, spec, "phase", json_str(plugin, "phase"), phases);
    set_choice(a, spec, "imagePullPolicy", json_str(plugin, "imagePullPolicy"), policies);
    json_set_str(a, spec, "url",
                 wasm_url(a, repository ? repository : "", json_str(plugin, "imageVersion")));
    const cJSON *priority = json_get(plugin, "priority");
    if (cJSON_IsNumber(priority))
        json_set_num(a, spec, "priority", priority->valuedouble);
    else
        json_remove(spec, "priority");
    const char *secret = json_str(plugin, "imagePullSecret");
    if (secret && *secret)
        json_set_str(a, spec, "imagePullSecret", secret);
    else
        json_remove(spec, "imagePullSecret");
    return true;
}
