/* store_segment.c - segments of the audit: closed, removed, checked. */
#include "store/store_segment.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store_private.h"

enum { CLOSED_AT_ONCE = 16 };
static const char removed_name[] = "audit removed to";
static const char who[] = "retention", channel[] = "server";

#define SEGMENT_COLUMNS "first, last, before, hash, began, ended, closed, removed, kept, mac"
#define SEGMENT_TYPES "ddttttttd"
#define SEGMENTS "SELECT " SEGMENT_COLUMNS " FROM segments "
/* Changes of which something is still to come: their newest line is needed. */
#define OPEN                                                                                       \
    "state IN ('draft', 'pending', 'approved', 'applying') OR guarded IN ('watching', "            \
    "'reverting')"

/* A row of SEGMENT_COLUMNS. */
struct segment {
    int first, last, kept;
    char before[65], hash[65], began[40], ended[40], closed[40], removed[40];
};

static void take_segment_text(struct db_rows *r, int column, char *out, size_t size)
{
    snprintf(out, size, "%s", db_text(r, column) ? db_text(r, column) : "");
}

static char *segment_mac(struct store *s, struct arena *a, struct db_rows *r)
{
    return store_mac(s, a, "segment", r, SEGMENT_TYPES);
}

/* False: it is not what was written, e says so. */
static bool read_segment(struct store *s, struct db_rows *r, struct segment *out, struct err *e)
{
    struct arena *a = arena_new_small();
    out->first = (int)db_real(r, 0);
    out->last = (int)db_real(r, 1);
    out->kept = (int)db_real(r, 8);
    take_segment_text(r, 2, out->before, sizeof out->before);
    take_segment_text(r, 3, out->hash, sizeof out->hash);
    take_segment_text(r, 4, out->began, sizeof out->began);
    take_segment_text(r, 5, out->ended, sizeof out->ended);
    take_segment_text(r, 6, out->closed, sizeof out->closed);
    take_segment_text(r, 7, out->removed, sizeof out->removed);
    bool ok = store_mac_same(segment_mac(s, a, r), db_text(r, 9));
    arena_free(a);
    return ok || err_set(e, ERR_SYSTEM,
                         "the segment of the audit that begins with line %d was tampered with: it "
                         "does not fit its MAC",
                         out->first);
}

/* One segment that a query gives; *there false: none. */
static bool find_segment(struct store *s, struct db_rows r, struct segment *out, bool *there,
                         struct err *e)
{
    *there = db_next(&r, e);
    bool ok = !r.failed && (!*there || read_segment(s, &r, out, e));
    db_done(&r);
    return ok;
}

static bool sign_segment(struct store *s, int first, struct err *e)
{
    struct arena *a = arena_new_small();
    struct db_rows r = db_query(s->db, e, SEGMENTS "WHERE first = ?", "i", first);
    const char *mac = db_next(&r, e) ? segment_mac(s, a, &r) : NULL;
    db_done(&r);
    bool ok =
        mac && db_run(s->db, e, "UPDATE segments SET mac = ? WHERE first = ?", "ti", mac, first);
    arena_free(a);
    return ok;
}

static int one_number(struct store *s, const char *query, struct err *e)
{
    struct db_rows r = db_query(s->db, e, query, "");
    int n = db_next(&r, e) ? (int)db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

/* -- what walking asks --------------------------------------------------------------------- */

bool store_removed_to(struct store *s, int *line, struct err *e)
{
    struct arena *a = arena_new_small();
    const char *value = store_value(s, a, removed_name, e);
    *line = value ? (int)strtol(value, NULL, 10) : 0;
    arena_free(a);
    return e->kind == ERR_NONE;
}

bool store_removed_hash(struct store *s, int line, char hash[65], struct err *e)
{
    struct segment x = { 0 };
    bool there = false;
    bool ok = find_segment(
        s, db_query(s->db, e, SEGMENTS "WHERE last = ? AND removed IS NOT NULL LIMIT 1", "i", line),
        &x, &there, e);
    snprintf(hash, 65, "%s", there ? x.hash : "");
    return ok;
}

bool store_kept_fit(struct store *s, int from, int to, struct err *e)
{
    struct db_rows r = db_query(
        s->db, e, "SELECT " STORE_LINE_COLUMNS " FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq",
        "ii", from, to);
    bool ok = true;
    while (ok && db_next(&r, e)) {
        struct arena *a = arena_new_small();
        bool bare = db_null(&r, 4) && db_null(&r, 5) && db_null(&r, 6) && !db_null(&r, 9);
        ok = bare ? store_line_holds(s, a, &r, e)
                  : err_set(e, ERR_SYSTEM,
                            "line %d of the audit was removed by retention and is there again: it "
                            "was put back, or how far retention came was tampered with",
                            (int)db_real(&r, 0));
        arena_free(a);
    }
    db_done(&r);
    return ok && !r.failed;
}

/* The hash of its last line as it stands, and how many lines there are. */
static bool segment_has_lines(struct store *s, const struct segment *x, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT count(*), max(CASE WHEN seq = ?2 THEN hash END) FROM audit "
                                "WHERE seq BETWEEN ?1 AND ?2",
                                "ii", x->first, x->last);
    bool there = db_next(&r, e);
    int lines = there ? (int)db_real(&r, 0) : -1;
    const char *hash = there ? db_text(&r, 1) : NULL;
    bool fits = *x->removed ? lines == x->kept && (!hash || !strcmp(hash, x->hash))
                            : hash && !strcmp(hash, x->hash) && lines == x->last - x->first + 1;
    db_done(&r);
    return fits || (!r.failed &&
                    err_set(e, ERR_SYSTEM,
                            "the segment of the audit from line %d to %d has %d lines, which are "
                            "not those that it was closed with",
                            x->first, x->last, lines));
}

static bool segment_follows(const struct segment *last, const struct segment *x, int removed,
                            struct err *e)
{
    bool is_removed = *x->removed != '\0';
    return (x->first == last->last + 1 && !strcmp(x->before, last->hash) &&
            (x->last <= removed) == is_removed) ||
           err_set(e, ERR_SYSTEM,
                   "the segment of the audit from line %d to %d does not follow the one that ends "
                   "with line %d: one was removed, or an older copy of it put back",
                   x->first, x->last, last->last);
}

bool store_segments_fit(struct store *s, struct err *e)
{
    struct segment x = { 0 }, last = { 0 };
    int removed = 0;
    if (!store_removed_to(s, &removed, e))
        return false;
    struct db_rows r = db_query(s->db, e, SEGMENTS "ORDER BY first", "");
    bool ok = true;
    while (ok && db_next(&r, e)) {
        ok = read_segment(s, &r, &x, e) && segment_follows(&last, &x, removed, e) &&
             segment_has_lines(s, &x, e);
        last = x;
    }
    db_done(&r);
    if (ok && !r.failed && last.last < removed)
        return err_set(e, ERR_SYSTEM,
                       "retention removed the audit to line %d, but the segments that say so end "
                       "with line %d",
                       removed, last.last);
    return ok && !r.failed;
}

/* -- closing ------------------------------------------------------------------------------- */

static double line_time(struct store *s, int seq, char text[40], struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT at FROM audit WHERE seq = ?", "i", seq);
    if (db_next(&r, e))
        take_segment_text(&r, 0, text, 40);
    db_done(&r);
    return when_parse(text);
}

/* For the audit. gone: lines that retention removed of it; -1: it was closed. */
static char *segment_text(struct arena *a, const struct segment *x, int gone)
{
    cJSON *o = json_object(a);
    json_set_num(a, o, "first", x->first);
    json_set_num(a, o, "last", x->last);
    json_set_str(a, o, "began", x->began);
    json_set_str(a, o, "ended", x->ended);
    json_set_str(a, o, "head", x->hash);
    if (gone >= 0) {
        json_set_str(a, o, "text",
                     arena_printf(a, "lines %d to %d, from %s to %s", x->first, x->last, x->began,
                                  x->ended));
        json_set_num(a, o, "lines_removed", gone);
        json_set_num(a, o, "lines_kept", x->kept);
    }
    return json_print(a, o);
}

static bool close_segment(struct store *s, struct segment *x, struct err *e)
{
    struct arena *a = arena_new_small();
    /* The latest of its times, not that of its last line: a clock that stood in 1970 for one line
     * would make the others old enough to go. */
    struct db_rows r = db_query(s->db, e,
                                "SELECT max(CASE WHEN seq = ?2 THEN hash END), max(at) FROM audit "
                                "WHERE seq BETWEEN ?1 AND ?2",
                                "ii", x->first, x->last);
    if (db_next(&r, e)) {
        take_segment_text(&r, 0, x->hash, sizeof x->hash);
        take_segment_text(&r, 1, x->ended, sizeof x->ended);
    }
    db_done(&r);
    bool ok = e->kind == ERR_NONE &&
              db_run(s->db, e,
                     "INSERT INTO segments (first, last, before, hash, began, ended, closed) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "iittttt", x->first, x->last, x->before, x->hash, x->began, x->ended,
                     when_text(a, when_now(), true)) &&
              sign_segment(s, x->first, e) &&
              store_chain(s, "segment closed", NULL, who, channel, segment_text(a, x, -1), NULL, e);
    arena_free(a);
    return ok;
}

/* The next one, if it is to be closed; last 0: it is not. */
static bool next_to_close(struct store *s, const struct store_retention *how, struct segment *x,
                          struct err *e)
{
    struct segment before = { 0 };
    bool there = false;
    *x = (struct segment){ 0 };
    if (!find_segment(s, db_query(s->db, e, SEGMENTS "ORDER BY first DESC LIMIT 1", ""), &before,
                      &there, e))
        return false;
    int newest = one_number(s, "SELECT max(seq) FROM audit", e);
    x->first = before.last + 1;
    snprintf(x->before, sizeof x->before, "%s", before.hash);
    double began = newest > x->first ? line_time(s, x->first, x->began, e) : 0;
    if (newest - x->first >= how->lines)
        x->last = x->first + how->lines - 1;
    else if (how->age > 0 && began > 0 && began + how->age <= when_now())
        x->last = newest;
    return e->kind == ERR_NONE;
}

static bool close_full(struct store *s, const struct store_retention *how,
                       struct store_rotated *did, struct err *e)
{
    struct segment x;
    while (did->closed < CLOSED_AT_ONCE && next_to_close(s, how, &x, e) && x.last)
        if (close_segment(s, &x, e))
            did->closed++;
    did->more = did->closed == CLOSED_AT_ONCE;
    return e->kind == ERR_NONE;
}

/* -- removing ------------------------------------------------------------------------------ */

/* The lines that stay lose all that is not needed, under a MAC. */
static bool strip_kept(struct store *s, const struct segment *x, struct err *e)
{
    bool ok = db_run(s->db, e,
                     "UPDATE audit SET who = NULL, channel = NULL, detail = NULL, tomb = '' "
                     "WHERE seq BETWEEN ? AND ?",
                     "ii", x->first, x->last);
    for (int seq = x->first; ok && seq <= x->last; seq++) {
        struct arena *a = arena_new_small();
        struct db_rows r = db_query(s->db, e,
                                    "SELECT " STORE_LINE_COLUMNS " FROM audit WHERE seq >= ? AND "
                                    "seq <= ? ORDER BY seq LIMIT 1",
                                    "ii", seq, x->last);
        const char *tomb = db_next(&r, e) ? store_tomb(s, a, &r) : NULL;
        seq = tomb ? (int)db_real(&r, 0) : x->last;
        db_done(&r);
        ok = !r.failed && (!tomb || db_run(s->db, e, "UPDATE audit SET tomb = ? WHERE seq = ?",
                                           "ti", tomb, seq));
        arena_free(a);
    }
    return ok;
}

static bool delete_lines(struct store *s, struct segment *x, int *gone, struct err *e)
{
    bool ok = db_run(s->db, e,
                     "DELETE FROM audit WHERE seq BETWEEN ? AND ? AND NOT (mac IS NOT NULL AND "
                     "EXISTS (SELECT 1 FROM plans p WHERE p.id = audit.id AND p.line = audit.seq))",
                     "ii", x->first, x->last);
    *gone = db_changes(s->db);
    x->kept = x->last - x->first + 1 - *gone;
    /* An outside edit is what its line says: it goes with it. */
    return ok && db_run(s->db, e, "DELETE FROM outside WHERE line <= ?", "i", x->last) &&
           strip_kept(s, x, e);
}

/* Whole, or it is evidence of who tampered with it, and stays. */
static bool segment_is_whole(struct store *s, const struct segment *x, struct err *e)
{
    char hash[65];
    int lines = 0;
    snprintf(hash, sizeof hash, "%s", x->before);
    bool ok = store_walk(s, x->first, x->last, &lines, hash, e) &&
              ((lines == x->last - x->first + 1 && !strcmp(hash, x->hash)) ||
               err_set(e, ERR_SYSTEM, "it is not what it was closed with"));
    return ok || err_at(e, "the segment of the audit from line %d to %d is not removed", x->first,
                        x->last);
}

static bool remove_segment(struct store *s, struct segment *x, struct store_rotated *did,
                           struct err *e)
{
    struct arena *a = arena_new_small();
    const char *now = when_text(a, when_now(), true);
    bool ok = segment_is_whole(s, x, e) && delete_lines(s, x, &did->lines, e) &&
              db_run(s->db, e, "UPDATE segments SET removed = ?, kept = ? WHERE first = ?", "tii",
                     now, x->kept, x->first) &&
              sign_segment(s, x->first, e);
    const struct setting_said said = { "segment removed", who, channel,
                                       segment_text(a, x, did->lines) };
    ok = ok && store_put_setting(s, removed_name, arena_printf(a, "%d", x->last), &said, e);
    did->removed += ok;
    arena_free(a);
    return ok;
}

/* NULL: it may go. */
static const char *why_it_stays(struct store *s, const struct store_retention *how,
                                const struct segment *x, struct err *e)
{
    int open = one_number(s, "SELECT min(line) FROM plans WHERE " OPEN, e);
    if (open && open <= x->last)
        return "a change is still open that has its newest line there";
    return how->until < x->last ? "its lines are not shipped yet" : NULL;
}

static bool remove_oldest(struct store *s, const struct store_retention *how,
                          struct store_rotated *did, struct err *e)
{
    struct segment x = { 0 };
    bool there = false;
    if (how->keep <= 0)
        return true;
    if (!find_segment(
            s, db_query(s->db, e, SEGMENTS "WHERE removed IS NULL ORDER BY first LIMIT 1", ""), &x,
            &there, e))
        return false;
    if (!there || when_parse(x.ended) + how->keep > when_now())
        return true;
    did->waits = why_it_stays(s, how, &x, e);
    if (did->waits || e->kind != ERR_NONE)
        return e->kind == ERR_NONE;
    did->more = true;
    /* The head names a line that is there: it moves on only when what closed this is committed. */
    return s->head <= x.last || remove_segment(s, &x, did, e);
}

bool store_rotate(struct store *s, const struct store_retention *how, struct store_rotated *did,
                  struct err *e)
{
    struct arena *a = arena_new_small();
    *did = (struct store_rotated){ 0 };
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s,
                       store_covered(s, a, e) && close_full(s, how, did, e) &&
                           remove_oldest(s, how, did, e),
                       e);
    arena_free(a);
    return ok;
}

/* -- shown --------------------------------------------------------------------------------- */

static cJSON *segment_shown(struct arena *a, const struct segment *x)
{
    cJSON *o = json_object(a);
    json_set_num(a, o, "first", x->first);
    json_set_num(a, o, "last", x->last);
    json_set_str(a, o, "head", x->hash);
    json_set_str(a, o, "began", x->began);
    json_set_str(a, o, "ended", x->ended);
    json_set_str(a, o, "closed", x->closed);
    if (*x->removed) {
        json_set_str(a, o, "removed", x->removed);
        json_set_num(a, o, "kept", x->kept);
    }
    return o;
}

static bool count_segments(struct store *s, struct arena *a, cJSON *o, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT count(*), count(removed), sum(kept), min(began), max(CASE "
                                "WHEN removed IS NOT NULL THEN ended END), max(CASE WHEN removed "
                                "IS NOT NULL THEN last END) FROM segments",
                                "");
    if (db_next(&r, e)) {
        json_set_num(a, o, "closed", db_real(&r, 0));
        json_set_num(a, o, "removed", db_real(&r, 1));
        if (db_real(&r, 1) > 0) {
            json_set_num(a, o, "kept", db_real(&r, 2));
            json_set_str(a, o, "removed_from_time", db_text(&r, 3));
            json_set_str(a, o, "removed_to_time", db_text(&r, 4));
            json_set_num(a, o, "removed_to", db_real(&r, 5));
        }
    }
    db_done(&r);
    return !r.failed;
}

cJSON *store_segments(struct store *s, struct arena *a, int limit, struct err *e)
{
    cJSON *o = json_object(a), *list = json_array(a);
    struct segment x = { 0 };
    if (!count_segments(s, a, o, e))
        return NULL;
    struct db_rows r = db_query(s->db, e, SEGMENTS "ORDER BY first DESC LIMIT ?", "i", limit);
    while (db_next(&r, e) && read_segment(s, &r, &x, e))
        json_add(a, list, segment_shown(a, &x));
    db_done(&r);
    json_set(a, o, "segments", list);
    return e->kind == ERR_NONE ? o : NULL;
}
