/* judge.h - is it worse than it was, by more than chance? Pure functions over counts.
 *
 * A condition has come true when enough requests were bad, their share is above the limit by more
 * than chance makes it, and it is larger than that of the baseline by more than chance makes it: so
 * what was bad before is no regression. All looks at all conditions together are wrong once in a
 * thousand guards at most.
 */
#pragma once
#include "guard/watch.h"

enum { GUARD_LEAST_BAD = 5 }; /* requests: fewer never take a change back */

struct guard_judged {
    bool worse;
    const char *why; /* "5xx > 2 %: 0.2 % (1 of 412) -> 41 % (17 of 41)"; NULL unless worse */
};

/* Seconds between two looks, and how many there are. */
double guard_every(const struct guard_spec *spec);
struct guard_judged guard_judge(struct arena *a, const struct guard_spec *spec,
                                const struct guard_counts *before, const struct guard_counts *now);
/* "over 412 requests, 5xx 0.2 % -> 0.3 %": how it went, of all conditions. */
char *guard_tell(struct arena *a, const struct guard_spec *spec, const struct guard_counts *before,
                 const struct guard_counts *now);
