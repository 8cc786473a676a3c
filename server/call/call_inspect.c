/* call_inspect.c - what is configured wrong, for tools: inspect/ with a call's gateway. */
#include "call/call_private.h"
#include "call/signal.h"
#include "inspect/inspect.h"

enum { NEAR_PLACES = 64 };

/* Where plugins of an object act. */
static const char *place_of(struct call *c, const char *kind, const char *name)
{
    if (!kind)
        return NULL;
    bool makes = !strcmp(kind, "ai-route") || !strcmp(kind, "mcp-server");
    return makes ? arena_printf(c->arena, "route:%s-%s.internal", kind, name)
                 : arena_printf(c->arena, "%s:%s", kind, name);
}

static cJSON *answer_of(struct call *c, const struct inspection *i, const char *kind,
                        const char *name)
{
    struct arena *a = c->arena;
    cJSON *answer = json_object(a), *rows = json_set_array(a, answer, "findings");
    for (int n = 0; n < i->found->count; n++)
        if (!kind || inspect_is_about(&i->found->list[n], kind, name))
            json_add(a, rows, inspect_row(a, &i->found->list[n]));
    json_set(a, answer, "counts", inspect_counts(a, i->found));
    if (i->found->left_out)
        json_set_num(a, answer, "left_out", i->found->left_out);
    const cJSON *unread = inspect_unread(a, i);
    if (json_count(unread) > 0)
        json_set(a, answer, "unread", (cJSON *)unread);
    return answer;
}

const cJSON *inspect(struct call *c, const char *kind, const char *name, double days)
{
    const struct world_means means = {
        .loop = c->service->loop,
        .gateway = c->gateway,
        .config = c->config,
        .cancel = c->cancel,
        .told = kind ? NULL : call_told,
        .arg = c,
        .near = place_of(c, kind, name),
        .places = kind ? NEAR_PLACES : 0,
    };
    const struct inspection *i = inspect_gateway(c->arena, &means, days, &c->err);
    return i ? answer_of(c, i, kind, name) : NULL;
}
