/* mcp_route_private.h - the Ingress that makes an MCP server reachable, and texts derived from it.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct rest_request;

char *mcp_route_name(struct arena *a, const char *server);    /* "mcp-server-x.internal" */
char *mcp_route_path(struct arena *a, const char *server);    /* "/mcp-servers/x" */
char *mcp_route_server(struct arena *a, const char *ingress); /* back from the first */
bool mcp_route_is_one(const cJSON *ingress);                  /* NULL is not one */

cJSON *mcp_route_domains(struct arena *a, const cJSON *server); /* its domains but blank ones */

/* Creates or replaces the Ingress of a bound McpServer. Its name, or NULL with r answered. */
const char *mcp_route_write(struct rest_request *r, const cJSON *server);
/* The fixed tools of a database server as rawConfigurations shows them. */
char *mcp_route_database_tools(struct arena *a, const char *server, const char *database);
