/* tool_list.h - the tools as an MCP client reads them: the result of tools/list, one constant text
 * for each revision as long as the same tools are offered. */
#pragma once

struct arena;
struct catalog;
struct era;
struct mcp;

/* {"tools":[…]}, printed once a revision. */
const char *tool_list(struct mcp *m, const struct era *era);
/* Others are offered now. */
void tool_list_forget(struct mcp *m);
/* The same, printed now. */
const char *tool_list_print(struct arena *a, const struct catalog *c, const struct era *era);
