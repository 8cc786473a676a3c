/* manifest_plan.c - a manifest as one plan: what others may point to first, and what is there
 * already. */
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"
#include "plan/plan.h"

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

/* -- one item --------------------------------------------------------------------------------- */

/* YAML text inside an object may be given as the tree it is. */
static void print_yaml_member(struct arena *a, const struct manifest_item *i)
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
    char word[TEXT_WORD];
    if (!i->kind->needs)
        return false;
    json_remove(i->object, "version");
    for (const char *rest = i->kind->made; text_word_next(&rest, word);) {
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
    return !manifest_refers(i->object);
}

static bool say_unknown(struct planning *g, const struct manifest_item *i)
{
    if (!g->manifest->skip_unknown)
        return err_set(g->plan->err, ERR_ARGS, "%s", i->unknown);
    g->manifest->object = arena_printf(g->manifest->arena, "%s '%s'", i->kind->name, i->name);
    manifest_note(g->manifest, "is left out: %s", i->unknown);
    return true;
}

/* What the object is to be: all that the manifest says, or that over what is there. */
static cJSON *object_after(struct planning *g, const struct manifest_item *i, const cJSON *now)
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

/* Of a plugin of the console's own only image, phase, priority and pull settings are a plugin's. */
static void settle_plugin(struct planning *g, const struct manifest_item *i, const cJSON *now)
{
    static const char *const fixed[] = { "category", "title", "description", "pluginVersion" };
    if (strcmp(i->kind->name, "wasm-plugin") != 0 || !json_true(now, "builtIn") ||
        json_true(i->object, "builtIn"))
        return;
    for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++)
        json_remove(i->object, fixed[k]);
    g->manifest->object = arena_printf(g->plan->arena, "wasm-plugin '%s'", i->name);
    manifest_account(
        g->manifest, NULL, MANIFEST_TRANSLATED, LOSES_ROUTE,
        "is a plugin of the console's own: its image and its place become those of the "
        "manifest");
}

static bool plan_item(struct planning *g, const struct manifest_item *i)
{
    struct arena *a = g->plan->arena;
    const cJSON *now = NULL;
    print_yaml_member(a, i);
    if (!gateway_now(g->gateway, a, i->kind, i->name, i->scope, &now, g->cancel, g->plan->err))
        return false;
    settle_plugin(g, i, now);
    g->plan->where = i->where;
    bool known = looks_same(i, now);
    if (i->unknown && !known && !stays_unseen(i, now))
        return say_unknown(g, i);
    if (i->if_absent && kind_exists(i->kind, now))
        return true;
    if (!kind_exists(i->kind, now)) {
        g->created++;
        return plan_create(g->plan, i->kind->name, i->scope, i->object);
    }
    const cJSON *after = object_after(g, i, now);
    if (!known && !json_equal(kind_content(a, i->kind, now), kind_content(a, i->kind, after)))
        return plan_change(g, i, now, after);
    g->same++;
    return true;
}

/* Something is missing: which members the kind has. */
static void say_members(struct planning *g, const struct manifest_item *i)
{
    struct err *e = g->plan->err;
    const char *said = "";
    for (const struct field *f = i->kind->fields; f && f->type; f++)
        if (!(f->flags & FIELD_MADE))
            said = arena_printf(g->plan->arena, "%s%s%s", said, *said ? ", " : "", f->name);
    const struct err was = *e;
    err_clear(e);
    err_set(e, was.kind, "%s; the members of %s: %s", was.text, i->kind->name, said);
}

static bool err_at_item(struct planning *g, const struct manifest_item *i)
{
    if (strstr(g->plan->err->text, ": is required") && !strstr(g->plan->err->text, "known are"))
        say_members(g, i);
    bool named = text_starts(g->plan->err->text, i->kind->name);
    return named ? err_at(g->plan->err, "%s", i->where)
                 : err_at(g->plan->err, "%s: %s '%s'", i->where, i->kind->name, i->name);
}

/* Its place in manifest_order; of NULL the last one's, -1: it has none. */
static int manifest_rank(const char *kind)
{
    char word[TEXT_WORD];
    int i = 0;
    for (const char *rest = manifest_order; text_word_next(&rest, word); i++)
        if (kind && !strcmp(kind, word))
            return i;
    return kind ? -1 : i - 1;
}

/* Creates and changes, what others point to first; then deletes, what others point to last. */
static bool plan_all(struct planning *g)
{
    struct manifest *m = g->manifest;
    char word[TEXT_WORD];
    for (const char *rest = manifest_order; text_word_next(&rest, word);)
        for (int i = 0; i < m->count; i++)
            if (!m->list[i].removed && !strcmp(m->list[i].kind->name, word) &&
                !plan_item(g, &m->list[i]))
                return err_at_item(g, &m->list[i]);
    for (int at = manifest_rank(NULL); at >= 0; at--)
        for (int i = 0; i < m->count; i++)
            if (m->list[i].removed && manifest_rank(m->list[i].kind->name) == at &&
                !manifest_plan_delete(g->gateway, g->plan, m, &m->list[i], g->cancel))
                return err_at_item(g, &m->list[i]);
    return true;
}

static void title_manifest_plan(struct planning *g)
{
    enum { FEW = 3 };
    struct plan *p = g->plan;
    int deleted = 0;
    const char *gone = manifest_deleted(p, &deleted);
    const char *same = g->same ? arena_printf(p->arena, ", leave %d as they are", g->same) : "";
    if (p->count <= FEW && deleted != p->count)
        return; /* their effects are the title */
    if (deleted && deleted == p->count)
        plan_title(p, "Delete %s", gone);
    else if (deleted)
        plan_title(p, "Apply a manifest: create %d, change %d%s, delete %d (%s)", g->created,
                   g->changed, same, deleted, gone);
    else
        plan_title(p, "Apply a manifest: create %d, change %d%s", g->created, g->changed, same);
}

bool manifest_plan(struct gateway *gateway, struct plan *p, struct manifest *m, bool whole,
                   struct cancel *c)
{
    struct planning g = { .gateway = gateway, .plan = p, .manifest = m, .cancel = c };
    g.whole = whole;
    if (!manifest_ports(gateway, m, c, p->err) || !plan_all(&g))
        return false;
    for (int i = 0; i < m->count; i++)
        if (!text_has_word(manifest_order, m->list[i].kind->name))
            return err_set(p->err, ERR_ARGS, "%s: a %s can only be read", m->list[i].where,
                           m->list[i].kind->name);
    manifest_warn(m, p);
    if (p->count == 0)
        return err_set(p->err, ERR_ARGS, "nothing to change: all %d objects look like that already",
                       m->count);
    title_manifest_plan(&g);
    return true;
}
