/* store_upgrade.c - the schema, made or brought up to date in one transaction when the state is
 * opened.
 *
 * `user_version` says how far a database has come: 0 (the first release) or 2. A change of the
 * schema needs a new number and a step from the one before.
 */
#include "base/arena.h"
#include "base/err.h"
#include "gateway/store_inside.h"

enum { VERSION_NOW = 2 };

static const char *const fresh[] = {
    "CREATE TABLE plans (id TEXT PRIMARY KEY, digest TEXT NOT NULL, state TEXT NOT NULL,"
    " title TEXT, risk TEXT, tool TEXT, who TEXT, undoes TEXT, created REAL, updated REAL,"
    " expires REAL, holder TEXT, lease TEXT, lease_until REAL DEFAULT 0, sealed TEXT NOT NULL,"
    " summary TEXT NOT NULL, result TEXT, gateway TEXT, wish TEXT, line INTEGER, decided TEXT,"
    " mac TEXT)",
    "CREATE TABLE decisions (id TEXT, at REAL, who TEXT, channel TEXT, verdict TEXT,"
    " strength TEXT, plan TEXT, rendering TEXT, line INTEGER, mac TEXT)",
    "CREATE TABLE intents (id TEXT, op INTEGER, what INTEGER, note TEXT, at REAL,"
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

static bool bring_up(struct store *s, struct err *e)
{
    /* Somebody else may have been faster. */
    if (version(s, e) == VERSION_NOW || e->kind != ERR_NONE)
        return e->kind == ERR_NONE;
    bool old = number(s, "SELECT 1 FROM sqlite_master WHERE name = 'plans'", e) != 0;
    return e->kind == ERR_NONE && run_all(s, old ? from_0 : fresh, e) && run_all(s, always, e);
}

bool store_upgrade(struct store *s, struct err *e)
{
    int found = version(s, e);
    if (e->kind != ERR_NONE || found == VERSION_NOW)
        return e->kind == ERR_NONE;
    if (found != 0)
        return err_set(e, ERR_SYSTEM,
                       "the state is of version %d and this program knows %d: use the release that "
                       "wrote it, or a later one",
                       found, VERSION_NOW);
    return db_begin(s->db, e) && db_end(s->db, bring_up(s, e), e);
}
