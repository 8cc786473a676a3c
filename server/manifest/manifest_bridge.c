/* manifest_bridge.c - an McpBridge: its registries as service sources, its proxies as proxy
 * servers, field by field.
 *
 * A field that the console can set is a word of the lists below; one that it keeps and does not
 * show, or loses with its next write, is a row of `unset`.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"

static const char source_members[] = "name|type|domain|port|protocol|sni|proxyName";
static const char properties[] =
    "nacosNamespaceId|nacosGroups|enableMCPServer|mcpServerBaseUrl|mcpServerExportDomains|"
    "consulDatacenter|consulServiceTag|consulRefreshInterval|zkServicesPath";
static const char proxy_members[] = "name|type|serverAddress|serverPort|connectTimeout";

static const struct {
    const char *fields, *why;
} unset[] = {
    { "authSecretName",
      "the login is in a Secret that the console names itself: give authN with its properties" },
    { "nacosAccessKey|nacosSecretKey",
      "the login at Nacos: the console cannot set it, and loses it "
      "with any write to any registry" },
    { "enableScopeMcpServers|allowMcpServers|metadata",
      "the console keeps it where it stands, and cannot set it" },
    { "listenerPort", "legal, and the console keeps it where it stands; it cannot set it" },
};

static void account(struct manifest *m, const char *what, const char *name, const char *field)
{
    const char *why = "the console cannot set it, and loses it with any write to any registry";
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        if (text_has_word(unset[i].fields, field))
            why = unset[i].why;
    manifest_account(m, arena_printf(m->arena, "%s %s: %s", what, name, field), MANIFEST_IGNORED,
                     LOSES_ROUTE, "%s", why);
}

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
        if (text_has_word(source_members, member->string))
            json_set(m->arena, i->object, member->string, json_clone(m->arena, member));
        else if (text_has_word(properties, member->string))
            set_property(m, i->object, member);
        else if (!strcmp(member->string, "vport"))
            set_vport(m, i->object, member);
        else
            account(m, "registry", name, member->string);
    }
    return true;
}

static bool proxy(struct manifest *m, const cJSON *p, struct err *e)
{
    const char *name = json_str(p, "name");
    struct manifest_item *i = manifest_item(m, "proxy-server", name, NULL, e);
    if (!i)
        return false;
    const cJSON *member;
    cJSON_ArrayForEach(member, p)
    {
        if (text_has_word(proxy_members, member->string))
            json_set(m->arena, i->object, member->string, json_clone(m->arena, member));
        else
            account(m, "proxy", name, member->string);
    }
    const char *type = json_str(i->object, "type");
    if (type && text_equal_nocase(type, "http"))
        json_set_str(m->arena, i->object, "type", "http");
    return true;
}

static bool each_element(struct manifest *m, const cJSON *list, const char *at,
                         bool (*read)(struct manifest *m, const cJSON *x, struct err *e),
                         struct err *e)
{
    const cJSON *x;
    int i = 0;
    cJSON_ArrayForEach(x, list)
    {
        if (!read(m, x, e))
            return err_at(e, "%s[%d]", at, i);
        i++;
    }
    return true;
}

bool manifest_bridge(struct manifest *m, const cJSON *o, struct err *e)
{
    const char *name = manifest_meta(o, NULL, "name");
    if (strcmp(name, "default") != 0)
        manifest_account(m, "metadata.name", MANIFEST_TRANSLATED, LOSES_ROUTE,
                         "Higress reads the McpBridge default only: what stands in this one begins "
                         "to work");
    return each_element(m, json_path(o, "spec.proxies"), "spec.proxies", proxy, e) &&
           each_element(m, json_path(o, "spec.registries"), "spec.registries", registry, e);
}
