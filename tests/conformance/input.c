/* input.c - fixtures for 2026-07-28: capabilities, and results that ask for input. */
#include "fixture.h"
#include "mcp/ask_state_private.h"
#include "mcp/mcp.h"

#define NAME_SCHEMA "{'type':'object','properties':{'name':{'type':'string'}},'required':['name']}"

/* input_required with these requests; a state that carries `kept` when it is not NULL. */
static const cJSON *ask_for(struct call *c, cJSON *requests, const char *round, const char *kept)
{
    cJSON *result = json_object(c->arena);
    json_set_str(c->arena, result, "resultType", "input_required");
    json_set(c->arena, result, "inputRequests", requests);
    const struct shown carried = { .id = round, .plan = kept };
    if (kept)
        json_set_str(c->arena, result, "requestState",
                     ask_state_make(&fixture_call(c)->question, &carried));
    return result;
}

static cJSON *elicit(struct call *c, cJSON *requests, const char *key, const char *message,
                     const char *schema)
{
    cJSON *to = requests ? requests : json_object(c->arena);
    fixture_input(c->arena, to, key, "elicitation/create",
                  fixture_form(fixture_call(c)->request, message, schema));
    return to;
}

static cJSON *sample(struct call *c, cJSON *requests, const char *key, const char *params)
{
    cJSON *to = requests ? requests : json_object(c->arena);
    fixture_input(c->arena, to, key, "sampling/createMessage", fixture_json(c->arena, params));
    return to;
}

static cJSON *roots(struct call *c, cJSON *requests, const char *key)
{
    cJSON *to = requests ? requests : json_object(c->arena);
    fixture_input(c->arena, to, key, "roots/list", json_object(c->arena));
    return to;
}

static const cJSON *missing_capability(struct call *c)
{
    return fixture_needs(fixture_call(c)->request, "sampling")
               ? fixture_text(c->arena, "Sampling is declared")
               : NULL;
}

static const cJSON *streaming_elicitation(struct call *c)
{
    if (!fixture_needs(fixture_call(c)->request, "elicitation"))
        return NULL;
    return ask_for(c, elicit(c, NULL, "user_name", "What is your name?", NAME_SCHEMA), NULL, NULL);
}

static const cJSON *logging(struct call *c)
{
    request_log(fixture_call(c)->request, LEVEL_INFO, "test_logging_tool was called");
    return fixture_text(c->arena, "Logged");
}

static const cJSON *by_elicitation(struct call *c)
{
    const char *name = fixture_said(fixture_answer(fixture_call(c)->request, "user_name"), "name");
    if (name)
        return fixture_text(c->arena, "Hello, %s!", name);
    return ask_for(c, elicit(c, NULL, "user_name", "What is your name?", NAME_SCHEMA), NULL, NULL);
}

static const cJSON *by_sampling(struct call *c)
{
    const cJSON *answer = fixture_answer(fixture_call(c)->request, "capital_question");
    const char *text = json_str(json_get(answer, "content"), "text");
    if (text)
        return fixture_text(c->arena, "The model said: %s", text);
    return ask_for(c,
                   sample(c, NULL, "capital_question",
                          "{'messages':[{'role':'user','content':{'type':'text',"
                          "'text':'What is the capital of France?'}}],'maxTokens':100}"),
                   NULL, NULL);
}

static const cJSON *by_roots(struct call *c)
{
    const cJSON *answer = fixture_answer(fixture_call(c)->request, "client_roots");
    if (cJSON_IsArray(json_get(answer, "roots")))
        return fixture_text(c->arena, "%d roots", json_count(json_get(answer, "roots")));
    return ask_for(c, roots(c, NULL, "client_roots"), NULL, NULL);
}

static const cJSON *with_state(struct call *c)
{
    if (fixture_call(c)->question.retry.id && fixture_answer(fixture_call(c)->request, "confirm"))
        return fixture_text(c->arena, "state-ok: %s", fixture_call(c)->question.retry.plan);
    return ask_for(c,
                   elicit(c, NULL, "confirm", "Please confirm",
                          "{'type':'object','properties':{'ok':{'type':'boolean'}},"
                          "'required':['ok']}"),
                   "1", "confirm");
}

static const cJSON *several(struct call *c)
{
    struct request *r = fixture_call(c)->request;
    const char *name = fixture_said(fixture_answer(r, "user_name"), "name");
    if (fixture_call(c)->question.retry.id && name && fixture_answer(r, "greeting") &&
        fixture_answer(r, "client_roots"))
        return fixture_text(c->arena, "All three were answered, %s", name);
    cJSON *all = elicit(c, NULL, "user_name", "What is your name?", NAME_SCHEMA);
    sample(c, all, "greeting",
           "{'messages':[{'role':'user','content':{'type':'text','text':'Say hello'}}],"
           "'maxTokens':50}");
    return ask_for(c, roots(c, all, "client_roots"), "1", "three");
}

static const cJSON *rounds(struct call *c)
{
    const char *round = fixture_call(c)->question.retry.id;
    const cJSON *first = fixture_answer(fixture_call(c)->request, "step1");
    const char *name = fixture_said(first, "name");
    const char *color = fixture_said(fixture_answer(fixture_call(c)->request, "step2"), "color");
    if (round && !strcmp(round, "2") && color)
        return fixture_text(c->arena, "Hello, %s: %s", fixture_call(c)->question.retry.plan, color);
    if (round && (name || !strcmp(round, "2")))
        return ask_for(c,
                       elicit(c, NULL, "step2", "Step 2: What is your favorite color?",
                              "{'type':'object','properties':{'color':{'type':'string'}},"
                              "'required':['color']}"),
                       "2", name ? name : fixture_call(c)->question.retry.plan);
    return ask_for(c, elicit(c, NULL, "step1", "Step 1: What is your name?", NAME_SCHEMA), "1",
                   "nobody");
}

static const cJSON *as_declared(struct call *c)
{
    cJSON *all = json_object(c->arena);
    if (json_get(fixture_call(c)->request->client, "sampling"))
        sample(c, all, "capital_question",
               "{'messages':[{'role':'user','content':{'type':'text',"
               "'text':'What is the capital of France?'}}],'maxTokens':100}");
    if (json_get(fixture_call(c)->request->client, "elicitation"))
        elicit(c, all, "user_name", "What is your name?", NAME_SCHEMA);
    if (json_get(fixture_call(c)->request->rpc.params, "inputResponses") || !all->child)
        return fixture_text(c->arena, "Done");
    return ask_for(c, all, NULL, NULL);
}

#define FIXTURE(n, t, f)                                                                           \
    .name = n, .title = t, .about = t ".", .risk = READ, .local = true, .whole = true, .read = f
#define ASKS "test_input_required_result_"

const struct tool input_tools[] = {
    { FIXTURE("test_missing_capability", "Needs sampling", missing_capability) },
    { FIXTURE("test_streaming_elicitation", "Asks in a stream", streaming_elicitation) },
    { FIXTURE("test_logging_tool", "Logs", logging) },
    { FIXTURE(ASKS "elicitation", "Asks a person", by_elicitation) },
    { FIXTURE(ASKS "sampling", "Asks the model", by_sampling) },
    { FIXTURE(ASKS "list_roots", "Asks for roots", by_roots) },
    { FIXTURE(ASKS "request_state", "Keeps a state", with_state) },
    { FIXTURE(ASKS "tampered_state", "Refuses a forged state", with_state) },
    { FIXTURE(ASKS "multiple_inputs", "Asks three things", several) },
    { FIXTURE(ASKS "multi_round", "Asks in rounds", rounds) },
    { FIXTURE(ASKS "capabilities", "Asks what the client can", as_declared) },
    { 0 },
};
