/* call_inspect.c - what is configured wrong, for tools: inspect/ with a call's gateway. */
#include "call/call_private.h"
#include "call/signal.h"
#include "console/gateway.h"
#include "inspect/inspect.h"
#include "kind/derived.h"

enum { QUICK_PLACES = 64, QUICK_SECONDS = 3, NEAR_DAYS = 30, CONFIGURED = 8, LINE = 400 };

/* Where plugins of an object act. */
static const char *plugin_place_of(struct call *c, const char *kind, const char *name)
{
    if (!kind)
        return NULL;
    if (!strcmp(kind, "ai-route"))
        return arena_printf(c->arena, "route:%s", derived_name(c->arena, DERIVED_AI_ROUTE, name));
    if (!strcmp(kind, "mcp-server"))
        return arena_printf(c->arena, "route:%s", derived_name(c->arena, DERIVED_MCP_ROUTE, name));
    return arena_printf(c->arena, "%s:%s", kind, name);
}

static cJSON *inspection_answer(struct call *c, const struct inspection *i,
                                const struct inspect_ask *ask)
{
    struct arena *a = c->arena;
    cJSON *answer = json_object(a), *rows = json_set_array(a, answer, "findings");
    for (int n = 0; n < i->found->count; n++)
        if (!ask->kind || inspect_is_about(c->arena, &i->found->list[n], ask->kind, ask->name))
            json_add(a, rows, inspect_row(a, &i->found->list[n]));
    json_set(a, answer, "counts", inspect_counts(a, i->found));
    if (i->found->left_out)
        json_set_num(a, answer, "left_out", i->found->left_out);
    const char *envoy = inspect_envoy(a, i);
    if (envoy)
        json_set_str(a, answer, "envoy", envoy);
    cJSON *unread = inspect_unread(a, i);
    if (json_count(unread) > 0)
        json_set(a, answer, "unread", unread);
    return answer;
}

const cJSON *inspect(struct call *c, const struct inspect_ask *ask)
{
    const struct world_means means = {
        .loop = c->service->loop,
        .gateway = c->gateway,
        .config = c->config,
        .cancel = c->cancel,
        .told = ask->quick ? NULL : call_told,
        .arg = c,
        .near = plugin_place_of(c, ask->kind, ask->name),
        .places = ask->quick ? QUICK_PLACES : 0,
        .seconds = ask->quick ? QUICK_SECONDS : 0,
        .kind = ask->kind,
        .name = ask->name,
    };
    const struct inspection *i = inspect_gateway(c->arena, &means, ask->days, &c->err);
    return i ? inspection_answer(c, i, ask) : NULL;
}

static const char *finding_text(const cJSON *row, const char *member)
{
    const char *s = json_str(row, member);
    return s ? s : "";
}

void inspect_line(struct buf *b, const cJSON *row)
{
    const char *path = json_str(row, "path"), *when = json_str(row, "if");
    buf_printf(b, "%s %s %s%s%s: %s%s%s%s", finding_text(row, "risk"), finding_text(row, "verdict"),
               finding_text(row, "object"), path ? ", " : "", path ? path : "",
               finding_text(row, "says"), when ? " (" : "", when ? when : "", when ? ")" : "");
}

void call_add_configured(struct call *c, cJSON *answer, const char *kind, const char *name)
{
    const struct inspect_ask ask = { .kind = kind, .name = name, .days = NEAR_DAYS, .quick = true };
    struct err before = c->err;
    const cJSON *row, *found = gateway_url(c->gateway) ? inspect(c, &ask) : NULL;
    struct buf *b = buf_in(c->arena, 2048);
    cJSON *lines = json_array(c->arena);
    c->err = before; /* what could not be read is in the diagnosis already */
    cJSON_ArrayForEach(row, json_get(found, "findings"))
    {
        buf_reset(b);
        inspect_line(b, row);
        if (json_count(lines) < CONFIGURED)
            json_add_str(c->arena, lines, text_clean(c->arena, b->data, LINE));
    }
    if (json_count(lines) > 0)
        json_set(c->arena, answer, "configured", lines);
}
