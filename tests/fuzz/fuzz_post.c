/* fuzz_post.c - any bytes as exchanges with a server that has the conformance fixtures as tools.
 *
 * Bytes 0xff part the exchanges, eight at most, all of one session. The first byte of each says
 * what it is: a POST with headers of the session, of 2026-07-28 as the body wants them, or as in
 * the text up to an empty line; or a GET whose Last-Event-ID is the text. The http_* functions here
 * take the place of net/http.c: they check that each exchange is answered once, with JSON or events
 * of JSON.
 * fuzz: -runs=180000 -max_len=4096 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "base/err.h"
#include "call/service.h"
#include "fixture.h"
#include "fuzz_server.h"
#include "mcp/mcp.h"
#include "net/loop.h"
#include "web/web_private.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16, EXCHANGES_MAX = 8 };
enum { BY_SESSION, BY_BODY, BY_TEXT, GET, WAYS };

struct fake {
    struct http_exchange x; /* first: what the program sees */
    bool answered, streaming;
    struct http_header headers[HEADERS_MAX + 1];
    int count;
};

static struct loop *loop;

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_post: %s", what);
}

static struct fake *fake_of(const struct http_exchange *x)
{
    return (struct fake *)(void *)x;
}

/* -- in place of net/http.c -------------------------------------------------------------- */

const char *http_header(const struct http_exchange *x, const char *name)
{
    for (const struct http_header *h = fake_of(x)->headers; h->name; h++)
        if (!strcasecmp(h->name, name))
            return h->value;
    return NULL;
}

int http_header_count(const struct http_exchange *x, const char *name)
{
    return http_header(x, name) != NULL;
}

static void check_message(const char *text, size_t n)
{
    struct arena *a = arena_new();
    const cJSON *message = json_parse(a, text, n, NULL);
    const cJSON *one = cJSON_IsArray(message) ? message->child : message;
    must(one && json_str(one, "jsonrpc"), "what is sent is a JSON-RPC message");
    must(!memchr(text, '\n', n), "on one line");
    arena_free(a);
}

void http_reply(struct http_exchange *x, int status, const struct http_header *own,
                const void *body, size_t n)
{
    (void)own;
    must(!fake_of(x)->answered && !fake_of(x)->streaming, "an exchange is answered once");
    must(status >= 200 && status < 600, "with a status");
    fake_of(x)->answered = true;
    if (n)
        check_message(body, n);
}

void http_stream(struct http_exchange *x, int status, const struct http_header *own)
{
    (void)own;
    must(!fake_of(x)->answered && !fake_of(x)->streaming && status == 200, "a stream begins once");
    fake_of(x)->streaming = true;
}

bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n)
{
    static const char head[] = "data: ";
    must(fake_of(x)->streaming && !fake_of(x)->answered, "events belong to an open stream");
    const char *data = memmem(bytes, n, head, sizeof head - 1);
    if (!data)
        return true;
    size_t left = n - (size_t)(data - (const char *)bytes) - (sizeof head - 1);
    must(left >= 2 && !memcmp((const char *)bytes + n - 2, "\n\n", 2), "an event ends");
    if (left > 2)
        check_message(data + sizeof head - 1, left - 2);
    return true;
}

void http_stream_end(struct http_exchange *x)
{
    must(fake_of(x)->streaming && !fake_of(x)->answered, "a stream ends once");
    fake_of(x)->answered = true;
}

/* -- one input --------------------------------------------------------------------------- */

static void turn(void)
{
    struct loop_timer *t = loop_timer(loop, 0, 0, (void (*)(void *))loop_stop, loop);
    loop_run(loop);
    loop_untimer(t);
}

static void add(struct fake *f, const char *name, const char *value)
{
    if (f->count < HEADERS_MAX && value)
        f->headers[f->count++] = (struct http_header){ name, value };
}

/* "name: value" lines up to an empty one; returns what follows. */
static const char *read_headers(struct fake *f, struct arena *a, const char *text)
{
    while (*text && *text != '\n') {
        size_t n = strcspn(text, "\n");
        char *line = arena_strndup(a, text, n);
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = '\0';
            add(f, line, colon + 1 + strspn(colon + 1, " "));
        }
        text += n + (text[n] == '\n');
    }
    return *text ? text + 1 : text;
}

/* The headers that agree with the body, so that what lies behind them is reached. */
static void add_modern(struct fake *f, struct arena *a, const char *body)
{
    const cJSON *root = json_parse(a, body, strlen(body), NULL);
    const cJSON *params = json_get(root, "params");
    const char *name = json_str(params, "name");
    name = name ? name : json_str(params, "uri");
    add(f, "mcp-protocol-version", "2026-07-28");
    add(f, "mcp-method", json_str(root, "method"));
    add(f, "mcp-name", name ? name : json_str(params, "taskId"));
}

static struct session *opened(struct mcp *m, uint8_t how)
{
    static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18",
                                            "2025-11-25" };
    struct session *s = session_open(m, "local", "local", &(struct err){ 0 });
    s->era = era_negotiate(versions[how % 4]);
    s->client = json_parse(s->arena, "{\"elicitation\":{},\"sampling\":{}}", 33, NULL);
    return s;
}

static void exchange(struct web *w, struct fake *f, const char *session, uint8_t way,
                     const char *text)
{
    struct arena *a = w->arena;
    if (way == BY_TEXT)
        text = read_headers(f, a, text);
    else if (way == BY_BODY)
        add_modern(f, a, text);
    else
        add(f, "mcp-session-id", session);
    if (way == GET)
        add(f, "last-event-id", *text ? text : NULL);
    add(f, "content-type", "application/json");
    add(f, "accept", "application/json, text/event-stream");
    f->x = (struct http_exchange){ .arena = a,
                                   .method = way == GET ? "GET" : "POST",
                                   .target = "/mcp",
                                   .path = "/mcp",
                                   .body = text,
                                   .body_len = strlen(text),
                                   .peer = "unix" };
    if (!web_gate(w, &f->x))
        return;
    if (way == GET)
        web_get(w, &f->x);
    else
        web_post(w, &f->x);
    turn();
}

static void run(struct web *w, const uint8_t *data, size_t size)
{
    struct fake *fakes = arena_array(w->arena, struct fake, EXCHANGES_MAX);
    const char *session = arena_strdup(w->arena, opened(w->mcp, data[0] / WAYS)->id);
    int count = 0;
    for (size_t n = 0; size > 0 && count < EXCHANGES_MAX; count++) {
        const uint8_t *end = memchr(data, 0xff, size);
        n = end ? (size_t)(end - data) : size;
        const char *text = n ? arena_strndup(w->arena, (const char *)data + 1, n - 1) : "";
        exchange(w, &fakes[count], session, n ? data[0] % WAYS : 0, text);
        data += n + (end != NULL);
        size -= n + (end != NULL);
    }
    turn();
    for (int i = 0; i < count; i++)
        if (!fakes[i].answered && fakes[i].x.on_gone)
            fakes[i].x.on_gone(&fakes[i].x);
    turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!loop)
        loop = loop_new();
    if (size < 2)
        return 0;
    struct arena *a = arena_new();
    struct mcp *m = mcp_new(service_new(
        &(struct service_options){ .loop = loop, .config = fuzz_config(), .toolsets = toolsets }));
    struct web w = { .arena = a, .mcp = m, .loopback = true };
    run(&w, data, size);
    mcp_end_sessions(m);
    for (int i = 0; i < 1000 && m->requests > 0; i++)
        turn();
    must(m->requests == 0, "every request ends with its session");
    web_let_go(&w);
    loop_untimer(w.tick);
    struct service *service = m->service;
    mcp_free(m);
    service_free(service);
    arena_free(a);
    return 0;
}
