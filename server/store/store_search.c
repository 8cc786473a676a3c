/* store_search.c - lines of the audit found by index. A new way to ask is a row of `ways`. */
#include "store/store_search.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "plan/plan.h"
#include "store/store_private.h"

enum { LOOKED_AT = 4000, LIMIT_MAX = 1000, BEGINNINGS_MAX = 1000, COLUMN_SUMMARY = 14 };
#define LINES "SELECT " STORE_LINE_COLUMNS " FROM audit "
#define LINES_OF LINES "INDEXED BY audit_id " /* few changes: their lines, not all by time */
#define PLACE "(at, seq) < (?2, ?3) AND at >= ?4 ORDER BY at DESC, seq DESC LIMIT ?5"
#define BEGINS "object >= ?1 AND object < ?1 || char(1114111)"
static const char END_OF_TIME[] = "9999";

/* By the first that is given; the others are looked at line by line. */
static const char *const ways[] = {
    LINES "WHERE who = ?1 AND " PLACE,
    LINES "WHERE event = ?1 AND " PLACE,
    LINES "WHERE ?1 IS NULL AND " PLACE,
    LINES "WHERE id = ?1 AND " PLACE,
    LINES_OF "WHERE id IN (SELECT id FROM touches WHERE object = ?1) AND " PLACE,
    LINES_OF "WHERE id IN (SELECT id FROM touches WHERE " BEGINS ") AND " PLACE,
};
enum { BY_WHO, BY_EVENT, BY_TIME, BY_CHANGE, BY_OBJECT, BY_BEGINNING };

/* -- which objects a change touches ------------------------------------------------------- */

static bool add_touched(struct store *s, const char *id, const char *object, struct err *e)
{
    return db_run(s->db, e, "INSERT INTO touches (object, id) VALUES (?, ?)", "tt", object, id);
}

/* The kind and name of it, and what its scope names. */
static bool touch_op(struct store *s, struct arena *a, const char *id, const char *kind,
                     const char *name, const char *scope, struct err *e)
{
    const char *colon = scope ? strchr(scope, ':') : NULL;
    return add_touched(s, id, arena_printf(a, "%s %s", kind, name), e) &&
           (!colon ||
            add_touched(s, id, arena_printf(a, "%.*s %s", (int)(colon - scope), scope, colon + 1),
                        e));
}

/* Scrubbed as the summary is: a name may hold what is hidden. */
bool store_touch(struct store *s, struct arena *a, const char *id, const struct plan *p,
                 const struct secret_set *hidden, struct err *e)
{
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        const char *scope = op->scope ? secret_scrub_with(a, hidden, op->scope) : NULL;
        if (!touch_op(s, a, id, plan_op_kind(op), secret_scrub_with(a, hidden, op->name), scope, e))
            return false;
    }
    return true;
}

bool store_touch_summary(struct store *s, struct arena *a, const char *id, const cJSON *summary,
                         struct err *e)
{
    const cJSON *op;
    cJSON_ArrayForEach(op, json_get(summary, "operations"))
    {
        const char *kind = json_str(op, "kind"), *name = json_str(op, "name");
        if (kind && name && !touch_op(s, a, id, kind, name, json_str(op, "scope"), e))
            return false;
    }
    return true;
}

/* -- does a change touch it? ---------------------------------------------------------------- */

/* "route orders" is that object; "route shop-*" each whose name begins so. */
static bool is_object(struct arena *a, const char *wanted, const char *kind, const char *name)
{
    const char *is = arena_printf(a, "%s %s", kind, name);
    size_t n = strlen(wanted);
    return n > 0 && wanted[n - 1] == '*' ? !strncmp(is, wanted, n - 1) : !strcmp(is, wanted);
}

static bool op_touches(struct arena *a, const char *wanted, const char *kind, const char *name,
                       const char *scope)
{
    const char *colon = scope ? strchr(scope, ':') : NULL;
    return is_object(a, wanted, kind, name) ||
           (colon &&
            is_object(a, wanted, arena_strndup(a, scope, (size_t)(colon - scope)), colon + 1));
}

static bool summary_touches(struct arena *a, const char *wanted, const cJSON *summary)
{
    const cJSON *op;
    cJSON_ArrayForEach(op, json_get(summary, "operations"))
    {
        const char *kind = json_str(op, "kind"), *name = json_str(op, "name");
        if (kind && name && op_touches(a, wanted, kind, name, json_str(op, "scope")))
            return true;
    }
    return false;
}

/* By its names as store_touch wrote them. */
static bool plan_touches(struct arena *a, const char *wanted, const struct plan *p)
{
    const struct secret_set *hidden = plan_secrets(a, p);
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        const char *scope = op->scope ? secret_scrub_with(a, hidden, op->scope) : NULL;
        if (op_touches(a, wanted, plan_op_kind(op), secret_scrub_with(a, hidden, op->name), scope))
            return true;
    }
    return false;
}

/* Of a large plan the summary shows the first operations only: then it is opened. */
bool store_change_touches(struct store *s, struct arena *a, const char *wanted, const char *id,
                          bool *yes, struct err *e)
{
    struct err unread = { 0 };
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id = ?", "t", id);
    bool ok = db_next(&r, e) ? store_fits(s, &r, e)
                             : e->kind == ERR_NONE && store_tampered(id, "it is not there", e);
    const char *text = ok ? db_text(&r, COLUMN_SUMMARY) : NULL;
    const cJSON *summary = text ? json_parse(a, text, strlen(text), &unread) : NULL;
    db_done(&r);
    *yes = summary_touches(a, wanted, summary);
    if (!ok || *yes || !json_get(summary, "more_operations"))
        return ok;
    const struct plan *p = store_plan(s, a, id, e);
    *yes = p && plan_touches(a, wanted, p);
    return p != NULL;
}

bool store_index_lies(const char *id, const char *object, struct err *e)
{
    return err_set(e, ERR_SYSTEM,
                   "the index of objects says that change %.40s touches '%.100s', and the change "
                   "does not say so: the index was tampered with",
                   id, object);
}

/* -- one query ----------------------------------------------------------------------------- */

struct found {
    struct store *store;
    struct arena *arena;
    const struct store_search *query;
    int way;
    cJSON *lines, *touching; /* by change: does it touch the object? */
    int looked;
    char at[40];
    int seq; /* of the last line that was looked at */
};

static bool is_unset_or_equal(const char *wanted, const char *is)
{
    return !wanted || (is && !strcmp(wanted, is));
}

static bool line_fits_search(const struct store_search *q, struct db_rows *r)
{
    return is_unset_or_equal(q->who, db_text(r, 4)) && is_unset_or_equal(q->event, db_text(r, 2)) &&
           is_unset_or_equal(q->id, db_text(r, 3));
}

/* The index finds, the change itself says. *yes: it is of one that touches the object. */
static bool line_touches(struct found *f, struct db_rows *r, bool *yes, struct err *e)
{
    const char *wanted = f->query->object, *id = db_text(r, 3);
    const cJSON *known = wanted && id ? json_get(f->touching, id) : NULL;
    *yes = !wanted || cJSON_IsTrue(known);
    if (*yes || known || !id)
        return true;
    /* A line without a MAC may name what is no change: an edit that was made elsewhere. */
    if (db_null(r, 7) && !store_knows_change(f->store, id, e))
        return e->kind == ERR_NONE;
    if (!store_change_touches(f->store, f->arena, wanted, id, yes, e))
        return false;
    json_set_bool(f->arena, f->touching, id, *yes);
    return *yes || f->way == BY_CHANGE || store_index_lies(id, wanted, e);
}

/* Takes the row if it is wanted. False: it is not what was written, or enough. */
static bool take_found_line(struct found *f, struct db_rows *r, struct err *e)
{
    f->looked++;
    f->seq = (int)db_real(r, 0);
    snprintf(f->at, sizeof f->at, "%s", db_text(r, 1) ? db_text(r, 1) : "");
    if (!line_fits_search(f->query, r))
        return true;
    bool touches = false;
    if (!store_line_holds(f->store, f->arena, r, e) || !line_touches(f, r, &touches, e))
        return false;
    if (!touches)
        return true;
    json_add(f->arena, f->lines, store_line_shown(f->arena, r));
    return json_count(f->lines) < f->query->limit;
}

static int choose_way(const struct store_search *q, const char **key)
{
    size_t n = q->object ? strlen(q->object) : 0;
    bool begins = n > 0 && q->object[n - 1] == '*';
    *key = q->id ? q->id : q->object ? q->object : q->who ? q->who : q->event;
    if (q->id)
        return BY_CHANGE;
    if (q->object)
        return begins ? BY_BEGINNING : BY_OBJECT;
    return q->who ? BY_WHO : q->event ? BY_EVENT : BY_TIME;
}

static const char *time_or(struct arena *a, double at, const char *otherwise)
{
    return at > 0 ? when_text(a, at, true) : otherwise;
}

/* Where it begins: behind the last line of the page before, else at `until`. */
static bool begin_at_cursor(struct arena *a, const struct store_search *q, const char **at,
                            int *seq, struct err *e)
{
    const char *slash = q->cursor ? strchr(q->cursor, '/') : NULL;
    *at = time_or(a, q->until, END_OF_TIME);
    *seq = 0;
    if (!q->cursor)
        return true;
    if (!slash || sscanf(slash + 1, "%9d", seq) != 1)
        return err_set(e, ERR_ARGS, "cursor: not one that audit search gave");
    *at = arena_strndup(a, q->cursor, (size_t)(slash - q->cursor));
    return true;
}

/* What cannot all be looked at is not answered from the first of it. */
static bool are_few(struct store *s, const char *beginning, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT count(*) FROM (SELECT 1 FROM touches WHERE " BEGINS " LIMIT ?2)",
                 "ti", beginning, BEGINNINGS_MAX + 1);
    bool few = db_next(&r, e) && db_real(&r, 0) <= BEGINNINGS_MAX;
    db_done(&r);
    return few || (e->kind == ERR_NONE &&
                   err_set(e, ERR_ARGS,
                           "object: more than %d changes touch what begins with '%.100s'; say "
                           "more of the name",
                           BEGINNINGS_MAX, beginning));
}

static bool read_lines(struct found *f, struct err *e)
{
    const char *key = NULL, *at;
    int seq;
    f->way = choose_way(f->query, &key);
    if (!begin_at_cursor(f->arena, f->query, &at, &seq, e) || !store_head_look(f->store, e))
        return false;
    if (f->way == BY_BEGINNING)
        key = arena_strndup(f->arena, key, strlen(key) - 1);
    if (f->way == BY_BEGINNING && !are_few(f->store, key, e))
        return false;
    struct db_rows r = db_query(f->store->db, e, ways[f->way], "ttiti", key, at, seq,
                                time_or(f->arena, f->query->since, ""), LOOKED_AT);
    while (db_next(&r, e) && take_found_line(f, &r, e))
        continue;
    db_done(&r);
    return e->kind == ERR_NONE;
}

cJSON *store_search_audit(struct store *s, struct arena *a, const struct store_search *q,
                          struct err *e)
{
    struct store_search query = *q;
    query.limit = q->limit < 1 ? 1 : q->limit > LIMIT_MAX ? LIMIT_MAX : q->limit;
    struct found f = { .store = s, .arena = a, .query = &query, .lines = json_array(a) };
    f.touching = json_object(a);
    if (!read_lines(&f, e))
        return NULL;
    cJSON *o = json_object(a);
    json_set(a, o, "lines", f.lines);
    bool full = json_count(f.lines) == query.limit;
    if (full || f.looked == LOOKED_AT)
        json_set_str(a, o, "next", arena_printf(a, "%s/%d", f.at, f.seq));
    if (!full && f.looked == LOOKED_AT)
        json_set_str(a, o, "looked_back_to", f.at);
    int removed = 0;
    if (!store_removed_to(s, &removed, e))
        return NULL;
    if (removed > 0)
        json_set_num(a, o, "removed_to", removed);
    return o;
}

char *store_proof(const struct store *s, struct arena *a, const char *label, const char *text)
{
    struct buf *b = buf_in(a, 4096);
    store_mac_add(b, "proof");
    store_mac_add(b, label);
    store_mac_add(b, text);
    return store_mac_end(s, a, b);
}

cJSON *store_lines_after(struct store *s, struct arena *a, int seq, int limit, struct err *e)
{
    cJSON *lines = json_array(a);
    if (!store_head_look(s, e))
        return NULL;
    struct db_rows r =
        db_query(s->db, e, LINES "WHERE seq > ? ORDER BY seq LIMIT ?", "ii", seq, limit);
    while (db_next(&r, e) && store_line_holds(s, a, &r, e)) {
        cJSON *line = json_add(a, lines, store_line_shown(a, &r));
        json_set_str(a, line, "hash", db_text(&r, 8));
    }
    db_done(&r);
    return e->kind == ERR_NONE ? lines : NULL;
}
