/* web_agree.c - 2026-07-28: what a client says in headers for those on the way must be what the
 * body says. Anything else is an error (-32020), because a proxy and we would act on different
 * requests.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "web/web_private.h"

static bool mismatch(struct request *r, const char *header, const char *got, const char *want)
{
    if (!got)
        request_fail(r, 400, RPC_HEADER_MISMATCH, "Header mismatch: %s is missing", header);
    else
        request_fail(r, 400, RPC_HEADER_MISMATCH,
                     "Header mismatch: %s header value '%.80s' does not match body value '%.80s'",
                     header, text_clean(r->arena, got, 80), want);
    return false;
}

/* A header value as it was meant: "=?base64?…?=" is decoded, anything else is literal. NULL: the
 * marked text is not base64. */
static const char *decoded(struct arena *a, const char *value)
{
    static const char head[] = "=?base64?";
    size_t n = strlen(value), skip = sizeof head - 1;
    if (!value[0] || n < skip + 2 || !text_starts(value, head) || !text_ends(value, "?="))
        return value;
    size_t size = 0;
    const char *raw = base64_decode(a, value + skip, n - skip - 2, &size);
    return raw ? arena_strndup(a, raw, size) : NULL;
}

/* The member of params that Mcp-Name repeats; NULL: this method has none. */
static const char *named_by(const struct rpc *rpc)
{
    static const char *const rows[][2] = {
        { "tools/call", "name" },  { "prompts/get", "name" },    { "resources/read", "uri" },
        { "tasks/get", "taskId" }, { "tasks/update", "taskId" }, { "tasks/cancel", "taskId" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rpc->method, rows[i][0]))
            return json_str(rpc->params, rows[i][1]);
    return NULL;
}

bool web_version_agrees(struct request *r, const struct http_exchange *x)
{
    const char *header = http_header(x, "mcp-protocol-version");
    const char *body = modern_version(&r->rpc);
    return (header && !strcmp(header, body)) || mismatch(r, "MCP-Protocol-Version", header, body);
}

bool web_method_agrees(struct request *r, const struct http_exchange *x)
{
    const char *header = http_header(x, "mcp-method");
    return (header && !strcmp(header, r->rpc.method)) ||
           mismatch(r, "Mcp-Method", header, r->rpc.method);
}

bool web_name_agrees(struct request *r, const struct http_exchange *x)
{
    const char *body = named_by(&r->rpc);
    if (!body)
        return true;
    const char *header = http_header(x, "mcp-name");
    const char *name = header ? decoded(r->arena, header) : NULL;
    return (name && !strcmp(name, body)) || mismatch(r, "Mcp-Name", header, body);
}

/* The value of an argument as its header has it; NULL: it has none. */
static const char *header_text(struct arena *a, const cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    return cJSON_IsNumber(value) ? json_print(a, value) : NULL;
}

/* Equal as texts, or as numbers: 42.0 is 42. */
static bool same_value(const cJSON *value, const char *text, const char *got)
{
    char *end = NULL;
    double n = cJSON_IsNumber(value) ? strtod(got, &end) : 0;
    return !strcmp(text, got) || (end && end > got && !*end && n == value->valuedouble);
}

static bool argument_agrees(struct request *r, const struct http_exchange *x,
                            const struct field *row, const cJSON *value)
{
    struct arena *a = r->arena;
    const char *name = arena_printf(a, "Mcp-Param-%s", row->header);
    char *lower = arena_strdup(a, name);
    for (char *p = lower; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    const char *header = http_header(x, lower);
    const char *text = header_text(a, value);
    if (!header && !text)
        return true;
    const char *got = header ? decoded(a, header) : NULL;
    if (got && text && same_value(value, text, got))
        return true;
    return mismatch(r, name, header, text ? text : "(none)");
}

bool web_arguments_agree(struct request *r, const struct http_exchange *x)
{
    const char *name = json_str(r->rpc.params, "name");
    const struct catalog_tool *t = name && !strcmp(r->rpc.method, "tools/call")
                                       ? catalog_find(r->mcp->service->catalog, name)
                                       : NULL;
    const cJSON *args = json_get(r->rpc.params, "arguments");
    for (const struct field *row = t ? t->in : NULL; row && row->type; row++)
        if (row->header && !argument_agrees(r, x, row, json_get(args, row->name)))
            return false;
    return true;
}
