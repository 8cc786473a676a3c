/* chance.c - exact tests by logarithms of binomial coefficients, so that no count overflows. */
#include "signal/chance.h"
#include <math.h>

static double log_choose(int n, int k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

double chance_of_more(int bad, int all, int other_bad, int other_all)
{
    int total = all + other_all, total_bad = bad + other_bad;
    double sum = 0;
    for (int k = bad; k <= all && k <= total_bad; k++)
        if (total_bad - k <= other_all)
            sum += exp(log_choose(all, k) + log_choose(other_all, total_bad - k) -
                       log_choose(total, total_bad));
    return sum < 1 ? sum : 1;
}

double chance_above(int bad, int all, double share)
{
    double sum = 0;
    if (share <= 0)
        return bad > 0 ? 0 : 1;
    if (share >= 1)
        return 1;
    for (int k = bad; k <= all; k++)
        sum += exp(log_choose(all, k) + k * log(share) + (all - k) * log1p(-share));
    return sum < 1 ? sum : 1;
}
