/* derived.c - the table of derived names, and both ways through it. */
#include "kind/derived.h"
#include "base/arena.h"
#include "base/text.h"
#include <string.h>

static const char internal[] = ".internal";

static const struct {
    const char *kind, *before, *after;
} forms[] = {
    [DERIVED_AI_ROUTE] = { "route", "ai-route-", internal },
    [DERIVED_AI_FALLBACK] = { "route", "ai-route-", ".fallback.internal" },
    [DERIVED_AI_MAP] = { NULL, "ai-route-", "" },
    [DERIVED_MCP_ROUTE] = { "route", "mcp-server-", internal },
    [DERIVED_LLM_SOURCE] = { "service-source", "llm-", internal },
    [DERIVED_PLUGIN] = { NULL, "", internal },
    [DERIVED_STATIC] = { "service", "", ".static" },
    [DERIVED_DNS] = { "service", "", ".dns" },
};

const char *derived_kind(enum derived d)
{
    return forms[d].kind;
}

char *derived_name(struct arena *a, enum derived d, const char *name)
{
    return arena_printf(a, "%s%s%s", forms[d].before, name, forms[d].after);
}

char *derived_from(struct arena *a, enum derived d, const char *made)
{
    size_t before = strlen(forms[d].before), after = strlen(forms[d].after), n = strlen(made);
    bool is = text_starts(made, forms[d].before) && text_ends(made, forms[d].after);
    return is && n > before + after ? arena_strndup(a, made + before, n - before - after) : NULL;
}

bool derived_is_internal(const char *name)
{
    return text_ends(name, internal);
}

char *derived_service_of(struct arena *a, const char *type, const char *source)
{
    return !strcmp(type, "static") ? derived_name(a, DERIVED_STATIC, source)
           : !strcmp(type, "dns")  ? derived_name(a, DERIVED_DNS, source)
                                   : NULL;
}

bool derived_is_service_of(const char *service, const char *source)
{
    size_t n = strlen(source);
    return text_starts(service, source) && (!strcmp(service + n, forms[DERIVED_STATIC].after) ||
                                            !strcmp(service + n, forms[DERIVED_DNS].after));
}
