/* auth_data.c - what an authenticator says of itself, to the byte. */
#include "base/crypto.h"
#include "base/err.h"
#include "passkey/webauthn_private.h"
#include <string.h>

enum { HEAD = 37, AT_FLAGS = 32, AT_COUNT = 33, KEY_HEAD = WEBAUTHN_AAGUID + 2 };

/* The key's id, and behind its key nothing more. */
static bool read_key(struct webauthn_bytes b, struct auth_data *out, struct err *e)
{
    if (b.len < HEAD + KEY_HEAD)
        return err_set(e, ERR_POLICY, "the authenticator's data end before the key");
    const uint8_t *p = b.at + HEAD;
    size_t id = (size_t)p[WEBAUTHN_AAGUID] << 8 | p[WEBAUTHN_AAGUID + 1];
    out->aaguid = p;
    out->id = (struct webauthn_bytes){ p + KEY_HEAD, id };
    if (!id || id > WEBAUTHN_ID_MAX || id > b.len - HEAD - KEY_HEAD)
        return err_set(e, ERR_POLICY, "the id of the key has an impossible length");
    struct webauthn_bytes key = { out->id.at + id, b.len - HEAD - KEY_HEAD - id };
    size_t n = cbor_length(key);
    return (n && n == key.len) ||
           err_set(e, ERR_POLICY, "the authenticator's data do not end with the key");
}

static bool check_flags(uint8_t flags, bool makes, struct err *e)
{
    if (!(flags & FLAG_PRESENT))
        return err_set(e, ERR_POLICY, "nobody touched the key");
    if (!(flags & FLAG_VERIFIED))
        return err_set(e, ERR_POLICY,
                       "the key did not verify its person (PIN, finger or face), which is needed");
    if (flags & FLAG_EXTENSIONS)
        return err_set(e, ERR_POLICY, "the key answers extensions that nobody asked for");
    if ((flags & FLAGS_RESERVED) || ((flags & FLAG_BACKED_UP) && !(flags & FLAG_ELIGIBLE)))
        return err_set(e, ERR_POLICY, "the key's flags contradict each other");
    return !(flags & FLAG_KEY) == !makes ||
           err_set(e, ERR_POLICY, makes ? "no key came with it" : "a key came where none belongs");
}

bool auth_data_read(struct webauthn_bytes b, bool makes, const struct webauthn_site *site,
                    struct auth_data *out, struct err *e)
{
    uint8_t name[SHA256_SIZE];
    *out = (struct auth_data){ 0 };
    if (b.len < HEAD)
        return err_set(e, ERR_POLICY, "the authenticator's data are too short");
    crypto_sha256(site->name, strlen(site->name), name);
    if (!crypto_equal(name, b.at, sizeof name))
        return err_set(e, ERR_POLICY, "the key was used for another site than %s", site->name);
    out->flags = b.at[AT_FLAGS];
    for (int i = 0; i < 4; i++)
        out->count = out->count << 8 | b.at[AT_COUNT + i];
    if (!check_flags(out->flags, makes, e))
        return false;
    if (makes)
        return read_key(b, out, e);
    return b.len == HEAD || err_set(e, ERR_POLICY, "something follows the authenticator's data");
}
