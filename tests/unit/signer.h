/* signer.h - a browser and a key for tests of passkeys: what they would send. */
#pragma once
#include "keys.h"

/* What one browser and one key would send; each case changes a member. */
struct answer {
    const char *client; /* NULL: made of the next three */
    const char *type, *origin, *more;
    const uint8_t *challenge;
    const char *site;
    uint8_t flags;
    uint32_t count;
    const char *tail; /* after the authenticator's data */
    EVP_PKEY *signer;
    bool spoilt; /* signature */
};

static inline struct answer good(void)
{
    return (struct answer){ .type = "webauthn.get",
                            .origin = ORIGIN,
                            .more = "",
                            .challenge = wanted.challenge,
                            .site = "ops.example",
                            .flags = PRESENT | VERIFIED,
                            .count = 5,
                            .tail = "",
                            .signer = key };
}

static inline const char *client_of(const struct answer *x)
{
    return x->client ? x->client
                     : arena_printf(a,
                                    "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\","
                                    "\"crossOrigin\":false%s}",
                                    x->type, base64url_encode(a, x->challenge, WEBAUTHN_CHALLENGE),
                                    x->origin, x->more);
}

static inline size_t data_of(const struct answer *x, uint8_t *out)
{
    crypto_sha256(x->site, strlen(x->site), out);
    out[32] = x->flags;
    for (int i = 0; i < 4; i++)
        out[33 + i] = (uint8_t)(x->count >> (24 - 8 * i));
    memcpy(out + 37, x->tail, strlen(x->tail));
    return 37 + strlen(x->tail);
}

static inline struct webauthn_bytes sign(EVP_PKEY *k, const uint8_t *data, size_t n,
                                         const char *client)
{
    size_t len = 256;
    uint8_t *signature = arena_alloc(a, len), *all = arena_alloc(a, n + SHA256_SIZE);
    EVP_MD_CTX *x = ssl.EVP_MD_CTX_new();
    memcpy(all, data, n);
    crypto_sha256(client, strlen(client), all + n);
    assert_int_equal(ssl.EVP_DigestSignInit(
                         x, NULL, enrolled.algorithm == -8 ? NULL : ssl.EVP_sha256(), NULL, k),
                     1);
    assert_int_equal(ssl.EVP_DigestSign(x, signature, &len, all, n + SHA256_SIZE), 1);
    ssl.EVP_MD_CTX_free(x);
    return (struct webauthn_bytes){ signature, len };
}
