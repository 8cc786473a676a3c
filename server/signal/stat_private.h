/* stat_private.h - two readings of one of Envoy's statistics. */
#pragma once

/* What came on top; a figure that is smaller than it was began anew. */
double stat_grown(double now, double before);
/* The end of that share of the requests, straight between two bounds; -1: there were none. within:
 * how many took no longer than bound. */
double stat_quantile(const double *bound, const double *within, int n, double share);
