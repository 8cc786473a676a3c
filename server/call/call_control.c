/* call_control.c - the control plane as pages of lines (inspect/control_plane.h). */
#include "call/call_private.h"
#include "call/page.h"
#include "call/signal.h"
#include "inspect/control_plane.h"
#include "inspect/world.h"

const cJSON *control_plane(struct call *c, const struct proxy_ask *ask)
{
    const struct world_means means = {
        .loop = c->service->loop, .gateway = c->gateway, .config = c->config, .cancel = c->cancel
    };
    const cJSON *line, *said = inspect_control_plane(c->arena, &means, ask->replica, &c->err);
    struct page *page = said ? page_new(c, ask->limit, ask->cursor, ask->text) : NULL;
    cJSON_ArrayForEach(line, json_get(said, "lines"))
    {
        if (page_wants(page))
            buf_str(page_line(page), line->valuestring);
        page_match(page);
    }
    cJSON *answer = page ? page_answer(page, "lines") : NULL;
    if (answer)
        json_set(c->arena, answer, "replicas", json_clone(c->arena, json_get(said, "controllers")));
    return answer;
}
