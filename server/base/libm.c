/* libm.c - functions of math.h that few calls need: their library is loaded by the first one.
 * Linked it costs each start 60 us and 300 kB. A function that is not here links it again
 * (tests/lint/libraries.sh says so).
 */
#include "base/err.h"
#include "base/lib.h"
#include <math.h>

#define OF_ONE(X)                                                                                  \
    X(ceil)                                                                                        \
    X(erfc)                                                                                        \
    X(exp)                                                                                         \
    X(exp2)                                                                                        \
    X(floor)                                                                                       \
    X(lgamma)                                                                                      \
    X(log)                                                                                         \
    X(log10)                                                                                       \
    X(log1p)                                                                                       \
    X(round)                                                                                       \
    X(sqrt)
#define OF_TWO(X)                                                                                  \
    X(fmax)                                                                                        \
    X(fmin)                                                                                        \
    X(fmod)                                                                                        \
    X(nextafter)                                                                                   \
    X(pow)
#define MATH_API(X) OF_ONE(X) OF_TWO(X) X(ldexp)
LIB_TABLE(libm, MATH_API);

static void need_libm(void)
{
    struct err e = { 0 };
    if (!libm.sqrt && !LIB_LOAD(libm, MATH_API, "libm.so.6", "libc6", &e))
        bug("%s", e.text);
}

#define DEFINE_OF_ONE(name)                                                                        \
    double name(double x)                                                                          \
    {                                                                                              \
        need_libm();                                                                               \
        return libm.name(x);                                                                       \
    }
OF_ONE(DEFINE_OF_ONE)

#define DEFINE_OF_TWO(name)                                                                        \
    double name(double x, double y)                                                                \
    {                                                                                              \
        need_libm();                                                                               \
        return libm.name(x, y);                                                                    \
    }
OF_TWO(DEFINE_OF_TWO)

double ldexp(double x, int n)
{
    need_libm();
    return libm.ldexp(x, n);
}
