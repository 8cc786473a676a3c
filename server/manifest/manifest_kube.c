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

/* -- ConfigMap -------------------------------------------------------------------------------- */

static bool domain(struct manifest *m, const cJSON *data, struct err *e)
{
    struct manifest_item *i = manifest_item(m, "domain", json_str(data, "domain"), NULL, e);
    if (!i)
        return err_at(e, "data.domain");
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
        if (!cJSON_IsString(entry))
            continue;
        cJSON *tree = yaml_parse(m->arena, entry->valuestring, strlen(entry->valuestring), e);
        if (!tree)
            return err_at(e, "data.%s", entry->string);
        json_set(m->arena, to, entry->string, tree);
    }
    return true;
}

static bool config_map(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *name = manifest_meta(o, NULL, "name");
    const cJSON *data = json_get(o, "data");
    if (text_starts(name, "domain-"))
        return domain(m, data, e);
    if (derived_from(m->arena, DERIVED_AI_MAP, name))
        return ai_route(m, data, e);
    if (!strcmp(name, "higress-config"))
        return settings(m, data, e);
    manifest_note(m, "ConfigMap %s is left out: it is no domain-*, ai-route-* or higress-config",
                  name);
    return true;
}

/* -- McpBridge -------------------------------------------------------------------------------- */

static const char source_members[] = "name|type|domain|port|protocol|sni|proxyName";
static const char properties[] =
    "nacosNamespaceId|nacosGroups|enableMCPServer|mcpServerBaseUrl|mcpServerExportDomains|"
    "consulDatacenter|consulServiceTag|consulRefreshInterval|zkServicesPath";

static void set_vport(struct manifest *m, cJSON *source, const cJSON *vport)
{
    cJSON *to = json_set_object(m->arena, source, "vport");
    const cJSON *port = json_get(vport, "default"), *services = json_get(vport, "services");
    if (port)
        json_set(m->arena, to, "defaultValue", json_clone(m->arena, port));
    if (services)
        json_set(m->arena, to, "servicesVport", json_clone(m->arena, services));
}

static void set_property(struct manifest *m, cJSON *source, const cJSON *member)
{
    cJSON *to = json_get(source, "properties");
    to = to ? to : json_set_object(m->arena, source, "properties");
    bool number = !strcmp(member->string, "consulRefreshInterval") && cJSON_IsString(member);
    json_set(m->arena, to, member->string,
             number ? json_number(m->arena, strtod(member->valuestring, NULL))
                    : json_clone(m->arena, member));
}

static bool registry(struct manifest *m, const cJSON *r, struct err *e)
{
    const char *name = json_str(r, "name");
    if (name && derived_is_internal(name)) {
        manifest_note(m, "registry %s is left out: the console makes it by itself", name);
        return true;
    }
    struct manifest_item *i = manifest_item(m, "service-source", name, NULL, e);
    if (!i)
        return false;
    const cJSON *member;
    cJSON_ArrayForEach(member, r)
    {
        if (kind_has(source_members, member->string))
            json_set(m->arena, i->object, member->string, json_clone(m->arena, member));
        else if (kind_has(properties, member->string))
            set_property(m, i->object, member);
        else if (!strcmp(member->string, "vport"))
            set_vport(m, i->object, member);
        else
            manifest_note(m, "registry %s: %s is left out, the console cannot set it%s", name,
                          member->string,
                          strcmp(member->string, "authSecretName") ? "" : "; give authN instead");
    }
    return true;
}

static bool bridge(struct manifest *m, const cJSON *o, struct err *e)
{
    const cJSON *x;
    int i = 0;
    cJSON_ArrayForEach(x, json_path(o, "spec.proxies"))
    {
        struct manifest_item *p = manifest_item(m, "proxy-server", json_str(x, "name"), NULL, e);
        if (!p)
            return err_at(e, "spec.proxies[%d]", i);
        p->object = json_clone(m->arena, x);
        i++;
    }
    i = 0;
    cJSON_ArrayForEach(x, json_path(o, "spec.registries"))
    {
        if (!registry(m, x, e))
            return err_at(e, "spec.registries[%d]", i);
        i++;
    }
    return true;
}

/* -- Secret ----------------------------------------------------------------------------------- */

static bool secret(struct manifest *m, const cJSON *o, struct err *e)
{
    static const char *const keys[][2] = { { "tls.crt", "cert" }, { "tls.key", "key" } };
    const char *type = json_str(o, "type"), *name = manifest_meta(o, NULL, "name");
    if (!type || strcmp(type, "kubernetes.io/tls") != 0) {
        manifest_note(m, "Secret %s is left out: only those of type kubernetes.io/tls are taken",
                      name);
        return true;
    }
    struct manifest_item *i = manifest_item(m, "tls-certificate", name, NULL, e);
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
    (void)e;
    manifest_note(m, "%s %s is left out: the console makes it by itself", json_str(o, "kind"),
                  manifest_meta(o, NULL, "name"));
    return true;
}

static bool list_of(struct manifest *m, const cJSON *o, struct err *e)
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
    { "Ingress", manifest_ingress },
    { "McpBridge", bridge },
    { "WasmPlugin", manifest_wasm },
    { "ConfigMap", config_map },
    { "Secret", secret },
    { "EnvoyFilter", left_out },
    { "List", list_of },
};

bool manifest_kube(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *kind = json_str(o, "kind"), *name = manifest_meta(o, NULL, "name");
    for (size_t i = 0; kind && i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(readers[i].kind, kind) != 0)
            continue;
        if (!name && strcmp(kind, "List") != 0)
            return err_set(e, ERR_ARGS, "%s: metadata.name: is needed", kind);
        return readers[i].read(m, o, e) ||
               err_at(e, "%s %s", kind, name ? text_clean(m->arena, name, 80) : "");
    }
    return err_set(e, ERR_ARGS,
                   "kind: '%s' is not taken; Ingress, McpBridge, WasmPlugin, ConfigMap and TLS "
                   "Secrets are",
                   text_clean(m->arena, kind ? kind : "", 60));
}
