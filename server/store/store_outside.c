/* store_outside.c - places of a gateway as they were seen: read, compared and set.
 *
 * Outside edits are store_edit.c.
 */
#include "store/store_outside.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store_outside_private.h"
#include "store/store_search.h"

enum { PLACE_TEXT_MAX = 64 << 20 };

#define OBJECTS_OF_PLACE                                                                           \
    "SELECT name, digest FROM watched WHERE gateway = ? AND place = ? ORDER BY name"

char *store_seen_digest(struct store *s, struct arena *a, const char *canonical)
{
    return store_proof(s, a, "watched", crypto_sha256_hex(a, canonical, strlen(canonical)));
}

/* What an object is sealed for: it fits no other place, name or digest. */
static const char *seal_context(struct arena *a, const struct store_place *p, const char *name,
                                const char *digest)
{
    return arena_printf(a, "watched\n%s\n%s\n%s\n%s", p->gateway, p->name, name, digest);
}

char *store_seal_seen(struct store *s, struct arena *a, const struct store_place *p,
                      const char *name, const char *digest, const char *text)
{
    size_t n = strlen(text);
    return n > OUTSIDE_OBJECT_MAX
               ? NULL
               : crypto_seal(a, s->key, seal_context(a, p, name, digest), text, n);
}

bool store_watched_tampered(const char *what, struct err *e)
{
    return err_set(e, ERR_SYSTEM,
                   "what the gateway was seen to hold was tampered with in the state: %s; nothing "
                   "is said about outside edits until a person at a terminal begins anew "
                   "(higress-ops outside --reset)",
                   what);
}

/* -- one place -------------------------------------------------------------------------------- */

static char *mac_of_place(struct store *s, struct arena *a, const struct store_place *p,
                          const char *digest)
{
    struct buf *b = buf_in(a, 1 << 16);
    store_mac_add(b, "place");
    store_mac_add(b, p->gateway);
    store_mac_add(b, p->name);
    store_mac_add(b, arena_printf(a, "%.17g", p->at));
    store_mac_add(b, digest);
    return store_mac_end(s, a, b);
}

/* Over the names and digests of its objects. NULL + e. */
static char *digest_of_place(struct store *s, struct arena *a, const struct store_place *p,
                             struct err *e)
{
    struct buf *b = buf_in(a, PLACE_TEXT_MAX);
    struct db_rows r = db_query(s->db, e, OBJECTS_OF_PLACE, "tt", p->gateway, p->name);
    while (db_next(&r, e)) {
        store_mac_add(b, db_text(&r, 0));
        store_mac_add(b, db_text(&r, 1));
    }
    db_done(&r);
    return r.failed ? NULL : crypto_sha256_hex(a, b->data ? b->data : "", b->len);
}

static bool read_seen(struct store *s, struct arena *a, struct store_place *p, struct err *e)
{
    int room = 0;
    struct db_rows r = db_query(s->db, e, OBJECTS_OF_PLACE, "tt", p->gateway, p->name);
    while (db_next(&r, e)) {
        p->objects = arena_grow(a, p->objects, p->count, &room, sizeof *p->objects);
        p->objects[p->count++] = (struct store_seen){ arena_strdup(a, db_text(&r, 0)),
                                                      arena_strdup(a, db_text(&r, 1)), NULL };
    }
    db_done(&r);
    return !r.failed;
}

/* The row of a place, if it is ours; one that is not there is empty. */
static bool read_place_row(struct store *s, struct arena *a, struct store_place *p, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT at, digest, mac FROM places WHERE gateway = ? AND place = ?",
                 "tt", p->gateway, p->name);
    bool there = db_next(&r, e);
    p->at = there ? db_real(&r, 0) : 0;
    const char *digest = there ? arena_strdup(a, db_text(&r, 1)) : NULL;
    p->mac = there ? arena_strdup(a, db_text(&r, 2)) : NULL;
    db_done(&r);
    if (r.failed)
        return false;
    const char *is = there ? digest_of_place(s, a, p, e) : NULL;
    if (!there)
        return true;
    if (!is || !store_mac_same(is, digest) || !store_mac_same(p->mac, mac_of_place(s, a, p, is)))
        return e->kind == ERR_NONE && store_watched_tampered(p->name, e);
    return true;
}

bool store_place(struct store *s, struct arena *a, const char *gateway, const char *name,
                 struct store_place *out, struct err *e)
{
    struct err ended = { 0 };
    *out = (struct store_place){ .gateway = gateway, .name = name };
    if (!db_run(s->db, e, "BEGIN", "")) /* the row and its objects of one moment */
        return false;
    bool ok = read_place_row(s, a, out, e) && read_seen(s, a, out, e);
    db_end(s->db, false, &ended);
    return ok;
}

cJSON *store_seen_object(struct store *s, struct arena *a, const struct store_place *p,
                         const struct store_seen *seen, struct err *e)
{
    size_t n = 0;
    struct db_rows r = db_query(
        s->db, e, "SELECT sealed FROM watched WHERE gateway = ? AND place = ? AND name = ?", "ttt",
        p->gateway, p->name, seen->name);
    const char *sealed = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    if (r.failed || !sealed)
        return NULL;
    char *text = crypto_open(a, s->key, seal_context(a, p, seen->name, seen->digest), sealed, &n);
    if (!text)
        store_watched_tampered(seen->name, e);
    return text ? json_parse(a, text, n, e) : NULL;
}

int store_places(struct store *s, struct arena *a, const char *gateway, struct store_place **out,
                 struct err *e)
{
    int n = 0, room = 0;
    struct db_rows r =
        db_query(s->db, e, "SELECT place, at, mac FROM places WHERE gateway = ? ORDER BY at, place",
                 "t", gateway);
    *out = NULL;
    while (db_next(&r, e)) {
        *out = arena_grow(a, *out, n, &room, sizeof **out);
        (*out)[n++] = (struct store_place){ .gateway = gateway,
                                            .name = arena_strdup(a, db_text(&r, 0)),
                                            .at = db_real(&r, 1),
                                            .mac = arena_strdup(a, db_text(&r, 2)) };
    }
    db_done(&r);
    return r.failed ? -1 : n;
}

/* -- all places of a gateway ------------------------------------------------------------------ */

static const char *setting_of(struct arena *a, const char *gateway)
{
    return arena_printf(a, "outside %s", gateway);
}

/* Over the MACs of its places. NULL + e. */
static char *digest_of_gateway(struct store *s, struct arena *a, const char *gateway, int *places,
                               struct err *e)
{
    struct buf *b = buf_in(a, PLACE_TEXT_MAX);
    struct db_rows r = db_query(
        s->db, e, "SELECT place, mac FROM places WHERE gateway = ? ORDER BY place", "t", gateway);
    for (*places = 0; db_next(&r, e); ++*places) {
        store_mac_add(b, db_text(&r, 0));
        store_mac_add(b, db_text(&r, 1));
    }
    db_done(&r);
    return r.failed ? NULL : crypto_sha256_hex(a, b->data ? b->data : "", b->len);
}

/* The setting of the gateway, if it and its places are what was left. Inside a transaction. */
static bool covered(struct store *s, struct arena *a, const char *gateway, cJSON **about,
                    struct err *e)
{
    int places;
    char *text = store_value(s, a, setting_of(a, gateway), e);
    const char *is = e->kind == ERR_NONE ? digest_of_gateway(s, a, gateway, &places, e) : NULL;
    if (!is || !store_covered(s, a, e))
        return false;
    *about = text ? json_parse(a, text, strlen(text), e) : NULL;
    if (e->kind != ERR_NONE)
        return false;
    const char *was = json_str(*about, "digest");
    if (was ? store_mac_same(was, is) : places == 0)
        return true;
    return store_watched_tampered("its places are not those of the last look", e);
}

/* Keeps a setting under the anchor, without a line of audit: nothing was decided. */
static bool put_quietly(struct store *s, struct arena *a, const char *name, const char *value,
                        struct err *e)
{
    int seq = 0;
    const char *hash = store_last(s, a, &seq, e);
    return hash && store_anchored(s, a, seq, hash, e) && store_head_holds(s, e) &&
           db_run(s->db, e,
                  value ? "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)"
                        : "DELETE FROM settings WHERE name = ?1 AND ?2 IS NULL",
                  "tt", name, value) &&
           store_anchor(s, seq, hash, e);
}

cJSON *store_look_about(struct store *s, struct arena *a, const char *gateway, struct err *e)
{
    struct err ended = { 0 };
    cJSON *about = NULL;
    if (!store_head_look(s, e) || !db_run(s->db, e, "BEGIN", ""))
        return NULL;
    bool ok = covered(s, a, gateway, &about, e);
    db_end(s->db, false, &ended);
    return ok ? about : NULL;
}

/* Each place of that gateway, and its objects, as they were left. Inside a transaction. */
static bool places_fit(struct store *s, const char *gateway, struct err *e)
{
    struct arena *a = arena_new();
    struct store_place *all;
    int n = store_places(s, a, gateway, &all, e);
    for (int i = 0; i < n && e->kind == ERR_NONE; i++)
        read_place_row(s, a, &all[i], e);
    arena_free(a);
    return e->kind == ERR_NONE;
}

bool store_look_whole(struct store *s, const char *gateway, struct err *e)
{
    struct err ended = { 0 };
    if (!db_run(s->db, e, "BEGIN", ""))
        return false;
    bool ok = places_fit(s, gateway, e);
    db_end(s->db, false, &ended);
    return ok;
}

bool store_watched_fit(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    cJSON *gateways = json_array(a), *about = NULL;
    const cJSON *gateway;
    struct db_rows r = db_query(
        s->db, e,
        "SELECT DISTINCT gateway FROM places UNION SELECT substr(name, 9) FROM settings WHERE "
        "name LIKE 'outside %'",
        "");
    while (db_next(&r, e))
        json_add_str(a, gateways, db_text(&r, 0) ? db_text(&r, 0) : "");
    db_done(&r);
    cJSON_ArrayForEach(gateway, gateways)
    {
        if (e->kind == ERR_NONE && covered(s, a, gateway->valuestring, &about, e))
            places_fit(s, gateway->valuestring, e);
    }
    arena_free(a);
    return e->kind == ERR_NONE;
}

/* -- the end of a look ------------------------------------------------------------------------ */

static bool stop_at_first(void *arg, const struct stored *row)
{
    (void)row;
    *(bool *)arg = true;
    return false;
}

/* Is the place still as the look found it in the store, and was nothing of ours written since? */
static bool counts(struct store *s, struct arena *a, const struct store_looked *x, struct err *e)
{
    struct store_place now = { .gateway = x->was->gateway, .name = x->was->name };
    bool written = false;
    if (!read_place_row(s, a, &now, e) ||
        !store_each_written(s, now.gateway, x->began, stop_at_first, &written, e))
        return false;
    bool same = x->was->mac ? store_mac_same(x->was->mac, now.mac) : !now.mac;
    return same && !written;
}

static bool put_objects(struct store *s, const struct store_looked *x, struct err *e)
{
    const struct store_place *p = x->was;
    for (int i = 0; i < x->now_count; i++) {
        const struct store_seen *o = &x->now[i];
        if (!db_run(s->db, e,
                    o->digest ? "INSERT OR REPLACE INTO watched (gateway, place, name, digest, "
                                "sealed) VALUES (?1, ?2, ?3, ?4, ?5)"
                              : "DELETE FROM watched WHERE gateway = ?1 AND place = ?2 AND "
                                "name = ?3 AND ?4 IS NULL AND ?5 IS NULL",
                    "ttttt", p->gateway, p->name, o->name, o->digest, o->sealed))
            return false;
    }
    return true;
}

static bool put_place(struct store *s, struct arena *a, const struct store_looked *x, struct err *e)
{
    struct store_place p = *x->was;
    if (x->gone)
        return db_run(s->db, e, "DELETE FROM watched WHERE gateway = ? AND place = ?", "tt",
                      p.gateway, p.name) &&
               db_run(s->db, e, "DELETE FROM places WHERE gateway = ? AND place = ?", "tt",
                      p.gateway, p.name);
    p.at = x->more ? p.at : x->began;
    const char *digest = put_objects(s, x, e) ? digest_of_place(s, a, &p, e) : NULL;
    return digest &&
           db_run(s->db, e,
                  "INSERT OR REPLACE INTO places (gateway, place, at, digest, mac) "
                  "VALUES (?, ?, ?, ?, ?)",
                  "ttdtt", p.gateway, p.name, p.at, digest, mac_of_place(s, a, &p, digest));
}

static bool keep_looked(struct store *s, struct arena *a, struct store_looked *x, struct err *e)
{
    x->kept = counts(s, a, x, e);
    if (!x->kept)
        return e->kind == ERR_NONE;
    for (int i = 0; i < x->edit_count; i++)
        if (!store_keep_edit(s, a, &x->edits[i], e))
            return false;
    return put_place(s, a, x, e);
}

static double count_watched(struct store *s, const char *gateway, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT count(*) FROM watched WHERE gateway = ?", "t", gateway);
    double n = db_next(&r, e) ? db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

/* The first look is said: from then on edits are seen. */
static bool end_look(struct store *s, struct arena *a, const char *gateway, cJSON *about,
                     const cJSON *before, struct err *e)
{
    int places = 0;
    const char *digest = digest_of_gateway(s, a, gateway, &places, e);
    if (!digest)
        return false;
    double at = json_num(about, "at", 0);
    json_set_num(a, about, "begun", json_num(before, "begun", at));
    json_set_num(a, about, "places", places);
    json_set_num(a, about, "objects", count_watched(s, gateway, e));
    json_set_str(a, about, "digest", digest);
    if (e->kind != ERR_NONE || !put_quietly(s, a, setting_of(a, gateway), json_print(a, about), e))
        return false;
    if (before)
        return true;
    cJSON *said = json_object(a);
    json_set_str(a, said, "gateway", gateway);
    json_set_num(a, said, "objects", json_num(about, "objects", 0));
    return store_chain(s, "outside watched", NULL, store_owner(s), "watch", store_said(a, said),
                       NULL, e);
}

bool store_look_end(struct store *s, const char *gateway, struct store_looked *all, int count,
                    cJSON *about, struct err *e)
{
    struct arena *a = arena_new();
    cJSON *before = NULL;
    if (!store_begin(s, e)) {
        arena_free(a);
        return false;
    }
    bool ok = covered(s, a, gateway, &before, e);
    for (int i = 0; ok && i < count; i++)
        ok = keep_looked(s, a, &all[i], e);
    ok = ok && end_look(s, a, gateway, json_clone(a, about), before, e);
    ok = store_end(s, ok, e);
    arena_free(a);
    return ok;
}

static bool forget_look(struct store *s, struct arena *a, const char *gateway, const char *who,
                        const char *channel, struct err *e)
{
    cJSON *said = json_object(a);
    json_set_str(a, said, "gateway", gateway);
    return db_run(s->db, e, "DELETE FROM watched WHERE gateway = ?", "t", gateway) &&
           db_run(s->db, e, "DELETE FROM places WHERE gateway = ?", "t", gateway) &&
           put_quietly(s, a, setting_of(a, gateway), NULL, e) &&
           store_chain(s, "outside forgotten", NULL, who, channel, store_said(a, said), NULL, e);
}

bool store_look_forget(struct store *s, const char *gateway, const char *who, const char *channel,
                       struct err *e)
{
    struct arena *a = arena_new();
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, forget_look(s, a, gateway, who, channel, e), e);
    arena_free(a);
    return ok;
}
