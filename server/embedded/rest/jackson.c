/* jackson.c - bytes to the one JSON value they start with.
 *
 * What Jackson takes and our strict parser does not is rewritten first: other encodings become
 * UTF-8, a mark at the start and text behind the value go, lone surrogates become '?', which is
 * what they are by the time they leave a Java program.
 */
#include "embedded/rest/jackson_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#include <iconv.h>
#include <strings.h>

enum { MAX_TEXT = 64 << 20 };

struct span {
    const char *at;
    size_t len;
};

/* Bytes as a pattern says: 0 zero, x not zero, F and E the bytes of a mark. */
static bool bytes_fit(const unsigned char *b, size_t len, const char *pattern)
{
    if (len < strlen(pattern))
        return false;
    for (; *pattern; pattern++, b++) {
        bool good = *pattern == '0'   ? !*b
                    : *pattern == 'x' ? *b
                                      : *b == (*pattern == 'F' ? 0xff : 0xfe);
        if (!good)
            return false;
    }
    return true;
}

/* By a mark, or by where the zero bytes of the first characters are. NULL: UTF-8. */
static const char *wide_encoding(const char *bytes, size_t len)
{
    static const char *const rows[][2] = {
        { "00EF", "UTF-32BE" }, { "FE00", "UTF-32LE" }, { "000x", "UTF-32BE" },
        { "x000", "UTF-32LE" }, { "EF", "UTF-16BE" },   { "FE", "UTF-16LE" },
        { "0x", "UTF-16BE" },   { "x0", "UTF-16LE" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_fit((const unsigned char *)bytes, len, rows[i][0]))
            return rows[i][1];
    return NULL;
}

static bool converted(struct arena *a, const char *from, struct span *text)
{
    iconv_t c = iconv_open("UTF-8", from);
    if (c == (iconv_t)-1)
        return false;
    size_t room = text->len * 4 + 4;
    char *out = arena_alloc(a, room), *to = out, *in = arena_alloc(a, text->len + 1);
    memcpy(in, text->at, text->len);
    size_t left = text->len;
    bool whole = iconv(c, &in, &left, &to, &room) != (size_t)-1;
    iconv_close(c);
    *text = (struct span){ out, (size_t)(to - out) };
    return whole;
}

/* Spring hands bytes over when the charset is one that JSON may have, else characters. */
static bool is_jsons_own(const char *charset)
{
    return !charset || strncasecmp(charset, "utf", 3) == 0 ||
           text_equal_nocase(charset, "us-ascii");
}

static bool to_utf8(struct arena *a, const char *charset, struct span *text)
{
    const char *from = charset;
    if (is_jsons_own(charset))
        from = wide_encoding(text->at, text->len);
    if (from && !converted(a, from, text))
        return false;
    if (text->len >= 3 && memcmp(text->at, "\xef\xbb\xbf", 3) == 0) {
        text->at += 3;
        text->len -= 3;
    }
    return true;
}

static bool is_hex_escape(const char *s, const char *end, char low, char high)
{
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u' || (s[2] | 32) != 'd')
        return false;
    char c = s[3] >= 'a' ? (char)(s[3] - 32) : s[3];
    return c >= low && c <= high;
}

/* One escape at s inside a string; returns its length. */
static size_t copy_escape(struct buf *out, const char *s, const char *end)
{
    bool high = is_hex_escape(s, end, '8', 'B');
    if (high && is_hex_escape(s + 6, end, 'C', 'F')) {
        buf_add(out, s, 12);
        return 12;
    }
    if (high || is_hex_escape(s, end, 'C', 'F')) {
        buf_char(out, '?');
        return 6;
    }
    size_t n = end - s > 1 ? 2 : 1;
    buf_add(out, s, n);
    return n;
}

static int nesting(char c)
{
    return c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
}

/* The first value, an object, up to its closing bracket. */
static struct buf *first_object(struct arena *a, struct span text)
{
    struct buf *out = buf_in(a, MAX_TEXT);
    const char *s = text.at, *end = s + text.len;
    bool quoted = false;
    for (int depth = 0; s < end;) {
        if (quoted && *s == '\\') {
            s += copy_escape(out, s, end);
            continue;
        }
        quoted ^= *s == '"';
        int step = quoted ? 0 : nesting(*s);
        depth += step;
        buf_char(out, *s++);
        if (step < 0 && depth <= 0)
            break;
    }
    return out;
}

/* The next number of the text that is in no string; NULL: no more. */
static const char *next_number(const char *p, size_t *len)
{
    for (bool quoted = false; *p; p++) {
        if (quoted && *p == '\\')
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '-' || (*p >= '0' && *p <= '9'))) {
            *len = strspn(p, "-+.0123456789eE");
            return p;
        }
    }
    return NULL;
}

/* Numbers of the tree and of the text come in the same order. *text goes on behind the last. */
static void keep_spelling(struct arena *a, cJSON *node, const char **text)
{
    size_t len;
    const char *at = cJSON_IsNumber(node) && *text ? next_number(*text, &len) : NULL;
    if (cJSON_IsNumber(node))
        *text = at ? at + len : NULL;
    if (at)
        node->valuestring = arena_strndup(a, at, len);
    for (cJSON *child = node->child; child; child = child->next)
        keep_spelling(a, child, text);
}

cJSON *jackson_read(struct arena *a, const char *body, size_t len, const char *charset)
{
    struct span text = { body, len };
    if (!to_utf8(a, charset, &text))
        return NULL;
    const struct buf *one = first_object(a, text);
    const char *twice, *at = one->data;
    cJSON *root = json_parse_telling(a, one->data, one->len, &twice, NULL);
    if (root && !twice) /* else a number has gone, and the order says nothing */
        keep_spelling(a, root, &at);
    return root;
}
