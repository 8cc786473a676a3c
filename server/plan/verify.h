/* verify.h - what only the gateway can say about a plan before it is shown: does everything exist
 * that it points to, would the console refuse it for what else is there?
 *
 * Only what a plan changes is judged: a reference that stood there before is no mistake of it. What
 * an operation of the same plan creates exists. A plan that undoes another is not judged; of one
 * that is taken as it is, what is missing is a warning and no rule is asked. Reads only; parks.
 */
#pragma once
#include <stdbool.h>

struct cancel;
struct gateway;
struct kind;
struct plan;

/* False: p->err (ERR_ARGS) names the field, what was given and what there is. Warnings go into the
 * plan. Before plan_close. */
bool verify_plan(struct gateway *g, struct plan *p, struct cancel *c);
/* The n-th of its rules that are about a kind, a sentence; NULL after the last. */
const char *verify_says(const struct kind *k, int n);
