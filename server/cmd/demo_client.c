/* demo_client.c - the demo as a customer (requests through Envoy), as an administrator (the
 * console) and as an MCP client (stateless 2026-07-28 calls over HTTP). */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/demo_private.h"
#include "net/fetch.h"
#include "net/loop.h"

#define PROTOCOL "2026-07-28"

int demo_request(struct demo *d, const char *path, struct cancel *cancel, const char **body)
{
    /* an arena of its own: the traffic runs for days */
    struct arena *a = arena_new();
    const struct fetch_header headers[] = { { "Host", "shop.example.com" },
                                            { "User-Agent", "higress-ops-demo" },
                                            { 0 } };
    struct fetch_request r = { .method = "GET",
                               .url =
                                   arena_printf(a, "http://127.0.0.1:%d%s", d->gateway_port, path),
                               .headers = headers,
                               .timeout = 10,
                               .cancel = cancel };
    struct fetch_answer out = { 0 };
    struct err e = { 0 };
    int status = fetch(d->loop, a, &r, &out, &e) ? out.status : 0;
    if (body)
        *body = status ? arena_strdup(d->arena, out.body) : "";
    arena_free(a);
    return status;
}

bool demo_console(struct demo *d, const char *method, const char *path, const cJSON *body,
                  struct err *e)
{
    const struct fetch_header headers[] = { { "Content-Type", "application/json" }, { 0 } };
    const char *text = json_print(d->arena, body);
    struct fetch_request r = { .method = method,
                               .url = arena_printf(d->arena, "http://127.0.0.1:%d%s",
                                                   d->console_port, path),
                               .headers = headers,
                               .body = text,
                               .body_len = strlen(text),
                               .cancel = &d->cancel };
    if (strcmp(path, "/system/init") != 0) { /* that one makes the login */
        r.user_pwd_user = "admin";
        r.user_pwd_password = "admin";
    }
    struct fetch_answer out = { 0 };
    if (!fetch(d->loop, d->arena, &r, &out, e))
        return err_at(e, "the embedded console, %s %s", method, path);
    if (out.status >= 300)
        return err_status(e, ERR_GATEWAY, out.status,
                          "the embedded console answered %s %s with %d: %s", method, path,
                          out.status, text_clean(d->arena, out.body, 200));
    return true;
}

/* -- MCP -----------------------------------------------------------------------------------------
 */
static const char *call_body(struct arena *a, const char *tool, const cJSON *arguments)
{
    cJSON *m = json_object(a);
    json_set_str(a, m, "jsonrpc", "2.0");
    json_set_num(a, m, "id", 1);
    json_set_str(a, m, "method", "tools/call");
    cJSON *params = json_set_object(a, m, "params");
    json_set_str(a, params, "name", tool);
    json_set(a, params, "arguments", arguments ? json_clone(a, arguments) : json_object(a));
    cJSON *meta = json_set_object(a, params, "_meta");
    json_set_str(a, meta, "io.modelcontextprotocol/protocolVersion", PROTOCOL);
    json_set_object(a, meta, "io.modelcontextprotocol/clientCapabilities");
    cJSON *info = json_set_object(a, meta, "io.modelcontextprotocol/clientInfo");
    json_set_str(a, info, "name", "higress-ops-demo");
    json_set_str(a, info, "version", "1");
    return json_print(a, m);
}

/* The answer is one JSON message, or an event stream whose last message is the answer. */
static const cJSON *read_message(struct arena *a, const struct fetch_answer *out, struct err *e)
{
    const char *type = fetch_answer_header(out, "content-type");
    if (!type || !text_starts(type, "text/event-stream"))
        return json_parse(a, out->body, out->len, e);
    const cJSON *answer = NULL;
    for (const char *line = out->body; line && *line;) {
        size_t n = strcspn(line, "\r\n");
        if (text_starts(line, "data:") && n > 6) {
            const cJSON *m = json_parse(a, line + 5, n - 5, e);
            answer = json_get(m, "id") ? m : answer;
        }
        line += n;
        line += strspn(line, "\r\n");
    }
    return answer;
}

static const char *result_first_text(const cJSON *result)
{
    const char *text = json_str(json_path(result, "content[0]"), "text");
    return text ? text : "no words";
}

const cJSON *demo_call(struct demo *d, const char *tool, const cJSON *arguments, struct err *e)
{
    struct arena *a = d->arena;
    const struct fetch_header headers[] = { { "Content-Type", "application/json" },
                                            { "Accept", "application/json, text/event-stream" },
                                            { "MCP-Protocol-Version", PROTOCOL },
                                            { "Mcp-Method", "tools/call" },
                                            { "Mcp-Name", tool },
                                            { 0 } };
    const char *text = call_body(a, tool, arguments);
    struct fetch_request r = { .method = "POST",
                               .url = arena_printf(a, "http://127.0.0.1:%d/mcp", d->mcp_port),
                               .headers = headers,
                               .body = text,
                               .body_len = strlen(text),
                               .timeout = 60,
                               .cancel = &d->cancel };
    struct fetch_answer out = { 0 };
    if (!fetch(d->loop, a, &r, &out, e))
        return err_at(e, "calling %s", tool), NULL;
    const cJSON *m = read_message(a, &out, e);
    const cJSON *result = json_get(m, "result");
    if (!result)
        return err_set(e, ERR_PROTO, "calling %s: HTTP %d %.300s", tool, out.status, out.body),
               NULL;
    if (json_true(result, "isError"))
        return err_set(e, ERR_GATEWAY, "%s says: %s", tool, result_first_text(result)), NULL;
    return json_get(result, "structuredContent");
}
