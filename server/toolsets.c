/* toolsets.c - the toolsets, in the order in which clients list them. The first tool must answer
 * with no arguments: clients use it as a probe. */
#include "tool.h"

extern const struct toolset toolset_overview, toolset_route, toolset_resource, toolset_diagnose;
extern const struct toolset toolset_log, toolset_provider, toolset_limit, toolset_manifest;
extern const struct toolset toolset_change, toolset_explain, toolset_traffic, toolset_check,
    toolset_proxy, toolset_metrics, toolset_probe;

const struct toolset *const toolsets[] = {
    &toolset_overview, &toolset_route,    &toolset_resource, &toolset_check,
    &toolset_diagnose, &toolset_explain,  &toolset_probe,    &toolset_log,
    &toolset_traffic,  &toolset_proxy,    &toolset_metrics,  &toolset_provider,
    &toolset_limit,    &toolset_manifest, &toolset_change,   NULL,
};
