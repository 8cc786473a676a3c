/* text.c - strings from outside, made harmless.
 *
 * text_clean decides by ranges of code points: those that only hide or reorder vanish, those that
 * break a line become a space. To forbid another character, add a range.
 */
#include "base/text.h"
#include "base/arena.h"
#include "base/utf8.h"
#include <ctype.h>
#include <strings.h>

struct range {
    uint32_t first, last;
};

static const struct range become_space[] = { { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x2028, 0x2029 } };

static const struct range vanish[] = {
    { 0xad, 0xad },                           /* soft hyphen */
    { 0x34f, 0x34f },                         /* combining grapheme joiner */
    { 0x61c, 0x61c },                         /* Arabic letter mark */
    { 0x115f, 0x1160 },                       /* Hangul fillers, also below */
    { 0x17b4, 0x17b5 },                       /* Khmer vowels that are not written */
    { 0x180b, 0x180f },                       /* Mongolian selectors and separator */
    { 0x200b, 0x200f },                       /* zero width, directional marks */
    { 0x202a, 0x202e },                       /* embeddings and overrides */
    { 0x2060, 0x206f },                       /* joiners, isolates, invisible operators */
    { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f }, /* variation selectors */
    { 0xfeff, 0xfeff },                       /* byte order mark */
    { 0xffa0, 0xffa0 },   { 0xfff9, 0xfffb }, /* interlinear annotations */
    { 0x1bca0, 0x1bca3 },                     /* shorthand controls */
    { 0x1d173, 0x1d17a },                     /* of music */
    { 0xe0000, 0xe0fff },                     /* tags and more selectors */
};

/* Drawn as a space or as nothing: harmless in a text, but not what somebody who decides reads. */
static const struct range blank[] = { { 0xa0, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200a },
                                      { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x2800, 0x2800 },
                                      { 0x3000, 0x3000 } };

static bool within(const struct range *ranges, size_t n, uint32_t point)
{
    for (size_t i = 0; i < n; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}
#define WITHIN(ranges, point) within(ranges, sizeof(ranges) / sizeof *(ranges), point)

/* What stands for the character at s. */
static const char *visible_char(const char *s, size_t size, size_t *n)
{
    uint32_t point = utf8_point(s, size);
    *n = WITHIN(vanish, point) ? 0 : size;
    if (!WITHIN(become_space, point))
        return s;
    *n = 1;
    return " ";
}

char *text_clean(struct arena *a, const char *s, size_t max)
{
    if (!s)
        return NULL;
    static const char ellipsis[] = "\xe2\x80\xa6";
    const size_t mark = sizeof ellipsis - 1;
    size_t left = strlen(s), used = 0, cut = 0;    /* cut: where the ellipsis would still fit */
    size_t room = left < max / 3 ? left * 3 : max; /* one bad byte becomes three */
    char *out = arena_alloc(a, room + 1);
    while (left) {
        size_t size = utf8_size(s, left), n = 3;
        const char *piece = size ? visible_char(s, size, &n) : UTF8_REPLACEMENT;
        size = size ? size : 1;
        if (used + n > max) {
            used = max >= mark ? cut : 0;
            memcpy(out + used, ellipsis, max >= mark ? mark : 0);
            out[max >= mark ? used + mark : 0] = 0;
            return out;
        }
        memcpy(out + used, piece, n);
        used += n;
        if (used + mark <= max)
            cut = used;
        s += size;
        left -= size;
    }
    return out;
}

enum { ESCAPE = 9 }; /* "\ue0001" and its end; of one byte come at most six: "\u0001" */

/* Writes the character at s, or what stands for it, to out. Returns how much that is. */
static size_t put_visible(char *out, const char *s, size_t size)
{
    uint32_t point = size ? utf8_point(s, size) : 0;
    if (!size)
        return (size_t)snprintf(out, ESCAPE, "\\x%02x", (unsigned char)*s);
    if (WITHIN(vanish, point) || WITHIN(become_space, point) || WITHIN(blank, point))
        return (size_t)snprintf(out, ESCAPE, "\\u%04x", (unsigned)point);
    memcpy(out, s, size);
    return size;
}

char *text_visible(struct arena *a, const char *s)
{
    if (!s)
        return NULL;
    size_t left = strlen(s), used = 0;
    char *out = arena_alloc(a, 6 * left + ESCAPE);
    for (size_t size; left; s += size, left -= size) {
        size = utf8_size(s, left);
        used += put_visible(out + used, s, size);
        size = size ? size : 1;
    }
    out[used] = '\0';
    return out;
}

bool text_utf8(const char *s, size_t n)
{
    for (size_t size; n; s += size, n -= size) {
        size = utf8_size(s, n);
        if (!size)
            return false;
    }
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

char *text_percent(struct arena *a, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = arena_alloc(a, strlen(s) * 3 + 1), *out = text;
    for (; *s; s++) {
        if (is_unreserved(*s)) {
            *out++ = *s;
            continue;
        }
        *out++ = '%';
        *out++ = hex[(unsigned char)*s >> 4];
        *out++ = hex[*s & 15];
    }
    return text;
}

static int percent_hex_digit(char c)
{
    static const char alphabet[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)((at - alphabet) & 15) : -1;
}

char *text_unpercent(struct arena *a, const char *s, size_t n)
{
    char *text = arena_alloc(a, n + 1), *out = text;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '%') {
            *out++ = s[i];
            continue;
        }
        int high = n - i > 2 ? percent_hex_digit(s[i + 1]) : -1;
        int low = high >= 0 ? percent_hex_digit(s[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        *out++ = (char)(high << 4 | low);
        i += 2;
    }
    return text;
}

uint64_t text_hash(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h;
}

bool text_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), k = strlen(suffix);
    return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

bool text_contains_nocase(const char *s, const char *needle)
{
    size_t n = strlen(needle);
    for (;; s++) {
        if (strncasecmp(s, needle, n) == 0)
            return true;
        if (!*s)
            return false;
    }
}

bool text_equal_nocase(const char *x, const char *y)
{
    return ((*x ^ *y) & ~('a' ^ 'A')) == 0 && strcasecmp(x, y) == 0; /* most differ at once */
}

bool text_same(const char *x, const char *y)
{
    return x == y || (x && y && strcmp(x, y) == 0);
}

char *text_lower(struct arena *a, const char *s, size_t n)
{
    char *copy = arena_strndup(a, s, n);
    for (char *c = copy; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    return copy;
}

bool text_word_next(const char **rest, char word[TEXT_WORD])
{
    if (!*rest || !**rest)
        return false;
    size_t n = strcspn(*rest, "|");
    size_t take = n < TEXT_WORD - 1 ? n : TEXT_WORD - 1;
    memcpy(word, *rest, take);
    word[take] = '\0';
    *rest += n + ((*rest)[n] == '|');
    return true;
}

int text_word_place(const char *list, const char *word)
{
    size_t n = list ? strlen(word) : 0;
    int place = 1;
    if (n && memchr(word, '|', n)) /* two of them at once are none */
        return 0;
    for (const char *p = list; p; p = strchr(p, '|'), place++) {
        p += *p == '|';
        if (strncmp(p, word, n) == 0 && (p[n] == '|' || p[n] == '\0'))
            return place;
    }
    return 0;
}

bool text_has_word(const char *list, const char *word)
{
    return text_word_place(list, word) > 0;
}
