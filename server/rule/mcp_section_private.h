/* mcp_section_private.h - the section mcpServer of higress-config. Only trap_mcp*.c include this.
 */
#pragma once
#include "rule/trap.h"

const cJSON *mcp_section(const cJSON *config);             /* NULL: it has none */
const cJSON *mcp_section_of(const struct trap_walk *walk); /* of the world's higress-config */
