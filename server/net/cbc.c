/* cbc.c - one EVP cipher run each way. To use another mode, change cipher_of(). */
#include "net/cbc.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"

#include <openssl/evp.h>

#define CBC_API(X)                                                                                 \
    X(EVP_CIPHER_CTX_new)                                                                          \
    X(EVP_CIPHER_CTX_free)                                                                         \
    X(EVP_CIPHER_CTX_set_padding)                                                                  \
    X(EVP_aes_128_cbc)                                                                             \
    X(EVP_aes_192_cbc)                                                                             \
    X(EVP_aes_256_cbc)                                                                             \
    X(EVP_CipherInit_ex)                                                                           \
    X(EVP_CipherUpdate)                                                                            \
    X(EVP_CipherFinal_ex)
LIB_TABLE(crypto, CBC_API);

static const EVP_CIPHER *cipher_of(size_t key_len)
{
    switch (key_len) {
    case 16:
        return crypto.EVP_aes_128_cbc();
    case 24:
        return crypto.EVP_aes_192_cbc();
    case 32:
        return crypto.EVP_aes_256_cbc();
    default:
        return NULL;
    }
}

struct input {
    const void *key;
    size_t key_len;
    const void *iv, *bytes;
    size_t len;
    bool blocks; /* no padding */
};

static void *cbc_run(struct arena *a, const struct input *in, int encrypt, size_t *out_len,
                     struct err *e)
{
    int first = 0, last = 0;
    if (!LIB_LOAD(crypto, CBC_API, "libcrypto.so.3", "libssl3", e))
        return NULL;
    const EVP_CIPHER *cipher = cipher_of(in->key_len);
    if (!cipher) {
        err_set(e, ERR_ARGS, "the key has %zu bytes: 16, 24 or 32 are possible", in->key_len);
        return NULL;
    }
    unsigned char *out = arena_alloc(a, in->len + 33);
    EVP_CIPHER_CTX *context = crypto.EVP_CIPHER_CTX_new();
    bool good = context &&
                crypto.EVP_CipherInit_ex(context, cipher, NULL, in->key, in->iv, encrypt) == 1 &&
                crypto.EVP_CIPHER_CTX_set_padding(context, !in->blocks) == 1 &&
                crypto.EVP_CipherUpdate(context, out, &first, in->bytes, (int)in->len) == 1 &&
                crypto.EVP_CipherFinal_ex(context, out + first, &last) == 1;
    crypto.EVP_CIPHER_CTX_free(context);
    if (!good) {
        err_set(e, ERR_ARGS, "the text does not decrypt with this key");
        return NULL;
    }
    *out_len = (size_t)first + (size_t)last;
    out[*out_len] = '\0';
    return out;
}

void *cbc_seal(struct arena *a, const void *key, size_t key_len, const void *iv, const void *bytes,
               size_t len, size_t *out_len, struct err *e)
{
    struct input in = { key, key_len, iv, bytes, len, false };
    return cbc_run(a, &in, 1, out_len, e);
}

void *cbc_open(struct arena *a, const void *key, size_t key_len, const void *iv, const void *bytes,
               size_t len, size_t *out_len, struct err *e)
{
    struct input in = { key, key_len, iv, bytes, len, false };
    return cbc_run(a, &in, 0, out_len, e);
}

void *cbc_open_blocks(struct arena *a, const void *key, size_t key_len, const void *iv,
                      const void *bytes, size_t len, struct err *e)
{
    struct input in = { key, key_len, iv, bytes, len, true };
    size_t size;
    return cbc_run(a, &in, 0, &size, e);
}
