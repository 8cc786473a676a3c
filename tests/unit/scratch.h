/* scratch.h - where tests put what does not outlive them: TMPDIR, or in memory where there is any.
 * A durable commit takes 25 ms on a disk, and tests make thousands of them. */
#pragma once
#include <stdlib.h>
#include <unistd.h>

static inline const char *scratch_base(void)
{
    const char *tmpdir = getenv("TMPDIR");
    if (tmpdir && *tmpdir)
        return tmpdir;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}
