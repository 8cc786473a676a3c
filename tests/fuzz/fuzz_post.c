/* fuzz_post.c - any bytes as the body of a POST, to a server with the conformance fixtures as
 * tools.
 *
 * The first byte says which headers come with it: of a session, of 2026-07-28 as the body wants
 * them, or those in the text up to an empty line. The http_* functions here take the place of
 * net/http.c: they check that each exchange is answered once, with JSON or events of JSON.
 */
#include "base/err.h"
#include "fixture.h"
#include "fuzz_server.h"
#include "mcp/mcp.h"
#include "mcp/web_inside.h"
#include "net/loop.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16 };

static struct loop *loop;
static struct http_header headers[HEADERS_MAX + 1];
static int header_count;
static bool answered, streaming;

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_post: %s", what);
}

/* -- in place of net/http.c -------------------------------------------------------------- */

const char *http_header(const struct http_exchange *x, const char *name)
{
    (void)x;
    for (int i = 0; i < header_count; i++)
        if (!strcasecmp(headers[i].name, name))
            return headers[i].value;
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
    (void)x, (void)own;
    must(!answered && !streaming, "an exchange is answered once");
    must(status >= 200 && status < 600, "with a status");
    answered = true;
    if (n)
        check_message(body, n);
}

void http_stream(struct http_exchange *x, int status, const struct http_header *own)
{
    (void)x, (void)own;
    must(!answered && !streaming && status == 200, "a stream begins once");
    streaming = true;
}

bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n)
{
    static const char head[] = "data: ";
    (void)x;
    must(streaming && !answered, "events belong to an open stream");
    const char *data = memmem(bytes, n, head, sizeof head - 1);
    if (!data || n < 4)
        return true;
    size_t left = n - (size_t)(data - (const char *)bytes) - (sizeof head - 1);
    if (left > 2)
        check_message(data + sizeof head - 1, left - 2);
    return true;
}

void http_stream_end(struct http_exchange *x)
{
    (void)x;
    must(streaming && !answered, "a stream ends once");
    answered = true;
}

/* -- one input --------------------------------------------------------------------------- */

static void turn(void)
{
    struct loop_timer *t = loop_timer(loop, 0, 0, (void (*)(void *))loop_stop, loop);
    loop_run(loop);
    loop_untimer(t);
}

static void add(const char *name, const char *value)
{
    if (header_count < HEADERS_MAX && value)
        headers[header_count++] = (struct http_header){ name, value };
}

/* "name: value" lines up to an empty one; returns what follows. */
static const char *read_headers(struct arena *a, const char *text)
{
    while (*text && *text != '\n') {
        size_t n = strcspn(text, "\n");
        char *line = arena_strndup(a, text, n);
        char *colon = strchr(line, ':');
        if (colon) {
            *colon = '\0';
            add(line, colon + 1 + strspn(colon + 1, " "));
        }
        text += n + (text[n] == '\n');
    }
    return *text ? text + 1 : text;
}

/* The headers that agree with the body, so that what lies behind them is reached. */
static void add_modern(struct arena *a, const char *body)
{
    const cJSON *root = json_parse(a, body, strlen(body), NULL);
    const cJSON *params = json_get(root, "params");
    const char *name = json_str(params, "name");
    name = name ? name : json_str(params, "uri");
    add("mcp-protocol-version", "2026-07-28");
    add("mcp-method", json_str(root, "method"));
    add("mcp-name", name ? name : json_str(params, "taskId"));
}

static void post(struct web *w, struct arena *a, const char *body)
{
    struct http_exchange *x = arena_make(a, struct http_exchange);
    *x = (struct http_exchange){ .arena = a,
                                 .method = "POST",
                                 .target = "/mcp",
                                 .path = "/mcp",
                                 .body = body,
                                 .body_len = strlen(body),
                                 .peer = "unix" };
    answered = streaming = false;
    add("content-type", "application/json");
    add("accept", "application/json, text/event-stream");
    if (web_gate(w, x))
        web_post(w, x);
    turn();
    turn();
    if (!answered && x->on_gone)
        x->on_gone(x);
    turn();
}

static struct session *opened(struct mcp *m, uint8_t how)
{
    static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18",
                                            "2025-11-25" };
    struct session *s = session_open(m, "local");
    s->era = era_negotiate(versions[how % 4]);
    s->client = json_parse(s->arena, "{\"elicitation\":{},\"sampling\":{}}", 33, NULL);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!loop)
        loop = loop_new();
    if (size < 2)
        return 0;
    struct arena *a = arena_new();
    struct mcp *m = mcp_new(
        &(struct mcp_options){ .loop = loop, .config = &fuzz_config, .toolsets = toolsets });
    struct web w = { .arena = a, .mcp = m, .loopback = true };
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    header_count = 0;
    if (data[0] % 3 == 0)
        add("mcp-session-id", arena_strdup(a, opened(m, data[0] / 3)->id));
    else if (data[0] % 3 == 1)
        add_modern(a, text);
    else
        text = read_headers(a, text);
    post(&w, a, text);
    mcp_end_sessions(m);
    for (int i = 0; i < 1000 && m->requests > 0; i++)
        turn();
    must(m->requests == 0, "every request ends with its session");
    mcp_free(m);
    arena_free(a);
    return 0;
}
