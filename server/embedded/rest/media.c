/* media.c - see media.h. */
#include "embedded/rest/media_private.h"

#include "base/arena.h"
#include "base/text.h"

#include <ctype.h>
#include <iconv.h>

enum { MAX_RANGES = 64 };

static const char token_marks[] = "!#$%&'*+-.^_`|~";

static bool is_media_token(const char *s)
{
    const char *p = s;
    while (isalnum((unsigned char)*p) || (*p && strchr(token_marks, *p)))
        p++;
    return p > s && !*p;
}

/* n bytes without the blanks around them, in lower case. */
static char *trimmed_part(struct arena *a, const char *s, size_t n, bool lower)
{
    while (n && isspace((unsigned char)*s))
        s++, n--;
    while (n && isspace((unsigned char)s[n - 1]))
        n--;
    return lower ? text_lower(a, s, n) : arena_strndup(a, s, n);
}

static char *unquoted_parameter(struct arena *a, const char *value)
{
    size_t n = strlen(value);
    bool quoted = n > 1 && strchr("\"'", *value) && value[n - 1] == *value;
    return quoted ? arena_strndup(a, value + 1, n - 2) : arena_strdup(a, value);
}

static bool charset_is_known(const char *name)
{
    iconv_t c = iconv_open("UTF-8", name);
    if (c == (iconv_t)-1)
        return false;
    iconv_close(c);
    return true;
}

static bool read_quality(const char *text, struct media *out)
{
    char *end;
    out->quality = strtod(text, &end);
    return end != text && !*end && out->quality >= 0 && out->quality <= 1;
}

/* "name=value" */
static bool read_parameter(struct arena *a, const char *text, size_t n, struct media *out)
{
    const char *equals = memchr(text, '=', n);
    if (!equals)
        return true;
    char *name = trimmed_part(a, text, (size_t)(equals - text), true);
    char *value = trimmed_part(a, equals + 1, n - (size_t)(equals + 1 - text), false);
    if (!is_media_token(name) || (*value != '"' && *value != '\'' && !is_media_token(value)))
        return false;
    if (strcmp(name, "q") == 0)
        return read_quality(unquoted_parameter(a, value), out);
    if (strcmp(name, "charset") == 0) {
        out->charset = unquoted_parameter(a, value);
        if (!charset_is_known(out->charset))
            return false;
    }
    out->parameters = arena_printf(a, "%s;%s=%s", out->parameters, name, value);
    return true;
}

/* Up to the next mark that is in no quotes. */
static size_t until(const char *s, size_t n, char mark)
{
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"')
            quoted = !quoted;
        if (s[i] == mark && !quoted)
            return i;
    }
    return n;
}

bool media_parse(struct arena *a, const char *text, size_t n, struct media *out)
{
    *out = (struct media){ .parameters = "", .quality = 1 };
    size_t head = until(text, n, ';');
    char *full = trimmed_part(a, text, head, true);
    if (strcmp(full, "*") == 0)
        full = arena_strdup(a, "*/*");
    char *slash = strchr(full, '/');
    if (!slash)
        return false;
    *slash = '\0';
    out->type = full;
    out->subtype = slash + 1;
    if (!is_media_token(out->type) || !is_media_token(out->subtype))
        return false;
    if (strcmp(out->type, "*") == 0 && strcmp(out->subtype, "*") != 0)
        return false;
    for (size_t at = head; at < n;) {
        size_t len = until(text + at + 1, n - at - 1, ';');
        if (!read_parameter(a, text + at + 1, len, out))
            return false;
        at += len + 1;
    }
    return true;
}

bool media_is_json(const struct media *m)
{
    return strcmp(m->type, "application") == 0 &&
           (strcmp(m->subtype, "json") == 0 || text_ends(m->subtype, "+json"));
}

bool media_is_concrete(const struct media *m)
{
    return strcmp(m->type, "*") != 0 && strcmp(m->subtype, "*") != 0 &&
           strncmp(m->subtype, "*+", 2) != 0;
}

/* The ranges of an Accept header, the most specific and most wanted first. -1: malformed. */
static int read_ranges(struct arena *a, const char *accept, struct media *out)
{
    int count = 0;
    size_t n = strlen(accept);
    for (size_t at = 0; at < n && count < MAX_RANGES;) {
        size_t len = until(accept + at, n - at, ',');
        if (*trimmed_part(a, accept + at, len, false) &&
            !media_parse(a, accept + at, len, &out[count++]))
            return -1;
        at += len + 1;
    }
    return count;
}

static int breadth(const struct media *m)
{
    return strcmp(m->type, "*") == 0 ? 2 : !media_is_concrete(m);
}

static bool is_better(const struct media *x, const struct media *y)
{
    if (breadth(x) != breadth(y))
        return breadth(x) < breadth(y);
    return x->quality > y->quality;
}

static bool media_is_named(const struct media *m, const char *type, const char *subtype)
{
    return strcmp(m->type, type) == 0 && strcmp(m->subtype, subtype) == 0;
}

static bool is_json_range(const struct media *m)
{
    return media_is_named(m, "*", "*") || media_is_named(m, "application", "*") ||
           media_is_named(m, "application", "*+json") || media_is_json(m);
}

static bool can_write_charset(const struct media *m)
{
    return !m->charset || strncasecmp(m->charset, "utf-", 4) == 0 ||
           text_equal_nocase(m->charset, "us-ascii");
}

static bool fits_json(const struct media *m)
{
    return is_json_range(m) && can_write_charset(m);
}

static bool fits_text(const struct media *m)
{
    (void)m;
    return true;
}

/* The best range that fits. */
static enum media_choice choose(struct arena *a, const char *accept,
                                bool (*fits)(const struct media *m), struct media *out)
{
    struct media *ranges = arena_array(a, struct media, MAX_RANGES);
    int n = read_ranges(a, accept ? accept : "*/*", ranges), best = -1;
    if (n < 0)
        return MEDIA_MALFORMED;
    if (n == 0)
        media_parse(a, "*/*", 3, &ranges[n++]);
    for (int i = 0; i < n; i++)
        if (fits(&ranges[i]) && (best < 0 || is_better(&ranges[i], &ranges[best])))
            best = i;
    if (best < 0)
        return MEDIA_NONE;
    *out = ranges[best];
    return MEDIA_CHOSEN;
}

enum media_choice media_choose_json(struct arena *a, const char *accept, const char **out)
{
    struct media m;
    enum media_choice choice = choose(a, accept, fits_json, &m);
    if (choice != MEDIA_CHOSEN)
        return choice;
    *out = "application/json";
    if (media_is_concrete(&m))
        *out = arena_printf(a, "%s/%s%s", m.type, m.subtype, m.parameters);
    return choice;
}

enum media_choice media_choose_text(struct arena *a, const char *accept, const char **out)
{
    struct media m;
    enum media_choice choice = choose(a, accept, fits_text, &m);
    if (choice != MEDIA_CHOSEN)
        return choice;
    bool any = strcmp(m.type, "*") == 0 || media_is_named(&m, "text", "*");
    *out = arena_printf(a, "%s/%s%s%s", any ? "text" : m.type, any ? "plain" : m.subtype,
                        m.parameters, m.charset || media_is_json(&m) ? "" : ";charset=ISO-8859-1");
    return choice;
}

bool media_wants_page(struct arena *a, const char *accept)
{
    struct media *ranges = arena_array(a, struct media, MAX_RANGES);
    const struct media *first = NULL;
    int n = accept ? read_ranges(a, accept, ranges) : 0;
    for (int i = 0; i < n; i++) {
        const struct media *m = &ranges[i];
        bool decides = media_is_named(m, "text", "html") || media_is_named(m, "text", "*") ||
                       media_is_named(m, "*", "*");
        if (decides && (!first || is_better(m, first)))
            first = m;
    }
    return first && strcmp(first->type, "text") == 0;
}
