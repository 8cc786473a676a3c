/* outside_show.c - outside edits as answers, and what puts back what stood before one. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/risk.h"
#include "base/text.h"
#include "base/when.h"
#include "change/outside_private.h"
#include "console/gateway.h"
#include "kind/diff.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/compare.h"

enum { LIST_MAX = 100, LINES_IN_LIST = 6, STAYS_SHOWN = 200 };
static const double DAY = 86400;

/* -- one -------------------------------------------------------------------------------------- */

/* Its name where there are several, as changes say it; by address when it is another process's. */
static void set_edit_gateway(const struct engine *g, struct arena *a, cJSON *o, const char *url)
{
    const struct engine_at *at = engine_at(g, url);
    if (config_several(g->config) || !at)
        json_set_str(a, o, "gateway", at && at->config->name ? at->config->name : url);
}

static const char *verb_of_shown(const cJSON *shown)
{
    const char *verb = json_text(shown, "verb");
    return !strcmp(verb, "created") ? "create" : !strcmp(verb, "deleted") ? "delete" : "put";
}

static cJSON *edit_head(const struct engine *g, struct arena *a, const struct store_edit *x)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "id", text_clean(a, x->id, 64));
    json_set_str(a, o, "state", x->tampered ? "tampered" : "outside");
    json_set_str(a, o, "title",
                 text_clean(a, x->tampered ? x->tampered : store_edit_text(a, x), 700));
    json_set_str(a, o, "risk", risk_name(CHANGE));
    set_edit_gateway(g, a, o, x->gateway);
    json_set_str(a, o, "since", when_text(a, x->since, false));
    json_set_str(a, o, "created", when_text(a, x->at, false));
    return o;
}

static cJSON *edit_operation(struct arena *a, const struct store_edit *x, bool rows)
{
    cJSON *op = json_object(a);
    const char *kind = json_text(x->shown, "kind"), *scope = json_str(x->shown, "scope");
    const struct kind *k = kind_find(kind);
    json_set_num(a, op, "n", 1);
    json_set_str(a, op, "verb", verb_of_shown(x->shown));
    json_set_str(a, op, "kind", kind);
    json_set_str(a, op, "name", text_visible(a, json_text(x->shown, "name")));
    if (scope)
        json_set_str(a, op, "scope", text_visible(a, scope));
    json_set(a, op, "diff", json_clone(a, json_get(x->shown, "diff")));
    json_set(a, op, "lines", json_clone(a, json_get(x->shown, "diff")));
    if (!rows || !x->sides || !k)
        return op;
    const cJSON *before = mask_object(a, k, outside_content(a, k, json_get(x->sides, "before")));
    const cJSON *after = mask_object(a, k, outside_content(a, k, json_get(x->sides, "after")));
    cJSON *row, *all = json_set(a, op, "rows", diff_rows(a, before, after, STAYS_SHOWN));
    cJSON_ArrayForEach(row, all)
    {
        json_set_bool(a, row, "changes", json_get(row, "line") != NULL);
        json_remove(row, "line");
    }
    return op;
}

cJSON *engine_outside_edit(struct engine *g, struct arena *a, const char *id, bool rows,
                           struct err *e)
{
    struct store_edit x = { 0 };
    struct store *s = engine_store(g, e);
    if (!s || !store_find_edit(s, a, id, &x, e))
        return NULL;
    cJSON *o = edit_head(g, a, &x);
    json_add(a, json_set_array(a, o, "operations"), edit_operation(a, &x, rows));
    json_set_array(a, o, "warnings");
    json_set_bool(a, o, "restorable", x.sides != NULL);
    json_set_str(a, o, "next",
                 x.sides ? "undo_change with this id plans what puts back what stood before."
                         : "What stood before was too large to be kept: it cannot be put back.");
    return o;
}

/* -- a list ----------------------------------------------------------------------------------- */

struct edits {
    struct engine *engine;
    struct arena *arena;
    const struct outside_query *query;
    cJSON *list;
    int limit;
    const char *from; /* id behind which the page begins; NULL: it has begun */
    bool more;
};

static bool is_wanted_edit(struct edits *l, const struct store_edit *x, const cJSON *o)
{
    const struct outside_query *q = l->query;
    if (q->gateway && !text_same(json_str(o, "gateway"), q->gateway))
        return false;
    return x->tampered || !q->object ||
           engine_object_fits(l->arena, q->object, json_str(x->shown, "kind"),
                              json_str(x->shown, "name"), json_str(x->shown, "scope"));
}

static bool list_edit(void *arg, const struct store_edit *x)
{
    struct edits *l = arg;
    if (l->from) {
        l->from = !strcmp(l->from, x->id) ? NULL : l->from;
        return true;
    }
    cJSON *o = edit_head(l->engine, l->arena, x);
    if (!is_wanted_edit(l, x, o))
        return true;
    if (json_count(l->list) == l->limit) {
        l->more = true;
        return false;
    }
    if (!x->tampered) {
        const cJSON *line;
        cJSON *diff = json_set_array(l->arena, o, "diff");
        json_set_str(l->arena, o, "verb", json_str(x->shown, "verb"));
        cJSON_ArrayForEach(line, json_get(x->shown, "diff"))
        {
            if (json_count(diff) < LINES_IN_LIST && cJSON_IsString(line))
                json_add_str(l->arena, diff, line->valuestring);
        }
    }
    json_add(l->arena, l->list, o);
    return true;
}

cJSON *engine_outside(struct engine *g, struct arena *a, const struct outside_query *q,
                      struct err *e)
{
    struct edits l = { g, a, q, json_array(a), 0, q->cursor, false };
    struct store *s = engine_store(g, e);
    l.limit = q->limit < 1 ? 1 : q->limit > LIST_MAX ? LIST_MAX : q->limit;
    if (!s || !store_each_edit(s, q->since, list_edit, &l, e))
        return NULL;
    if (l.from)
        return err_set(e, ERR_ARGS, "cursor: not one that this list gave, or its edit is too old"),
               NULL;
    cJSON *o = json_object(a);
    json_set(a, o, "changes", l.list);
    const cJSON *last = cJSON_GetArrayItem(l.list, json_count(l.list) - 1);
    if (l.more)
        json_set_str(a, o, "next", json_str(last, "id"));
    json_set(a, o, "looks", engine_outside_state(g, a, e));
    return o;
}

/* -- how far it is known ---------------------------------------------------------------------- */

struct tally {
    const char *gateway;
    int edits;
};

static bool count_edit(void *arg, const struct store_edit *x)
{
    struct tally *t = arg;
    t->edits += !x->tampered && text_same(x->gateway, t->gateway);
    return true;
}

static cJSON *state_of_gateway(struct arena *a, struct store *s, const struct engine_at *at)
{
    struct err e = { 0 };
    const char *url = gateway_url(at->gateway);
    struct tally t = { url, 0 };
    cJSON *o = json_object(a);
    json_set_str(a, o, "gateway", at->config->name ? at->config->name : url);
    json_set_bool(a, o, "watched", at->config->outside);
    const cJSON *about = store_look_about(s, a, url, &e);
    if (e.kind == ERR_NONE && store_look_whole(s, url, &e) &&
        store_each_edit(s, when_now() - DAY, count_edit, &t, &e))
        json_set_num(a, o, "edits", t.edits);
    if (about) {
        json_set_str(a, o, "looked", when_text(a, json_num(about, "at", 0), false));
        json_set_num(a, o, "objects", json_num(about, "objects", 0));
    }
    if (json_get(about, "unread"))
        json_set(a, o, "unread", json_clone(a, json_get(about, "unread")));
    if (e.kind != ERR_NONE)
        json_set_str(a, o, "problem", e.text);
    return o;
}

cJSON *engine_outside_state(struct engine *g, struct arena *a, struct err *e)
{
    struct store *s = engine_store(g, e);
    cJSON *list = json_array(a);
    for (int i = 0; s && i < g->count; i++)
        if (g->at[i].gateway)
            json_add(a, list, state_of_gateway(a, s, &g->at[i]));
    return s ? list : NULL;
}

/* -- put back --------------------------------------------------------------------------------- */

static bool still_as_edited(struct plan *p, const struct plan_op *edited, const cJSON *now,
                            const char *id)
{
    if (compare_alike(p->arena, edited, edited->before, now))
        return true;
    const cJSON *first = cJSON_GetArrayItem(compare_drift(p->arena, edited, now), 0);
    return err_set(p->err, ERR_POLICY,
                   "%s '%s' is not any more as the outside edit %s left it (%.200s): somebody has "
                   "changed it since, and nothing is planned",
                   edited->kind->name, edited->name, id,
                   cJSON_IsString(first) ? first->valuestring
                   : now                 ? "it differs"
                                         : "it is gone");
}

static bool plan_restored(struct plan *p, const struct plan_op *edited, const cJSON *before,
                          const cJSON *now)
{
    const char *kind = edited->kind->name;
    if (!before)
        return plan_remove(p, kind, edited->name, edited->scope, now);
    return now ? plan_put(p, kind, edited->name, edited->scope, now, before)
               : plan_create(p, kind, edited->scope, before);
}

bool engine_restore(struct engine *g, struct plan *p, const char *id, struct cancel *c,
                    struct err *e)
{
    struct store_edit x = { 0 };
    struct store *s = engine_store(g, e);
    const cJSON *now = NULL;
    if (!s || !store_find_edit(s, p->arena, id, &x, e))
        return false;
    const struct engine_at *at = engine_at(g, x.gateway);
    if (!at)
        return err_set(e, ERR_POLICY, "outside edit %s was seen on another gateway", x.id);
    /* The other way round: what the edit left is what is found now. */
    const struct plan_op edited = { .verb = PLAN_PUT,
                                    .kind = kind_find(json_text(x.sides, "kind")),
                                    .name = json_str(x.sides, "name"),
                                    .scope = json_str(x.sides, "scope"),
                                    .before = json_get(x.sides, "after") };
    if (!edited.kind || !edited.name)
        return err_set(e, ERR_POLICY,
                       "what stood before outside edit %s was too large to be kept: it cannot be "
                       "put back from here",
                       x.id);
    p->gateway = gateway_url(at->gateway);
    p->exact = true;
    p->undoes = x.id;
    bool ok = gateway_now(at->gateway, p->arena, edited.kind, edited.name, edited.scope, &now, c,
                          p->err) &&
              still_as_edited(p, &edited, now, x.id) &&
              plan_restored(p, &edited, json_get(x.sides, "before"), now);
    if (!ok)
        return e == p->err ? false : err_set(e, p->err->kind, "%s", p->err->text);
    plan_title(p, "restore %s %s as it was before outside edit %s", edited.kind->name, edited.name,
               x.id);
    return true;
}
