/* object.c - references come from plan/refs.h, rules of plugins from the places that they act at.
 */
#include "call/object.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/refs.h"

enum { USERS_SHOWN = 200, USER_BYTES = 240 };

struct users {
    struct arena *arena;
    cJSON *lines;
    const char *scope;
};

static bool add_instance_user(void *arg, const cJSON *o)
{
    struct users *u = arg;
    const struct kind *k = kind_find("plugin-instance");
    const char *name = kind_name_of(k, o);
    if (kind_exists(k, o) && !json_true(o, "internal"))
        json_add_str(u->arena, u->lines,
                     text_clean(u->arena,
                                arena_printf(u->arena, "plugin-instance %s at %s", name, u->scope),
                                USER_BYTES));
    return true;
}

/* Rules of plugins at a route, a domain, a service: they go with it. */
static bool add_instances(struct gateway *g, struct users *u, const struct kind *k,
                          const char *name, struct cancel *cancel, struct err *e)
{
    bool scope = false;
    for (const char *const *s = kind_scopes; *s; s++)
        scope = scope || !strcmp(*s, k->name);
    u->scope = arena_printf(u->arena, "%s:%s", k->name, name);
    return !scope || gateway_each_kind(g, kind_find("plugin-instance"), u->scope, add_instance_user,
                                       u, cancel, e);
}

static void add_users(struct users *u, const struct ref_uses *found)
{
    struct arena *a = u->arena;
    for (int i = 0; i < found->count && i < USERS_SHOWN; i++) {
        const struct ref_use *x = &found->list[i];
        const char *line = arena_printf(a, "%s %s%s%s %s", x->kind->name, x->name,
                                        x->scope ? " at " : "", x->scope ? x->scope : "", x->where);
        json_add_str(a, u->lines, text_clean(a, line, USER_BYTES));
    }
    if (found->total > json_count(u->lines))
        json_add_str(a, u->lines,
                     arena_printf(a, "and %d more", found->total - json_count(u->lines)));
    if (found->unseen)
        json_add_str(a, u->lines,
                     arena_printf(a, "%d more places were not looked at", found->unseen));
    if (found->vague && found->total)
        json_add_str(a, u->lines, "these may use another registry of its type");
}

cJSON *object_users(struct gateway *g, struct arena *a, const struct kind *k, const cJSON *object,
                    struct cancel *cancel, struct err *e)
{
    const char *name = k ? kind_name_of(k, object) : NULL;
    struct users u = { .arena = a, .lines = json_array(a) };
    struct ref_uses found = { 0 };
    if (!refs_find(g, a, k, object, &found, cancel, e))
        return NULL;
    add_users(&u, &found);
    return !name || add_instances(g, &u, k, name, cancel, e) ? u.lines : NULL;
}

cJSON *object_shown(struct gateway *g, struct arena *a, const char *kind, const char *name,
                    struct cancel *cancel, struct err *e)
{
    const struct kind *k = kind_find(kind);
    bool missing = false;
    struct err unread = { 0 };
    const cJSON *o = k && !(k->flags & KIND_SCOPED)
                         ? gateway_object(g, a, k, name, NULL, &missing, cancel, e)
                         : NULL;
    if (e->kind == ERR_ARGS) /* a name that no object can have */
        err_clear(e);
    if (!o)
        return NULL;
    cJSON *shown = json_object(a);
    json_set(a, shown, "object", mask_object(a, k, o));
    cJSON *users = object_users(g, a, k, o, cancel, &unread);
    if (users)
        json_set(a, shown, "users", users);
    else
        json_set_str(a, shown, "unread", unread.text);
    secret_scrub_tree(a, NULL, shown);
    return shown;
}
