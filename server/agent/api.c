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

enum reply_end reply_end_named(const struct reply_end_name *ends, const char *reason)
{
    while (ends->name && strcmp(ends->name, reason) != 0)
        ends++;
    return ends->name ? ends->end : REPLY_DONE;
}

void reply_say(struct reply *r, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    r->too_long = r->too_long || !buf_add(r->text, text ? text : "", n);
    if (n && !r->too_long && r->said)
        r->said(r->said_arg, text, n);
}

struct reply_call *reply_find_call(struct reply *r, int index)
{
    for (int i = 0; i < r->call_count; i++)
        if (r->calls[i].index == index)
            return &r->calls[i];
    return NULL;
}

/* APIs want each call's id only once. */
static const char *own_id(const struct reply *r, const char *id)
{
    bool usable = id && *id;
    for (int i = 0; usable && i < r->call_count - 1; i++)
        usable = strcmp(r->calls[i].id, id) != 0;
    return usable ? arena_strdup(r->arena, id)
                  : arena_printf(r->arena, "%s_%d", id && *id ? id : "call", r->call_count);
}

struct reply_call *reply_call(struct reply *r, int index, const char *id)
{
    struct reply_call *c = reply_find_call(r, index);
    if (c)
        return c;
    if (r->call_count == CALLS_MAX) {
        r->too_many = true;
        return NULL;
    }
    c = &r->calls[r->call_count++];
    *c = (struct reply_call){ .index = index, .arguments = buf_in(r->arena, REPLY_MAX) };
    c->id = own_id(r, id);
    return c;
}

const char *reply_arguments(const struct reply_call *c)
{
    return c->arguments->len ? c->arguments->data : "{}";
}

bool reply_add_part(struct reply *r)
{
    r->too_long = r->too_long || ++r->part_count > PARTS_MAX;
    return !r->too_long;
}

/* The newest first: that is the one which grows, mostly. */
static struct reply_text *find_open_text(struct reply *r, const cJSON *object, const char *member)
{
    for (int i = r->open_count - 1; i >= 0; i--)
        if (r->open[i].object == object && !strcmp(r->open[i].member, member))
            return &r->open[i];
    return NULL;
}

void reply_extend(struct reply *r, cJSON *object, const char *member, const char *more)
{
    struct reply_text *t = find_open_text(r, object, member);
    if (!t && !reply_add_part(r))
        return;
    if (!t) {
        const char *had = json_str(object, member);
        r->open = arena_grow(r->arena, r->open, r->open_count, &r->open_room, sizeof *r->open);
        t = &r->open[r->open_count++];
        *t = (struct reply_text){ object, arena_strdup(r->arena, member),
                                  buf_in(r->arena, REPLY_MAX) };
        buf_str(t->text, had ? had : "");
    }
    r->too_long = r->too_long || !buf_str(t->text, more);
}

void reply_close(struct reply *r)
{
    for (int i = 0; i < r->open_count; i++)
        json_set_str(r->arena, r->open[i].object, r->open[i].member, r->open[i].text->data);
    r->open_count = 0;
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
    if (!error || cJSON_IsNull(error))
        return;
    const char *type = json_str(error, "type"), *message = json_str(error, "message");
    message = message ? message : cJSON_IsString(error) ? error->valuestring : NULL;
    r->wrong = arena_printf(r->arena, "%s%s%s", type ? type : "", type && message ? ": " : "",
                            message ? message : "");
    r->wrong_passes = is_passing(type);
}
