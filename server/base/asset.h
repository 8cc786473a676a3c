/* asset.h - data files linked into the binary (prompts, the plugin catalogue), by their path in the
 * repository. */
#pragma once
#include <stddef.h>

struct asset {
    const char *path; /* "prompts/diagnose-upstream.md" */
    const char *data; /* followed by a NUL that size does not count */
    const char *end;
};
extern const struct asset assets[]; /* sorted by path; ended by { NULL } */

static inline size_t asset_size(const struct asset *f)
{
    return (size_t)(f->end - f->data);
}
