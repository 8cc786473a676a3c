/* store_pin.c - the settings of a state: read together with the anchor that covers them, written
 * together with the audit line that says so. */
#include "store/store_pin.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store_private.h"
#include <limits.h>

enum { SALT = 16 };
static const struct crypto_work work = { .n = 32768, .r = 8, .p = 1 };
static const char pin_name[] = "pin", passphrase_name[] = "passphrase", freezes_name[] = "freezes";
static const char wrong_name[] = "wrong passphrases";
enum { WRONG_FREE = 5, WRONG_WAIT = 60 /* seconds after each one more */ };

char *store_value(struct store *s, struct arena *a, const char *name, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT value FROM settings WHERE name = ?", "t", name);
    char *value = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    return value;
}

bool store_covered(struct store *s, struct arena *a, struct err *e)
{
    int seq = 0;
    char *hash = store_last(s, a, &seq, e);
    return hash && store_anchored(s, a, seq, hash, e) && store_head_holds(s, e);
}

/* The value and the end of the chain that covers it, in one transaction. */
static char *covered_value(struct store *s, struct arena *a, const char *name, struct err *e)
{
    struct err ended = { 0 };
    if (!store_head_look(s, e) || !db_run(s->db, e, "BEGIN", ""))
        return NULL;
    char *value = store_value(s, a, name, e);
    bool ours = e->kind == ERR_NONE && store_covered(s, a, e);
    db_end(s->db, false, &ended);
    return ours ? value : NULL;
}

cJSON *store_setting(struct store *s, struct arena *a, const char *name, struct err *e)
{
    char *value = store_value(s, a, name, e);
    /* The end was looked at, and nobody has written since: not before this value was read either.
     */
    if (!store_still_whole(s, INT_MAX, e) && e->kind == ERR_NONE)
        value = covered_value(s, a, name, e);
    return e->kind == ERR_NONE && value ? json_parse(a, value, strlen(value), e) : NULL;
}

bool store_put_setting(struct store *s, const char *name, const char *value,
                       const struct setting_said *said, struct err *e)
{
    struct arena *a = arena_new();
    int seq = 0;
    char *hash = store_last(s, a, &seq, e);
    /* The chain is looked at before the setting moves its anchor. */
    bool ok =
        hash && store_anchored(s, a, seq, hash, e) && store_head_holds(s, e) &&
        db_run(s->db, e,
               value ? "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)"
                     : "DELETE FROM settings WHERE name = ?1 AND ?2 IS NULL",
               "tt", name, value) &&
        store_anchor(s, seq, hash, e) &&
        store_chain(s, said->event, said->id, said->who, said->channel, said->detail, NULL, e);
    arena_free(a);
    return ok;
}

static bool put_one_setting(struct store *s, const char *name, const char *value,
                            const struct setting_said *said, struct err *e)
{
    bool ok = store_begin(s, e);
    return ok && store_end(s, store_put_setting(s, name, value, said, e), e);
}

cJSON *store_pin(struct store *s, struct arena *a, struct err *e)
{
    return store_setting(s, a, pin_name, e);
}

bool store_set_pin(struct store *s, const cJSON *pin, const char *who, const char *channel,
                   struct err *e)
{
    struct arena *a = arena_new();
    const char *text = pin ? json_print(a, pin) : NULL;
    const struct setting_said said = { pin ? "pinned" : "unpinned", who, channel, text };
    bool ok = put_one_setting(s, pin_name, text, &said, e);
    arena_free(a);
    return ok;
}

cJSON *store_freezes(struct store *s, struct arena *a, struct err *e)
{
    return store_setting(s, a, freezes_name, e);
}

bool store_set_freezes(struct store *s, const cJSON *list, const char *event, const char *who,
                       const char *channel, struct err *e)
{
    struct arena *a = arena_new();
    const char *text = json_count(list) ? json_print(a, list) : NULL;
    const struct setting_said said = { event, who, channel, text };
    bool ok = put_one_setting(s, freezes_name, text, &said, e);
    arena_free(a);
    return ok;
}

/* -- the passphrase -------------------------------------------------------------------------------
 */

bool store_set_passphrase(struct store *s, const char *text, const char *who, const char *channel,
                          struct err *e)
{
    struct arena *a = arena_new();
    uint8_t salt[SALT], key[SHA256_SIZE];
    cJSON *o = json_object(a);
    crypto_random(salt, sizeof salt);
    if (text && !crypto_scrypt(text, salt, sizeof salt, work, key))
        bug("libcrypto refused scrypt");
    json_set_str(a, o, "salt", base64url_encode(a, salt, sizeof salt));
    json_set_num(a, o, "n", work.n);
    json_set_num(a, o, "r", work.r);
    json_set_num(a, o, "p", work.p);
    json_set_str(a, o, "key", text ? base64url_encode(a, key, sizeof key) : "");
    const struct setting_said said = { text ? "passphrase set" : "passphrase removed", who, channel,
                                       NULL };
    bool ok = put_one_setting(s, passphrase_name, text ? json_print(a, o) : NULL, &said, e);
    arena_free(a);
    return ok;
}

bool store_has_passphrase(struct store *s, bool *has, struct err *e)
{
    struct arena *a = arena_new();
    *has = store_setting(s, a, passphrase_name, e) != NULL;
    arena_free(a);
    return e->kind == ERR_NONE;
}

static bool passphrase_fits(struct arena *a, const cJSON *o, const char *text)
{
    uint8_t key[SHA256_SIZE];
    size_t salt_len = 0, key_len = 0;
    const char *salt_text = json_str(o, "salt"), *key_text = json_str(o, "key");
    const struct crypto_work w = { .n = (unsigned)json_num(o, "n", 0),
                                   .r = (unsigned)json_num(o, "r", 0),
                                   .p = (unsigned)json_num(o, "p", 0) };
    uint8_t *salt = salt_text ? base64url_decode(a, salt_text, strlen(salt_text), &salt_len) : NULL;
    uint8_t *want = key_text ? base64url_decode(a, key_text, strlen(key_text), &key_len) : NULL;
    return salt && want && key_len == sizeof key && crypto_scrypt(text, salt, salt_len, w, key) &&
           crypto_equal(key, want, sizeof key);
}

/* Wrong ones in a row, and when the last was: {"wrong","at"}. A setting, so that it cannot be set
 * back without being noticed; in the transaction that looks, so that many at once get no further.
 */
static bool may_try(struct store *s, struct arena *a, double *wrong, struct err *e)
{
    char *text = store_value(s, a, wrong_name, e);
    const cJSON *o = text ? json_parse(a, text, strlen(text), e) : NULL;
    *wrong = json_num(o, "wrong", 0);
    double wait = json_num(o, "at", 0) + WRONG_WAIT - when_now();
    return e->kind == ERR_NONE &&
           (*wrong < WRONG_FREE || wait <= 0 ||
            err_set(e, ERR_POLICY,
                    "too many wrong passphrases: none is looked at for %d s; nothing was decided",
                    (int)wait + 1));
}

static bool note_try(struct store *s, struct arena *a, bool right, double wrong,
                     const struct setting_said *said, struct err *e)
{
    cJSON *o = json_object(a);
    json_set_num(a, o, "wrong", wrong + 1);
    json_set_num(a, o, "at", when_now());
    if (right && wrong == 0)
        return true;
    return store_put_setting(s, wrong_name, right ? NULL : json_print(a, o), said, e);
}

static bool try_passphrase(struct store *s, struct arena *a, const char *text,
                           const struct setting_said *said, bool *right, struct err *e)
{
    double wrong;
    if (!store_covered(s, a, e) || !may_try(s, a, &wrong, e))
        return false;
    char *value = store_value(s, a, passphrase_name, e);
    const cJSON *o = value ? json_parse(a, value, strlen(value), e) : NULL;
    *right = o && passphrase_fits(a, o, text);
    const struct setting_said now = { *right ? "right passphrase" : "wrong passphrase", said->who,
                                      said->channel, NULL };
    return e->kind == ERR_NONE && note_try(s, a, *right, wrong, &now, e);
}

bool store_try_passphrase(struct store *s, const char *text, const char *who, const char *channel,
                          bool *right, struct err *e)
{
    struct arena *a = arena_new();
    const struct setting_said said = { NULL, who, channel, NULL };
    *right = false;
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, try_passphrase(s, a, text, &said, right, e), e);
    *right = *right && ok;
    arena_free(a);
    return ok;
}
