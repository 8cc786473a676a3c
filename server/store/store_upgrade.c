/* store_upgrade.c - the schema, made or brought up to date in one transaction when the state is
 * opened.
 *
 * `user_version` says how far a database has come: 0 (the first release) or 2. A change of the
 * schema needs a new number and a step from the one before.
 *
 * The first release had no MACs, so nothing in its rows proves that a person agreed: what is not
 * final yet expires, what is final is taken over as history from before. What it stored for people
 * to see is made anew from the sealed plans, by the mask of today. A head (store_head.c) that has
 * come further than its first line never lets a database of that release in again.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"
#include "store/store_private.h"

enum { VERSION_NOW = 2 };

static const char *const fresh[] = {
    "CREATE TABLE plans (id TEXT PRIMARY KEY, digest TEXT NOT NULL, state TEXT NOT NULL,"
    " title TEXT, risk TEXT, tool TEXT, who TEXT, undoes TEXT, created REAL, updated REAL,"
    " expires REAL, holder TEXT, lease TEXT, lease_until REAL DEFAULT 0, sealed TEXT NOT NULL,"
    " summary TEXT NOT NULL, result TEXT, gateway TEXT, wish TEXT, line INTEGER, decided TEXT,"
    " mac TEXT)",
    "CREATE TABLE decisions (id TEXT, at REAL, who TEXT, channel TEXT, verdict TEXT,"
    " strength TEXT, plan TEXT, rendering TEXT, line INTEGER, mac TEXT)",
    "CREATE TABLE intents (id TEXT, op INTEGER, what INTEGER, note TEXT, at REAL, mac TEXT,"
    " PRIMARY KEY (id, op))",
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT, event TEXT, id TEXT, who TEXT,"
    " channel TEXT, detail TEXT, hash TEXT NOT NULL, mac TEXT, tomb TEXT)",
    "CREATE TABLE anchor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER, seal TEXT)",
    "CREATE TABLE processes (owner TEXT PRIMARY KEY, seen REAL)",
    NULL,
};
/* From the first release, which did not count its version. */
static const char *const from_0[] = {
    "ALTER TABLE plans ADD COLUMN gateway TEXT",
    "ALTER TABLE plans ADD COLUMN wish TEXT",
    "ALTER TABLE plans ADD COLUMN line INTEGER",
    "ALTER TABLE plans ADD COLUMN decided TEXT",
    "ALTER TABLE plans ADD COLUMN mac TEXT",
    "ALTER TABLE decisions ADD COLUMN strength TEXT",
    "ALTER TABLE decisions ADD COLUMN plan TEXT",
    "ALTER TABLE decisions ADD COLUMN rendering TEXT",
    "ALTER TABLE decisions ADD COLUMN line INTEGER",
    "ALTER TABLE decisions ADD COLUMN mac TEXT",
    "ALTER TABLE intents ADD COLUMN mac TEXT",
    "ALTER TABLE audit ADD COLUMN mac TEXT",
    "ALTER TABLE audit ADD COLUMN tomb TEXT",
    NULL,
};
static const char *const always[] = {
    "CREATE INDEX IF NOT EXISTS plans_state ON plans(state, created)",
    "CREATE INDEX IF NOT EXISTS plans_created ON plans(created DESC, id)", /* store_each's order */
    "CREATE INDEX IF NOT EXISTS plans_digest ON plans(digest)",
    "CREATE INDEX IF NOT EXISTS plans_wish ON plans(wish)",
    "CREATE INDEX IF NOT EXISTS plans_owner ON plans(who, state)",
    "CREATE INDEX IF NOT EXISTS decisions_id ON decisions(id)",
    "CREATE INDEX IF NOT EXISTS audit_id ON audit(id, seq)",
    "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT)",
    "PRAGMA user_version = 2",
    NULL,
};

static bool run_all(struct store *s, const char *const *statements, struct err *e)
{
    for (; *statements; statements++)
        if (!db_run(s->db, e, *statements, ""))
            return false;
    return true;
}

/* One number that a query gives; 0: no row. */
static double number(struct store *s, const char *query, struct err *e)
{
    struct db_rows r = db_query(s->db, e, query, "");
    double n = db_next(&r, e) ? db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

static int version(struct store *s, struct err *e)
{
    return (int)number(s, "PRAGMA user_version", e);
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
                  p ? plan_risk_name(p->risk) : plan_risk_name(DESTROY), p ? p->tool : "",
                  p ? p->undoes : NULL, p ? p->gateway : NULL, p ? p->digest : "",
                  p ? json_print(a, plan_show(a, p, false)) : "{}", id);
}

static bool take_over(struct store *s, const char *id, struct taken *t, struct err *e)
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
    const char *decided = ok ? store_sign_decision(s, a, id, e) : NULL;
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
        if (!take_over(s, id, &t, e))
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

static bool make_tables(struct store *s, bool *old, struct err *e)
{
    *old = number(s, "SELECT 1 FROM sqlite_master WHERE name = 'plans'", e) != 0;
    return e->kind == ERR_NONE && run_all(s, *old ? from_0 : fresh, e) && run_all(s, always, e) &&
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

static bool bring_up(struct store *s, struct err *e)
{
    bool old = false;
    if (version(s, e) == VERSION_NOW || e->kind != ERR_NONE)
        return e->kind == ERR_NONE; /* somebody else was faster */
    return may_begin(s, e) && make_tables(s, &old, e) && anchor_end(s, e) &&
           (!old || take_over_all(s, e));
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

bool store_upgrade(struct store *s, struct err *e)
{
    int found = version(s, e);
    if (e->kind != ERR_NONE)
        return false;
    if (found == VERSION_NOW)
        return catch_up(s, e);
    if (found != 0)
        return err_set(e, ERR_SYSTEM,
                       "the state is of version %d and this program knows %d: use the release that "
                       "wrote it, or a later one",
                       found, VERSION_NOW);
    return store_begin(s, e) && store_end(s, bring_up(s, e), e);
}
