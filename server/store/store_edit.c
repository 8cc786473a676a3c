/* store_edit.c - outside edits: kept with their line of audit, found, checked, and the oldest
 * dropped.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "store/store_outside_private.h"

#define EDIT_COLUMNS "id, at, since, gateway, shown, sealed, line"
#define EDIT_TYPES "tddtttd"
enum { COLUMN_SEALED = 5, COLUMN_LINE, COLUMN_MAC, SIDES_MAX = 2 * OUTSIDE_OBJECT_MAX };

bool store_is_edit(const char *id)
{
    return text_starts(id, "o-");
}

/* -- keeping ---------------------------------------------------------------------------------- */

static const char *sealed_sides(struct store *s, struct arena *a, const struct store_edit *x)
{
    const char *text = x->sides ? json_print(a, x->sides) : NULL;
    size_t n = text ? strlen(text) : 0;
    return text && n <= SIDES_MAX ? crypto_seal(a, s->key, x->id, text, n) : NULL;
}

const char *store_edit_text(struct arena *a, const struct store_edit *x)
{
    const cJSON *first = cJSON_GetArrayItem(json_get(x->shown, "diff"), 0);
    const char *scope = json_str(x->shown, "scope");
    return arena_printf(
        a, "%s %s%s%s was %s outside between %s and %s%s%.300s", json_text(x->shown, "kind"),
        json_text(x->shown, "name"), scope ? " at " : "", scope ? scope : "",
        json_text(x->shown, "verb"), when_text(a, x->since, false), when_text(a, x->at, false),
        cJSON_IsString(first) ? ": " : "", cJSON_IsString(first) ? first->valuestring : "");
}

static const char *mac_of_edit(struct store *s, struct arena *a, const char *id, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " EDIT_COLUMNS " FROM outside WHERE id = ?", "t", id);
    const char *mac = db_next(&r, e) ? store_mac(s, a, "outside edit", &r, EDIT_TYPES) : NULL;
    db_done(&r);
    return mac;
}

bool store_keep_edit(struct store *s, struct arena *a, struct store_edit *x, struct err *e)
{
    int last = 0;
    uint8_t random[SHA256_SIZE];
    crypto_random(random, sizeof random);
    x->id = arena_printf(a, "o-%.12s", crypto_sha256_hex(a, random, sizeof random));
    bool ok = store_last(s, a, &last, e) &&
              db_run(s->db, e,
                     "INSERT INTO outside (id, at, since, gateway, shown, sealed, line) VALUES "
                     "(?, ?, ?, ?, ?, ?, ?)",
                     "tddttti", x->id, x->at, x->since, x->gateway, store_said(a, x->shown),
                     sealed_sides(s, a, x), last + 1);
    const char *mac = ok ? mac_of_edit(s, a, x->id, e) : NULL;
    cJSON *said = json_object(a);
    json_set_str(a, said, "gateway", x->gateway);
    json_set_str(a, said, "text", store_edit_text(a, x));
    json_set_str(a, said, "record", mac);
    return mac && db_run(s->db, e, "UPDATE outside SET mac = ? WHERE id = ?", "tt", mac, x->id) &&
           store_chain(s, "outside edit", x->id, NULL, "watch", store_said(a, said), NULL, e) &&
           db_run(s->db, e,
                  "DELETE FROM outside WHERE line <= (SELECT line FROM outside ORDER BY line DESC "
                  "LIMIT 1 OFFSET ?)",
                  "i", (int)OUTSIDE_KEPT);
}

/* -- finding ---------------------------------------------------------------------------------- */

/* Does the line of audit that tells of it name that record? */
static bool line_names(struct store *s, struct arena *a, const char *id, int line, const char *mac,
                       struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT detail FROM audit WHERE seq = ? AND id = ?", "it", line, id);
    const char *text = db_next(&r, e) ? db_text(&r, 0) : NULL;
    struct err unread = { 0 };
    const cJSON *detail = text ? json_parse(a, text, strlen(text), &unread) : NULL;
    bool names = store_mac_same(json_str(detail, "record"), mac);
    db_done(&r);
    return names;
}

/* The current row of EDIT_COLUMNS and mac, in arena a. */
static void take_edit(struct store *s, struct arena *a, struct db_rows *r, struct store_edit *out,
                      struct err *e)
{
    struct err unread = { 0 };
    *out = (struct store_edit){ .id = arena_strdup(a, db_text(r, 0)),
                                .at = db_real(r, 1),
                                .since = db_real(r, 2),
                                .gateway = arena_strdup(a, db_text(r, 3)) };
    const char *mac = arena_strdup(a, db_text(r, COLUMN_MAC));
    const char *shown = db_text(r, 4);
    out->id = out->id ? out->id : "";
    out->shown = shown ? json_parse(a, shown, strlen(shown), &unread) : NULL;
    if (!out->shown || !store_mac_same(mac, store_mac(s, a, "outside edit", r, EDIT_TYPES)) ||
        !line_names(s, a, out->id, (int)db_real(r, COLUMN_LINE), mac, e))
        out->tampered = arena_printf(
            a, "outside edit %.40s was tampered with; see higress-ops audit verify", out->id);
}

bool store_each_edit(struct store *s, double since, store_edit_fn *fn, void *arg, struct err *e)
{
    if (!store_head_look(s, e))
        return false;
    struct db_rows r = db_query(s->db, e,
                                "SELECT " EDIT_COLUMNS
                                ", mac FROM outside WHERE at >= ? ORDER BY line DESC LIMIT ?",
                                "di", since, (int)OUTSIDE_KEPT);
    bool on = true;
    while (on && db_next(&r, e)) {
        struct arena *a = arena_new();
        struct store_edit x;
        take_edit(s, a, &r, &x, e);
        on = e->kind == ERR_NONE && fn(arg, &x);
        arena_free(a);
    }
    db_done(&r);
    return e->kind == ERR_NONE;
}

static bool open_sides(struct store *s, struct arena *a, const char *sealed, struct store_edit *x,
                       struct err *e)
{
    size_t n = 0;
    if (x->tampered && e->kind == ERR_NONE)
        err_set(e, ERR_SYSTEM, "%s", x->tampered);
    if (e->kind != ERR_NONE)
        return false;
    char *text = sealed ? crypto_open(a, s->key, x->id, sealed, &n) : NULL;
    x->sides = text ? json_parse(a, text, n, e) : NULL;
    return !sealed || x->sides ||
           err_set(e, ERR_SYSTEM, "outside edit %.40s cannot be opened: another key file", x->id);
}

static bool no_such_edit(const char *id, struct err *e)
{
    return err_set(e, ERR_ARGS,
                   "there is no outside edit '%.40s'; list_changes with state outside shows the "
                   "newest %d",
                   id, OUTSIDE_KEPT);
}

bool store_find_edit(struct store *s, struct arena *a, const char *id, struct store_edit *out,
                     struct err *e)
{
    if (!store_head_look(s, e))
        return false;
    struct db_rows r = db_query(s->db, e,
                                "SELECT " EDIT_COLUMNS ", mac FROM outside WHERE id = ?1 OR "
                                "(length(?1) >= 6 AND substr(id, 1, length(?1)) = ?1) LIMIT 2",
                                "t", id);
    bool found = db_next(&r, e);
    if (found)
        take_edit(s, a, &r, out, e);
    bool ok = found && open_sides(s, a, db_text(&r, COLUMN_SEALED), out, e);
    bool second = ok && strcmp(out->id, id) != 0 && db_next(&r, e);
    db_done(&r);
    if (second)
        return err_set(e, ERR_ARGS, "'%.40s' begins the id of more than one outside edit", id);
    return ok || (e->kind == ERR_NONE && no_such_edit(id, e));
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool stop_at_tampered(void *arg, const struct store_edit *x)
{
    struct err *e = arg;
    return !x->tampered || err_set(e, ERR_SYSTEM, "%s", x->tampered);
}

bool store_edits_fit(struct store *s, struct err *e)
{
    struct err bad = { 0 };
    if (!store_each_edit(s, 0, stop_at_tampered, &bad, e) || bad.kind != ERR_NONE) {
        *e = bad.kind ? bad : *e;
        return false;
    }
    struct db_rows r =
        db_query(s->db, e,
                 "SELECT a.id FROM (SELECT id FROM audit WHERE event = 'outside edit' ORDER BY seq "
                 "DESC LIMIT ?) a LEFT JOIN outside o ON o.id = a.id WHERE o.id IS NULL "
                 "LIMIT 1",
                 "i", (int)OUTSIDE_KEPT);
    if (db_next(&r, e))
        err_set(e, ERR_SYSTEM,
                "outside edit %.40s: the audit tells of it, but it is not there any more",
                db_text(&r, 0) ? db_text(&r, 0) : "NULL");
    db_done(&r);
    return e->kind == ERR_NONE;
}
