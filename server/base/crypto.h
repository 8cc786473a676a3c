/* crypto.h - digests, random bytes, sealing and text codings, by libcrypto (loaded when first used;
 * random bytes come from getrandom). A missing libcrypto aborts: the package depends on it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum { SHA256_SIZE = 32, SHA1_SIZE = 20, SEAL_KEY_SIZE = 32 };

void crypto_random(void *out, size_t n);
char *crypto_token(struct arena *a, size_t bytes); /* base64url of random bytes */
void crypto_sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE]);
char *crypto_sha256_hex(struct arena *a, const void *bytes, size_t n);
/* Only where a protocol of others asks for it. */
char *crypto_sha1_hex(struct arena *a, const void *bytes, size_t n);
char *crypto_hex(struct arena *a, const uint8_t *raw, size_t n); /* lower case */
void crypto_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
                 uint8_t out[SHA256_SIZE]);
/* scrypt (RFC 7914): a key from what a person can remember; slow on purpose. False: the numbers
 * make no sense or ask for more than 128 MiB. */
struct crypto_work {
    unsigned n, r, p;
};
bool crypto_scrypt(const char *text, const uint8_t *salt, size_t salt_len, struct crypto_work w,
                   uint8_t out[SHA256_SIZE]);
bool crypto_equal(const void *x, const void *y, size_t n); /* constant time */

/* AES-256-GCM, random nonce: nonce|ciphertext|tag as base64url. `context` is authenticated too. */
char *crypto_seal(struct arena *a, const uint8_t key[SEAL_KEY_SIZE], const char *context,
                  const void *bytes, size_t n);
/* NULL when tampered with, truncated or sealed for another context. The result ends with NUL. */
char *crypto_open(struct arena *a, const uint8_t key[SEAL_KEY_SIZE], const char *context,
                  const char *sealed, size_t *n);

/* Signatures. RS256: x is the modulus, y the exponent. ES256: coordinates of a P-256 point, and the
 * signature is R|S. Ed25519: x alone. All big-endian. False for anything that is not right. */
enum crypto_alg { CRYPTO_RS256 = 1, CRYPTO_ES256, CRYPTO_ED25519 };
struct crypto_key {
    const uint8_t *x, *y;
    size_t x_len, y_len;
};
bool crypto_verify(enum crypto_alg alg, const struct crypto_key *key, const void *bytes, size_t n,
                   const uint8_t *signature, size_t signature_len);

char *base64_encode(struct arena *a, const void *bytes, size_t n);
char *base64url_encode(struct arena *a, const void *bytes, size_t n); /* no padding */
/* Strict: canonical alphabet, padding (base64) and trailing bits; NULL otherwise. */
void *base64_decode(struct arena *a, const char *text, size_t len, size_t *n);
void *base64url_decode(struct arena *a, const char *text, size_t len, size_t *n);
