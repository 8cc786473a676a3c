/* keys.h - keys of OpenSSL for tests of passkeys, of each algorithm: one that is enrolled, and
 * another. */
#pragma once
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/lib.h"
#include "check.h"
#include "passkey/webauthn.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define SIGN_API(X)                                                                                \
    X(EVP_PKEY_free)                                                                               \
    X(EVP_PKEY_get_octet_string_param)                                                             \
    X(EVP_PKEY_Q_keygen)                                                                           \
    X(EVP_PKEY_set_utf8_string_param)                                                              \
    X(EVP_MD_CTX_new)                                                                              \
    X(EVP_MD_CTX_free)                                                                             \
    X(EVP_sha256)                                                                                  \
    X(EVP_DigestSignInit)                                                                          \
    X(EVP_DigestSign)                                                                              \
    X(EVP_PKEY_get_raw_public_key)                                                                 \
    X(EVP_PKEY_get_bn_param)                                                                       \
    X(BN_bn2binpad)                                                                                \
    X(BN_free)
LIB_TABLE(ssl, SIGN_API);

#define ORIGIN "https://ops.example:8443"
enum { PRESENT = 1, VERIFIED = 4, ELIGIBLE = 8, BACKED_UP = 16, KEY = 64, EXTENSIONS = 128 };

static struct arena *a;
static EVP_PKEY *key, *other;
static struct webauthn_wanted wanted = { .site = { ORIGIN, "ops.example" } };
static struct webauthn_key enrolled = { .algorithm = -7 };

static inline struct webauthn_bytes point_of(EVP_PKEY *k)
{
    size_t n = 0;
    uint8_t *point = arena_alloc(a, 65);
    assert_int_equal(ssl.EVP_PKEY_get_octet_string_param(k, "encoded-pub-key", point, 65, &n), 1);
    assert_int_equal(n, 65);
    return (struct webauthn_bytes){ point + 1, 64 };
}

/* As libfido2 keeps one: 256 bytes of n, three of e. */
static inline struct webauthn_bytes modulus_of(EVP_PKEY *k)
{
    BIGNUM *n = NULL;
    uint8_t *both = arena_alloc(a, 259);
    assert_int_equal(ssl.EVP_PKEY_get_bn_param(k, "n", &n), 1);
    assert_int_equal(ssl.BN_bn2binpad(n, both, 256), 256);
    ssl.BN_free(n);
    memcpy(both + 256, "\1\0\1", 3);
    return (struct webauthn_bytes){ both, 259 };
}

static inline struct webauthn_bytes raw_of(EVP_PKEY *k)
{
    size_t n = 32;
    uint8_t *raw = arena_alloc(a, n);
    assert_int_equal(ssl.EVP_PKEY_get_raw_public_key(k, raw, &n), 1);
    return (struct webauthn_bytes){ raw, n };
}

static inline EVP_PKEY *new_key(int algorithm)
{
    EVP_PKEY *k = algorithm == -7   ? ssl.EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                  : algorithm == -8 ? ssl.EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                    : ssl.EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    assert_non_null(k);
    if (algorithm == -7)
        ssl.EVP_PKEY_set_utf8_string_param(k, "point-format", "uncompressed");
    return k;
}

/* From now on the two keys are of that algorithm. */
static inline void use_algorithm(int algorithm)
{
    ssl.EVP_PKEY_free(key);
    ssl.EVP_PKEY_free(other);
    key = new_key(algorithm);
    other = new_key(algorithm);
    enrolled.algorithm = algorithm;
    enrolled.public = algorithm == -7   ? point_of(key)
                      : algorithm == -8 ? raw_of(key)
                                        : modulus_of(key);
}

static inline int begin(void **state)
{
    (void)state;
    struct err e = { 0 };
    a = arena_new();
    assert_true(LIB_LOAD(ssl, SIGN_API, "libcrypto.so.3", "libssl3", &e));
    memset(wanted.challenge, 7, sizeof wanted.challenge);
    use_algorithm(-7);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    ssl.EVP_PKEY_free(key);
    ssl.EVP_PKEY_free(other);
    arena_free(a);
    return 0;
}
