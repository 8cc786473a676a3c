/* base64.c - RFC 4648 text codings of crypto.h, strict in both directions: what decodes is exactly
 * what would be encoded (no blanks, no other alphabet, no stray bits). */
#include "base/arena.h"
#include "base/crypto.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(struct arena *a, const uint8_t *in, size_t n, const char *alphabet, bool pad)
{
    char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1);
    char *p = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        uint32_t word = (uint32_t)in[i] << 16;
        word |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        word |= left > 2 ? in[i + 2] : 0;
        for (size_t k = 0; k <= left; k++)
            *p++ = alphabet[word >> (18 - 6 * k) & 63];
        for (size_t k = left; pad && k < 3; k++)
            *p++ = '=';
    }
    *p = '\0';
    return out;
}

static int sextet_of(const char *alphabet, char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* text without padding; NULL when a character or the trailing bits are wrong. */
static void *decode_sextets(struct arena *a, const char *text, size_t len, const char *alphabet,
                            size_t *n)
{
    if (len % 4 == 1)
        return NULL;
    uint8_t *out = arena_alloc(a, len / 4 * 3 + 3);
    size_t size = 0;
    uint32_t word = 0;
    int bits = 0;
    for (size_t i = 0; i < len; i++) {
        int v = sextet_of(alphabet, text[i]);
        if (v < 0)
            return NULL;
        word = word << 6 | (uint32_t)v;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[size++] = (uint8_t)(word >> bits);
        }
        word &= (1u << bits) - 1;
    }
    if (word != 0)
        return NULL;
    if (n)
        *n = size;
    return out;
}

char *base64_encode(struct arena *a, const void *bytes, size_t n)
{
    return encode(a, bytes, n, standard, true);
}

char *base64url_encode(struct arena *a, const void *bytes, size_t n)
{
    return encode(a, bytes, n, url_safe, false);
}

void *base64_decode(struct arena *a, const char *text, size_t len, size_t *n)
{
    if (len % 4 != 0)
        return NULL;
    size_t padding = 0;
    while (padding < 2 && padding < len && text[len - padding - 1] == '=')
        padding++;
    return decode_sextets(a, text, len - padding, standard, n);
}

void *base64url_decode(struct arena *a, const char *text, size_t len, size_t *n)
{
    return decode_sextets(a, text, len, url_safe, n);
}
