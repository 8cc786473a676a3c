/* toolsets.c - the toolsets, in the order in which clients list them. The first tool must answer with
 * no arguments: clients use it as a probe. */
#include "tool.h"

const struct toolset *const toolsets[] = { NULL };
