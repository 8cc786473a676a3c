/* instance.c - the plugin instances of a gateway, all scopes in one walk.
 *
 * The console has no list of them: each scope is asked for its own. Names of scopes are kept, of
 * the instances only one list's element at a time.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"

struct walk {
    struct gateway *gateway;
    struct arena *arena;
    const struct gateway_instances *how;
    struct gateway_gaps *gaps;
    const struct kind *kind; /* of the scope, while scopes are collected */
    const char *scope;       /* that is read now */
    const char **scopes;
    int count, room;
    bool stopped;
};

static void add_gap(struct walk *w, const char *scope, const char *why)
{
    struct gateway_gaps *g = w->gaps;
    if (g->count == 0)
        snprintf(g->first, sizeof g->first, "%.80s: %.200s", scope, why);
    g->count++;
    if (w->how->gap)
        w->how->gap(w->how->arg, scope);
}

static bool add_instance_scope(void *arg, const cJSON *o)
{
    struct walk *w = arg;
    const char *name = kind_name_of(w->kind, o);
    if (!name)
        return true;
    const char *scope = arena_printf(w->arena, "%s:%s", w->kind->name, name);
    if (w->count && !strcmp(w->scopes[w->count - 1], scope)) /* a service is listed once a port */
        return true;
    if (w->count >= w->how->scopes_max) {
        add_gap(w, scope, "too many places to ask each");
        return true;
    }
    w->scopes = arena_grow(w->arena, w->scopes, w->count, &w->room, sizeof *w->scopes);
    w->scopes[w->count++] = scope;
    return true;
}

/* -- one place -------------------------------------------------------------------------------- */

struct place {
    gateway_each_fn *fn;
    void *arg;
};

static bool pass_existing(void *arg, const cJSON *o)
{
    struct place *p = arg;
    return !kind_exists(kind_find("plugin-instance"), o) || p->fn(p->arg, o);
}

bool gateway_instances_at(struct gateway *g, const char *scope, gateway_each_fn *fn, void *arg,
                          struct cancel *c, struct err *e)
{
    struct place p = { fn, arg };
    struct err why = { 0 };
    if (gateway_each_kind(g, kind_find("plugin-instance"), scope, pass_existing, &p, c, &why) ||
        (why.kind == ERR_GATEWAY && (why.status == 400 || why.status == 404)))
        return true;
    *e = why;
    return false;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool deliver_instance(void *arg, const cJSON *o)
{
    struct walk *w = arg;
    w->stopped = !w->how->fn(w->how->arg, w->scope, o);
    return !w->stopped;
}

/* What cannot be read is a gap. */
static bool read_scope_instances(struct walk *w, const char *scope, struct cancel *c, struct err *e)
{
    struct err why = { 0 };
    w->scope = scope;
    if (gateway_instances_at(w->gateway, scope, deliver_instance, w, c, &why))
        return true;
    if (why.kind == ERR_GONE)
        return err_set(e, ERR_GONE, "%s", why.text);
    add_gap(w, scope, why.text);
    return true;
}

static bool list_scopes(struct walk *w, const char *kind, struct cancel *c, struct err *e)
{
    struct err why = { 0 };
    w->kind = kind_find(kind);
    if (gateway_each_kind(w->gateway, w->kind, NULL, add_instance_scope, w, c, &why))
        return true;
    if (why.kind == ERR_GONE)
        return err_set(e, ERR_GONE, "%s", why.text);
    add_gap(w, arena_printf(w->arena, "%s:*", kind), why.text);
    return true;
}

bool gateway_each_instance(struct gateway *g, const struct gateway_instances *how,
                           struct gateway_gaps *gaps, struct cancel *c, struct err *e)
{
    struct arena *a = arena_new();
    struct walk w = { .gateway = g, .arena = a, .how = how, .gaps = gaps };
    *gaps = (struct gateway_gaps){ 0 };
    bool ok = read_scope_instances(&w, "global", c, e);
    for (const char *const *kind = kind_scopes; ok && *kind; kind++)
        ok = list_scopes(&w, *kind, c, e);
    for (int i = 0; ok && !w.stopped && i < w.count; i++) {
        if (how->told)
            how->told(how->arg, i, w.count);
        ok = read_scope_instances(&w, w.scopes[i], c, e);
    }
    arena_free(a);
    return ok;
}
