/* mcp_server_private.h - /v1/mcpServer: MCP servers behind the gateway. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route mcp_server_rest[];
