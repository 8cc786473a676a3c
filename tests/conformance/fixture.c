/* fixture.c - the toolset of the test build, in place of server/toolsets.c, and what its tools
 * share. */
#include "fixture.h"
#include <stdarg.h>

cJSON *fixture_json(struct arena *a, const char *json)
{
    char *text = arena_strdup(a, json);
    struct err e = { 0 };
    for (char *p = text; *p; p++)
        if (*p == '\'')
            *p = '"';
    cJSON *tree = json_parse(a, text, strlen(text), &e);
    if (!tree)
        bug("fixture: %s in %s", e.text, text);
    return tree;
}

cJSON *fixture_block(struct arena *a, cJSON *result, const char *json)
{
    cJSON *content = json_get(result, "content");
    if (!content)
        content = json_set_array(a, result, "content");
    json_add(a, content, fixture_json(a, json));
    return result;
}

cJSON *fixture_text(struct arena *a, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON *result = json_object(a);
    cJSON *block = json_add(a, json_set_array(a, result, "content"), json_object(a));
    json_set_str(a, block, "type", "text");
    json_set_str(a, block, "text", text);
    return result;
}

cJSON *fixture_form(struct request *r, const char *message, const char *schema)
{
    cJSON *params = json_object(r->arena);
    if (r->era->form_mode)
        json_set_str(r->arena, params, "mode", "form");
    json_set_str(r->arena, params, "message", message);
    json_set(r->arena, params, "requestedSchema", fixture_json(r->arena, schema));
    return params;
}

void fixture_input(struct arena *a, cJSON *requests, const char *key, const char *method,
                   cJSON *params)
{
    cJSON *one = json_set_object(a, requests, key);
    json_set_str(a, one, "method", method);
    json_set(a, one, "params", params);
}

const cJSON *fixture_answer(struct request *r, const char *key)
{
    const cJSON *answer = json_get(json_get(r->rpc.params, "inputResponses"), key);
    return cJSON_IsObject(answer) ? answer : NULL;
}

const char *fixture_said(const cJSON *answer, const char *name)
{
    const char *action = json_str(answer, "action");
    if (!action || strcmp(action, "accept"))
        return NULL;
    return json_str(json_get(answer, "content"), name);
}

bool fixture_needs(struct request *r, const char *capability)
{
    if (json_get(r->client, capability))
        return true;
    r->err_data = arena_printf(r->arena, "{\"requiredCapabilities\":{\"%s\":{}}}", capability);
    return request_fail(r, 400, RPC_NO_CAPABILITY, "Missing required client capability");
}

static const struct toolset content = { .name = "conformance",
                                        .about = "Contents, errors, progress.",
                                        .tools = content_tools,
                                        .prompts = fixture_prompts,
                                        .resources = &fixture_resources };
static const struct toolset session = { .name = "conformance-session",
                                        .about = "Requests to clients of session revisions.",
                                        .tools = session_tools };
static const struct toolset input = { .name = "conformance-input",
                                      .about = "Results that ask for input.",
                                      .tools = input_tools };
static const struct toolset task = { .name = "conformance-task",
                                     .about = "Tasks and listen streams.",
                                     .tools = task_tools };

const struct toolset *const toolsets[] = { &content, &session, &input, &task, NULL };
