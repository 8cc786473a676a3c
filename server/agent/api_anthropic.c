/* api_anthropic.c - messages. The blocks of a reply are kept in their order, thinking and its
 * signature unchanged, because the next request must begin with them. */
#include "agent/history_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "net/fetch.h"
#include <string.h>

static const struct fetch_header headers[] = { { "anthropic-version", "2023-06-01" }, { 0 } };

/* -- the request --------------------------------------------------------------------------------
 */

static cJSON *add_anthropic_block(struct arena *a, cJSON *list, const char *type)
{
    cJSON *block = json_add(a, list, json_object(a));
    json_set_str(a, block, "type", type);
    return block;
}

static cJSON *add_anthropic_text(struct arena *a, cJSON *list, const char *text)
{
    cJSON *block = add_anthropic_block(a, list, "text");
    json_set_str(a, block, "text", text);
    return block;
}

/* What comes up to here is the same next time. */
static void mark_cache_end(struct arena *a, const struct config_model *m, cJSON *block)
{
    if (m->cache && block)
        json_set_str(a, json_set_object(a, block, "cache_control"), "type", "ephemeral");
}

static cJSON *add_anthropic_results(struct arena *a, cJSON *content, const struct turn *t)
{
    cJSON *last = NULL;
    for (int i = 0; i < t->count; i++) {
        last = add_anthropic_block(a, content, "tool_result");
        json_set_str(a, last, "tool_use_id", t->results[i].id);
        json_set_str(a, last, "content", t->results[i].text);
        if (t->results[i].failed)
            json_set_bool(a, last, "is_error", true);
    }
    return last;
}

/* The last block of the turn that may end a cached beginning. */
static cJSON *add_anthropic_turn(struct arena *a, cJSON *list, const struct turn *t)
{
    if (t->kind == TURN_MODEL)
        return json_add(a, list, json_clone(a, t->message)), NULL;
    cJSON *message = json_add(a, list, json_object(a));
    json_set_str(a, message, "role", "user");
    cJSON *content = json_set_array(a, message, "content");
    return t->kind == TURN_PERSON ? add_anthropic_text(a, content, t->text)
                                  : add_anthropic_results(a, content, t);
}

static cJSON *add_anthropic_tools(struct arena *a, cJSON *request, const cJSON *tools)
{
    cJSON *list = json_set_array(a, request, "tools"), *one = NULL;
    const cJSON *t;
    cJSON_ArrayForEach(t, tools)
    {
        one = json_add(a, list, json_object(a));
        json_set_str(a, one, "name", json_str(t, "name"));
        json_set_str(a, one, "description", json_str(t, "description"));
        json_set(a, one, "input_schema", json_clone(a, json_get(t, "schema")));
    }
    return one;
}

static cJSON *make_anthropic_request(struct arena *a, const struct config_model *m,
                                     const struct history *h)
{
    cJSON *o = json_object(a), *last = NULL;
    json_set_str(a, o, "model", m->name);
    json_set_num(a, o, "max_tokens", m->answer_tokens);
    json_set_bool(a, o, "stream", true);
    mark_cache_end(a, m, add_anthropic_tools(a, o, h->tools));
    mark_cache_end(a, m, add_anthropic_text(a, json_set_array(a, o, "system"), h->rules));
    cJSON *list = json_set_array(a, o, "messages");
    for (int i = 0; i < h->count; i++)
        last = add_anthropic_turn(a, list, &h->turns[i]);
    mark_cache_end(a, m, last);
    return m->request ? json_merge_patch(a, o, m->request) : o;
}

/* -- the reply ----------------------------------------------------------------------------------
 */

static const struct reply_end_name anthropic_ends[] = { { "end_turn", REPLY_DONE },
                                                        { "stop_sequence", REPLY_DONE },
                                                        { "tool_use", REPLY_CALLS },
                                                        { "max_tokens", REPLY_LENGTH },
                                                        { "pause_turn", REPLY_PAUSED },
                                                        { "refusal", REPLY_REFUSED },
                                                        { "model_context_window_exceeded",
                                                          REPLY_FULL },
                                                        { 0 } };

static void overwrite_number(double *to, const cJSON *usage, const char *member)
{
    *to = json_num(usage, member, *to);
}

/* Numbers of a later event take the place of earlier ones; the output is known at the end. */
static void take_anthropic_usage(struct reply *r, const cJSON *usage, bool last)
{
    if (!cJSON_IsObject(usage))
        return;
    struct usage *u = &r->usage;
    double plain = u->input - u->cache_read - u->cache_write;
    overwrite_number(&plain, usage, "input_tokens");
    overwrite_number(&u->output, usage, "output_tokens");
    overwrite_number(&u->cache_read, usage, "cache_read_input_tokens");
    overwrite_number(&u->cache_write, usage, "cache_creation_input_tokens");
    u->input = plain + u->cache_read + u->cache_write;
    u->known = last && cJSON_IsNumber(json_get(usage, "output_tokens"));
}

static cJSON *anthropic_block_at(struct reply *r, const cJSON *data)
{
    int i = (int)json_num(data, "index", 0);
    cJSON *block = r->parts ? r->parts->child : NULL;
    for (; block && i > 0; i--)
        block = block->next;
    return block;
}

static void begin_anthropic_block(struct reply *r, int index, const cJSON *block)
{
    const char *type = json_str(block, "type");
    if (!reply_add_part(r))
        return;
    json_add(r->arena, r->parts, json_clone(r->arena, block));
    if (!type)
        return;
    if (!strcmp(type, "text"))
        reply_say(r, json_str(block, "text"));
    if (strcmp(type, "tool_use") != 0)
        return;
    struct reply_call *c = reply_call(r, index, json_str(block, "id"));
    if (!c)
        return;
    c->name = arena_strdup(r->arena, json_str(block, "name"));
    if (json_count(json_get(block, "input")) > 0)
        json_write(c->arguments, json_get(block, "input"));
}

static void take_anthropic_delta(struct reply *r, const cJSON *data)
{
    const cJSON *delta = json_get(data, "delta");
    const char *type = json_str(delta, "type"), *json = json_str(delta, "partial_json");
    const char *text = json_str(delta, "text"), *thought = json_str(delta, "thinking");
    cJSON *block = anthropic_block_at(r, data);
    if (!block || !type)
        return;
    if (!strcmp(type, "text_delta") && text) {
        reply_say(r, text);
        reply_extend(r, block, "text", text);
    } else if (!strcmp(type, "thinking_delta") && thought) {
        reply_extend(r, block, "thinking", thought);
    } else if (!strcmp(type, "signature_delta")) {
        json_set_str(r->arena, block, "signature", json_str(delta, "signature"));
    }
    struct reply_call *c = reply_find_call(r, (int)json_num(data, "index", 0));
    if (c && json)
        buf_str(c->arguments, json);
}

static void take_anthropic_event(struct reply *r, const char *name, const cJSON *data)
{
    const char *type = json_str(data, "type"), *reason;
    type = type ? type : name;
    r->begun = r->begun || !strcmp(type, "message_start");
    r->parts = r->parts && cJSON_IsArray(r->parts) ? r->parts : json_array(r->arena);
    if (!strcmp(type, "message_start")) {
        take_anthropic_usage(r, json_get(json_get(data, "message"), "usage"), false);
    } else if (!strcmp(type, "content_block_start")) {
        begin_anthropic_block(r, (int)json_num(data, "index", 0), json_get(data, "content_block"));
    } else if (!strcmp(type, "content_block_delta")) {
        take_anthropic_delta(r, data);
    } else if (!strcmp(type, "message_delta")) {
        reason = json_str(json_get(data, "delta"), "stop_reason");
        take_anthropic_usage(r, json_get(data, "usage"), true);
        r->end = reason ? reply_end_named(anthropic_ends, reason) : r->end;
    } else if (!strcmp(type, "error")) {
        reply_wrong(r, json_get(data, "error"));
    }
}

static void take_anthropic_whole(struct reply *r, const cJSON *body)
{
    const cJSON *block;
    const char *reason = json_str(body, "stop_reason");
    int i = 0;
    r->parts = json_array(r->arena);
    reply_wrong(r, json_get(body, "error"));
    r->begun = json_get(body, "content") != NULL;
    cJSON_ArrayForEach(block, json_get(body, "content")) begin_anthropic_block(r, i++, block);
    take_anthropic_usage(r, json_get(body, "usage"), true);
    r->end = reason ? reply_end_named(anthropic_ends, reason) : REPLY_CUT;
}

/* Empty texts are refused by the API, and so are an input that is no object and a call that nobody
 * answers, being one too many. */
static bool is_block_sent(struct reply *r, cJSON *block, int index)
{
    const char *type = json_str(block, "type"), *text = json_str(block, "text");
    if (type && !strcmp(type, "text"))
        return text && *text;
    if (!type || strcmp(type, "tool_use") != 0)
        return true;
    const struct reply_call *c = reply_find_call(r, index);
    if (!c)
        return false;
    const char *given = reply_arguments(c);
    cJSON *input = json_parse(r->arena, given, strlen(given), &(struct err){ 0 });
    json_set(r->arena, block, "input", cJSON_IsObject(input) ? input : json_object(r->arena));
    json_set_str(r->arena, block, "id", c->id);
    json_set_str(r->arena, block, "name", c->name ? c->name : "none");
    return true;
}

static void finish_anthropic_reply(struct reply *r)
{
    struct arena *a = r->arena;
    cJSON *block;
    int i = 0;
    reply_close(r);
    r->message = json_object(a);
    json_set_str(a, r->message, "role", "assistant");
    cJSON *content = json_set_array(a, r->message, "content");
    cJSON_ArrayForEach(block, r->parts)
    {
        if (is_block_sent(r, block, i++))
            json_add(a, content, json_clone(a, block));
    }
}

const struct api api_anthropic = { .name = "anthropic",
                                   .path = "/v1/messages",
                                   .key_header = "x-api-key",
                                   .headers = headers,
                                   .request = make_anthropic_request,
                                   .event = take_anthropic_event,
                                   .whole = take_anthropic_whole,
                                   .finish = finish_anthropic_reply };
