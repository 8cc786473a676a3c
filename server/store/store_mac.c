/* store_mac.c - MACs over the rows of the store, and the check that stands before every use of one.
 *
 * A row that was edited, swapped or copied does not fit its MAC. An older version of it fits its
 * MAC, but not its newest audit line; when that line was removed too, the chain has a hole between
 * the line of the row and the anchor at its end. Final states are not walked: an older version of
 * a change is not final, and nothing follows from one that is, unless a guard still watches it. Its
 * decision is history then, which store_decision and store_verify check.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/store_private.h"

enum { MAC_INPUT_MAX = 256 * 1024 * 1024, COLUMN_STATE = 2, COLUMN_LINE = 16 };
enum { COLUMN_DECIDED = COLUMN_LINE + 1, COLUMN_GUARD, COLUMN_GUARDED };
enum { COLUMN_MAC = COLUMN_GUARDED + 3, COLUMNS_PLAIN = COLUMN_GUARD };

void store_mac_add(struct buf *b, const char *text)
{
    if (!text) {
        buf_str(b, "-,");
        return;
    }
    char length[24], *digits = length + sizeof length;
    size_t n = strlen(text), rest = n;
    *--digits = ':';
    do
        *--digits = (char)('0' + rest % 10);
    while (rest /= 10);
    buf_add(b, digits, (size_t)(length + sizeof length - digits));
    buf_add(b, text, n);
    buf_char(b, ',');
}

char *store_mac_end(const struct store *s, struct arena *a, const struct buf *b)
{
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(s->mac_key, sizeof s->mac_key, b->data, b->len, mac);
    return base64url_encode(a, mac, sizeof mac);
}

char *store_mac(const struct store *s, struct arena *a, const char *label, struct db_rows *r,
                const char *types)
{
    char number[40];
    struct buf *b = buf_in(a, MAC_INPUT_MAX);
    store_mac_add(b, label);
    for (int i = 0; types[i]; i++) {
        if (!db_plain(r, i, types[i]))
            store_mac_add(b, crypto_token(a, 16));
        if (types[i] == 'd')
            snprintf(number, sizeof number, "%.17g", db_real(r, i));
        store_mac_add(b, types[i] == 'd' ? number : db_text(r, i));
    }
    return store_mac_end(s, a, b);
}

bool store_mac_same(const char *x, const char *y)
{
    size_t n = x ? strlen(x) : 0;
    return x && y && strlen(y) == n && crypto_equal(x, y, n);
}

bool store_sign_row(struct store *s, const char *label, const char *types, const char *select,
                    const char *update, const char *key, struct err *e)
{
    struct arena *a = arena_new_small();
    struct db_rows r = db_query(s->db, e, select, "t", key);
    const char *mac = db_next(&r, e) ? store_mac(s, a, label, &r, types) : NULL;
    db_done(&r);
    bool ok = mac && db_run(s->db, e, update, "tt", mac, key);
    arena_free(a);
    return ok;
}

bool store_tampered(const char *id, const char *what, struct err *e)
{
    return err_set(e, ERR_SYSTEM,
                   "change %.40s was tampered with: %s; nothing is done with it, see higress-ops "
                   "audit verify",
                   id ? id : "without an id", what);
}

bool store_check_decision(struct store *s, struct db_rows *r, struct err *e)
{
    struct arena *a = arena_new();
    struct store_decision ignored;
    const char *id = arena_strdup(a, db_text(r, 0)), *mac = db_text(r, COLUMN_DECIDED);
    bool ok = !mac || store_find_decision(s, a, id, arena_strdup(a, mac), &ignored, e);
    arena_free(a);
    return ok;
}

/* Is the newest step in the audit the one that the row says it is at? Of a final one the index is
 * asked; elsewhere it is not believed (+id): the lines themselves are looked at, from the end. */
static bool newest_step(struct store *s, const char *id, int line, const char *mac, bool final,
                        struct err *e)
{
    struct db_rows r =
        db_query(s->db, e,
                 final ? "SELECT seq, mac FROM audit WHERE id = ? AND mac IS NOT NULL AND "
                         "? IS NOT NULL ORDER BY seq DESC LIMIT 1"
                       : "SELECT seq, mac FROM audit WHERE +id = ? AND mac IS NOT NULL AND "
                         "seq >= ? ORDER BY seq DESC LIMIT 1",
                 "ti", id, line);
    bool there = db_next(&r, e);
    bool fits = there && (int)db_real(&r, 0) == line && store_mac_same(db_text(&r, 1), mac);
    db_done(&r);
    if (r.failed)
        return false;
    return fits || store_tampered(id,
                                  there ? "the audit knows another step of it as the newest"
                                        : "no line of the audit knows it",
                                  e);
}

bool store_still_whole(struct store *s, int line, struct err *e)
{
    struct err why = { 0 }; /* who walks it anew is told */
    return s->whole_from > 0 && line >= s->whole_from && store_version(s, e) == s->whole_version &&
           (s->head_held || store_head_holds(s, &why));
}

static bool reaches_end(struct store *s, const char *id, int line, bool again, struct err *e)
{
    int lines = 0;
    if (!again && store_still_whole(s, line, e))
        return true;
    if (store_head_holds(s, e) && store_whole(s, line, &lines, e))
        return true;
    return err_at(e, "change %.40s cannot be trusted", id);
}

/* One without guard and schedule is signed as it was before there were any. */
static char *row_mac(const struct store *s, struct arena *a, struct db_rows *r)
{
    char plain[] = STORE_PLAN_TYPES;
    bool terms = false;
    for (int i = COLUMN_GUARD; i < COLUMN_MAC; i++)
        terms = terms || !db_null(r, i);
    if (!terms)
        plain[COLUMNS_PLAIN] = '\0';
    return store_mac(s, a, terms ? "change with terms" : "change", r, plain);
}

bool store_fits(struct store *s, struct db_rows *r, struct err *e)
{
    struct arena *a = arena_new();
    const char *id = arena_strdup(a, db_text(r, 0));
    bool ok = store_mac_same(row_mac(s, a, r), db_text(r, COLUMN_MAC)) ||
              store_tampered(id, "its record does not fit its MAC", e);
    arena_free(a);
    return ok;
}

bool store_check(struct store *s, struct db_rows *r, bool again, struct err *e)
{
    struct arena *a = arena_new();
    const char *id = arena_strdup(a, db_text(r, 0));
    const char *mac = arena_strdup(a, db_text(r, COLUMN_MAC));
    enum plan_state state = store_state_of(db_text(r, COLUMN_STATE));
    int line = (int)db_real(r, COLUMN_LINE);
    bool settled = store_final(state) && !store_guards(db_text(r, COLUMN_GUARDED));
    bool ok = (state && store_mac_same(row_mac(s, a, r), mac)) ||
              store_tampered(id, "its record does not fit its MAC", e);
    ok = ok && newest_step(s, id, line, mac, settled, e) &&
         (settled || (store_check_decision(s, r, e) && reaches_end(s, id, line, again, e)));
    arena_free(a);
    return ok;
}

bool store_check_id(struct store *s, const char *id, enum plan_state *state, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id = ?", "t", id);
    *state = 0;
    bool ok = true;
    if (db_next(&r, e)) {
        ok = store_check(s, &r, true, e);
        *state = ok ? store_state_of(db_text(&r, COLUMN_STATE)) : 0;
    }
    db_done(&r);
    return ok && !r.failed;
}

bool store_sign(struct store *s, const char *event, const char *id, const char *who,
                const char *channel, const char *detail, struct err *e)
{
    struct arena *a = arena_new();
    int last = 0;
    bool ok = store_last(s, a, &last, e) &&
              db_run(s->db, e, "UPDATE plans SET line = ? WHERE id = ?", "it", last + 1, id);
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_PLAN_MACED " FROM plans WHERE id = ?", "t", id);
    const char *mac = ok && db_next(&r, e) ? row_mac(s, a, &r) : NULL;
    db_done(&r);
    ok = mac && db_run(s->db, e, "UPDATE plans SET mac = ? WHERE id = ?", "tt", mac, id) &&
         store_chain(s, event, id, who, channel, detail, mac, e);
    arena_free(a);
    return ok;
}
