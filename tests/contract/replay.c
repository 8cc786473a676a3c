/* replay.c - one exchange: the recorded request sent, the answer and the folder compared.
 *
 * A body goes out as it was recorded, byte for byte: what 80.0 or 1e400 becomes is part of the
 * contract, and a tree would not keep it.
 */
#include "replay.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/embedded.h"
#include "mutate.h"
#include "process.h"
#include "report.h"
#include "wire.h"

enum { MAX_HEADERS = 16, MAX_REPORT = 256 << 10 };

/* One exchange. */
struct turn {
    struct replay *p;
    struct arena *a;
    const cJSON *request, *expected;
    const char *body; /* NULL: none */
    size_t body_len;
    struct embedded_header headers[MAX_HEADERS];
    struct embedded_answer answer;
    struct buf *differences;
};

static const char *credentials(struct turn *t, const char *recorded)
{
    if (!text_starts(recorded, "basic ") || !strchr(recorded, ':'))
        return recorded;
    const char *pair = recorded + 6;
    if (t->p->user && strcmp(pair, "admin:admin") == 0)
        pair = t->p->user;
    return arena_printf(t->a, "Basic %s", base64_encode(t->a, pair, strlen(pair)));
}

static const char *cookie(struct turn *t, const char *recorded)
{
    const char *mark = strstr(recorded, "<from login>");
    if (!mark)
        return recorded;
    return arena_printf(t->a, "%.*s%s", (int)(mark - recorded), recorded,
                        t->p->token ? t->p->token : "");
}

/* value NULL: not sent, whatever was set before. */
static void add_header(struct turn *t, const char *name, const char *value)
{
    int i = 0;
    while (t->headers[i].name && strcmp(t->headers[i].name, name) != 0)
        i++;
    if (!value)
        for (; t->headers[i].name; i++)
            t->headers[i] = t->headers[i + 1];
    else if (i + 1 < MAX_HEADERS)
        t->headers[i] = (struct embedded_header){ name, value };
}

/* Just behind a string that starts at p. */
static const char *skip_string(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        p += *p == '\\';
    return p + (*p == '"');
}

/* Just behind a JSON value that starts at p. */
static const char *skip_value(const char *p)
{
    int depth = 0;
    while (*p && (depth > 0 || !strchr(",}]", *p))) {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        depth += strchr("{[", *p) ? 1 : strchr("}]", *p) ? -1 : 0;
        p++;
        if (depth == 0 && strchr("}]", p[-1]))
            break;
    }
    return p;
}

/* The text of an object's member, as it stands in `object`. NULL: none. */
static const char *raw_member(const char *object, const char *name, size_t *len)
{
    size_t n = strlen(name);
    for (const char *p = object + 1, *value; *p == '"' || *p == ' '; p = value + *len + 1) {
        p += strspn(p, " ");
        value = strchr(p, ':') + 1;
        value += strspn(value, " ");
        *len = (size_t)(skip_value(value) - value);
        if (strncmp(p + 1, name, n) == 0 && p[n + 1] == '"')
            return value;
    }
    return NULL;
}

static void take_body(struct turn *t, const char *line)
{
    const char *text = json_str(t->request, "body_text");
    const char *coded = json_str(t->request, "body_base64");
    size_t len;
    const char *request = raw_member(line, "request", &len);
    const char *raw = json_get(t->request, "body") ? raw_member(request, "body", &len) : NULL;
    if (raw)
        t->body = arena_strndup(t->a, raw, t->body_len = len);
    else if (coded)
        t->body = base64_decode(t->a, coded, strlen(coded), &t->body_len);
    else if (text)
        t->body = text, t->body_len = strlen(text);
}

static void take_headers(struct turn *t)
{
    const cJSON *item;
    if (t->body)
        add_header(t, "content-type", "application/json");
    cJSON_ArrayForEach(item, json_get(t->request, "headers"))
    {
        const char *value = item->valuestring;
        if (strcmp(item->string, "authorization") == 0)
            value = credentials(t, value);
        if (strcmp(item->string, "cookie") == 0)
            value = cookie(t, value);
        add_header(t, item->string, value);
    }
}

static void send_request(struct turn *t)
{
    take_headers(t);
    struct embedded_call call = { .method = json_str(t->request, "method"),
                                  .target = json_str(t->request, "path"),
                                  .headers = t->headers,
                                  .body = t->body ? t->body : "",
                                  .body_len = t->body_len };
    struct err e = { 0 };
    bool answered = true;
    if (t->p->console)
        embedded_handle(t->p->console, t->a, &call, &t->answer);
    else if (t->p->process)
        answered = process_call(t->p->process, t->a, &call, &t->answer, &e);
    else
        answered = wire_call(t->p->loop, t->a, t->p->url, &call, &t->answer, &e);
    if (!answered)
        buf_printf(t->differences, "      %s\n", e.text);
}

static const char *answer_header(const struct turn *t, const char *name)
{
    for (const struct embedded_header *h = t->answer.headers; h->name; h++)
        if (strcmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

static void keep_token(struct turn *t)
{
    const char *value = answer_header(t, "set-cookie");
    size_t len = value ? strcspn(value, ";") : 0;
    if (len > 9)
        t->p->token = arena_strndup(t->p->arena, value + 9, len - 9);
}

static void compare_status(struct turn *t)
{
    int expected = (int)json_num(t->expected, "status", 0);
    if (expected != t->answer.status)
        buf_printf(t->differences, "      status: expected %d, got %d: %.300s\n", expected,
                   t->answer.status, t->answer.body);
}

static void compare_headers(struct turn *t)
{
    struct normal n = { .arena = t->a, .path = json_str(t->request, "path") };
    const cJSON *recorded = json_get(t->expected, "headers"), *item;
    cJSON_ArrayForEach(item, recorded)
    {
        const char *got = answer_header(t, item->string);
        const char *want = normal_header(&n, item->string, item->valuestring);
        if (!got || strcmp(want, normal_header(&n, item->string, got)) != 0)
            buf_printf(t->differences, "      header %s: expected '%s', got '%s'\n", item->string,
                       want, got ? got : "(none)");
    }
    for (const struct embedded_header *h = t->answer.headers; h->name; h++)
        if (json_get(t->p->headers, h->name) && !json_get(recorded, h->name))
            buf_printf(t->differences, "      header %s: expected none, got '%s'\n", h->name,
                       h->value);
}

/* A page of HTML is prose; that it is one is said by the content type. */
static bool is_page(const struct turn *t)
{
    const char *type = answer_header(t, "content-type");
    return type && text_starts(type, "text/html");
}

static void compare_body(struct turn *t)
{
    struct normal theirs = { .arena = t->a, .path = json_str(t->request, "path") };
    theirs.unversioned = t->p->unversioned;
    struct normal ours = theirs;
    ours.data_dir = t->p->dir;
    const char *type = answer_header(t, "content-type");
    cJSON *want = json_clone(t->a, json_get(t->expected, "body")), *got;
    if (is_page(t) && cJSON_IsString(want))
        return;
    if (t->answer.len == 0 || strcmp(json_str(t->request, "method"), "HEAD") == 0)
        got = json_null(t->a);
    else if (type && text_starts(type, "application/json"))
        got = json_parse(t->a, t->answer.body, t->answer.len, NULL);
    else
        got = json_stringn(t->a, t->answer.body, t->answer.len);
    normal_body(&theirs, want);
    normal_body(&ours, got);
    differ(t->a, "body", want, got, t->differences);
}

/* Recorded files by normalised name, parsed and normalised. */
static cJSON *recorded_files(struct turn *t, const cJSON *files_member, const struct normal *n)
{
    cJSON *out = json_object(t->a);
    const cJSON *item;
    cJSON_ArrayForEach(item, files_member)
    {
        cJSON *object = json_null(t->a);
        if (cJSON_IsString(item))
            object = yaml_parse(t->a, item->valuestring, strlen(item->valuestring), NULL);
        normal_object(n, item->string, object);
        json_set(t->a, out, normal_text(n, item->string), object);
    }
    return out;
}

static cJSON *changed_files(struct turn *t, const struct normal *n, const cJSON *changes)
{
    cJSON *out = json_object(t->a);
    const cJSON *item;
    cJSON_ArrayForEach(item, changes)
    {
        cJSON *object = json_clone(t->a, item);
        normal_object(n, item->string, object);
        json_set(t->a, out, normal_text(n, item->string), object);
    }
    return out;
}

static void compare_files(struct turn *t, const cJSON *exchange)
{
    struct normal n = { .arena = t->a, .path = json_str(t->request, "path") };
    const cJSON *recorded = json_get(exchange, "files");
    cJSON *changes = folder_changes(t->p->folder, t->a);
    cJSON *want = recorded_files(t, recorded, &n), *got = changed_files(t, &n, changes);
    if (!differ(t->a, "files", want, got, t->differences))
        folder_correct(t->p->folder, t->a, changes, recorded);
}

static void begin(struct turn *t, const cJSON *exchange)
{
    t->request = json_get(exchange, "request");
    t->expected = json_get(exchange, "response");
}

/* A read that differs changes nothing; a write does, unless the folder could be corrected. */
static void tell(struct turn *t, const cJSON *exchange)
{
    struct report_item item = { t->p->name, exchange, t->answer.status, t->differences->data,
                                t->p->diverged };
    if (t->p->report)
        report_add(t->p->report, &item);
    t->p->diverged |= !t->p->folder && strcmp(json_str(t->request, "method"), "GET") != 0;
}

bool replay_is_read(const cJSON *exchange, bool written)
{
    static const int settled[] = { 400, 404, 405, 406, 415 };
    const cJSON *request = json_get(exchange, "request");
    const char *method = json_str(request, "method");
    int status = (int)json_num(json_get(exchange, "response"), "status", 0);
    bool reads =
        strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
    if (!reads || json_get(json_get(request, "headers"), "cookie"))
        return false;
    for (size_t i = 0; i < sizeof settled / sizeof *settled; i++)
        if (status == settled[i])
            return true;
    return !written;
}

bool replay_play(struct replay *p, const char *line, size_t len, struct buf *differences)
{
    struct arena *a = arena_new();
    struct turn t = { .p = p, .a = a, .differences = differences };
    cJSON *exchange = json_parse(a, line, len, NULL);
    begin(&t, exchange);
    take_body(&t, line);
    send_request(&t);
    keep_token(&t);
    compare_status(&t);
    compare_headers(&t);
    compare_body(&t);
    if (p->folder)
        compare_files(&t, exchange);
    bool equal = differences->len == 0;
    if (!equal)
        tell(&t, exchange);
    if (!equal && p->verbose)
        printf("  %s %d %s: %s %s\n%s", p->name, (int)json_num(exchange, "n", 0),
               json_str(exchange, "note"), json_str(t.request, "method"),
               json_str(t.request, "path"), differences->data);
    arena_free(a);
    return equal;
}

/* Does the answer look like one of an HTTP server, with JSON where it says so? */
static bool is_well_formed(const struct turn *t)
{
    const char *type = answer_header(t, "content-type");
    if (t->answer.status < 200 || t->answer.status > 599)
        return false;
    if (!type || !text_starts(type, "application/json") ||
        strcmp(json_str(t->request, "method"), "HEAD") == 0)
        return true;
    return json_parse(t->a, t->answer.body, t->answer.len, NULL) != NULL;
}

static void take_damaged_body(struct turn *t)
{
    const cJSON *body = json_get(t->request, "body");
    const char *text = body ? json_print(t->a, body) : json_str(t->request, "body_text");
    t->body = text;
    t->body_len = text ? strlen(text) : 0;
}

int replay_mutated(struct replay *p, const char *line, size_t len, int n, unsigned long long *seed)
{
    struct arena *whole = arena_new();
    cJSON *exchange = json_parse(whole, line, len, NULL);
    int good = 0;
    for (int i = 0; i < n; i++) {
        struct arena *a = arena_new();
        struct turn t = { .p = p, .a = a };
        cJSON *damaged = mutate(a, exchange, seed);
        t.differences = buf_in(a, MAX_REPORT);
        begin(&t, damaged);
        take_damaged_body(&t);
        send_request(&t);
        if (p->verbose)
            printf("  %d %s %s\n", t.answer.status, json_str(t.request, "method"),
                   json_print(a, t.request));
        if (is_well_formed(&t))
            good++;
        else
            printf("  %s: ill-formed answer %d to %s\n", p->name, t.answer.status,
                   json_print(a, t.request));
        arena_free(a);
    }
    arena_free(whole);
    return good;
}
