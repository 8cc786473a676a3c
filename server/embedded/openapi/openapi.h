/* openapi.h - an OpenAPI 3 or Swagger 2 document to the tools of Higress' mcp-server plugin.
 *
 * JSON or YAML in; out comes the YAML that an MCP server of type OPEN_API takes as
 * rawConfigurations: one tool an operation. References are followed inside the document only and
 * end at the second visit. Everything has a ceiling: size, depth, number of operations and nodes.
 */
#pragma once
#include <stddef.h>

struct arena;
struct err;

/* NULL (e says where and why) when the text is no such document or beyond a ceiling. */
const char *openapi_convert(struct arena *a, const char *text, size_t len, struct err *e);
