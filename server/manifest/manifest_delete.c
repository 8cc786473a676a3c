/* manifest_delete.c - what a manifest takes away: `delete: true` beside a name, or beside `select`,
 * a pattern of names ("camp-*") that becomes the objects it matches now.
 *
 * Only whole names match: camp-* is no beginning of campus. What the console keeps for itself is
 * left out with a note.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "manifest/manifest_private.h"
#include "plan/plan.h"
#include <fnmatch.h>

struct selection {
    struct arena *arena;
    const struct manifest_item *item;
    const char **names;
    int count, room;
};

bool manifest_is_delete(const cJSON *o)
{
    return json_get(o, "delete") != NULL;
}

bool manifest_take_delete(struct manifest *m, const struct kind *k, const cJSON *o,
                          const char *name, struct err *e)
{
    const char *select = json_str(o, "select");
    const char *scope = k->flags & KIND_SCOPED ? json_str(o, "scope") : NULL;
    if (!json_true(o, "delete"))
        return err_set(e, ERR_ARGS, "delete: must be true, or left out");
    if (!name == !select)
        return err_set(e, ERR_ARGS, "give %s, or select with a pattern of names", k->key);
    if (json_count(o) > 3 + (scope != NULL))
        return err_set(e, ERR_ARGS, "delete: an object that goes has kind, %s or select, and %s",
                       k->key, scope ? "scope" : "nothing else");
    struct manifest_item *i = manifest_item(m, k->name, name ? name : select, scope, e);
    if (!i)
        return false;
    i->removed = true;
    i->pattern = select != NULL;
    return true;
}

/* A service is listed once a port. */
static bool select_name(void *arg, const cJSON *o)
{
    struct selection *s = arg;
    const char *name = kind_name_of(s->item->kind, o);
    if (!name || fnmatch(s->item->name, name, 0) != 0 || !kind_exists(s->item->kind, o))
        return true;
    s->names = arena_grow(s->arena, s->names, s->count, &s->room, sizeof *s->names);
    s->names[s->count++] = arena_strdup(s->arena, name);
    return true;
}

static bool remove_named(struct gateway *g, struct plan *p, struct manifest *m,
                         const struct manifest_item *i, const char *name, struct cancel *c)
{
    const cJSON *now = NULL;
    if (plan_find(p, i->kind, name, i->scope) && i->pattern)
        return true; /* named on its own, too */
    if (!gateway_now(g, p->arena, i->kind, name, i->scope, &now, c, p->err))
        return false;
    if (kind_exists(i->kind, now))
        return plan_remove(p, i->kind->name, name, i->scope, now);
    manifest_note(m, "%s '%s' is not there: nothing to delete", i->kind->name, name);
    return true;
}

static bool remove_matching(struct gateway *g, struct plan *p, struct manifest *m,
                            const struct manifest_item *i, struct cancel *c)
{
    struct selection s = { .arena = p->arena, .item = i };
    if (!gateway_each_kind(g, i->kind, i->scope, select_name, &s, c, p->err))
        return false;
    int kept = 0;
    for (int n = 0; n < s.count; n++) {
        if (derived_is_internal(s.names[n]))
            kept++;
        else if (!remove_named(g, p, m, i, s.names[n], c))
            return false;
    }
    if (s.count == 0)
        return err_set(p->err, ERR_ARGS, "select: '%s' matches no %s; list_resources shows them",
                       text_clean(p->arena, i->name, 80), i->kind->name);
    if (kept)
        manifest_note(m, "%d of those that '%s' matches are the console's own and stay", kept,
                      i->name);
    return true;
}

bool manifest_plan_delete(struct gateway *g, struct plan *p, struct manifest *m,
                          const struct manifest_item *i, struct cancel *c)
{
    p->where = i->where;
    return i->pattern ? remove_matching(g, p, m, i, c) : remove_named(g, p, m, i, i->name, c);
}

/* "route x, route y, … and 3 more": for the title. */
const char *manifest_deleted(const struct plan *p, int *count)
{
    enum { SHOWN = 8 };
    const char *said = "";
    *count = 0;
    for (int i = 0; i < p->count; i++) {
        if (p->ops[i].verb != PLAN_DELETE)
            continue;
        if ((*count)++ < SHOWN)
            said = arena_printf(p->arena, "%s%s%s %s", said, *said ? ", " : "",
                                p->ops[i].kind->name, p->ops[i].name);
    }
    return *count > SHOWN ? arena_printf(p->arena, "%s and %d more", said, *count - SHOWN) : said;
}
