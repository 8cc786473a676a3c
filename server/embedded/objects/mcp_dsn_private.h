/* mcp_dsn_private.h - database settings of an MCP server, and the data source name they become.
 *
 * db is a bound McpServerDBConfig: host, port, username, password, dbname, otherParams.
 */
#pragma once
#include "embedded/rest/model.h"
#include <stdbool.h>

struct arena;
struct rest_request;

extern const struct model_field mcp_dsn_model[]; /* McpServerDBConfig */

/* "mysql" for "MYSQL", and back; NULL: unknown. */
const char *mcp_dsn_stored_type(const char *api_type);
const char *mcp_dsn_api_type(const char *stored_type);

/* The console's checks; false: answered (500, as the real one does). */
bool mcp_dsn_check(struct rest_request *r, const char *api_type, const cJSON *db);
char *mcp_dsn_print(struct arena *a, const char *api_type, const cJSON *db);
/* Reads a DSN back. MySQL passwords are not escaped: one with an '@' is cut there. */
cJSON *mcp_dsn_parse(struct arena *a, const char *api_type, const char *dsn);
