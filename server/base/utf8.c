/* utf8.c - well-formed UTF-8 by the table of RFC 3629: lead byte to size and bounds of the second
 * byte. Overlong forms, surrogates and anything over U+10FFFF have no row. */
#include "base/utf8.h"
#include <stdbool.h>
#include <string.h>

struct lead {
    uint8_t first, last, size, second_min, second_max;
};

static const struct lead leads[] = {
    { 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
    { 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t utf8_size(const char *s, size_t n)
{
    const uint8_t *p = (const uint8_t *)s;
    if (!n)
        return 0;
    const struct lead *lead = lead_of(*p);
    if (!lead || lead->size > n)
        return 0;
    if (lead->size > 1 && (p[1] < lead->second_min || p[1] > lead->second_max))
        return 0;
    for (size_t i = 2; i < lead->size; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return lead->size;
}

static bool stands_as_it_is(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The same of eight at once: the highest bit of each byte that is not plain, and perhaps of bytes
 * above the first. A byte below 0x20 or equal to one of the two borrows into that bit, which ASCII
 * has clear. */
static uint64_t odd_of_eight(uint64_t bytes)
{
    static const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    uint64_t quote = bytes ^ ones * '"', backslash = bytes ^ ones * '\\';
    return (bytes | (bytes - ones * 0x20) | (quote - ones) | (backslash - ones)) & high;
}

size_t utf8_plain(const char *s, size_t n)
{
    size_t i = 0;
    for (uint64_t eight; n - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, s + i, sizeof eight);
        uint64_t odd = odd_of_eight(eight);
        if (odd && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            return i + (size_t)__builtin_ctzll(odd) / 8;
        if (odd)
            break;
    }
    while (i < n && stands_as_it_is((uint8_t)s[i]))
        i++;
    return i;
}

uint32_t utf8_point(const char *s, size_t size)
{
    static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    const uint8_t *p = (const uint8_t *)s;
    uint32_t point = p[0] & masks[size];
    for (size_t i = 1; i < size; i++)
        point = point << 6 | (p[i] & 0x3f);
    return point;
}

size_t utf8_put(char out[4], uint32_t point)
{
    static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)(marks[size] | point);
    return size;
}
