/* seed.c - the fresh folder: objects of assets/seed.yaml, a certificate of its own, and what the
 * console writes at its first start. To change what a new folder holds, edit that file. */
#include "embedded/objects/seed.h"

#include "base/arena.h"
#include "base/asset.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/certificate_private.h"

static const char settings_map[] = "higress-console";
static const char seed_path[] = "server/embedded/assets/seed.yaml";
static const struct {
    const char *kind, *plural;
} kinds[] = { { "ConfigMap", "configmaps" },    { "Secret", "secrets" },
              { "McpBridge", "mcpbridges" },    { "Ingress", "ingresses" },
              { "WasmPlugin", "wasmplugins" },  { "Service", "services" },
              { "EnvoyFilter", "envoyfilters" } };

static const char *plural_of(const cJSON *object)
{
    const char *kind = json_str(object, "kind");
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].plural;
    bug("seed: an object of kind '%s'", kind ? kind : "(none)");
}

static cJSON *all_objects(struct arena *a)
{
    struct err e = { 0 };
    for (const struct asset *f = assets; f->path; f++) {
        if (strcmp(f->path, seed_path) != 0)
            continue;
        cJSON *objects = yaml_parse_all(a, f->data, asset_size(f), &e);
        if (!objects)
            bug("seed: %s", e.text);
        return objects;
    }
    bug("seed: %s is not linked in", seed_path);
}

cJSON *seed_object(struct arena *a, const char *kind, const char *name)
{
    cJSON *object;
    cJSON_ArrayForEach(object, all_objects(a))
    {
        if (strcmp(plural_of(object), kind) == 0 && strcmp(kube_name(object), name) == 0)
            return object;
    }
    return NULL;
}

static bool create_unless_there(struct embedded *x, const char *plural, const cJSON *object,
                                struct err *e)
{
    enum kstore_result result = kstore_create(x->store, plural, object, e);
    return result == KSTORE_OK || result == KSTORE_EXISTS;
}

static bool is_store_empty(const struct kstore *s)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kstore_count(s, kinds[i].plural) > 0)
            return false;
    return kstore_problem(s, 0) == NULL;
}

static const char *setting(struct embedded *x, const char *key)
{
    return json_str(json_get(kstore_get(x->store, "configmaps", settings_map), "data"), key);
}

/* One more version of the settings, unless they say so already. */
static bool set_setting(struct embedded *x, struct arena *a, const char *key, const char *value,
                        struct err *e)
{
    const char *now = setting(x, key);
    if (now && strcmp(now, value) == 0)
        return true;
    cJSON *map = json_clone(a, kstore_get(x->store, "configmaps", settings_map));
    kube_set_label(a, map, "higress.io/resource-definer", "higress");
    if (!cJSON_IsObject(json_get(map, "data")))
        json_set_object(a, map, "data");
    json_set_str(a, json_get(map, "data"), key, value);
    return kstore_replace(x->store, "configmaps", map, e) == KSTORE_OK;
}

static bool add_certificate(struct embedded *x, struct arena *a, struct err *e)
{
    char *cert, *key;
    if (!cert_make(a, "higress-gateway", 365, &cert, &key, e))
        return false;
    cJSON *secret = certificate_secret(a, "default", cert, key);
    kube_set_label(a, secret, "higress.io/resource-definer", "higress");
    return create_unless_there(x, "secrets", secret, e);
}

/* The route of a console that nobody has given one, with its domain and certificate. */
static bool add_default_route(struct embedded *x, struct arena *a, struct err *e)
{
    static const char *const parts[][2] = { { "configmaps", "domain-higress-default-domain" },
                                            { "ingresses", "default" },
                                            { "wasmplugins", "key-auth.internal" } };
    if (!kstore_get(x->store, "secrets", "default") && !add_certificate(x, a, e))
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!create_unless_there(x, parts[i][0], seed_object(a, parts[i][0], parts[i][1]), e))
            return false;
    return true;
}

/* What every start of the console looks after; a folder that standalone has filled and no console
 * has seen yet gets its default route here. */
static bool seed_at_start(struct embedded *x, struct arena *a, struct err *e)
{
    const char *routed = setting(x, "route.default.initialized");
    if (!kstore_get(x->store, "configmaps", settings_map) || kstore_problem(x->store, 0))
        return true;
    if (!setting(x, "dashboard.builtin") && !set_setting(x, a, "dashboard.builtin", "false", e))
        return false;
    if (routed && strcmp(routed, "true") == 0)
        return true;
    if (kstore_count(x->store, "ingresses") == 0 && !add_default_route(x, a, e))
        return false;
    return set_setting(x, a, "route.default.initialized", "true", e);
}

bool seed_run(struct embedded *x, struct err *e)
{
    struct arena *a = arena_new();
    bool done = true, fresh = is_store_empty(x->store);
    const cJSON *object, *objects = fresh ? all_objects(a) : NULL;
    cJSON_ArrayForEach(object, objects)
    {
        done = done && create_unless_there(x, plural_of(object), object, e);
    }
    done = done && (!fresh || add_certificate(x, a, e)) && seed_at_start(x, a, e);
    arena_free(a);
    return done;
}
