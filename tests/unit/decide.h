/* decide.h - for tests of the engine: a person at a terminal who was shown the whole of a change.
 */
#pragma once
#include "base/arena.h"
#include "change/engine.h"
#include "plan/rendering.h"

/* plan: digest of what was shown; NULL: of what is sealed in it. */
static inline bool decide_as(struct engine *g, const char *id, const char *plan, bool yes,
                             const char *who, struct err *e)
{
    struct arena *a = arena_new();
    const struct rendering *r = engine_rendering(g, a, id, e);
    const struct verdict v = { yes, who, CHANNEL_TERMINAL,
                               plan ? plan
                               : r  ? r->plan
                                    : NULL,
                               r ? r->digest : NULL };
    bool ok = r && engine_decide(g, id, &v, e);
    arena_free(a);
    return ok;
}
