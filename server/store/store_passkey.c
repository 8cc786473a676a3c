/* store_passkey.c - codes and keys as two settings, each read and written within the transaction
 * that decides by it. What is refused may still have to be kept (a try, a copy that was seen): such
 * a refusal is handed on beside the error, and the transaction ends as any other. */
#include "store/store_passkey.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store_private.h"

static const char keys_name[] = "passkeys", codes_name[] = "passkey codes";
static const char terminal[] = "command line", page[] = "page", passkey[] = "passkey";
static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* no two look alike */
enum { CODE_LETTERS = 16, CODE_GROUP = 4, CODE_MAX = 64, ID_LEAST = 6 };

/* What one transaction is about. */
struct passkey_deed {
    const char *person, *by, *code, *id, *change;
    const cJSON *key, *evidence;
    uint32_t count;
    struct err refused; /* kept, and refused all the same */
};
typedef bool passkey_fn(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e);

static bool in_transaction(struct store *s, passkey_fn *fn, struct passkey_deed *d, struct err *e)
{
    struct arena *a = arena_new();
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, store_covered(s, a, e) && fn(s, a, d, e), e);
    arena_free(a);
    if (ok && d->refused.kind != ERR_NONE)
        return err_set(e, d->refused.kind, "%s", d->refused.text);
    return ok;
}

/* As it stands; an empty one where there is none. NULL: e. */
static cJSON *passkey_setting(struct store *s, struct arena *a, const char *name, struct err *e)
{
    char *text = store_value(s, a, name, e);
    if (e->kind != ERR_NONE)
        return NULL;
    if (text)
        return json_parse(a, text, strlen(text), e);
    return !strcmp(name, keys_name) ? json_array(a) : json_object(a);
}

/* -- codes --------------------------------------------------------------------------------- */

static char *make_code(struct arena *a)
{
    uint8_t random[CODE_LETTERS * 4];
    char *code = arena_alloc(a, CODE_LETTERS + CODE_LETTERS / CODE_GROUP);
    size_t n = 0;
    crypto_random(random, sizeof random);
    for (int i = 0; i < CODE_LETTERS; i++) {
        uint32_t r = 0;
        memcpy(&r, random + 4 * i, sizeof r);
        if (i && i % CODE_GROUP == 0)
            code[n++] = '-';
        code[n++] = letters[r % (sizeof letters - 1)];
    }
    return code;
}

/* Of its letters: blanks, dashes and case are how it was typed. */
static char *digest_code(struct arena *a, const char *typed)
{
    char plain[CODE_MAX];
    size_t n = 0;
    for (; *typed && n < sizeof plain; typed++) {
        char c = *typed >= 'A' && *typed <= 'Z' ? (char)(*typed - 'A' + 'a') : *typed;
        if (c != '-' && c != ' ')
            plain[n++] = c;
    }
    return crypto_sha256_hex(a, plain, n);
}

static bool keep_code(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    cJSON *codes = passkey_setting(s, a, codes_name, e), *old, *next;
    for (old = codes ? codes->child : NULL; old; old = next) {
        next = old->next;
        if (json_num(old, "until", 0) < when_now())
            json_detach(codes, old);
    }
    if (!codes)
        return false;
    cJSON *o = json_object(a);
    json_set_str(a, o, "sha256", digest_code(a, d->code));
    json_set_num(a, o, "until", when_now() + PASSKEY_CODE_LASTS);
    json_set_num(a, o, "tries", 0);
    json_set(a, codes, d->person, o);
    cJSON *detail = json_object(a);
    json_set_str(a, detail, "for", d->person);
    const struct setting_said said = { "passkey code made", d->by, terminal,
                                       json_print(a, detail) };
    return store_put_setting(s, codes_name, json_print(a, codes), &said, e);
}

char *store_passkey_code(struct store *s, struct arena *a, const char *person, const char *by,
                         struct err *e)
{
    char *code = make_code(a);
    struct passkey_deed d = { .person = person, .by = by, .code = code };
    return in_transaction(s, keep_code, &d, e) ? code : NULL;
}

static bool put_codes(struct store *s, struct arena *a, const cJSON *codes, const char *event,
                      const char *person, struct err *e)
{
    const struct setting_said said = { event, person, page, NULL };
    return store_put_setting(s, codes_name, json_count(codes) ? json_print(a, codes) : NULL, &said,
                             e);
}

/* The codes, of which theirs fits; else NULL, and d->refused or e says why. One that does not is
 * counted. */
static cJSON *codes_with(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    cJSON *codes = passkey_setting(s, a, codes_name, e), *mine = json_get(codes, d->person);
    const char *is = json_str(mine, "sha256"), *typed = digest_code(a, d->code);
    if (!codes)
        return NULL;
    bool there = is && json_num(mine, "until", 0) > when_now() &&
                 json_num(mine, "tries", PASSKEY_CODE_TRIES) < PASSKEY_CODE_TRIES;
    if (there && store_mac_same(is, typed))
        return codes;
    if (there) {
        json_set_num(a, mine, "tries", json_num(mine, "tries", 0) + 1);
        put_codes(s, a, codes, "wrong passkey code", d->person, e);
    }
    err_set(&d->refused, ERR_POLICY,
            "that is not a code that is good now for '%.100s': somebody at a terminal makes one "
            "(higress-ops passkey enroll NAME), which is good once, for %d minutes",
            d->person, PASSKEY_CODE_LASTS / 60);
    return NULL;
}

static bool try_code(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    codes_with(s, a, d, e);
    return e->kind == ERR_NONE;
}

bool store_try_passkey_code(struct store *s, const char *person, const char *code, struct err *e)
{
    struct passkey_deed d = { .person = person, .code = code };
    return in_transaction(s, try_code, &d, e);
}

/* -- keys ---------------------------------------------------------------------------------- */

cJSON *store_passkeys(struct store *s, struct arena *a, const char *person, struct err *e)
{
    cJSON *all = store_setting(s, a, keys_name, e), *some = json_array(a), *k;
    cJSON_ArrayForEach(k, all) if (!person || !strcmp(json_str(k, "who"), person))
        json_add(a, some, json_clone(a, k));
    return e->kind == ERR_NONE ? some : NULL;
}

static cJSON *passkey_named(cJSON *keys, const char *id)
{
    cJSON *k;
    cJSON_ArrayForEach(k, keys) if (!strcmp(json_str(k, "id"), id)) return k;
    return NULL;
}

/* The line about a key: which, and what for. */
static bool put_passkeys(struct store *s, struct arena *a, const cJSON *keys, const cJSON *key,
                         const struct setting_said *about, const cJSON *evidence, struct err *e)
{
    cJSON *detail = json_object(a);
    struct setting_said said = *about;
    json_set_str(a, detail, "who", json_str(key, "who"));
    json_set_str(a, detail, "key", arena_printf(a, "%.12s", json_str(key, "id")));
    json_set_str(a, detail, "name", json_str(key, "name"));
    if (said.id)
        json_set_str(a, detail, "change", said.id);
    if (evidence)
        json_set(a, detail, "evidence", json_clone(a, evidence));
    const char *public = json_str(key, "public");
    size_t n = 0;
    const void *bytes = public ? base64url_decode(a, public, strlen(public), &n) : NULL;
    if (bytes)
        json_set_str(a, detail, "public_sha256", crypto_sha256_hex(a, bytes, n));
    said.detail = json_print(a, detail);
    return store_put_setting(s, keys_name, json_print(a, keys), &said, e);
}

static bool has_key_room(const cJSON *keys, const cJSON *key, struct err *e)
{
    int theirs = 0;
    const cJSON *k;
    cJSON_ArrayForEach(k, keys)
    {
        theirs += !strcmp(json_str(k, "who"), json_str(key, "who"));
        if (!strcmp(json_str(k, "id"), json_str(key, "id")))
            return err_set(e, ERR_POLICY, "this key is enrolled already");
    }
    return (theirs < PASSKEYS_OF_ONE && json_count(keys) < PASSKEYS_MAX) ||
           err_set(e, ERR_POLICY,
                   "there are too many keys already: remove one (higress-ops passkey remove)");
}

static bool add_key(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    cJSON *codes = codes_with(s, a, d, e);
    if (!codes)
        return e->kind == ERR_NONE;
    cJSON *keys = passkey_setting(s, a, keys_name, e);
    if (!keys || !has_key_room(keys, d->key, e))
        return false;
    json_remove(codes, d->person);
    cJSON *key = json_add(a, keys, json_clone(a, d->key));
    json_set_str(a, key, "at", when_text(a, when_now(), false));
    const struct setting_said said = { "passkey enrolled", d->person, page, NULL, NULL };
    return put_codes(s, a, codes, "passkey code used", d->person, e) &&
           put_passkeys(s, a, keys, key, &said, NULL, e);
}

bool store_add_passkey(struct store *s, const cJSON *key, const char *code, struct err *e)
{
    struct passkey_deed d = { .person = json_str(key, "who"), .code = code, .key = key };
    return in_transaction(s, add_key, &d, e);
}

static bool remove_key(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    cJSON *keys = passkey_setting(s, a, keys_name, e), *k, *found = NULL;
    int count = 0;
    cJSON_ArrayForEach(k, keys)
    {
        if (strcmp(json_str(k, "who"), d->person) != 0 ||
            strncmp(json_str(k, "id"), d->id, strlen(d->id)) != 0)
            continue;
        found = k;
        count++;
    }
    if (!keys)
        return false;
    if (count != 1 || strlen(d->id) < ID_LEAST)
        return err_set(e, ERR_ARGS,
                       "'%.100s' has %s key whose id begins so: higress-ops passkey list shows "
                       "them; %d letters at least",
                       d->person, count > 1 ? "more than one" : "no", ID_LEAST);
    json_detach(keys, found);
    const struct setting_said said = { "passkey removed", d->by, terminal, NULL, NULL };
    return put_passkeys(s, a, keys, found, &said, NULL, e);
}

bool store_remove_passkey(struct store *s, const char *person, const char *id, const char *by,
                          struct err *e)
{
    struct passkey_deed d = { .person = person, .by = by, .id = id };
    return in_transaction(s, remove_key, &d, e);
}

static bool use_key(struct store *s, struct arena *a, struct passkey_deed *d, struct err *e)
{
    cJSON *keys = passkey_setting(s, a, keys_name, e), *key = passkey_named(keys, d->id);
    double last = json_num(key, "count", 0);
    bool copied = json_get(key, "copied") != NULL;
    if (!key)
        return err_set(e, ERR_POLICY, "that key is not enrolled any more");
    bool again = !copied && (last > 0 || d->count > 0) && d->count <= last;
    bool refused = again || copied;
    if (again)
        json_set_str(a, key, "copied", when_text(a, when_now(), false));
    else if (!copied)
        json_set_num(a, key, "count", d->count);
    if (refused)
        err_set(&d->refused, ERR_POLICY,
                "this key counts its signatures, and %u does not come after %.0f: there is a copy "
                "of it; it decides nothing any more, and change %s was not decided. Remove it "
                "(higress-ops passkey remove) and look for who has the copy",
                d->count, last, d->change);
    const struct setting_said said = { again    ? "passkey copied"
                                       : copied ? "passkey refused"
                                                : "passkey used",
                                       json_str(key, "who"), passkey, NULL, d->change };
    return put_passkeys(s, a, keys, key, &said, refused ? NULL : d->evidence, e);
}

bool store_use_passkey(struct store *s, const char *id, uint32_t count, const char *change,
                       const cJSON *evidence, struct err *e)
{
    struct passkey_deed d = { .id = id, .count = count, .change = change, .evidence = evidence };
    return in_transaction(s, use_key, &d, e);
}
