/* resource_gateway.c - higress://gateway/{gateway}/KIND/NAME for every kind of the kind table.
 *
 * "default" is the gateway that is meant where none is named, and the one that is listed; where the
 * configuration names several, each can be read by its name. An instance of a plugin has its scope
 * before its name, as one percent-encoded segment ("route%3Ashop"). What is read is the object as
 * get_resource shows it: whole, secrets masked. A new kind is a row in kind.c and nothing here.
 * Which kinds' names may be told follows the tools that tell them.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "config/config.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"

#define PREFIX "higress://gateway/"
#define GATEWAY "default"

/* What a URI names. */
struct place {
    struct gateway *gateway;
    const struct kind *kind;
    const char *scope, *name;
};

static bool find_place(const struct mcp *m, struct arena *a, const char *uri, struct place *out)
{
    const char *rest = uri + strlen(PREFIX);
    const char *gateway = resource_segment(a, &rest);
    *out = (struct place){ 0 };
    const struct config *config;
    struct err unknown = { 0 };
    if (!gateway)
        return false;
    out->gateway = strcmp(gateway, GATEWAY)
                       ? service_gateway(m->service, gateway, &config, &unknown)
                       : m->service->gateway;
    if (!out->gateway)
        return false;
    out->kind = kind_find(resource_segment(a, &rest));
    if (!out->kind)
        return false;
    if (out->kind->flags & KIND_SCOPED)
        out->scope = resource_segment(a, &rest);
    out->name = resource_segment(a, &rest);
    return out->name && !rest && (out->scope || !(out->kind->flags & KIND_SCOPED));
}

/* -- listing ----------------------------------------------------------------------------- */

struct lister {
    struct request *request;
    struct resource_list *list;
    const struct kind *kind;
    bool full;
};

static bool add_object_row(void *arg, const cJSON *o)
{
    struct lister *l = arg;
    struct arena *a = arena_new(); /* of one row: a page skips many */
    const char *name = kind_name_of(l->kind, o);
    bool scoped = l->kind->flags & KIND_SCOPED;
    if (name && kind_exists(l->kind, o)) {
        const struct resource row = {
            .uri = arena_printf(a, PREFIX GATEWAY "/%s/%s%s", l->kind->name,
                                scoped ? "global/" : "", text_percent(a, name)),
            .name = name,
            .title = arena_printf(a, "%s %s", l->kind->name, name),
            .mime = "application/json",
        };
        l->full = !resource_add(l->list, &row);
    }
    arena_free(a);
    return !l->full;
}

/* Of scoped kinds only what is global: the other scopes are as many as there are routes. A console
 * that does not know a kind (404) has none of it. */
static bool list_kind(struct lister *l)
{
    struct request *r = l->request;
    const char *scope = l->kind->flags & KIND_SCOPED ? "global" : NULL;
    if (gateway_each_kind(r->mcp->service->gateway, l->kind, scope, add_object_row, l, &r->cancel,
                          &r->err))
        return true;
    bool unknown = r->err.kind == ERR_GATEWAY && r->err.status == 404;
    if (unknown)
        err_clear(&r->err);
    return unknown;
}

static bool resource_gateway_list(struct request *r, struct resource_list *out)
{
    struct lister l = { .request = r, .list = out };
    for (l.kind = kinds; r->mcp->service->gateway && l.kind->name && !l.full; l.kind++)
        if (!list_kind(&l))
            return false;
    return true;
}

static bool object_templates(struct request *r, struct resource_list *out)
{
    for (const struct kind *k = kinds; k->name; k++) {
        bool scoped = k->flags & KIND_SCOPED;
        const struct resource row = {
            .uri = arena_printf(r->arena, PREFIX "{gateway}/%s/%s{name}", k->name,
                                scoped ? "{scope}/" : ""),
            .name = k->name,
            .title = arena_printf(r->arena, "One %s", k->name),
            .about = k->about,
            .mime = "application/json",
        };
        if (!resource_add(out, &row))
            break;
    }
    return true;
}

/* -- reading ----------------------------------------------------------------------------- */

static bool read_object_resource(struct request *r, const char *uri, struct resource_content *out)
{
    struct place at;
    bool missing = false;
    if (!find_place(r->mcp, r->arena, uri, &at))
        return false;
    const cJSON *o = gateway_object(at.gateway, r->arena, at.kind, at.name, at.scope, &missing,
                                    &r->cancel, &r->err);
    if (r->err.kind == ERR_ARGS) /* a name that no object can have */
        err_clear(&r->err);
    if (!o)
        return false;
    cJSON *shown = mask_object(r->arena, at.kind, o);
    secret_scrub_tree(r->arena, NULL, shown);
    out->mime = "application/json";
    out->text = json_print(r->arena, shown);
    return true;
}

static char *object_state(struct mcp *m, struct arena *a, const char *uri, struct cancel *c)
{
    struct place at;
    bool missing = false;
    struct err e = { 0 };
    if (!find_place(m, a, uri, &at))
        return NULL;
    const cJSON *o = gateway_object(at.gateway, a, at.kind, at.name, at.scope, &missing, c, &e);
    return o || missing ? kind_hash(a, at.kind, o) : NULL;
}

/* -- completion -------------------------------------------------------------------------- */

struct names {
    const struct kind *kind;
    struct resource_completion *completion;
    const char *prefix; /* "route:" before each, or "" */
};

static bool suggest_object_name(void *arg, const cJSON *o)
{
    struct names *n = arg;
    const char *name = kind_name_of(n->kind, o);
    struct arena *a = arena_new();
    if (name && kind_exists(n->kind, o))
        resource_suggest(n->completion, arena_printf(a, "%s%s", n->prefix, name));
    arena_free(a);
    return true;
}

static void suggest_kind(struct request *r, struct names *n, const char *scope)
{
    struct err ignored = { 0 }; /* completion is a help, not a promise */
    gateway_each_kind(r->mcp->service->gateway, n->kind, scope, suggest_object_name, n, &r->cancel,
                      &ignored);
}

static void suggest_gateways(const struct config *k, struct resource_completion *c)
{
    resource_suggest(c, GATEWAY);
    for (int i = 0; config_several(k) && k->gateways[i]; i++)
        resource_suggest(c, k->gateways[i]->name);
}

bool resource_names_shown(const struct mcp *m, const struct kind *k)
{
    bool route = !strcmp(k->name, "route");
    return catalog_offers(m->service->catalog, "list_resources") ||
           catalog_offers(m->service->catalog, "get_resource") ||
           (route && catalog_offers(m->service->catalog, "list_routes"));
}

static void complete_object(struct request *r, const char *uri_template, const char *variable,
                            struct resource_completion *c)
{
    const char *rest = strchr(uri_template, '}');
    const char *name = rest && rest[1] == '/' ? rest + 2 : "";
    const struct kind *k = kind_find(arena_strndup(r->arena, name, strcspn(name, "/")));
    if (!strcmp(variable, "gateway")) {
        suggest_gateways(r->mcp->config, c);
    } else if (!r->mcp->service->gateway || !k) {
        return;
    } else if (!strcmp(variable, "name")) {
        struct names n = { k, c, "" };
        const char *scope = resource_given(c, "scope");
        suggest_kind(r, &n, k->flags & KIND_SCOPED ? scope ? scope : "global" : NULL);
    } else if (!strcmp(variable, "scope")) {
        resource_suggest(c, "global");
        for (const char *const *s = kind_scopes; *s && !r->gone; s++) {
            struct names n = { kind_find(*s), c, arena_printf(r->arena, "%s:", *s) };
            suggest_kind(r, &n, NULL);
        }
    }
}

const struct resource_provider resource_gateway = {
    .prefix = PREFIX,
    .list = resource_gateway_list,
    .templates = object_templates,
    .read = read_object_resource,
    .complete = complete_object,
    .state = object_state,
    .remote = true,
    .tool = "get_resource",
};
