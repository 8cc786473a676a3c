/* ai_url.c - see ai_url.h. */
#include "embedded/objects/ai_url_private.h"

#include "base/arena.h"
#include "base/text.h"
#include "embedded/rest/check.h"
#include "embedded/rest/java_text.h"

#include <ctype.h>

/* Characters of a URI: marks of its own, letters, digits, escapes, and whatever is not ASCII. */
static bool all_legal(const char *s)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (*p == '%' && !(isxdigit(p[1]) && isxdigit(p[2])))
            return false;
        if (*p <= ' ' || *p == 0x7f || strchr("\"<>\\^`{|}", *p))
            return false;
    }
    return true;
}

static size_t scheme_length(const char *text)
{
    size_t n = isalpha((unsigned char)*text) ? 1 : 0;
    while (n && (isalnum((unsigned char)text[n]) || (text[n] && strchr("+-.", text[n]))))
        n++;
    return text[n] == ':' ? n : 0;
}

/* Labels of letters, digits and inner hyphens; the last of several begins with a letter. */
static bool is_url_hostname(const char *s)
{
    const char *label = s;
    size_t n = strcspn(s, ".");
    for (;; n = strcspn(label, ".")) {
        if (n == 0 || !isalnum((unsigned char)*label) || !isalnum((unsigned char)label[n - 1]))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!isalnum((unsigned char)label[i]) && label[i] != '-')
                return false;
        if (!label[n] || !label[n + 1])
            return label == s || isalpha((unsigned char)*label);
        label += n + 1;
    }
}

static bool is_url_host(const char *s)
{
    size_t n = strlen(s);
    if (*s == '[')
        return n > 3 && s[n - 1] == ']' && strspn(s + 1, "0123456789abcdefABCDEF:.%") == n - 2 &&
               strchr(s, ':');
    return check_ipv4(s, n) || is_url_hostname(s);
}

/* [user@]host[:port]; anything else is a name of some registry, which has no host. */
static void read_authority(struct arena *a, const char *s, size_t n, struct ai_url *out)
{
    const char *at = memchr(s, '@', n);
    char *host = at ? arena_strndup(a, at + 1, n - (size_t)(at + 1 - s)) : arena_strndup(a, s, n);
    char *close = strchr(host, ']'), *colon = strchr(close ? close : host, ':');
    int port = -1;
    if (colon && colon[1] &&
        !(isdigit((unsigned char)colon[1]) && java_parse_int(colon + 1, &port)))
        return;
    if (colon)
        *colon = '\0';
    if (!is_url_host(host))
        return;
    out->host = host;
    out->port = port;
}

bool ai_url_parse(struct arena *a, const char *text, struct ai_url *out)
{
    *out = (struct ai_url){ .port = -1, .path = "" };
    if (!text || !*text || !all_legal(text))
        return false;
    size_t n = scheme_length(text);
    if (n) {
        out->scheme = arena_strndup(a, text, n);
        text += n + 1;
    }
    if (n && !*text)
        return false;
    if (strncmp(text, "//", 2) == 0) {
        text += 2;
        n = strcspn(text, "/?#");
        if (n == 0 && !*text)
            return false;
        read_authority(a, text, n, out);
        text += n;
    }
    n = strcspn(text, "?#");
    out->path = arena_strndup(a, text, n);
    if (strpbrk(out->path, "[]"))
        return false;
    if (text[n] == '?')
        out->query = arena_strndup(a, text + n + 1, strcspn(text + n + 1, "#"));
    return true;
}

bool ai_url_is_http(const struct ai_url *u)
{
    return u->scheme &&
           (text_equal_nocase(u->scheme, "http") || text_equal_nocase(u->scheme, "https"));
}

int ai_url_port(const struct ai_url *u)
{
    if (u->port >= 0)
        return u->port;
    return strcmp(u->scheme, "https") == 0 ? 443 : 80;
}

const char *ai_url_path(const struct ai_url *u)
{
    return *u->path ? u->path : "/";
}

char *ai_url_print(struct arena *a, const struct ai_url *u)
{
    const char *path = u->path + (u->path[strspn(u->path, "/")] ? 0 : strlen(u->path));
    bool tls = strcmp(u->scheme, "https") == 0, plain = strcmp(u->scheme, "http") == 0;
    int port = ai_url_port(u);
    if ((tls && port == 443) || (plain && port == 80))
        return arena_printf(a, "%s://%s%s", u->scheme, u->host, path);
    return arena_printf(a, "%s://%s:%d%s", u->scheme, u->host, port, path);
}

const char *ai_url_parameter(struct arena *a, const struct ai_url *u, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = u->query; p && *p; p += strcspn(p, "&"), p += *p == '&')
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return arena_strndup(a, p + n + 1, strcspn(p + n + 1, "&"));
    return NULL;
}
