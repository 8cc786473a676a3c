/* catalog.h - the tools as clients see them: found by name, listed per revision.
 *
 * Built once from the toolsets. A tool with .plan takes `dry_run` beside its own arguments. The
 * answer of tools/list is one constant text for each revision. A tool that the mode forbids is not
 * listed but still found, so that calling it gets the reason.
 */
#pragma once
#include "gateway/config.h"
#include "tool.h"

struct catalog;
struct era;

struct catalog_tool {
    const struct tool *tool;
    const struct toolset *set;
    const struct field *in; /* with dry_run where it belongs; never NULL */
    bool listed;
};

/* NULL with e: a tool has no risk, two ways to work or none, or a name that is taken. */
struct catalog *catalog_new(struct arena *a, const struct toolset *const *sets, enum mode mode,
                            struct err *e);
const struct catalog_tool *catalog_find(const struct catalog *c, const char *name);
const struct catalog_tool *catalog_at(const struct catalog *c, int i); /* NULL: past the end */
/* The tools/list result of that revision, printed once: {"tools":[…]}. */
const char *catalog_list(struct catalog *c, const struct era *era);
