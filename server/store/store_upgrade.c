/* store_upgrade.c - a state brought up to date in one transaction when it is opened.
 *
 * `user_version` says how far a database has come: 0 (the first release), 2, 3 (with guards), 4
 * (with segments of the audit, outside edits and cards of chats) or 5 (with alerts). A change of
 * the schema needs a new number and a step from the one before. Rows of version 2 keep their MACs:
 * without a guard one is signed as it was.
 *
 * The first release had no MACs, so nothing in its rows proves that a person agreed: what is not
 * final yet expires, what is final is taken over as history from before. What it stored for people
 * to see is made anew from the sealed plans, by the mask of today. A head (store_head.c) that has
 * come further than its first line never lets a database of that release in again, and without a
 * head its audit must end where that release, which had the key, wrote that it ends: or a state of
 * today made to look old would lose its pins and rejections.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"
#include "store/store_private.h"

enum { VERSION_2 = 2, VERSION_NOW = 5 };

/* One number that a query gives; 0: no row. */
static double query_number(struct store *s, const char *query, struct err *e)
{
    struct db_rows r = db_query(s->db, e, query, "");
    double n = db_next(&r, e) ? db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

static int version(struct store *s, struct err *e)
{
    return (int)query_number(s, "PRAGMA user_version", e);
}

/* -- what the first release left ------------------------------------------------------------------
 */

struct taken {
    int plans, expired, unreadable;
};

/* What people see of it: from the sealed plan, or that there is nothing to be seen. */
static bool show_anew(struct store *s, struct arena *a, const char *id, const char *sealed,
                      struct taken *t, struct err *e)
{
    struct err why = { 0 };
    size_t n = 0;
    char *packed = sealed ? crypto_open(a, s->key, id, sealed, &n) : NULL;
    cJSON *o = packed ? json_parse(a, packed, n, &why) : NULL;
    struct plan *p = o ? plan_unpack(a, o, &why) : NULL;
    t->unreadable += !p;
    return db_run(s->db, e,
                  "UPDATE plans SET title = ?, risk = ?, tool = ?, undoes = ?, gateway = ?, "
                  "digest = ?, summary = ? WHERE id = ?",
                  "tttttttt", p ? p->title : "(its plan cannot be opened)",
                  p ? risk_name(p->risk) : risk_name(DESTROY), p ? p->tool : "",
                  p ? p->undoes : NULL, p ? p->gateway : NULL, p ? p->digest : "",
                  p ? json_print(a, plan_show(a, p, false)) : "{}", id);
}

static bool take_over_plan(struct store *s, const char *id, struct taken *t, struct err *e)
{
    struct arena *a = arena_new();
    struct db_rows r = db_query(s->db, e, "SELECT state, sealed FROM plans WHERE id = ?", "t", id);
    bool there = db_next(&r, e);
    enum plan_state state = there ? store_state_of(db_text(&r, 0)) : 0;
    const char *sealed = there ? arena_strdup(a, db_text(&r, 1)) : NULL;
    db_done(&r);
    bool goes_on = store_final(state) || state == STATE_APPLYING; /* recovery only looks at these */
    enum plan_state to = state && goes_on ? state : STATE_EXPIRED;
    t->plans++;
    t->expired += to != state;
    bool ok = there && show_anew(s, a, id, sealed, t, e);
    const char *decided = ok ? store_sign_old_decision(s, a, id, e) : NULL;
    ok = ok && e->kind == ERR_NONE &&
         db_run(s->db, e, "UPDATE plans SET state = ?, decided = ? WHERE id = ?", "ttt",
                store_state_name(to), decided, id) &&
         store_sign(s, to == state ? "taken over" : store_state_name(to), id, "upgrade", "upgrade",
                    NULL, e);
    arena_free(a);
    return ok;
}

/* The next id after that one in arena a, or NULL. */
static char *next_id(struct store *s, struct arena *a, const char *after, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT id FROM plans WHERE id > ? ORDER BY id LIMIT 1", "t", after);
    char *id = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    return id;
}

static bool take_over_all(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    struct taken t = { 0 };
    for (char *id = next_id(s, a, "", e); id; id = next_id(s, a, id, e))
        if (!take_over_plan(s, id, &t, e))
            break;
    cJSON *o = json_object(a);
    json_set_num(a, o, "plans", t.plans);
    json_set_num(a, o, "expired", t.expired);
    json_set_num(a, o, "unreadable", t.unreadable);
    bool ok = e->kind == ERR_NONE &&
              store_chain(s, "upgraded", NULL, "upgrade", "upgrade", json_print(a, o), NULL, e);
    arena_free(a);
    return ok;
}

/* -- steps ----------------------------------------------------------------------------------------
 */

/* A database from before heads may come once, when there is no head. */
static bool may_begin(struct store *s, struct err *e)
{
    if (s->head > 0)
        return err_set(e, ERR_SYSTEM,
                       "the state in %s is not the one that was written last: state.db is gone or "
                       "of an earlier release, but state.head knows %d lines of audit; put it "
                       "back, or move the whole folder away to begin anew",
                       s->dir, s->head);
    return s->head == 0 || store_head_begin(s, e);
}

/* Each change of that release has lines in its audit, and the audit its end. */
static bool is_of_old(struct store *s, struct err *e)
{
    bool lines = query_number(s, "SELECT 1 FROM audit LIMIT 1", e) != 0;
    bool changes = query_number(s, "SELECT 1 FROM plans LIMIT 1", e) != 0;
    if (e->kind == ERR_NONE && (lines || !changes) && store_whole_of_old(s, e))
        return true;
    struct err why = *e;
    *e = (struct err){ 0 };
    return err_set(e, ERR_SYSTEM,
                   "the state in %s says that it is of the first release, but its audit does not "
                   "end where that release ended it%s%.300s: put back what was there, or move the "
                   "whole folder away to begin anew",
                   s->dir, why.kind ? ": " : "", why.text);
}

static bool make_tables(struct store *s, bool *old, struct err *e)
{
    *old = query_number(s, "SELECT 1 FROM sqlite_master WHERE name = 'plans'", e) != 0;
    return e->kind == ERR_NONE && store_make_tables(s, *old, e) && (!*old || is_of_old(s, e)) &&
           (*old || db_run(s->db, e, "INSERT INTO settings (name, value) VALUES ('scrub', ?)", "i",
                           (int)STORE_SCRUB_NOW));
}

/* The chain as it is ends here, under an anchor that needs the key. */
static bool anchor_end(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    int last = 0;
    const char *hash = store_last(s, a, &last, e);
    bool ok = hash && store_anchor(s, last, hash, e) && store_head_look(s, e);
    arena_free(a);
    return ok;
}

/* What each change of before touches, as far as its summary shows: that of today, made by now. */
static bool touch_all(struct store *s, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT id, summary FROM plans", "");
    bool ok = true;
    while (ok && db_next(&r, e)) {
        struct arena *a = arena_new();
        struct err unread = { 0 };
        const char *text = db_text(&r, 1);
        const cJSON *summary = text ? json_parse(a, text, strlen(text), &unread) : NULL;
        ok = store_touch_summary(s, a, arena_strdup(a, db_text(&r, 0)), summary, e);
        arena_free(a);
    }
    db_done(&r);
    return ok && !r.failed;
}

static bool bring_up(struct store *s, struct err *e)
{
    bool old = false;
    if (version(s, e) == VERSION_NOW || e->kind != ERR_NONE)
        return e->kind == ERR_NONE; /* somebody else was faster */
    return may_begin(s, e) && make_tables(s, &old, e) && anchor_end(s, e) &&
           (!old || (take_over_all(s, e) && touch_all(s, e)));
}

/* Its rows were signed and its chain is whole, or nothing that is done here makes it so. */
static bool bring_up_2(struct store *s, struct err *e)
{
    if (version(s, e) == VERSION_NOW || e->kind != ERR_NONE)
        return e->kind == ERR_NONE; /* somebody else was faster */
    return store_remake_tables(s, e) && touch_all(s, e) &&
           store_chain(s, "upgraded", NULL, "upgrade", "upgrade", "{\"from\":2}", NULL, e);
}

/* Its tables stay as they are; what came since is made beside them. */
static bool bring_up_from(struct store *s, int from, struct err *e)
{
    char said[40];
    if (version(s, e) == VERSION_NOW || e->kind != ERR_NONE)
        return e->kind == ERR_NONE; /* somebody else was faster */
    snprintf(said, sizeof said, "{\"from\":%d}", from);
    return store_add_tables(s, from, e) &&
           store_chain(s, "upgraded", NULL, "upgrade", "upgrade", said, NULL, e);
}

/* The head lags when a process died between its commit and writing it. */
static bool catch_up(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    int seq = 0, lines = 0;
    const char *hash =
        store_head_look(s, e) && store_head_holds(s, e) ? store_last(s, a, &seq, e) : NULL;
    bool ok = hash != NULL;
    if (ok && seq > s->head && store_begin(s, e)) {
        hash = store_last(s, a, &seq, e);
        ok = hash && store_head_holds(s, e) && store_whole(s, s->head, &lines, e);
        s->end = seq;
        snprintf(s->end_hash, sizeof s->end_hash, "%s", ok ? hash : "");
        ok = store_end(s, ok, e);
    }
    arena_free(a);
    return ok && e->kind == ERR_NONE;
}

static bool bring_up_version(struct store *s, int found, struct err *e)
{
    if (found == VERSION_2)
        return bring_up_2(s, e);
    return found ? bring_up_from(s, found, e) : bring_up(s, e);
}

bool store_upgrade(struct store *s, struct err *e)
{
    int found = version(s, e);
    if (e->kind != ERR_NONE)
        return false;
    if (found == VERSION_NOW)
        return store_schema_holds(s, e) && catch_up(s, e);
    if (found < 0 || found == 1 || found > VERSION_NOW)
        return err_set(e, ERR_SYSTEM,
                       "the state is of version %d and this program knows %d: use the release that "
                       "wrote it, or a later one",
                       found, VERSION_NOW);
    return store_begin_new(s, e) && store_end(s, bring_up_version(s, found, e), e) &&
           (found == 0 || catch_up(s, e));
}
