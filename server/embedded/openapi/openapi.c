/* openapi.c - the document as a whole: its version, servers, security and operations.
 *
 * Texts of the document become descriptions only after cleaning; a path becomes part of a template
 * of the plugin, so one that holds the template's own braces is refused.
 */
#include "embedded/openapi/openapi.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/openapi/openapi_private.h"

#include <ctype.h>

enum { MAX_DOCUMENT = 4 << 20, MAX_TOOLS = 500, MAX_NAME = 64, MAX_OUT = 16 << 20 };

static const cJSON *read_openapi_document(struct arena *a, const char *text, size_t len,
                                          struct err *e)
{
    size_t blank = strspn(text, " \t\r\n");
    const cJSON *doc = NULL;
    if (len > MAX_DOCUMENT)
        err_set(e, ERR_ARGS, "the document is larger than %d bytes", MAX_DOCUMENT);
    else if (text[blank] == '{')
        doc = json_parse(a, text, len, e);
    else
        doc = yaml_parse(a, text, len, e);
    return doc;
}

static bool read_openapi_version(struct openapi *o)
{
    const char *v3 = json_str(o->doc, "openapi"), *v2 = json_str(o->doc, "swagger");
    o->v2 = !v3;
    bool known = v3 ? text_starts(v3, "3.") : v2 && text_starts(v2, "2.");
    if (!known && cJSON_IsNumber(json_get(o->doc, "swagger"))) /* swagger: 2.0 in YAML */
        known = json_num(o->doc, "swagger", 0) == 2;
    if (!known)
        openapi_fail(o, "the document says neither 'openapi: 3.x' nor 'swagger: \"2.0\"'");
    else if (!cJSON_IsObject(json_get(o->doc, "paths")))
        openapi_fail(o, "the document has no 'paths'");
    return !o->failed;
}

/* Letters, digits, "-" and "_" of the text; others become one "_" between words. */
static const char *identifier(struct openapi *o, const char *text, char gap)
{
    struct buf *out = buf_in(o->a, 4 * MAX_NAME);
    for (const char *p = text ? text : ""; *p && out->len < MAX_NAME; p++) {
        bool good = isalnum((unsigned char)*p) || *p == '-' || *p == '_';
        if (good)
            buf_char(out, *p);
        else if (out->len && out->data[out->len - 1] != gap)
            buf_char(out, gap);
    }
    size_t len = out->len;
    while (len && out->data[len - 1] == gap)
        len--;
    return arena_strndup(o->a, out->data, len);
}

/* "{name}" by the variable's default. */
static const char *filled_in(struct openapi *o, const char *url, const cJSON *variables)
{
    struct buf *out = buf_in(o->a, 2048);
    for (const char *p = url; *p && out->len < 1024; p++) {
        size_t len = *p == '{' ? strcspn(p, "}") : 0;
        if (!len || !p[len]) {
            buf_char(out, *p);
            continue;
        }
        const char *name = arena_strndup(o->a, p + 1, len - 1);
        const char *value = json_str(json_get(variables, name), "default");
        buf_str(out, value ? text_clean(o->a, value, 200) : "");
        p += len;
    }
    return out->data;
}

static const char *old_base(struct openapi *o)
{
    const char *host = json_str(o->doc, "host"), *path = json_str(o->doc, "basePath"), *way = NULL;
    const cJSON *scheme;
    cJSON_ArrayForEach(scheme, json_get(o->doc, "schemes"))
    {
        if (cJSON_IsString(scheme) && (!way || strcmp(scheme->valuestring, "https") == 0))
            way = scheme->valuestring;
    }
    if (!host)
        return path ? path : "";
    return arena_printf(o->a, "%s://%s%s", way ? way : "http", host, path ? path : "");
}

/* The server of the operation, its path or the document, without a slash at its end. */
static const char *base_url(struct openapi *o, const struct openapi_tool *t)
{
    const cJSON *from[] = { t->operation, t->item, o->doc }, *server = NULL;
    for (size_t i = 0; i < 3 && !server && !o->v2; i++) {
        const cJSON *servers = json_get(from[i], "servers");
        server = cJSON_IsArray(servers) ? servers->child : NULL;
    }
    const char *url = o->v2 ? old_base(o) : json_str(server, "url");
    url = url ? filled_in(o, url, json_get(server, "variables")) : "";
    size_t len = strlen(url);
    while (len && url[len - 1] == '/')
        len--;
    return text_clean(o->a, arena_strndup(o->a, url, len), 1000);
}

static const cJSON *schemes(struct openapi *o)
{
    return json_get(o->v2 ? o->doc : json_get(o->doc, "components"),
                    o->v2 ? "securityDefinitions" : "securitySchemes");
}

/* What the plugin knows: an API key, or HTTP basic and bearer. OAuth and OpenID end in a bearer. */
static cJSON *security_scheme(struct openapi *o, const cJSON *given)
{
    const cJSON *scheme = openapi_resolve(o, given);
    const char *type = json_str(scheme, "type"), *way = json_str(scheme, "scheme");
    cJSON *out = json_object(o->a);
    bool key = type && strcmp(type, "apiKey") == 0;
    bool basic = type && (strcmp(type, "basic") == 0 || (way && text_equal_nocase(way, "basic")));
    json_set_str(o->a, out, "id", text_clean(o->a, given->string, 200));
    json_set_str(o->a, out, "type", key ? "apiKey" : "http");
    if (!key) {
        json_set_str(o->a, out, "scheme", basic ? "basic" : "bearer");
        return out;
    }
    json_set_str(o->a, out, "in", openapi_text(o, scheme, "in"));
    json_set_str(o->a, out, "name", openapi_text(o, scheme, "name"));
    return out;
}

static void add_server(struct openapi *o, cJSON *out)
{
    const char *name = identifier(o, json_str(json_get(o->doc, "info"), "title"), '-');
    cJSON *server = json_set_object(o->a, out, "server");
    const cJSON *item, *given = schemes(o);
    json_set_str(o->a, server, "name", *name ? name : "openapi-server");
    if (!cJSON_IsObject(given) || json_count(given) == 0)
        return;
    cJSON *list = json_set_array(o->a, server, "securitySchemes");
    cJSON_ArrayForEach(item, given) json_add(o->a, list, security_scheme(o, item));
}

/* The first way in of the operation, else of the document; an empty list or {} means none. */
static void add_security(struct openapi *o, const struct openapi_tool *t)
{
    const cJSON *wanted = json_get(t->operation, "security");
    if (!wanted)
        wanted = json_get(o->doc, "security");
    const cJSON *first = cJSON_IsArray(wanted) ? wanted->child : NULL;
    const cJSON *id = first ? first->child : NULL;
    if (!id || !id->string || !json_get(schemes(o), id->string))
        return;
    cJSON *security = json_set_object(o->a, t->request, "security");
    json_set_str(o->a, security, "id", text_clean(o->a, id->string, 200));
}

static const char *unique_tool_name(struct openapi *o, const cJSON *tools, const cJSON *operation)
{
    const char *given = json_str(operation, "operationId");
    const char *name = identifier(o, given && *given ? given : o->at, '_'), *unique = name;
    for (int n = 2; json_find(tools, "name", unique); n++)
        unique = arena_printf(o->a, "%.*s_%d", MAX_NAME - 5, name, n);
    return unique;
}

static const char *description(struct openapi *o, const cJSON *operation)
{
    const char *summary = openapi_text(o, operation, "summary");
    const char *about = openapi_text(o, operation, "description");
    if (*summary && *about && strcmp(summary, about) != 0)
        return arena_printf(o->a, "%s - %s", summary, about);
    if (*summary || *about)
        return *summary ? summary : about;
    return o->at;
}

static void add_tool(struct openapi *o, cJSON *tools, const char *method, const char *path,
                     struct openapi_tool *t)
{
    cJSON *tool = json_object(o->a);
    json_set_str(o->a, tool, "name", unique_tool_name(o, tools, t->operation));
    json_set_str(o->a, tool, "description", description(o, t->operation));
    t->args = json_set_array(o->a, tool, "args");
    t->request = json_set_object(o->a, tool, "requestTemplate");
    const char *url = arena_printf(o->a, "%s%s", base_url(o, t), path);
    json_set_str(o->a, t->request, "url", openapi_plain(o, url, 2000));
    json_set_str(o->a, t->request, "method", method);
    openapi_add_args(o, t);
    add_security(o, t);
    cJSON *answer = json_set_object(o->a, tool, "responseTemplate");
    o->nodes = 0;
    const char *before = openapi_answer(o, t->operation);
    if (before)
        json_set_str(o->a, answer, "prependBody", before);
    json_add(o->a, tools, tool);
}

static void add_path_tools(struct openapi *o, cJSON *tools, const cJSON *given)
{
    static const struct {
        const char *key, *method;
    } methods[] = { { "get", "GET" },        { "put", "PUT" },     { "post", "POST" },
                    { "delete", "DELETE" },  { "patch", "PATCH" }, { "head", "HEAD" },
                    { "options", "OPTIONS" } };
    const char *path = text_clean(o->a, given->string, 1000);
    struct openapi_tool t = { .item = openapi_resolve(o, given) };
    if (path[0] != '/') /* x-… */
        return;
    for (size_t i = 0; i < sizeof methods / sizeof *methods && !o->failed; i++) {
        t.operation = json_get(t.item, methods[i].key);
        if (!cJSON_IsObject(t.operation))
            continue;
        o->at = arena_printf(o->a, "%s %s", methods[i].method, path);
        o->nodes = 0;
        if (json_count(tools) == MAX_TOOLS)
            openapi_fail(o, "the document has more than %d operations", MAX_TOOLS);
        else
            add_tool(o, tools, methods[i].method, path, &t);
    }
    o->at = NULL;
}

static cJSON *tools_of(struct openapi *o)
{
    cJSON *out = json_object(o->a);
    add_server(o, out);
    cJSON *tools = json_set_array(o->a, out, "tools");
    const cJSON *path;
    cJSON_ArrayForEach(path, json_get(o->doc, "paths"))
    {
        if (!o->failed)
            add_path_tools(o, tools, path);
    }
    if (json_count(tools) == 0)
        openapi_fail(o, "the document describes no operation");
    return out;
}

const char *openapi_convert(struct arena *a, const char *text, size_t len, struct err *e)
{
    struct openapi o = { .a = a, .e = e };
    o.doc = read_openapi_document(a, text, len, e);
    if (!o.doc)
        return NULL;
    if (!read_openapi_version(&o))
        return NULL;
    cJSON *out = tools_of(&o);
    struct buf *yaml = buf_in(a, MAX_OUT);
    if (!o.failed && !yaml_write(yaml, out))
        openapi_fail(&o, "the tools come to more than %d bytes", MAX_OUT);
    return o.failed ? NULL : yaml->data;
}
