/* tool_call.c - what of a request is a call, and what of a call the client is told: content blocks,
 * structuredContent, progress, log messages, elicitation, tasks. */
#include "mcp/tool_call.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/task.h"
#include "net/loop.h"

enum {
    TASK_AFTER_SECONDS = 5, /* until a call becomes a task, where the client knows tasks */
    FORM_BYTES = 6000,      /* what a form may hold: more is not read there */
};

static struct tool_call *of(struct caller *c)
{
    return (struct tool_call *)(void *)c;
}

/* -- the answer -------------------------------------------------------------------------- */

static const char *result_of(struct request *r, const struct call_end *end)
{
    struct arena *a = r->arena;
    cJSON *result = json_object(a);
    cJSON *block = json_add(a, json_set_array(a, result, "content"), json_object(a));
    json_set_str(a, block, "type", "text");
    json_set_str(a, block, "text", end->text);
    /* A client with views draws a change for its person out of all of it. */
    bool facts = end->facts && !client_extension(r->client, EXTENSION_UI);
    if (cJSON_IsObject(end->answer) && r->era->structured)
        json_set(a, result, "structuredContent", facts ? end->facts : end->answer);
    json_set_bool(a, result, "isError", !end->answer);
    return request_envelope(r, result);
}

static void tool_call_done(struct caller *c, const struct call_end *end)
{
    struct tool_call *t = of(c);
    struct request *r = t->request;
    loop_untimer(t->patience);
    if (r->gone)
        request_gone(r);
    else if (t->question.input_required)
        request_result(r, t->question.input_required);
    else if (r->err.kind)
        request_error(r);
    else if (end->answer &&
             !end->text) /* the whole result, by a tool of the protocol's own tests */
        request_result(r, request_envelope(r, end->answer));
    else
        request_result(r, result_of(r, end));
}

/* -- meanwhile --------------------------------------------------------------------------- */

static const char *busy(struct caller *c)
{
    return request_busy(of(c)->request);
}

static void send_progress(struct caller *c, double done, double total, const char *text)
{
    struct request *r = of(c)->request;
    cJSON *params = json_object(r->arena);
    json_set(r->arena, params, "progressToken", json_raw(r->arena, r->rpc.progress_token));
    json_set_num(r->arena, params, "progress", done);
    if (total > 0)
        json_set_num(r->arena, params, "total", total);
    if (r->era->step_texts)
        json_set_str(r->arena, params, "message", text);
    request_notify(r, "notifications/progress", params);
}

static void tell_log(struct caller *c, enum log_level level, const char *tool, const char *how)
{
    static const enum level levels[] = { [LOG_DEBUG] = LEVEL_DEBUG,
                                         [LOG_INFO] = LEVEL_INFO,
                                         [LOG_WARN] = LEVEL_WARNING,
                                         [LOG_ERROR] = LEVEL_ERROR };
    request_log(of(c)->request, levels[level], "%s: %s", tool, how);
}

static bool detach(struct caller *c, const char *status)
{
    struct request *r = of(c)->request;
    if (!task_detach(r))
        return false;
    task_status(r, "%s", status);
    task_await(r, true);
    return true;
}

static void rejoin(struct caller *c)
{
    task_await(of(c)->request, false);
}

static void tell_decided(struct caller *c, const char *id)
{
    ask_done(&of(c)->question, id);
}

static enum asked ask_by_form(struct channel *form, const struct ask_about *about,
                              struct shown *shown, struct err *e)
{
    (void)e;
    struct tool_call *t = form->arg;
    return ask_person(&t->question, about, shown);
}

/* The call takes long: its client goes on meanwhile. */
static void slow(void *arg)
{
    const struct tool_call *t = arg;
    task_detach(t->request);
}

static const struct caller_ops client = {
    .kind = "mcp",
    .done = tool_call_done,
    .busy = busy,
    .progress = send_progress,
    .log = tell_log,
    .detach = detach,
    .rejoin = rejoin,
    .decided = tell_decided,
};

/* -- the beginning ----------------------------------------------------------------------- */

static const struct catalog_tool *tool_of(struct request *r)
{
    const cJSON *name = json_get(r->rpc.params, "name");
    if (!cJSON_IsString(name)) {
        request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: name must be a string");
        return NULL;
    }
    const struct catalog_tool *tool = catalog_find(r->mcp->service->catalog, name->valuestring);
    if (!tool)
        request_fail(r, 200, RPC_INVALID_PARAMS, "Unknown tool: %s",
                     text_clean(r->arena, name->valuestring, 80));
    return tool;
}

void tool_call_start(struct request *r)
{
    const struct catalog_tool *tool = tool_of(r);
    const cJSON *args = json_get(r->rpc.params, "arguments");
    struct tool_call *t = arena_make(r->arena, struct tool_call);
    t->request = r;
    t->question = (struct question){ .request = r, .args = args };
    if (tool)
        t->question.tool = tool->tool->name;
    if (!tool || !ask_begin(&t->question)) {
        request_error(r);
        return;
    }
    t->form = (struct channel){ r->asks_by, r->principal, FORM_BYTES, ask_by_form, t };
    t->caller =
        (struct caller){ .ops = &client,
                         .arena = r->arena,
                         .cancel = &r->cancel,
                         .principal = r->principal,
                         .traceparent = json_str(json_get(r->rpc.params, "_meta"), "traceparent"),
                         .channel = &t->form,
                         .hears_progress = r->rpc.progress_token != NULL,
                         .shows_plans = client_extension(r->client, EXTENSION_UI) };
    if (t->question.retry.id)
        t->caller.earlier = &t->question.retry;
    if (task_offered(r))
        t->patience = loop_timer(r->mcp->loop, TASK_AFTER_SECONDS, 0, slow, t);
    call_start(r->mcp->service, &t->caller, tool, args);
}
