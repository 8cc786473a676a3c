/* check_refusal.c - what takes the whole gateway down, refused before it is written: the rows of
 * trap_refusal.c. */
#include "rule/check_private.h"
#include "rule/route_look_private.h"

static bool check_refusals(const struct check *c)
{
    return look_passes(c, trap_refusal_rows, c->before, c->after, "");
}

const struct check_rule check_refusal_rules[] = {
    { "route", "", "Nothing for which Envoy refuses every route of the gateway.", check_refusals },
    { "ai-route", "", "Nothing for which Envoy refuses every route of the gateway.",
      check_refusals },
    { 0 },
};
