/* prompts.c - the suite's prompts. */
#include "fixture.h"

static cJSON *user(struct arena *a, cJSON *result, cJSON *content)
{
    cJSON *messages = json_get(result, "messages");
    if (!messages)
        messages = json_set_array(a, result, "messages");
    cJSON *one = json_add(a, messages, json_object(a));
    json_set_str(a, one, "role", "user");
    json_set(a, one, "content", content);
    return result;
}

static cJSON *text(struct arena *a, const char *words)
{
    cJSON *block = json_object(a);
    json_set_str(a, block, "type", "text");
    json_set_str(a, block, "text", words);
    return block;
}

static cJSON *simple(struct request *r, const cJSON *given)
{
    struct arena *a = r->arena;
    (void)given;
    return user(a, json_object(a), text(a, "This is a simple prompt for testing."));
}

static cJSON *with_arguments(struct request *r, const cJSON *given)
{
    struct arena *a = r->arena;
    return user(a, json_object(a),
                text(a, arena_printf(a, "Prompt with arguments: arg1='%s', arg2='%s'",
                                     json_str(given, "arg1"), json_str(given, "arg2"))));
}

static cJSON *with_resource(struct request *r, const cJSON *given)
{
    struct arena *a = r->arena;
    cJSON *block = fixture_json(a, "{'type':'resource','resource':{}}");
    cJSON *resource = json_get(block, "resource");
    json_set_str(a, resource, "uri", json_str(given, "resourceUri"));
    json_set_str(a, resource, "mimeType", "text/plain");
    json_set_str(a, resource, "text", "Embedded resource content for testing.");
    return user(a, user(a, json_object(a), block),
                text(a, "Please process the embedded resource above."));
}

static cJSON *with_image(struct request *r, const cJSON *given)
{
    struct arena *a = r->arena;
    (void)given;
    return user(a,
                user(a, json_object(a),
                     fixture_json(a, "{'type':'image','data':'" PNG "','mimeType':'image/png'}")),
                text(a, "Please analyze the image above."));
}

static cJSON *asks(struct request *r, const cJSON *given)
{
    struct arena *a = r->arena;
    (void)given;
    const char *context = fixture_said(fixture_answer(r, "user_context"), "context");
    if (context)
        return user(a, json_object(a), text(a, arena_printf(a, "Context: %s", context)));
    cJSON *result = json_object(a);
    json_set_str(a, result, "resultType", "input_required");
    fixture_input(a, json_set_object(a, result, "inputRequests"), "user_context",
                  "elicitation/create",
                  fixture_form(r, "What is the context?",
                               "{'type':'object','properties':{'context':{'type':'string'}},"
                               "'required':['context']}"));
    return result;
}

static const struct field two[] = {
    { "arg1", STR, REQ, "First." },
    { "arg2", STR, REQ, "Second." },
    { 0 },
};
static const struct field uri[] = { { "resourceUri", STR, REQ, "What to embed." }, { 0 } };

const struct coded_prompt fixture_prompts[] = {
    { "test_simple_prompt", "A simple prompt.", NULL, simple },
    { "test_prompt_with_arguments", "A prompt with arguments.", two, with_arguments },
    { "test_prompt_with_embedded_resource", "A prompt with a resource.", uri, with_resource },
    { "test_prompt_with_image", "A prompt with an image.", NULL, with_image },
    { "test_input_required_result_prompt", "A prompt that asks first.", NULL, asks },
    { 0 },
};
