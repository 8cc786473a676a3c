/* manifest_plan.c - a manifest as one plan: order, what is there already, what it refers to.
 *
 * What others may point to comes first; a target of plugin instances that the manifest makes is not
 * asked for, because the console answers 400 where it is not there yet.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gateway/gateway.h"
#include "gateway/kind.h"
#include "gateway/manifest.h"
#include "gateway/plan.h"

const char manifest_order[] = "higress-config|proxy-server|service-source|tls-certificate|domain|"
                              "consumer|ai-provider|wasm-plugin|route|ai-route|mcp-server|"
                              "mcp-consumers|dashboard|plugin-instance";

struct planning {
    struct gateway *gateway;
    struct plan *plan;
    struct manifest *manifest;
    struct cancel *cancel;
    bool whole;
    int created, changed, same;
};

/* -- what the manifest makes ------------------------------------------------------------------ */

static bool makes(const struct manifest *m, const char *kind, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (!strcmp(m->list[i].kind->name, kind) && !strcmp(m->list[i].name, name))
            return true;
    return false;
}

/* A service of a source, or of an AI provider. */
static bool makes_service(const struct manifest *m, const char *service)
{
    size_t n = strcspn(service, ":");
    char name[300];
    for (int i = 0; i < m->count; i++) {
        const struct manifest_item *x = &m->list[i];
        const char *type = json_str(x->object, "type");
        if (!strcmp(x->kind->name, "ai-provider"))
            snprintf(name, sizeof name, "llm-%s.internal.", x->name);
        else if (type && !strcmp(x->kind->name, "service-source"))
            snprintf(name, sizeof name, "%s.%s", x->name, type);
        else
            continue;
        size_t len = strlen(name);
        if (!strncmp(service, name, len) && (len == n || name[len - 1] == '.'))
            return true;
    }
    return false;
}

/* "ai-route-chat.internal" is made with the AI route chat. */
static bool makes_route(struct manifest *m, const char *name)
{
    static const char *const rows[][3] = { { "ai-route-", ".fallback.internal", "ai-route" },
                                           { "ai-route-", ".internal", "ai-route" },
                                           { "mcp-server-", ".internal", "mcp-server" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(name), starts = strlen(rows[i][0]), ends = strlen(rows[i][1]);
        if (n > starts + ends && text_starts(name, rows[i][0]) && text_ends(name, rows[i][1]) &&
            makes(m, rows[i][2], arena_strndup(m->arena, name + starts, n - starts - ends)))
            return true;
    }
    return makes(m, "route", name);
}

static bool is_made(struct manifest *m, const char *kind, const char *name)
{
    if (!strcmp(kind, "service"))
        return makes_service(m, name);
    return !strcmp(kind, "route") ? makes_route(m, name) : makes(m, kind, name);
}

/* -- what it refers to ------------------------------------------------------------------------ */

struct need {
    const char *kind, *name, *path;
    const struct manifest_item *by;
    bool found;
};

struct needs {
    struct manifest *manifest;
    const struct manifest_item *by;
    struct need *list;
    int count, room;
};

static bool is_needed(void *arg, const char *path, const char *kind, const char *name)
{
    struct needs *n = arg;
    if (is_made(n->manifest, kind, name))
        return true;
    struct arena *a = n->manifest->arena;
    n->list = arena_grow(a, n->list, n->count, &n->room, sizeof *n->list);
    n->list[n->count++] = (struct need){ arena_strdup(a, kind), arena_strdup(a, name),
                                         arena_strdup(a, path), n->by, false };
    return true;
}

struct finding {
    struct needs *needs;
    const struct kind *kind;
};

static bool mark(void *arg, const cJSON *o)
{
    const struct finding *f = arg;
    const char *name = kind_name_of(f->kind, o);
    for (int i = 0; name && i < f->needs->count; i++) {
        struct need *n = &f->needs->list[i];
        bool service = !strcmp(n->kind, "service");
        size_t len = service ? strcspn(n->name, ":") : strlen(n->name);
        if (!strcmp(n->kind, f->kind->name) && !strncmp(n->name, name, len) && !name[len])
            n->found = true;
    }
    return true;
}

static bool is_missing(const struct needs *all, const struct kind *k)
{
    for (int i = 0; i < all->count; i++)
        if (!all->list[i].found && !strcmp(all->list[i].kind, k->name))
            return true;
    return false;
}

static bool say_missing(struct planning *g, const struct need *n)
{
    struct plan *p = g->plan;
    if (g->whole) {
        plan_warn(p, "%s '%s': %s names the %s '%s', which is not there", n->by->kind->name,
                  n->by->name, n->path, n->kind, n->name);
        return true;
    }
    return err_set(p->err, ERR_ARGS,
                   "%s: %s '%s': %s: there is no %s '%s', neither in the gateway nor in the "
                   "manifest",
                   n->by->where, n->by->kind->name, n->by->name, n->path, n->kind,
                   text_clean(p->arena, n->name, 120));
}

/* Each list is read once, and only where something of it is needed. */
static bool references_hold(struct planning *g)
{
    struct needs all = { .manifest = g->manifest };
    struct finding f = { .needs = &all };
    for (int i = 0; i < g->manifest->count; i++) {
        all.by = &g->manifest->list[i];
        kind_refs(g->manifest->arena, all.by->kind, all.by->scope, all.by->object, is_needed, &all);
    }
    for (const struct kind *k = kinds; k->name; k++) {
        f.kind = k;
        if (is_missing(&all, k) &&
            !gateway_each_kind(g->gateway, k, NULL, mark, &f, g->cancel, g->plan->err))
            return false;
    }
    for (int i = 0; i < all.count; i++)
        if (!all.list[i].found && !say_missing(g, &all.list[i]))
            return false;
    return true;
}

/* -- one item --------------------------------------------------------------------------------- */

static bool scope_is_new(struct planning *g, const struct manifest_item *i)
{
    const char *colon = i->scope ? strchr(i->scope, ':') : NULL;
    char kind[16];
    bool missing = false;
    if (!colon)
        return false;
    snprintf(kind, sizeof kind, "%.*s", (int)(colon - i->scope), i->scope);
    if (!is_made(g->manifest, kind, colon + 1))
        return false;
    struct err ignored = { 0 };
    return !gateway_object(g->gateway, g->plan->arena, kind_find(kind), colon + 1, NULL, &missing,
                           g->cancel, &ignored) &&
           missing;
}

/* YAML text inside an object may be given as the tree it is. */
static void settle_yaml(struct arena *a, const struct manifest_item *i)
{
    const cJSON *tree = i->kind->yaml ? json_get(i->object, i->kind->yaml) : NULL;
    if (cJSON_IsObject(tree) || cJSON_IsArray(tree))
        json_set_str(a, i->object, i->kind->yaml, yaml_print(a, tree));
}

static bool is_set(const cJSON *o, const char *member)
{
    const cJSON *m = json_get(o, member);
    return m && !cJSON_IsNull(m);
}

/* What reading never shows (a private key) cannot be compared; what the gateway makes of it can,
 * and is nothing where it is garbage. Takes those members out of the item. */
static bool looks_same(const struct manifest_item *i, const cJSON *now)
{
    bool same = now != NULL, said = false, shown = false;
    char word[KIND_WORD];
    if (!i->kind->needs)
        return false;
    json_remove(i->object, "version");
    for (const char *rest = i->kind->made; kind_next(&rest, word);) {
        const cJSON *given = json_get(i->object, word);
        said = said || given;
        shown = shown || (is_set(now, word) && strcmp(word, "version") != 0);
        same = same && (!given || json_equal(given, json_get(now, word)));
        json_remove(i->object, word);
    }
    return same && (said || (i->unknown && !shown));
}

/* The password of a registry that has one already: a write without any keeps it. */
static bool stays_unseen(const struct manifest_item *i, const cJSON *now)
{
    cJSON *auth = json_get(i->object, "authN");
    if (strcmp(i->kind->name, "service-source") != 0 ||
        !json_true(json_get(now, "authN"), "enabled"))
        return false;
    json_remove(auth, "properties");
    return true;
}

static bool say_unknown(struct planning *g, const struct manifest_item *i)
{
    if (!g->manifest->skip_unknown)
        return err_set(g->plan->err, ERR_ARGS, "%s", i->unknown);
    manifest_note(g->manifest, "%s '%s' is left out: %s", i->kind->name, i->name, i->unknown);
    return true;
}

/* What the object is to be: all that the manifest says, or that over what is there. */
static cJSON *wanted(struct planning *g, const struct manifest_item *i, const cJSON *now)
{
    struct arena *a = g->plan->arena;
    cJSON *after = g->whole ? json_clone(a, i->object) : json_merge_patch(a, now, i->object);
    const char *text = json_str(after, "rawConfigurations");
    if (text && (i->kind->flags & KIND_SCOPED) && json_get(i->object, "configurations"))
        json_remove(after, "rawConfigurations");
    return after;
}

static bool plan_change(struct planning *g, const struct manifest_item *i, const cJSON *now,
                        const cJSON *after)
{
    struct plan *p = g->plan;
    g->changed++;
    p->exact = g->whole;
    bool ok = plan_put(p, i->kind->name, i->name, i->scope, now, after);
    p->exact = false;
    return ok;
}

static bool plan_item(struct planning *g, const struct manifest_item *i)
{
    struct arena *a = g->plan->arena;
    bool missing = scope_is_new(g, i);
    settle_yaml(a, i);
    cJSON *now = missing ? NULL
                         : gateway_object(g->gateway, a, i->kind, i->name, i->scope, &missing,
                                          g->cancel, g->plan->err);
    if (!now && !missing)
        return false;
    bool known = looks_same(i, now);
    if (i->unknown && !known && !stays_unseen(i, now))
        return say_unknown(g, i);
    if (!kind_exists(i->kind, now)) {
        g->created++;
        return plan_create(g->plan, i->kind->name, i->scope, i->object);
    }
    const cJSON *after = wanted(g, i, now);
    if (!known && !json_equal(kind_content(a, i->kind, now), kind_content(a, i->kind, after)))
        return plan_change(g, i, now, after);
    g->same++;
    return true;
}

static bool say_where(struct planning *g, const struct manifest_item *i)
{
    bool named = text_starts(g->plan->err->text, i->kind->name);
    return named ? err_at(g->plan->err, "%s", i->where)
                 : err_at(g->plan->err, "%s: %s '%s'", i->where, i->kind->name, i->name);
}

bool manifest_plan(struct gateway *gateway, struct plan *p, struct manifest *m, bool whole,
                   struct cancel *c)
{
    struct planning g = { .gateway = gateway, .plan = p, .manifest = m, .cancel = c };
    char word[KIND_WORD];
    g.whole = whole;
    if (!references_hold(&g))
        return false;
    for (const char *rest = manifest_order; kind_next(&rest, word);)
        for (int i = 0; i < m->count; i++)
            if (!strcmp(m->list[i].kind->name, word) && !plan_item(&g, &m->list[i]))
                return say_where(&g, &m->list[i]);
    for (int i = 0; i < m->count; i++)
        if (!kind_has(manifest_order, m->list[i].kind->name))
            return err_set(p->err, ERR_ARGS, "%s: a %s can only be read", m->list[i].where,
                           m->list[i].kind->name);
    for (int i = 0; i < m->note_count; i++)
        plan_warn(p, "%s", m->notes[i]);
    if (p->count == 0)
        return err_set(p->err, ERR_ARGS, "nothing to change: all %d objects look like that already",
                       g.same);
    plan_title(p, "Apply a manifest: create %d, change %d%s", g.created, g.changed,
               g.same ? arena_printf(p->arena, ", leave %d as they are", g.same) : "");
    return true;
}
