/* webauthn.c - the two ceremonies: everything about them is checked, then libfido2 is asked about
 * the signature. */
#include "passkey/webauthn.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/lib.h"
#include "passkey/fido_private.h"
#include "passkey/webauthn_private.h"
#include <string.h>

#define FIDO_API(X)                                                                                \
    X(fido_init)                                                                                   \
    X(fido_assert_new)                                                                             \
    X(fido_assert_free)                                                                            \
    X(fido_assert_set_count)                                                                       \
    X(fido_assert_set_clientdata_hash)                                                             \
    X(fido_assert_set_rp)                                                                          \
    X(fido_assert_set_authdata_raw)                                                                \
    X(fido_assert_set_sig)                                                                         \
    X(fido_assert_set_up)                                                                          \
    X(fido_assert_set_uv)                                                                          \
    X(fido_assert_verify)                                                                          \
    X(es256_pk_new)                                                                                \
    X(es256_pk_free)                                                                               \
    X(es256_pk_from_ptr)                                                                           \
    X(eddsa_pk_new)                                                                                \
    X(eddsa_pk_free)                                                                               \
    X(eddsa_pk_from_ptr)                                                                           \
    X(rs256_pk_new)                                                                                \
    X(rs256_pk_free)                                                                               \
    X(rs256_pk_from_ptr)                                                                           \
    X(fido_cred_new)                                                                               \
    X(fido_cred_free)                                                                              \
    X(fido_cred_set_type)                                                                          \
    X(fido_cred_set_clientdata_hash)                                                               \
    X(fido_cred_set_rp)                                                                            \
    X(fido_cred_set_authdata_raw)                                                                  \
    X(fido_cred_set_fmt)                                                                           \
    X(fido_cred_set_attstmt)                                                                       \
    X(fido_cred_set_uv)                                                                            \
    X(fido_cred_verify)                                                                            \
    X(fido_cred_verify_self)                                                                       \
    X(fido_cred_pubkey_ptr)                                                                        \
    X(fido_cred_pubkey_len)                                                                        \
    X(fido_strerr)
LIB_TABLE(fido, FIDO_API);

const int webauthn_algorithms[] = { COSE_EDDSA, COSE_ES256, COSE_RS256, 0 };

static bool load_fido(struct err *e)
{
    static bool begun;
    if (!LIB_LOAD(fido, FIDO_API, "libfido2.so.1", "libfido2-1", e))
        return false;
    if (!begun)
        fido.fido_init(0);
    return begun = true;
}

/* -- a key is used ------------------------------------------------------------------------- */

/* libfido2 cuts what is too long: the length is looked at before. */
static size_t key_size(int algorithm)
{
    return algorithm == COSE_ES256 ? 64 : algorithm == COSE_EDDSA ? 32 : 259;
}

static bool set_assertion(struct fido_assert *x, const struct webauthn_wanted *w,
                          const struct webauthn_signed *s)
{
    uint8_t client[SHA256_SIZE];
    crypto_sha256(s->client.at, s->client.len, client);
    return fido.fido_assert_set_count(x, 1) == FIDO_OK &&
           fido.fido_assert_set_clientdata_hash(x, client, sizeof client) == FIDO_OK &&
           fido.fido_assert_set_rp(x, w->site.name) == FIDO_OK &&
           fido.fido_assert_set_authdata_raw(x, 0, s->authenticator.at, s->authenticator.len) ==
               FIDO_OK &&
           fido.fido_assert_set_sig(x, 0, s->signature.at, s->signature.len) == FIDO_OK &&
           fido.fido_assert_set_up(x, FIDO_OPT_TRUE) == FIDO_OK &&
           fido.fido_assert_set_uv(x, FIDO_OPT_TRUE) == FIDO_OK;
}

static bool verify_es256(const struct fido_assert *x, struct webauthn_bytes k)
{
    struct es256_pk *key = fido.es256_pk_new();
    bool ok = key && fido.es256_pk_from_ptr(key, k.at, k.len) == FIDO_OK &&
              fido.fido_assert_verify(x, 0, COSE_ES256, key) == FIDO_OK;
    fido.es256_pk_free(&key);
    return ok;
}

static bool verify_eddsa(const struct fido_assert *x, struct webauthn_bytes k)
{
    struct eddsa_pk *key = fido.eddsa_pk_new();
    bool ok = key && fido.eddsa_pk_from_ptr(key, k.at, k.len) == FIDO_OK &&
              fido.fido_assert_verify(x, 0, COSE_EDDSA, key) == FIDO_OK;
    fido.eddsa_pk_free(&key);
    return ok;
}

static bool verify_rs256(const struct fido_assert *x, struct webauthn_bytes k)
{
    struct rs256_pk *key = fido.rs256_pk_new();
    bool ok = key && fido.rs256_pk_from_ptr(key, k.at, k.len) == FIDO_OK &&
              fido.fido_assert_verify(x, 0, COSE_RS256, key) == FIDO_OK;
    fido.rs256_pk_free(&key);
    return ok;
}

static bool signature_fits(const struct webauthn_wanted *w, const struct webauthn_key *key,
                           const struct webauthn_signed *s)
{
    struct fido_assert *x = fido.fido_assert_new();
    bool ok = x && set_assertion(x, w, s) && key->public.len == key_size(key->algorithm);
    if (ok && key->algorithm == COSE_ES256)
        ok = verify_es256(x, key->public);
    else if (ok && key->algorithm == COSE_EDDSA)
        ok = verify_eddsa(x, key->public);
    else
        ok = ok && key->algorithm == COSE_RS256 && verify_rs256(x, key->public);
    fido.fido_assert_free(&x);
    return ok;
}

bool webauthn_assert(struct arena *a, const struct webauthn_wanted *w,
                     const struct webauthn_key *key, const struct webauthn_signed *s,
                     uint32_t *count, struct err *e)
{
    struct auth_data is;
    *count = 0;
    if (!load_fido(e) || !client_data_check(a, s->client, "webauthn.get", w, e) ||
        !auth_data_read(s->authenticator, false, &w->site, &is, e))
        return false;
    if (!(is.flags & FLAG_ELIGIBLE) != !key->backup_eligible)
        return err_set(e, ERR_POLICY,
                       "the key is not of the kind that it was when it was enrolled");
    *count = is.count;
    return signature_fits(w, key, s) ||
           err_set(e, ERR_POLICY, "the signature is not of that key over this question");
}

/* -- a key is made ------------------------------------------------------------------------- */

struct making {
    struct webauthn_bytes client, format, statement, data;
};

static bool read_attestation(struct webauthn_bytes b, struct making *m, struct err *e)
{
    m->format = cbor_string(cbor_member(b, "fmt"), CBOR_TEXT);
    m->statement = cbor_member(b, "attStmt");
    m->data = cbor_string(cbor_member(b, "authData"), CBOR_BYTES);
    return (b.len == cbor_length(b) && m->format.len && m->format.len < 64 && m->statement.len &&
            m->data.len) ||
           err_set(e, ERR_POLICY, "what the browser says about the new key cannot be read");
}

/* A credential of libfido2 for these data, whose key is of one of the algorithms offered; the
 * algorithm can be said once an object. NULL: of none. */
static struct fido_cred *credential(const struct making *m, int *algorithm)
{
    for (const int *alg = webauthn_algorithms; *alg; alg++) {
        struct fido_cred *c = fido.fido_cred_new();
        *algorithm = *alg;
        if (c && fido.fido_cred_set_type(c, *alg) == FIDO_OK &&
            fido.fido_cred_set_authdata_raw(c, m->data.at, m->data.len) == FIDO_OK &&
            fido.fido_cred_pubkey_ptr(c))
            return c;
        fido.fido_cred_free(&c);
    }
    return NULL;
}

static bool set_statement(struct arena *a, struct fido_cred *c, const struct making *m,
                          const struct webauthn_wanted *w)
{
    uint8_t client[SHA256_SIZE];
    const char *format = arena_strndup(a, (const char *)m->format.at, m->format.len);
    crypto_sha256(m->client.at, m->client.len, client);
    return fido.fido_cred_set_clientdata_hash(c, client, sizeof client) == FIDO_OK &&
           fido.fido_cred_set_rp(c, w->site.name, NULL) == FIDO_OK &&
           fido.fido_cred_set_uv(c, FIDO_OPT_TRUE) == FIDO_OK &&
           fido.fido_cred_set_fmt(c, format) == FIDO_OK &&
           fido.fido_cred_set_attstmt(c, m->statement.at, m->statement.len) == FIDO_OK;
}

static bool take_chain(struct webauthn_made *out, struct webauthn_bytes x5c)
{
    enum { CHAIN_MAX = sizeof out->chain / sizeof *out->chain - 1 };
    for (unsigned i = 0;; i++) {
        struct webauthn_bytes item = cbor_item(x5c, i);
        if (!item.len)
            return i > 0;
        if (i == CHAIN_MAX)
            return false;
        out->chain[i] = cbor_string(item, CBOR_BYTES);
    }
}

/* What a statement says must hold, where libfido2 knows its format; one without a maker's
 * certificate proves no more than that the key signs, and of formats unknown nothing is said. */
static bool check_statement(struct arena *a, struct fido_cred *c, const struct making *m,
                            const struct webauthn_wanted *w, struct webauthn_made *out)
{
    struct webauthn_bytes x5c = cbor_member(m->statement, "x5c");
    if (!strcmp(out->format, "none"))
        return m->statement.len == 1 && m->statement.at[0] == 0xa0;
    if (!set_statement(a, c, m, w))
        return strcmp(out->format, "packed") && strcmp(out->format, "tpm");
    if (x5c.len)
        return out->attested = take_chain(out, x5c) && fido.fido_cred_verify(c) == FIDO_OK;
    return cbor_number(cbor_member(m->statement, "alg")) == out->key.algorithm &&
           fido.fido_cred_verify_self(c) == FIDO_OK;
}

static struct webauthn_bytes copy_of(struct arena *a, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = arena_alloc(a, n);
    memcpy(copy, bytes, n);
    return (struct webauthn_bytes){ copy, n };
}

static void take_new_key(struct arena *a, const struct fido_cred *c, const struct auth_data *is,
                         int alg, struct webauthn_made *out)
{
    out->id = copy_of(a, is->id.at, is->id.len);
    memcpy(out->aaguid, is->aaguid, WEBAUTHN_AAGUID);
    out->key.algorithm = alg;
    out->key.public = copy_of(a, fido.fido_cred_pubkey_ptr(c), fido.fido_cred_pubkey_len(c));
    out->key.backup_eligible = is->flags & FLAG_ELIGIBLE;
    out->key.count = is->count;
}

bool webauthn_register(struct arena *a, const struct webauthn_wanted *w,
                       struct webauthn_bytes client, struct webauthn_bytes attestation,
                       struct webauthn_made *out, struct err *e)
{
    struct making m = { .client = client };
    struct auth_data is;
    int algorithm = 0;
    *out = (struct webauthn_made){ 0 };
    if (!load_fido(e) || !client_data_check(a, client, "webauthn.create", w, e) ||
        !read_attestation(attestation, &m, e) || !auth_data_read(m.data, true, &w->site, &is, e))
        return false;
    struct fido_cred *c = credential(&m, &algorithm);
    if (!c)
        return err_set(e, ERR_POLICY,
                       "the key is of no kind that is taken here (ES256, EdDSA, RS256)");
    take_new_key(a, c, &is, algorithm, out);
    out->format = arena_strndup(a, (const char *)m.format.at, m.format.len);
    bool ok = out->key.public.len == key_size(algorithm) && check_statement(a, c, &m, w, out);
    fido.fido_cred_free(&c);
    return ok || err_set(e, ERR_POLICY, "what the key says of its maker does not hold");
}
