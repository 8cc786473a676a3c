/* catalog.h - the tools as callers see them: found by name, offered or not.
 *
 * Built once from the toolsets. A tool with .plan takes `dry_run` beside its own arguments, and
 * one about a gateway `gateway` where there are several. A tool that the mode forbids is not listed
 * but still found, so that calling it gets the reason.
 */
#pragma once
#include "config/config.h"
#include "tool.h"

struct catalog;

struct catalog_tool {
    const struct tool *tool;
    const struct toolset *set;
    const struct field *in; /* with dry_run and gateway where they belong; never NULL */
    bool asks_gateway;      /* there are several: takes `gateway` */
    bool listed;
    bool off; /* not among the toolsets and tools that the configuration names */
};

/* NULL with e: a tool has no risk, two ways to work or none, or a name that is taken. */
struct catalog *catalog_new(struct arena *a, const struct toolset *const *sets,
                            const struct config *k, struct err *e);
/* Lists what the configuration offers now. False: the same as before. */
bool catalog_narrow(struct catalog *c, const struct config *k);
/* Are all toolsets and tools that the configuration names there? ERR_ARGS. */
bool catalog_names(const struct toolset *const *sets, const struct config *k, struct err *e);
const struct catalog_tool *catalog_find(const struct catalog *c, const char *name);
const struct catalog_tool *catalog_at(const struct catalog *c, int i); /* NULL: past the end */
/* Is that tool, any of that toolset, any that plans a change among what the configuration names?
 * What shows the same as a tool, or speaks of it, is offered together with it. */
bool catalog_offers(const struct catalog *c, const char *tool);
bool catalog_offers_set(const struct catalog *c, const struct toolset *set);
bool catalog_offers_plans(const struct catalog *c);
