/* fuzz_passkey.c - what a browser brings from a key: CBOR, client data, authenticator data, an
 * attestation, an assertion that nobody signed. The first byte says which. Nothing is read beyond
 * its end, and nothing unsigned is ever good.
 * fuzz: -runs=300000 -max_len=2048 -timeout=20 -dict=tests/fuzz/passkey.dict
 */
#include "base/arena.h"
#include "base/err.h"
#include "passkey/evidence.h"
#include "passkey/webauthn_private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct webauthn_site site = { "https://ops.example", "ops.example" };
enum { WHICH = 6 };

static void check_inside(struct webauthn_bytes whole, struct webauthn_bytes part)
{
    if (part.len && (part.at < whole.at || part.at + part.len > whole.at + whole.len))
        bug("fuzz_passkey: a part lies outside of the whole");
}

static void walk_cbor(struct webauthn_bytes b)
{
    static const char *const names[] = { "fmt", "attStmt", "authData", "alg", "sig", "x5c", "" };
    if (cbor_length(b) > b.len)
        bug("fuzz_passkey: an item is longer than its bytes");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_inside(b, cbor_member(b, names[i]));
    for (unsigned i = 0; i < 5; i++)
        check_inside(b, cbor_item(b, i));
    check_inside(b, cbor_string(b, CBOR_TEXT));
    check_inside(b, cbor_string(b, CBOR_BYTES));
    cbor_number(b);
}

static void read_client(struct arena *a, struct webauthn_bytes b)
{
    struct err e = { 0 };
    struct webauthn_wanted w = { .site = site };
    uint8_t challenge[WEBAUTHN_CHALLENGE];
    bool readable = webauthn_challenge(a, b, challenge);
    if (readable)
        memcpy(w.challenge, challenge, sizeof challenge);
    bool good = client_data_check(a, b, "webauthn.get", &w, &e);
    if (good && !readable)
        bug("fuzz_passkey: client data without a challenge are good");
    if (!good != (e.kind == ERR_POLICY))
        bug("fuzz_passkey: no sentence says why");
    w.challenge[0] ^= 1;
    if (client_data_check(a, b, "webauthn.get", &w, &(struct err){ 0 }))
        bug("fuzz_passkey: another challenge is good");
}

static void read_authenticator(struct webauthn_bytes b, bool makes)
{
    struct err e = { 0 };
    struct auth_data is;
    if (!auth_data_read(b, makes, &site, &is, &e))
        return;
    check_inside(b, is.id);
    if (!(is.flags & FLAG_PRESENT) || !(is.flags & FLAG_VERIFIED) || (makes && !is.id.len) ||
        (!makes && b.len != 37))
        bug("fuzz_passkey: data of an authenticator that prove nothing are good");
}

static void attest(struct arena *a, struct webauthn_bytes b)
{
    static const char client[] =
        "{\"type\":\"webauthn.create\",\"challenge\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"origin\":\"https://ops.example\"}";
    const struct webauthn_wanted w = { .site = site };
    struct webauthn_made made;
    struct err e = { 0 };
    const struct webauthn_bytes said = { (const uint8_t *)client, sizeof client - 1 };
    if (webauthn_register(a, &w, said, b, &made, &e) && made.attested)
        bug("fuzz_passkey: nobody attested it");
}

/* The point of RFC 7515 A.3; the first 37 bytes are the authenticator's, the rest the signature. */
static void assert_unsigned(struct arena *a, struct webauthn_bytes b)
{
    static const uint8_t point[64] =
        "\x7f\xcd\xce\x27\x70\xf6\xc4\x5d\x41\x83\xcb\xee\x6f\xdb\x4b\x7b\x58\x07\x33\x35\x7b\xe9"
        "\xef\x13\xba\xcf\x6e\x3c\x7b\xd1\x54\x45\xc7\xf1\x44\xcd\x1b\xbd\x9b\x7e\x87\x2c\xdf\xed"
        "\xb9\xee\xb9\xf4\xb3\x69\x5d\x6e\xa9\x0b\x24\xad\x8a\x46\x23\x28\x85\x88\xe5\xad";
    static const int algorithms[] = { -7, -8, -257 };
    static const char client[] =
        "{\"type\":\"webauthn.get\",\"challenge\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"origin\":\"https://ops.example\"}";
    const struct webauthn_wanted w = { .site = site };
    size_t head = b.len < 37 ? b.len : 37;
    const struct webauthn_signed s = { { (const uint8_t *)client, sizeof client - 1 },
                                       { b.at, head },
                                       { b.at + head, b.len - head } };
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        const struct webauthn_key key = { .algorithm = algorithms[i],
                                          .public = { point, algorithms[i] == -8 ? 32 : 64 } };
        struct err e = { 0 };
        uint32_t count = 0;
        if (webauthn_assert(a, &w, &key, &s, &count, &e))
            bug("fuzz_passkey: a signature that nobody made is good");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena *a = arena_new();
    const struct webauthn_bytes b = { data + 1, size - 1 };
    switch (data[0] % WHICH) {
    case 0:
        walk_cbor(b);
        break;
    case 1:
        read_client(a, b);
        break;
    case 2:
        read_authenticator(b, false);
        break;
    case 3:
        read_authenticator(b, true);
        break;
    case 4:
        attest(a, b);
        break;
    default:
        assert_unsigned(a, b);
    }
    arena_free(a);
    return 0;
}
