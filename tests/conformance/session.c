/* session.c - fixtures for session revisions: log messages, and requests to the client. */
#include "fixture.h"
#include "mcp/mcp.h"
#include "net/loop.h"
#include "web/web_private.h"

static const cJSON *with_logging(struct call *c)
{
    static const char *const said[] = { "Tool execution started", "Tool processing data",
                                        "Tool execution completed" };
    for (int i = 0; i < 3; i++) {
        request_log(fixture_call(c)->request, LEVEL_INFO, "%s", said[i]);
        if (!nap(c->service->loop, 0.05, c->cancel, &c->err))
            return NULL;
    }
    return fixture_text(c->arena, "Tool with logging executed successfully");
}

/* The client's answer to a request of ours; NULL with c->err. */
static const cJSON *answer_of(struct call *c, const char *method, cJSON *params)
{
    const cJSON *answer = NULL;
    if (ask_client(fixture_call(c)->request, method, params, &answer) == ASK_YES)
        return answer;
    fail(c, "the client did not answer %s", method);
    return NULL;
}

static const cJSON *sampling(struct call *c)
{
    struct arena *a = c->arena;
    cJSON *params =
        fixture_json(a, "{'messages':[{'role':'user','content':{'type':'text'}}],'maxTokens':100}");
    json_set_str(a, json_path(params, "messages[0].content"), "text", arg_str(c, "prompt"));
    const cJSON *answer = answer_of(c, "sampling/createMessage", params);
    const char *text = json_str(json_get(answer, "content"), "text");
    return answer ? fixture_text(a, "LLM response: %s", text ? text : "No response") : NULL;
}

static const cJSON *elicit(struct call *c, const char *message, const char *schema)
{
    cJSON *params = fixture_form(fixture_call(c)->request, message, schema);
    const cJSON *answer = answer_of(c, "elicitation/create", params);
    if (!answer)
        return NULL;
    const cJSON *content = json_get(answer, "content");
    return fixture_text(c->arena, "User response: action=%s, content=%s",
                        json_str(answer, "action"), content ? json_print(c->arena, content) : "{}");
}

static const cJSON *elicitation(struct call *c)
{
    return elicit(c, arg_str(c, "message"),
                  "{'type':'object','properties':{"
                  "'username':{'type':'string','description':'Name of the user'},"
                  "'email':{'type':'string','description':'Mail address of the user'}},"
                  "'required':['username','email']}");
}

static const cJSON *defaults(struct call *c)
{
    return elicit(c, "Please check the defaults",
                  "{'type':'object','properties':{"
                  "'name':{'type':'string','default':'John Doe'},"
                  "'age':{'type':'integer','default':30},"
                  "'score':{'type':'number','default':95.5},"
                  "'status':{'type':'string','enum':['active','inactive','pending'],"
                  "'default':'active'},"
                  "'verified':{'type':'boolean','default':true}},'required':[]}");
}

static const cJSON *enums(struct call *c)
{
    return elicit(
        c, "Please choose",
        "{'type':'object','properties':{"
        "'untitledSingle':{'type':'string','enum':['option1','option2','option3']},"
        "'titledSingle':{'type':'string','oneOf':[{'const':'value1','title':'First Option'},"
        "{'const':'value2','title':'Second Option'},{'const':'value3','title':'Third Option'}]},"
        "'legacyEnum':{'type':'string','enum':['opt1','opt2','opt3'],"
        "'enumNames':['Option One','Option Two','Option Three']},"
        "'untitledMulti':{'type':'array','items':{'type':'string',"
        "'enum':['option1','option2','option3']}},"
        "'titledMulti':{'type':'array','items':{'anyOf':[{'const':'value1','title':'First Choice'},"
        "{'const':'value2','title':'Second Choice'},{'const':'value3','title':'Third Choice'}]}}},"
        "'required':[]}");
}

/* The stream ends before the answer; the client comes back for it with Last-Event-ID. */
static const cJSON *reconnection(struct call *c)
{
    const struct session *s = fixture_call(c)->request->session;
    struct web_reply *to = (struct web_reply *)(void *)fixture_call(c)->request->reply;
    if (s && s->id && to->x && to->streams) {
        web_attach(to, to->x);
        web_detach(to);
    }
    if (!nap(c->service->loop, 0.1, c->cancel, &c->err))
        return NULL;
    return fixture_text(c->arena, "Reconnection test completed");
}

static const struct field prompt[] = { { "prompt", STR, REQ, "What to ask." }, { 0 } };
static const struct field message[] = { { "message", STR, REQ, "What to say." }, { 0 } };

#define FIXTURE(n, t, f)                                                                           \
    .name = n, .title = t, .about = t ".", .risk = READ, .local = true, .whole = true, .read = f

const struct tool session_tools[] = {
    { FIXTURE("test_tool_with_logging", "Log messages", with_logging) },
    { FIXTURE("test_sampling", "Sampling", sampling), .in = prompt },
    { FIXTURE("test_elicitation", "Elicitation", elicitation), .in = message },
    { FIXTURE("test_elicitation_sep1034_defaults", "Elicitation with defaults", defaults) },
    { FIXTURE("test_elicitation_sep1330_enums", "Elicitation with choices", enums) },
    { FIXTURE("test_reconnection", "Ends the stream early", reconnection) },
    { 0 },
};
