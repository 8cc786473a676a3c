/* engine_rejected.c - did a person say no to that before?
 *
 * The same wish is found by its digest. So that a no is not got round by parting a change, by
 * adding to it, or by changing something else of the object first, each operation is held against
 * those of the newest rejections too: one that would bring about all that a rejected one would have
 * changed of that object is that wish again.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "kind/kind.h"
#include "store/store_decision.h"

/* The newest that are looked through, and those about the same objects that are opened. */
enum { REJECTIONS = 2048, OPENED = 64 };

static const char *rejection_sentence(struct arena *a, const struct store_rejection *r,
                                      const char *what)
{
    return arena_printf(a, "%s rejected %s on %s via %s (change %s)", r->who, what,
                        when_text(a, r->at, false), r->channel, r->id);
}

const char *engine_rejected(struct engine *g, struct arena *a, const char *gateway,
                            const char *wish, struct err *e)
{
    struct store_rejection r = { 0 };
    return store_rejected(g->store, a, gateway, wish, &r, e)
               ? rejection_sentence(a, &r, "the same wish")
               : NULL;
}

/* -- operation by operation ---------------------------------------------------------------- */

/* Does `is` have all that makes `after` another than `before`? */
static bool carries(const cJSON *before, const cJSON *after, const cJSON *is)
{
    const cJSON *c;
    if (!cJSON_IsObject(before) || !cJSON_IsObject(after) || !cJSON_IsObject(is))
        return json_equal(after, is);
    cJSON_ArrayForEach(c, after)
    {
        const cJSON *was = json_get(before, c->string), *now = json_get(is, c->string);
        if (!(was && json_equal(was, c)) && !(now && carries(was, c, now)))
            return false;
    }
    cJSON_ArrayForEach(c, before)
    {
        if (!json_get(after, c->string) && json_get(is, c->string))
            return false;
    }
    return true;
}

static const cJSON *content(struct arena *a, const struct kind *k, const cJSON *o)
{
    cJSON *c = kind_content(a, k, o);
    if (c && kind_version_of(k, o))
        json_remove(c, "version");
    return c;
}

/* A create of what is there otherwise is held against nothing: all of it must come again. */
static bool wants_again(struct arena *a, const struct plan_op *op, const struct plan_op *no)
{
    if (op->kind != no->kind || !text_same(op->name, no->name) ||
        !text_same(op->scope, no->scope) || !op->after != !no->after)
        return false;
    if (!no->after)
        return true;
    cJSON *nothing = json_object(a);
    const cJSON *was = no->before ? content(a, no->kind, no->before) : nothing;
    const cJSON *wanted = content(a, no->kind, no->after);
    return carries(was, wanted, content(a, op->kind, op->after)) &&
           !(op->before && carries(was, wanted, content(a, op->kind, op->before)));
}

struct search {
    struct engine *engine;
    struct arena *arena;
    const struct plan *plan;
    int opened;
    const char *found;
};

/* Does the picture of a change name an object that p is about, or not all that it has? */
static bool summary_touches_plan(const struct plan *p, const cJSON *summary)
{
    const cJSON *op;
    cJSON_ArrayForEach(op, json_get(summary, "operations"))
    {
        const struct kind *k = kind_find(json_str(op, "kind"));
        const char *name = json_str(op, "name");
        if (k && name && plan_find(p, k, name, json_str(op, "scope")))
            return true;
    }
    return json_get(summary, "more_operations") != NULL;
}

/* How many of the operations of `no` are in p again. */
static int again(struct arena *a, const struct plan *p, const struct plan *no)
{
    int n = 0;
    for (int i = 0; i < no->count; i++) {
        const struct plan_op *x = &no->ops[i], *own = plan_find(p, x->kind, x->name, x->scope);
        n += own && wants_again(a, own, x);
    }
    return n;
}

static bool look_inside(void *arg, const struct stored *row)
{
    struct search *x = arg;
    struct err ignored = { 0 }; /* one that cannot be opened says nothing about this one */
    struct store_decision d = { 0 };
    bool there = false;
    if (!text_same(row->gateway, x->plan->gateway) || !summary_touches_plan(x->plan, row->summary))
        return true;
    if (x->opened++ == OPENED) { /* nobody is asked so often that the first no is forgotten */
        x->found = arena_printf(x->arena, "more than %d wishes about these objects were rejected",
                                (int)OPENED);
        return false;
    }
    struct arena *a = arena_new();
    const struct plan *no = store_plan(x->engine->store, a, row->id, &ignored);
    int n = no ? again(a, x->plan, no) : 0;
    if (n > 0 && store_decision(x->engine->store, a, row, &d, &there, &ignored) && there) {
        const struct store_rejection r = { row->id, d.who, d.channel, d.at };
        x->found = rejection_sentence(x->arena, &r,
                                      n == no->count ? "a wish that is part of this one"
                                                     : "a wish of which this one is a part");
    }
    arena_free(a);
    return !x->found;
}

const char *engine_rejected_in(struct engine *g, struct arena *a, const struct plan *p,
                               struct err *e)
{
    const char *same = engine_rejected(g, a, p->gateway, p->wish, e);
    struct search x = { .engine = g, .arena = a, .plan = p };
    if (same || e->kind != ERR_NONE || !p->gateway)
        return same;
    double version = store_data_version(g->store);
    if (version == g->rejected.version && !strcmp(g->rejected.digest, p->digest))
        return g->rejected.found[0] ? arena_strdup(a, g->rejected.found) : NULL;
    if (!store_each(g->store, STATE_REJECTED, 0, REJECTIONS, look_inside, &x, e))
        return NULL;
    bool fits = !x.found || strlen(x.found) < sizeof g->rejected.found;
    snprintf(g->rejected.digest, sizeof g->rejected.digest, "%s", fits ? p->digest : "");
    snprintf(g->rejected.found, sizeof g->rejected.found, "%s", x.found ? x.found : "");
    g->rejected.version = version;
    return x.found;
}
