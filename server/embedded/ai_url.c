/* ai_url.c - see ai_url.h. */
#include "embedded/ai_url.h"
#include "base/arena.h"
#include "base/text.h"

/* "host:port" or "host", n bytes. */
static bool parse_host(struct arena *a, const char *s, size_t n, struct ai_url *out)
{
    const char *colon = memchr(s, ':', n);
    size_t host = colon ? (size_t)(colon - s) : n;
    out->host = arena_strndup(a, s, host);
    if (colon && host + 1 < n) {
        char *end, *digits = arena_strndup(a, colon + 1, n - host - 1);
        long port = strtol(digits, &end, 10);
        if (*end || port < 1 || port > 65535)
            return false;
        out->port = (int)port;
    }
    return host > 0;
}

bool ai_url_parse(struct arena *a, const char *text, struct ai_url *out)
{
    *out = (struct ai_url){ .scheme = "https", .port = 443 };
    if (!text || strpbrk(text, " \t\r\n\"<>{}|\\^`"))
        return false;
    if (text_starts(text, "http://"))
        *out = (struct ai_url){ .scheme = "http", .port = 80 };
    else if (!text_starts(text, "https://"))
        return false;
    const char *host = text + strlen(out->scheme) + strlen("://");
    size_t n = strcspn(host, "/?#");
    const char *rest = host + n, *at = memchr(host, '@', n);
    if (at) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    size_t path = strcspn(rest, "?#");
    out->path = arena_strndup(a, rest, path);
    if (rest[path] == '?')
        out->query = arena_strndup(a, rest + path + 1, strcspn(rest + path + 1, "#"));
    return parse_host(a, host, n, out);
}

const char *ai_url_parameter(struct arena *a, const struct ai_url *u, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = u->query; p && *p; p += strcspn(p, "&"), p += *p == '&')
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return arena_strndup(a, p + n + 1, strcspn(p + n + 1, "&"));
    return NULL;
}
