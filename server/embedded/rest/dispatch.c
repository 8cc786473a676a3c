/* dispatch.c - finds the row for a request, binds what the row asks for, checks the login, calls.
 *
 * The order is that of the real console: the servlet container refuses odd paths, Spring matches
 * path and method, reads the body and the paging parameters, and only then the console's own aspect
 * asks for a login. Among rows that match, the one with the most literal segments wins.
 */
#include "embedded/rest/dispatch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/rest/check.h"
#include "embedded/rest/jackson_private.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/media_private.h"
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"
#include "embedded/rest/session.h"

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

/* "/grafana/" has below it what begins so, and "/grafana". */
static bool is_below(const char *path, const char *prefix)
{
    size_t n = strlen(prefix) - 1;
    return strncmp(path, prefix, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Number of literal segments, or -1 when the pattern does not match. A slash at the end is fine. */
static int match_route_path(struct arena *a, const struct rest_route *row, const char *path,
                            const char *vars[REST_MAX_VARS])
{
    int literals = 0, n = 0;
    const char *p = path + (*path == '/'), *pattern = row->path + 1;
    if (row->flags & REST_PREFIX)
        return is_below(path, row->path) ? 1 : -1;
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
            int literals = match_route_path(r->arena, row, r->lookup, vars);
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
static const char *allowed_methods(struct rest_request *r, bool options)
{
    struct buf *out = buf_in(r->arena, 256);
    const char *separator = options ? "," : ", ";
    for (const struct rest_route *const *table = embedded_tables; *table; table++) {
        for (const struct rest_route *row = *table; row->path; row++) {
            const char *vars[REST_MAX_VARS];
            if (match_route_path(r->arena, row, r->lookup, vars) < 0)
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

static bool refuse_type(struct rest_request *r, bool known)
{
    rest_spring(r, 415);
    if (known)
        rest_header(r, "accept", "application/json, application/*+json");
    return false;
}

/* A type with a wildcard is one that Spring cannot hold, unless it names its charset. */
static bool check_body_type(struct rest_request *r, const char *type, struct media *m)
{
    if (!media_parse(r->arena, type, strlen(type), m))
        return refuse_type(r, false);
    if (!media_is_concrete(m) && !m->charset)
        return rest_spring(r, 500);
    return media_is_json(m) || refuse_type(r, true);
}

static bool bind_body(struct rest_request *r)
{
    const struct rest_route *row = r->route;
    if (!row->body)
        return true;
    struct media m = { 0 };
    const char *type = rest_call_header(r, "content-type");
    size_t len = r->call->body_len;
    if (len == 0 && row->flags & REST_LOOSE)
        return true;
    if (type && *type ? !check_body_type(r, type, &m) : len > 0 && !refuse_type(r, true))
        return false;
    cJSON *sent = len ? jackson_read(r->arena, r->call->body, len, m.charset) : NULL;
    if (!cJSON_IsObject(sent))
        return rest_spring(r, 400);
    r->body = model_bind(r->arena, row->body, sent);
    return r->body || rest_spring(r, 400);
}

/* Numbers and switches of the query, whose Java types Spring binds before it calls. */
static bool bind_query(struct rest_request *r)
{
    static const char *const numbers[] = { "pageNum", "pageSize" };
    bool yes;
    int n;
    for (size_t i = 0; r->route->flags & REST_PAGED && i < 2; i++) {
        const char *text = rest_query_first(r, numbers[i]);
        if (text && java_integer(text, &n) == JAVA_BAD)
            return rest_spring(r, 400);
    }
    const char *text = r->route->flag ? rest_query_first(r, r->route->flag) : NULL;
    if (text && java_boolean(text, &yes) == JAVA_BAD)
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
        if (name && value && *name) {
            cJSON *values = json_get(out, name);
            json_add_str(a, values ? values : json_set_array(a, out, name), value);
        }
        query += len + (query[len] == '&');
    }
    return out;
}

/* May the byte stand in a request's target? */
static bool is_target_byte(unsigned char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"#<>\\^`{|}", c);
}

/* How deep ".." leads: below the root is no path. */
static bool stays_inside(const char *path)
{
    int depth = 0;
    for (const char *p = path; *p && depth >= 0;) {
        p += strspn(p, "/");
        size_t n = strcspn(p, "/;");
        bool up = n == 2 && memcmp(p, "..", 2) == 0;
        bool here = n == 0 || (n == 1 && *p == '.');
        depth += up ? -1 : here ? 0 : 1;
        p += strcspn(p, "/");
    }
    return depth >= 0;
}

/* What Tomcat refuses before Spring sees it: bytes that are no target's, encoded slashes, broken
 * escapes, paths above the root. */
static bool container_accepts(struct rest_request *r)
{
    const char *p = r->call->target;
    while (*p && is_target_byte((unsigned char)*p))
        p++;
    bool slash = strcasestr(r->path, "%2f") || strcasestr(r->path, "%5c");
    const char *plain = slash || *p ? NULL : text_unpercent(r->arena, r->path, strlen(r->path));
    if (plain && stays_inside(plain))
        return true;
    rest_text(r, 400, "text/html;charset=utf-8",
              "<!doctype html><title>400 Bad Request</title><h1>Bad Request</h1>\n");
    rest_header(r, "content-language", "en");
    return false;
}

/* The path as Spring looks it up: without what follows a semicolon, slashes once. */
static char *lookup_path(struct arena *a, const char *path)
{
    char *out = arena_alloc(a, strlen(path) + 1), *to = out;
    for (const char *p = path; *p;) {
        if (*p == ';') {
            p += strcspn(p, "/");
            continue;
        }
        if (*p != '/' || to == out || to[-1] != '/')
            *to++ = *p;
        p++;
    }
    *to = '\0';
    return out;
}

/* Tomcat answers TRACE itself, and Spring's error page then traces the error's own request. */
static bool answer_trace(struct rest_request *r)
{
    static const char *const secret[] = { "authorization", "cookie", "x-forwarded", "forwarded",
                                          "proxy-authorization" };
    struct buf *out = buf_in(r->arena, 64 << 10);
    buf_str(out, "TRACE /error HTTP/1.1\r\n");
    for (const struct embedded_header *h = r->call->headers; h && h->name; h++) {
        bool hidden = false;
        for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
            hidden |= text_starts(h->name, secret[i]);
        if (!hidden)
            buf_printf(out, "%s: %s\r\n", h->name, h->value);
    }
    rest_text(r, 405, "message/http", out->data);
    rest_header(r, "allow", "HEAD, DELETE, POST, GET, OPTIONS, PUT");
    return false;
}

static bool find_handler(struct rest_request *r)
{
    struct match m = { 0 };
    find_row(r, &m);
    if (m.path_literals < 0)
        return rest_spring(r, 404);
    if (!m.route && strcmp(r->method, "OPTIONS") == 0) {
        rest_empty(r, 200);
        rest_header(r, "allow", allowed_methods(r, true));
        rest_header(r, "accept-patch", "");
        return false;
    }
    if (!m.route) {
        rest_spring(r, 405);
        rest_header(r, "allow", allowed_methods(r, false));
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

/* "method.first,second": @NotBlank of the variables, after the login was asked for. */
static bool check_variables(struct rest_request *r)
{
    const char *method = r->route->not_blank, *name = method ? strchr(method, '.') + 1 : "";
    for (size_t i = 0; *name; i++) {
        int len = (int)strcspn(name, ",");
        if (check_blank(rest_var(r, i)))
            return rest_fail(r, X_CONSTRAINT, "%.*s.%.*s: must not be blank",
                             (int)strcspn(method, "."), method, len, name);
        name += len + (name[len] == ',');
    }
    return true;
}

/* Who asks, and what: false when that is answered already. */
static bool admit_request(struct rest_request *r)
{
    return find_handler(r) && refuse_page(r) && bind_body(r) && bind_query(r) &&
           ((r->route->flags & REST_ANONYMOUS) || session_check(r)) && check_variables(r);
}

void dispatch_run(struct rest_request *r)
{
    const char *target = r->call->target, *mark = strchr(target, '?');
    r->path = arena_strndup(r->arena, target, mark ? (size_t)(mark - target) : strlen(target));
    r->query = parse_query(r->arena, mark ? mark + 1 : NULL);
    r->lookup = lookup_path(r->arena, r->path);
    if (!container_accepts(r) || (strcmp(r->method, "TRACE") == 0 && !answer_trace(r)))
        return;
    if (!admit_request(r))
        return;
    r->route->handler(r);
    if (!r->reply.status)
        rest_empty(r, 200);
}
