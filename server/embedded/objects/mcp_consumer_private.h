/* mcp_consumer_private.h - /v1/mcpServer/consumers: who may use an MCP server. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route mcp_consumer_rest[];
