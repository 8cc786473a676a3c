/* mask_text.c - prose, templates, snippets and header lines: the values of what is named there.
 *
 * "Authorization: Bearer x", "api_key=x", "password": "x", proxy_set_header X-Api-Key x; then the
 * forms of mask_shape.c.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/alphabet_private.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <ctype.h>

enum {
    TEXT_MAX = 64 * 1024 * 1024,
    NAME_MAX_LEN = 64,
    WORD_OF_PROSE = 4,
    WEIGHED = 256,
    SHORT_NUMBER = 10,
    PAIR_MIN = 8,
    TEMPLATE_NEAR = 256
};

enum { NAME = WORD | DOT };

bool mask_is_placeholder(const char *s)
{
    size_t n = strlen(s);
    return n == 0 || !strcmp(s, "EMPTY") || text_starts(s, "your-") || strspn(s, "*") == n ||
           (text_starts(s, "${secret.") && strcspn(s, "} ") == n - 1 && s[n - 1] == '}') ||
           (*s == '<' && s[n - 1] == '>' && n < 60 && strcspn(s + 1, "<>") == n - 2);
}

static const char *skip_chars(const char *s, const char *chars)
{
    return s + strspn(s, chars);
}

/* What ends the value: its closing quote, the end of the line where it may hold spaces, else the
 * next gap. */
static const char *stops_of(char quote, bool line)
{
    if (quote)
        return quote == '"' ? "\"\r\n" : quote == '\'' ? "'\r\n" : "`\r\n";
    return line ? "\r\n\"'`" : " \t\r\n\"'`,;&<>)]}";
}

/* Is it filled in later? A brace far behind says nothing, and is not looked for: names that each
 * have all the rest for their value would make that endless. */
static bool is_template_near(const char *s, const char *stops)
{
    size_t n = 0;
    if (*s == '$')
        return true;
    while (n < TEMPLATE_NEAR && s[n] && s[n] != '{' && !strchr(stops, s[n]))
        n++;
    return s[n] == '{';
}

/* A word of the sentence, or a number. */
static bool is_prose(const char *s, size_t n)
{
    bool lower = true;
    for (size_t i = 0; i < n && n <= WORD_OF_PROSE; i++)
        lower = lower && islower((unsigned char)s[i]);
    return (lower && n <= WORD_OF_PROSE) || (n < SHORT_NUMBER && strspn(s, "0123456789") >= n);
}

static bool holds_lines(const char *name)
{
    return text_ends(name, "uthorization") || text_contains_nocase(name, "cookie");
}

/* "Bearer x": the scheme may be shown. */
static void write_masked_value(struct arena *a, struct buf *b, const char *s, size_t n)
{
    static const char *const schemes[] = { "Bearer ", "Basic ", "APPCODE ", "bearer ", "basic " };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t word = strlen(schemes[i]);
        if (n > word && !strncmp(s, schemes[i], word)) {
            buf_add(b, s, word);
            s += word;
            n -= word;
        }
    }
    mask_piece(a, b, s, n);
}

/* Past a backslash before a quote: of a text in a text. */
static const char *skip_escape(const char *p)
{
    return *p == '\\' && p[1] == '"' ? p + 1 : p;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* "name", "value": as header lists are printed. Names stand in such lists too: they have no digit.
 */
static bool is_pair(const char *comma)
{
    if (*comma != ',')
        return false;
    const char *s = skip_chars(comma + 1, " \t");
    if (!is_quote(*s))
        return false;
    size_t n = strcspn(s + 1, "\"'`\r\n"), lead = strcspn(s + 1, "0123456789\"'`\r\n");
    return n >= PAIR_MIN && lead < n;
}

/* At `at` begins a name of n bytes: where its value is, if it has one. NULL: none. */
static const char *find_value(const char *at, size_t n, bool set_header, char *quote)
{
    const char *p = skip_escape(at + n);
    bool quoted = is_quote(*p);
    p = skip_chars(p + quoted, " \t");
    bool mark = *p == ':' || *p == '=' || (quoted && is_pair(p));
    if (!mark && !set_header)
        return NULL;
    p = skip_escape(skip_chars(p + mark, " \t"));
    *quote = is_quote(*p) ? *p : '\0';
    return p + is_quote(*p);
}

/* Does the name say that its value is a secret, or both together? */
static bool names_secret(const char *name, const char *value, const char *stops)
{
    char copy[WEIGHED];
    size_t n = 0;
    enum mask_rule rule = mask_header_rule(name);
    if (rule == MASK_HIDE)
        return true;
    for (; n < sizeof copy - 1 && value[n] && !strchr(stops, value[n]); n++)
        copy[n] = value[n];
    copy[n] = '\0';
    return n < sizeof copy - 1 && mask_weigh(rule, name, copy) == MASK_HIDE;
}

/* 0: it is none. */
static size_t secret_length(const char *name, const char *value, char quote)
{
    const char *stops = stops_of(quote, holds_lines(name));
    if (is_template_near(value, stops) || !names_secret(name, value, stops))
        return 0;
    size_t n = strcspn(value, stops);
    if (quote && n && value[n - 1] == '\\') /* of a text in a text */
        n--;
    return is_prose(value, n) ? 0 : n;
}

/* One name of n bytes at `at`: writes all from `from` to the end of its value, returns what
 * follows; NULL: nothing to hide. Most words have no value; whether a name is secret is asked last.
 */
static const char *write_named(struct arena *a, struct buf *b, const char *from, const char *at,
                               size_t n, bool set_header)
{
    char name[NAME_MAX_LEN], quote = '\0';
    const char *value = n > 0 && n < sizeof name ? find_value(at, n, set_header, &quote) : NULL;
    if (!value)
        return NULL;
    memcpy(name, at, n);
    name[n] = '\0';
    size_t len = secret_length(name, value, quote);
    if (len == 0)
        return NULL;
    buf_add(b, from, (size_t)(value - from));
    write_masked_value(a, b, value, len);
    return value + len;
}

char *mask_text(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, TEXT_MAX);
    const char *from = text;
    bool set_header = false; /* the word before said that a header's name follows */
    if (secret_is_mask(text) || strlen(text) < 6)
        return arena_strdup(a, text);
    for (const char *at = text; *at;) {
        bool hidden = secret_starts_mask(at); /* no part of it is a name */
        size_t n = hidden ? (size_t)(secret_mask_end(at) - at) : alphabet_span(at, NAME);
        const char *after = hidden ? NULL : write_named(a, b, from, at, n, set_header);
        from = after ? after : from;
        set_header =
            n > 6 && (!strncmp(at + n - 7, "_header", 7) || !strncmp(at + n - 7, "-header", 7));
        at = after ? after : at + (n ? n : 1);
        if (set_header)
            at = skip_chars(at, " \t");
    }
    buf_str(b, from);
    return mask_shapes(a, b->data);
}

/* "name value", "name=value", "name: value", each on a line of its own. */
static void mask_pair_line(struct arena *a, struct buf *b, const char *line, size_t n)
{
    char *text = arena_strndup(a, line, n), name[NAME_MAX_LEN];
    const char *start = skip_chars(text, " \t");
    size_t len = alphabet_span(start, NAME);
    const char *value = skip_chars(start + len, " \t");
    value = skip_chars(value + (*value == '=' || *value == ':'), " \t");
    if (len == 0 || len >= sizeof name || !*value) {
        buf_str(b, mask_text(a, text));
        return;
    }
    memcpy(name, start, len);
    name[len] = '\0';
    enum mask_rule rule = mask_weigh(mask_header_rule(name), name, value);
    buf_add(b, text, (size_t)(value - text));
    if (rule == MASK_HIDE)
        write_masked_value(a, b, value, strlen(value));
    else
        buf_str(b, rule == MASK_URL ? mask_url(a, value) : mask_text(a, value));
}

char *mask_line(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, TEXT_MAX);
    while (*text) {
        size_t n = strcspn(text, "\n");
        mask_pair_line(a, b, text, n);
        text += n;
        if (*text)
            buf_char(b, *text++);
    }
    return b->data;
}

/* A certificate at s: how long it is; 0: there is none. Its content is not judged beyond its first
 * byte, a SEQUENCE. */
static size_t certificate_length(const char *s)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
    static const char inside[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/= \t\r\n";
    if (!text_starts(s, begin))
        return 0;
    const char *body = skip_chars(s + sizeof begin - 1, " \t\r\n");
    const char *after = body + strspn(body, inside);
    return text_starts(body, "MI") && text_starts(after, end) ? (size_t)(after - s) + sizeof end - 1
                                                              : 0;
}

char *mask_pem(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, TEXT_MAX);
    while (*text) {
        size_t gap = strspn(text, " \t\r\n"), n = certificate_length(text + gap);
        const char *next = text + gap, *other = next;
        buf_add(b, text, gap);
        while (n == 0 && *next && (next == other || certificate_length(next) == 0))
            next++;
        if (n)
            buf_add(b, other, n);
        else if (*other)
            mask_piece(a, b, other, (size_t)(next - other));
        text = next + n;
    }
    return b->data;
}
