/* outside_explain.c - is a difference one of ours? By what our changes found and wrote of the
 * object, and by what the console is known to write along with another.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "change/outside_private.h"
#include "kind/kind.h"
#include "plan/compare.h"

/* -- what comes along ------------------------------------------------------------------------- */

/* Plugins whose instances the console itself writes for objects of these kinds. */
static const struct {
    const char *kind, *plugins;
} console_writes[] = {
    { "consumer", "key-auth" },
    { "mcp-consumers", "key-auth" },
    { "ai-provider", "ai-proxy" },
    { "ai-route", "ai-proxy|model-mapper|model-router|ai-statistics|key-auth" },
    { "mcp-server", "mcp-server|key-auth" },
};

/* Objects in which the console writes another one's name, or takes it out. */
static const struct {
    const char *kind, *in;
} console_names[] = {
    { "domain", "route|ai-route|mcp-server" },
    { "consumer", "route|ai-route|mcp-server|mcp-consumers" },
    { "mcp-consumers", "mcp-server|route" },
    { "mcp-server", "mcp-consumers|higress-config" },
};

static bool writes_instance(const struct plan_op *op, const char *plugin)
{
    for (size_t i = 0; i < sizeof console_writes / sizeof *console_writes; i++)
        if (!strcmp(console_writes[i].kind, op->kind->name))
            return text_has_word(console_writes[i].plugins, plugin);
    return !strcmp(op->kind->name, "wasm-plugin") && !strcmp(op->name, plugin);
}

/* Is the place one that the object brings, or takes along when it goes? */
static bool brings_scope(struct arena *a, const struct plan_op *op, const char *scope)
{
    const char *colon = strchr(scope, ':'), *name = colon ? colon + 1 : "";
    if (!colon)
        return false;
    size_t n = (size_t)(colon - scope);
    if (strlen(op->kind->name) == n && !strncmp(op->kind->name, scope, n))
        return !strcmp(op->name, name);
    if (text_starts(scope, "route:"))
        return kind_makes_route(a, op->kind, op->name, name);
    if (!text_starts(scope, "service:"))
        return false;
    for (const enum derived *d = op->kind->parts; *d; d++)
        if (*d == DERIVED_LLM_SOURCE && derived_is_service_of(name, derived_name(a, *d, op->name)))
            return true;
    return !strcmp(op->kind->name, "service-source") && derived_is_service_of(name, op->name);
}

/* Is it one of the objects of which the console makes the other? */
static bool is_part(struct arena *a, const struct plan_op *op, const struct kind *k,
                    const char *name)
{
    for (const enum derived *d = op->kind->parts; *d; d++)
        if (text_same(derived_kind(*d), k->name) && !strcmp(derived_name(a, *d, op->name), name))
            return true;
    return !strcmp(k->name, "route") && kind_makes_route(a, op->kind, op->name, name);
}

/* An object that comes or goes does so with all that stands at it. Of one that is written only who
 * may use a route is: its plugins have edits of their own. */
static bool brings_instance(const struct outside_op *by, const char *plugin)
{
    const struct plan_op *op = by->op;
    return op->verb != PLAN_PUT ||
           (by->ours && !strcmp(op->kind->name, "route") && !strcmp(plugin, "key-auth"));
}

struct naming {
    const struct plan_op *op;
    bool found;
};

static bool names_target(void *arg, const char *path, const char *kind, const char *name)
{
    struct naming *n = arg;
    (void)path;
    n->found = n->found || (!strcmp(kind, n->op->kind->name) && !strcmp(name, n->op->name));
    return !n->found;
}

static bool names_in(struct arena *a, const struct plan_op *op, const struct outside_difference *x)
{
    const struct kind *k = x->place->kind;
    struct naming n = { .op = op };
    if (x->before)
        kind_refs(a, k, x->place->scope, x->before, names_target, &n);
    if (x->after && !n.found)
        kind_refs(a, k, x->place->scope, x->after, names_target, &n);
    return n.found;
}

/* An MCP server stands in the gateway's global settings, too. */
static bool is_written_along(struct arena *a, const struct plan_op *op,
                             const struct outside_difference *x)
{
    const char *kind = x->place->kind->name;
    for (size_t i = 0; i < sizeof console_names / sizeof *console_names; i++)
        if (!strcmp(console_names[i].kind, op->kind->name) &&
            text_has_word(console_names[i].in, kind))
            return !strcmp(kind, "higress-config") || names_in(a, op, x) ||
                   !strcmp(x->name, op->name);
    return false;
}

/* Of an edit of others only what surely comes with it is not told a second time. */
bool outside_brings(struct arena *a, const struct outside_op *by,
                    const struct outside_difference *x)
{
    const struct plan_op *op = by->op;
    const struct kind *k = x->place->kind;
    if (x->place->scope)
        return (brings_instance(by, x->name) && brings_scope(a, op, x->place->scope)) ||
               (by->ours && writes_instance(op, x->name));
    bool instance = !strcmp(op->kind->name, "plugin-instance") && !strcmp(op->name, x->name);
    bool written = is_written_along(a, op, x) ||
                   (!strcmp(k->name, "wasm-plugin") && (instance || writes_instance(op, x->name)));
    return is_part(a, op, k, x->name) || (by->ours && written);
}

/* -- the object itself ------------------------------------------------------------------------ */

static bool is_target(const struct outside_op *o, const struct outside_difference *x)
{
    const struct plan_op *op = o->op;
    return o->ours && op->kind == x->place->kind && !strcmp(op->name, x->name) &&
           text_same(op->scope, x->place->scope);
}

/* Is that what the operation left, as far as is known of it? */
static bool left_so(struct arena *a, const struct outside_op *o, const cJSON *now)
{
    if (compare_now(a, o->op, now) == COMPARE_AFTER)
        return true;
    if (o->state == STATE_UNKNOWN || o->state == STATE_APPLYING)
        return true; /* the change itself says that it is not known, or is under way */
    if (o->state != STATE_APPLIED && compare_alike(a, o->op, o->op->before, now))
        return true;
    return o->differences && json_equal(o->differences, compare_wanted(a, o->op, now));
}

struct telling {
    struct arena *arena;
    const struct outside_difference *x;
    outside_fn *fn;
    void *arg;
    bool on;
};

static void tell_part(struct telling *t, const cJSON *before, const cJSON *after, double since,
                      double at)
{
    struct outside_difference part = *t->x;
    part.before = before;
    part.after = after;
    part.since = since;
    part.at = at;
    t->on = t->on && t->fn(t->arg, &part);
}

/* Lists show some kinds otherwise than the object itself. */
static bool was_edited_before(struct telling *t, const struct plan_op *op)
{
    return !(op->kind->flags & KIND_LIST_KNOWS) &&
           !compare_alike(t->arena, op, t->x->before, op->before);
}

/* What was edited before our first write of it, between two, and behind the last. */
static bool tell_around(struct telling *t, const struct outside_op **mine, int count)
{
    const struct outside_op *first = mine[0], *last = mine[count - 1];
    if (was_edited_before(t, first->op))
        tell_part(t, t->x->before, first->op->before, t->x->since, first->planned);
    for (int i = 1; i < count; i++)
        if (!left_so(t->arena, mine[i - 1], mine[i]->op->before))
            tell_part(t, mine[i - 1]->op->after, mine[i]->op->before, mine[i - 1]->written,
                      mine[i]->planned);
    if (!left_so(t->arena, last, t->x->after))
        tell_part(t, last->op->after, t->x->after, last->written, t->x->at);
    return t->on;
}

bool outside_explain(struct arena *a, const struct outside_difference *x,
                     const struct outside_op *ops, int count, outside_fn *fn, void *arg)
{
    const struct outside_op **mine = arena_array(a, const struct outside_op *, count + 1);
    struct telling t = { a, x, fn, arg, true };
    int n = 0;
    bool along = false;
    for (int i = 0; i < count; i++) {
        if (is_target(&ops[i], x))
            mine[n++] = &ops[i];
        along = along || outside_brings(a, &ops[i], x);
    }
    if (n)
        return tell_around(&t, mine, n);
    return along || fn(arg, x);
}
