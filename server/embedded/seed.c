/* seed.c - the fresh folder: objects of assets/seed.yaml, a certificate of its own, and what the
 * console writes at its first start. To change what a new folder holds, edit that file. */
#include "embedded/seed.h"

#include "base/arena.h"
#include "base/asset.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "embedded/certificate.h"
#include "embedded/embedded.h"
#include "embedded/kstore.h"
#include "embedded/kube.h"
#include "net/cert.h"

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

static bool add(struct embedded *x, const char *plural, const cJSON *object, struct err *e)
{
    enum kstore_result result = kstore_create(x->store, plural, object, e);
    return result == KSTORE_OK || result == KSTORE_EXISTS;
}

static bool is_empty(const struct kstore *s)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kstore_count(s, kinds[i].plural) > 0)
            return false;
    return kstore_problem(s, 0) == NULL;
}

/* What a running console has written once: each step is one more version of the settings. */
static bool first_start(struct embedded *x, struct arena *a, struct err *e)
{
    static const char *const steps[][2] = { { "dashboard.builtin", "false" },
                                            { "route.default.initialized", "true" } };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        cJSON *map = json_clone(a, kstore_get(x->store, "configmaps", "higress-console"));
        kube_set_label(a, map, "higress.io/resource-definer", "higress");
        json_set_str(a, json_get(map, "data"), steps[i][0], steps[i][1]);
        if (kstore_replace(x->store, "configmaps", map, e) != KSTORE_OK)
            return false;
    }
    return true;
}

static bool add_certificate(struct embedded *x, struct arena *a, struct err *e)
{
    char *cert, *key;
    if (!cert_make(a, "higress-gateway", 365, &cert, &key, e))
        return false;
    cJSON *secret = certificate_secret(a, "default", cert, key);
    kube_set_label(a, secret, "higress.io/resource-definer", "higress");
    return add(x, "secrets", secret, e);
}

bool seed_run(struct embedded *x, struct err *e)
{
    if (!is_empty(x->store))
        return true;
    struct arena *a = arena_new();
    bool done = true;
    const cJSON *object;
    cJSON_ArrayForEach(object, all_objects(a))
    {
        done = done && add(x, plural_of(object), object, e);
    }
    done = done && add_certificate(x, a, e) && first_start(x, a, e);
    arena_free(a);
    return done;
}
