/* sign.c - one function a scheme; a new one is a few lines over mac_of or a digest. The vectors are
 * in tests/unit/test_chat_sign.c, the other makers' own code in tests/chat/. */
#include "chat/sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/text.h"
#include "net/cbc.h"
#include <stdlib.h>

enum {
    KEY = 32,
    BLOCK = 16,
    WECOM_BLOCK = 32, /* of its padding */
    WECOM_HEAD = 20,  /* random bytes, and the length of the text */
    SIGNED_MAX = 4 << 20
};

bool sign_same(const char *x, const char *y)
{
    size_t n = x ? strlen(x) : 0;
    return x && y && n > 0 && n == strlen(y) && crypto_equal(x, y, n);
}

bool sign_fresh(const char *seconds, int64_t now_ms, int64_t window)
{
    size_t n = seconds ? strlen(seconds) : 0;
    if (n == 0 || n > 12 || strspn(seconds, "0123456789") != n)
        return false;
    int64_t apart = now_ms / 1000 - strtoll(seconds, NULL, 10);
    return apart <= window && apart >= -window;
}

/* What is signed, put together: NULL ends the list, the body follows. */
static struct buf *signed_text(struct arena *a, const char *const *parts, const char *body,
                               size_t len)
{
    struct buf *b = buf_in(a, SIGNED_MAX + len);
    for (; *parts; parts++)
        buf_str(b, *parts);
    buf_add(b, body, len);
    return b;
}

char *sign_slack(struct arena *a, const char *secret, const char *timestamp, const char *body,
                 size_t len)
{
    uint8_t mac[SHA256_SIZE];
    struct buf *b = signed_text(a, (const char *const[]){ "v0:", timestamp, ":", NULL }, body, len);
    crypto_hmac(secret, strlen(secret), b->data, b->len, mac);
    return arena_printf(a, "v0=%s", crypto_hex(a, mac, sizeof mac));
}

char *sign_dingtalk(struct arena *a, const char *secret, const char *timestamp)
{
    uint8_t mac[SHA256_SIZE];
    struct buf *b = signed_text(a, (const char *const[]){ timestamp, "\n", secret, NULL }, "", 0);
    crypto_hmac(secret, strlen(secret), b->data, b->len, mac);
    return base64_encode(a, mac, sizeof mac);
}

char *sign_feishu(struct arena *a, const char *key, const char *timestamp, const char *nonce,
                  const char *body, size_t len)
{
    const char *const parts[] = { timestamp, nonce, key, NULL };
    struct buf *b = signed_text(a, parts, body, len);
    return crypto_sha256_hex(a, b->data, b->len);
}

static int compare_signed_parts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

char *sign_wecom(struct arena *a, const char *token, const char *timestamp, const char *nonce,
                 const char *encrypted)
{
    const char *parts[] = { token, timestamp, nonce, encrypted, NULL };
    qsort(parts, 4, sizeof *parts, compare_signed_parts);
    struct buf *b = signed_text(a, parts, "", 0);
    return crypto_sha1_hex(a, b->data, b->len);
}

char *sign_webhook(struct arena *a, const char *secret, const char *id, const char *timestamp,
                   const char *body, size_t len)
{
    static const char prefix[] = "whsec_";
    size_t n = 0;
    uint8_t mac[SHA256_SIZE];
    const char *text = text_starts(secret, prefix) ? secret + sizeof prefix - 1 : secret;
    const void *raw = base64_decode(a, text, strlen(text), &n);
    if (!raw || n == 0)
        return NULL;
    const char *const parts[] = { id, ".", timestamp, ".", NULL };
    struct buf *b = signed_text(a, parts, body, len);
    crypto_hmac(raw, n, b->data, b->len, mac);
    return arena_printf(a, "v1,%s", base64_encode(a, mac, sizeof mac));
}

char *sign_grafana(struct arena *a, const char *secret, const char *timestamp, const char *body,
                   size_t len)
{
    uint8_t mac[SHA256_SIZE];
    struct buf *b = signed_text(a, (const char *const[]){ timestamp, ":", NULL }, body, len);
    crypto_hmac(secret, strlen(secret), b->data, b->len, mac);
    return crypto_hex(a, mac, sizeof mac);
}

/* Is one of the signatures ours? Several come while a key is changed. */
static bool is_signed_with(struct arena *a, const char *expected, const char *signatures)
{
    bool found = false;
    while (expected && *signatures) {
        size_t n = strcspn(signatures, " ");
        found = sign_same(expected, arena_strndup(a, signatures, n)) || found;
        signatures += n + strspn(signatures + n, " ");
    }
    return found;
}

bool sign_webhook_holds(struct arena *a, const char *secret, const struct sign_headers *h,
                        const char *body, size_t len, int64_t now_ms, struct err *e)
{
    if (!h->id || !*h->id || strlen(h->id) > 200 || strchr(h->id, '.') || !h->at || !h->signatures)
        return err_set(e, ERR_POLICY, "it is not signed");
    if (!is_signed_with(a, sign_webhook(a, secret, h->id, h->at, body, len), h->signatures))
        return err_set(e, ERR_POLICY, "its signature is not right");
    return sign_fresh(h->at, now_ms, SIGN_WEBHOOK_WINDOW) ||
           err_set(e, ERR_POLICY, "its time is not of now: sign it anew");
}

/* -- encrypted callbacks ----------------------------------------------------------------------
 */

static const char not_ours[] =
    "the callback does not open with the configured key: it is not the platform's, or the key is "
    "not the one that stands there";

static void *refuse_opening(struct err *e)
{
    err_set(e, ERR_POLICY, "%s", not_ours);
    return NULL;
}

char *sign_open_feishu(struct arena *a, const char *key, const char *encrypted, size_t *n,
                       struct err *e)
{
    uint8_t digest[SHA256_SIZE];
    size_t size = 0;
    const uint8_t *raw = base64_decode(a, encrypted, strlen(encrypted), &size);
    crypto_sha256(key, strlen(key), digest);
    if (!raw || size < 2 * BLOCK || size % BLOCK != 0)
        return refuse_opening(e);
    char *text =
        cbc_open(a, digest, sizeof digest, raw, raw + BLOCK, size - BLOCK, n, &(struct err){ 0 });
    return text ? text : refuse_opening(e);
}

/* The 32 bytes of an EncodingAESKey. Its last character has two bits to spare, which may be set;
 * base64_decode refuses those. */
static const uint8_t *wecom_key(struct arena *a, const char *key, struct err *e)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    char padded[SIGN_WECOM_KEY + 2];
    const char *last =
        strlen(key) == SIGN_WECOM_KEY ? strchr(alphabet, key[SIGN_WECOM_KEY - 1]) : NULL;
    if (last) {
        memcpy(padded, key, SIGN_WECOM_KEY);
        padded[SIGN_WECOM_KEY - 1] = alphabet[(last - alphabet) & ~3];
        padded[SIGN_WECOM_KEY] = '=';
        padded[SIGN_WECOM_KEY + 1] = '\0';
    }
    const uint8_t *raw = last ? base64_decode(a, padded, SIGN_WECOM_KEY + 1, &n) : NULL;
    if (!raw)
        err_set(e, ERR_ARGS, "the EncodingAESKey is not %d characters of base64: copy it whole",
                SIGN_WECOM_KEY);
    return raw;
}

/* 16 random bytes | length of the text, big-endian | text | id | 1 to 32 bytes that say how many.
 */
static char *read_envelope(struct arena *a, const uint8_t *raw, size_t size, const char *id,
                           size_t *n)
{
    size_t pad = raw[size - 1], id_len = strlen(id);
    if (pad < 1 || pad > WECOM_BLOCK || size < pad + WECOM_HEAD)
        return NULL;
    for (size_t i = size - pad; i < size; i++)
        if (raw[i] != pad)
            return NULL;
    const uint8_t *len = raw + BLOCK;
    *n = (size_t)len[0] << 24 | (size_t)len[1] << 16 | (size_t)len[2] << 8 | len[3];
    size_t left = size - pad - WECOM_HEAD;
    if (*n > left || left - *n != id_len || memcmp(raw + WECOM_HEAD + *n, id, id_len) != 0)
        return NULL;
    return arena_strndup(a, (const char *)raw + WECOM_HEAD, *n);
}

char *sign_open_wecom(struct arena *a, const char *key, const char *encrypted, const char *id,
                      size_t *n, struct err *e)
{
    size_t size = 0;
    const uint8_t *aes = wecom_key(a, key, e);
    if (!aes)
        return NULL;
    const uint8_t *raw = base64_decode(a, encrypted, strlen(encrypted), &size);
    if (!raw || size < 2 * BLOCK || size % BLOCK != 0)
        return refuse_opening(e);
    const uint8_t *plain = cbc_open_blocks(a, aes, KEY, aes, raw, size, e);
    char *text = plain ? read_envelope(a, plain, size, id, n) : NULL;
    return text ? text : refuse_opening(e);
}
