/* serving_change.c - what of a change an Envoy can show, and whether one does. A kind that Envoy
 * shows is a row of `kinds`. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "inspect/drift.h"
#include "inspect/serving_private.h"
#include "inspect/world.h"
#include "kind/kind.h"
#include "rule/trap.h"
#include <string.h>

enum { NAME_SHOWN = 120, WHY_SHOWN = 300, CLOCKS_APART = 60 /* seconds */ };

/* -- routes ------------------------------------------------------------------------------------ */

/* Routes by name, and what drift says of each. */
struct compared_routes {
    struct arena *a;
    cJSON *differs, *skipped;
};

static void note_compared(void *arg, const char *name, const char *differs, const char *skipped)
{
    struct compared_routes *r = arg;
    if (differs)
        json_set_str(r->a, r->differs, name, differs);
    else if (skipped)
        json_set_str(r->a, r->skipped, name, skipped);
}

static struct compared_routes compare_with(struct arena *a, struct trap_world *w, const cJSON *dump)
{
    struct compared_routes r = { a, json_object(a), json_object(a) };
    trap_world_envoy(w, dump);
    drift_find_each(a, w, note_compared, &r);
    return r;
}

static bool is_route(const struct serving_op *x)
{
    return !strcmp(x->op->kind->name, "route");
}

/* The routes as they are now, or were before. */
static cJSON *written_routes(const struct serving_change *x, bool before)
{
    cJSON *list = json_array(x->arena);
    for (int i = 0; i < x->count; i++) {
        const cJSON *o = before ? x->ops[i].op->before : x->ops[i].now;
        if (is_route(&x->ops[i]) && o && x->ops[i].now)
            json_add(x->arena, list, json_clone(x->arena, o));
    }
    return list;
}

/* What an update changes of a route must be among what is compared, else Envoy would show it before
 * it has it. */
static void hide_what_is_not_compared(struct serving_change *x)
{
    struct arena *a = x->arena;
    trap_world_set(x->world, "route", written_routes(x, true), true);
    const cJSON *before = drift_dump(a, x->world);
    trap_world_set(x->world, "route", written_routes(x, false), true);
    struct compared_routes r = compare_with(a, x->world, before);
    for (int i = 0; i < x->count; i++) {
        struct serving_op *o = &x->ops[i];
        const char *why = json_str(r.skipped, o->op->name);
        bool shows = json_get(r.differs, o->op->name) || (why && !strcmp(why, DRIFT_OTHER_HOSTS));
        if (is_route(o) && o->op->verb == PLAN_PUT && !o->hidden && !shows)
            o->hidden = why ? arena_printf(a, "it is not compared with Envoy: %s", why)
                            : "what it changes of the route is not compared with Envoy";
    }
}

/* Reads what routes depend on. */
static void expect_routes(struct serving_change *x, const struct serving_means *m)
{
    static const char needs[] = "domain|service";
    struct err e = { 0 };
    const struct world_means means = { .loop = m->loop,
                                       .gateway = m->gateway,
                                       .cancel = m->cancel };
    struct world *w = world_read_kinds(x->arena, &means, needs, &e);
    bool known = w && trap_known(w->trap, "domain") && trap_known(w->trap, "service");
    for (int i = 0; i < x->count && !known; i++)
        if (is_route(&x->ops[i]) && x->ops[i].now && !x->ops[i].hidden)
            x->ops[i].hidden = "the console's domains and services could not be read";
    if (!known)
        return;
    x->world = w->trap;
    hide_what_is_not_compared(x);
}

/* -- objects that are several ------------------------------------------------------------------ */

/* The name of its first route in Envoy. */
static const char *envoy_route(struct arena *a, const struct serving_op *x)
{
    enum derived made = x->op->kind->parts[0];
    return is_route(x) ? x->op->name : derived_name(a, made, x->op->name);
}

static const char *made_hidden(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    (void)a, (void)now;
    return op->verb == PLAN_PUT ? "what it changes is not compared with Envoy" : NULL;
}

/* -- the table --------------------------------------------------------------------------------- */

static const char *route_hidden(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    (void)a, (void)op, (void)now;
    return NULL; /* hide_what_is_not_compared */
}

static const struct serving_kind {
    const char *kind;
    unsigned pages;
    const char *(*hidden)(struct arena *a, const struct plan_op *op, const cJSON *now);
} kinds_shown[] = {
    { "route", SERVING_ROUTES, route_hidden },
    { "ai-route", SERVING_ROUTES, made_hidden },
    { "mcp-server", SERVING_ROUTES, made_hidden },
    { "service-source", SERVING_CLUSTERS | SERVING_ENDPOINTS, serving_source_hidden },
    { "plugin-instance", SERVING_PLUGINS | SERVING_SERVER, serving_plugin_hidden },
    { 0 },
};

static const struct serving_kind *shown_kind(const struct plan_op *op)
{
    for (const struct serving_kind *k = kinds_shown; k->kind; k++)
        if (!strcmp(k->kind, op->kind->name))
            return k;
    return NULL;
}

static void expect_op(struct serving_change *x, struct serving_op *o)
{
    const struct serving_kind *k = shown_kind(o->op);
    o->name =
        arena_printf(x->arena, "%s %s%s%s", o->op->kind->name,
                     text_clean(x->arena, o->op->name, NAME_SHOWN), o->op->scope ? " at " : "",
                     o->op->scope ? text_clean(x->arena, o->op->scope, NAME_SHOWN) : "");
    o->hidden = k ? k->hidden(x->arena, o->op, o->now) : "Envoy does not show this kind";
}

struct serving_change *serving_expect(struct arena *a, const struct serving_means *m,
                                      const struct plan *p, const cJSON *const *wrote)
{
    struct serving_change *x = arena_make(a, struct serving_change);
    bool routes = false;
    x->arena = a;
    x->count = p->count;
    x->ops = arena_array(a, struct serving_op, p->count);
    for (int i = 0; i < p->count; i++) {
        x->ops[i] = (struct serving_op){ .op = &p->ops[i], .now = wrote[i] };
        expect_op(x, &x->ops[i]);
        routes = routes || (is_route(&x->ops[i]) && x->ops[i].now);
    }
    if (routes)
        expect_routes(x, m);
    for (int i = 0; i < x->count; i++) {
        x->visible += !x->ops[i].hidden;
        x->pages |= x->ops[i].hidden ? 0 : shown_kind(x->ops[i].op)->pages;
    }
    return x;
}

/* -- one Envoy --------------------------------------------------------------------------------- */

static bool shows_route(const struct serving_op *o)
{
    return !o->hidden && shown_kind(o->op)->pages == SERVING_ROUTES;
}

/* Marks those of `wanted` that are among the routes of a virtual host; those that are `older` than
 * the change by words. */
static void see_routes(struct arena *a, cJSON *wanted, const cJSON *older,
                       const cJSON *virtual_host)
{
    const cJSON *route;
    cJSON_ArrayForEach(route, json_get(virtual_host, "routes"))
    {
        const char *name = json_str(route, "name");
        if (!name || !json_get(wanted, name) || json_true(wanted, name))
            continue;
        if (json_get(older, name))
            json_set_str(a, wanted, name, "that name is there, made before the change");
        else
            json_set_bool(a, wanted, name, true);
    }
}

/* Was it made long before the change, so that a route of that name is an earlier one's? */
static bool is_of_before(const struct serving_change *x, const cJSON *entry)
{
    double at = when_parse(json_str(entry, "last_updated"));
    return at > 0 && at < x->since - CLOCKS_APART;
}

/* {name: is it there? or why that counts not} of the routes that are looked for. */
static cJSON *see_names(struct arena *a, const struct serving_change *x, const cJSON *dump)
{
    cJSON *wanted = json_object(a), *made = json_object(a);
    const cJSON *part, *entry, *host;
    for (int i = 0; i < x->count; i++)
        if (shows_route(&x->ops[i]))
            json_set_bool(a, x->ops[i].op->verb == PLAN_CREATE ? made : wanted,
                          envoy_route(a, &x->ops[i]), false);
    cJSON_ArrayForEach(part, made) json_set_bool(a, wanted, part->string, false);
    cJSON_ArrayForEach(part, json_get(dump, "configs"))
    {
        cJSON_ArrayForEach(entry, json_get(part, "dynamic_route_configs"))
        {
            cJSON_ArrayForEach(host, json_path(entry, "route_config.virtual_hosts"))
                see_routes(a, wanted, is_of_before(x, entry) ? made : NULL, host);
        }
    }
    return wanted;
}

struct envoy_routes {
    const cJSON *there; /* as see_names gives it */
    struct compared_routes compared;
};

/* What an update left of a route that Envoy has and that was not compared is not known. */
static const char *route_uncompared(struct serving_change *c, struct serving_op *x,
                                    const char *skipped)
{
    if (!strcmp(skipped, DRIFT_OTHER_HOSTS))
        return "it is not at all of its hosts";
    if (x->op->verb == PLAN_PUT)
        x->unclear = arena_printf(c->arena, "it is not compared with Envoy: %s",
                                  text_clean(c->arena, skipped, WHY_SHOWN));
    return NULL;
}

static const char *route_missing_here(struct arena *a, struct serving_change *c,
                                      struct serving_op *x, const struct envoy_routes *r)
{
    const char *name = envoy_route(a, x);
    const char *older = json_str(r->there, name);
    bool there = older || json_true(r->there, name);
    if (!x->now)
        return there ? "it is still there" : NULL;
    if (!there)
        return "it is not there";
    if (!is_route(x))
        return older;
    const char *differs = json_str(r->compared.differs, name);
    const char *skipped = json_str(r->compared.skipped, name);
    if (differs || !skipped)
        return differs;
    return older ? older : route_uncompared(c, x, skipped);
}

static const char *op_missing(struct arena *a, struct serving_change *c, struct serving_op *x,
                              const struct serving_pages *pages, const struct envoy_routes *r)
{
    if (x->hidden)
        return NULL;
    if (shows_route(x))
        return route_missing_here(a, c, x, r);
    return strcmp(x->op->kind->name, "service-source") ? serving_plugin_missing(a, x, pages)
                                                       : serving_source_missing(a, x, pages);
}

bool serving_is_clear(const struct serving_change *x)
{
    for (int i = 0; i < x->count; i++)
        if (!x->ops[i].hidden && !x->ops[i].unclear)
            return true;
    return false;
}

const char *serving_missing(struct arena *a, struct serving_change *x,
                            const struct serving_pages *pages)
{
    struct envoy_routes r = { see_names(a, x, pages->routes), { 0 } };
    const char *first = NULL;
    int more = 0;
    if (x->world && pages->routes)
        r.compared = compare_with(a, x->world, pages->routes);
    for (int i = 0; i < x->count; i++) {
        const char *why = op_missing(a, x, &x->ops[i], pages, &r);
        more += why && first;
        if (why && !first)
            first = arena_printf(a, "%s: %s", x->ops[i].name, text_clean(a, why, WHY_SHOWN));
    }
    return more ? arena_printf(a, "%s; and %d more objects", first, more) : first;
}
