/* regex.cc - RE2 behind a C function. Nothing of C++ leaves this file: told to be quiet, RE2 throws
 * and prints nothing, and errors are read from the object. */
#include "rule/regex.h"

#include <re2/re2.h>
#include <stdio.h>

int regex_size(const char *pattern, char *why, size_t n)
{
    RE2::Options options(RE2::Latin1); /* bytes, as Envoy reads them: '.' is one */
    options.set_log_errors(false);
    RE2 compiled(pattern, options); /* 8 MiB at most, which is RE2's own limit */
    if (compiled.ok())
        return compiled.ProgramSize();
    if (n > 0)
        snprintf(why, n, "%s", compiled.error().c_str());
    return -1;
}
