/* check.h - what the console would drop, obey wrongly or notice too late, refused while planning.
 *
 * Rules by kind, each one recorded on a real console: a wrong object is told before anything was
 * written, where the console would answer 500 after it wrote half.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct kind;

/* after: whole object about to be sent; before: NULL for a create. ERR_ARGS names the field. */
bool check_object(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  struct err *e);
