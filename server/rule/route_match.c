/* route_match.c - predicates of routes, judged as Envoy judges them. */
#include "rule/route_match.h"
#include "base/arena.h"
#include "base/text.h"
#include "rule/regex.h"
#include <string.h>
#include <strings.h>

/* -- the request ---------------------------------------------------------------------------------
 */
static const char *authority_host(struct arena *a, const char *authority)
{
    const char *bracket = strchr(authority, ']');
    const char *colon = strrchr(bracket ? bracket : authority, ':');
    return text_lower(a, authority, colon ? (size_t)(colon - authority) : strlen(authority));
}

/* "." or "..", a dot being also "%2e": how many; 0: an ordinary segment. */
static int dots(const char *s, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; count++) {
        if (s[i] == '.')
            i++;
        else if (n - i >= 3 && strncasecmp(s + i, "%2e", 3) == 0)
            i += 3;
        else
            return 0;
    }
    return count <= 2 ? count : 0;
}

/* Without dot segments; slashes are not merged, other escapes stay. In place. */
static void normalize(char *path)
{
    char *to = path;
    for (char *c = path; *c; c++)
        if (*c == '\\')
            *c = '/';
    for (const char *s = path; *s == '/';) {
        size_t n = strcspn(s + 1, "/");
        int up = dots(s + 1, n);
        bool last = s[1 + n] == '\0';
        if (!up) {
            memmove(to, s, n + 1);
            to += n + 1;
        }
        while (up == 2 && to > path && *--to != '/') {
        }
        if (up && last)
            *to++ = '/';
        s += n + 1;
    }
    *to = '\0';
}

static void read_query(struct arena *a, struct route_request *r)
{
    size_t most = 1;
    for (const char *c = r->query; *c; c++)
        most += *c == '&';
    struct route_pair *list = arena_array(a, struct route_pair, most);
    for (const char *at = r->query; *at;) {
        size_t n = strcspn(at, "&"), name = strcspn(at, "=&");
        const char *value = name < n ? arena_strndup(a, at + name + 1, n - name - 1) : "";
        list[r->query_count++] = (struct route_pair){ arena_strndup(a, at, name), value };
        at += n + (at[n] == '&');
    }
    r->queries = list;
}

struct route_request *route_request_new(struct arena *a, const char *method, const char *host,
                                        const char *target, struct route_pair *headers, size_t n)
{
    struct route_request *r = arena_make(a, struct route_request);
    size_t whole = strcspn(target, "#"), path = strcspn(target, "?#");
    char *normal = arena_strndup(a, target, path);
    for (size_t i = 0; i < n; i++)
        headers[i].name = text_lower(a, headers[i].name, strlen(headers[i].name));
    normalize(normal);
    *r = (struct route_request){
        .method = method,
        .authority = host ? host : "",
        .host = host ? authority_host(a, host) : "",
        .path = normal,
        .query = path < whole ? arena_strndup(a, target + path + 1, whole - path - 1) : "",
        .scheme = "http",
        .headers = headers,
        .header_count = n,
    };
    read_query(a, r);
    return r;
}

const char *route_header(const struct route_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    if (!strcmp(name, ":authority") || !strcmp(name, "host"))
        return r->authority;
    if (!strcmp(name, ":method"))
        return r->method;
    if (!strcmp(name, ":path"))
        return r->path;
    return !strcmp(name, ":scheme") ? r->scheme : NULL;
}

static const char *query_value(const struct route_request *r, const char *name)
{
    for (size_t i = 0; i < r->query_count; i++)
        if (strcmp(r->queries[i].name, name) == 0)
            return r->queries[i].value;
    return NULL;
}

/* -- hosts ---------------------------------------------------------------------------------------
 */
const char *route_wider_host(struct arena *a, const char *host)
{
    bool wild = host[0] == '*';
    if (wild && host[1] == '\0')
        return NULL;
    const char *dot = strchr(host + (wild ? 2 : 0), '.');
    return dot ? arena_printf(a, "*%s", dot) : "*";
}

/* -- predicates ----------------------------------------------------------------------------------
 */
static struct regex *compiled(struct arena *a, struct regex **kept, const char *pattern)
{
    if (!*kept && (*kept = regex_new(pattern)))
        arena_defer(a, regex_free, *kept);
    return *kept;
}

/* How many bytes every match begins with: nothing needs to be compiled to see that they differ. */
static size_t literal_prefix(const char *pattern)
{
    if (strchr(pattern, '|'))
        return 0;
    size_t n = strcspn(pattern, "\\.+*?()[]{}^$");
    return n > 0 && pattern[n] && strchr("*?{", pattern[n]) ? n - 1 : n;
}

static bool takes_any_path(const struct route_rule *r)
{
    return r->type == ROUTE_PREFIX && strcmp(r->written, "/") == 0;
}

size_t route_path_start(const struct route_rule *r)
{
    if (r->type == ROUTE_REGEX)
        return literal_prefix(r->path);
    return takes_any_path(r) ? 0 : strlen(r->path);
}

static enum route_fault match_expression(struct arena *a, struct route_rule *r, const char *path)
{
    if (strncmp(r->path, path, literal_prefix(r->path)) != 0)
        return ROUTE_NO_PATH;
    const struct regex *re = compiled(a, &r->regex, r->path);
    if (!re)
        return ROUTE_UNREADABLE;
    return regex_is_whole(re, path, strlen(path)) ? ROUTE_TAKES : ROUTE_NO_PATH;
}

static enum route_fault match_rule_path(struct arena *a, struct route_rule *r, const char *path)
{
    int (*compare)(const char *, const char *, size_t) = r->ignores_case ? strncasecmp : strncmp;
    if (r->type == ROUTE_REGEX)
        return match_expression(a, r, path);
    if (takes_any_path(r))
        return ROUTE_TAKES;
    size_t n = strlen(r->path);
    if (compare(path, r->path, n) != 0)
        return ROUTE_NO_PATH;
    bool below = r->type == ROUTE_PREFIX && path[n] == '/';
    return path[n] == '\0' || below ? ROUTE_TAKES : ROUTE_NO_PATH;
}

static bool predicate_value_fits(struct arena *a, struct route_predicate *p, const char *value)
{
    if (!value)
        return false;
    if (strcmp(p->how, ROUTE_EXACT_VALUE) == 0)
        return strcmp(value, p->value) == 0;
    if (strcmp(p->how, ROUTE_PREFIX_VALUE) == 0)
        return text_starts(value, p->value);
    const struct regex *re = compiled(a, &p->regex, p->value);
    return re && regex_is_whole(re, value, strlen(value));
}

static void note_miss(struct route_miss *m, enum route_fault fault, const struct route_predicate *p)
{
    if (!m->failed++)
        *m = (struct route_miss){ fault, p, 1 };
}

struct route_miss route_match(struct arena *a, struct route_rule *r,
                              const struct route_request *request)
{
    struct route_miss m = { 0 };
    enum route_fault path = match_rule_path(a, r, request->path);
    if (path != ROUTE_TAKES)
        note_miss(&m, path, NULL);
    if (r->methods && !text_has_word(r->methods, request->method))
        note_miss(&m, ROUTE_NO_METHOD, NULL);
    for (size_t i = 0; i < r->header_count; i++)
        if (!predicate_value_fits(a, &r->headers[i], route_header(request, r->headers[i].name)))
            note_miss(&m, ROUTE_NO_HEADER, &r->headers[i]);
    for (size_t i = 0; i < r->query_count; i++)
        if (!predicate_value_fits(a, &r->queries[i], query_value(request, r->queries[i].name)))
            note_miss(&m, ROUTE_NO_QUERY, &r->queries[i]);
    return m;
}
