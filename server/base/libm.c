/* libm.c - functions of math.h that few calls need: their library is loaded by the first one.
 * Linked it costs each start 60 us and 300 kB. A function that is not here links it again
 * (tests/lint/libraries.sh says so).
 */
#include "base/err.h"
#include "base/lib.h"
#include <math.h>

#define MATH_API(X)                                                                                \
    X(ceil)                                                                                        \
    X(erfc)                                                                                        \
    X(exp)                                                                                         \
    X(exp2)                                                                                        \
    X(floor)                                                                                       \
    X(fmax)                                                                                        \
    X(fmin)                                                                                        \
    X(fmod)                                                                                        \
    X(ldexp)                                                                                       \
    X(lgamma)                                                                                      \
    X(log)                                                                                         \
    X(log10)                                                                                       \
    X(log1p)                                                                                       \
    X(nextafter)                                                                                   \
    X(pow)                                                                                         \
    X(round)                                                                                       \
    X(sqrt)
LIB_TABLE(libm, MATH_API);

static void need_libm(void)
{
    struct err e = { 0 };
    if (!libm.sqrt && !LIB_LOAD(libm, MATH_API, "libm.so.6", "libc6", &e))
        bug("%s", e.text);
}

double ceil(double x)
{
    need_libm();
    return libm.ceil(x);
}

double erfc(double x)
{
    need_libm();
    return libm.erfc(x);
}

double exp(double x)
{
    need_libm();
    return libm.exp(x);
}

double exp2(double x)
{
    need_libm();
    return libm.exp2(x);
}

double floor(double x)
{
    need_libm();
    return libm.floor(x);
}

double fmax(double x, double y)
{
    need_libm();
    return libm.fmax(x, y);
}

double fmin(double x, double y)
{
    need_libm();
    return libm.fmin(x, y);
}

double fmod(double x, double y)
{
    need_libm();
    return libm.fmod(x, y);
}

double ldexp(double x, int n)
{
    need_libm();
    return libm.ldexp(x, n);
}

double lgamma(double x)
{
    need_libm();
    return libm.lgamma(x);
}

double log(double x)
{
    need_libm();
    return libm.log(x);
}

double log10(double x)
{
    need_libm();
    return libm.log10(x);
}

double log1p(double x)
{
    need_libm();
    return libm.log1p(x);
}

double nextafter(double x, double y)
{
    need_libm();
    return libm.nextafter(x, y);
}

double pow(double x, double y)
{
    need_libm();
    return libm.pow(x, y);
}

double round(double x)
{
    need_libm();
    return libm.round(x);
}

double sqrt(double x)
{
    need_libm();
    return libm.sqrt(x);
}
