/* fixture.h - what the fixtures of the official conformance suite share. They are compiled only
 * into the test build (`make CONFORMANCE=1`); names, texts and shapes are those that the suite
 * looks for.
 */
#pragma once
#include "call/call_private.h"
#include "mcp/era.h"
#include "mcp/prompt.h"
#include "mcp/tool_call.h"
#include "tool.h"

#define PNG                                                                                        \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg" \
    "gg=="
#define WAV "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="

extern const struct tool content_tools[], session_tools[], input_tools[], task_tools[];
extern const struct coded_prompt fixture_prompts[];
extern const struct resource_provider fixture_resources;

/* The client that called: all calls of this server are its. */
static inline struct tool_call *fixture_call(struct call *c)
{
    return (struct tool_call *)(void *)c->caller;
}

/* {"content":[{"type":"text","text":…}]} */
cJSON *fixture_text(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a block to a result's content: JSON text with ' for " (no value holds one). */
cJSON *fixture_block(struct arena *a, cJSON *result, const char *json);
/* JSON text with ' for ". */
cJSON *fixture_json(struct arena *a, const char *json);
/* params of an elicitation with that message and requestedSchema, as each era has them. */
cJSON *fixture_form(struct request *r, const char *message, const char *schema);
/* {"method":…,"params":…} as a member of inputRequests. */
void fixture_input(struct arena *a, cJSON *requests, const char *key, const char *method,
                   cJSON *params);
/* What inputResponses holds for the key, if it is an object. */
const cJSON *fixture_answer(struct request *r, const char *key);
/* The string content.NAME of an accepted form; NULL: not accepted, or no string. */
const char *fixture_said(const cJSON *answer, const char *name);
/* True: the client declared it ("sampling"). False: r has the error that says so. */
bool fixture_needs(struct request *r, const char *capability);
