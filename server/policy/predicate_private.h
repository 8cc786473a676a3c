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
/* Times of a rule: "09:30" as minutes, -1: none; "10m" as seconds, -1: none. */
int predicate_minutes(const char *text);
double predicate_seconds(const char *text);
/* The per cent of "20 %"; -1: none. */
double predicate_share(const char *text);

/* zone.c - the clock of a place: "Europe/Berlin", "UTC". */
struct tm;
bool zone_is_known(const char *name);
/* The time there. False: there is no such zone. */
bool zone_local(const char *name, double unix_time, struct tm *out);
