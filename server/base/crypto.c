/* crypto.c - libcrypto behind a few calls; see base64.c for the text codings. */
#include "base/crypto.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#define CRYPTO_API(X)                                                                              \
    X(EVP_MD_fetch)                                                                                \
    X(EVP_sha1)                                                                                    \
    X(EVP_Digest)                                                                                  \
    X(HMAC)                                                                                        \
    X(EVP_PBE_scrypt)                                                                              \
    X(EVP_aes_256_gcm)                                                                             \
    X(EVP_CIPHER_CTX_new)                                                                          \
    X(EVP_CIPHER_CTX_free)                                                                         \
    X(EVP_CIPHER_CTX_ctrl)                                                                         \
    X(EVP_EncryptInit_ex)                                                                          \
    X(EVP_EncryptUpdate)                                                                           \
    X(EVP_EncryptFinal_ex)                                                                         \
    X(EVP_DecryptInit_ex)                                                                          \
    X(EVP_DecryptUpdate)                                                                           \
    X(EVP_DecryptFinal_ex)
LIB_TABLE(ssl, CRYPTO_API);

enum { NONCE = 12, TAG = 16, SCRYPT_MEMORY = 128 * 1024 * 1024 };

static void need(void)
{
    struct err e = { 0 };
    if (!LIB_LOAD(ssl, CRYPTO_API, "libcrypto.so.3", "libssl3", &e))
        bug("%s", e.text);
}

/* Looked up once: libcrypto would do it for every digest. */
static const EVP_MD *sha256(void)
{
    static const EVP_MD *md;
    need();
    if (!md)
        md = ssl.EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!md)
        bug("libcrypto has no SHA-256");
    return md;
}

void crypto_random(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            bug("the system gives no random bytes (errno %d)", errno);
        p += got;
        n -= (size_t)got;
    }
}

char *crypto_token(struct arena *a, size_t bytes)
{
    unsigned char *raw = arena_alloc(a, bytes);
    crypto_random(raw, bytes);
    return base64url_encode(a, raw, bytes);
}

void crypto_sha256(const void *bytes, size_t n, uint8_t out[SHA256_SIZE])
{
    const EVP_MD *md = sha256();
    if (ssl.EVP_Digest(bytes, n, out, NULL, md, NULL) != 1)
        bug("libcrypto refused a SHA-256 digest");
}

char *crypto_hex(struct arena *a, const uint8_t *raw, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = arena_alloc(a, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    return hex;
}

char *crypto_sha256_hex(struct arena *a, const void *bytes, size_t n)
{
    uint8_t raw[SHA256_SIZE];
    crypto_sha256(bytes, n, raw);
    return crypto_hex(a, raw, sizeof raw);
}

char *crypto_sha1_hex(struct arena *a, const void *bytes, size_t n)
{
    uint8_t raw[SHA1_SIZE];
    need();
    if (ssl.EVP_Digest(bytes, n, raw, NULL, ssl.EVP_sha1(), NULL) != 1)
        bug("libcrypto refused a SHA-1 digest");
    return crypto_hex(a, raw, sizeof raw);
}

void crypto_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
                 uint8_t out[SHA256_SIZE])
{
    const EVP_MD *md = sha256();
    unsigned size = SHA256_SIZE;
    if (!ssl.HMAC(md, key, (int)key_len, bytes, n, out, &size))
        bug("libcrypto refused an HMAC");
}

bool crypto_scrypt(const char *text, const uint8_t *salt, size_t salt_len, struct crypto_work w,
                   uint8_t out[SHA256_SIZE])
{
    need();
    return ssl.EVP_PBE_scrypt(text, strlen(text), salt, salt_len, w.n, w.r, w.p, SCRYPT_MEMORY, out,
                              SHA256_SIZE) == 1;
}

bool crypto_equal(const void *x, const void *y, size_t n)
{
    const volatile unsigned char *p = x;
    const volatile unsigned char *q = y;
    unsigned char differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= (unsigned char)(p[i] ^ q[i]);
    return differ == 0;
}

static bool encrypt(EVP_CIPHER_CTX *x, const uint8_t *key, const char *context, const void *bytes,
                    size_t n, uint8_t *out)
{
    int size = 0;
    uint8_t *text = out + NONCE;
    return ssl.EVP_EncryptInit_ex(x, ssl.EVP_aes_256_gcm(), NULL, key, out) == 1 &&
           ssl.EVP_EncryptUpdate(x, NULL, &size, (const uint8_t *)context, (int)strlen(context)) ==
               1 &&
           ssl.EVP_EncryptUpdate(x, text, &size, bytes, (int)n) == 1 &&
           ssl.EVP_EncryptFinal_ex(x, text + n, &size) == 1 &&
           ssl.EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_GET_TAG, TAG, text + n) == 1;
}

char *crypto_seal(struct arena *a, const uint8_t key[SEAL_KEY_SIZE], const char *context,
                  const void *bytes, size_t n)
{
    need();
    uint8_t *out = arena_alloc(a, NONCE + n + TAG);
    crypto_random(out, NONCE);
    EVP_CIPHER_CTX *x = ssl.EVP_CIPHER_CTX_new();
    bool ok = x && encrypt(x, key, context, bytes, n, out);
    ssl.EVP_CIPHER_CTX_free(x);
    if (!ok)
        bug("libcrypto refused to seal %zu bytes", n);
    return base64url_encode(a, out, NONCE + n + TAG);
}

static bool decrypt(EVP_CIPHER_CTX *x, const uint8_t *key, const char *context, uint8_t *raw,
                    size_t n, uint8_t *out)
{
    int size = 0;
    uint8_t *text = raw + NONCE;
    return ssl.EVP_DecryptInit_ex(x, ssl.EVP_aes_256_gcm(), NULL, key, raw) == 1 &&
           ssl.EVP_DecryptUpdate(x, NULL, &size, (const uint8_t *)context, (int)strlen(context)) ==
               1 &&
           ssl.EVP_DecryptUpdate(x, out, &size, text, (int)n) == 1 &&
           ssl.EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_TAG, TAG, text + n) == 1 &&
           ssl.EVP_DecryptFinal_ex(x, out + n, &size) == 1;
}

char *crypto_open(struct arena *a, const uint8_t key[SEAL_KEY_SIZE], const char *context,
                  const char *sealed, size_t *n)
{
    need();
    size_t size = 0;
    uint8_t *raw = base64url_decode(a, sealed, strlen(sealed), &size);
    if (!raw || size < NONCE + TAG)
        return NULL;

    size_t plain = size - NONCE - TAG;
    char *out = arena_alloc(a, plain + TAG + 1);
    EVP_CIPHER_CTX *x = ssl.EVP_CIPHER_CTX_new();
    bool ok = x && decrypt(x, key, context, raw, plain, (uint8_t *)out);
    ssl.EVP_CIPHER_CTX_free(x);
    if (!ok)
        return NULL;
    out[plain] = '\0';
    if (n)
        *n = plain;
    return out;
}
