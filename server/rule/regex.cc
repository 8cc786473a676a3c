/* regex.cc - RE2 behind a C function. Nothing of C++ leaves this file: told to be quiet, RE2 throws
 * and prints nothing, and errors are read from the object. */
#include "rule/regex.h"

#include <re2/re2.h>
#include <stdio.h>
#include <string.h>

struct regex {
    RE2 re2;
};

static RE2::Options as_envoy()
{
    RE2::Options options(RE2::Latin1); /* bytes, as Envoy reads them: '.' is one */
    options.set_log_errors(false);
    return options;
}

int regex_size(const char *pattern, char *why, size_t n)
{
    RE2 compiled(pattern, as_envoy()); /* 8 MiB at most, which is RE2's own limit */
    if (compiled.ok())
        return compiled.ProgramSize();
    if (n > 0)
        snprintf(why, n, "%s", compiled.error().c_str());
    return -1;
}

struct regex *regex_new(const char *pattern)
{
    struct regex *r = new regex{ { pattern, as_envoy() } };
    if (r->re2.ok())
        return r;
    delete r;
    return NULL;
}

void regex_free(void *r)
{
    delete static_cast<struct regex *>(r);
}

bool regex_is_whole(const struct regex *r, const char *text, size_t n)
{
    return RE2::FullMatch(re2::StringPiece(text, n), r->re2);
}

bool regex_replace(const struct regex *r, const char *text, const char *with, char *out,
                   size_t room)
{
    std::string s(text);
    RE2::GlobalReplace(&s, r->re2, with);
    if (s.size() >= room)
        return false;
    memcpy(out, s.c_str(), s.size() + 1);
    return true;
}
