/* risk.c - risks as they are named. */
#include "base/risk.h"

const char *risk_name(enum risk r)
{
    static const char *const names[] = { "", "read", "change", "destroy" };
    return names[r];
}
