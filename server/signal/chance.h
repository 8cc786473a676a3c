/* chance.h - how likely counts are by chance alone: the one place that judges "worse" by numbers.
 *
 * Exact tests, one-sided, so that few requests never prove much. Pure functions.
 */
#pragma once

/* Fisher's exact test: that `bad` of `all` or more are bad by chance, where other_bad of other_all
 * are. */
double chance_of_more(int bad, int all, int other_bad, int other_all);
/* The binomial test: that `bad` of `all` or more are bad by chance, where each is with `share`
 * (0..1). */
double chance_above(int bad, int all, double share);
