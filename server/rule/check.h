/* check.h - what the console would refuse, drop, obey wrongly or notice too late, refused while
 * planning. Pure; what needs the gateway (does the service exist?) is verify.h.
 *
 * The field table of the kind, then its rules: a wrong object is told before anything was written,
 * where the console would answer 500 after it wrote half. Only what a change changes is judged.
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
/* The n-th warning about such a change, NULL after the last. */
char *check_doubt(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  int n);
/* The expression of an object's predicates that compiles to the largest program; size 0: it has
 * none. */
struct check_largest {
    int size; /* instructions */
    const char *where, *expression;
};
struct check_largest check_largest_expression(struct arena *a, const cJSON *object);
/* The n-th rule that an object which stands in the gateway is against, as a sentence about a
 * member; NULL after the last. Not the rules of plugins, providers and annotations: they are traps
 * of their own (trap.h). */
char *check_standing(struct arena *a, const struct kind *k, const cJSON *object, int n);
/* The limiting plugin's own rules for an instance; ERR_ARGS names the member. */
bool check_limiter(struct arena *a, const cJSON *instance, struct err *e);
/* Does the plugin limit rates, or tokens? Its own rules are checked. */
bool check_is_limiter(const char *plugin);
/* The n-th rule of a kind as a sentence, NULL after the last: the table that checks says it. */
char *check_says(struct arena *a, const struct kind *k, int n);
