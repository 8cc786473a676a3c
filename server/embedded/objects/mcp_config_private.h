/* mcp_config_private.h - the mcpServer section of ConfigMap higress-config.
 *
 * The section is YAML inside a text of the object (data.higress); every write prints all of that
 * text anew. Comments in it are lost, as with the real console.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct rest_request;

/* The section as a tree of its own; NULL: no object, no section or unreadable text. */
cJSON *mcp_config_section(struct rest_request *r);
/* Adds what the section lacks (suffix, switch, placeholder Redis); writes only if something was
 * missing. False: the request has been answered. */
bool mcp_config_ensure(struct rest_request *r);
const char *mcp_config_sse_suffix(struct rest_request *r);
/* Has somebody set a Redis address other than the chart's placeholder? False: answered. */
bool mcp_config_has_redis(struct rest_request *r);

/* The entry of servers[]; borrowed from a tree of the request. NULL: none. */
const cJSON *mcp_config_server(struct rest_request *r, const char *name);
/* Adds or replaces an entry of servers[] (by name) and writes. */
bool mcp_config_put_server(struct rest_request *r, cJSON *entry);
/* Takes the server out of match_list, then out of servers[]: two writes, even if it was in neither.
 */
bool mcp_config_drop(struct rest_request *r, const char *name, const char *path);
