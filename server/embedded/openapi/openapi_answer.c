/* openapi_answer.c - the answer's fields as a list in words, put before the answer itself so that a
 * model knows what it reads. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/openapi/openapi_private.h"

enum { MAX_LINES = 200, MAX_DEPTH = 4, MAX_TEXT = 64 << 10 };

struct list {
    struct openapi *o;
    struct buf *out;
    int lines;
};

/* The schema of the first answer that means success and is JSON. */
static const cJSON *success_schema(struct openapi *o, const cJSON *operation)
{
    static const char *const codes[] = { "200", "201", "202", "203", "206", "2XX", "default" };
    const cJSON *responses = json_get(operation, "responses");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const cJSON *response = json_get(responses, codes[i]);
        if (!response)
            continue;
        response = openapi_resolve(o, response);
        const cJSON *media = openapi_media(json_get(response, "content"));
        if (media && strstr(media->string, "json"))
            return json_get(media, "schema");
        if (json_get(response, "schema"))
            return json_get(response, "schema");
    }
    return NULL;
}

static void add_fields(struct list *l, const cJSON *schema, const char *path, int depth)
{
    const cJSON *property, *items = json_get(schema, "items");
    if (items && depth < MAX_DEPTH)
        add_fields(l, items, arena_printf(l->o->a, "%s[]", path), depth);
    cJSON_ArrayForEach(property, json_get(schema, "properties"))
    {
        const char *about = openapi_text(l->o, property, "description");
        const char *here = arena_printf(l->o->a, "%s%s%s", path, *path ? "." : "",
                                        text_clean(l->o->a, property->string, 100));
        if (l->lines++ >= MAX_LINES)
            return;
        buf_printf(l->out, "%*s- **%s** (%s)%s%s\n", depth * 2, "", here,
                   json_str(property, "type"), *about ? ": " : "", about);
        if (depth + 1 < MAX_DEPTH)
            add_fields(l, property, here, depth + 1);
    }
}

const char *openapi_answer(struct openapi *o, const cJSON *operation)
{
    const cJSON *given = success_schema(o, operation);
    if (!given)
        return NULL;
    struct list l = { .o = o, .out = buf_in(o->a, MAX_TEXT) };
    cJSON *schema = openapi_schema(o, given);
    buf_printf(l.out, "## Fields of the answer (%s)\n\n", json_str(schema, "type"));
    add_fields(&l, schema, "", 0);
    if (l.lines == 0)
        return NULL;
    if (l.lines > MAX_LINES)
        buf_str(l.out, "- further fields are left out\n");
    buf_str(l.out, "\n## The answer\n\n");
    return l.out->data;
}
