/* stat.c - what became of a figure between two readings. */
#include "signal/stat_private.h"

double stat_grown(double now, double before)
{
    return now >= before ? now - before : now;
}

double stat_quantile(const double *bound, const double *within, int n, double share)
{
    double all = n ? within[n - 1] : 0, wanted = all * share;
    for (int i = 0; all > 0 && i < n; i++) {
        if (within[i] < wanted)
            continue;
        double below = i ? within[i - 1] : 0, from = i ? bound[i - 1] : 0;
        double of = within[i] - below;
        return from + (bound[i] - from) * (of > 0 ? (wanted - below) / of : 1);
    }
    return -1;
}
