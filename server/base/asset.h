/* asset.h - data files linked into the binary (prompts, the plugin catalogue), by their path in the
 * repository. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <string.h>

struct asset {
    const char *path; /* "prompts/diagnose-upstream.md" */
    const char *data; /* followed by a NUL that size does not count */
    const char *end;
};
extern const struct asset assets[]; /* sorted by path; ended by { NULL } */

/* The text of the file that must be there. */
static inline const char *asset_text(const char *path)
{
    for (const struct asset *f = assets; f->path; f++)
        if (!strcmp(f->path, path))
            return f->data;
    bug("%s is not in the binary", path);
}

static inline size_t asset_size(const struct asset *f)
{
    return (size_t)(f->end - f->data);
}
