/* store_verify.c - `audit verify`: all of the state held against itself, the head and an anchor
 * that was kept elsewhere. */
#include "base/arena.h"
#include "base/err.h"
#include "store/store_outside_private.h"

/* The first row a query gives is one that must not be there: `format` says what it means. */
static bool none(struct store *s, const char *query, const char *format, struct err *e)
{
    struct db_rows r = db_query(s->db, e, query, "");
    bool found = db_next(&r, e);
    if (found)
        err_set(e, ERR_SYSTEM, "change %.60s: %s", db_text(&r, 0) ? db_text(&r, 0) : "NULL",
                format);
    db_done(&r);
    return !found && !r.failed;
}

static bool plans_fit(struct store *s, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_PLAN_COLUMNS " FROM plans ORDER BY id", "");
    bool ok = true;
    while (ok && db_next(&r, e))
        ok = store_check(s, &r, false, e);
    db_done(&r);
    return ok && !r.failed;
}

static bool decisions_fit(struct store *s, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_DECISION_MACED ", mac FROM decisions ORDER BY id", "");
    bool ok = true;
    while (ok && db_next(&r, e)) {
        struct arena *a = arena_new();
        const char *mac = db_text(&r, 9);
        ok = mac && !strcmp(mac, store_mac(s, a, "decision", &r, STORE_DECISION_TYPES));
        if (!ok)
            err_set(e, ERR_SYSTEM, "the decision over change %.60s was tampered with",
                    db_text(&r, 0) ? db_text(&r, 0) : "NULL");
        arena_free(a);
    }
    db_done(&r);
    return ok && !r.failed;
}

static bool table_rows_fit(struct store *s, struct err *e)
{
    return plans_fit(s, e) && decisions_fit(s, e) && store_edits_fit(s, e) &&
           store_watched_fit(s, e) &&
           none(s, "SELECT id FROM audit WHERE seq < 1 LIMIT 1",
                "a line stands before the first of the audit", e) &&
           none(s,
                "SELECT a.id FROM audit a LEFT JOIN plans p ON p.id = a.id WHERE a.mac IS NOT NULL "
                "AND p.id IS NULL LIMIT 1",
                "the audit has lines of it, but it is not there any more", e) &&
           none(s,
                "SELECT p.id FROM plans p LEFT JOIN touches t ON t.id = p.id WHERE t.id IS NULL "
                "AND instr(p.summary, '\"operations\":[{') LIMIT 1",
                "the index of objects does not find it: it was tampered with", e) &&
           none(s,
                "SELECT t.id FROM touches t LEFT JOIN plans p ON p.id = t.id WHERE p.id IS NULL "
                "LIMIT 1",
                "the index of objects names it, but it is not there", e) &&
           none(s,
                "SELECT d.id FROM decisions d LEFT JOIN plans p ON p.id = d.id AND "
                "(p.decided = d.mac OR d.verdict = 'agreed') WHERE p.id IS NULL LIMIT 1",
                "there is a decision that it does not know", e) &&
           none(s,
                "SELECT p.id FROM plans p LEFT JOIN decisions d ON d.id = p.id AND "
                "d.mac = p.decided WHERE p.decided IS NOT NULL AND d.id IS NULL LIMIT 1",
                "the decision over it is gone", e);
}

/* Of a removed segment the last hash is known. */
static bool removed_anchor_holds(struct store *s, int seq, const char *hash, struct err *e)
{
    char there[65] = "";
    return store_removed_hash(s, seq, there, e) &&
           (!strcmp(there, hash) ||
            err_set(e, ERR_SYSTEM,
                    "line %d of the audit, which that anchor names, was removed by retention%s: "
                    "hold a later anchor against it",
                    seq, *there ? " and ended otherwise" : " and cannot be held against it"));
}

static bool anchor_holds(struct store *s, const char *anchor, struct err *e)
{
    char hash[65] = "";
    int seq = 0, removed = 0;
    if (!anchor)
        return true;
    if (sscanf(anchor, "%9d:%64s", &seq, hash) != 2)
        return err_set(e, ERR_ARGS, "'%.80s' is no anchor: audit head prints one", anchor);
    struct db_rows r = db_query(s->db, e, "SELECT hash FROM audit WHERE seq = ?", "i", seq);
    const char *there = db_next(&r, e) ? db_text(&r, 0) : NULL;
    bool same = there && !strcmp(there, hash), gone = !there;
    db_done(&r);
    if (gone && (!store_removed_to(s, &removed, e) || seq <= removed))
        return e->kind == ERR_NONE && removed_anchor_holds(s, seq, hash, e);
    return same || err_set(e, ERR_SYSTEM,
                           "line %d of the audit is not the one of that anchor: this is an older "
                           "copy, or another audit",
                           seq);
}

bool store_verify(struct store *s, const char *anchor, int *lines, struct err *e)
{
    *lines = 0;
    /* One transaction, so that all is of the same moment. */
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s,
                       store_head_holds(s, e) && store_whole(s, 1, lines, e) &&
                           store_segments_fit(s, e) && anchor_holds(s, anchor, e) &&
                           table_rows_fit(s, e),
                       e);
    return ok;
}

char *store_anchor_text(struct store *s, struct arena *a, struct err *e)
{
    int seq = 0;
    char *hash = store_last(s, a, &seq, e);
    if (hash && seq == 0)
        err_set(e, ERR_SYSTEM, "the audit has no line yet");
    return hash && seq > 0 ? arena_printf(a, "%d:%s", seq, hash) : NULL;
}
