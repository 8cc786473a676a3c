/* engine_retain.c - segments of the audit closed and removed, as this process is configured and the
 * state's pin allows. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine_private.h"
#include "console/gateway.h"
#include "store/store_pin.h"
#include "store/store_segment.h"

static const double DAY = 86400;

/* In seconds; 0: for ever. A process that is weaker than the pin removes nothing, and none keeps
 * lines for a shorter time than the pin says. */
static double kept_for(struct engine *g, const struct engine_at *at)
{
    struct arena *a = arena_new();
    struct err weaker = { 0 };
    bool out = engine_pinned_out(g, gateway_url(at->gateway), at->config->mode, &weaker);
    const cJSON *pin = out ? NULL : store_pin(g->store, a, &weaker);
    double days = g->config->audit.keep_days;
    double pinned = json_num(pin, "audit_keep_days", days);
    double least = pinned <= 0 || days <= 0 ? 0 : pinned > days ? pinned : days;
    bool known = weaker.kind == ERR_NONE;
    arena_free(a);
    return known ? least * DAY : 0;
}

bool engine_rotate(struct engine *g, int until, struct store_rotated *did, struct err *e)
{
    *did = (struct store_rotated){ 0 };
    if (!g->store || g->count == 0)
        return true;
    const struct store_retention how = {
        .lines = (int)g->config->audit.segment_lines,
        .age = g->config->audit.segment_days * DAY,
        .keep = g->config->audit.keep_days > 0 ? kept_for(g, &g->at[0]) : 0,
        .until = until,
    };
    return store_expire(g->store, e) && store_rotate(g->store, &how, did, e);
}
