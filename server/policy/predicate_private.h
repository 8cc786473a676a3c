/* predicate_private.h - what a rule may ask of a wish: one table, by the member of `when`. */
#pragma once
#include "base/field.h"
#include "policy/policy.h"

struct predicate {
    struct field field; /* how it is written */
    bool (*holds)(const cJSON *wanted, const struct wish *w, const struct wish_object *o);
};
extern const struct predicate predicates[]; /* ended by { 0 } */
enum { PREDICATES_MAX = 16 };

const struct predicate *predicate_find(const char *name);
/* Is it that text, or a pattern of a shell that it fits? */
bool predicate_fits(const char *pattern, const char *text);
/* "10m" as seconds; -1: none. */
double predicate_seconds(const char *text);
/* The per cent of "20 %"; -1: none. */
double predicate_share(const char *text);
