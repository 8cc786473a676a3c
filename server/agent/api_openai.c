/* api_openai.c - chat completions, as OpenAI and those that speak like it have them.
 *
 * Fragments of a call are joined by `index`, never by id; members of a message that we do not know
 * (reasoning_content, …) are joined and sent back, because some of these servers insist on them.
 */
#include "agent/history_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "net/fetch.h"
#include <string.h>

static const struct fetch_header headers[] = { { 0 } };

/* -- the request --------------------------------------------------------------------------------
 */

static cJSON *add_openai_message(struct arena *a, cJSON *list, const char *role,
                                 const char *content)
{
    cJSON *message = json_add(a, list, json_object(a));
    json_set_str(a, message, "role", role);
    json_set_str(a, message, "content", content);
    return message;
}

static void add_openai_turn(struct arena *a, cJSON *list, const struct turn *t)
{
    if (t->kind == TURN_PERSON)
        add_openai_message(a, list, "user", t->text);
    else if (t->kind == TURN_MODEL)
        json_add(a, list, json_clone(a, t->message));
    for (int i = 0; i < t->count; i++) {
        const struct result *r = &t->results[i];
        const char *text = r->failed ? arena_printf(a, "ERROR: %s", r->text) : r->text;
        json_set_str(a, add_openai_message(a, list, "tool", text), "tool_call_id", r->id);
    }
}

static void add_openai_tools(struct arena *a, cJSON *request, const cJSON *tools)
{
    cJSON *list = json_set_array(a, request, "tools");
    const cJSON *t;
    cJSON_ArrayForEach(t, tools)
    {
        cJSON *one = json_add(a, list, json_object(a));
        json_set_str(a, one, "type", "function");
        cJSON *function = json_set_object(a, one, "function");
        json_set_str(a, function, "name", json_str(t, "name"));
        json_set_str(a, function, "description", json_str(t, "description"));
        json_set(a, function, "parameters", json_clone(a, json_get(t, "schema")));
    }
}

static cJSON *make_openai_request(struct arena *a, const struct config_model *m,
                                  const struct history *h)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "model", m->name);
    json_set_bool(a, o, "stream", true);
    json_set_bool(a, json_set_object(a, o, "stream_options"), "include_usage", true);
    json_set_num(a, o, "max_completion_tokens", m->answer_tokens);
    add_openai_tools(a, o, h->tools);
    cJSON *list = json_set_array(a, o, "messages");
    add_openai_message(a, list, "system", h->rules);
    for (int i = 0; i < h->count; i++)
        add_openai_turn(a, list, &h->turns[i]);
    return m->request ? json_merge_patch(a, o, m->request) : o;
}

/* -- the reply ----------------------------------------------------------------------------------
 */

static const struct reply_end_name openai_ends[] = { { "stop", REPLY_DONE },
                                                     { "tool_calls", REPLY_CALLS },
                                                     { "function_call", REPLY_CALLS },
                                                     { "length", REPLY_LENGTH },
                                                     { "content_filter", REPLY_REFUSED },
                                                     { 0 } };

/* Without an index a new id is a new call, and no id goes on with the last one. */
static int openai_index_of(const struct reply *r, const cJSON *fragment)
{
    const cJSON *index = json_get(fragment, "index");
    const char *id = json_str(fragment, "id");
    if (cJSON_IsNumber(index))
        return index->valueint;
    for (int i = 0; id && *id && i < r->call_count; i++)
        if (!strcmp(r->calls[i].id, id))
            return r->calls[i].index;
    bool same = r->call_count > 0 && !(id && *id);
    return same ? r->calls[r->call_count - 1].index : r->call_count;
}

static void take_openai_call(struct reply *r, const cJSON *fragment)
{
    const cJSON *function = json_get(fragment, "function"),
                *given = json_get(function, "arguments");
    struct reply_call *c = reply_call(r, openai_index_of(r, fragment), json_str(fragment, "id"));
    const char *name = json_str(function, "name");
    if (!c)
        return;
    if (name && *name)
        c->name = arena_strdup(r->arena, name);
    if (cJSON_IsString(given))
        buf_str(c->arguments, given->valuestring);
    else if (cJSON_IsObject(given)) /* some servers do not write it as text */
        json_write(c->arguments, given);
}

/* A member that we do not know: texts and lists are joined, others replaced. */
static void join_unknown_member(struct reply *r, const cJSON *member)
{
    cJSON *had = json_get(r->parts, member->string);
    const cJSON *item;
    if (cJSON_IsString(member))
        reply_extend(r, r->parts, member->string, member->valuestring);
    else if (cJSON_IsArray(member) && cJSON_IsArray(had))
        cJSON_ArrayForEach(item, member) json_add(r->arena, had, json_clone(r->arena, item));
    else if (!cJSON_IsNull(member) && (had || reply_add_part(r)))
        json_set(r->arena, r->parts, member->string, json_clone(r->arena, member));
}

static void take_openai_delta(struct reply *r, const cJSON *delta)
{
    const cJSON *member, *fragment;
    cJSON_ArrayForEach(member, json_members(delta))
    {
        if (!strcmp(member->string, "content"))
            reply_say(r, cJSON_IsString(member) ? member->valuestring : NULL);
        else if (!strcmp(member->string, "tool_calls"))
            cJSON_ArrayForEach(fragment, member) take_openai_call(r, fragment);
        else if (strcmp(member->string, "role") != 0)
            join_unknown_member(r, member);
    }
}

static void take_openai_usage(struct reply *r, const cJSON *usage)
{
    if (!cJSON_IsObject(usage))
        return;
    const cJSON *input = json_get(usage, "prompt_tokens"),
                *output = json_get(usage, "completion_tokens");
    double cached = json_num(json_get(usage, "prompt_tokens_details"), "cached_tokens", 0);
    r->usage = (struct usage){ .input = json_num(usage, "prompt_tokens", 0),
                               .output = json_num(usage, "completion_tokens", 0),
                               .cache_read = json_num(usage, "prompt_cache_hit_tokens", cached),
                               .known = cJSON_IsNumber(input) && cJSON_IsNumber(output) };
}

static void take_openai_choice(struct reply *r, const cJSON *data, const char *member)
{
    const cJSON *choice = json_get(data, "choices");
    choice = choice ? choice->child : NULL;
    const char *reason = json_str(choice, "finish_reason");
    take_openai_usage(r, json_get(choice, "usage"));
    take_openai_usage(r, json_get(data, "usage"));
    reply_wrong(r, json_get(data, "error"));
    if (!choice)
        return;
    r->begun = true;
    r->parts = r->parts ? r->parts : json_object(r->arena);
    take_openai_delta(r, json_get(choice, member));
    if (reason && *reason)
        r->end = reply_end_named(openai_ends, reason);
}

static void take_openai_event(struct reply *r, const char *name, const cJSON *data)
{
    (void)name;
    take_openai_choice(r, data, "delta");
}

static void take_openai_whole(struct reply *r, const cJSON *body)
{
    take_openai_choice(r, body, "message");
}

static void finish_openai_reply(struct reply *r)
{
    struct arena *a = r->arena;
    cJSON *m = json_object(a);
    const cJSON *part;
    reply_close(r);
    json_set_str(a, m, "role", "assistant");
    json_set_str(a, m, "content", r->text->data);
    cJSON_ArrayForEach(part, r->parts) json_set(a, m, part->string, json_clone(a, part));
    r->message = m;
    if (!r->call_count)
        return;
    cJSON *calls = json_set_array(a, m, "tool_calls");
    for (int i = 0; i < r->call_count; i++) {
        cJSON *one = json_add(a, calls, json_object(a));
        json_set_str(a, one, "id", r->calls[i].id);
        json_set_str(a, one, "type", "function");
        cJSON *function = json_set_object(a, one, "function");
        json_set_str(a, function, "name", r->calls[i].name ? r->calls[i].name : "none");
        json_set_str(a, function, "arguments", reply_arguments(&r->calls[i]));
    }
}

const struct api api_openai = { .name = "openai",
                                .path = "/chat/completions",
                                .key_header = "authorization",
                                .headers = headers,
                                .request = make_openai_request,
                                .event = take_openai_event,
                                .whole = take_openai_whole,
                                .finish = finish_openai_reply };
