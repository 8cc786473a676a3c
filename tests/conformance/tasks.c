/* tasks.c - fixtures for the tasks extension, and those that make listen streams speak. */
#include "fixture.h"
#include "mcp/ask_state_private.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "mcp/task.h"
#include "net/loop.h"

static const cJSON *greet(struct call *c)
{
    return fixture_text(c->arena, "Hello, %s!", arg_str(c, "name"));
}

static const cJSON *slow(struct call *c)
{
    double seconds = arg_num(c, "seconds", 1);
    if (seconds > 0 && task_detach(fixture_call(c)->request))
        task_status(fixture_call(c)->request, "Computing for %.1f seconds", seconds);
    if (!nap(c->service->loop, seconds, c->cancel, &c->err))
        return NULL;
    const char *label = arg_str(c, "label");
    return fixture_text(c->arena, "Computed %s", label ? label : "it");
}

static const cJSON *failing(struct call *c)
{
    if (!task_declared(fixture_call(c)->request))
        return NULL;
    task_detach(fixture_call(c)->request);
    cJSON *result = fixture_text(c->arena, "The job failed");
    json_set_bool(c->arena, result, "isError", true);
    return result;
}

static const cJSON *protocol_error(struct call *c)
{
    task_detach(fixture_call(c)->request);
    request_fail(fixture_call(c)->request, 200, RPC_INTERNAL, "The job broke");
    return NULL;
}

static cJSON *add_form(struct call *c, cJSON *requests, const char *key, const char *message,
                       const char *schema)
{
    fixture_input(c->arena, requests, key, "elicitation/create",
                  fixture_form(fixture_call(c)->request, message, schema));
    return requests;
}

#define CONFIRM                                                                                    \
    "{'type':'object','properties':{'confirm':{'type':'boolean'}},'required':['confirm']}"
#define NAME "{'type':'object','properties':{'name':{'type':'string'}},'required':['name']}"

static const cJSON *confirm_delete(struct call *c)
{
    if (!task_detach(fixture_call(c)->request))
        return fixture_text(c->arena, "Not deleted: nobody can be asked");
    cJSON *form = add_form(c, json_object(c->arena), "confirm", "Delete it?", CONFIRM);
    const cJSON *answers = task_ask(fixture_call(c)->request, form);
    if (!answers)
        return NULL;
    bool yes = json_true(json_path(answers, "confirm.content"), "confirm");
    return fixture_text(c->arena, "%s %s", yes ? "Deleted" : "Kept", arg_str(c, "filename"));
}

static const cJSON *multi_input(struct call *c)
{
    if (!task_detach(fixture_call(c)->request))
        return fixture_text(c->arena, "Nobody can be asked");
    cJSON *forms = add_form(c, json_object(c->arena), "first", "First name?", NAME);
    add_form(c, forms, "second", "Second name?", NAME);
    const cJSON *answers = task_ask(fixture_call(c)->request, forms);
    return answers ? fixture_text(c->arena, "%d answers", json_count(answers)) : NULL;
}

static const cJSON *with_task(struct call *c)
{
    const char *name = fixture_said(fixture_answer(fixture_call(c)->request, "user_name"), "name");
    if (!fixture_call(c)->question.retry.id || !name) {
        cJSON *result = json_object(c->arena);
        json_set_str(c->arena, result, "resultType", "input_required");
        json_set(c->arena, result, "inputRequests",
                 add_form(c, json_object(c->arena), "user_name", "What is your name?", NAME));
        json_set_str(c->arena, result, "requestState",
                     ask_state_make(&fixture_call(c)->question,
                                    &(struct shown){ .id = "1", .plan = "task" }));
        return result;
    }
    task_detach(fixture_call(c)->request);
    if (!nap(c->service->loop, 0.1, c->cancel, &c->err))
        return NULL;
    return fixture_text(c->arena, "Hello, %s!", name);
}

static const cJSON *tools_change(struct call *c)
{
    listen_changed(fixture_call(c)->request->mcp, LISTEN_TOOLS);
    return fixture_text(c->arena, "Told");
}

static const cJSON *prompts_change(struct call *c)
{
    listen_changed(fixture_call(c)->request->mcp, LISTEN_PROMPTS);
    return fixture_text(c->arena, "Told");
}

static const struct field name[] = { { "name", STR, REQ, "Who." }, { 0 } };
static const struct field filename[] = { { "filename", STR, REQ, "What." }, { 0 } };
static const struct field job[] = {
    { "seconds", NUM, OPT, "How long.", .min = 0, .max = 600 },
    { "label", STR, OPT, "What." },
    { 0 },
};

#define FIXTURE(n, t, f)                                                                           \
    .name = n, .title = t, .about = t ".", .risk = READ, .local = true, .whole = true, .read = f

const struct tool task_tools[] = {
    { FIXTURE("greet", "Greets", greet), .in = name },
    { FIXTURE("slow_compute", "Computes slowly", slow), .in = job },
    { FIXTURE("failing_job", "Fails", failing) },
    { FIXTURE("protocol_error_job", "Breaks", protocol_error) },
    { FIXTURE("confirm_delete", "Asks in a task", confirm_delete), .in = filename },
    { FIXTURE("multi_input", "Asks twice in a task", multi_input) },
    { FIXTURE("test_tool_with_task", "Asks, then is a task", with_task) },
    { FIXTURE("test_trigger_tool_change", "Tells that the tools changed", tools_change) },
    { FIXTURE("test_trigger_prompt_change", "Tells that the prompts changed", prompts_change) },
    { 0 },
};
