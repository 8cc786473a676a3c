/* mcp_server.h - /v1/mcpServer: MCP servers behind the gateway. */
#pragma once
#include "embedded/rest.h"

extern const struct rest_route mcp_server_rest[];
