/* gate.c - which Host and which Origin pass. A browser adds both, and no page can leave them out or
 * write others. */
#include "net/gate.h"
#include "base/arena.h"
#include "base/text.h"
#include "net/http.h"
#include <string.h>

bool gate_lists(const char *const *list, const char *value)
{
    for (; list && *list; list++)
        if (text_equal_nocase(*list, value))
            return true;
    return false;
}

/* host of "host:port" and "[v6]:port" is a loopback name? */
static bool loopback_name(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    size_t n =
        host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && strncasecmp(names[i], host, n) == 0)
            return host[n] == '\0' ||
                   (host[n] == ':' && strspn(host + n + 1, "0123456789") == strlen(host + n + 1));
    return false;
}

static bool name_allowed(const struct gate *g, struct arena *a, const char *host)
{
    if (loopback_name(host))
        return true;
    const char *colon = strrchr(host, ':');
    bool port =
        colon && strchr(host, ']') < colon && strspn(colon + 1, "0123456789") == strlen(colon + 1);
    size_t n = port ? (size_t)(colon - host) : strlen(host);
    return gate_lists(g->hosts, arena_strndup(a, host, n)) || gate_lists(g->hosts, host);
}

/* A target that is a whole URL names a host as well, and it counts before the header. */
static bool target_allowed(const struct gate *g, const struct http_exchange *x)
{
    const char *authority = strstr(x->target, "://");
    if (x->target[0] == '/' || !authority)
        return true;
    authority += 3;
    return name_allowed(g, x->arena, arena_strndup(x->arena, authority, strcspn(authority, "/?#")));
}

static bool host_allowed(const struct gate *g, const struct http_exchange *x)
{
    const char *host = http_header(x, "host");
    if (!host || http_header_count(x, "host") != 1)
        return !strcmp(x->peer, "unix");
    return name_allowed(g, x->arena, host) && target_allowed(g, x);
}

static bool origin_allowed(const struct gate *g, const struct http_exchange *x)
{
    const char *origin = http_header(x, "origin");
    if (!origin)
        return true;
    if (http_header_count(x, "origin") != 1)
        return false;
    if (gate_lists(g->origins, origin))
        return true;
    const char *host = text_starts(origin, "http://")    ? origin + 7
                       : text_starts(origin, "https://") ? origin + 8
                                                         : NULL;
    return g->loopback && host && loopback_name(host);
}

const char *gate_refuses(const struct gate *g, const struct http_exchange *x)
{
    if (!host_allowed(g, x))
        return "This Host is not served here";
    return origin_allowed(g, x) ? NULL : "This Origin may not use this server";
}
