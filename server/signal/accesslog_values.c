/* accesslog_values.c - what of a log's texts is hidden by its place: values behind an equals sign,
 * parameters without a name, users before an @; and paths in their plain form. */
#include "base/arena.h"
#include "base/buf.h"
#include "signal/accesslog_line_private.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 64, KEY_LIKE = 16, TOKEN_LIKE = 12, DECODE_ROUNDS = 3 };

/* An equals sign or question mark, also percent-encoded: its length. */
static size_t sign_length(const char *s, char plain, const char *encoded)
{
    if (*s == plain)
        return 1;
    return *s == '%' && !strncasecmp(s, encoded, 3) ? 3 : 0;
}

static size_t run_to_delimiter(const char *s, bool path)
{
    const char *ends = path ? "&;#?" : "&;#? \t"; /* in a path there is no gap */
    size_t n = 0;

    while (s[n] && !strchr(ends, s[n]) && !sign_length(s + n, '?', "%3f"))
        n++;
    return n;
}

/* At s begins a parameter: the length of its name where it has a value, else 0. */
static size_t name_length(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sign_length(s + i, '=', "%3d"))
            return i;
    return 0;
}

/* Long, with letters of both cases and digits: no name. */
static bool is_key_like(const char *s, size_t n)
{
    bool digit = false, upper = false, lower = false;

    for (size_t i = 0; i < n; i++) {
        digit = digit || isdigit((unsigned char)s[i]);
        upper = upper || isupper((unsigned char)s[i]);
        lower = lower || islower((unsigned char)s[i]);
    }
    return n >= KEY_LIKE && digit && upper && lower;
}

/* Is all of it a value: too long for a name, or base64 with its padding? */
static bool is_value(const char *s, size_t name, size_t n)
{
    bool padding = name >= TOKEN_LIKE && strspn(s + name, "=") >= n - name;

    return name == 0 || name > MAX_NAME || padding;
}

/* Behind a question mark (in a path behind any delimiter) begins a parameter: without a name it is
 * hidden. Returns how much was written. */
static size_t hide_nameless(struct buf *b, const char *s, bool path)
{
    size_t n = run_to_delimiter(s, path), name = name_length(s, n);
    size_t hidden = is_value(s, name, n) ? n : is_key_like(s, name) ? name : 0;

    if (hidden > 0)
        buf_str(b, LOG_HIDDEN);
    return hidden;
}

/* "user:password" at the end of b, before an @ that follows, goes. */
static void hide_user(struct buf *b)
{
    size_t from = b->len;

    while (from > 0 && !strchr(" \t\"'/,;()<>[]{}=", b->data[from - 1]))
        from--;
    if (!memchr(b->data + from, ':', b->len - from))
        return;
    b->len = from;
    buf_str(b, LOG_HIDDEN);
}

/* At text stands a sign: writes it, and hides the value or the parameter that it begins. Returns
 * how much was taken. */
static size_t take_sign(struct buf *b, const char *text, bool path)
{
    size_t equals = sign_length(text, '=', "%3d"), question = sign_length(text, '?', "%3f");
    size_t n = equals ? equals : question ? question : 1;
    bool parameter = question || (path && strchr("&;#", *text));

    buf_add(b, text, n);
    if (parameter)
        return n + hide_nameless(b, text + n, path);
    size_t hidden = equals ? run_to_delimiter(text + n, path) : 0;
    buf_str(b, hidden ? LOG_HIDDEN : "");
    return n + hidden;
}

char *log_hide_values(struct arena *a, const char *text, bool path)
{
    struct buf *b = buf_in(a, strlen(text) * 4 + 1);

    for (;;) {
        size_t same = strcspn(text, path ? "=?%&;#" : "=?%@");
        buf_add(b, text, same);
        text += same;
        if (!*text)
            return b->data ? b->data : arena_strdup(a, "");
        if (*text == '@' && b->len)
            hide_user(b);
        text += take_sign(b, text, path);
    }
}

/* -- the plain form of a path --------------------------------------------------------------------
 */
static int hex_value(char c)
{
    const char *digits = "0123456789abcdef",
               *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* In place; only what is a visible character. Returns whether anything was. */
static bool decode_percent(char *text)
{
    char *to = text;
    bool any = false;

    for (const char *s = text; *s; s++) {
        int high = *s == '%' ? hex_value(s[1]) : -1, low = high >= 0 ? hex_value(s[2]) : -1;
        int byte = low >= 0 ? high * 16 + low : 0;
        bool visible = byte > ' ' && byte < 0x7f;
        *to++ = visible ? (char)byte : *s;
        s += visible ? 2 : 0;
        any = any || visible;
    }
    *to = '\0';
    return any;
}

/* Does the segment lead nowhere: "/" or "/." before another one? */
static bool leads_nowhere(const char *s, size_t n)
{
    return s[n] == '/' && (n == 1 || (n == 2 && s[1] == '.'));
}

/* In place, from a slash on: "//" and "/./" are "/", "/x/../" too. */
static void resolve_dot_segments(char *text)
{
    char *to = text;
    const char *s = text;

    while (*s == '/') {
        size_t n = 1 + strcspn(s + 1, "/?#");
        if (n == 3 && !memcmp(s + 1, "..", 2)) {
            while (to > text && *--to != '/') {
            }
        } else if (!leads_nowhere(s, n)) {
            memmove(to, s, n);
            to += n;
        }
        s += n;
    }
    memmove(to, s, strlen(s) + 1);
}

const char *log_plain_path(struct arena *a, const char *path)
{
    if (!strchr(path, '%') && !strstr(path, "//") && !strstr(path, "/."))
        return NULL;
    char *plain = arena_strdup(a, path);
    for (int i = 0; i < DECODE_ROUNDS && decode_percent(plain); i++)
        ;
    resolve_dot_segments(plain);
    return plain;
}
