/* cbor.c - walks over CBOR (RFC 8949) without building anything: items are places in the bytes. */
#include "passkey/webauthn_private.h"
#include <string.h>

enum { DEPTH_MAX = 8, SIMPLE = 7, TAG = 6 };

struct head {
    unsigned type;
    uint64_t argument; /* number, length or count */
    size_t size;       /* 0: broken */
};

static struct head cbor_head(struct webauthn_bytes b)
{
    struct head h = { 0 };
    if (!b.len)
        return h;
    unsigned low = b.at[0] & 31;
    size_t more = low < 24 ? 0 : low < 28 ? (size_t)1 << (low - 24) : b.len;
    if (more >= b.len)
        return h;
    h.type = b.at[0] >> 5;
    h.argument = low < 24 ? low : 0;
    for (size_t i = 1; i <= more; i++)
        h.argument = h.argument << 8 | b.at[i];
    h.size = 1 + more;
    return h;
}

static struct webauthn_bytes cbor_after(struct webauthn_bytes b, size_t n)
{
    return (struct webauthn_bytes){ b.at + n, b.len - n };
}

static size_t length_of(struct webauthn_bytes b, int depth);

/* What a list or a map holds. */
static size_t length_of_items(struct webauthn_bytes b, uint64_t count, int depth)
{
    size_t all = 0;
    for (; count; count--) {
        size_t n = length_of(cbor_after(b, all), depth);
        if (!n)
            return 0;
        all += n;
    }
    return all;
}

static bool is_list(const struct head *h)
{
    return h->type == CBOR_LIST || h->type == CBOR_MAP;
}

/* Of a list or a map; 0: broken. */
static size_t length_of_list(struct webauthn_bytes b, const struct head *h, int depth)
{
    if (h->argument > b.len)
        return 0;
    uint64_t count = h->type == CBOR_MAP ? 2 * h->argument : h->argument;
    size_t n = length_of_items(cbor_after(b, h->size), count, depth + 1);
    return n || !count ? h->size + n : 0;
}

static size_t length_of(struct webauthn_bytes b, int depth)
{
    struct head h = cbor_head(b);
    if (!h.size || h.type == TAG || depth > DEPTH_MAX)
        return 0;
    if (h.type == CBOR_BYTES || h.type == CBOR_TEXT)
        return h.argument <= b.len - h.size ? h.size + (size_t)h.argument : 0;
    return is_list(&h) ? length_of_list(b, &h, depth) : h.size;
}

size_t cbor_length(struct webauthn_bytes b)
{
    return length_of(b, 0);
}

/* The first item of b, which is followed by others. */
static struct webauthn_bytes cbor_first(struct webauthn_bytes b)
{
    return (struct webauthn_bytes){ b.at, cbor_length(b) };
}

struct webauthn_bytes cbor_string(struct webauthn_bytes b, enum cbor_type type)
{
    struct head h = cbor_head(b);
    if (h.type != type || !h.size || h.argument > b.len - h.size)
        return (struct webauthn_bytes){ 0 };
    return (struct webauthn_bytes){ b.at + h.size, (size_t)h.argument };
}

int cbor_number(struct webauthn_bytes b)
{
    struct head h = cbor_head(b);
    if (!h.size || h.type > CBOR_NEGATIVE || h.argument > 0xffff)
        return 0;
    return h.type == CBOR_NEGATIVE ? -1 - (int)h.argument : (int)h.argument;
}

struct webauthn_bytes cbor_member(struct webauthn_bytes b, const char *key)
{
    struct head h = cbor_head(b);
    struct webauthn_bytes found = { 0 };
    if (h.type != CBOR_MAP || !cbor_length(b))
        return found;
    b = cbor_after(b, h.size);
    for (uint64_t i = 0; i < h.argument; i++) {
        struct webauthn_bytes name = cbor_first(b), text = cbor_string(name, CBOR_TEXT);
        struct webauthn_bytes value = cbor_first(cbor_after(b, name.len));
        b = cbor_after(b, name.len + value.len);
        if (text.len != strlen(key) || !text.len || memcmp(text.at, key, text.len) != 0)
            continue;
        if (found.len)
            return (struct webauthn_bytes){ 0 };
        found = value;
    }
    return found;
}

struct webauthn_bytes cbor_item(struct webauthn_bytes b, unsigned i)
{
    struct head h = cbor_head(b);
    if (h.type != CBOR_LIST || i >= h.argument || !cbor_length(b))
        return (struct webauthn_bytes){ 0 };
    b = cbor_after(b, h.size);
    for (; i; i--)
        b = cbor_after(b, cbor_length(b));
    return cbor_first(b);
}
