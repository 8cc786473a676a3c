/* spec.h - what a guard is asked for: {"for": "5m", "revert_if": ["5xx > 2 %", "p99 > 500 ms", "no
 * traffic"]}, read and written back in one form, so that equal wishes have equal digests.
 *
 * Each condition but the last is a share of requests that are bad: those of a class of status, or
 * those that took longer than the limit ("p99 > 500 ms": more than 1 % did). So one test judges
 * all. Lives in the arena given.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

enum { GUARD_CONDITIONS = 8 };
enum guard_what { GUARD_STATUS = 1, GUARD_SLOW, GUARD_NO_TRAFFIC };

struct guard_condition {
    enum guard_what what;
    int class;        /* GUARD_STATUS: 4 or 5 */
    double ms;        /* GUARD_SLOW: longer than that is slow */
    double share;     /* 0..1: more than that of the requests must not be bad */
    const char *text; /* "5xx > 2 %": as it is said */
};

struct guard_spec {
    double seconds;
    int count;
    struct guard_condition conditions[GUARD_CONDITIONS];
};

/* False: ERR_ARGS says what is wrong and what is right. */
bool guard_spec_read(struct arena *a, const cJSON *given, struct guard_spec *out, struct err *e);
/* "5m: 5xx > 2 %, no traffic", as a configuration says it, in the form that guard_spec_read takes;
 * what is wrong with it is said there. */
cJSON *guard_spec_parse(struct arena *a, const char *text);
/* In the one form. */
cJSON *guard_spec_write(struct arena *a, const struct guard_spec *spec);
/* "5m", "90s", "2h": exact, by the largest unit that is. */
char *guard_span(struct arena *a, double seconds);
/* "5xx > 2 %, no traffic" */
char *guard_spec_conditions(struct arena *a, const struct guard_spec *spec);
