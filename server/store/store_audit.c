/* store_audit.c - the audit: every line holds a hash over itself and the hash of the line before.
 *
 * An edited or removed line breaks the chain from there on. The end of the chain is anchored by a
 * MAC, so that cutting off the newest lines is noticed too; the anchor covers the settings of the
 * state as well. A line whose detail had to be taken away (store_scrub.c) keeps the hash it had, so
 * that the chain and anchors kept elsewhere still fit; what stands there now is under a MAC.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "store/store_private.h"
#include <math.h>

enum { SETTINGS_MAX = 1024 * 1024, LINE_MAX = 256 * 1024 * 1024 };
enum { LINES_AN_ARENA = 64 };

struct line {
    int seq;
    const char *at, *event, *id, *who, *channel, *detail, *mac;
};

/* One member of the canonical form: written by hand, because a million lines are hashed at once. */
static void write_line_member(struct buf *b, const char *key, const char *text)
{
    buf_char(b, b->len ? ',' : '{');
    buf_char(b, '"');
    buf_str(b, key);
    buf_str(b, "\":");
    if (text)
        buf_json_string(b, text, strlen(text));
    else
        buf_str(b, "null");
}

/* Over the line as canonical JSON: its members by name. b: room to write it in, used again from
 * line to line. */
static char *audit_line_hash(struct arena *a, struct buf *b, const struct line *l,
                             const char *before)
{
    buf_reset(b);
    write_line_member(b, "at", l->at);
    write_line_member(b, "before", before);
    write_line_member(b, "channel", l->channel);
    write_line_member(b, "detail", l->detail);
    write_line_member(b, "event", l->event);
    write_line_member(b, "id", l->id);
    if (l->mac) /* lines of the first release have none */
        write_line_member(b, "mac", l->mac);
    buf_printf(b, ",\"seq\":%d", l->seq);
    write_line_member(b, "who", l->who);
    buf_char(b, '}');
    return crypto_sha256_hex(a, b->data, b->len);
}

/* -- the end of the chain -------------------------------------------------------------------------
 */

/* NULL + e. */
static char *seal_of(struct store *s, struct arena *a, int seq, const char *hash, struct err *e)
{
    struct buf *b = buf_in(a, SETTINGS_MAX);
    store_mac_add(b, "anchor");
    store_mac_add(b, arena_printf(a, "%d %s", seq, hash));
    struct db_rows r = db_query(s->db, e, "SELECT name, value FROM settings ORDER BY name", "");
    while (db_next(&r, e)) {
        for (int i = 0; i < 2; i++)
            store_mac_add(b, db_plain(&r, i, 't') ? db_text(&r, i) : crypto_token(a, 16));
    }
    db_done(&r);
    return r.failed ? NULL : store_mac_end(s, a, b);
}

char *store_last(struct store *s, struct arena *a, int *seq, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", "");
    bool there = db_next(&r, e);
    *seq = there ? (int)db_real(&r, 0) : 0;
    char *hash = arena_strdup(a, there && db_text(&r, 1) ? db_text(&r, 1) : "");
    db_done(&r);
    return r.failed ? NULL : hash;
}

bool store_anchored(struct store *s, struct arena *a, int seq, const char *hash, struct err *e)
{
    const char *want = seal_of(s, a, seq, hash, e);
    struct db_rows r = db_query(s->db, e, "SELECT seal FROM anchor", "");
    const char *seal = db_next(&r, e) ? db_text(&r, 0) : "";
    bool fits = want && seal && !strcmp(seal, want);
    db_done(&r);
    if (r.failed || !want)
        return false;
    return fits || err_set(e, ERR_SYSTEM,
                           "the audit ends after line %d, which is not where it was written to: "
                           "the newest lines were removed, or the settings of the state changed",
                           seq);
}

bool store_anchor(struct store *s, int seq, const char *hash, struct err *e)
{
    struct arena *a = arena_new();
    const char *seal = seal_of(s, a, seq, hash, e);
    bool ok =
        seal && db_run(s->db, e, "INSERT OR REPLACE INTO anchor VALUES (1, ?, ?)", "it", seq, seal);
    arena_free(a);
    return ok;
}

bool store_chain(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const char *detail, const char *mac, struct err *e)
{
    struct arena *a = arena_new();
    struct line l = { .at = when_text(a, when_now(), true), .event = event, .id = id, .who = who };
    l.channel = channel;
    l.detail = detail;
    l.mac = mac;
    char *before = store_last(s, a, &l.seq, e);
    /* A line is added to no end but our own: it would make whole what was cut. */
    bool ok = before && store_anchored(s, a, l.seq, before, e) && store_head_holds(s, e);
    l.seq++;
    char *hash = ok ? audit_line_hash(a, buf_in(a, LINE_MAX), &l, before) : NULL;
    ok = ok && db_run(s->db, e,
                      "INSERT INTO audit (seq, at, event, id, who, channel, detail, hash, mac) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "itttttttt", l.seq, l.at, event, id, who, channel, detail, hash, mac);
    if (ok && store_anchor(s, l.seq, hash, e)) {
        s->end = l.seq;
        snprintf(s->end_hash, sizeof s->end_hash, "%s", hash);
    }
    arena_free(a);
    return ok && e->kind == ERR_NONE;
}

char *store_said(struct arena *a, const cJSON *detail)
{
    if (!detail)
        return NULL;
    cJSON *said = json_clone(a, detail);
    secret_scrub_tree(a, NULL, said);
    return json_print(a, said);
}

bool store_knows_change(struct store *s, const char *id, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT 1 FROM plans WHERE id = ?", "t", id);
    bool known = db_next(&r, e);
    db_done(&r);
    return known;
}

/* An id that somebody sent is no proof of a change: a line of one that is not there would say that
 * the state lost it. */
static const char *known_id(struct store *s, struct arena *a, const char *id, cJSON **detail,
                            struct err *e)
{
    if (!id || store_knows_change(s, id, e))
        return id;
    if (!*detail)
        *detail = json_object(a);
    json_set_str(a, *detail, "unknown_change", text_clean(a, id, 100));
    return NULL;
}

bool store_audit(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const cJSON *detail, struct err *e)
{
    struct arena *a = arena_new();
    cJSON *own = detail ? json_clone(a, detail) : NULL;
    bool ok = store_begin(s, e);
    if (ok) {
        id = known_id(s, a, id, &own, e);
        ok = e->kind == ERR_NONE &&
             store_chain(s, event, id, who, channel, store_said(a, own), NULL, e);
        ok = store_end(s, ok, e);
    }
    arena_free(a);
    return ok;
}

/* -- walking --------------------------------------------------------------------------------------
 */

enum { COLUMN_HASH = 8, COLUMN_TOMB };

char *store_tomb(const struct store *s, struct arena *a, struct db_rows *r)
{
    return store_mac(s, a, "tomb", r, "dtttttttt");
}

/* Checks the row against its place and the hash before; the hash moves on. */
static bool audit_row_fits(struct store *s, struct arena *a, struct buf *room, struct db_rows *r,
                           int place, char before[65])
{
    struct line l = { .seq = (int)db_real(r, 0), .at = db_text(r, 1) };
    l.event = db_text(r, 2);
    l.id = db_text(r, 3);
    l.who = db_text(r, 4);
    l.channel = db_text(r, 5);
    l.detail = db_text(r, 6);
    l.mac = db_text(r, 7);
    const char *stored = db_text(r, COLUMN_HASH), *tomb = db_text(r, COLUMN_TOMB);
    bool plain = true;
    for (int i = 0; i <= COLUMN_TOMB; i++)
        plain = plain && db_plain(r, i, i ? 't' : 'd');
    bool same = plain && l.seq == place && stored &&
                (tomb ? !strcmp(tomb, store_tomb(s, a, r))
                      : !strcmp(stored, audit_line_hash(a, room, &l, before)));
    snprintf(before, 65, "%s", stored ? stored : "");
    return same;
}

bool store_walk(struct store *s, int from, double to, int *lines, char before[65], struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " STORE_LINE_COLUMNS " FROM audit WHERE seq >= ? AND "
                                "seq <= ? ORDER BY seq",
                                "id", from, to);
    bool ok = true;
    struct arena *whole = arena_new(), *some = arena_new();
    struct buf *room = buf_in(whole, LINE_MAX);
    *lines = 0;
    while (ok && db_next(&r, e)) {
        ok = audit_row_fits(s, some, room, &r, from + *lines, before);
        *lines += ok;
        if (*lines % LINES_AN_ARENA == 0) {
            arena_free(some);
            some = arena_new();
        }
    }
    arena_free(some);
    arena_free(whole);
    db_done(&r);
    if (!ok)
        err_set(e, ERR_SYSTEM,
                "line %d of the audit does not fit the line before: it was changed, or lines were "
                "removed",
                from + *lines);
    return ok && !r.failed;
}

/* The hash of the line before, which retention may have removed. */
static bool begin_at(struct store *s, int from, char before[65], struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT hash FROM audit WHERE seq = ?", "i", from - 1);
    const char *text = db_next(&r, e) ? db_text(&r, 0) : NULL;
    bool there = text != NULL;
    snprintf(before, 65, "%s", text ? text : "");
    db_done(&r);
    return !r.failed && (there || from <= 1 || store_removed_hash(s, from - 1, before, e));
}

bool store_whole(struct store *s, int from, int *lines, struct err *e)
{
    struct arena *a = arena_new();
    char before[65] = "";
    int removed = 0;
    *lines = 0;
    if (from < 1)
        from = 1;
    bool wider = store_still_whole(s, from, e);
    bool ok =
        store_removed_to(s, &removed, e) && (from > removed || store_kept_fit(s, from, removed, e));
    int first = from > removed ? from : removed + 1;
    ok = ok && begin_at(s, first, before, e) && store_walk(s, first, HUGE_VAL, lines, before, e) &&
         store_anchored(s, a, first + *lines - 1, before, e);
    s->whole_version = store_version(s, e);
    s->whole_from = !ok ? 0 : wider ? s->whole_from : from;
    arena_free(a);
    return ok;
}

/* That release made its end sure with the key itself, and knew no settings. */
bool store_whole_of_old(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    char before[65] = "";
    uint8_t mac[SHA256_SIZE];
    int lines = 0;
    bool ok = store_walk(s, 1, HUGE_VAL, &lines, before, e);
    const char *end = arena_printf(a, "%d %s", lines, before);
    crypto_hmac(s->key, sizeof s->key, end, strlen(end), mac);
    struct db_rows r = db_query(s->db, e, "SELECT seal FROM anchor", "");
    const char *seal = db_next(&r, e) ? db_text(&r, 0) : NULL;
    bool ours = ok && (lines == 0 || (seal && !strcmp(seal, base64url_encode(a, mac, sizeof mac))));
    db_done(&r);
    arena_free(a);
    return ours;
}

/* -- reading --------------------------------------------------------------------------------------
 */

char *store_audit_newest(struct store *s, struct arena *a, struct err *e)
{
    int seq = 0;
    if (db_still(s->db, &s->newest_mark))
        return arena_strdup(a, s->newest);
    db_mark(s->db, &s->newest_mark);
    char *hash = store_last(s, a, &seq, e);
    s->newest_mark.known =
        hash && strlen(hash) < sizeof s->newest && db_still(s->db, &s->newest_mark);
    if (s->newest_mark.known)
        snprintf(s->newest, sizeof s->newest, "%s", hash);
    return hash;
}

static void set_audit_text(struct arena *a, cJSON *o, const char *name, const char *text)
{
    if (text)
        json_set_str(a, o, name, text);
}

cJSON *store_line_shown(struct arena *a, struct db_rows *r)
{
    static const char *const columns[] = { "at", "event", "id", "who", "channel" };
    cJSON *o = json_object(a);
    json_set_num(a, o, "seq", db_real(r, 0));
    for (int i = 0; i < 5; i++)
        set_audit_text(a, o, columns[i], db_text(r, i + 1));
    const char *detail = db_text(r, 6);
    struct err ignored = { 0 };
    cJSON *tree = detail ? json_parse(a, detail, strlen(detail), &ignored) : NULL;
    if (tree)
        json_set(a, o, "detail", tree);
    return o;
}

bool store_line_holds(struct store *s, struct arena *a, struct db_rows *r, struct err *e)
{
    int seq = (int)db_real(r, 0);
    char before[65] = "";
    return begin_at(s, seq, before, e) &&
           (audit_row_fits(s, a, buf_in(a, LINE_MAX), r, seq, before) ||
            err_set(e, ERR_SYSTEM,
                    "line %d of the audit is not as it was written; see higress-ops "
                    "audit verify",
                    seq));
}

static bool read_newest_lines(struct store *s, struct arena *a, cJSON *lines, int limit,
                              struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT seq, at, event, id, who, channel, detail FROM audit "
                                "WHERE seq > 0 ORDER BY seq DESC LIMIT ?",
                                "i", limit);
    int first = 1, walked = 0; /* of no lines, the chain from its beginning */
    while (db_next(&r, e)) {
        first = (int)db_real(&r, 0);
        json_add(a, lines, store_line_shown(a, &r));
    }
    db_done(&r);
    bool whole = store_still_whole(s, first, e) ||
                 (store_head_holds(s, e) && store_whole(s, first, &walked, e));
    return whole && e->kind == ERR_NONE;
}

/* Of one moment: a line that another process adds meanwhile is not one that is too many. */
bool store_audit_lines(struct store *s, struct arena *a, cJSON *lines, int limit, struct err *e)
{
    struct err ended = { 0 };
    if (!store_head_look(s, e) || !db_run(s->db, e, "BEGIN", ""))
        return false;
    bool ok = read_newest_lines(s, a, lines, limit, e);
    db_end(s->db, false, &ended);
    return ok;
}
