/* java_text.c - see java_text.h. */
#include "embedded/rest/java_text.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

enum { BAD_CHARACTER = -1, PADDING = -2 };

static int base64_value(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    if (c == '=')
        return PADDING;
    return at ? (int)(at - alphabet) : BAD_CHARACTER;
}

/* Integer.toString(byte, 16): bytes are signed. */
static const char *odd_character(struct arena *a, char c)
{
    int byte = (unsigned char)c, value = byte < 128 ? byte : byte - 256;
    return arena_printf(a, "Illegal base64 character %s%x", value < 0 ? "-" : "", abs(value));
}

/* What may follow the first '=' at text[at], with `bits` digits in the last unit. */
static const char *ending_problem(struct arena *a, const char *text, size_t at, size_t digits)
{
    size_t end = at + 1;
    if (digits == 0 || (digits == 2 && text[end++] != '='))
        return "Input byte array has wrong 4-byte ending unit";
    if (digits == 1)
        return "Last unit does not have enough valid bits";
    if (text[end])
        return arena_printf(a, "Input byte array has incorrect ending byte at %zu", end);
    return NULL;
}

char *java_base64(struct arena *a, const char *text, size_t *len, const char **problem)
{
    size_t n = strlen(text), i = 0, digits = 0;
    char *out = arena_alloc(a, n + 1);
    unsigned bits = 0;
    *len = 0;
    *problem = n == 1 ? "Input byte[] should at least have 2 bytes for base64 bytes" : NULL;
    for (; !*problem && i < n; i++) {
        int value = base64_value(text[i]);
        if (value == PADDING)
            break;
        if (value == BAD_CHARACTER) {
            *problem = odd_character(a, text[i]);
            break;
        }
        bits = bits << 6 | (unsigned)value;
        if (digits++ % 4)
            out[(*len)++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    if (!*problem && text[i])
        *problem = ending_problem(a, text, i, digits % 4);
    else if (!*problem && digits % 4 == 1)
        *problem = "Last unit does not have enough valid bits";
    out[*len] = '\0';
    return *problem ? NULL : out;
}

char *java_trim(struct arena *a, const char *text)
{
    size_t n = strlen(text);
    for (; *text && (unsigned char)*text <= ' '; n--)
        text++;
    while (n && (unsigned char)text[n - 1] <= ' ')
        n--;
    return arena_strndup(a, text, n);
}

size_t java_split(struct arena *a, const char *text, char separator, char **parts, size_t most)
{
    size_t count = 0, full = 0;
    for (const char *p = text;; p++) {
        size_t n = (size_t)(strchrnul(p, separator) - p);
        if (count < most)
            parts[count] = arena_strndup(a, p, n);
        count++;
        if (n)
            full = count;
        p += n;
        if (!*p)
            break;
    }
    return *text ? full : 1;
}

/* String.hashCode, over the units of UTF-16, as HashMap spreads it. */
static uint32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    for (size_t n; *text && (n = utf8_size(text, strlen(text))) > 0; text += n) {
        uint32_t c = utf8_point(text, n);
        if (c >= 0x10000) {
            hash = 31 * hash + (0xd7c0 + (c >> 10));
            c = 0xdc00 + (c & 0x3ff);
        }
        hash = 31 * hash + c;
    }
    return hash ^ hash >> 16;
}

void java_hash_order(struct arena *a, const char **names, size_t n, size_t capacity)
{
    size_t size = 1, at = 0;
    const char **given = arena_array(a, const char *, n + 1);
    while (size < capacity || 4 * n > 3 * size)
        size *= 2;
    memcpy(given, names, n * sizeof *names);
    for (size_t bucket = 0; bucket < size && at < n; bucket++)
        for (size_t i = 0; i < n; i++)
            if ((java_hash(given[i]) & (size - 1)) == bucket)
                names[at++] = given[i];
}

char *java_url_encode(struct arena *a, const char *text)
{
    char *out = arena_alloc(a, 3 * strlen(text) + 1), *to = out;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (isalnum(*p) || strchr("-_.*", *p))
            *to++ = (char)*p;
        else
            to += snprintf(to, 4, "%%%02X", *p);
    }
    *to = '\0';
    return out;
}

/* At most size - 1 characters that are no blanks. False: more. */
static bool without_blanks(const char *text, char *out, size_t size)
{
    for (; *text; text++) {
        if (isspace((unsigned char)*text))
            continue;
        if (--size == 0)
            return false;
        *out++ = *text;
    }
    *out = '\0';
    return true;
}

bool java_parse_int(const char *text, int *out)
{
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *out = (int)n;
    return !*end && !errno && n >= INT_MIN && n <= INT_MAX;
}

/* Digits of the base behind a sign. False: others, or beyond an int. */
static bool digits_to_int(bool negative, const char *digits, int base, int *out)
{
    char *end;
    if (!isxdigit((unsigned char)*digits))
        return false;
    errno = 0;
    long long n = strtoll(digits, &end, base);
    n = negative ? -n : n;
    *out = (int)n;
    return !*end && !errno && n >= INT_MIN && n <= INT_MAX;
}

/* Behind "0x", "0X" or "#"; NULL: the digits are decimal. */
static const char *hex_digits(const char *s)
{
    if (*s == '#')
        return s + 1;
    return s[0] == '0' && (s[1] | 32) == 'x' ? s + 2 : NULL;
}

enum java_number java_integer(const char *text, int *out)
{
    char bare[32];
    if (!without_blanks(text, bare, sizeof bare))
        return JAVA_BAD;
    if (!*bare)
        return *text ? JAVA_BAD : JAVA_NONE;
    const char *hex = *bare == '+' ? NULL : hex_digits(bare + (*bare == '-'));
    bool good = hex ? digits_to_int(*bare == '-', hex, 16, out) : java_parse_int(bare, out);
    return good ? JAVA_NUMBER : JAVA_BAD;
}

enum java_number java_boolean(const char *text, bool *out)
{
    static const char *const words[][2] = {
        { "false", "true" }, { "off", "on" }, { "no", "yes" }, { "0", "1" }
    };
    char bare[16];
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    if (n == 0)
        return JAVA_NONE;
    if (n >= sizeof bare)
        return JAVA_BAD;
    memcpy(bare, text, n);
    bare[n] = '\0';
    for (size_t i = 0; i < 2 * (sizeof words / sizeof *words); i++)
        if (text_equal_nocase(bare, words[i / 2][i % 2])) {
            *out = i % 2;
            return JAVA_NUMBER;
        }
    return JAVA_BAD;
}
