/* kube.c - metadata helpers and the console's writes of Kubernetes objects.
 *
 * To mark something on every object the console writes, change stamp().
 */
#include "embedded/kstore/kube.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/rest/rest.h"
#include "kind/derived.h"

#include <math.h>

enum { MAX_STATUS = 256 << 10 };

static const char definer_label[] = "higress.io/resource-definer";
static const char comment[] = "PLEASE DO NOT EDIT DIRECTLY. This resource is managed by Higress.";

/* Resource groups that appear in the API server's words. */
static const struct {
    const char *kind, *group;
} groups[] = {
    { "ingresses", "networking.k8s.io" },
    { "wasmplugins", "extensions.higress.io" },
    { "mcpbridges", "networking.higress.io" },
    { "envoyfilters", "networking.istio.io" },
};

cJSON *kube_new(struct arena *a, const char *name)
{
    cJSON *object = json_object(a);
    json_set_str(a, json_set_object(a, object, "metadata"), "name", name);
    return object;
}

const char *kube_name(const cJSON *object)
{
    return json_str(json_get(object, "metadata"), "name");
}

const char *kube_version(const cJSON *object)
{
    return json_str(json_get(object, "metadata"), "resourceVersion");
}

void kube_set_version(struct arena *a, cJSON *object, const char *version)
{
    cJSON *metadata = json_get(object, "metadata");
    if (version)
        json_set_str(a, metadata, "resourceVersion", version);
    else
        json_remove(metadata, "resourceVersion");
}

static const char *meta_entry(const cJSON *object, const char *map, const char *key)
{
    return json_str(json_get(json_get(object, "metadata"), map), key);
}

static void set_meta_entry(struct arena *a, cJSON *object, const char *map, const char *key,
                           const char *value)
{
    cJSON *metadata = json_get(object, "metadata");
    cJSON *entries = json_get(metadata, map);
    if (!cJSON_IsObject(entries))
        entries = json_set_object(a, metadata, map);
    json_set_str(a, entries, key, value);
}

const char *kube_label(const cJSON *object, const char *key)
{
    return meta_entry(object, "labels", key);
}

const char *kube_annotation(const cJSON *object, const char *key)
{
    return meta_entry(object, "annotations", key);
}

void kube_set_label(struct arena *a, cJSON *object, const char *key, const char *value)
{
    set_meta_entry(a, object, "labels", key, value);
}

void kube_set_annotation(struct arena *a, cJSON *object, const char *key, const char *value)
{
    set_meta_entry(a, object, "annotations", key, value);
}

bool kube_is_internal(const char *name)
{
    return name && derived_is_internal(name);
}

bool kube_is_defined_here(const cJSON *object)
{
    const char *definer = kube_label(object, definer_label);
    return definer && strcmp(definer, "higress") == 0;
}

cJSON *kube_load(struct rest_request *r, const char *kind, const char *name)
{
    const cJSON *stored = kstore_get(r->store, kind, name);
    return stored ? json_clone(r->arena, stored) : NULL;
}

static void stamp(struct rest_request *r, const char *kind, cJSON *object)
{
    if (strcmp(kind, "mcpbridges") == 0)
        return;
    kube_set_label(r->arena, object, definer_label, "higress");
    if (!kube_is_internal(kube_name(object)))
        return;
    kube_set_label(r->arena, object, "higress.io/internal", "true");
    kube_set_annotation(r->arena, object, "higress.io/comment", comment);
}

cJSON *kube_status(struct arena *a, const char *message, const char *reason, int code)
{
    cJSON *status = json_object(a);
    json_set_str(a, status, "kind", "Status");
    json_set_str(a, status, "apiVersion", "v1");
    json_set_object(a, status, "metadata");
    json_set_str(a, status, "status", "Failure");
    json_set_str(a, status, "message", message);
    json_set_str(a, status, "reason", reason);
    json_set_num(a, status, "code", code);
    return status;
}

/* JSON as Go prints it, fit for a page of HTML. */
static char *go_json(struct arena *a, const cJSON *node)
{
    struct buf *out = buf_in(a, MAX_STATUS);
    for (const char *p = json_print(a, node); *p; p++) {
        if (strchr("<>&", *p))
            buf_printf(out, "\\u%04x", (unsigned char)*p);
        else
            buf_char(out, *p);
    }
    return out->data;
}

bool kube_fail_status(struct rest_request *r, int http_status, const cJSON *status)
{
    return rest_fail_as(r, http_status, X_API, "%s\n", go_json(r->arena, status));
}

/* details stand before the code, which comes last. */
static void set_details(struct arena *a, cJSON *status, cJSON *details)
{
    cJSON *code = json_get(status, "code");
    json_detach(status, code);
    json_set(a, status, "details", details);
    json_set(a, status, "code", code);
}

static bool fail_not_found(struct rest_request *r, const char *kind, const char *name)
{
    const char *group = NULL;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(groups[i].kind, kind) == 0)
            group = groups[i].group;
    struct arena *a = r->arena;
    const char *resource = group ? arena_printf(a, "%s.%s", kind, group) : kind;
    struct buf *quoted = buf_in(a, MAX_STATUS);
    buf_json_string(quoted, name, strlen(name)); /* as Go's %q */
    const char *message = arena_printf(a, "%s %s not found", resource, quoted->data);
    cJSON *details = json_object(a);
    json_set_str(a, details, "name", name);
    if (group)
        json_set_str(a, details, "group", group);
    json_set_str(a, details, "kind", kind);
    cJSON *status = kube_status(a, message, "NotFound", 404);
    set_details(a, status, details);
    return kube_fail_status(r, rest_is_lenient(r) ? 404 : 500, status);
}

bool kube_would_create(struct rest_request *r, const char *kind, const char *name)
{
    if (!rest_is_lenient(r) || !kstore_get(r->store, kind, name))
        return true;
    return rest_fail(r, X_CONFLICT, NULL);
}

bool kube_would_replace(struct rest_request *r, const char *kind, const char *name,
                        const char *version)
{
    const cJSON *stored = kstore_get(r->store, kind, name);
    if (!rest_is_lenient(r))
        return true;
    if (!stored)
        return fail_not_found(r, kind, name);
    const char *now = kube_version(stored);
    if (version && *version && (!now || strcmp(version, now) != 0))
        return rest_fail(r, X_CONFLICT, NULL);
    return true;
}

bool kube_fail_storage(struct rest_request *r, const struct err *e)
{
    struct arena *a = r->arena;
    const char *message = arena_printf(a, "Internal error occurred: %s", e->text);
    cJSON *details = json_object(a), *causes = json_set_array(a, details, "causes");
    json_set_str(a, json_add(a, causes, json_object(a)), "message", e->text);
    cJSON *status = kube_status(a, message, "InternalError", 500);
    set_details(a, status, details);
    return kube_fail_status(r, 500, status);
}

/* Gson, which prints what the console sends, has no word for a number beyond a double's. */
static bool gson_prints(struct rest_request *r, const cJSON *node)
{
    const cJSON *child;
    if (cJSON_IsNumber(node) && isinf(node->valuedouble))
        return rest_fail(r, X_ILLEGAL_ARGUMENT,
                         "%sInfinity is not a valid double value as per JSON specification. To "
                         "override this behavior, use "
                         "GsonBuilder.serializeSpecialFloatingPointValues() method.",
                         node->valuedouble < 0 ? "-" : "");
    cJSON_ArrayForEach(child, node) if (!gson_prints(r, child)) return false;
    return true;
}

static const cJSON *written(struct rest_request *r, const char *kind, const cJSON *object,
                            enum kstore_result result, const struct err *e)
{
    switch (result) {
    case KSTORE_OK:
        return kstore_get(r->store, kind, kube_name(object));
    case KSTORE_EXISTS:
    case KSTORE_CONFLICT:
        rest_fail(r, X_CONFLICT, NULL);
        return NULL;
    case KSTORE_MISSING:
        fail_not_found(r, kind, kube_name(object));
        return NULL;
    default:
        kube_fail_storage(r, e);
        return NULL;
    }
}

/* Does "../x", a name, lead out of the folder of its kind? */
static bool leaves_folder(const char *name)
{
    int depth = 0;
    for (const char *p = name; *p && depth >= 0; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        if (!p[n]) /* the last is the file's own name, with ".yaml" behind */
            break;
        bool up = n == 2 && memcmp(p, "..", 2) == 0, here = n == 0 || (n == 1 && *p == '.');
        depth += up ? -1 : here ? 0 : 1;
        p += n;
    }
    return depth < 0;
}

/* The real API server writes such an object where its name leads, outside of what anybody lists.
 * Here it is answered in the same way and stored nowhere. */
static const cJSON *created_elsewhere(struct rest_request *r, cJSON *object)
{
    if (rest_is_lenient(r)) {
        rest_fail(r, X_VALIDATION, "The name '%s' leads out of its folder.", kube_name(object));
        return NULL;
    }
    kube_set_version(r->arena, object, "1");
    return object;
}

const cJSON *kube_create(struct rest_request *r, const char *kind, cJSON *object)
{
    struct err e = { 0 };
    const char *name = kube_name(object);
    stamp(r, kind, object);
    if (!gson_prints(r, object))
        return NULL;
    if (name && leaves_folder(name))
        return created_elsewhere(r, object);
    return written(r, kind, object, kstore_create(r->store, kind, object, &e), &e);
}

const cJSON *kube_replace(struct rest_request *r, const char *kind, cJSON *object)
{
    struct err e = { 0 };
    stamp(r, kind, object);
    if (!gson_prints(r, object))
        return NULL;
    return written(r, kind, object, kstore_replace(r->store, kind, object, &e), &e);
}

const cJSON *kube_save(struct rest_request *r, const char *kind, cJSON *object)
{
    if (!kstore_get(r->store, kind, kube_name(object)))
        return kube_create(r, kind, object);
    kube_set_version(r->arena, object, NULL);
    return kube_replace(r, kind, object);
}

const cJSON *kube_save_many(struct rest_request *r, const char *kind, cJSON *object,
                            unsigned writes)
{
    struct err e = { 0 };
    if (!kstore_get(r->store, kind, kube_name(object)))
        return kube_create(r, kind, object);
    stamp(r, kind, object);
    return written(r, kind, object, kstore_replace_many(r->store, kind, object, writes, &e), &e);
}

bool kube_delete(struct rest_request *r, const char *kind, const char *name)
{
    struct err e = { 0 };
    enum kstore_result result = kstore_delete(r->store, kind, name, &e);
    return result == KSTORE_OK || result == KSTORE_MISSING || kube_fail_storage(r, &e);
}
