/* store_decision.c - decisions kept and found: who, by which channel, over what. */
#include "store/store_decision.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store_private.h"

/* The row that a query of STORE_DECISION_MACED and its rowid gives gets its MAC. */
static char *sign_decision(struct store *s, struct arena *a, struct db_rows r, struct err *e)
{
    bool there = db_next(&r, e);
    char *mac = there ? store_mac(s, a, "decision", &r, STORE_DECISION_TYPES) : NULL;
    double rowid = there ? db_real(&r, 9) : 0;
    db_done(&r);
    bool kept =
        mac && db_run(s->db, e, "UPDATE decisions SET mac = ? WHERE rowid = ?", "td", mac, rowid);
    return kept ? mac : NULL;
}

/* The row that was just written is signed, and no other: somebody may have put one there before. */
char *store_note_decision(struct store *s, struct arena *a, const char *id, const char *verdict,
                          const struct store_decision *d, struct err *e)
{
    bool noted = db_run(s->db, e,
                        "INSERT INTO decisions (id, at, who, channel, verdict, strength, plan, "
                        "rendering, line) SELECT id, ?2, ?3, ?4, ?5, ?6, coalesce(?7, digest), ?8, "
                        "1 + (SELECT coalesce(max(seq), 0) FROM audit) FROM plans WHERE id = ?1",
                        "tdtttttt", id, when_now(), d->who, d->channel, verdict, d->strength,
                        d->plan, d->rendering);
    return noted ? sign_decision(s, a,
                                 db_query(s->db, e,
                                          "SELECT " STORE_DECISION_MACED
                                          ", rowid FROM decisions WHERE "
                                          "rowid = last_insert_rowid()",
                                          ""),
                                 e)
                 : NULL;
}

char *store_sign_old_decision(struct store *s, struct arena *a, const char *id, struct err *e)
{
    return sign_decision(s, a,
                         db_query(s->db, e,
                                  "SELECT " STORE_DECISION_MACED
                                  ", rowid FROM decisions WHERE id = ? "
                                  "ORDER BY at DESC LIMIT 1",
                                  "t", id),
                         e);
}

char *store_decision_text(struct arena *a, const struct store_decision *d)
{
    cJSON *o = json_object(a);
    const struct {
        const char *name, *value;
    } said[] = { { "strength", d->strength },
                 { "plan", d->plan },
                 { "rendering", d->rendering },
                 { "note", d->note },
                 { "comment", d->comment } };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i].value && *said[i].value)
            json_set_str(a, o, said[i].name, said[i].value);
    return o->child ? json_print(a, o) : NULL;
}

/* What was said in the audit line of a decision; NULL: nothing. */
static const char *comment_in(struct store *s, struct arena *a, double line, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT detail FROM audit WHERE seq = ?", "d", line);
    const char *detail = db_next(&r, e) ? db_text(&r, 0) : NULL;
    struct err ignored = { 0 };
    const cJSON *said = detail ? json_parse(a, detail, strlen(detail), &ignored) : NULL;
    db_done(&r);
    return json_str(said, "comment");
}

/* The row of a query of STORE_DECISION_MACED. */
static void read_decision(struct arena *a, struct db_rows *r, struct store_decision *out)
{
    const char **const texts[] = {
        [2] = &out->who,      [3] = &out->channel, [4] = &out->verdict,
        [5] = &out->strength, [6] = &out->plan,    [7] = &out->rendering
    };
    for (int i = 2; i < 8; i++)
        *texts[i] = arena_strdup(a, db_text(r, i));
    out->at = db_real(r, 1);
}

bool store_find_decision(struct store *s, struct arena *a, const char *id, const char *mac,
                         struct store_decision *out, struct err *e)
{
    struct db_rows r = db_query(
        s->db, e, "SELECT " STORE_DECISION_MACED ", mac FROM decisions WHERE id = ?", "t", id);
    bool fits = false;
    while (!fits && db_next(&r, e)) /* another row may carry the same MAC, but not fit it */
        fits = store_mac_same(db_text(&r, 9), mac) &&
               store_mac_same(store_mac(s, a, "decision", &r, STORE_DECISION_TYPES), mac);
    double line = fits ? db_real(&r, 8) : 0;
    if (fits)
        read_decision(a, &r, out);
    db_done(&r);
    out->comment = line > 0 ? comment_in(s, a, line, e) : NULL;
    return !r.failed &&
           (fits || store_tampered(id, "its decision is not the one that was written", e));
}

/* -- one of several ------------------------------------------------------------------------- */

static const char agreed[] = "agreed";

static bool keep_agreement(struct store *s, struct arena *a, const char *id, enum plan_state from,
                           const struct store_decision *d, bool *kept, struct err *e)
{
    enum plan_state is;
    if (!store_check_id(s, id, &is, e) || is != from)
        return e->kind == ERR_NONE;
    *kept = store_note_decision(s, a, id, agreed, d, e) &&
            store_chain(s, agreed, id, d->who, d->channel, store_decision_text(a, d), NULL, e);
    return *kept;
}

bool store_agree(struct store *s, const char *id, enum plan_state from,
                 const struct store_decision *d, bool *kept, struct err *e)
{
    struct arena *a = arena_new();
    *kept = false;
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, keep_agreement(s, a, id, from, d, kept, e), e);
    *kept = *kept && ok;
    arena_free(a);
    return ok;
}

/* Each is of this change and fits its MAC; it counts for the plan that it was given for. */
int store_agreed(struct store *s, struct arena *a, const struct stored *row,
                 struct store_decision **out, struct err *e)
{
    int n = 0, room = 0;
    struct db_rows r = db_query(s->db, e,
                                "SELECT " STORE_DECISION_MACED ", mac FROM decisions WHERE id = ? "
                                "AND verdict = ? ORDER BY at, rowid",
                                "tt", row->id, agreed);
    bool fits = true;
    *out = NULL;
    while (fits && db_next(&r, e)) {
        fits =
            store_mac_same(store_mac(s, a, "decision", &r, STORE_DECISION_TYPES), db_text(&r, 9));
        *out = arena_grow(a, *out, n, &room, sizeof **out);
        (*out)[n] = (struct store_decision){ 0 };
        read_decision(a, &r, &(*out)[n]);
        n += fits && !strcmp((*out)[n].plan, row->digest);
    }
    db_done(&r);
    if (!fits)
        store_tampered(row->id, "an approval of it is not the one that was written", e);
    return e->kind == ERR_NONE && !r.failed ? n : -1;
}

bool store_decision(struct store *s, struct arena *a, const struct stored *row,
                    struct store_decision *out, bool *there, struct err *e)
{
    *there = row->decided && store_find_decision(s, a, row->id, row->decided, out, e);
    return *there || !row->decided;
}

/* The change of that wish that was rejected last; NULL: none. */
static char *last_rejected(struct store *s, struct arena *a, const char *gateway, const char *wish,
                           struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT id FROM plans WHERE wish = ? AND gateway IS ? AND "
                                "state = 'rejected' ORDER BY updated DESC LIMIT 1",
                                "tt", wish, gateway);
    char *id = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    return id;
}

/* How many rejections there are stands in a setting, so that none can be taken away unnoticed. */
static const char counted[] = "rejections";

static double count_rejected(struct store *s, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT count(*) FROM plans NOT INDEXED WHERE state = 'rejected'", "");
    double n = db_next(&r, e) ? db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

bool store_count_rejection(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    int seq = 0;
    const char *was = store_value(s, a, counted, e), *hash = store_last(s, a, &seq, e);
    double n = was ? strtod(was, NULL) + 1 : count_rejected(s, e);
    bool ok = hash && e->kind == ERR_NONE && store_anchored(s, a, seq, hash, e) &&
              db_run(s->db, e, "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", "tt",
                     counted, arena_printf(a, "%.0f", n)) &&
              store_anchor(s, seq, hash, e);
    arena_free(a);
    return ok;
}

/* Is each of them what was written, with its decision? Their number; -1 + e. */
static double rejected_and_whole(struct store *s, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " STORE_PLAN_COLUMNS " FROM plans NOT INDEXED WHERE "
                                "state = 'rejected'",
                                "");
    double n = 0;
    bool ok = true;
    while (ok && db_next(&r, e)) {
        ok = store_check(s, &r, false, e) && store_check_decision(s, &r, e);
        n++;
    }
    db_done(&r);
    return ok && !r.failed ? n : -1;
}

static bool rejections_whole(struct store *s, struct err *e)
{
    double version = store_version(s, e);
    if (s->rejections_version == version)
        return e->kind == ERR_NONE;
    struct arena *a = arena_new();
    const cJSON *said = store_setting(s, a, counted, e);
    double n = e->kind == ERR_NONE ? rejected_and_whole(s, e) : -1;
    if (n >= 0 && said && n < said->valuedouble)
        err_set(e, ERR_SYSTEM,
                "the state in %s had %.0f rejected changes and has %.0f: rejections were removed; "
                "see higress-ops audit verify",
                s->dir, said->valuedouble, n);
    arena_free(a);
    if (e->kind == ERR_NONE)
        s->rejections_version = version;
    return e->kind == ERR_NONE;
}

bool store_rejected(struct store *s, struct arena *a, const char *gateway, const char *wish,
                    struct store_rejection *out, struct err *e)
{
    struct store_decision d = { 0 };
    bool there = false;
    struct stored row = { 0 };
    const char *id = wish && rejections_whole(s, e) ? last_rejected(s, a, gateway, wish, e) : NULL;
    if (!id || !store_find(s, a, id, &row, e) || !store_decision(s, a, &row, &d, &there, e) ||
        !there)
        return false;
    *out = (struct store_rejection){ .id = id, .who = d.who, .channel = d.channel, .at = d.at };
    return true;
}
