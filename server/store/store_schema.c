/* store_schema.c - the tables of state.db, made and held against what is there.
 *
 * Whoever can write the file can write its schema too: a trigger, a view, an index or a default
 * would then change rows while we sign them. So no transaction writes before the schema was seen to
 * be exactly this one. Tables of others are no part of it: nothing here reads them.
 */
#include "base/err.h"
#include "store/store_private.h"

#define PLANS                                                                                      \
    "CREATE TABLE plans (id TEXT PRIMARY KEY, digest TEXT NOT NULL, state TEXT NOT NULL,"          \
    " title TEXT, risk TEXT, tool TEXT, who TEXT, undoes TEXT, created REAL, updated REAL,"        \
    " expires REAL, holder TEXT, lease TEXT, lease_until REAL DEFAULT 0, sealed TEXT NOT NULL,"    \
    " summary TEXT NOT NULL, result TEXT, gateway TEXT, wish TEXT, line INTEGER, decided TEXT,"    \
    " mac TEXT"

static const char *const tables[] = {
    PLANS ", guard TEXT, guarded TEXT, starts REAL, holds REAL)",
    "CREATE TABLE decisions (id TEXT, at REAL, who TEXT, channel TEXT, verdict TEXT,"
    " strength TEXT, plan TEXT, rendering TEXT, line INTEGER, mac TEXT)",
    "CREATE TABLE intents (id TEXT, op INTEGER, what INTEGER, note TEXT, at REAL, mac TEXT,"
    " PRIMARY KEY (id, op))",
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT, event TEXT, id TEXT, who TEXT,"
    " channel TEXT, detail TEXT, hash TEXT NOT NULL, mac TEXT, tomb TEXT)",
    "CREATE TABLE anchor (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER, seal TEXT)",
    "CREATE TABLE processes (owner TEXT PRIMARY KEY, seen REAL)",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE touches (object TEXT, id TEXT)", /* "route orders": found by, and no more */
    /* Version 4 from here on. Runs of lines of the audit that are closed (store_segment.h). */
    "CREATE TABLE segments (first INTEGER PRIMARY KEY, last INTEGER, before TEXT, hash TEXT,"
    " began TEXT, ended TEXT, closed TEXT, removed TEXT, kept INTEGER, mac TEXT)",
    /* What the gateway was seen to hold, and what others edited there. */
    "CREATE TABLE places (gateway TEXT, place TEXT, at REAL, digest TEXT, mac TEXT,"
    " PRIMARY KEY (gateway, place))",
    "CREATE TABLE watched (gateway TEXT, place TEXT, name TEXT, digest TEXT, sealed TEXT,"
    " PRIMARY KEY (gateway, place, name))",
    "CREATE TABLE outside (id TEXT PRIMARY KEY, at REAL, since REAL, gateway TEXT, shown TEXT,"
    " sealed TEXT, line INTEGER, mac TEXT)",
    /* Cards of chats: what a button stands for (store_card.h). */
    "CREATE TABLE cards (button TEXT PRIMARY KEY, id TEXT, plan TEXT, rendering TEXT, word TEXT,"
    " platform TEXT, account TEXT, channel TEXT, thread TEXT, message TEXT, shown TEXT,"
    " expires REAL, mac TEXT)",
    /* Version 5 from here on. What fires (store_alert.h), and the cards that tell of it. */
    "CREATE TABLE alerts (source TEXT, key TEXT, starts REAL, ends REAL, seen REAL, incident TEXT,"
    " shown TEXT, mac TEXT, PRIMARY KEY (source, key))",
    "CREATE TABLE incidents (id TEXT PRIMARY KEY, source TEXT, grp TEXT, state TEXT, opened REAL,"
    " closed REAL, revision REAL, left_out REAL, holder TEXT, found TEXT, plan TEXT,"
    " button TEXT, platform TEXT, account TEXT, channel TEXT, message TEXT, shown TEXT,"
    " mac TEXT)",
    /* Small durable values (store_fact.h). */
    "CREATE TABLE facts (name TEXT PRIMARY KEY, at REAL, value TEXT, mac TEXT)",
    NULL,
};
static const char *const indexes[] = {
    "CREATE INDEX plans_state ON plans(state, created)",
    "CREATE INDEX plans_created ON plans(created DESC, id)", /* store_each's order */
    "CREATE INDEX plans_digest ON plans(digest)",
    "CREATE INDEX plans_wish ON plans(wish)",
    "CREATE INDEX plans_owner ON plans(who, state)",
    "CREATE INDEX decisions_id ON decisions(id)",
    "CREATE INDEX audit_id ON audit(id, seq)",
    "CREATE INDEX plans_guarded ON plans(created) WHERE guarded IN ('watching', 'reverting')",
    "CREATE INDEX audit_who ON audit(who, at, seq)",
    "CREATE INDEX audit_event ON audit(event, at, seq)",
    "CREATE INDEX audit_at ON audit(at, seq)",
    "CREATE INDEX touches_object ON touches(object, id)",
    "CREATE INDEX touches_id ON touches(id)",
    "CREATE INDEX outside_line ON outside(line)",       /* version 4 */
    "CREATE INDEX alerts_incident ON alerts(incident)", /* version 5 from here on */
    "CREATE INDEX alerts_seen ON alerts(seen)",
    "CREATE INDEX incidents_group ON incidents(source, grp, state)",
    "CREATE INDEX incidents_button ON incidents(button)",
    NULL,
};
/* What version 2 had otherwise: the text of its first table. */
static const char plans_of_2[] = PLANS ")";
enum { VERSION_2 = 2 };
/* How many of them earlier versions had, the first ones. */
static const struct {
    int version, tables, indexes;
} earlier[] = { { VERSION_2, 7, 7 }, { 3, 8, 13 }, { 4, 13, 14 } };
/* From version 2 to this one; the indexes of the table go with it. */
static const char *const put_away_2[] = { "ALTER TABLE plans RENAME TO old_plans", NULL };
#define PLANS_OF_2                                                                                 \
    "id, digest, state, title, risk, tool, who, undoes, created, updated, expires, holder, lease," \
    " lease_until, sealed, summary, result, gateway, wish, line, decided, mac"
static const char *const take_in_2[] = {
    "INSERT INTO plans (" PLANS_OF_2 ") SELECT " PLANS_OF_2 " FROM old_plans",
    "DROP TABLE old_plans",
    NULL,
};
/* The tables of the first release are copied: their texts and what hangs on them are not ours. */
static const char *const put_away[] = {
    "ALTER TABLE plans RENAME TO old_plans",
    "ALTER TABLE decisions RENAME TO old_decisions",
    "ALTER TABLE intents RENAME TO old_intents",
    "ALTER TABLE audit RENAME TO old_audit",
    "ALTER TABLE anchor RENAME TO old_anchor",
    "DROP TABLE IF EXISTS processes",
    NULL,
};
static const char *const take_in[] = {
    "INSERT INTO plans (id, digest, state, title, risk, tool, who, undoes, created, updated,"
    " expires, holder, lease, lease_until, sealed, summary, result) SELECT id, digest, state,"
    " title, risk, tool, who, undoes, created, updated, expires, holder, lease, lease_until, "
    "sealed,"
    " summary, result FROM old_plans",
    "INSERT INTO decisions (id, at, who, channel, verdict) SELECT id, at, who, channel, verdict"
    " FROM old_decisions",
    "INSERT INTO intents (id, op, what, note, at) SELECT id, op, what, note, at FROM old_intents",
    "INSERT INTO audit (seq, at, event, id, who, channel, detail, hash) SELECT seq, at, event, id,"
    " who, channel, detail, hash FROM old_audit",
    "INSERT INTO anchor (one, seq, seal) SELECT 1, seq, seal FROM old_anchor LIMIT 1",
    "DROP TABLE old_plans",
    "DROP TABLE old_decisions",
    "DROP TABLE old_intents",
    "DROP TABLE old_audit",
    "DROP TABLE old_anchor",
    NULL,
};

static bool run_all(struct store *s, const char *const *statements, struct err *e)
{
    for (; *statements; statements++)
        if (!db_run(s->db, e, *statements, ""))
            return false;
    return true;
}

/* -- held against what is there ---------------------------------------------------------------- */

/* -1: no earlier one. */
static int earlier_place(int version)
{
    for (int i = 0; i < (int)(sizeof earlier / sizeof *earlier); i++)
        if (earlier[i].version == version)
            return i;
    return -1;
}

static const char *table_of(int version, int i)
{
    int place = earlier_place(version);
    if (version == VERSION_2 && i == 0)
        return plans_of_2;
    return place >= 0 && i >= earlier[place].tables ? NULL : tables[i];
}

static const char *index_of(int version, int i)
{
    int place = earlier_place(version);
    return place >= 0 && i >= earlier[place].indexes ? NULL : indexes[i];
}

static bool is_schema_text(int version, const char *text)
{
    for (int i = 0; text && table_of(version, i); i++)
        if (!strcmp(table_of(version, i), text))
            return true;
    for (int i = 0; text && index_of(version, i); i++)
        if (!strcmp(index_of(version, i), text))
            return true;
    return false;
}

static int count_ours(int version)
{
    int n = 0, m = 0;
    while (table_of(version, n))
        n++;
    while (index_of(version, m))
        m++;
    return n + m;
}

/* All that hangs on our tables is ours, and all that is ours is there. */
static bool is_exact(struct store *s, int version, struct err *e)
{
    struct db_rows r = db_query(
        s->db, e,
        "SELECT sql, name FROM sqlite_master WHERE sql IS NOT NULL AND (type NOT IN ('table', "
        "'index') OR tbl_name COLLATE NOCASE IN ('plans', 'decisions', 'intents', 'audit', "
        "'anchor', 'processes', 'settings', 'touches', 'segments', 'places', 'watched', "
        "'outside', 'cards', 'alerts', 'incidents', 'facts'))",
        "");
    int found = 0;
    bool ok = true;
    while (ok && db_next(&r, e)) {
        ok = db_plain(&r, 0, 't') && is_schema_text(version, db_text(&r, 0));
        found += ok;
        if (!ok)
            err_set(e, ERR_SYSTEM,
                    "the schema of the state in %s was tampered with: '%.60s' in it is not of this "
                    "program; nothing is written, see higress-ops audit verify",
                    s->dir, db_text(&r, 1) ? db_text(&r, 1) : "NULL");
    }
    db_done(&r);
    if (ok && !r.failed && found != count_ours(version))
        err_set(e, ERR_SYSTEM,
                "the schema of the state in %s was tampered with: a part of it is missing; nothing "
                "is written",
                s->dir);
    return e->kind == ERR_NONE;
}

/* -- made ------------------------------------------------------------------------------------- */

static const char to_this_version[] = "PRAGMA user_version = 5";

bool store_make_tables(struct store *s, bool old, struct err *e)
{
    return (!old || run_all(s, put_away, e)) && run_all(s, tables, e) &&
           (!old || run_all(s, take_in, e)) && run_all(s, indexes, e) &&
           db_run(s->db, e, to_this_version, "");
}

bool store_remake_tables(struct store *s, struct err *e)
{
    int place = earlier_place(VERSION_2);
    if (!is_exact(s, VERSION_2, e) || !run_all(s, put_away_2, e) ||
        !db_run(s->db, e, tables[0], "") || !run_all(s, tables + earlier[place].tables, e) ||
        !run_all(s, take_in_2, e))
        return false;
    for (int i = 0; indexes[i]; i++) /* those of the other tables are there */
        if ((i >= earlier[place].indexes || strstr(indexes[i], " ON plans(")) &&
            !db_run(s->db, e, indexes[i], ""))
            return false;
    return db_run(s->db, e, to_this_version, "");
}

bool store_add_tables(struct store *s, int from, struct err *e)
{
    int place = earlier_place(from);
    return is_exact(s, from, e) && run_all(s, tables + earlier[place].tables, e) &&
           run_all(s, indexes + earlier[place].indexes, e) && db_run(s->db, e, to_this_version, "");
}

bool store_schema_holds(struct store *s, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "PRAGMA schema_version", "");
    double now = db_next(&r, e) ? db_real(&r, 0) : -1;
    db_done(&r);
    if (r.failed || now == s->schema)
        return !r.failed;
    if (!is_exact(s, 0, e))
        return false;
    s->schema = now;
    return true;
}
