/* jackson.c - bytes to the one JSON value they start with.
 *
 * What Jackson takes and our strict parser does not is rewritten first: other encodings become
 * UTF-8, a mark at the start and text behind the value go, lone surrogates become '?', which is
 * what they are by the time they leave a Java program.
 */
#include "embedded/jackson.h"

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

/* By a mark, or by where the zero bytes of the first characters are. NULL: UTF-8. */
static const char *wide_encoding(const unsigned char *b, size_t len)
{
    if (len >= 4 && !b[0] && !b[1] && (b[2] == 0xfe || !b[2]))
        return "UTF-32BE";
    if (len >= 4 && !b[2] && !b[3] && (b[0] == 0xff || !b[1]))
        return "UTF-32LE";
    if (len >= 2 && ((b[0] == 0xfe && b[1] == 0xff) || (!b[0] && b[1])))
        return "UTF-16BE";
    if (len >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] && !b[1])))
        return "UTF-16LE";
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
    return !charset || strncasecmp(charset, "utf", 3) == 0 || text_equal_nocase(charset, "us-ascii");
}

static bool to_utf8(struct arena *a, const char *charset, struct span *text)
{
    const char *from = charset;
    if (is_jsons_own(charset))
        from = wide_encoding((const unsigned char *)text->at, text->len);
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
        if (*s == '"')
            quoted = !quoted;
        depth += quoted ? 0 : *s == '{' || *s == '[' ? 1 : *s == '}' || *s == ']' ? -1 : 0;
        buf_char(out, *s++);
        if (depth == 0 && !quoted && strchr("]}", s[-1]))
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
