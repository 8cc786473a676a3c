/* crypto_verify.c - signatures of crypto.h. A key is built from its numbers for each call;
 * libcrypto checks that a point is on its curve. RSA keys under 2048 bits are refused. */
#include "base/crypto.h"
#include "base/err.h"
#include "base/lib.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>

#define VERIFY_API(X)                                                                              \
    X(EVP_PKEY_CTX_new_from_name)                                                                  \
    X(EVP_PKEY_CTX_free)                                                                           \
    X(EVP_PKEY_fromdata_init)                                                                      \
    X(EVP_PKEY_fromdata)                                                                           \
    X(EVP_PKEY_new_raw_public_key)                                                                 \
    X(EVP_PKEY_free)                                                                               \
    X(EVP_MD_CTX_new)                                                                              \
    X(EVP_MD_CTX_free)                                                                             \
    X(EVP_sha256)                                                                                  \
    X(EVP_DigestVerifyInit)                                                                        \
    X(EVP_DigestVerify)
LIB_TABLE(ssl, VERIFY_API);

enum { NUMBER = 1024, RSA_LEAST = 256, POINT = 32, DER_MAX = 2 * (POINT + 3) + 2 };

static EVP_PKEY *from_data(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *x = ssl.EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool ok = x && ssl.EVP_PKEY_fromdata_init(x) == 1 &&
              ssl.EVP_PKEY_fromdata(x, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    ssl.EVP_PKEY_CTX_free(x);
    return ok ? key : NULL;
}

static OSSL_PARAM param(const char *name, unsigned type, void *data, size_t n)
{
    return (OSSL_PARAM){ name, type, data, n, OSSL_PARAM_UNMODIFIED };
}

/* OSSL_PARAM holds numbers in the machine's order. */
static bool native(uint8_t out[NUMBER], const uint8_t *in, size_t n)
{
    if (n == 0 || n > NUMBER)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? in[n - 1 - i] : in[i];
    return true;
}

static EVP_PKEY *rsa(const struct crypto_key *k)
{
    static const char n_name[] = OSSL_PKEY_PARAM_RSA_N, e_name[] = OSSL_PKEY_PARAM_RSA_E;
    uint8_t n[NUMBER], e[NUMBER];
    if (k->x_len < RSA_LEAST || !native(n, k->x, k->x_len) || !native(e, k->y, k->y_len))
        return NULL;
    OSSL_PARAM params[] = { param(n_name, OSSL_PARAM_UNSIGNED_INTEGER, n, k->x_len),
                            param(e_name, OSSL_PARAM_UNSIGNED_INTEGER, e, k->y_len),
                            { 0 } };
    return from_data("RSA", params);
}

static EVP_PKEY *p256(const struct crypto_key *k)
{
    char group[] = "P-256";
    uint8_t point[1 + 2 * POINT] = { 4 };
    if (k->x_len != POINT || k->y_len != POINT)
        return NULL;
    memcpy(point + 1, k->x, POINT);
    memcpy(point + 1 + POINT, k->y, POINT);
    OSSL_PARAM params[] = {
        param(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, group, sizeof group - 1),
        param(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, point, sizeof point),
        { 0 }
    };
    return from_data("EC", params);
}

static EVP_PKEY *public_key_from(enum crypto_alg alg, const struct crypto_key *k)
{
    if (alg == CRYPTO_RS256)
        return rsa(k);
    if (alg == CRYPTO_ES256)
        return p256(k);
    return k->x_len == 32 ? ssl.EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->x, 32)
                          : NULL;
}

/* One number of an ECDSA signature as a DER INTEGER: no needless zeros, never negative. */
static uint8_t *der_integer(uint8_t *out, const uint8_t *in)
{
    size_t n = POINT;
    for (; n > 1 && *in == 0; n--)
        in++;
    bool sign = *in & 0x80;
    *out++ = 2;
    *out++ = (uint8_t)(n + sign);
    if (sign)
        *out++ = 0;
    return (uint8_t *)mempcpy(out, in, n);
}

static size_t der_signature(uint8_t out[DER_MAX], const uint8_t *raw)
{
    uint8_t *end = der_integer(der_integer(out + 2, raw), raw + POINT);
    out[0] = 0x30;
    out[1] = (uint8_t)(end - out - 2);
    return (size_t)(end - out);
}

static bool verify_with_key(enum crypto_alg alg, EVP_PKEY *key, const void *bytes, size_t n,
                            const uint8_t *signature, size_t len)
{
    uint8_t der[DER_MAX];
    if (alg == CRYPTO_ES256) {
        if (len != 2 * POINT)
            return false;
        len = der_signature(der, signature);
        signature = der;
    }
    EVP_MD_CTX *x = ssl.EVP_MD_CTX_new();
    const EVP_MD *digest = alg == CRYPTO_ED25519 ? NULL : ssl.EVP_sha256();
    bool ok = x && ssl.EVP_DigestVerifyInit(x, NULL, digest, NULL, key) == 1 &&
              ssl.EVP_DigestVerify(x, signature, len, bytes, n) == 1;
    ssl.EVP_MD_CTX_free(x);
    return ok;
}

bool crypto_verify(enum crypto_alg alg, const struct crypto_key *key, const void *bytes, size_t n,
                   const uint8_t *signature, size_t signature_len)
{
    struct err e = { 0 };
    if (!LIB_LOAD(ssl, VERIFY_API, "libcrypto.so.3", "libssl3", &e))
        bug("%s", e.text);
    EVP_PKEY *public = public_key_from(alg, key);
    bool ok = public && verify_with_key(alg, public, bytes, n, signature, signature_len);
    ssl.EVP_PKEY_free(public);
    return ok;
}
