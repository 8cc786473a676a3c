/* check_fields_private.h - an object about to be sent, held against the field table of its kind.
 * Pure. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct kind;

/* ERR_ARGS names each wrong member by its path. Only what is new is judged: a top-level member that
 * is as before, and a member that the table does not know but `before` has (a newer console), are
 * no mistakes of this change. Null is absent. */
bool check_fields(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  struct err *e);
/* Has each member that the table knows the type that rules rely on? Null is absent. */
bool check_fields_typed(const struct kind *k, const cJSON *object);
