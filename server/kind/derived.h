/* derived.h - names that the console makes of the name of an object, and back. Pure.
 *
 * The only place that knows how they are spelt. A kind whose objects are several in the console
 * says which of them in `parts` of its row (kind.h).
 */
#pragma once
#include <stdbool.h>

struct arena;

enum derived {
    DERIVED_NONE = 0,
    DERIVED_AI_ROUTE,    /* route ai-route-NAME.internal of an AI route */
    DERIVED_AI_FALLBACK, /* route ai-route-NAME.fallback.internal */
    DERIVED_AI_MAP,      /* ConfigMap ai-route-NAME, in which it stands */
    DERIVED_MCP_ROUTE,   /* route mcp-server-NAME.internal of an MCP server */
    DERIVED_LLM_SOURCE,  /* service source llm-NAME.internal of an AI provider */
    DERIVED_PLUGIN,      /* WasmPlugin NAME.internal, the console's own of a plugin */
    DERIVED_STATIC,      /* service NAME.static of a static source */
    DERIVED_DNS,         /* service NAME.dns of a dns source */
};

/* The kind that such an object is of ("route"); NULL: it is none of kind.h. */
const char *derived_kind(enum derived d);
char *derived_name(struct arena *a, enum derived d, const char *name);
/* "chat" of "ai-route-chat.internal"; NULL: it is no such name. */
char *derived_from(struct arena *a, enum derived d, const char *made);
/* Is it a name that only the console gives, "….internal"? */
bool derived_is_internal(const char *name);
/* The one service that a source of that type makes; NULL: that is for a registry to say. */
char *derived_service_of(struct arena *a, const char *type, const char *source);
/* Is it a service of that source, whatever its type: "SOURCE.static", "SOURCE.dns"? */
bool derived_is_service_of(const char *service, const char *source);
