/* refs.c - the search for users, and what happens to each reference when its object goes.
 *
 * That a kind refers to another is said by the kind table (kind_refs); what a cascade does with it
 * is a row here. Routes that the console made for AI routes and MCP servers are not users
 * themselves: the AI route is found by its own list, an MCP server (whose list shows no consumers)
 * by its route.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/refs_private.h"

enum { SHOWN = 10, SCOPES_MAX = 200 };

const struct ref_row ref_rows[] = {
    { "route", "services", "name", "service-source", REF_SERVICE, CUT_ELEMENT, true },
    { "route", "domains", NULL, "domain", REF_NAME, CUT_ELEMENT },
    { "route", "authConfig.allowedConsumers", NULL, "consumer", REF_NAME, CUT_LAST_ASKS },
    { "ai-route", "upstreams", "provider", "ai-provider", REF_NAME, CUT_ELEMENT, true },
    { "ai-route", "fallbackConfig.upstreams", "provider", "ai-provider", REF_NAME, CUT_FALLBACK },
    { "ai-route", "domains", NULL, "domain", REF_NAME, CUT_ELEMENT },
    { "ai-route", "authConfig.allowedConsumers", NULL, "consumer", REF_NAME, CUT_LAST_ASKS },
    { "mcp-server", "services", "name", "service-source", REF_SERVICE, CUT_ELEMENT, true },
    { "mcp-server", "domains", NULL, "domain", REF_NAME, CUT_ELEMENT },
    { "mcp-server", "consumerAuthInfo.allowedConsumers", NULL, "consumer", REF_NAME,
      CUT_LAST_ASKS },
    { "domain", NULL, "certIdentifier", "tls-certificate", REF_NAME, CUT_CERTIFICATE },
    { "service-source", NULL, "proxyName", "proxy-server", REF_NAME, CUT_MEMBER },
    { "ai-provider", NULL, "proxyName", "proxy-server", REF_NAME, CUT_MEMBER },
    { "ai-provider", NULL, "rawConfigs.openaiCustomServiceName", "service-source", REF_SERVICE,
      CUT_OWNER },
    { 0 },
};

/* -- one reference ---------------------------------------------------------------------------- */

struct ref_target refs_target(struct arena *a, const struct kind *k, const cJSON *object)
{
    struct ref_target t = { .kind = k, .name = kind_name_of(k, object) };
    const char *type = json_str(object, "type");
    if (!t.name || !type || strcmp(k->name, "service-source") != 0)
        return t;
    if (!strcmp(type, "static") || !strcmp(type, "dns"))
        t.service = arena_printf(a, "%s.%s", t.name, type);
    else
        t.ending = text_starts(type, "nacos") ? ".nacos" : arena_printf(a, ".%s", type);
    return t;
}

bool refs_is_service(const struct ref_target *t, const char *service)
{
    size_t n = strcspn(service, ":"), ending = t->ending ? strlen(t->ending) : 0;
    if (t->service)
        return strlen(t->service) == n && !strncmp(service, t->service, n);
    return ending && n > ending && !strncmp(service + n - ending, t->ending, ending);
}

bool refs_match(const struct ref_row *row, const struct ref_target *t, const cJSON *value)
{
    const char *s = cJSON_IsString(value) ? value->valuestring : NULL;
    if (!s || !t->name || strcmp(row->to, t->kind->name) != 0)
        return false;
    return row->form == REF_NAME ? !strcmp(s, t->name) : refs_is_service(t, s);
}

/* -- the search ------------------------------------------------------------------------------- */

struct search {
    struct gateway *gateway;
    struct arena *arena;
    struct cancel *cancel;
    struct ref_target target;
    const struct kind *from;
    struct ref_uses *uses;
};

void refs_add(struct arena *a, struct ref_uses *u, const struct kind *k, const char *name,
              const char *scope, const char *where)
{
    if (u->total++ >= REFS_KEPT)
        return;
    u->list = arena_grow(a, u->list, u->count, &u->room, sizeof *u->list);
    u->list[u->count++] =
        (struct ref_use){ k, arena_strdup(a, name), arena_strdup(a, scope), where };
}

static void add_use(struct search *s, const struct kind *k, const char *name, const char *scope,
                    const char *where)
{
    refs_add(s->arena, s->uses, k, name, scope, where);
}

/* The object that a person knows: an MCP server instead of the route that the console made. */
static void add_user(struct search *s, const char *name, const char *where)
{
    const char *mcp =
        strcmp(s->from->name, "route") ? NULL : derived_from(s->arena, DERIVED_MCP_ROUTE, name);
    if (!mcp) {
        add_use(s, s->from, name, NULL, where);
        return;
    }
    if (text_starts(where, "authConfig."))
        where = arena_printf(s->arena, "consumerAuthInfo.%s", strchr(where, '.') + 1);
    add_use(s, kind_find("mcp-server"), mcp, NULL, where);
}

/* Made by the console for something that has a list of its own. */
static bool shown_elsewhere(const struct search *s, const char *name)
{
    return derived_is_internal(name) &&
           (derived_from(s->arena, DERIVED_AI_ROUTE, name) || strcmp(s->from->name, "route") != 0);
}

struct look {
    struct search *search;
    const char *where; /* of the first reference found, or NULL */
};

/* The kind table says that a route names a service; that is of a source. */
static bool refers_to_target(void *arg, const char *path, const char *kind, const char *name)
{
    struct look *l = arg;
    const struct ref_target *t = &l->search->target;
    bool source = !strcmp(t->kind->name, "service-source");
    if (strcmp(kind, source ? "service" : t->kind->name) != 0)
        return true;
    if (!(source ? refs_is_service(t, name) : !strcmp(name, t->name)))
        return true;
    l->where = arena_strdup(l->search->arena, path);
    return false;
}

static bool find_uses_in(void *arg, const cJSON *o)
{
    struct search *s = arg;
    struct look l = { s, NULL };
    const char *name = kind_name_of(s->from, o);
    if (!name || shown_elsewhere(s, name))
        return true;
    struct arena *one = arena_new();
    kind_refs(one, s->from, NULL, o, refers_to_target, &l);
    arena_free(one);
    if (l.where)
        add_user(s, name, l.where);
    return true;
}

/* Does a kind refer to the target's kind, and has it a list that shows it? An MCP server's routes
 * and allow lists show what its own list does not; instances are asked for scope by scope. */
static bool refers(const struct kind *k, const struct kind *to)
{
    bool source = !strcmp(to->name, "service-source");
    char row[TEXT_WORD];
    if ((k->flags & (KIND_THIN_LIST | KIND_SPECIAL | KIND_SCOPED)) != 0)
        return false;
    for (const char *rest = k->refs; text_word_next(&rest, row);)
        if (!strcmp(strchr(row, '>') + 1, source ? "service" : to->name))
            return true;
    return false;
}

/* -- instances of a plugin: asked scope by scope ---------------------------------------------- */

struct scopes {
    struct arena *arena;
    const char *prefix, *key;
    const char *list[SCOPES_MAX];
    int count, unseen;
};

static bool add_search_scope(void *arg, const cJSON *o)
{
    struct scopes *x = arg;
    const char *name = json_str(o, x->key);
    for (int i = x->count - 1; name && i >= 0; i--)
        if (text_starts(x->list[i], x->prefix) && !strcmp(x->list[i] + strlen(x->prefix), name))
            return true; /* a service is listed once a port */
    if (name && x->count < SCOPES_MAX)
        x->list[x->count++] = arena_printf(x->arena, "%s%s", x->prefix, name);
    else if (name)
        x->unseen++;
    return true;
}

static bool find_instances(struct search *s, struct err *e)
{
    const struct kind *instance = kind_find("plugin-instance");
    struct scopes *x = arena_make(s->arena, struct scopes);
    x->arena = s->arena;
    x->list[x->count++] = "global";
    for (const char *const *scope = kind_scopes; *scope; scope++) {
        const struct kind *k = kind_find(*scope);
        x->prefix = arena_printf(s->arena, "%s:", *scope);
        x->key = k->key;
        if (!gateway_each_kind(s->gateway, k, NULL, add_search_scope, x, s->cancel, e))
            return false;
    }
    for (int i = 0; i < x->count; i++) {
        bool missing = false;
        if (gateway_object(s->gateway, s->arena, instance, s->target.name, x->list[i], &missing,
                           s->cancel, e))
            add_use(s, instance, s->target.name, x->list[i], "pluginName");
        else if (!missing)
            return false;
    }
    s->uses->unseen = x->unseen;
    return true;
}

bool refs_find(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *object,
               struct ref_uses *out, struct cancel *c, struct err *e)
{
    struct search s = { .gateway = g, .arena = a, .cancel = c, .uses = out };
    s.target = refs_target(a, k, object);
    if (!s.target.name)
        return true;
    out->vague = s.target.ending != NULL;
    for (const struct kind *from = kinds; from->name; from++) {
        s.from = from;
        if (refers(from, k) && !gateway_each_kind(g, from, NULL, find_uses_in, &s, c, e))
            return err_at(e, "while looking who uses %s '%s'", k->name, s.target.name);
    }
    if (!strcmp(k->name, "wasm-plugin") && !find_instances(&s, e))
        return err_at(e, "while looking for instances of '%s'", s.target.name);
    return true;
}

char *refs_say(struct arena *a, const struct ref_uses *u)
{
    struct buf *b = buf_in(a, 4096);
    for (int i = 0; i < u->count && i < SHOWN; i++) {
        const struct ref_use *x = &u->list[i];
        buf_printf(b, "%s%s %.80s%s%.80s (%s)", i ? ", " : "", x->kind->name, x->name,
                   x->scope ? " at " : "", x->scope ? x->scope : "", x->where);
    }
    if (u->total > SHOWN)
        buf_printf(b, " and %d more", u->total - SHOWN);
    if (u->unseen)
        buf_printf(b, "; %d more places were not looked at", u->unseen);
    return text_clean(a, b->data, 2000);
}
