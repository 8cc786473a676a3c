/* dispatch.c - finds the row for a request, binds what the row asks for, checks the login, calls.
 *
 * The order is that of the real console: the servlet container refuses odd paths, Spring matches
 * path and method, reads the body and the paging parameters, and only then the console's own aspect
 * asks for a login. Among rows that match, the one with the most literal segments wins.
 */
#include "embedded/dispatch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/model.h"
#include "embedded/rest.h"
#include "embedded/session.h"

#include <strings.h>

struct match {
    const struct rest_route *route; /* NULL: no row of this path takes the method */
    int literals;                   /* of route */
    int path_literals;              /* of the best row whatever its method; -1: no row */
    const char *vars[REST_MAX_VARS];
};

static size_t segment_len(const char *p)
{
    return strcspn(p, "/");
}

/* One segment against "{name}" or a literal: 1 literal, 0 variable, -1 no match. */
static int match_segment(const char *pattern, size_t want, char *text)
{
    if (!text || !*text)
        return -1;
    if (*pattern == '{')
        return 0;
    return strlen(text) == want && memcmp(text, pattern, want) == 0 ? 1 : -1;
}

/* Number of literal segments, or -1 when the pattern does not match. A slash at the end is fine. */
static int match_path(struct arena *a, const struct rest_route *row, const char *path,
                      const char *vars[REST_MAX_VARS])
{
    int literals = 0, n = 0;
    const char *p = path + (*path == '/'), *pattern = row->path + 1;
    if (row->flags & REST_PREFIX)
        return strncmp(path, row->path, strlen(row->path)) == 0 ? 1 : -1;
    while (*pattern) {
        size_t len = segment_len(p), want = segment_len(pattern);
        char *text = text_unpercent(a, p, len);
        int literal = match_segment(pattern, want, text);
        if (literal < 0)
            return -1;
        if (literal == 0 && n < REST_MAX_VARS)
            vars[n++] = text;
        literals += literal;
        p += len + (p[len] == '/');
        pattern += want + (pattern[want] == '/');
    }
    return *p ? -1 : literals;
}

static bool takes_method(const struct rest_route *row, const char *method)
{
    if (strcmp(row->method, "*") == 0)
        return true;
    if (strcmp(method, "HEAD") == 0)
        return strcmp(row->method, "GET") == 0;
    return strcmp(row->method, method) == 0;
}

static void find_row(struct rest_request *r, struct match *m)
{
    m->literals = m->path_literals = -1;
    for (const struct rest_route *const *table = embedded_tables; *table; table++) {
        for (const struct rest_route *row = *table; row->path; row++) {
            const char *vars[REST_MAX_VARS] = { 0 };
            int literals = match_path(r->arena, row, r->path, vars);
            if (literals > m->path_literals)
                m->path_literals = literals;
            if (literals <= m->literals || !takes_method(row, r->method))
                continue;
            m->literals = literals;
            m->route = row;
            memcpy(m->vars, vars, sizeof vars);
        }
    }
}

/* "GET, PUT" of every row that matches the path; for OPTIONS with HEAD and without spaces. */
static const char *allowed(struct rest_request *r, bool options)
{
    struct buf *out = buf_in(r->arena, 256);
    const char *separator = options ? "," : ", ";
    for (const struct rest_route *const *table = embedded_tables; *table; table++) {
        for (const struct rest_route *row = *table; row->path; row++) {
            const char *vars[REST_MAX_VARS];
            if (match_path(r->arena, row, r->path, vars) < 0)
                continue;
            if (strstr(out->data, row->method))
                continue;
            buf_printf(out, "%s%s", out->len ? separator : "", row->method);
            if (options && strcmp(row->method, "GET") == 0)
                buf_str(out, ",HEAD");
        }
    }
    if (options)
        buf_str(out, ",OPTIONS");
    return out->data;
}

static bool is_json_type(const char *type)
{
    size_t len = strcspn(type, "; ");
    if (len == 16 && strncasecmp(type, "application/json", 16) == 0)
        return true;
    return len > 17 && strncasecmp(type, "application/", 12) == 0 &&
           strncasecmp(type + len - 5, "+json", 5) == 0;
}

static bool refuse_type(struct rest_request *r)
{
    rest_spring(r, 415);
    rest_header(r, "accept", "application/json, application/*+json");
    return false;
}

static bool bind_body(struct rest_request *r)
{
    const struct rest_route *row = r->route;
    if (!row->body)
        return true;
    const char *type = rest_call_header(r, "content-type");
    size_t len = r->call->body_len;
    if (len == 0 && row->flags & REST_LOOSE)
        return true;
    if (type ? !is_json_type(type) : len > 0)
        return refuse_type(r);
    cJSON *sent = len ? json_parse(r->arena, r->call->body, len, NULL) : NULL;
    if (!cJSON_IsObject(sent))
        return rest_spring(r, 400);
    r->body = model_bind(r->arena, row->body, sent);
    return r->body || rest_spring(r, 400);
}

static bool is_integer(const char *s)
{
    char *end;
    long n = strtol(s, &end, 10);
    return *s == '\0' || (end != s && *end == '\0' && n >= -2147483648L && n <= 2147483647L);
}

static bool bind_paging(struct rest_request *r)
{
    if (!(r->route->flags & REST_PAGED))
        return true;
    const char *num = rest_query(r, "pageNum"), *size = rest_query(r, "pageSize");
    if ((num && !is_integer(num)) || (size && !is_integer(size)))
        return rest_spring(r, 400);
    return true;
}

static cJSON *parse_query(struct arena *a, const char *query)
{
    cJSON *out = json_object(a);
    while (query && *query) {
        size_t len = strcspn(query, "&");
        char *pair = arena_strndup(a, query, len);
        for (char *p = pair; *p; p++)
            if (*p == '+')
                *p = ' ';
        char *equals = strchr(pair, '=');
        char *value = equals ? equals + 1 : pair + len;
        char *name = text_unpercent(a, pair, equals ? (size_t)(equals - pair) : len);
        value = text_unpercent(a, value, strlen(value));
        if (name && value && *name && !json_get(out, name))
            json_set_str(a, out, name, value);
        query += len + (query[len] == '&');
    }
    return out;
}

/* What Tomcat refuses before Spring sees it: encoded slashes and broken escapes. */
static bool container_accepts(struct rest_request *r)
{
    size_t len = strlen(r->path);
    bool slash = strcasestr(r->path, "%2f") || strcasestr(r->path, "%5c");
    if (!slash && text_unpercent(r->arena, r->path, len))
        return true;
    rest_text(r, 400, "text/html;charset=utf-8",
              "<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1>\n");
    rest_header(r, "content-language", "en");
    return false;
}

static void answer_options(struct rest_request *r)
{
    rest_empty(r, 200);
    rest_header(r, "allow", allowed(r, true));
    rest_header(r, "accept-patch", "");
}

static bool find_handler(struct rest_request *r)
{
    struct match m = { 0 };
    find_row(r, &m);
    if (m.path_literals < 0)
        return rest_spring(r, 404);
    if (!m.route && strcmp(r->method, "OPTIONS") == 0) {
        answer_options(r);
        return false;
    }
    if (!m.route) {
        rest_spring(r, 405);
        rest_header(r, "allow", allowed(r, false));
        return false;
    }
    r->route = m.route;
    memcpy(r->vars, m.vars, sizeof m.vars);
    return true;
}

/* Who comes first becomes the administrator: that must be a program, never a page which somebody on
 * this machine was led to. Browsers say so in headers that a page cannot leave out; Sec-Fetch-Mode
 * alone is none of them, for Node sends it too. */
static bool refuse_page(struct rest_request *r)
{
    bool page = rest_call_header(r, "origin") || rest_call_header(r, "sec-fetch-site");
    if (!page || !(r->route->flags & REST_NO_PAGE))
        return true;
    rest_text(r, 403, "application/json",
              "{\"success\":false,\"message\":\"A page in a browser may not do this\"}");
    return false;
}

void dispatch_run(struct rest_request *r)
{
    const char *target = r->call->target, *mark = strchr(target, '?');
    r->path = arena_strndup(r->arena, target, mark ? (size_t)(mark - target) : strlen(target));
    r->query = parse_query(r->arena, mark ? mark + 1 : NULL);
    if (!container_accepts(r) || !find_handler(r))
        return;
    if (!refuse_page(r) || !bind_body(r) || !bind_paging(r))
        return;
    if (!(r->route->flags & REST_ANONYMOUS) && !session_check(r))
        return;
    r->route->handler(r);
    if (!r->reply.status)
        rest_empty(r, 200);
}
