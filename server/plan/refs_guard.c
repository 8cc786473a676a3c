/* refs_guard.c - the guard over deletions: refuse, cascade or force.
 *
 * A cascade rebuilds the plan's operations in order: whoever uses the object first (changed, or
 * deleted with its own users before it), then the object. An operation of the plan itself that
 * takes the reference away counts: such a user is none.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/plan.h"
#include "plan/refs_private.h"

enum { DEPTH = 5 };

/* Kinds whose deletion the console itself refuses while they are in use. */
static const char console_refuses[] = "domain|consumer|proxy-server";

struct guard {
    struct gateway *gateway;
    struct plan *plan;
    struct cancel *cancel;
};

static bool can_be_used(const struct kind *k)
{
    if (!strcmp(k->name, "wasm-plugin"))
        return true;
    for (const struct ref_row *row = ref_rows; row->from; row++)
        if (!strcmp(row->to, k->name))
            return true;
    return false;
}

static bool is_guarded_delete(const struct plan_op *op)
{
    return op->verb == PLAN_DELETE && op->before && (can_be_used(op->kind) || op->renamed);
}

/* Does the plan take this user's reference away already? */
static bool drops_reference(struct guard *g, const struct ref_use *u, const struct plan_op *target)
{
    const struct plan_op *op = plan_find(g->plan, u->kind, u->name, u->scope);
    bool gone = false;
    struct err ignored = { 0 };
    if (!op || op->verb == PLAN_DELETE)
        return op != NULL;
    const cJSON *left =
        refs_cut(g->plan->arena, u->kind, op->after, target->kind, target->before, &gone, &ignored);
    return left && !gone && json_equal(left, op->after);
}

/* -- a new name ------------------------------------------------------------------------------- */

struct instances {
    struct arena *arena;
    struct ref_uses *uses;
    const char *scope;
};

static bool add_instance(void *arg, const cJSON *o)
{
    struct instances *x = arg;
    const struct kind *k = kind_find("plugin-instance");
    if (!json_true(o, "internal") && kind_exists(k, o))
        refs_add(x->arena, x->uses, k, kind_name_of(k, o), x->scope, "scope");
    return true;
}

/* What is renamed must not be there yet; plugin instances at a route or domain go with it. */
static bool renames(struct guard *g, const struct plan_op *op, struct ref_uses *u)
{
    struct plan *p = g->plan;
    bool missing = false;
    if (gateway_object(g->gateway, p->arena, op->kind, op->renamed, NULL, &missing, g->cancel,
                       p->err))
        return err_set(p->err, ERR_ARGS, "%s: %s '%s' exists already", op->kind->key,
                       op->kind->name, op->renamed);
    if (!missing)
        return false;
    if (!text_has_word("route|domain", op->kind->name))
        return true;
    struct instances x = { p->arena, u, NULL };
    x.scope = arena_printf(p->arena, "%s:%s", op->kind->name, op->name);
    return gateway_each_kind(g->gateway, kind_find("plugin-instance"), x.scope, add_instance, &x,
                             g->cancel, p->err);
}

/* -- who is left ------------------------------------------------------------------------------ */

/* The users that the plan leaves; NULL after an error. */
static struct ref_uses *users_of(struct guard *g, const struct plan_op *op)
{
    struct plan *p = g->plan;
    struct ref_uses *u = arena_make(p->arena, struct ref_uses);
    if (!refs_find(g->gateway, p->arena, op->kind, op->before, u, g->cancel, p->err) ||
        (op->renamed && !renames(g, op, u)))
        return NULL;
    int kept = 0;
    for (int i = 0; i < u->count; i++)
        if (!drops_reference(g, &u->list[i], op))
            u->list[kept++] = u->list[i];
    u->total -= u->count - kept;
    u->count = kept;
    return u;
}

static bool refuse_used(struct guard *g, const struct plan_op *op, const struct ref_uses *u)
{
    if (u->total == 0 && u->unseen == 0)
        return true;
    if (u->total == 0)
        return err_set(g->plan->err, ERR_ARGS,
                       "%s '%s': nobody was found to use it, but %d places were not looked at; "
                       "give if_used: force to delete it all the same",
                       op->kind->name, op->name, u->unseen);
    const char *alone = text_has_word(console_refuses, op->kind->name)
                            ? " (the console refuses to delete it alone)"
                            : ", or if_used: force (deletes it alone; they break)";
    return err_set(g->plan->err, ERR_ARGS,
                   "%s '%s' is in use; give if_used: cascade (%s)%s. %s: %s", op->kind->name,
                   op->name,
                   op->renamed ? "points its users to the new name"
                               : "takes it out of its users, deletes what cannot be without it",
                   alone, u->vague ? "May use it" : "Used by", refs_say(g->plan->arena, u));
}

static bool force(struct guard *g, const struct plan_op *op, const struct ref_uses *u)
{
    struct plan *p = g->plan;
    if (u->total == 0)
        return true;
    if (text_has_word(console_refuses, op->kind->name))
        return err_set(p->err, ERR_ARGS,
                       "if_used: the console refuses to delete %s '%s' while it is in use; give "
                       "cascade. Used by: %s",
                       op->kind->name, op->name, refs_say(p->arena, u));
    plan_risk(p, DESTROY);
    plan_warn(p, "%s '%s' is used by %s; %s", op->kind->name, op->name, refs_say(p->arena, u),
              strcmp(op->kind->name, "wasm-plugin") ? "they break" : "they are deleted with it");
    return true;
}

/* -- cascade ---------------------------------------------------------------------------------- */

static bool remove_all(struct guard *g, const struct plan_op *op, int depth);

/* What the user is to be: without the reference, or with the new name. */
static const cJSON *user_without(struct guard *g, const struct ref_use *u, const cJSON *user,
                                 const struct plan_op *target, bool *gone)
{
    struct arena *a = g->plan->arena;
    *gone = false;
    if (target->renamed)
        return refs_point(a, u->kind, user, target->kind, target->before, target->renamed);
    return refs_cut(a, u->kind, user, target->kind, target->before, gone, g->plan->err);
}

static bool change_user(struct guard *g, const struct ref_use *u, const cJSON *now,
                        const struct plan_op *target, int depth)
{
    struct plan *p = g->plan;
    struct plan_op *mine = plan_find(p, u->kind, u->name, u->scope);
    bool gone = false;
    if (mine && mine->verb == PLAN_DELETE)
        return true;
    if (target->renamed && !strcmp(u->where, "scope")) {
        /* an instance at the old name is made at the new one */
        const char *scope = arena_printf(p->arena, "%s:%s", target->kind->name, target->renamed);
        return plan_create(p, u->kind->name, scope, now);
    }
    const cJSON *left = user_without(g, u, mine ? mine->after : now, target, &gone);
    if (!left)
        return false;
    if (gone && mine)
        return err_set(p->err, ERR_ARGS,
                       "%s '%s' would be left with nothing by what the plan deletes; delete it "
                       "first",
                       u->kind->name, u->name);
    if (mine)
        return mine->after = left, true;
    if (gone) {
        const struct plan_op op = { PLAN_DELETE, u->kind, u->name, u->scope, now, NULL, NULL };
        return remove_all(g, &op, depth + 1);
    }
    p->exact = true; /* what the cut took out is not to be carried over */
    bool ok = plan_put(p, u->kind->name, u->name, u->scope, now, left);
    p->exact = false;
    return ok;
}

static bool remove_users(struct guard *g, const struct plan_op *op, const struct ref_uses *u,
                         int depth)
{
    struct plan *p = g->plan;
    if (u->vague && u->total)
        return err_set(p->err, ERR_ARGS,
                       "if_used: the services of a registry cannot be told from those of another "
                       "one of its type, so cascade cannot choose; change the users first, or give "
                       "force. May use %s '%s': %s",
                       op->kind->name, op->name, refs_say(p->arena, u));
    if (u->unseen || u->total > u->count)
        return err_set(p->err, ERR_ARGS, "if_used: %s '%s' has too many users for one plan",
                       op->kind->name, op->name);
    for (int i = 0; i < u->count; i++) {
        const struct ref_use *x = &u->list[i];
        cJSON *now = gateway_object(g->gateway, p->arena, x->kind, x->name, x->scope, NULL,
                                    g->cancel, p->err);
        if (!now || !change_user(g, x, now, op, depth))
            return false;
    }
    return true;
}

static bool remove_all(struct guard *g, const struct plan_op *op, int depth)
{
    if (depth > DEPTH)
        return err_set(g->plan->err, ERR_ARGS, "if_used: the users of users go too deep");
    if (is_guarded_delete(op)) {
        const struct ref_uses *u = users_of(g, op);
        if (!u || !remove_users(g, op, u, depth))
            return false;
    }
    return plan_find(g->plan, op->kind, op->name, op->scope) ||
           plan_remove(g->plan, op->kind->name, op->name, op->scope, op->before);
}

static bool cascade(struct guard *g)
{
    struct plan *p = g->plan;
    const struct plan_op *old = p->ops;
    int n = p->count;
    p->ops = NULL;
    p->count = p->room = 0;
    for (int i = 0; i < n; i++)
        if (old[i].verb != PLAN_DELETE || !old[i].before) {
            *plan_room(p) = old[i];
            p->count++;
        }
    for (int i = 0; i < n; i++)
        if (old[i].verb == PLAN_DELETE && old[i].before && !remove_all(g, &old[i], 0))
            return false;
    return true;
}

/* -- another type ----------------------------------------------------------------------------- */

/* A service is called NAME.TYPE: a source of another type has other services. */
static bool is_retyped(const struct plan_op *op)
{
    const char *was = json_str(op->before, "type"), *is = json_str(op->after, "type");
    return op->verb == PLAN_PUT && !strcmp(op->kind->name, "service-source") && was && is &&
           strcmp(was, is) != 0;
}

static bool retypes(struct guard *g, const struct plan_op *op, bool forced)
{
    const struct ref_uses *u = is_retyped(op) ? users_of(g, op) : NULL;
    if (!is_retyped(op))
        return true;
    if (!u || u->total == 0 || forced)
        return u && force(g, op, u);
    return err_set(
        g->plan->err, ERR_ARGS,
        "type: %s '%s' would have services of another name, and is in use; make a source "
        "of another name and move its users, or give if_used: force (they break). Used "
        "by: %s",
        op->kind->name, op->name, refs_say(g->plan->arena, u));
}

/* -- the guard -------------------------------------------------------------------------------- */

bool refs_guard(struct gateway *gateway, struct plan *p, struct cancel *c)
{
    struct guard g = { gateway, p, c };
    bool forced = p->if_used && !strcmp(p->if_used, "force");
    if (p->err->kind != ERR_NONE)
        return false;
    for (int i = 0; i < p->count; i++)
        if (!retypes(&g, &p->ops[i], forced))
            return false;
    if (p->if_used && !strcmp(p->if_used, "cascade"))
        return cascade(&g);
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        if (!is_guarded_delete(op))
            continue;
        const struct ref_uses *u = users_of(&g, op);
        if (!u || !(forced ? force(&g, op, u) : refuse_used(&g, op, u)))
            return false;
    }
    return true;
}
