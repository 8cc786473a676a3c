/* served.c - after an apply: is it served by every replica? */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/trace.h"
#include "base/when.h"
#include "change/served_private.h"
#include "inspect/serving.h"
#include "store/store_result.h"
#include <string.h>

static const char member[] = "served";
static const double LATE = 5; /* seconds after which nobody is looking any more */

void served_begin(struct arena *a, const struct engine_at *at, enum plan_state state, cJSON *result)
{
    if (state == STATE_APPLIED && serving_is_asked(at->config))
        json_set_str(a, json_set_object(a, result, member), "says", SERVING_NOT_LOOKED);
}

bool served_is_begun(const cJSON *result)
{
    return json_get(result, member) != NULL;
}

void served_look(struct engine *g, const struct engine_at *at, struct arena *a, const char *id,
                 const struct plan *p, const cJSON *const *wrote, struct cancel *c)
{
    const struct serving_means means = { g->loop, at->gateway, at->config, c };
    struct err e = { 0 };
    bool moved = false;
    cJSON *served = serving_wait(a, &means, p, wrote);
    trace(TRACE_CHANGE, "%s: %s", id, json_text(served, "says"));
    /* Where it cannot be kept, or the store was closed meanwhile, the result goes on to say that it
     * was not looked at. */
    if (g->store)
        store_add_result(g->store, id, member, served, store_owner(g->store), "engine", &moved, &e);
}

bool served_is_looked_at(const struct engine *g, const struct stored *row)
{
    const struct engine_at *at = engine_at(g, row->gateway);
    const char *says = json_text(json_get(row->result, member), "says");
    return at && row->state == STATE_APPLIED && !strcmp(says, SERVING_NOT_LOOKED) &&
           !json_get(row->result, "recovered") &&
           when_now() - row->updated < at->config->control.served + LATE;
}
