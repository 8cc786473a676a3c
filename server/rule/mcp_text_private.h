/* mcp_text_private.h - the text of an MCP server (rawConfigurations, or the settings of the plugin
 * mcp-server), looked at as the plugin reads it. Looks: look_private.h. */
#pragma once
#include "rule/look_private.h"

struct err;

/* The tree of an MCP server's text; NULL with ERR_ARGS where it is no YAML, NULL without where
 * there is none. */
const cJSON *mcp_text_tree(struct arena *a, const cJSON *raw, struct err *e);
bool mcp_is_proxy(const cJSON *text);                       /* server.type is mcp-proxy */
const cJSON *mcp_scheme(const cJSON *text, const char *id); /* of server.securitySchemes */

/* Looks at members by the table of mcp_text.c: wrong types; names that nobody reads. */
void mcp_look_types(struct look *l);
void mcp_look_unknown(struct look *l);
/* mcp_server.c, mcp_tool.c */
void mcp_look_server(struct look *l);
void mcp_look_name(struct look *l);
void mcp_look_both(struct look *l);
void mcp_look_tools(struct look *l);
void mcp_look_allowed(struct look *l);
void mcp_look_type(struct look *l);
void mcp_look_proxy(struct look *l);
void mcp_look_schemes(struct look *l);
void mcp_look_upstream(struct look *l);
void mcp_look_names(struct look *l);
void mcp_look_url(struct look *l);
void mcp_look_ways(struct look *l);
void mcp_look_response(struct look *l);
void mcp_look_templates(struct look *l);
void mcp_look_headers(struct look *l);
void mcp_look_address(struct look *l);
void mcp_look_args(struct look *l);
void mcp_look_holes(struct look *l);
void mcp_look_escapes(struct look *l);
/* The words of a JSON Schema that the plugin takes from 2.2.4 on (mcp_schema.c). */
void mcp_look_schemas(struct look *l);

extern const struct trap trap_mcp_text_rows[];
