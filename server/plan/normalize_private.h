/* normalize_private.h - what an object given by a caller means before it is made whole: YAML text
 * against the tree it says, members whose absence and presence the console reads in its own way. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct plan;
struct plan_op;

/* In place. False: p->err names the member. */
bool normalize_object(struct plan *p, const struct plan_op *op, cJSON *after);
