/* check_mcp.c - the text of an MCP server about to be written: what the plugin would refuse is
 * refused, by the rows of trap_mcp_text.c. What it takes and does not do is warned of by the traps.
 */
#include "base/json.h"
#include "rule/check_private.h"
#include "rule/mcp_text_private.h"

static bool text_taken(const struct check *c)
{
    const char *type = json_str(c->after, "type");
    struct err e = { 0 }, ignored = { 0 };
    if (!type || strcmp(type, "OPEN_API") != 0)
        return true;
    const cJSON *before = mcp_text_tree(c->a, json_get(c->before, "rawConfigurations"), &ignored);
    const cJSON *after = mcp_text_tree(c->a, json_get(c->after, "rawConfigurations"), &e);
    if (e.kind != ERR_NONE)
        return check_no(c, "rawConfigurations: %s", e.text);
    return look_passes(c, trap_mcp_text_rows, before, after, "rawConfigurations");
}

const struct check_rule check_mcp_rules[] = {
    { "mcp-server", "rawConfigurations|type",
      "The text has server (with a name) or toolSet, members of their types, and tools that can be "
      "called.",
      text_taken },
    { 0 },
};
