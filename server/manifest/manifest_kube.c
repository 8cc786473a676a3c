/* manifest_kube.c - Kubernetes objects as Higress keeps them: which reader takes which kind, and
 * the readers of ConfigMap, McpBridge and Secret.
 *
 * A new kind is a row of `readers`. What the console makes by itself is left out with a note.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

const char *manifest_meta(const cJSON *o, const char *group, const char *key)
{
    const cJSON *meta = json_get(o, "metadata");
    return json_str(group ? json_get(meta, group) : meta, key);
}

const char *manifest_space(const struct manifest *m, const cJSON *o)
{
    const char *space = manifest_meta(o, NULL, "namespace");
    space = space && *space ? space : m->space;
    return space ? space : MANIFEST_SPACE;
}

/* -- ConfigMap -------------------------------------------------------------------------------- */

static bool domain(struct manifest *m, const cJSON *data, struct err *e)
{
    struct manifest_item *i = manifest_item(m, "domain", json_str(data, "domain"), NULL, e);
    if (!i)
        return err_at(e, "data.domain");
    i->of_tls = false;
    const char *https = json_str(data, "enableHttps"), *cert = json_str(data, "cert");
    json_set_str(m->arena, i->object, "enableHttps", https ? https : "off");
    if (cert && *cert)
        json_set_str(m->arena, i->object, "certIdentifier", cert);
    return true;
}

static bool ai_route(struct manifest *m, const cJSON *data, struct err *e)
{
    const char *text = json_str(data, "data");
    cJSON *route = text ? json_parse(m->arena, text, strlen(text), e) : NULL;
    if (!route)
        return e->kind == ERR_NONE ? err_set(e, ERR_ARGS, "data.data: is needed, the route as JSON")
                                   : err_at(e, "data.data");
    struct manifest_item *i = manifest_item(m, "ai-route", json_str(route, "name"), NULL, e);
    if (i)
        i->object = route;
    return i || err_at(e, "data.data");
}

/* Each entry of data is YAML text; here it is a tree. */
static bool settings(struct manifest *m, const cJSON *data, struct err *e)
{
    struct manifest_item *i = manifest_item(m, "higress-config", "higress-config", NULL, e);
    if (!i)
        return false;
    cJSON *to = json_set_object(m->arena, i->object, "data");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, data)
    {
        if (!cJSON_IsString(entry) || !entry->string)
            continue;
        cJSON *tree = yaml_parse(m->arena, entry->valuestring, strlen(entry->valuestring), e);
        if (!tree)
            return err_at(e, "data.%s", entry->string);
        json_set(m->arena, to, entry->string, tree);
    }
    return true;
}

static bool read_kube_config_map(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *name = manifest_meta(o, NULL, "name");
    const cJSON *data = json_get(o, "data");
    if (text_starts(name, "domain-"))
        return domain(m, data, e);
    if (derived_from(m->arena, DERIVED_AI_MAP, name))
        return ai_route(m, data, e);
    if (!strcmp(name, "higress-config"))
        return settings(m, data, e);
    manifest_note(m, "is left out: it is no domain-*, ai-route-* or higress-config");
    return true;
}

/* -- Secret ----------------------------------------------------------------------------------- */

static bool read_kube_secret(struct manifest *m, const cJSON *o, struct err *e)
{
    static const char *const keys[][2] = { { "tls.crt", "cert" }, { "tls.key", "key" } };
    const char *type = json_str(o, "type"), *name = manifest_meta(o, NULL, "name");
    if (!type || strcmp(type, "kubernetes.io/tls") != 0) {
        manifest_note(m, "is left out: only Secrets of type kubernetes.io/tls are taken");
        return true;
    }
    const char *item = manifest_named(m, "tls-certificate", manifest_space(m, o), name)->item;
    struct manifest_item *i = manifest_item(m, "tls-certificate", item, NULL, e);
    if (strcmp(item, name) != 0)
        manifest_account(m, NULL, MANIFEST_TRANSLATED, LOSES_TUNING,
                         "is the certificate %s: another Secret has its name", item);
    for (int k = 0; i && k < 2; k++) {
        const char *plain = json_str(json_get(o, "stringData"), keys[k][0]);
        const char *coded = json_str(json_get(o, "data"), keys[k][0]);
        size_t n = 0;
        if (!plain && coded)
            plain = base64_decode(m->arena, coded, strlen(coded), &n);
        if (!plain)
            return err_set(e, ERR_ARGS, "data.%s: is needed, in base64", keys[k][0]);
        json_set_str(m->arena, i->object, keys[k][1],
                     n ? arena_strndup(m->arena, plain, n) : plain);
    }
    return i != NULL;
}

/* -- which reader ----------------------------------------------------------------------------- */

static bool left_out(struct manifest *m, const cJSON *o, struct err *e)
{
    (void)o;
    (void)e;
    manifest_note(m, "is left out: the console makes it by itself");
    return true;
}

/* Nothing of the gateway's: it tells which port has which name. */
static bool read_kube_service(struct manifest *m, const cJSON *o, struct err *e)
{
    (void)e;
    struct named *n =
        manifest_named(m, "service", manifest_space(m, o), manifest_meta(o, NULL, "name"));
    n->service = json_get(o, "spec");
    manifest_account(m, NULL, MANIFEST_WORKS, LOSES_NOTHING,
                     "is read for the names of its ports; it stays what it is in the cluster");
    return true;
}

static bool read_kube_list(struct manifest *m, const cJSON *o, struct err *e)
{
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, json_get(o, "items"))
    {
        if (!manifest_kube(m, item, e))
            return err_at(e, "items[%d]", i);
        i++;
    }
    return true;
}

static const struct {
    const char *kind;
    bool (*read)(struct manifest *m, const cJSON *o, struct err *e);
} readers[] = {
    { "Ingress", manifest_ingress },  { "McpBridge", manifest_bridge },
    { "WasmPlugin", manifest_wasm },  { "ConfigMap", read_kube_config_map },
    { "Secret", read_kube_secret },   { "EnvoyFilter", left_out },
    { "Service", read_kube_service },
};

/* "Ingress shop/web". */
static const char *label_of(struct manifest *m, const char *kind, const cJSON *o, const char *name)
{
    const char *space = manifest_meta(o, NULL, "namespace");
    char *full = arena_printf(m->arena, "%s%s%s", space ? space : "", space ? "/" : "", name);
    return arena_printf(m->arena, "%s %s", kind, text_clean(m->arena, full, 120));
}

static bool no_reader(struct manifest *m, const char *kind, struct err *e)
{
    kind = text_clean(m->arena, kind ? kind : "", 60);
    if (m->survey)
        manifest_account(m, NULL, MANIFEST_IGNORED, LOSES_NOTHING, "is nothing of the gateway's");
    return m->survey || err_set(e, ERR_ARGS,
                                "kind: '%s' is not taken; Ingress, McpBridge, WasmPlugin, "
                                "ConfigMap, Service and TLS Secrets are",
                                kind);
}

bool manifest_kube(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *kind = json_str(o, "kind"), *name = manifest_meta(o, NULL, "name");
    if (kind && text_ends(kind, "List") && json_get(o, "items"))
        return read_kube_list(m, o, e);
    if (kind && name)
        m->object = label_of(m, kind, o, name);
    for (size_t i = 0; kind && i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(readers[i].kind, kind) != 0)
            continue;
        if (!name)
            return err_set(e, ERR_ARGS, "%s: metadata.name: is needed", kind);
        return readers[i].read(m, o, e) || err_at(e, "%s %s", kind, text_clean(m->arena, name, 80));
    }
    return no_reader(m, kind, e);
}
