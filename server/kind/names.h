/* names.h - the names of all kinds, in the order of their rows (kind_rows.c), as a list of words.
 */
#pragma once

#define KIND_NAMES                                                                                 \
    "route|domain|service-source|proxy-server|service|ai-provider|ai-route|wasm-plugin|"           \
    "plugin-instance|consumer|tls-certificate|mcp-server|mcp-consumers|higress-config|dashboard|"  \
    "system"
