/* inspect_plan.h - what a plan newly makes wrong: the world as it is and as it would be. */
#pragma once
#include <stdbool.h>

struct gateway;
struct plan;

/* Adds a warning for each trap that the gateway would have after the plan and has not now; of what
 * could not be read one that says so: it never fails. Not for notes, and not for what verify.h says
 * already. Before plan_close; reads, bounded. Parks. */
void inspect_plan(struct gateway *g, struct plan *p);
