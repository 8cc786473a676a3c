/* outside.c - a look: what is otherwise and not ours becomes an outside edit.
 *
 * When looks are due says outside_tick.c.
 */
#include "change/outside.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/trace.h"
#include "base/when.h"
#include "change/outside_private.h"
#include "console/gateway.h"
#include "kind/diff.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/plan.h"

enum { EDITS_A_LOOK = 200, OPS_MAX = 20000, DIFF_LINES = 24 };

struct looking {
    struct outside_reading reading;
    struct outside_op *ops; /* of ours since the oldest place that was read */
    int op_count, op_room;
    struct store_edit *edits; /* of the place under way */
    int edit_count, edit_room;
    int told; /* edits of all places */
    double now;
};

/* -- what we wrote ---------------------------------------------------------------------------- */

static void add_our_operation(struct looking *l, const struct outside_op *o)
{
    l->ops = arena_grow(l->reading.arena, l->ops, l->op_count, &l->op_room, sizeof *l->ops);
    l->ops[l->op_count++] = *o;
}

static bool take_written(void *arg, const struct stored *row)
{
    struct looking *l = arg;
    struct arena *a = l->reading.arena;
    struct err e = { 0 };
    struct stored whole = { 0 };
    struct store *s = l->reading.engine->store;
    const struct plan *p = row->tampered ? NULL : store_plan(s, a, row->id, &e);
    if (!p || !store_find(s, a, row->id, &whole, &e))
        return true; /* what it wrote is not known: then it looks as if it came from outside */
    const cJSON *outcomes = json_get(whole.result, "operations");
    for (int i = 0; i < p->count && l->op_count < OPS_MAX; i++) {
        const cJSON *outcome = cJSON_GetArrayItem(outcomes, i);
        add_our_operation(l, &(struct outside_op){ .op = &p->ops[i],
                                                   .planned = whole.created,
                                                   .written = whole.updated,
                                                   .state = whole.state,
                                                   .differences = json_get(outcome, "differences"),
                                                   .ours = true });
    }
    return true;
}

static bool find_ours(struct looking *l, struct err *e)
{
    double since = l->now;
    for (int i = 0; i < l->reading.count; i++) {
        const struct outside_place *p = &l->reading.places[i];
        since = p->since > 0 && p->since < since ? p->since : since;
    }
    return store_each_written(l->reading.engine->store, l->reading.gateway, since, take_written, l,
                              e);
}

/* -- from differences to edits ---------------------------------------------------------------- */

static const char *verb_of_edit(const struct outside_difference *x)
{
    return !x->before ? "created" : !x->after ? "deleted" : "changed";
}

static cJSON *shown_edit(struct arena *a, const struct outside_difference *x)
{
    const struct kind *k = x->place->kind;
    struct secret_set *hidden = secret_set_new(a);
    cJSON *o = json_object(a);
    json_set_str(a, o, "kind", k->name);
    json_set_str(a, o, "name", x->name);
    if (x->place->scope)
        json_set_str(a, o, "scope", x->place->scope);
    json_set_str(a, o, "verb", verb_of_edit(x));
    cJSON *before = mask_collect(a, k, outside_content(a, k, x->before), hidden);
    cJSON *after = mask_collect(a, k, outside_content(a, k, x->after), hidden);
    json_set(a, o, "diff", diff_lines(a, before, after, DIFF_LINES));
    secret_scrub_tree(a, hidden, o);
    return o;
}

/* What it was is not known where it was too large to be kept. */
static bool add_edit(void *arg, const struct outside_difference *x)
{
    struct looking *l = arg;
    struct arena *a = l->reading.arena;
    cJSON *sides = json_object(a);
    json_set_str(a, sides, "kind", x->place->kind->name);
    json_set_str(a, sides, "name", x->name);
    if (x->place->scope)
        json_set_str(a, sides, "scope", x->place->scope);
    if (x->before)
        json_set(a, sides, "before", json_clone(a, x->before));
    if (x->after)
        json_set(a, sides, "after", json_clone(a, x->after));
    l->edits = arena_grow(a, l->edits, l->edit_count, &l->edit_room, sizeof *l->edits);
    l->edits[l->edit_count++] = (struct store_edit){ .gateway = l->reading.gateway,
                                                     .since = x->since,
                                                     .at = x->at,
                                                     .shown = shown_edit(a, x),
                                                     .sides = sides };
    return true;
}

/* Objects that are only known by digest. */
static void add_unseen_edit(struct looking *l, const struct outside_place *p,
                            const struct outside_object *o)
{
    struct arena *a = l->reading.arena;
    cJSON *shown = json_object(a);
    json_set_str(a, shown, "kind", p->kind->name);
    json_set_str(a, shown, "name", o->name);
    if (p->scope)
        json_set_str(a, shown, "scope", p->scope);
    json_set_str(a, shown, "verb", o->digest ? "changed" : "deleted");
    json_add_str(a, json_set_array(a, shown, "diff"),
                 "what it was is not known: it was too large to be kept");
    l->edits = arena_grow(a, l->edits, l->edit_count, &l->edit_room, sizeof *l->edits);
    l->edits[l->edit_count++] = (struct store_edit){
        .gateway = l->reading.gateway, .since = p->since, .at = l->now, .shown = shown
    };
}

static bool note_difference(struct looking *l, const struct outside_place *p,
                            const struct outside_object *o, struct err *e)
{
    struct arena *a = l->reading.arena;
    const struct store_seen was = { .name = o->name, .digest = o->was };
    struct outside_difference x = {
        .place = p, .name = o->name, .since = p->since, .at = p->ended
    };
    x.before = o->before ? store_seen_object(l->reading.engine->store, a, &p->was, &was, e) : NULL;
    x.after = o->text ? json_parse(a, o->text, strlen(o->text), e) : NULL;
    if (e->kind != ERR_NONE)
        return false;
    if (o->before && x.before)
        mask_learn(p->kind, x.before);
    if (o->before && !x.before)
        return add_unseen_edit(l, p, o), true;
    return outside_explain(a, &x, l->ops, l->op_count, add_edit, l);
}

/* An edit found in this look explains what the console does along with it. */
static void add_found_operation(struct looking *l, const struct outside_place *p,
                                const struct outside_object *o)
{
    struct plan_op *op = arena_make(l->reading.arena, struct plan_op);
    *op = (struct plan_op){ .verb = !o->before  ? PLAN_CREATE
                                    : o->digest ? PLAN_PUT
                                                : PLAN_DELETE,
                            .kind = p->kind,
                            .name = o->name,
                            .scope = p->scope };
    struct outside_op found = { .op = op };
    for (int i = 0; i < l->op_count; i++) {
        const struct plan_op *known = l->ops[i].op;
        if (known->kind == p->kind && !strcmp(known->name, o->name))
            return; /* ours, or in part: what comes along with it is explained already */
    }
    if (l->op_count < OPS_MAX)
        add_our_operation(l, &found);
}

/* The parts of another object come last, so that it is known by then. */
static int by_origin(const void *x, const void *y)
{
    const struct outside_object *p = x, *q = y;
    int made = derived_is_internal(p->name) - derived_is_internal(q->name);
    return made ? made : strcmp(p->name, q->name);
}

/* So do places whose objects are made of others, and those of plugin instances. */
static int place_rank(const struct outside_place *p)
{
    bool made = !strcmp(p->kind->name, "route") || !strcmp(p->kind->name, "service-source");
    return p->scope ? 2 : made;
}

static int by_rank(const void *x, const void *y)
{
    return place_rank(x) - place_rank(y);
}

/* -- what is kept ----------------------------------------------------------------------------- */

static void seal_now(struct looking *l, const struct outside_place *p,
                     const struct outside_object *o, struct store_seen *now)
{
    *now = (struct store_seen){ .name = o->name, .digest = o->digest };
    if (o->digest)
        now->sealed = store_seal_seen(l->reading.engine->store, l->reading.arena, &p->was, o->name,
                                      o->digest, o->text);
}

/* Of one look only so many edits are told: the rest is as it was until the next one. */
static bool look_at_place(struct looking *l, const struct outside_place *p,
                          struct store_looked *out, struct err *e)
{
    struct store_seen *now = arena_array(l->reading.arena, struct store_seen, p->changed_count + 1);
    *out = (struct store_looked){ .was = &p->was, .began = p->began, .gone = p->gone, .now = now };
    l->edits = NULL;
    l->edit_count = l->edit_room = 0;
    if (p->changed_count)
        qsort(p->changed, (size_t)p->changed_count, sizeof *p->changed, by_origin);
    for (int i = 0; i < p->changed_count; i++) {
        const struct outside_object *o = &p->changed[i];
        int before = l->edit_count;
        if (!p->baseline && l->told >= EDITS_A_LOOK) {
            out->more = true;
            out->gone = false;
            break;
        }
        if (!p->baseline && !note_difference(l, p, o, e))
            return false;
        l->told += l->edit_count - before;
        if (l->edit_count > before)
            add_found_operation(l, p, o);
        seal_now(l, p, o, &now[out->now_count++]);
    }
    out->edits = l->edits;
    out->edit_count = l->edit_count;
    return true;
}

static void sum_up(const struct looking *l, const struct store_looked *all,
                   struct outside_look *out)
{
    const struct outside_reading *r = &l->reading;
    const cJSON *first = cJSON_GetArrayItem(r->unread, 0);
    out->objects = r->objects;
    out->places = r->count;
    out->unread = r->unread_count;
    out->why_unread = first ? first->valuestring : NULL;
    for (int i = 0; i < r->count; i++) {
        out->moved += !all[i].kept;
        out->more = out->more || all[i].more;
        out->edits += all[i].kept ? all[i].edit_count : 0;
    }
}

static bool keep_look(struct looking *l, struct outside_look *out, struct err *e)
{
    struct outside_reading *r = &l->reading;
    struct store_looked *all = arena_array(r->arena, struct store_looked, r->count + 1);
    cJSON *about = json_object(r->arena);
    json_set_num(r->arena, about, "at", l->now);
    if (r->unread_count)
        json_set(r->arena, about, "unread", r->unread);
    json_set_num(r->arena, about, "unread_places", r->unread_count);
    if (r->count)
        qsort(r->places, (size_t)r->count, sizeof *r->places, by_rank);
    for (int i = 0; i < r->count; i++)
        if (!look_at_place(l, &r->places[i], &all[i], e))
            return false;
    if (!store_look_end(r->engine->store, r->gateway, all, r->count, about, e))
        return false;
    sum_up(l, all, out);
    return true;
}

bool engine_look_outside(struct engine *g, struct arena *a, const char *gateway, struct cancel *c,
                         struct outside_look *out, struct err *e)
{
    struct looking *l = arena_make(a, struct looking);
    const struct engine_at *at = gateway ? engine_at(g, gateway) : &g->at[0];
    *out = (struct outside_look){ 0 };
    if (!at || !at->gateway)
        return err_set(e, ERR_ARGS, "that gateway is not configured");
    l->reading = (struct outside_reading){ .engine = g,
                                           .arena = a,
                                           .at = at,
                                           .gateway = gateway_url(at->gateway),
                                           .cancel = c,
                                           .unread = json_array(a) };
    struct store *s = engine_store(g, e);
    const cJSON *before = s ? store_look_about(s, a, l->reading.gateway, e) : NULL;
    if (e->kind != ERR_NONE)
        return false;
    g->busy++;
    bool ok = outside_read(&l->reading, e);
    l->now = when_now();
    ok = ok && find_ours(l, e) && keep_look(l, out, e);
    g->busy--;
    out->first = ok && !before;
    trace(TRACE_CHANGE, "outside: %d objects of %d places, %d edits, %d places not read",
          l->reading.objects, l->reading.count, out->edits, l->reading.unread_count);
    return ok;
}

bool engine_forget_outside(struct engine *g, const char *gateway, const char *who, struct err *e)
{
    const struct engine_at *at = gateway ? engine_at(g, gateway) : &g->at[0];
    struct store *s = at ? engine_store(g, e) : NULL;
    if (!at)
        return err_set(e, ERR_ARGS, "that gateway is not configured");
    return s && store_look_forget(s, gateway_url(at->gateway), who, "command line", e);
}
