/* api.c - the table of APIs, and what their rows share. */
#include "agent/api_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include <string.h>

extern const struct api api_openai, api_anthropic;

const struct api *api_of(enum model_api which)
{
    return which == MODEL_ANTHROPIC ? &api_anthropic : &api_openai;
}

void reply_say(struct reply *r, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n && buf_add(r->text, text, n) && r->said)
        r->said(r->said_arg, text, n);
}

struct reply_call *reply_call(struct reply *r, int index, const char *id)
{
    for (int i = 0; i < r->call_count; i++)
        if (r->calls[i].index == index)
            return &r->calls[i];
    if (r->call_count == CALLS_MAX) {
        r->too_many = true;
        return NULL;
    }
    struct reply_call *c = &r->calls[r->call_count++];
    *c = (struct reply_call){ .index = index, .arguments = buf_in(r->arena, REPLY_MAX) };
    c->id =
        id && *id ? arena_strdup(r->arena, id) : arena_printf(r->arena, "call_%d", r->call_count);
    return c;
}

const char *reply_arguments(const struct reply_call *c)
{
    return c->arguments->len ? c->arguments->data : "{}";
}

void reply_extend(struct reply *r, cJSON *object, const char *member, const char *more)
{
    const char *had = json_str(object, member);
    if (r->open.object != object || strcmp(r->open.member, member) != 0) {
        reply_close(r);
        r->open.object = object;
        r->open.member = arena_strdup(r->arena, member);
        r->open.text = r->open.text ? r->open.text : buf_in(r->arena, REPLY_MAX);
        buf_reset(r->open.text);
        buf_str(r->open.text, had ? had : "");
    }
    buf_str(r->open.text, more);
}

void reply_close(struct reply *r)
{
    if (r->open.object)
        json_set_str(r->arena, r->open.object, r->open.member, r->open.text->data);
    r->open.object = NULL;
}

/* What is over soon, so that asking again helps. */
static bool is_passing(const char *type)
{
    static const char *const soon[] = { "overloaded", "rate_limit", "timeout", "server_error",
                                        "api_error" };
    for (size_t i = 0; type && i < sizeof soon / sizeof *soon; i++)
        if (strstr(type, soon[i]))
            return true;
    return false;
}

void reply_wrong(struct reply *r, const cJSON *error)
{
    const char *type = json_str(error, "type"), *message = json_str(error, "message");
    message = message ? message : cJSON_IsString(error) ? error->valuestring : NULL;
    r->wrong = arena_printf(r->arena, "%s%s%s", type ? type : "", type && message ? ": " : "",
                            message ? message : "");
    r->wrong_passes = is_passing(type);
}
