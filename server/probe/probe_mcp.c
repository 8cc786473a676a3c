/* probe_mcp.c - an MCP server as a client meets it: initialize, notifications/initialized,
 * tools/list, by streamable HTTP. Of the older transport the stream is opened until it names its
 * endpoint. Source: the protocol's specification, 2025-06-18. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "net/fetch.h"
#include "net/sse.h"
#include "probe/probe_private.h"
#include <string.h>

enum { EVENT_MAX = 1 << 20, TOOLS_TOLD = 8, TOOL_NAME = 64, HEADERS = 5 };
static const char VERSION[] = "2025-06-18";

struct mcp_talk {
    struct knock *k;
    const char *session; /* of the server; NULL: it has none */
    const char *last;    /* method that was sent */
    struct sse *events;  /* of an answer that comes as a stream */
    struct buf *raw;
    int id;
    const cJSON *answer;  /* to that id; NULL: none yet */
    const char *endpoint; /* of the older transport */
};

/* -- what comes ----------------------------------------------------------------------------------
 */

static void take_mcp_text(struct mcp_talk *t, const char *text, size_t n)
{
    struct err ignored = { 0 };
    const cJSON *o = json_parse(t->k->party->a, text, n, &ignored);
    if (!t->answer && json_get(o, "id") && (int)json_num(o, "id", -1) == t->id)
        t->answer = o;
}

static void take_mcp_event(void *arg, const char *event, const char *data, size_t n)
{
    struct mcp_talk *t = arg;
    if (!strcmp(event, "endpoint") && !t->endpoint)
        t->endpoint = arena_strndup(t->k->party->a, data, n);
    else
        take_mcp_text(t, data, n);
}

/* Whether it is a stream is known from the first byte: JSON begins with a brace. */
static bool take_mcp_bytes(void *arg, const char *bytes, size_t n)
{
    struct mcp_talk *t = arg;
    if (!buf_add(t->raw, bytes, n) || !sse_feed(t->events, bytes, n))
        return false;
    return !t->answer && !t->endpoint;
}

/* -- what is sent --------------------------------------------------------------------------------
 */

static bool send_mcp(struct mcp_talk *t, const char *method, const cJSON *message,
                     struct fetch_answer *answer, struct err *e)
{
    struct arena *a = t->k->party->a;
    struct fetch_header headers[HEADERS] = { { "Accept", "application/json, text/event-stream" },
                                             { "MCP-Protocol-Version", VERSION } };
    int n = 2;
    if (message)
        headers[n++] = (struct fetch_header){ "Content-Type", "application/json" };
    if (t->session)
        headers[n++] = (struct fetch_header){ "Mcp-Session-Id", t->session };
    struct fetch_request r = { .method = method,
                               .headers = headers,
                               .body = message ? json_print(a, message) : NULL,
                               .sink = take_mcp_bytes,
                               .sink_arg = t };
    r.body_len = r.body ? strlen(r.body) : 0;
    t->answer = NULL;
    t->raw = buf_in(a, EVENT_MAX);
    t->events = sse_new(a, EVENT_MAX, take_mcp_event, t);
    bool ok = knock_send(t->k, &r, answer, e);
    if (ok && !t->answer && !t->endpoint) {
        sse_end(t->events);
        take_mcp_text(t, t->raw->data, t->raw->len);
    }
    return ok;
}

static cJSON *mcp_message(struct arena *a, const char *method, int id)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "jsonrpc", "2.0");
    json_set_str(a, o, "method", method);
    if (id)
        json_set_num(a, o, "id", id);
    return o;
}

/* What was wrong with an answer, into the row; true: nothing. */
static bool mcp_answered(struct mcp_talk *t, const struct fetch_answer *answer)
{
    struct arena *a = t->k->party->a;
    const cJSON *error = json_get(t->answer, "error");
    json_set_num(a, t->k->row, "status", answer->status);
    if (answer->status < 200 || answer->status >= 300) {
        json_set_str(a, t->k->row, "result", arena_printf(a, "http-%d", answer->status));
        knock_said(t->k, arena_printf(a, "%s: %s", t->last, answer->body ? answer->body : ""));
    } else if (error) {
        json_set_str(a, t->k->row, "result", "mcp-error");
        knock_said(t->k, arena_printf(a, "%s: %.0f %s", t->last, json_num(error, "code", 0),
                                      json_text(error, "message")));
    } else if (!t->answer) {
        json_set_str(a, t->k->row, "result", "no-mcp");
        knock_said(t->k, arena_printf(a, "%s was answered with no message of MCP", t->last));
    }
    return t->answer && !error;
}

/* The result of a method; NULL: the row says why there is none. */
static const cJSON *mcp_ask(struct mcp_talk *t, const char *method, cJSON *params,
                            struct fetch_answer *answer)
{
    struct arena *a = t->k->party->a;
    struct err e = { 0 };
    t->last = method;
    cJSON *message = mcp_message(a, method, ++t->id);
    json_set(a, message, "params", params);
    if (!send_mcp(t, "POST", message, answer, &e)) {
        knock_failed(t->k, answer, &e);
        return NULL;
    }
    return mcp_answered(t, answer) ? json_get(t->answer, "result") : NULL;
}

static bool mcp_initialize(struct mcp_talk *t)
{
    struct arena *a = t->k->party->a;
    struct fetch_answer answer = { 0 };
    struct err ignored = { 0 };
    cJSON *params = json_object(a), *client = json_object(a);
    json_set_str(a, params, "protocolVersion", VERSION);
    json_set_object(a, params, "capabilities");
    json_set_str(a, client, "name", "higress-ops");
    json_set_str(a, client, "version", "1");
    json_set(a, params, "clientInfo", client);
    const cJSON *result = mcp_ask(t, "initialize", params, &answer);
    if (!result)
        return false;
    const cJSON *server = json_get(result, "serverInfo");
    t->session = arena_strdup(a, fetch_answer_header(&answer, "mcp-session-id"));
    json_set_str(
        a, t->k->row, "server",
        text_clean(a,
                   arena_printf(a, "%s %s, MCP %s", json_text(server, "name"),
                                json_text(server, "version"), json_text(result, "protocolVersion")),
                   200));
    struct fetch_answer accepted = { 0 };
    send_mcp(t, "POST", mcp_message(a, "notifications/initialized", 0), &accepted, &ignored);
    return true;
}

static void mcp_list_tools(struct mcp_talk *t)
{
    struct arena *a = t->k->party->a;
    struct fetch_answer answer = { 0 };
    const cJSON *result = mcp_ask(t, "tools/list", json_object(a), &answer), *tool;
    const cJSON *tools = json_get(result, "tools");
    if (!result)
        return;
    cJSON *names = json_array(a);
    cJSON_ArrayForEach(tool, tools) if (json_count(names) < TOOLS_TOLD)
        json_add_str(a, names, text_clean(a, json_text(tool, "name"), TOOL_NAME));
    json_set_str(a, t->k->row, "result", cJSON_IsArray(tools) ? "ok" : "no-mcp");
    json_set_num(a, t->k->row, "tools", json_count(tools));
    json_set(a, t->k->row, "first", names);
    if (json_str(result, "nextCursor"))
        knock_said(t->k, "there are more tools on further pages");
}

static void mcp_stream(struct mcp_talk *t)
{
    struct arena *a = t->k->party->a;
    struct fetch_answer answer = { 0 };
    struct err e = { 0 };
    json_set_str(a, t->k->row, "sent",
                 text_clean(a, arena_printf(a, "GET %s, an event stream", t->k->path), 300));
    bool ok = send_mcp(t, "GET", NULL, &answer, &e);
    if (t->endpoint) {
        json_set_str(a, t->k->row, "result", "ok");
        json_set_num(a, t->k->row, "status", answer.status);
        knock_said(t->k,
                   "the stream of the older transport named its endpoint; no method was called");
    } else if (!ok) {
        knock_failed(t->k, &answer, &e);
    } else {
        t->last = "the stream";
        mcp_answered(t, &answer);
    }
}

void knock_mcp(struct knock *k)
{
    struct arena *a = k->party->a;
    struct mcp_talk t = { .k = k };
    struct err ignored = { 0 };
    struct fetch_answer ended = { 0 };
    if (k->stream) {
        mcp_stream(&t);
        return;
    }
    json_set_str(a, k->row, "sent",
                 text_clean(a,
                            arena_printf(a, "POST %s: initialize, tools/list%s%s", k->path,
                                         k->as ? ", Host " : "", k->as ? k->as : ""),
                            400));
    if (!mcp_initialize(&t))
        return;
    mcp_list_tools(&t);
    if (t.session)
        send_mcp(&t, "DELETE", NULL, &ended, &ignored); /* the server may end it */
}
