/* tool_list.c - prints tools/list. What a client reads about a tool comes from its const entry
 * only: annotations from the risk, schemas from the field tables. */
#include "mcp/tool_list.h"
#include "base/arena.h"
#include "base/buf.h"
#include "call/catalog.h"
#include "call/service.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"

enum { MAX_LIST = 4 << 20, MAX_ERAS = 8 };

struct tool_lists {
    struct arena *arena;         /* ends when another set is offered */
    const char *lists[MAX_ERAS]; /* by place in eras[] */
};

static void put_string_member(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "\"%s\":", key);
    buf_json_string(b, value, strlen(value));
    buf_char(b, ',');
}

/* Without what says nothing: a hint's default, and hints of writing for what reads. */
static void put_annotations(struct buf *b, const struct tool *t)
{
    enum risk risk = t->risk;
    const char *hint = risk == READ      ? "\"readOnlyHint\":true"
                       : risk != DESTROY ? "\"destructiveHint\":false"
                                         : "\"destructiveHint\":true";
    buf_printf(b, ",\"annotations\":{%s%s}", hint,
               t->reaches_out ? "" : ",\"openWorldHint\":false");
}

/* For everybody: hosts that show views do not always declare it. */
static void put_view(struct buf *b, const struct tool *t, bool map)
{
    const char *view = t->plan ? RESOURCE_PLAN_VIEW : t->on_map && map ? RESOURCE_MAP_VIEW : NULL;
    if (view)
        buf_printf(b, ",\"_meta\":{\"ui\":{\"resourceUri\":\"%s\"}}", view);
}

/* map: is there one to be shown? */
static void put_tool(struct buf *b, const struct catalog_tool *t, const struct era *era, bool map)
{
    buf_char(b, '{');
    put_string_member(b, "name", t->tool->name);
    if (era->titles)
        put_string_member(b, "title", t->tool->title);
    put_string_member(b, "description", t->tool->about);
    buf_str(b, "\"inputSchema\":");
    if (t->tool->schema)
        buf_str(b, t->tool->schema);
    else
        field_schema(b, t->in, false);
    if (era->structured && t->tool->out) {
        buf_str(b, ",\"outputSchema\":");
        field_schema(b, t->tool->out, true);
    }
    if (era->annotations)
        put_annotations(b, t->tool);
    put_view(b, t->tool, map);
    buf_char(b, '}');
}

const char *tool_list_print(struct arena *a, const struct catalog *c, const struct era *era)
{
    struct buf *b = buf_in(a, MAX_LIST);
    const struct catalog_tool *t;
    buf_str(b, "{\"tools\":[");
    bool first = true, map = resource_map_offered(c);
    for (int i = 0; (t = catalog_at(c, i)); i++) {
        if (!t->listed)
            continue;
        if (!first)
            buf_char(b, ',');
        first = false;
        put_tool(b, t, era, map);
    }
    buf_str(b, "]}");
    return b->data;
}

const char *tool_list(struct mcp *m, const struct era *era)
{
    if (!m->tool_lists) {
        struct arena *a = arena_new();
        m->tool_lists = arena_make(a, struct tool_lists);
        m->tool_lists->arena = a;
    }
    const char **list = &m->tool_lists->lists[era - eras];
    if (!*list)
        *list = tool_list_print(m->tool_lists->arena, m->service->catalog, era);
    return *list;
}

void tool_list_forget(struct mcp *m)
{
    if (m->tool_lists)
        arena_free(m->tool_lists->arena);
    m->tool_lists = NULL;
}
