/* store_audit.c - the audit: every line holds a hash over itself and the hash of the line before.
 *
 * An edited or removed line breaks the chain from there on. The end of the chain is anchored by a
 * seal that needs the key file, so that cutting off the newest lines is noticed too.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/when.h"
#include "gateway/store_inside.h"

struct line {
    int seq;
    const char *at, *event, *id, *who, *channel, *detail;
};

static char *hash_of(struct arena *a, const struct line *l, const char *before)
{
    cJSON *o = json_object(a);
    json_set_num(a, o, "seq", l->seq);
    json_set_str(a, o, "at", l->at);
    json_set_str(a, o, "event", l->event);
    json_set_str(a, o, "id", l->id);
    json_set_str(a, o, "who", l->who);
    json_set_str(a, o, "channel", l->channel);
    json_set_str(a, o, "detail", l->detail);
    json_set_str(a, o, "before", before);
    char *text = json_canonical(a, o);
    return crypto_sha256_hex(a, text, strlen(text));
}

static char *seal_of(struct store *s, struct arena *a, int seq, const char *hash)
{
    char *text = arena_printf(a, "%d %s", seq, hash);
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(s->key, sizeof s->key, text, strlen(text), mac);
    return base64url_encode(a, mac, sizeof mac);
}

/* The newest line's number and hash; 0 and "" when there is none. */
static char *last(struct store *s, struct arena *a, int *seq, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", "");
    bool there = db_next(&r, e);
    *seq = there ? (int)db_real(&r, 0) : 0;
    char *hash = arena_strdup(a, there ? db_text(&r, 1) : "");
    db_done(&r);
    return r.failed ? NULL : hash;
}

bool store_chain(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const char *detail, struct err *e)
{
    struct arena *a = arena_new();
    struct line l = { .at = when_text(a, when_now(), true), .event = event, .id = id, .who = who };
    l.channel = channel;
    l.detail = detail;
    char *before = last(s, a, &l.seq, e);
    l.seq++;
    char *hash = before ? hash_of(a, &l, before) : NULL;
    bool ok = hash &&
              db_run(s->db, e,
                     "INSERT INTO audit (seq, at, event, id, who, channel, detail, hash) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     "ittttttt", l.seq, l.at, event, id, who, channel, detail, hash) &&
              db_run(s->db, e, "INSERT OR REPLACE INTO anchor VALUES (1, ?, ?)", "it", l.seq,
                     seal_of(s, a, l.seq, hash));
    arena_free(a);
    return ok;
}

bool store_audit(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const cJSON *detail, struct err *e)
{
    struct arena *a = arena_new();
    char *text = detail ? secret_scrub(a, json_print(a, detail)) : NULL;
    bool ok = db_begin(s->db, e);
    if (ok)
        ok = db_end(s->db, store_chain(s, event, id, who, channel, text, e), e);
    arena_free(a);
    return ok;
}

static bool anchored(struct store *s, struct arena *a, int seq, const char *hash, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT seal FROM anchor", "");
    const char *seal = db_next(&r, e) ? db_text(&r, 0) : "";
    bool fits = seq == 0 ? !*seal : !strcmp(seal, seal_of(s, a, seq, hash));
    db_done(&r);
    if (r.failed)
        return false;
    return fits || err_set(e, ERR_SYSTEM,
                           "the audit ends after line %d, which is not where it was "
                           "written to: the newest lines were removed",
                           seq);
}

/* Checks the row against its place and the hash before; the hash moves on. */
static bool fits(struct arena *a, struct db_rows *r, int place, char before[65])
{
    struct line l = { .seq = (int)db_real(r, 0), .at = db_text(r, 1) };
    l.event = db_text(r, 2);
    l.id = db_text(r, 3);
    l.who = db_text(r, 4);
    l.channel = db_text(r, 5);
    l.detail = db_text(r, 6);
    char *hash = hash_of(a, &l, before);
    const char *stored = db_text(r, 7);
    bool same = l.seq == place && stored && !strcmp(hash, stored);
    snprintf(before, 65, "%s", hash);
    return same;
}

static bool walk_chain(struct store *s, int *lines, char before[65], struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT seq, at, event, id, who, channel, detail, hash FROM audit "
                                "ORDER BY seq",
                                "");
    bool ok = true;
    while (ok && db_next(&r, e)) {
        struct arena *one = arena_new();
        ok = fits(one, &r, *lines + 1, before);
        arena_free(one);
        *lines += ok;
    }
    db_done(&r);
    if (!ok)
        err_set(e, ERR_SYSTEM,
                "line %d of the audit does not fit the line before: it was changed, or lines were "
                "removed",
                *lines + 1);
    return ok && !r.failed;
}

bool store_verify(struct store *s, int *lines, struct err *e)
{
    struct arena *a = arena_new();
    char before[65] = "";
    *lines = 0;
    /* One transaction, so that the lines and the anchor are of the same moment. */
    bool ok = db_begin(s->db, e);
    if (ok)
        ok = db_end(s->db, walk_chain(s, lines, before, e) && anchored(s, a, *lines, before, e), e);
    arena_free(a);
    return ok;
}

char *store_audit_newest(struct store *s, struct arena *a, struct err *e)
{
    int seq = 0;
    return last(s, a, &seq, e);
}

static void set_text(struct arena *a, cJSON *o, const char *name, const char *text)
{
    if (text)
        json_set_str(a, o, name, text);
}

bool store_audit_lines(struct store *s, struct arena *a, cJSON *lines, int limit, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT seq, at, event, id, who, channel, detail FROM audit "
                                "ORDER BY seq DESC LIMIT ?",
                                "i", limit);
    while (db_next(&r, e)) {
        static const char *const columns[] = { "at", "event", "id", "who", "channel" };
        cJSON *o = json_add(a, lines, json_object(a));
        json_set_num(a, o, "seq", db_real(&r, 0));
        for (int i = 0; i < 5; i++)
            set_text(a, o, columns[i], db_text(&r, i + 1));
        const char *detail = db_text(&r, 6);
        struct err ignored = { 0 };
        cJSON *tree = detail ? json_parse(a, detail, strlen(detail), &ignored) : NULL;
        if (tree)
            json_set(a, o, "detail", tree);
    }
    db_done(&r);
    return !r.failed;
}
