/* trap_private.h - the tables of traps, one of each trap_*.c. Only trap*.c include this. */
#pragma once
#include "rule/trap.h"

extern const struct trap trap_plugin_rows[], trap_mcp_text_rows[], trap_refusal_rows[];
