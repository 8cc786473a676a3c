/* rendering.h - what a person is shown before they decide: the sealed plan, whole, in pages.
 *
 * Every operation and every value that changes, uncut, with all warnings; secrets masked,
 * characters that hide or reorder text written out. Made of the plan itself, never of the summary
 * stored beside it. Equal plans give equal renderings in every process of an installation, so that
 * its digest says what was seen. As text: approve/approve.h. Lives in the arena given.
 */
#pragma once
#include "base/risk.h"
#include <cjson/cJSON.h>

struct arena;
struct plan;

struct rendering {
    const char *plan;   /* digest of the plan it shows */
    const char *digest; /* of all that follows */
    /* {"id","title","risk","gateway","asks","undoes"?,"rejected"?,"warnings":[…]} */
    cJSON *head;
    /* [[{"n","verb","kind","name","scope"?,"lines":[…],"rows":[…]}]]: at least one. rows say what
     * lines say, for tables, and between that what stays of a plan of few operations
     * (diff_rows). */
    cJSON *pages;
    enum risk risk;
};

/* What is known beside the plan. rejected: a sentence on who rejected the same wish; NULL: nobody.
 */
struct rendering_about {
    const char *id, *owner, *rejected;
};

struct rendering *rendering_make(struct arena *a, const struct plan *p,
                                 const struct rendering_about *about);
