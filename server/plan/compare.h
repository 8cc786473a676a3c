/* compare.h - what is there now, held against what an operation found and what it wanted.
 *
 * The console adds defaults and drops what it does not store, so "as wanted" means: everything
 * asked for is there, and nothing that was removed is. Pure functions over JSON.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct plan_op;

enum compare { COMPARE_BEFORE = 1, COMPARE_AFTER, COMPARE_OTHER };

/* Equal as contents of the operation's kind; NULL: not there. */
bool compare_alike(struct arena *a, const struct plan_op *op, const cJSON *x, const cJSON *y);
/* now: NULL when the object is not there. */
enum compare compare_now(struct arena *a, const struct plan_op *op, const cJSON *now);
/* Masked lines of what is not as wanted; empty when all is. */
cJSON *compare_wanted(struct arena *a, const struct plan_op *op, const cJSON *now);
/* Masked lines of what moved since the plan was made. */
cJSON *compare_drift(struct arena *a, const struct plan_op *op, const cJSON *now);
