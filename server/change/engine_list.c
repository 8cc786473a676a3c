/* engine_list.c - changes as a list: filters, pages. A row's stored summary is parsed only where a
 * filter looks into it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/risk.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "kind/kind.h"
#include "store/store_decision.h"
#include "store/store_search.h"
#include <fnmatch.h>
#include <limits.h>
#include <math.h>

enum { LIST_MAX = 100 };

/* A cursor is the time and the id of the last change that was listed: two may have been made at
 * once. */
struct listing {
    struct engine *engine;
    struct arena *a;
    const struct engine_query *q;
    cJSON *changes;
    int limit, looked;
    double from; /* time of the cursor; 0: none */
    const char *from_id;
    const char *next;
    const char *looked_to; /* the time at which looking was given up, or NULL */
    bool more;
    struct err *e;
};

/* Of a change that was tampered with nothing counts but its name. */
static cJSON *tampered(struct arena *a, const struct stored *row)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "id", text_clean(a, row->id, 64));
    json_set_str(a, o, "state", "tampered");
    json_set_str(a, o, "title", text_clean(a, row->tampered, 300));
    json_set_str(a, o, "risk", risk_name(DESTROY));
    json_set_str(a, o, "tool", "");
    json_set_str(a, o, "created", when_text(a, row->created, false));
    return o;
}

/* -- filters ----------------------------------------------------------------------------- */

/* "route orders", "orders", "route shop-*": of an operation's kind and name, or its scope. */
bool engine_object_fits(struct arena *a, const char *wanted, const char *kind, const char *name,
                        const char *scope)
{
    const char *both = arena_printf(a, "%s %s", kind ? kind : "", name ? name : "");
    const char *at = scope ? strchr(scope, ':') : NULL;
    return !fnmatch(wanted, both, 0) || (name && !fnmatch(wanted, name, 0)) ||
           (scope && !fnmatch(wanted, scope, 0)) || (at && !fnmatch(wanted, at + 1, 0));
}

/* Of a large plan the stored summary shows the first operations only: then it is opened. */
static bool row_touches_object(struct listing *l, const struct stored *row)
{
    struct arena *a = l->a;
    const cJSON *op;
    cJSON_ArrayForEach(op, json_get(row->summary, "operations"))
    {
        if (engine_object_fits(a, l->q->object, json_str(op, "kind"), json_str(op, "name"),
                               json_str(op, "scope")))
            return true;
    }
    struct err closed = { 0 };
    const struct plan *p = json_get(row->summary, "more_operations")
                               ? store_plan(l->engine->store, a, row->id, &closed)
                               : NULL;
    for (int i = 0; p && i < p->count; i++)
        if (engine_object_fits(a, l->q->object, p->ops[i].kind->name, p->ops[i].name,
                               p->ops[i].scope))
            return true;
    return false;
}

/* Who asked or who decided. */
static bool is_by(const struct listing *l, const cJSON *change)
{
    const char *owner = json_str(change, "owner");
    const char *who = json_str(json_get(change, "decision"), "who");
    return (owner && text_contains_nocase(owner, l->q->actor)) ||
           (who && text_contains_nocase(who, l->q->actor));
}

static bool is_after_cursor(const struct listing *l, const struct stored *row)
{
    return l->from <= 0 || row->created < l->from ||
           (row->created <= l->from && strcmp(row->id, l->from_id) > 0);
}

static bool is_as_asked(const cJSON *change, const char *member, const char *asked)
{
    const char *value = json_str(change, member);
    return !asked || (value && !strcmp(value, asked));
}

static bool is_of_risk_and_gateway(const struct engine_query *q, const cJSON *change)
{
    return is_as_asked(change, "risk", q->risk) && is_as_asked(change, "gateway", q->gateway);
}

/* The row as it is listed; NULL: it is not wanted, or l->e. */
static cJSON *listed_row(struct listing *l, const struct stored *row)
{
    if (l->q->since > 0 && row->updated < l->q->since)
        return NULL;
    if (row->tampered)
        return tampered(l->a, row);
    if (l->q->object && !row_touches_object(l, row))
        return NULL;
    cJSON *o = engine_head(l->engine, l->a, row);
    if (!is_of_risk_and_gateway(l->q, o))
        return NULL;
    if (l->q->decisions && !engine_set_decision(l->engine, l->a, o, row, l->e))
        return NULL;
    return !l->q->actor || is_by(l, o) ? o : NULL;
}

static void keep_place(struct listing *l, const struct stored *row)
{
    l->next = arena_printf(l->a, "%.17g/%s", row->created, row->id);
}

/* False: enough was looked at; the next page goes on behind that row. */
static bool may_look_on(struct listing *l, const struct stored *row)
{
    if (!l->q->look || ++l->looked < l->q->look)
        return true;
    keep_place(l, row);
    l->looked_to = when_text(l->a, row->created, false);
    return false;
}

/* The index of objects finds; the change itself says. */
static bool is_truly_found(struct listing *l, const struct stored *row)
{
    bool yes = true;
    if (!l->q->touches || row->tampered)
        return true;
    struct arena *a = arena_new();
    bool read = store_change_touches(l->engine->store, a, l->q->touches, row->id, &yes, l->e);
    arena_free(a);
    return read && (yes || store_index_lies(row->id, l->q->touches, l->e));
}

static bool list_row(void *arg, const struct stored *row)
{
    struct listing *l = arg;
    if (!is_after_cursor(l, row))
        return true;
    if (!is_truly_found(l, row))
        return false;
    cJSON *o = listed_row(l, row);
    if (!o)
        return l->e->kind == ERR_NONE && may_look_on(l, row);
    if (json_count(l->changes) == l->limit) {
        l->more = true;
        return false;
    }
    json_add(l->a, l->changes, o);
    keep_place(l, row);
    return true;
}

static bool read_change_rows(struct listing *l, enum plan_state only)
{
    struct store *s = l->engine->store;
    double before = l->from > 0 ? nextafter(l->from, INFINITY) : 0;
    if (l->q->touches)
        return store_each_touching(s, l->q->touches, before, INT_MAX, list_row, l, l->e);
    return l->q->object ? store_each(s, only, before, INT_MAX, list_row, l, l->e)
                        : store_each_head(s, only, before, INT_MAX, list_row, l, l->e);
}

/* -- the list ---------------------------------------------------------------------------- */

static bool set_start(struct listing *l, const char *cursor, struct err *e)
{
    char *end = NULL;
    l->from = cursor ? strtod(cursor, &end) : 0;
    l->from_id = cursor && *end == '/' ? end + 1 : "";
    return !cursor || (l->from > 0 && isfinite(l->from) && *l->from_id) ||
           err_set(e, ERR_ARGS, "cursor: not one that list_changes gave");
}

cJSON *engine_list(struct engine *g, struct arena *a, const struct engine_query *q, struct err *e)
{
    enum plan_state only = store_state_of(q->state);
    struct store *s = engine_store(g, e);
    if (q->state && !only)
        return err_set(e, ERR_ARGS, "state: '%.40s' is unknown", q->state), NULL;
    struct listing l = { .engine = g, .a = a, .q = q, .changes = json_array(a), .e = e };
    l.limit = q->limit < 1 ? 1 : q->limit > LIST_MAX ? LIST_MAX : q->limit;
    if (!s || !set_start(&l, q->cursor, e))
        return NULL;
    if (!read_change_rows(&l, only) || e->kind != ERR_NONE)
        return NULL;
    cJSON *o = json_object(a);
    json_set(a, o, "changes", l.changes);
    if (l.more || l.looked_to)
        json_set_str(a, o, "next", l.next);
    if (l.looked_to)
        json_set_str(a, o, "looked_back_to", l.looked_to);
    return o;
}
