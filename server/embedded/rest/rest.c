/* rest.c - the answers of the console: envelopes, pages, exceptions, Spring's own errors.
 *
 * Every answer goes through set_reply(), which keeps the first one. The status and class name of an
 * exception are rows of exceptions[].
 */
#include "embedded/rest/rest.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/embedded.h"
#include "embedded/rest/java_text.h"
#include "embedded/rest/media_private.h"

#include <math.h>
#include <stdarg.h>
#include <strings.h>

enum { MAX_ANSWER = 512 << 20, MAX_SENTENCE = 64 << 10 };

static const struct {
    const char *name;
    int status;
} exceptions[] = {
    [X_VALIDATION] = { "com.alibaba.higress.sdk.exception.ValidationException", 400 },
    [X_AUTH] = { "com.alibaba.higress.console.controller.exception.AuthException", 401 },
    [X_NOT_FOUND] = { "com.alibaba.higress.sdk.exception.NotFoundException", 502 },
    [X_CONFLICT] = { "com.alibaba.higress.sdk.exception.ResourceConflictException", 409 },
    [X_BUSINESS] = { "com.alibaba.higress.sdk.exception.BusinessException", 500 },
    [X_JAVAX] = { "javax.validation.ValidationException", 500 },
    [X_CONSTRAINT] = { "javax.validation.ConstraintViolationException", 500 },
    [X_ILLEGAL_ARGUMENT] = { "java.lang.IllegalArgumentException", 500 },
    [X_ILLEGAL_STATE] = { "java.lang.IllegalStateException", 500 },
    [X_NULL_POINTER] = { "java.lang.NullPointerException", 500 },
    [X_INDEX] = { "java.lang.IndexOutOfBoundsException", 500 },
    [X_CLASS_CAST] = { "java.lang.ClassCastException", 500 },
    [X_API] = { "io.kubernetes.client.openapi.ApiException", 500 },
    [X_YAML_PARSER] = { "org.yaml.snakeyaml.parser.ParserException", 500 },
    [X_YAML_SCANNER] = { "org.yaml.snakeyaml.scanner.ScannerException", 500 },
};

/* Extensions that Spring takes for harmless; any other makes it name the download. */
static const char *const safe_extensions[] = { "txt", "text", "yml",  "properties", "csv", "json",
                                               "xml", "atom", "rss",  "png",        "jpe", "jpeg",
                                               "jpg", "gif",  "wbmp", "bmp" };

static bool set_reply(struct rest_request *r, int status, const char *type, const char *text,
                      size_t len)
{
    if (r->reply.status)
        return false;
    r->reply.status = status;
    r->reply.content_type = type;
    r->reply.text = text;
    r->reply.len = len;
    return true;
}

/* A name that Spring takes for a download that a browser might run. */
static bool is_download(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || !dot[strspn(dot + 1, " \t") + 1])
        return false;
    for (size_t i = 0; i < sizeof safe_extensions / sizeof *safe_extensions; i++)
        if (strcasecmp(dot + 1, safe_extensions[i]) == 0)
            return false;
    return true;
}

/* Of the path as it was sent: the last segment, and what stands behind its semicolon. */
static bool has_download_extension(struct rest_request *r)
{
    const char *segment = strrchr(r->path, '/');
    if (!segment)
        return false;
    size_t n = strcspn(segment + 1, ";");
    const char *parameters = segment + 1 + n;
    char *name = text_unpercent(r->arena, segment + 1, n);
    return is_download(name ? name : "") || is_download(parameters);
}

/* What a controller returned, as the client's Accept header wants it. */
static bool answer_negotiated(struct rest_request *r, int status, const char *text, size_t len)
{
    const char *type, *accept = rest_call_header(r, "accept");
    if (r->reply.status)
        return false;
    enum media_choice choice = media_choose_json(r->arena, accept, &type);
    if (choice == MEDIA_MALFORMED && status >= 400)
        return set_reply(r, status, NULL, "", 0);
    if (choice != MEDIA_CHOSEN)
        return rest_spring(r, 406);
    set_reply(r, status, type, text, len);
    bool passed_on = status > 299 && status < 400;
    if (status >= 200 && !passed_on && has_download_extension(r))
        rest_header(r, "content-disposition", "inline;filename=f.txt");
    return true;
}

static bool is_finite(const cJSON *node)
{
    const cJSON *child;
    if (cJSON_IsNumber(node))
        return isfinite(node->valuedouble);
    cJSON_ArrayForEach(child, node) if (!is_finite(child)) return false;
    return true;
}

/* Jackson writes what is beyond a double as a text. */
static void quote_infinity(struct arena *a, cJSON *node)
{
    cJSON *child;
    if (node && cJSON_IsNumber(node) && isinf(node->valuedouble)) {
        node->type = cJSON_String;
        node->valuestring = arena_strdup(a, node->valuedouble < 0 ? "-Infinity" : "Infinity");
    }
    cJSON_ArrayForEach(child, node) quote_infinity(a, child);
}

static bool answer_json(struct rest_request *r, int status, const cJSON *data)
{
    if (r->reply.status)
        return false;
    struct buf *out = buf_in(r->arena, MAX_ANSWER);
    if (!is_finite(data)) {
        cJSON *copy = json_clone(r->arena, data);
        quote_infinity(r->arena, copy);
        data = copy;
    }
    json_write(out, data);
    return answer_negotiated(r, status, out->data, out->len);
}

void rest_header(struct rest_request *r, const char *name, const char *value)
{
    size_t n = sizeof r->reply.headers / sizeof *r->reply.headers;
    for (size_t i = 0; i + 1 < n; i++) {
        if (r->reply.headers[i][0])
            continue;
        r->reply.headers[i][0] = name;
        r->reply.headers[i][1] = value;
        return;
    }
}

static cJSON *envelope(struct rest_request *r, bool success, const char *message, const cJSON *data)
{
    struct arena *a = r->arena;
    cJSON *body = json_object(a);
    json_set_bool(a, body, "success", success);
    json_set_str(a, body, "message", message);
    json_set(a, body, "data", data ? json_raw(a, json_print(a, data)) : json_null(a));
    return body;
}

static bool fail_with_text(struct rest_request *r, int status, enum rest_exception x,
                           const char *text)
{
    if (r->reply.status)
        return false;
    if (r->route && r->route->flags & REST_VOID)
        return set_reply(r, 200, NULL, "", 0) && false;
    const char *message = arena_printf(r->arena, "%s: %s", exceptions[x].name, text);
    answer_json(r, status, envelope(r, false, message, NULL));
    return false;
}

bool rest_is_lenient(const struct rest_request *r)
{
    return r->embedded && r->embedded->lenient;
}

static const char *print_sentence(struct rest_request *r, const char *format, va_list args)
{
    if (!format)
        return "null";
    char *text = NULL;
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > MAX_SENTENCE)
        n = MAX_SENTENCE;
    text = arena_alloc(r->arena, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

bool rest_fail(struct rest_request *r, enum rest_exception x, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = print_sentence(r, format, args);
    va_end(args);
    int status = x == X_NOT_FOUND && rest_is_lenient(r) ? 404 : exceptions[x].status;
    return fail_with_text(r, status, x, text);
}

bool rest_fail_as(struct rest_request *r, int status, enum rest_exception x, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    const char *text = print_sentence(r, format, args);
    va_end(args);
    return fail_with_text(r, status, x, text);
}

bool rest_needs_name(struct rest_request *r)
{
    const char *name = json_str(r->body, "name");
    if (!rest_is_lenient(r) || (name && *name))
        return true;
    return rest_fail(r, X_VALIDATION, "name is required.");
}

void rest_give(struct rest_request *r, const cJSON *data)
{
    bool get = strcmp(r->method, "GET") == 0;
    int status = strcmp(r->method, "POST") == 0 ? 201 : 200;
    if (!data) {
        rest_empty(r, get ? 404 : status);
        return;
    }
    answer_json(r, status, get ? envelope(r, true, NULL, data) : data);
}

/* REST_PAGED rows refuse what is no integer beforehand. */
static bool page_number(const struct rest_request *r, const char *name, int *out)
{
    const char *text = rest_query_first(r, name);
    return text && java_integer(text, out) == JAVA_NUMBER;
}

static bool page_asked(const struct rest_request *r, struct rest_list *l)
{
    bool has_num = page_number(r, "pageNum", &l->page_num);
    bool has_size = page_number(r, "pageSize", &l->page_size);
    if (!has_num && !has_size)
        return false;
    if (l->page_num < 1)
        l->page_num = 1;
    if (l->page_size < 1)
        l->page_size = 10;
    return true;
}

bool rest_past_end(const struct rest_request *r, int total)
{
    struct rest_list l = { 0 };
    return page_asked(r, &l) && (long long)(l.page_num - 1) * l.page_size > total;
}

/* The console counts in Java's int, which goes round. */
static int wrapped(long long n)
{
    return (int)(unsigned)(unsigned long long)n;
}

static bool page_window(struct rest_request *r, struct rest_list *l)
{
    if (!page_asked(r, l))
        return true;
    int first = wrapped((long long)(l->page_num - 1) * l->page_size);
    int last = wrapped((long long)first + l->page_size);
    if (last > l->total)
        last = l->total;
    if (first < 0)
        return rest_fail(r, X_INDEX, "fromIndex = %d", first);
    if (first > last)
        return rest_fail(r, X_ILLEGAL_ARGUMENT, "fromIndex(%d) > toIndex(%d)", first, last);
    l->from = first;
    l->to = last;
    return true;
}

bool rest_list_begin(struct rest_request *r, int total, struct rest_list *l)
{
    *l = (struct rest_list){ .total = total, .to = total, .page_num = -1, .page_size = -1 };
    if (r->reply.status || !page_window(r, l))
        return false;
    l->out = buf_in(r->arena, MAX_ANSWER);
    return buf_str(l->out, "{\"success\":true,\"message\":null,\"data\":[");
}

struct buf *rest_list_next(struct rest_list *l)
{
    if (l->out->data[l->out->len - 1] != '[')
        buf_char(l->out, ',');
    return l->out;
}

void rest_list_add(struct rest_list *l, const cJSON *item)
{
    json_write(rest_list_next(l), item);
}

static void add_page(struct buf *out, const char *name, int n)
{
    if (n < 0)
        buf_printf(out, ",\"%s\":null", name);
    else
        buf_printf(out, ",\"%s\":%d", name, n);
}

void rest_list_end(struct rest_request *r, struct rest_list *l)
{
    buf_printf(l->out, "],\"total\":%d", l->total);
    add_page(l->out, "pageNum", l->page_num);
    add_page(l->out, "pageSize", l->page_size);
    buf_char(l->out, '}');
    answer_negotiated(r, 200, l->out->data, l->out->len);
}

void rest_page(struct rest_request *r, const cJSON *items)
{
    struct rest_list l;
    const cJSON *item;
    int i = 0;
    if (!rest_list_begin(r, json_count(items), &l))
        return;
    cJSON_ArrayForEach(item, items)
    {
        if (i >= l.from && i < l.to)
            rest_list_add(&l, item);
        i++;
    }
    rest_list_end(r, &l);
}

void rest_envelope(struct rest_request *r, const cJSON *data)
{
    answer_json(r, 200, envelope(r, true, NULL, data));
}

void rest_bare(struct rest_request *r, int status, const cJSON *data)
{
    answer_json(r, status, data);
}

void rest_empty(struct rest_request *r, int status)
{
    set_reply(r, status, NULL, "", 0);
}

void rest_text(struct rest_request *r, int status, const char *content_type, const char *text)
{
    set_reply(r, status, content_type, text, strlen(text));
}

void rest_plain(struct rest_request *r, const char *text)
{
    const char *type;
    if (media_choose_text(r->arena, rest_call_header(r, "accept"), &type) == MEDIA_CHOSEN)
        set_reply(r, 200, type, text, strlen(text));
    else
        rest_spring(r, 406);
}

static const char *spring_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = { { 400, "Bad Request" },
                    { 404, "Not Found" },
                    { 405, "Method Not Allowed" },
                    { 406, "Not Acceptable" },
                    { 415, "Unsupported Media Type" } };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Internal Server Error";
}

static void answer_page(struct rest_request *r, int status)
{
    const char *reason = spring_reason(status);
    const char *page = arena_printf(r->arena,
                                    "<!doctype html><title>%d %s</title><h1>%s</h1><p>The "
                                    "console serves nothing here (status %d).</p>\n",
                                    status, reason, reason, status);
    if (set_reply(r, status, "text/html;charset=UTF-8", page, strlen(page)))
        rest_header(r, "content-language", "en");
}

/* Whoever accepts neither the page nor JSON gets the status alone. */
bool rest_spring(struct rest_request *r, int status)
{
    struct arena *a = r->arena;
    const char *type, *accept = rest_call_header(r, "accept");
    if (media_wants_page(a, accept)) {
        answer_page(r, status);
        return false;
    }
    if (media_choose_json(a, accept, &type) != MEDIA_CHOSEN)
        return set_reply(r, status, NULL, "", 0) && false;
    cJSON *body = json_object(a);
    json_set_num(a, body, "timestamp", (double)(long long)(r->embedded->now() * 1000));
    json_set_num(a, body, "status", status);
    json_set_str(a, body, "error", spring_reason(status));
    json_set_str(a, body, "path", r->path);
    struct buf *out = buf_in(a, MAX_ANSWER);
    json_write(out, body);
    set_reply(r, status, type, out->data, out->len);
    return false;
}

const char *rest_call_header(const struct rest_request *r, const char *name)
{
    for (const struct embedded_header *h = r->call ? r->call->headers : NULL; h && h->name; h++)
        if (strcmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

const char *rest_query(const struct rest_request *r, const char *name)
{
    const cJSON *values = json_get(r->query, name), *v;
    const char *text = rest_query_first(r, name);
    for (v = values && values->child ? values->child->next : NULL; v; v = v->next)
        text = arena_printf(r->arena, "%s,%s", text, v->valuestring);
    return text;
}

const char *rest_query_first(const struct rest_request *r, const char *name)
{
    const cJSON *values = json_get(r->query, name);
    return values && values->child ? values->child->valuestring : NULL;
}

const char *rest_var(const struct rest_request *r, size_t i)
{
    return i < REST_MAX_VARS ? r->vars[i] : NULL;
}
